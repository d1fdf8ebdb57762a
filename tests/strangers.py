"""What strangers write: a good value of JSON with parts that a program may trip over."""

import json
import math
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

#: `make faults`: ten thousand inputs, a hundred kills. `make test` tries some.
IS_THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "faults"

DEEP = "\0 deep"
HUGE = "\0 huge"

JUNK: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 999, 1.0, 6.0, 0.5, -0.0, 1e308, 1e-320, 2.0**63),
    *(2**31, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, math.inf, -math.inf, math.nan),
    *(
        "",
        " ",
        "x",
        "0",
        "nan",
        "1e999",
        "a/b",
        "../../x",
        "/abs",
        "..",
        ".",
        "{workers}",
        "{",
        "}",
    ),
    *("\\d+", "a\\b", "a\0b", "a\nb", "\ud800", "‮x", "é", "=1+1", "-x", "$(id)", "'", '"', "%s"),
    *(
        "x" * 300,
        "<script>alert(1)</script>",
        "</script>",
        "3.13",
        "3.13t",
        "serial",
        "warm",
        "json",
    ),
    *(
        [],
        {},
        [[]],
        [None],
        ["x"],
        [1],
        [0.5, 1.5],
        {"x": 1},
        {"": None},
        [{}],
        [1, "x"],
        DEEP,
        HUGE,
    ),
]


def more_or_fewer(few: int, many: int = 10_000) -> settings:
    """How many inputs to try: `few`, or with HYPOTHESIS_PROFILE=faults `many`."""
    return settings(max_examples=many if IS_THOROUGH else few, deadline=None)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of a value."""
    yield path
    parts = value if isinstance(value, dict) else {}
    for key, part in enumerate(value) if isinstance(value, list) else parts.items():
        yield from places(part, (*path, key))


def changed(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    """A copy with one part replaced; what isn't on its path is shared."""
    if not path:
        return to
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], to)
    return copy


def without(value: Any, path: tuple[Any, ...]) -> Any:
    """A copy with one part left out."""
    *way, last = path
    inner = value
    for key in way:
        inner = inner[key]
    left = {k: v for k, v in inner.items() if k != last} if isinstance(inner, dict) else None
    return changed(value, tuple(way), [*inner[:last], *inner[last + 1 :]] if left is None else left)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """The part at a path."""
    for key in path:
        value = value[key]
    return value


@st.composite
def tampered(draw: st.DrawFn, value: Any, *, most: int = 2) -> Any:
    """A value with one part or a few replaced, left out, given twice or put in another's place."""
    for _ in range(draw(st.integers(1, most))):
        every = list(places(value))
        path = draw(st.sampled_from(every))
        act = draw(st.sampled_from(["junk", "junk", "junk", "other", "without", "again", "key"]))
        inner = at(value, path[:-1])
        if act == "junk" or not path:
            value = changed(value, path, draw(st.sampled_from(JUNK)))
        elif act == "other":
            value = changed(value, path, at(value, draw(st.sampled_from(every))))
        elif act == "without":
            value = without(value, path)
        elif isinstance(inner, list):
            value = changed(value, path[:-1], [*inner, at(value, path)])
        else:
            new = draw(st.sampled_from(["x", "", "a/b", "{x}", *map(str, inner)]))
            value = changed(value, path[:-1], {**inner, new: at(value, path)})
    return value


def json_text(value: Any) -> bytes:
    """JSON as a stranger may write it: no limit on depth or numbers."""
    text = json.dumps(value).replace("Infinity", "1e999")
    deep = "[" * 100_000 + "]" * 100_000
    text = text.replace(json.dumps(DEEP), deep).replace(json.dumps(HUGE), "9" * 5000)
    return text.encode()
