"""What a repetition would have taken undisturbed, where some of its chunks were disturbed.

With many workers some CPU is nearly always disturbed. A disturbed chunk then gets the duration of
an undisturbed one of the same trial, its donor, and the repetition ends when the last of its chunks
would have ended (hot-deck imputation: Andridge and Little, Int. Stat. Rev. 78, 2010). A donor keeps
the spread of chunks, which a mean would not: the last of many is later than most. Donors are chosen
by their place alone, never by their time.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from threads_or_processes.records.quiet import (
    LEAST_SHARE,
    QuietRule,
    chunk_ratios,
    disturbance_ratio,
)
from threads_or_processes.records.trial import Repetition

#: Workers that neither run nor are ready to for more of their time wait for each other: one that is
#: disturbed then slows the others.
MOST_WAITING_SHARE = 0.02
#: Chunks are alike where those at the last decile of the places take at most so many times as long
#: as those at the first.
MOST_UNLIKE_RATIO = 1.12


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A chunk; `runnable_ns` is how long its thread had a CPU or waited for one.

    The other times are on any clock that its repetition shares.
    """

    start_ns: int
    end_ns: int
    runnable_ns: int
    is_undisturbed: bool

    @property
    def duration_ns(self) -> int:
        """How long it took."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, kw_only=True)
class JudgedRepetition:
    """A repetition as the sentinel's readings have it.

    `is_quiet`: all CPUs that took part were. `chunks` are in the order of the tasks; empty where
    they are not judged by themselves.
    """

    wall_ns: int
    is_quiet: bool
    chunks: Sequence[Chunk] = ()

    @cached_property
    def undisturbed(self) -> Sequence[Chunk]:
        """Its undisturbed chunks."""
        return [chunk for chunk in self.chunks if chunk.is_undisturbed]

    @property
    def undisturbed_share(self) -> float:
        """The share of its chunks that were undisturbed: how much of it was seen."""
        return len(self.undisturbed) / len(self.chunks) if self.chunks else float(self.is_quiet)


def judged(repetition: Repetition, rule: QuietRule | None, *, workers: int) -> JudgedRepetition:
    """A repetition of a record, judged by a rule; without one, for lack of a sentinel, as quiet."""
    if rule is None:
        return JudgedRepetition(wall_ns=repetition["wall_ns"], is_quiet=True)
    ratios = rule.ratios(repetition["sentinel_before_ns"], repetition["sentinel_after_ns"])
    of_chunks = chunk_ratios(
        ratios,
        [span.get("cpus", []) for span in repetition["workers"]],
        repetition.get("dispatch_cpus", []),
        workers=workers,
    )
    return JudgedRepetition(
        wall_ns=repetition["wall_ns"],
        is_quiet=rule.allows(disturbance_ratio(ratios, repetition["cpus"], workers=workers)),
        chunks=tuple(
            Chunk(
                start_ns=span["start_ns"],
                end_ns=span["end_ns"],
                runnable_ns=span["user_ns"] + span["system_ns"] + (span["run_queue_ns"] or 0),
                is_undisturbed=rule.allows(ratio),
            )
            for span, ratio in zip(repetition["workers"], of_chunks, strict=False)
        ),
    )


def usable(repetitions: Sequence[JudgedRepetition]) -> list[bool]:
    """Which repetitions of a trial, at one amount of work, have an undisturbed time."""
    may_impute = _are_independent(repetitions) and _have_donors(repetitions)
    return [r.is_quiet or (may_impute and r.undisturbed_share >= LEAST_SHARE) for r in repetitions]


def stand_ins(repetitions: Sequence[JudgedRepetition]) -> list[list[tuple[int, int]] | None]:
    """For each repetition of a trial at one amount of work, which chunk stands for each of its own.

    A chunk is the number of its repetition and its place; an undisturbed one stands for itself.
    None where the repetition is not usable, empty where it is quiet as it was.
    """
    donors = _Donors([repetition.chunks for repetition in repetitions])
    return [
        [
            (number, place) if chunk.is_undisturbed else donors.nearest(place, number)
            for place, chunk in enumerate(repetition.chunks)
        ]
        if is_usable and not repetition.is_quiet
        else ([] if is_usable else None)
        for number, (repetition, is_usable) in enumerate(
            zip(repetitions, usable(repetitions), strict=True)
        )
    ]


def undisturbed_walls_ns(repetitions: Sequence[JudgedRepetition]) -> list[int | None]:
    """The undisturbed wall time of each repetition of a trial, at one amount of work.

    That of a quiet repetition is its own, with imputed chunks it is the time until its last chunk
    would have ended and what came after it; None where there is none.
    """
    walls_ns: list[int | None] = []
    for repetition, found in zip(repetitions, stand_ins(repetitions), strict=True):
        if not found:
            walls_ns.append(None if found is None else repetition.wall_ns)
            continue
        last_ns = max(chunk.end_ns for chunk in repetition.chunks)
        undisturbed_ns = max(
            chunk.start_ns + repetitions[number].chunks[place].duration_ns
            for chunk, (number, place) in zip(repetition.chunks, found, strict=True)
        )
        walls_ns.append(repetition.wall_ns - last_ns + undisturbed_ns)
    return walls_ns


def _are_independent(repetitions: Sequence[JudgedRepetition]) -> bool:
    """Whether the undisturbed chunks of a trial hardly waited: for a lock, or each other."""
    undisturbed = [chunk for repetition in repetitions for chunk in repetition.undisturbed]
    duration_ns = sum(chunk.duration_ns for chunk in undisturbed)
    runnable_ns = sum(chunk.runnable_ns for chunk in undisturbed)
    return duration_ns - runnable_ns <= MOST_WAITING_SHARE * duration_ns


def _have_donors(repetitions: Sequence[JudgedRepetition]) -> bool:
    """Whether each disturbed chunk has a donor in another repetition.

    One with the same tasks, or any if chunks are alike.
    """
    with_chunks = [repetition.chunks for repetition in repetitions if repetition.chunks]
    by_place = [
        [chunk.duration_ns for chunk in at_place if chunk.is_undisturbed]
        for at_place in zip(*with_chunks, strict=True)
    ]
    if all(by_place):
        return True
    medians_ns = sorted(_median(of_place) for of_place in by_place if of_place)
    decile = len(medians_ns) // 10
    return (
        sum(1 for repetition in repetitions if repetition.undisturbed) > 1
        and medians_ns[-1 - decile] <= MOST_UNLIKE_RATIO * medians_ns[decile]
    )


def _median(numbers: Sequence[int]) -> float:
    """As `statistics.median`, whose module takes 4 to 8 ms of every trial to import."""
    ordered, middle = sorted(numbers), len(numbers) // 2
    return (ordered[~middle] + ordered[middle]) / 2


class _Donors:
    """The undisturbed chunks of a trial, by their place among the chunks and their repetition."""

    def __init__(self, repetitions: Sequence[Sequence[Chunk]]) -> None:
        self._at: list[list[int]] = [
            [
                number
                for number, chunks in enumerate(repetitions)
                if place < len(chunks) and chunks[place].is_undisturbed
            ]
            for place in range(max(map(len, repetitions), default=0))
        ]

    def nearest(self, place: int, number: int) -> tuple[int, int]:
        """The donor (number, place) for a chunk; there must be one in another repetition.

        Of its place if there is one, for the same tasks are there, else of the nearest; among these
        in the nearest repetition.
        """
        by_distance = sorted(range(len(self._at)), key=lambda other: abs(other - place))
        return next(
            (found, near)
            for near in by_distance
            if (found := _nearest(self._at[near], number)) is not None
        )


def _nearest(numbers: Sequence[int], number: int) -> int | None:
    """The number nearest to another one, but not that one itself; `numbers` ascend."""
    at = bisect(numbers, number)
    around = [other for other in numbers[max(at - 2, 0) : at + 1] if other != number]
    return min(around, key=lambda other: abs(other - number), default=None)
