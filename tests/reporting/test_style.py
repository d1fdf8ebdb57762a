import re
from pathlib import Path

import pytest
import threads_or_processes.reporting
from threads_or_processes.records.vocabulary import Family, StartMethod
from threads_or_processes.reporting import palette
from threads_or_processes.reporting.campaign import Model

CSS = (Path(threads_or_processes.reporting.__file__).parent / "templates" / "style.css").read_text()
LIGHT, DARK = (
    dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)
PAIRS = [
    *((name, "page") for name in ("ink", "muted", "link")),
    *((name, "soft") for name in ("ink",)),
    *((name, f"{name}-soft") for name in ("gain", "no-gain", "open")),
    ("ink", "open-soft"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_contrast_formula_gives_the_standard_s_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "paper"), PAIRS)
def test_text_stands_out_from_what_it_is_printed_on(
    scheme: dict[str, str], ink: str, paper: str
) -> None:
    assert contrast(scheme[ink], scheme[paper]) >= 4.5


@pytest.mark.parametrize("colour", palette.PALETTE)
def test_lines_stand_out_from_the_page_in_both_schemes(colour: palette.Colour) -> None:
    assert contrast(colour.light, LIGHT["page"]) >= 3
    assert contrast(colour.dark, DARK["page"]) >= 3


def test_every_model_has_a_colour_of_its_own_and_keeps_it() -> None:
    known = palette.model_colours([model("serial"), model("threads"), model("processes")])
    more = palette.model_colours(
        [model("raw_threads", "threads"), model("joblib", "processes")]
        + [model(name) for name in ("interpreters", "threads", "serial", "processes")]
    )
    assert len(set(more.values())) == 6
    assert {name: more[name] for name in known} == known


def model(name: str, family: str = "") -> Model:
    return Model(
        name=name,
        title=name,
        family=Family[(family or name).upper()],
        start_method=StartMethod.NONE,
    )
