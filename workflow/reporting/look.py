"""One label keeps one look: colour says the model, line and marker say the arm."""

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.reporting.campaign import Arm


@dataclass(frozen=True)
class Colour:
    """A colour for light and for dark pages; each has contrast 3:1 or more on its page."""

    light: str
    dark: str


@dataclass(frozen=True)
class Line:
    """Dash pattern (points on, points off; empty for solid) and marker of matplotlib."""

    dashes: tuple[float, ...]
    marker: str


# Okabe and Ito's colour-blind-safe palette, darkened where it is too light for lines on white.
_BLUE = Colour("#0072b2", "#56b4e9")
_VERMILION = Colour("#d55e00", "#ff8f45")
_GREEN = Colour("#00795a", "#2fc79c")
_PURPLE = Colour("#a4478f", "#e08cc8")
_OCHRE = Colour("#8a6a00", "#dcb643")
_GREY = Colour("#6b7280", "#9aa4af")

_OF_MODEL = {
    "serial": _GREY,
    "threads": _BLUE,
    "processes-fork": _VERMILION,
    "raw_threads": _GREEN,
    "processes-forkserver": _PURPLE,
    "processes-spawn": _OCHRE,
}
PALETTE = (_BLUE, _VERMILION, _GREEN, _PURPLE, _OCHRE, _GREY)

_STANDARD = Line((), "o")
_FREE = Line((5, 2), "D")
_CONTROL = Line((1.2, 1.8), "s")

# Written into the drawings, replaced by the page's own text colour where a figure is embedded.
INK = "#24292e"


def colours(models: Sequence[str]) -> dict[str, Colour]:
    """Model to colour; models without a fixed one take what is free, in their order."""
    taken = {_OF_MODEL[model] for model in models if model in _OF_MODEL}
    free = [colour for colour in PALETTE if colour not in taken] or list(PALETTE)
    others = [model for model in models if model not in _OF_MODEL]
    spare = {model: free[index % len(free)] for index, model in enumerate(others)}
    return {model: _OF_MODEL.get(model) or spare[model] for model in models}


def lines(arms: Sequence[Arm]) -> dict[str, Line]:
    """Arm to line: solid for standard builds, dashed without the lock, dotted for the control."""
    return {
        arm.name: _CONTROL
        if arm.free_threaded and arm.gil
        else _FREE
        if arm.free_threaded
        else _STANDARD
        for arm in arms
    }
