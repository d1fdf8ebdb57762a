"""Figures of experiments as data: rows of dots, or lines over a size. Nothing is drawn here."""

from dataclasses import dataclass
from enum import StrEnum

from threads_or_processes.reporting import formatting as text


class Scale(StrEnum):
    """What an axis counts: ratios, nanoseconds, bytes, or sizes (KiB sent, µs of a task, ...)."""

    RATIO = "ratio"
    TIME = "time"
    BYTES = "bytes"
    COUNT = "count"
    BLOCK = "block"
    KIB = "kib"
    TASK = "task"


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis; `margin` is the band around 1 in which there is no difference in practice."""

    label: str
    scale: Scale
    margin: float | None = None

    def shown(self, value: float | None) -> str:
        """A value of this axis with its unit."""
        if value is None:
            return text.MISSING
        if self.scale is Scale.RATIO:
            return f"{text.ratio_cell(value)}×"
        if self.scale is Scale.BYTES:
            return f"{text.mebibytes(value)}{text.SPACE}MiB"
        if self.scale in (Scale.COUNT, Scale.BLOCK):
            return text.fixed(value, 0)
        if self.scale is Scale.KIB:
            return f"{text.set_number(value)}{text.SPACE}KiB"
        return text.duration(value) if self.scale is Scale.TASK else text.time(value)


@dataclass(frozen=True, kw_only=True)
class Series:
    """What shares a look: a model (colour), an arm (line and marker), or both."""

    title: str
    model: str | None = None
    arm: str | None = None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One estimate, with its interval where there is one; `x` is a place on the axis of sizes."""

    series: Series
    value: float
    low: float | None = None
    high: float | None = None
    x: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DotRow:
    """A line of a dot plot: what it is about, and a mark for each series that has one."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True)
class DotsFigure:
    """Rows of dots with intervals over one axis.

    `finding`: what they come to, for those who can't see it; `caption`: how to read the figure.
    """

    name: str
    title: str
    finding: str
    caption: str
    axis: Axis
    rows: tuple[DotRow, ...]

    @property
    def series(self) -> tuple[Series, ...]:
        """Every series, in the order of the rows."""
        return tuple(dict.fromkeys(mark.series for row in self.rows for mark in row.marks))

    @property
    def marks(self) -> tuple[tuple[str, Mark], ...]:
        """Every mark with what it is about."""
        return tuple((row.label, mark) for row in self.rows for mark in row.marks)


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """Between which sizes a series begins to be faster."""

    series: Series
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class LinesFigure:
    """A line for each series over sizes; `finding` and `caption` as in a dot plot.

    `among`: models that colours are shared out among besides those drawn here, so that a model
    keeps its colour from one figure of a section to the next.
    """

    name: str
    title: str
    finding: str
    caption: str
    sizes: Axis
    axis: Axis
    lines: tuple[tuple[Mark, ...], ...]
    brackets: tuple[Bracket, ...] = ()
    among: tuple[str, ...] = ()

    @property
    def series(self) -> tuple[Series, ...]:
        """The series of each line."""
        return tuple(line[0].series for line in self.lines)

    @property
    def marks(self) -> tuple[tuple[str, Mark], ...]:
        """Every mark with the size it is about."""
        return tuple((self.sizes.shown(mark.x), mark) for line in self.lines for mark in line)
