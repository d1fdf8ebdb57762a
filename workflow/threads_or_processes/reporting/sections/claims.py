"""Every sentence stated before the measurement: its verdict and the numbers behind it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import (
    PUBLISHED_BAND,
    SERIAL,
    Agreement,
    Finding,
    Measure,
    Verdict,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Block, Heading, Own, Paragraph, Section
from threads_or_processes.reporting.words import Status

STATUSES: dict[str, tuple[Status, str, str]] = {
    Verdict.SUPPORTED: (Status.GAIN, "✓", "Supported"),
    Verdict.REFUTED: (Status.NO_GAIN, "✗", "Refuted"),
    Verdict.INCONCLUSIVE: (Status.OPEN, "?", "Inconclusive"),
    Verdict.NOT_TESTED: (Status.NO_DATA, "–", "Not tested"),
}

MEASURES: dict[str, str] = {
    Measure.TIME: "",
    Measure.FIRST_RESULT: "until the first result: ",
    Measure.TEARDOWN: "to stop the workers: ",
    Measure.MEMORY: "memory of all processes: ",
}

AGREEMENTS: dict[str, str] = {
    Agreement.AGREES: "; ours agrees",
    Agreement.MORE: "; ours is surely more",
    Agreement.LESS: "; ours is surely less",
}

#: Longer than any sentence, shorter than what breaks a page.
MOST_CHARACTERS = 600


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence, its verdict, and the numbers behind it."""

    sentence: str
    source: str
    status: Status
    verdict: str
    icon: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The claims of one file; those that were not tested apart."""

    tested: tuple[Claim, ...]
    untested: tuple[Claim, ...]
    untested_summary: str


def build(evidence: Evidence) -> Iterator[Section]:
    """The claims, file by file in the order of the config; no section without any."""
    rows, campaign = evidence.tables.claims, evidence.campaign
    if not rows:
        return
    blocks: list[Block] = [Paragraph(_how_to_read(rows, campaign))]
    for file in dict.fromkeys(row.file for row in rows):
        claims = _claims([row for row in rows if row.file == file], campaign)
        blocks += [Heading(text=_title(file)), Own(template="claims.html", value=claims)]
    yield Section(
        anchor="claims", title="What was claimed", nav_title="Claims", blocks=tuple(blocks)
    )


def _claims(rows: Sequence[ClaimRow], campaign: Campaign) -> Claims:
    tested, untested = (
        tuple(
            _claim(row, campaign)
            for row in rows
            if (row.verdict is not Verdict.NOT_TESTED) == is_tested
        )
        for is_tested in (True, False)
    )
    return Claims(
        tested=tested,
        untested=untested,
        untested_summary=f"{text.count(len(untested), 'sentence')} not tested",
    )


def _how_to_read(rows: Sequence[ClaimRow], campaign: Campaign) -> str:
    verdicts = Counter[str](row.verdict for row in rows)
    counted = [
        f"{text.fixed(verdicts[name], 0)} {word.lower()}"
        for name, (_, _, word) in STATUSES.items()
        if verdicts[name]
    ]
    return (
        f"{words.capital(text.count(len(rows), 'sentence'))}, stated with their cells before "
        f"anything was measured: {text.listing(counted)}. A verdict needs two methods that agree, "
        "holds for all verdicts together (Holm), and must be clearer than the difference between "
        "two measurements of the same cell, where that was measured. Ratios are the baseline's "
        f"time (or memory) over the cell's; within {text.percent(campaign.margin)} there is no "
        "difference in practice. Supported means that the direction holds, and the least "
        "difference that was stated. A published figure, which comes from other hardware, agrees "
        "with ours when it is within a factor of "
        f"{PUBLISHED_BAND} of our interval."
    )


def _title(file: str) -> str:
    name = PurePath(file).stem
    known = {"notebook": "The teaching notebook", "published": "Published figures"}
    return known.get(name, words.capital(text.plain(name.replace("_", " ").replace("-", " "))))


def _claim(row: ClaimRow, campaign: Campaign) -> Claim:
    status, icon, verdict = STATUSES[row.verdict]
    return Claim(
        sentence=text.plain(row.sentence, MOST_CHARACTERS),
        source=text.plain(row.source),
        status=status,
        verdict=verdict,
        icon=icon,
        lines=tuple(words.sentence(line) for line in _lines(row, campaign)),
    )


def _lines(row: ClaimRow, campaign: Campaign) -> Iterator[str]:
    if row.verdict is Verdict.REFUTED:
        yield _found_instead(row)
    if ratio := row.estimate:
        yield _compared(row, ratio, campaign)
    if row.losing_trials is not None and row.blocks is not None:
        yield _updates(row, campaign)
    if row.reason:
        yield text.plain(row.reason)
    if row.verdict is Verdict.INCONCLUSIVE:
        yield _what_it_takes(row)
    if row.published_low_ratio is not None and row.published_high_ratio is not None:
        yield _published(row, row.published_low_ratio, row.published_high_ratio)
    if row.answer:
        yield text.plain(row.answer, MOST_CHARACTERS)


def _found_instead(row: ClaimRow) -> str:
    claimed = "" if row.claimed_ratio is None else f"{text.ratio_cell(row.claimed_ratio)}×"
    found: dict[Finding | None, str] = {
        Finding.EQUAL: "there is no difference in practice",
        Finding.OPPOSITE: "it is the other way round",
        Finding.SMALLER: f"the difference is smaller than {claimed}",
        Finding.AS_MUCH: f"the ratio is above {claimed}",
        Finding.DIFFERENT: "there is a difference",
        None: "the opposite was seen",
    }
    return found[row.finding]


def _compared(row: ClaimRow, ratio: Ratio, campaign: Campaign) -> str:
    assert row.cell is not None, row.claim
    assert row.baseline_cell is not None, row.claim
    cell, baseline = campaign.cells_by_id[row.cell], campaign.cells_by_id[row.baseline_cell]
    titles = [campaign.title(one.workload) for one in (cell, baseline)]
    told_apart = titles if titles[0] != titles[1] else ["", ""]
    ways = [
        f"{_value(row, value)} with {_way(one, title, campaign)}"
        for one, title, value in zip(
            (cell, baseline), told_apart, (row.cell_value, row.baseline_value), strict=True
        )
    ]
    what = f"{titles[0]}, {MEASURES[row.measure]}{ways[0]} against {ways[1]}"
    return f"{what}: {words.figures(ratio)}"


def _value(row: ClaimRow, value: float | None) -> str:
    if row.measure == "memory":
        return f"{text.mebibytes(value)}{text.SPACE}MiB"
    return text.time(value)


def _way(cell: Cell, title: str, campaign: Campaign) -> str:
    """How a cell works, its workers and its arm in brackets, and its work where they differ."""
    workers = "" if cell.model == SERIAL else text.count(cell.workers, "worker")
    details = ", ".join(filter(None, (workers, cell.arm, title)))
    return f"{campaign.model_title(cell.model)} ({details})"


def _updates(row: ClaimRow, campaign: Campaign) -> str:
    trials = text.count(row.blocks or 0, "trial")
    assert row.cell is not None, row.claim
    cell = campaign.cells_by_id[row.cell]
    where = f"{campaign.title(cell.workload)}, {campaign.model_title(cell.model)} on {cell.arm}: "
    if row.losing_trials:
        return (
            f"{where}{text.fixed(row.losing_trials, 0)} of {trials} lost updates, "
            f"{text.percent(row.lost_ratio)} of all updates in the typical repetition"
        )
    return (
        f"{where}none of {trials} lost an update; that up to {text.percent(row.losing_high_ratio)} "
        "of trials do is not excluded"
    )


def _what_it_takes(row: ClaimRow) -> str:
    if row.blocks_needed is None:
        return "more blocks than anyone would measure would be needed, with noise like this"
    there_are = f"; here are {text.fixed(row.blocks, 0)}" if row.blocks else ""
    return f"about {text.count(row.blocks_needed, 'block')} would probably settle it{there_are}"


def _published(row: ClaimRow, low: float, high: float) -> str:
    span = f"{low:.3g}×" if low == high else f"{low:.3g} to {high:.3g}×"
    return f"published: {span}{AGREEMENTS.get(row.agreement or '', '')}"
