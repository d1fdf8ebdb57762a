"""The page that compares machines, from their folders: read, drawn, set."""

from collections.abc import Sequence
from pathlib import Path

from threads_or_processes.reporting import comparing, drawing, palette, render
from threads_or_processes.reporting.figure_spec import LinesFigure
from threads_or_processes.reporting.sections import comparison


def html(folders: Sequence[Path]) -> str:
    """The page for these folders of results; `UserError` if none can be read."""
    sides = comparing.read_sides(folders)
    models = comparing.models(sides)
    names = [side.name for side in sides.sides]
    page = comparison.build(sides)
    drawings = {}
    for figure in page.figures:
        assert isinstance(figure, LinesFigure)
        looks = palette.machine_styles(figure.series, models, names)
        drawings[figure.name] = drawing.draw_lines(figure, looks).svg
    return render.html(page, drawings)
