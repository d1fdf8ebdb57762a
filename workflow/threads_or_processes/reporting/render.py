"""A page becomes one HTML file: templates, style sheet and figures put together."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2
from markupsafe import Markup

from threads_or_processes.reporting import palette
from threads_or_processes.reporting.page import Page
from threads_or_processes.reporting.svg import Styles, embedded

_TEMPLATES = Path(__file__).with_name("templates")


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda value: type(value).__name__
    environment.filters["content_hash"] = content_hash
    return environment


def _css_colours() -> dict[str, str]:
    """Colour of a drawing to CSS value: the page's own text colour, or its light or dark series."""
    series = {
        colour.light: f"var(--series-{index}, {colour.light})"
        for index, colour in enumerate(palette.PALETTE)
    }
    return {palette.INK: "currentColor", **series}


def _scripts(page: Page) -> list[Markup]:
    """The page's own script, and those of its sections."""
    names = ("page.js", *(section.script for section in page.sections if section.script))
    return [_file(name) for name in dict.fromkeys(names)]


def _series_variables(*, dark: bool) -> str:
    return " ".join(
        f"--series-{index}: {colour.dark if dark else colour.light};"
        for index, colour in enumerate(palette.PALETTE)
    )


def content_hash(script: str) -> str:
    """A script's hash as a Content-Security-Policy names it."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def html(page: Page, drawings: Mapping[str, str]) -> str:
    """One file with its style, scripts, figures and data inside; `drawings` are SVG by name."""
    colours = _css_colours()
    styles = Styles()
    drawn = {
        name: Markup(styles.named(embedded(svg, colours, prefix=f"f{index}-")))  # noqa: S704
        for index, (name, svg) in enumerate(drawings.items())
    }
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            drawings=drawn,
            drawn_style=Markup(styles.rules),  # noqa: S704
            scripts=_scripts(page),
            style=_file("style.css"),
            light_series=Markup(_series_variables(dark=False)),  # noqa: S704
            dark_series=Markup(_series_variables(dark=True)),  # noqa: S704
        )
    )


def _file(name: str) -> Markup:
    """A file of this package, set as it is."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704
