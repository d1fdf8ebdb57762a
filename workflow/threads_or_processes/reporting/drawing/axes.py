"""Axes of every unit and scale: their ends, ticks, words, and the lines to compare with."""

import itertools
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.figure_spec import Axis, Scale, Unit

MOST_TICKS = 6
MEBIBYTE = 1024**2
SHARE_A_TICK = 0.16
"""Of the axis, at least, so that ticks' words never touch."""
SHARE_A_CHARACTER = 0.024
"""Of the axis: how wide a digit of a tick is."""
_RATIO_STEPS = (
    (1.05, 1.1, 1.2, 1.5),  # steps from 1 in both directions, finest first
    (1.25, 1.5, 2.0, 3.0),
    (1.5, 2.0, 3.0, 4.0, 8.0),
    (2.0, 4.0, 8.0, 16.0, 32.0),
    (10.0, 100.0, 1000.0, 10_000.0),
)


def format_axis(
    axes: Axes,
    which: Literal["x", "y"],
    axis: Axis,
    ends: tuple[float, float],
    ticks: Sequence[float] | None = None,
) -> None:
    """Scale, ends, ticks with their words, grid, label; for ratios the line of 1 and its band."""
    axes.set(
        **{
            f"{which}scale": "linear" if axis.scale is Scale.LINEAR else "log",
            f"{which}lim": ends,
            f"{which}label": axis.label,
        }
    )
    drawn = axes.xaxis if which == "x" else axes.yaxis
    drawn.set_major_locator(FixedLocator(list(ticks_of(axis, ends) if ticks is None else ticks)))
    drawn.set_minor_locator(NullLocator())
    drawn.set_major_formatter(FuncFormatter(lambda value, _: _tick_label(axis, value, ends[1])))
    axes.tick_params(length=3)
    line, band = (axes.axvline, axes.axvspan) if which == "x" else (axes.axhline, axes.axhspan)
    if axis.unit is Unit.RATIO:
        line(1, color=palette.INK, lw=1, alpha=0.8, zorder=1.5)
    if axis.margin is not None:
        upper = 1 + axis.margin
        band(1 / upper, upper, color=palette.INK, alpha=0.09, linewidth=0)


def value_ends(axis: Axis, values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis: all values, some room, and 1 with its band where it has one."""
    known = list(values)
    if axis.margin is not None:
        known += [1 / (1 + 2 * axis.margin), 1 + 2 * axis.margin]
    low, high = min(known), max(known)
    if axis.scale is Scale.LINEAR:
        return 0.0, high * 1.06
    # In logarithms: an interval of two blocks may span more than a float can say as a ratio.
    low_log, high_log = math.log(low), math.log(high)
    room = max(0.05 * (high_log - low_log), math.log(1.01)) if high > low else math.log(1.5)
    least, most = math.log(sys.float_info.min), math.log(sys.float_info.max)
    return math.exp(max(low_log - room, least)), math.exp(min(high_log + room, most))


def size_ends(axis: Axis, sizes: Sequence[float]) -> tuple[float, float]:
    """The ends of an axis of sizes, with room beside the first and the last."""
    if axis.scale is Scale.LINEAR:
        return sizes[0] - 0.5, sizes[-1] + 0.5
    return sizes[0] / 1.35, sizes[-1] * 1.35


def size_ticks(axis: Axis, ends: tuple[float, float], sizes: Sequence[float]) -> list[float]:
    """Where ticks stand on an axis of sizes: at each one whose words touch no earlier one's."""
    place = math.log if axis.scale is not Scale.LINEAR else float
    whole = place(ends[1]) - place(ends[0])
    ticks: list[float] = []
    end = -math.inf
    for size in sizes:
        middle = (place(size) - place(ends[0])) / whole
        half = SHARE_A_CHARACTER * len(_tick_label(axis, size, ends[1])) / 2
        if middle - half > end:
            ticks.append(size)
            end = middle + half + SHARE_A_CHARACTER
    return ticks


def ticks_of(axis: Axis, ends: tuple[float, float]) -> Sequence[float]:
    """Where ticks stand."""
    if axis.scale is Scale.LINEAR:
        unit = MEBIBYTE if axis.unit is Unit.BYTES else 1
        return [tick * unit for tick in _even((ends[0] / unit, ends[1] / unit), MOST_TICKS - 1)]
    if axis.scale is Scale.LOG2:
        powers = range(math.ceil(math.log2(ends[0])), math.floor(math.log2(ends[1])) + 1)
        return [2.0**power for power in powers]
    if axis.unit is Unit.RATIO:
        return _ratio_ticks(ends)
    decades = range(math.floor(math.log10(ends[0])), math.ceil(math.log10(ends[1])) + 1)
    for steps in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        found = [step * 10.0**decade for decade in decades for step in steps]
        inside = [tick for tick in found if ends[0] <= tick <= ends[1]]
        if len(inside) >= 3:
            return inside[:: -(-len(inside) // MOST_TICKS)]
    return _even(ends)


def _even(ends: tuple[float, float], most: int = MOST_TICKS - 2) -> Sequence[float]:
    even = MaxNLocator(most).tick_values(*ends)
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


def _tick_label(axis: Axis, value: float, end: float) -> str:
    """What a tick says; times on a linear axis have the unit that suits its end."""
    if axis.unit is Unit.RATIO:
        return f"{value:.2g}×" if value < 0.95 else f"{value:.3g}×"
    if axis.unit is Unit.BYTES:
        return f"{value / MEBIBYTE:g}"
    if axis.unit is Unit.TIME:
        unit = text.unit_for([end if axis.scale is Scale.LINEAR else value])
        return f"{value / unit.ns:g}{text.SPACE}{unit.symbol}"
    return axis.shown(value)
