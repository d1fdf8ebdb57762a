"""The page as its readers and their browsers get it, over campaigns of every shape."""

import base64
import gzip
import hashlib
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml
from snakemake.cli import parse_config  # type: ignore[import-untyped]
from snakemake.utils import update_config  # type: ignore[import-untyped]
from threads_or_processes.plan.config import checked
from threads_or_processes.records.texts import LONGEST_TEXT_CHARACTERS
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    FEWEST_QUIET,
    CellFlag,
    Outcome,
)
from threads_or_processes.reporting import report
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Fact,
    Facts,
    Items,
    Own,
    Paragraph,
    Preformatted,
    Table,
    Words,
)
from threads_or_processes.reporting.sections import cite, glossary
from threads_or_processes.reporting.sections import methods as methods_section
from threads_or_processes.reporting.sections.decision_table import Decisions, HeatTable, steepest_of
from threads_or_processes.reporting.words import option, outcome_word

from tests import factories
from tests.conftest import ROOT
from tests.reporting.sentences import arms, numbers, plain
from tests.reporting.worlds import WORLDS, World, campaign, write_world

Pages = Callable[[str], str]
Worlds = Callable[[str], World]

VOID = {"meta", "link", "br", "img", "input", "hr"}
UNREAD = {"style", "script"}


class Page(HTMLParser):
    """Tags, ids and visible text; fails on tags that don't nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._is_after_link = False
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._is_after_link = False
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._is_after_link = tag == "a"

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open and self._open[-1] not in UNREAD:
            words = data.strip()
            if self._is_after_link:  # the same sentence goes on
                words = self.texts.pop()[1] + data.rstrip()
            self.texts.append((self._open[-1], words))
        self._is_after_link = False

    @property
    def text(self) -> str:
        return "\n".join(words for _, words in self.texts)

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


parsed = cache(Page)


@pytest.fixture(params=sorted(WORLDS))
def any_page(request: pytest.FixtureRequest, page: Pages) -> Page:
    return parsed(page(request.param))


def test_no_page_shows_a_value_that_is_missing_as_a_word(any_page: Page) -> None:
    assert not re.findall(r"\b(nan|NaN|None|null|inf|undefined|NaT)\b", any_page.text)
    assert "<NA>" not in any_page.text


def test_no_sentence_is_empty_or_half(any_page: Page) -> None:
    for tag, words in any_page.texts:
        assert not re.search(r"(^[.,:;]|\(\)|\[\]$|\s[.,;]|\.\.|: \.|;\s*$)", words), (tag, words)


def test_ids_are_unique_and_every_reference_leads_somewhere(any_page: Page) -> None:
    ids = Counter(value for _, attrs in any_page.tags if (value := attrs.get("id")))
    assert {name: n for name, n in ids.items() if n > 1} == {}
    for _, attrs in any_page.tags:
        for key in ("href", "xlink:href"):
            target = attrs.get(key) or ""
            assert not target.startswith("#") or target[1:] in ids
        for key in ("aria-labelledby", "aria-describedby"):
            assert set((attrs.get(key) or "").split()) <= set(ids)


def test_nothing_is_fetched_and_nothing_runs_but_the_page_s_own_script(any_page: Page) -> None:
    assert any_page.count("link") == any_page.count("img") == any_page.count("iframe") == 0
    scripts = [attrs for tag, attrs in any_page.tags if tag == "script"]
    assert scripts in ([{}], [{}, {}])
    for _, attrs in any_page.tags:
        assert not [key for key in attrs if key.startswith("on")]
        for key in ("src", "href", "xlink:href", "action", "data"):
            assert (attrs.get(key) or "#").startswith(("#", "data:"))
    policies = [a["content"] or "" for _, a in any_page.tags if "http-equiv" in a]
    (policy,) = policies
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert policy.count("'sha256-") == len(scripts)
    assert policy.count("script-src") == 1
    assert "unsafe-eval" not in policy
    assert policy.count("unsafe-inline") == 1


def test_the_outline_is_one_heading_with_labelled_sections(any_page: Page) -> None:
    assert any_page.count("h1") == any_page.count("main") == any_page.count("nav") == 1
    labelled = [a for tag, a in any_page.tags if tag == "section"]
    assert all(a.get("aria-labelledby") for a in labelled)


def test_tables_have_captions_and_scopes_and_their_boxes_take_the_focus(any_page: Page) -> None:
    scopes = {"row", "col", "colgroup", "rowgroup"}
    assert all(a.get("scope") in scopes for tag, a in any_page.tags if tag == "th")
    boxes = [a for _, a in any_page.tags if a.get("class") == "scroll"]
    heat = sum("data-heat" in a for _, a in any_page.tags)  # its buttons take the focus
    assert any_page.count("caption") == any_page.count("table") == len(boxes) + heat
    assert all(box.get("tabindex") == "0" and box.get("aria-label") for box in boxes)


def test_every_figure_has_a_role_a_title_and_a_description(any_page: Page) -> None:
    drawings = [a for tag, a in any_page.tags if tag == "svg"]
    assert all(a.get("role") == "img" for a in drawings)
    figures = [a for tag, a in any_page.tags if tag == "figure" and "data-out" not in a]
    assert any_page.count("desc") == len(figures) == len(drawings)


@pytest.mark.parametrize("name", sorted(WORLDS))
def test_a_page_stays_below_two_megabytes(page: Pages, name: str) -> None:
    assert len(page(name).encode()) < 2_000_000


def test_rendering_again_gives_the_same_bytes(world: Worlds, page: Pages) -> None:
    assert World(world("default").results).html() == page("default")


def test_hostile_words_stay_words(page: Pages) -> None:
    html = page("hostile")
    assert html.count("<script") == 2  # the page's own
    assert "<script>alert" not in html
    assert html.count("</style>") == 2  # the page, and its drawings
    assert "{{ 7 * 7 }}" in Page(html).text.replace("\u00a0", " ")
    assert "\u202e" not in html
    assert max(len(words) for tag, words in Page(html).texts if tag != "code") < 1000


def test_a_message_without_end_is_cut_before_it_reaches_the_page(tmp_path: Path) -> None:
    cells = factories.grid(["json"], ["serial", "threads"], arms=["3.13"])
    failed = {(cell.id, 1): "raised" for cell in cells if cell.model == "threads"}
    made = factories.make_campaign(cells, failures=failed)
    for record in made.records.values():
        if record["outcome"] == "raised":
            record["explanation"] = "ValueError: " + "w" * 200_000
    html = write_world(tmp_path, made).html()
    shown = max((words for _, words in Page(html).texts), key=lambda words: words.count("w"))
    assert shown.startswith("ValueError: www")
    assert len(shown) <= LONGEST_TEXT_CHARACTERS
    assert len(html) < 10**6


def test_the_data_in_the_page_are_the_data_that_were_measured(world: Worlds, page: Pages) -> None:
    html = page("default")
    coded, package = re.findall(r'href="data:application/gzip;base64,([^"]+)"', html)
    described = gzip.decompress(base64.b64decode(package))
    assert described == (world("default").results / "datapackage.json").read_bytes()
    assert hashlib.sha256(described).hexdigest() in html
    content = base64.b64decode(coded)
    assert content == (world("default").results / "trials.csv.gz").read_bytes()
    assert hashlib.sha256(content).hexdigest() in html
    assert gzip.decompress(content).startswith(b"trial_id,")


def test_the_report_id_changes_with_a_measured_number_and_not_with_a_path(
    world: Worlds, tmp_path: Path
) -> None:
    before = world("default").evidence().report_id
    again = factories.make_campaign(factories.make_cells())
    for identity in again.identities.values():
        identity["executable"] = "/elsewhere/python"
    assert write_world(tmp_path / "same", again).evidence().report_id == before
    record = next(r for r in again.records.values() if r["repetitions"])
    record["repetitions"][-1]["involuntary_switches"] += 1
    assert write_world(tmp_path / "other", again).evidence().report_id != before


def test_the_first_screen_names_machine_builds_time_blocks_and_id(
    world: Worlds, page: Pages
) -> None:
    text = Page(page("default")).text
    evidence = world("default").evidence()
    assert "Synthetic CPU, 2\u00a0CPUs" in text
    (interpreters,) = (one for one in text.split("\n") if one.count("3.13.5") > 1)
    assert [one.count("free-threaded") for one in interpreters.split(";")] == [0, 1]
    assert "21 September 2026" in text
    assert numbers(trials_fact(world("default"))) == ["198", "198", "6"]
    assert evidence.report_id[:12] in text
    assert evidence.report_id in page("default")


def cautions(world: World) -> tuple[Words, ...]:
    """Those of the first screen."""
    return world.page().sections[0].cautions


def facts(world: World) -> tuple[Fact, ...]:
    """Those of the campaign, where it says how to cite it."""
    (section,) = (one for one in world.page().sections if one.anchor == "cite")
    return section.of(Facts)[0].facts


def builds(world: World) -> list[list[str]]:
    """Of each interpreter: what is said of its build."""
    (fact,) = (fact for fact in facts(world) if fact.term == "Interpreters")
    kinds = r"free-threaded|not optimised|optimised|plain"
    return [re.findall(kinds, one) for one in fact.text.split(";")]


@pytest.mark.parametrize(
    ("name", "kind"), [("default", ["optimised"]), ("plain builds", ["plain", "not optimised"])]
)
def test_the_page_says_whether_each_interpreter_is_optimised(
    world: Worlds, name: str, kind: list[str]
) -> None:
    assert kind[0] in world(name).page().lead
    assert builds(world(name)) == [kind, ["free-threaded", *kind]]


def trials_fact(world: World) -> str:
    """What the page says of the trials."""
    return next(fact.text for fact in facts(world) if "planned" in fact.text)


def test_plain_builds_and_their_differences_are_said_on_the_first_screen(
    world: Worlds, page: Pages
) -> None:
    few, plain_builds, mismatch = cautions(world("plain builds"))
    assert numbers(few)[0] == "3"
    assert option("interpreters={build: optimised}") in plain_builds
    assert arms(plain(plain_builds)) == ["3.13", "3.13t", "3.13t-gil"]
    assert not arms(plain(mismatch))
    assert cautions(world("default")) == ()
    assert "3.13t was built with another compiler than 3.13." in Page(page("plain builds")).text


def test_every_option_that_a_page_names_is_one_that_a_run_takes(page: Pages) -> None:
    found = {
        unescape(one)
        for name in WORLDS
        for one in re.findall("<code>--config ([^<]+)</code>", page(name))
    }
    assert found
    for one in found:
        config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
        update_config(config, parse_config(shlex.split(one)))
        checked(config)


def test_the_notebook_section_shows_the_published_times_beside_those_from_here(
    page: Pages,
) -> None:
    text = Page(page("default")).text
    for published in ("2.05", "3.94", "44.5", "2.01", "13.4", "8.66"):
        assert f"\n{published}\n" in text
    assert "here, 3.13t-gil" in text
    assert 'id="notebook"' in page("default")
    assert 'id="notebook"' not in page("no notebook")


def test_one_block_is_never_called_conclusive(world: Worlds) -> None:
    section, evidence = world("one block").page().sections[0], world("one block").evidence()
    (table,) = (own.value for own in section.of(Own) if isinstance(own.value, HeatTable))
    shown = [cell for row in table.rows for cell in (*row.cells, *row.moves)]
    assert {cell.result for cell in shown} == {"baseline", "inconclusive"}
    assert not any("[" in line for cell in shown for line in cell.details)
    assert not any(cell.is_recommended for cell in shown)
    assert {cell.level for cell in shown} == {0}
    assert steepest_of(Decisions(campaign=evidence.campaign, tables=evidence.tables)) == 1
    assert all("inconclusive" in row.use for row in table.rows)
    assert len(section.cautions) == 1


def test_trials_add_up(world: Worlds, page: Pages) -> None:
    text = Page(page("some failed")).text.replace("\u00a0", " ")
    (sum_,) = re.findall(r"198 [^.=]*= ([^.]+)\.", text)
    assert sum(int(number) for number in re.findall(r"\d+", sum_)) == 198
    assert f"36 {outcome_word(Outcome.WRONG_RESULT)}" in sum_
    (quality,) = (one for one in world("default").page().sections if one.anchor == "quality")
    account = quality.of(Paragraph)[0].words
    assert isinstance(account, str)
    # All of them, so there is nothing to add.
    assert numbers(account.split(".")[0]) == ["198"]


def test_what_is_of_all_repetitions_is_counted_with_what_it_is_a_part_of(world: Worlds) -> None:
    evidence = world("every experiment").evidence()
    disturbed = tuple(
        replace(row, flags=(*row.flags, CellFlag.DISTURBED)) for row in evidence.tables.cells
    )
    tables = replace(evidence.tables, cells=disturbed)
    sections = report.build(replace(evidence, tables=tables)).sections
    blocks = [block for section in sections for block in section.blocks]
    told = [plain(block.words) for block in blocks if isinstance(block, Paragraph)]
    told += [
        plain(fact.text) for block in blocks if isinstance(block, Facts) for fact in block.facts
    ]
    (first,) = re.findall(r"All (\d+) times behind this table include", " ".join(told))
    rest = re.findall(r"All (\d+) timed configurations use all repe", " ".join(told))
    assert rest == [str(len(tables.timed))] * 2
    assert int(first) < len(tables.timed)
    assert f"at least {FEWEST_BLOCKS} or all, have {FEWEST_QUIET} undisturbed" in " ".join(told)


def test_every_timed_configuration_has_a_class_of_durations(world: Worlds) -> None:
    evidence = world("every experiment").evidence()
    (quality,) = (
        one for one in world("every experiment").page().sections if one.anchor == "quality"
    )
    (table,) = (one for one in quality.of(Table) if "duration" in one.caption)
    judged = [row for row in evidence.tables.timed if row.quiet_share_ratio is not None]
    assert sum(int(row[1]) for row in table.rows) == len(judged)
    assert sum(int(row[3]) for row in table.rows) == evidence.tables.disturbed
    shorter = [row for row in judged if (row.typical_ns or 0) <= 10 * factories.MS]
    (first,) = (row for row in table.rows if plain(row[0]) == "up to 10 ms")
    assert int(first[1]) == len(shorter)


def test_data_too_large_for_the_page_have_a_path(
    world: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = world("default").evidence()
    path = f"results/{evidence.campaign.machine.name}/trials.csv.gz"

    def files() -> Items:
        (section,) = cite.build(evidence)
        return section.of(Items)[0]

    assert path not in str(files().items)
    monkeypatch.setattr(cite, "EMBED_AT_MOST_BYTES", 0)
    assert path in str(files().items[0])


def test_how_it_was_decided_who_got_more_blocks_is_said(tmp_path: Path) -> None:
    campaign = factories.make_campaign(factories.make_cells(workloads=["json"], notebook=False))
    campaign.plan["precision"] = {
        "target": 0.03,
        "max_blocks": 20,
        "peers": [{"workload": "json", "timing": "warm", "blocks": [6, 8]}],
        "trials": [],
    }
    world = write_world(tmp_path, campaign)
    assert re.search(r"\b6 blocks and more", plain(trials_fact(world)))
    (methods,) = methods_section.build(world.evidence())
    said = [numbers(fact.text) for facts in methods.of(Facts) for fact in facts.facts]
    assert ["3", "20"] in said


def test_a_kind_of_work_is_told_with_its_source_and_what_it_is_a_remedy_for(tmp_path: Path) -> None:
    made = campaign()
    made.plan["workloads"]["mandelbrot"] |= {"source": "owner/project#12"}
    made.plan["workloads"]["compress"] |= {"remedy_of": "mandelbrot"}
    (section,) = glossary.build(write_world(tmp_path, made).evidence())
    told = {fact.term: fact.text for facts in section.of(Facts) for fact in facts.facts}
    assert told["The mandelbrot workload"].endswith("Published: owner/project#12.")
    assert "A remedy for: The mandelbrot workload." in told["The compress workload"]
    assert "remedy" not in told["The mandelbrot workload"]
    assert "Published" not in told["The compress workload"]


def test_an_arm_that_was_not_measured_is_said_to_be_missing(world: Worlds) -> None:
    for name in ("one arm", "no free-threaded build without its lock"):
        (caution,) = cautions(world(name))
        assert "free-threaded build" in caution
        assert "not measured" in caution


def test_the_configuration_is_shown_whole(world: Worlds, page: Pages) -> None:
    (shown,) = [w for tag, w in Page(page("default")).texts if w.startswith('{\n  "blocks"')]
    plan = json.loads((world("default").results / "plan.json").read_text())
    assert json.loads(shown) == plan["config"]


def test_a_campaign_of_one_s_own_is_not_repeated_by_the_default_sweep(world: Worlds) -> None:
    evidence = world("default").evidence()
    own = replace(evidence, campaign=replace(evidence.campaign, campaign="mine"))

    def command(of: Evidence) -> str:
        (section,) = methods_section.build(of)
        return section.of(Preformatted)[0].text

    assert command(evidence).endswith("\nmake report")
    assert "make report" not in command(own)
