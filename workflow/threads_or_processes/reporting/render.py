"""A report value becomes one HTML file: templates, style sheet and figures put together."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from threads_or_processes.common.errors import UserError
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.page import Comparison, Report
from threads_or_processes.reporting.sections.rules import SOURCE as RULES_SOURCE
from threads_or_processes.reporting.svg import NotAFigureError, embedded

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
        for index, colour in enumerate(palette.PALETTE)
    }
    return {palette.INK: "currentColor", **series}


def _series_variables(*, dark: bool) -> str:
    return " ".join(
        f"--series-{index}: {colour.dark if dark else colour.light};"
        for index, colour in enumerate(palette.PALETTE)
    )


def content_hash(script: str) -> str:
    """A script's hash as a Content-Security-Policy names it."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def html(report: Report) -> str:
    """The report: one file with its style, script, figures and data inside."""
    script = _file("explorer.js") if report.explorer else ""
    return _page(
        "report.html",
        report.svgs,
        report=report,
        rules_source=RULES_SOURCE,
        script=Markup(script),  # noqa: S704  (a file of this package)
        script_hash=content_hash(script),
        explorer_data=Markup(report.explorer.data if report.explorer else ""),  # noqa: S704
    )


def comparison(page: Comparison, svgs: Mapping[str, str]) -> str:
    """The page that compares machines, likewise."""
    return _page("compare.html", svgs, page=page)


def _page(template: str, svgs: Mapping[str, str], **values: object) -> str:
    colours = _css_colours()
    return (
        _environment()
        .get_template(template)
        .render(
            figures={name: Markup(embedded(svg, colours)) for name, svg in svgs.items()},  # noqa: S704
            style=Markup(_file("style.css")),  # noqa: S704  (a file of this package)
            light_series=Markup(_series_variables(dark=False)),  # noqa: S704
            dark_series=Markup(_series_variables(dark=True)),  # noqa: S704
            **values,
        )
    )


def _file(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def read_figures(folder: Path, names: Iterable[str]) -> Mapping[str, str]:
    """The drawings by name; `UserError` names one that is missing or broken."""
    drawings = {}
    for name in names:
        path = folder / f"{name}.svg"
        hint = "delete the folder of figures and run snakemake again"
        try:
            drawings[name] = path.read_text(encoding="utf-8")
            embedded(drawings[name], {})
        except FileNotFoundError:
            raise UserError("a figure is missing", where=str(path), hint=hint) from None
        except (NotAFigureError, UnicodeDecodeError) as error:
            what = f"a figure is not one that this pipeline draws ({error})"
            raise UserError(what, where=str(path), hint=hint) from None
    return drawings
