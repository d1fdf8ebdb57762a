"""A report value becomes one HTML file: templates, style sheet and figures put together."""

from collections.abc import Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from workflow.errors import UserError
from workflow.reporting import look
from workflow.reporting.campaign import Campaign, figure_names
from workflow.reporting.page import Report
from workflow.reporting.svg import NotAFigureError, embedded

_TEMPLATES = Path(__file__).with_name("templates")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _css_colours() -> dict[str, str]:
    """Colour of a drawing to CSS value: the page's own text colour, or its light or dark series."""
    series = {
        colour.light: f"var(--series-{index}, {colour.light})"
        for index, colour in enumerate(look.PALETTE)
    }
    return {look.INK: "currentColor", **series}


def _series_variables(*, dark: bool) -> str:
    return " ".join(
        f"--series-{index}: {colour.dark if dark else colour.light};"
        for index, colour in enumerate(look.PALETTE)
    )


def html(report: Report) -> str:
    """The page: one file with its style and figures inside."""
    colours = _css_colours()
    figures = {name: Markup(embedded(svg, colours)) for name, svg in report.svgs.items()}  # noqa: S704
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            figures=figures,
            style=Markup(style),  # noqa: S704  (a file of this package)
            light_series=Markup(_series_variables(dark=False)),  # noqa: S704
            dark_series=Markup(_series_variables(dark=True)),  # noqa: S704
        )
    )


def read_figures(folder: Path, campaign: Campaign) -> Mapping[str, str]:
    """The drawings of a campaign by name; `UserError` names one that is missing or broken."""
    drawings = {}
    for name in figure_names(campaign):
        path = folder / f"{name}.svg"
        mend = "delete the folder of figures and run snakemake again"
        try:
            drawings[name] = path.read_text(encoding="utf-8")
            embedded(drawings[name], {})
        except FileNotFoundError:
            raise UserError("a figure is missing", where=str(path), mend=mend) from None
        except (NotAFigureError, UnicodeDecodeError) as error:
            what = f"a figure is not one that this pipeline draws ({error})"
            raise UserError(what, where=str(path), mend=mend) from None
    return drawings
