"""Every number that a sentence of the report states comes from the data, and none contradicts.

Numbers are read back from the page: a token with a unit must be what some value of the tables, the
plan or the data set comes to when it is written with as many digits.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.trials import read_trials

from tests.reporting.worlds import WORLDS, World

#: Sections whose sentences say how it was done; their numbers are settings, and tested with those.
PROSE = {"methods", "threats", "cite", "environment"}
#: Examples that explain how to read a ratio, and the notebook's own figures.
SAID_ANYWAY = {"1.9×", "1×", "0.8×", "0×", "8 s", "10 s"}
SKIPPED = {"svg", "style", "script", "pre", "nav", "select", "scroll"}
TIMES_NS = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1.0}
TOKEN = re.compile(
    r"(?<![\w.\-−/])([\d\u202f]+(?:\.\d+)?)[\u00a0 ]?(×|%|s\b|ms\b|µs\b|ns\b|MiB\b|KiB\b|kB\b)"
)
INTERVAL = re.compile(r"([\d\u202f]+(?:\.\d+)?)× \[([\d\u202f.]+),[\u00a0 ]([\d\u202f.]+)\]")


class Sentences(HTMLParser):
    """The sentences of a page outside tables and drawings, by section."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self._words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._flush()
        if tag not in {"meta", "link", "br", "input", "hr"}:
            # The boxes of plain tables are told by their class; the decision table has none.
            found = dict(attrs)
            is_box = found.get("class") == "scroll"
            self._open.append(("scroll" if is_box else tag, found.get("id") or ""))

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if not {tag for tag, _ in self._open} & SKIPPED:
            self._words.append(data)

    def _flush(self) -> None:
        words = " ".join("".join(self._words).split(" ")).strip()
        self._words = []
        section = next((name for tag, name in reversed(self._open) if tag == "section"), "")
        if words and section not in PROSE:
            self.found.append((section, words))


def numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, dict):
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)


def numbers_of(results: Path) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Every number that was planned, measured or estimated."""
    found = list(numbers_in(json.loads((results / "plan.json").read_text(encoding="utf-8"))))
    found += numbers_in(asdict(read_trials(results / "trials.csv.gz").conditions))
    for table in sorted((results / "tables").glob("*.csv")):
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                for field in row.values():
                    try:
                        found.append(float(field))
                    except ValueError:
                        try:
                            found += numbers_in(json.loads(field))
                        except ValueError:
                            continue
    return np.array([one for one in found if np.isfinite(one)])


def is_known(token: str, unit: str, pool: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether some number comes to the token at its own digits."""
    plain = token.replace("\u202f", "")
    value = float(plain)
    decimals = len(plain.partition(".")[2])
    room = 0.5000001 * 10.0**-decimals
    positive = pool[pool > 0]
    if unit in TIMES_NS:
        # Nanoseconds in a table; seconds, or the microseconds of a task, in a plan.
        forms = [pool / TIMES_NS[unit], pool * 1e9 / TIMES_NS[unit], pool * 1e3 / TIMES_NS[unit]]
        # Indicative times have two digits whatever their size.
        room = max(room, 0.051 * value if decimals == 0 and value >= 100 else 0.0)
    elif unit == "×":
        forms = [pool, 1 / positive]
    elif unit == "%":
        forms = [pool * 100, np.abs(pool - 1) * 100, np.abs(1 / positive - 1) * 100]
    elif unit == "MiB":
        forms = [pool / 1024**2]
    else:
        forms = [pool]
    if unit in ("ms", "µs"):
        forms.append(positive / 64 / TIMES_NS[unit])  # of one task of the batch
    return any(bool(np.any(np.abs(form - value) <= room)) for form in forms)


@cache
def sentences_of(html: str) -> list[tuple[str, str]]:
    return Sentences(html).found


# From the other end than test_page.py: two workers make the worlds, and none waits for the other.
@pytest.fixture(params=sorted(WORLDS, reverse=True))
def told(
    request: pytest.FixtureRequest, world: Callable[[str], World], page: Callable[[str], str]
) -> tuple[World, list[tuple[str, str]]]:
    return world(request.param), sentences_of(page(request.param))


def test_every_number_with_a_unit_is_one_of_the_data(
    told: tuple[World, list[tuple[str, str]]],
) -> None:
    world, sentences = told
    pool = numbers_of(world.results)
    unknown = [
        (f"{number}{unit}", words[:120])
        for _, words in sentences
        for number, unit in TOKEN.findall(words)
        if f"{number}{unit}" not in SAID_ANYWAY
        and f"{number} {unit}" not in SAID_ANYWAY
        and not is_known(number, unit, pool)
    ]
    assert unknown == []


def test_no_interval_leaves_out_its_estimate(told: tuple[World, list[tuple[str, str]]]) -> None:
    for _, words in told[1]:
        for found in INTERVAL.findall(words):
            value, low, high = (float(one.replace("\u202f", "")) for one in found)
            assert low <= value <= high, words


def test_parts_are_never_more_than_their_whole(told: tuple[World, list[tuple[str, str]]]) -> None:
    for _, words in told[1]:
        for pair in re.findall(r"(?<![\d.])([\d\u202f]+) of (?:the )?([\d\u202f]+)\b", words):
            part, whole = (int(number.replace("\u202f", "")) for number in pair)
            assert part <= whole, words


def test_counts_and_verbs_agree(told: tuple[World, list[tuple[str, str]]]) -> None:
    """Not `24 of the 24 times`, `0 of 1 move`, `1 are` or `1 of 6 are`."""
    number = r"(?<![\d.,:\u202f])([\d\u202f]+)"
    for _, words in told[1]:
        words = words.replace("\u00a0", " ")
        for part, whole in re.findall(rf"{number} of (?:the )?([\d\u202f]+) [a-z]", words):
            assert part not in {"0", whole}, words
        verbs = "are|have|were|use|include|lose|rest|show|need|deviate|vary"
        alone = re.findall(rf"{number} (?:of [\d\u202f]+ (?:[a-z]+ ){{1,4}}?)?(?:{verbs})\b", words)
        assert "1" not in alone, words


@pytest.mark.parametrize(
    ("number", "of", "told"),
    [
        (0, 1, "no choice is"),
        (1, 1, "the only choice is"),
        (2, 2, "both choices are"),
        (0, 6, "none of 6 choices is"),
        (1, 6, "1 of 6 choices is"),
        (2, 6, "2 of 6 choices are"),
        (6, 6, "all 6 choices are"),
        (1000, 2000, "1 000 of 2 000 choices are"),
    ],
)
def test_a_part_of_a_whole_is_told_as_one_would_say_it(number: int, of: int, told: str) -> None:
    said = text.part(number, of, "choice", "are")
    assert said.replace(text.SPACE, " ").replace("\u202f", " ") == told


def test_every_section_answers_its_question_in_a_sentence(
    page: Callable[[str], str], world: Callable[[str], World]
) -> None:
    for name in WORLDS:
        html = page(name)
        questions = re.findall(r'<p class="question">(.*?)</p>', html, re.DOTALL)
        assert questions
        assert all(question.strip().endswith("?") for question in questions)
        answers = re.findall(r'<p class="answer"[^>]*>(.*?)</p>', html, re.DOTALL)
        assert all(answer.strip().endswith((".", "?")) for answer in answers if answer.strip())


def test_the_walk_would_notice_a_number_from_nowhere() -> None:
    pool = np.array([1.234, 5_000_000.0])
    assert is_known("1.23", "×", pool)
    assert is_known("5.00", "ms", pool)
    assert is_known("23", "%", pool)
    assert not is_known("1.26", "×", pool)
    assert not is_known("5.2", "ms", pool)
