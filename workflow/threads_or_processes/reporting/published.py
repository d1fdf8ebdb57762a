"""The figures that the teaching notebook itself shows, as its `%%time` printed them."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PublishedTimes:
    """One timed cell of the notebook."""

    model: str
    call: str
    workers: int
    wall: str
    user: str
    system: str


NOTEBOOK_TIMES = (
    PublishedTimes(
        model="processes-fork",
        call="Pool(N).map",
        workers=32,
        wall="2.05",
        user="3.94",
        system="44.5",
    ),
    PublishedTimes(
        model="raw_threads",
        call="N × Thread",
        workers=32,
        wall="2.01",
        user="13.4",
        system="8.66",
    ),
)
