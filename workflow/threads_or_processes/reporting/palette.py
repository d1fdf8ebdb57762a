"""One label keeps one style: colour says the model, line and marker say the arm."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threads_or_processes.records.plan import Arm
from threads_or_processes.records.vocabulary import Family, Part
from threads_or_processes.reporting.campaign import Campaign, Model
from threads_or_processes.reporting.figure_spec import LineStyle, Mark, Series, SeriesStyle


@dataclass(frozen=True)
class Colour:
    """A colour for light and for dark pages; each has contrast 3:1 or more on its page."""

    light: str
    dark: str


# Okabe and Ito's colour-blind-safe palette, darkened where it is too light for lines on white.
_BLUE = Colour("#0072b2", "#56b4e9")
_VERMILION = Colour("#d55e00", "#ff8f45")
_GREEN = Colour("#00795a", "#2fc79c")
_PURPLE = Colour("#a4478f", "#e08cc8")
_OCHRE = Colour("#8a6a00", "#dcb643")
_GREY = Colour("#6b7280", "#9aa4af")

PALETTE = (_BLUE, _VERMILION, _GREEN, _PURPLE, _OCHRE, _GREY)
# Serial is grey; the others have a colour each, in the order of their list.
_OF_FAMILY = dict(zip(Family, itertools.cycle((_GREY, *PALETTE[:-1])), strict=False))

#: The parts of the workers' time.
PART_COLOURS = dict(zip(Part, (_GREEN, _VERMILION, _BLUE, _PURPLE, _OCHRE, _GREY), strict=True))
PART_LINE = LineStyle((), "s")

_STANDARD = LineStyle((), "o")
_FREE = LineStyle((5, 2), "D")
_CONTROL = LineStyle((1.2, 1.8), "s")
_MORE = (LineStyle((7, 2, 1.2, 2), "^"), LineStyle((3, 1.5), "v"), LineStyle((9, 3), "P"))

# Written into the drawings, replaced by the page's own text colour where a figure is embedded.
INK = "#24292e"

#: For series that colour and line alone would not tell apart.
_MARKERS = ("^", "v", "P", "X", "*", "<", ">")

_SPARE = (_STANDARD, _FREE, _CONTROL, *_MORE)

_ARM_COLOURS = {_STANDARD: INK, _FREE: _OCHRE.light, _CONTROL: _GREY.light}


def model_colours(models: Sequence[Model]) -> dict[str, Colour]:
    """Model to colour: a family's pool, or else its first model, has the family's colour.

    Others have what is free, in order.
    """
    first: dict[Family, Model] = {}
    for model in sorted(models, key=lambda model: not model.leads_family):
        first.setdefault(model.family, model)
    free = [c for c in PALETTE if c not in {_OF_FAMILY[family] for family in first}]
    others = [model for model in models if first[model.family] is not model]
    spare = {m.name: (free or PALETTE)[i % len(free or PALETTE)] for i, m in enumerate(others)}
    return {model.name: spare.get(model.name, _OF_FAMILY[model.family]) for model in models}


def arm_lines(arms: Sequence[Arm]) -> dict[str, LineStyle]:
    """Arm to line: solid for standard builds, dashed without the lock, dotted for the control.

    Further arms of one kind (another version) have lines of their own.
    """
    spare = iter((*_MORE, *_MORE))
    found: dict[str, LineStyle] = {}
    for arm in arms:
        kind = (_CONTROL if arm.gil else _FREE) if arm.free_threaded else _STANDARD
        found[arm.name] = next(spare, kind) if kind in found.values() else kind
    return found


def machine_styles(
    marks: Iterable[Mark], models: Sequence[Model], machines: Sequence[str]
) -> dict[Series, SeriesStyle]:
    """The style of series whose `arm` is a machine: the model's colour, the machine's line."""
    of_model = model_colours(models)
    line = {name: _SPARE[index % len(_SPARE)] for index, name in enumerate(machines)}
    return {
        one: SeriesStyle(of_model[one.model or ""].light, line[one.arm or ""])
        for one in _series(marks)
    }


def _series(marks: Iterable[Mark]) -> list[Series]:
    return list(dict.fromkeys(mark.series for mark in marks))


def series_styles(
    marks: Iterable[Mark], campaign: Campaign, among: Iterable[str] = ()
) -> dict[Series, SeriesStyle]:
    """The style of each series: its model's colour and its arm's line.

    Where no series names a model, colours tell the arms; where it names neither, the series.
    Models named in `among` have colours too, and leave the others those that remain, so that a
    model keeps its colour from one figure of a section to the next.
    """
    series = _series(marks)
    used = {*among, *(one.model for one in series)}
    of_model = model_colours([model for model in campaign.models.values() if model.name in used])
    of_arm = arm_lines(campaign.arms)
    arm_colours = {arm.name: _ARM_COLOURS.get(of_arm[arm.name], INK) for arm in campaign.arms}
    others = [one for one in series if not one.model and not one.arm]
    spare = dict(zip(others, itertools.cycle(zip(PALETTE, _SPARE, strict=False)), strict=False))
    found: dict[Series, SeriesStyle] = {}
    for one in series:
        if one in spare:
            colour, line = spare[one]
            found[one] = SeriesStyle(colour.light, line)
            continue
        own = of_model[one.model].light if one.model else arm_colours.get(one.arm or "", INK)
        style = SeriesStyle(own, of_arm.get(one.arm or "", _STANDARD))
        marked = (SeriesStyle(own, LineStyle(style.line.dashes, marker)) for marker in _MARKERS)
        taken = set(found.values())
        found[one] = next((free for free in (style, *marked) if free not in taken), style)
    return found
