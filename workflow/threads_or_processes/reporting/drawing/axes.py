"""Axes of every scale: where their ticks stand and what is written there."""

import itertools
import math
from collections.abc import Iterable, Sequence

from matplotlib.axis import Axis as DrawnAxis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.figure_spec import Axis, Scale

MOST_TICKS = 6
MEBIBYTE = 1024**2
SHARE_A_TICK = 0.16
"""Of the axis, at least, so that ticks' words never touch."""
_RATIO_STEPS = (
    (1.05, 1.1, 1.2, 1.5),  # steps from 1 in both directions, finest first
    (1.25, 1.5, 2.0, 3.0),
    (1.5, 2.0, 3.0, 4.0, 8.0),
    (2.0, 4.0, 8.0, 16.0, 32.0),
    (10.0, 100.0, 1000.0, 10_000.0),
)


def span(axis: Axis, values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis: all values, some room, and 1 with its band where it has one."""
    known = list(values)
    if axis.margin is not None:
        known += [1 / (1 + 2 * axis.margin), 1 + 2 * axis.margin]
    low, high = min(known), max(known)
    if axis.scale is Scale.BYTES:
        return 0.0, high * 1.06
    room = (high / low) ** 0.05 if high > low else 1.5
    return low / max(room, 1.01), high * max(room, 1.01)


def format_axis(drawn: DrawnAxis, axis: Axis, ends: tuple[float, float]) -> None:
    """Ticks and their words."""
    drawn.set_major_locator(FixedLocator(list(ticks_of(axis, ends))))
    drawn.set_minor_locator(NullLocator())
    drawn.set_major_formatter(FuncFormatter(lambda value, _: label(axis, value)))


def ticks_of(axis: Axis, ends: tuple[float, float]) -> Sequence[float]:
    """Where ticks stand."""
    if axis.scale is Scale.BYTES:
        mebibytes = MaxNLocator(MOST_TICKS - 1).tick_values(*(end / MEBIBYTE for end in ends))
        return [tick * MEBIBYTE for tick in mebibytes if ends[0] <= tick * MEBIBYTE <= ends[1]]
    if axis.scale is Scale.RATIO:
        return _ratio_ticks(ends)
    decades = range(math.floor(math.log10(ends[0])), math.ceil(math.log10(ends[1])) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        found = [step * 10.0**decade for decade in decades for step in steps]
        inside = [tick for tick in found if ends[0] <= tick <= ends[1]]
        if len(inside) >= 3:
            return inside[:: -(-len(inside) // MOST_TICKS)]
    return _even(ends)


def _even(ends: tuple[float, float]) -> Sequence[float]:
    even = MaxNLocator(MOST_TICKS - 2).tick_values(*ends)
    return [float(tick) for tick in even if ends[0] <= tick <= ends[1]]


def _ratio_ticks(ends: tuple[float, float]) -> Sequence[float]:
    """1, and the same steps up and down from it: 1/2 is as far from 1 as 2 is."""
    for steps in _RATIO_STEPS:
        up = [step for step in steps if step <= ends[1]]
        down = [1 / step for step in reversed(steps) if 1 / step >= ends[0]]
        reach = max(ends[1], 1 / ends[0])
        found = [*down, 1.0, *up]
        closest = min((math.log(b / a) for a, b in itertools.pairwise(found)), default=math.inf)
        is_apart = closest >= SHARE_A_TICK * math.log(ends[1] / ends[0])
        if steps[-1] >= reach / 1.35 and is_apart:
            break
    inside = [tick for tick in found if ends[0] <= tick <= ends[1]]
    return inside if len(inside) > 1 else _even(ends)


def label(axis: Axis, value: float) -> str:
    """What a tick says."""
    if axis.scale is Scale.RATIO:
        return f"{value:.2g}×" if value < 0.95 else f"{value:.3g}×"
    if axis.scale is Scale.BYTES:
        return f"{value / MEBIBYTE:g}"
    return axis.shown(value) if axis.scale is not Scale.TIME else text.duration(value / 1000)
