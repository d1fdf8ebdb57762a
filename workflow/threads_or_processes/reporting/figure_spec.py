"""Figures as data: named series with their styles, axes and marks. Nothing is drawn here."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from threads_or_processes.reporting import formatting as text


class Unit(StrEnum):
    """What an axis counts: ratios, shares, nanoseconds, bytes, sizes (KiB, µs of a task), names."""

    RATIO = "ratio"
    SHARE = "share"
    TIME = "time"
    BYTES = "bytes"
    COUNT = "count"
    BLOCK = "block"
    KIB = "kib"
    TASK = "task"
    NAME = "name"


class Scale(StrEnum):
    """How an axis is divided. LOG2 has its ticks at powers of two."""

    LINEAR = "linear"
    LOG = "log"
    LOG2 = "log2"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis; `margin` is the band around 1 in which there is no difference in practice."""

    label: str
    unit: Unit
    scale: Scale = Scale.LOG
    margin: float | None = None

    def effect(self, mark: "Mark") -> float:
        """How large a difference a mark shows: how far its ratio is from 1, or its value."""
        is_ratio = self.unit is Unit.RATIO and mark.value > 0
        return abs(math.log(mark.value)) if is_ratio else mark.value

    def shown(self, value: float | str | None) -> str:
        """A value of this axis with its unit."""
        if value is None:
            return text.MISSING
        if isinstance(value, str):
            return value
        if self.unit is Unit.RATIO:
            return f"{text.ratio_cell(value)}×"
        if self.unit is Unit.SHARE:
            return text.percent(value)
        if self.unit is Unit.BYTES:
            return f"{text.mebibytes(value)}{text.SPACE}MiB"
        if self.unit in (Unit.COUNT, Unit.BLOCK):
            return text.fixed(value, 0)
        if self.unit is Unit.KIB:
            return f"{text.set_number(value)}{text.SPACE}KiB"
        return text.duration(value) if self.unit is Unit.TASK else text.time(value)


ROWS = Axis(label="About", unit=Unit.NAME)
"""The positions of a dot plot: a row for each name."""


@dataclass(frozen=True)
class LineStyle:
    """Dash pattern (points on, points off; empty for solid) and marker of matplotlib."""

    dashes: tuple[float, ...]
    marker: str


@dataclass(frozen=True)
class SeriesStyle:
    """The colour of a series on light pages, its line and marker."""

    colour: str
    line: LineStyle


@dataclass(frozen=True, kw_only=True)
class Series:
    """What shares a style: a model (colour), an arm (line and marker), or both."""

    title: str
    model: str | None = None
    arm: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One estimate, with its interval where there is one; `position` is a size or a row's name.

    Where there is a `block`, it is the value in that block alone.
    """

    series: Series
    position: float | str
    value: float
    low: float | None = None
    high: float | None = None
    block: int | None = None


@dataclass(frozen=True, kw_only=True)
class Crossover:
    """Between which sizes a series begins to be faster."""

    series: Series
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A smooth line of a series, as a law has it: values over positions."""

    series: Series
    positions: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A line to compare with: a value, or where there is none, as much as the position says."""

    title: str
    value: float | None = None

    def at(self, position: float) -> float:
        """Its height above a position."""
        return position if self.value is None else self.value


@dataclass(frozen=True, kw_only=True)
class Border:
    """Something changes between two sizes, in a word or two."""

    title: str
    below: float
    above: float


class Kind(StrEnum):
    """How marks are drawn.

    DOTS: rows of dots with intervals. LINES: a line with intervals for each series, a small point
    for each block. BARS: a panel for each series, a bar from `low` to `high` for each position.
    STACKS: a bar for each position, in which the series follow one another.
    """

    DOTS = "dots"
    LINES = "lines"
    BARS = "bars"
    STACKS = "stacks"


@dataclass(frozen=True, kw_only=True)
class FigureSpec:
    """A figure before it is drawn; `styles` has the series in the order of the legend.

    `finding`: what the marks come to, for those who can't see them; `caption`: how to read them.
    `drawn_title`: the title in the drawing, where it differs. `opening`: the kind of figure and
    its axes in words, and `summary`: what its marks say, where every mark would be too much.
    `columns`: column of the file of numbers to field of a mark; empty for the usual ones.
    """

    name: str
    kind: Kind
    title: str
    finding: str = ""
    caption: str
    positions: Axis
    values: Axis
    styles: Mapping[Series, SeriesStyle]
    marks: tuple[Mark, ...]
    is_joined: bool = True
    crossovers: tuple[Crossover, ...] = ()
    curves: tuple[Curve, ...] = ()
    references: tuple[Reference, ...] = ()
    borders: tuple[Border, ...] = ()
    drawn_title: str = ""
    opening: str = ""
    summary: tuple[str, ...] = ()
    why_empty: str = "Nothing can be drawn: no trial that it needs succeeded."
    columns: Mapping[str, str] | None = None

    @property
    def estimates(self) -> tuple[Mark, ...]:
        """The marks that are not of one block alone."""
        return tuple(mark for mark in self.marks if mark.block is None)

    @property
    def sizes(self) -> tuple[float, ...]:
        """Every position that is a number, ascending."""
        found = {mark.position for mark in self.estimates}
        return tuple(sorted(place for place in found if not isinstance(place, str)))

    def of(self, series: Series) -> tuple[Mark, ...]:
        """The estimates of a series, in order."""
        return tuple(mark for mark in self.estimates if mark.series == series)

    @property
    def effect(self) -> float:
        """The largest difference that its marks show: how far a ratio is from 1, or a value."""
        return max((self.values.effect(mark) for mark in self.estimates), default=0.0)

    @property
    def ends(self) -> tuple[float, ...]:
        """Every value that an axis must hold."""
        ends = (end for mark in self.marks for end in (mark.value, mark.low, mark.high))
        return tuple(end for end in ends if end is not None)
