"""Every sentence stated before the measurement: its verdict and the numbers behind it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import (
    BLOCKS_FOR_VERDICTS,
    BUILT_IN_CLAIMS,
    NOT_PLANNED,
    NOT_PLANNED_EARLIER,
    PUBLISHED_BAND,
    Expects,
    Finding,
    Measure,
    Timing,
    Verdict,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Own, Paragraph, Section
from threads_or_processes.reporting.words import Status

#: In the order of the page.
STATUSES: dict[Verdict, tuple[Status, str, str]] = {
    Verdict.SUPPORTED: (Status.GAIN, "✓", "Supported"),
    Verdict.REFUTED: (Status.NO_GAIN, "✗", "Refuted"),
    Verdict.NONE_SEEN: (Status.NO_DATA, "○", "No loss seen"),
    Verdict.INCONCLUSIVE: (Status.OPEN, "?", "Inconclusive"),
    Verdict.NOT_COMPARABLE: (Status.NO_DATA, "≠", "Not comparable"),
    Verdict.NOT_TESTED: (Status.NO_DATA, "–", "Not tested"),
}

MEASURES: dict[str, str] = {
    Measure.TIME: "",
    Measure.FIRST_RESULT: "until the first result: ",
    Measure.TEARDOWN: "to stop the workers: ",
    Measure.MEMORY: "memory of all processes, idle: ",
    Measure.MEMORY_PEAK: "memory of all processes, peak: ",
}
WEIGHTS = {Measure.MEMORY, Measure.MEMORY_PEAK}

#: Why most claims that are not tested are not.
NOT_MEASURED = "this sweep does not measure their configurations"

#: More refuted claims than this stay folded.
MOST_OPEN = 5
#: Longer than any sentence, shorter than what breaks a page.
MOST_CHARACTERS = 600


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence, its numbers in brief and in full."""

    sentence: str
    figures: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Group:
    """The claims with one verdict, which a badge shows."""

    status: Status
    icon: str
    verdict: str
    title: str
    claims: tuple[Claim, ...]
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Claims:
    """All claims by verdict, those that were not tested in brief."""

    groups: tuple[Group, ...]
    untested_summary: str
    untested: tuple[str, ...]
    how_to_read: tuple[str, ...]


def build(evidence: Evidence) -> Iterator[Section]:
    """The claims by verdict; no section without any."""
    campaign = evidence.campaign
    claims = cases_of_claims(evidence.tables.claims)
    if not claims:
        return
    value = Claims(
        groups=tuple(_groups(claims, campaign)),
        untested_summary=_untested_summary(claims),
        untested=tuple(
            text.plain(cases[0].sentence, MOST_CHARACTERS)
            for cases in claims
            if cases[0].verdict is Verdict.NOT_TESTED
        ),
        how_to_read=tuple(_how_to_read(campaign)),
    )
    yield Section(
        anchor="claims",
        title="Claims tested",
        nav_title="Claims",
        cautions=(
            (
                (
                    f"Provisional: {text.count(campaign.blocks, 'block')}. Final verdicts need "
                    f"{BLOCKS_FOR_VERDICTS}.",
                    *words.more_blocks(evidence, " Add "),
                ),
            )
            if is_provisional(campaign)
            else ()
        ),
        blocks=(Paragraph(_summary(claims)), Own(template="claims.html", value=value)),
    )


def cases_of_claims(rows: Iterable[ClaimRow]) -> list[list[ClaimRow]]:
    """The rows of each claim, in the order of the table."""
    found: dict[tuple[str, str], list[ClaimRow]] = {}
    for row in rows:
        found.setdefault((row.file, row.claim), []).append(row)
    return list(found.values())


def is_provisional(campaign: Campaign) -> bool:
    """Whether there are too few blocks for a verdict that lasts."""
    return campaign.blocks < BLOCKS_FOR_VERDICTS


def badge(verdict: Verdict, campaign: Campaign) -> tuple[Status, str, str]:
    """The colour, the icon and the words of a verdict."""
    status, icon, word = STATUSES[verdict]
    if is_provisional(campaign) and verdict in {Verdict.SUPPORTED, Verdict.REFUTED}:
        word = f"Provisionally {word.lower()}"
    return status, icon, word


def in_brief(cases: Sequence[ClaimRow], campaign: Campaign) -> str:
    """The numbers of a claim in some words: its ratios, or for which cases it holds.

    And why there is no verdict, if there is none.
    """
    tested = [row for row in cases if row.case_verdict is not Verdict.NOT_TESTED]
    partly = f" ({len(tested)} of {text.count(len(cases), 'case')} tested)"
    if len(tested) == 1:
        (row,) = tested
        figures = _figures(row) + (partly if len(cases) > 1 else "")
        return ": ".join(filter(None, (figures.strip(), text.plain(row.reason or ""))))
    holding, failing = (
        [row for row in tested if row.case_verdict is verdict]
        for verdict in (Verdict.SUPPORTED, Verdict.REFUTED)
    )
    if holding and failing:
        names = _case_names(tested, campaign)
        holds, fails = (
            "; ".join(names[row.cell, row.baseline_cell] for row in rows)
            for rows in (holding, failing)
        )
        return f"fails for {fails}. Holds for {holds}"
    ratios = sorted((row.estimate for row in tested if row.estimate), key=lambda one: one.value)
    if not ratios or any(row.verdict is Verdict.INCONCLUSIVE for row in tested):
        return ". ".join(
            [
                f"holds in {text.part(len(holding), len(tested), 'case')}",
                *_open(tested, campaign),
            ]
        )
    ends = dict.fromkeys(text.times_as_fast(ratio) for ratio in (ratios[0], ratios[-1]))
    return " to ".join(ends) + (partly if len(tested) < len(cases) else "")


def _open(tested: Sequence[ClaimRow], campaign: Campaign) -> Iterator[str]:
    """Which cases are inconclusive, and why: `Inconclusive for “JSON” (1.6× [1.4, 1.9]): ...`."""
    names = _case_names(tested, campaign)
    by_reason: dict[str, list[str]] = {}
    for row in tested:
        if row.case_verdict is Verdict.INCONCLUSIVE and row.reason:
            figures = f" ({found})" if (found := _figures(row)) else ""
            name = f"{names[row.cell, row.baseline_cell]}{figures}"
            by_reason.setdefault(text.plain(row.reason), []).append(name)
    for reason, named in by_reason.items():
        yield f"Inconclusive for {text.listing(named)}: {reason}"


def _summary(claims: Sequence[Sequence[ClaimRow]]) -> str:
    verdicts = Counter(cases[0].verdict for cases in claims)
    counted = [
        f"{text.fixed(verdicts[verdict], 0)} {word.lower()}"
        for verdict, (_, _, word) in STATUSES.items()
        if verdicts[verdict]
    ]
    own = {text.plain(cases[0].file) for cases in claims} - {*BUILT_IN_CLAIMS}
    stated = "" if own else ", stated before anything was measured"
    return (
        f"{words.capital(text.count(len(claims), 'claim'))}{stated}: {text.listing(counted)}."
        + (f" Those of {text.listing(sorted(own))} may be newer than the data." if own else "")
    )


def _how_to_read(campaign: Campaign) -> Iterator[str]:
    sure = text.percent(campaign.confidence)
    yield ("A claim must hold in each case that was measured. One clear counterexample refutes it.")
    yield (
        "A verdict on a ratio needs two methods that agree. It holds with "
        f"{sure} confidence for all ratio claims tested in this run together (Holm)."
    )
    yield (
        "A claim has a limit of its own, such as 1.5. A configuration can be faster by more than "
        "the margin and not reach it."
    )
    yield (
        "A ratio is the baseline's time (or memory) divided by the configuration's. Within "
        f"{text.percent(campaign.margin)} there is no difference in practice."
    )
    yield (
        "A published range comes from other hardware, so it is widened by a factor of "
        f"{PUBLISHED_BAND} at both ends. Ours agrees if its "
        f"{text.percent(2 * campaign.confidence - 1)} interval lies within the range. It differs "
        f"if the {sure} interval lies outside."
    )
    yield (
        "One lost update proves that updates are lost. No loss proves only that losses are rare: "
        f"we give the {sure} upper bound. It assumes independent updates; those of one repetition "
        "are not."
    )


def _groups(claims: Sequence[Sequence[ClaimRow]], campaign: Campaign) -> Iterator[Group]:
    for verdict in STATUSES:
        found = [cases for cases in claims if cases[0].verdict is verdict]
        if found and verdict is not Verdict.NOT_TESTED:
            status, icon, word = badge(verdict, campaign)
            yield Group(
                status=status,
                icon=icon,
                verdict=word,
                title=text.count(len(found), "claim"),
                claims=tuple(_claim(cases, campaign) for cases in found),
                is_open=verdict is Verdict.REFUTED and len(found) <= MOST_OPEN,
            )


def _untested_summary(claims: Sequence[Sequence[ClaimRow]]) -> str:
    """How many claims were not tested, and why: `3 not tested: ... (2), ... (1)`."""
    untested = [cases for cases in claims if cases[0].verdict is Verdict.NOT_TESTED]
    reasons = Counter(_reason(cases[0]) for cases in untested)
    counted = [f"{reason} ({text.fixed(count, 0)})" for reason, count in reasons.most_common()]
    return f"{text.count(len(untested), 'claim')} not tested: {'; '.join(counted)}"


def _reason(row: ClaimRow) -> str:
    """Why a claim was not tested, without the configuration's name."""
    return NOT_MEASURED if _unplanned(row) else text.plain(row.reason or "")


def _unplanned(row: ClaimRow) -> str:
    """The cell without which a claim is not tested, if that is the reason."""
    for opening in (NOT_PLANNED, NOT_PLANNED_EARLIER):
        if (row.reason or "").startswith(opening):
            return text.plain((row.reason or "").removeprefix(opening))
    return ""


def _claim(cases: Sequence[ClaimRow], campaign: Campaign) -> Claim:
    return Claim(
        sentence=text.plain(cases[0].sentence, MOST_CHARACTERS),
        figures=in_brief(cases, campaign),
        lines=tuple(words.sentence(line) for line in _lines(cases, campaign)),
    )


def _lines(cases: Sequence[ClaimRow], campaign: Campaign) -> Iterator[str]:
    first = cases[0]
    if first.finding is not None and first.finding is not Finding.NOT_ALL:
        yield _found_instead(first.finding, first)
    for row in cases:
        if row.case_verdict is Verdict.NOT_TESTED:
            continue
        yield _measured(row, campaign, is_one_of_many=len(cases) > 1)
        if row.case_verdict is Verdict.INCONCLUSIVE and row.p_value is not None:
            yield _what_it_takes(row)
    if missing := [row for row in cases if row.case_verdict is Verdict.NOT_TESTED]:
        yield f"not tested: {'; '.join(_missing(row, campaign) for row in missing)}"
    if limit := _limit(first, campaign):
        yield limit
    if first.answer:
        yield text.plain(first.answer, MOST_CHARACTERS)
    yield f"source: {text.plain(first.source)}"


def _found_instead(finding: Finding, row: ClaimRow) -> str:
    claimed = "" if row.claimed_ratio is None else _span(row.claimed_ratio, row.claimed_ratio)
    return {
        Finding.NOT_ALL: "it does not hold in every case",
        Finding.EQUAL: "there is no difference in practice",
        Finding.OPPOSITE: "the opposite is true",
        Finding.SMALLER: f"the ratio is below {claimed}",
        Finding.AS_MUCH: f"the ratio is above {claimed}",
        Finding.DIFFERENT: "there is a difference",
        Finding.ABOVE_RANGE: "our interval is above the published range",
        Finding.BELOW_RANGE: "our interval is below the published range",
        Finding.HAS_GIL: "each worker has a GIL of its own",
        Finding.LOST: "updates were lost",
    }[finding]


def _missing(row: ClaimRow, campaign: Campaign) -> str:
    """A case that was not tested: what the sweep does not measure, or why it has no result."""
    if cell := _unplanned(row):
        return f"{campaign.described(cell)}, which this sweep does not measure"
    return f"{campaign.described(row.cell)} ({text.plain(row.reason or '')})"


def _limit(row: ClaimRow, campaign: Campaign) -> str:
    """From where to where the claim holds, and what was published."""
    low, high = row.published_low_ratio, row.published_high_ratio
    published = "" if low is None or high is None else f"published: {_span(low, high)}"
    if row.expects is Expects.AS_PUBLISHED and low is not None and high is not None:
        span = _span(low / PUBLISHED_BAND, high * PUBLISHED_BAND)
        return published + ("" if row.verdict is Verdict.NOT_COMPARABLE else f"; agrees: {span}")
    holds = ""
    if row.claimed_ratio is not None:
        side = "above" if row.expects is Expects.LESS else "below"
        holds = f"holds {side} {_span(row.claimed_ratio, row.claimed_ratio)}"
    if row.expects is Expects.EQUAL:
        holds = f"holds within {text.percent(campaign.margin)}"
    return "; ".join(filter(None, (holds, published)))


def _measured(row: ClaimRow, campaign: Campaign, *, is_one_of_many: bool) -> str:
    """A case with its numbers, with a verdict of its own if it is one of several."""
    if row.expects is Expects.GIL_OFF:
        state = "had" if row.case_verdict is Verdict.REFUTED else "had no"
        trials = text.count(row.blocks or 0, "trial")
        numbers = f"{_described(row, campaign)}: each worker of {trials} {state} GIL"
        numbers = numbers.replace("had GIL", "had a GIL")
    elif row.updates is not None:
        numbers = f"{_described(row, campaign)}: {_updates(row)}"
    else:
        numbers = f"{_described(row, campaign)}{_values(row, campaign)}"
    told = f"{STATUSES[row.case_verdict][2].lower()}: {numbers}" if is_one_of_many else numbers
    return f"{told} ({text.plain(row.reason)})" if row.reason else told


def _case_names(
    rows: Sequence[ClaimRow], campaign: Campaign
) -> Mapping[tuple[str, str | None], str]:
    """What tells the cases of a claim apart, by cell and baseline: the workload if that will do."""
    titles = [campaign.title(campaign.cells_by_id[row.cell].workload) for row in rows]
    if len(set(titles)) < len(titles):
        names = [_described(row, campaign) for row in rows]
    else:
        names = [text.quoted(title) for title in titles]
    return {(row.cell, row.baseline_cell): name for row, name in zip(rows, names, strict=True)}


def _described(row: ClaimRow, campaign: Campaign) -> str:
    """What a case compares: `JSON: threads (2 workers, 3.13) against serial (3.13)`."""
    cell = campaign.cells_by_id[row.cell]
    title = campaign.title(cell.workload)
    what = f"{title}, {MEASURES.get(row.measure, '')}".removesuffix(", ")
    if row.baseline_cell is None:
        return f"{what}, {_way(cell, campaign)}"
    baseline = campaign.cells_by_id[row.baseline_cell]
    other = campaign.title(baseline.workload)
    ways = [_way(one, campaign) for one in (cell, baseline)]
    against = ways[1] if other == title else f"{other}, {ways[1]}"
    colon = "" if what.endswith(": ") else ": "
    return f"{what}{colon}{ways[0]} against {against}"


def _way(cell: Cell, campaign: Campaign) -> str:
    return campaign.way(cell.model, cell.workers, cell.arm)


def _values(row: ClaimRow, campaign: Campaign) -> str:
    """The two values and their ratio; for pools that start, the difference too."""
    ratio = row.estimate
    assert ratio is not None, row.claim
    assert row.cell_value is not None, row.claim
    assert row.baseline_value is not None, row.claim
    values = f"{_value(row, row.cell_value)} against {_value(row, row.baseline_value)}"
    is_cold = campaign.cells_by_id[row.cell].timing is Timing.COLD
    apart = row.baseline_value - row.cell_value
    difference = f", a difference of {text.time(abs(apart))}" if is_cold and apart else ""
    return f": {words.figures(ratio)}, {values}{difference}"


def _value(row: ClaimRow, value: float) -> str:
    if row.measure in WEIGHTS:
        return f"{text.mebibytes(value)}{text.SPACE}MiB"
    return text.time(value)


def _figures(row: ClaimRow) -> str:
    """The numbers of one case in brief."""
    ratio: Ratio | None = row.estimate
    if ratio is not None:
        return words.figures(ratio)
    if row.updates is not None:
        if row.losing_trials:
            return f"{text.percent(row.lost_ratio)} of updates lost"
        return f"at most {_share(row.lost_high_ratio)} of updates"
    if row.case_finding is Finding.HAS_GIL:
        return "each worker has a GIL"
    return ""


def _updates(row: ClaimRow) -> str:
    if row.losing_trials:
        return (
            f"{text.part(row.losing_trials, row.blocks or 0, 'trial')} lost updates, "
            f"{text.percent(row.lost_ratio)} of all updates in the median repetition"
        )
    trials = text.count(row.blocks or 0, "trial")
    claimed = row.claimed_lost_ratio
    limit = "" if claimed is None else f"; the claim allows {_share(claimed)}"
    return (
        f"none of {text.whole(row.updates)} updates in {trials} was lost; at most "
        f"{_share(row.lost_high_ratio)} of updates are lost{limit}"
    )


def _share(share: float | None) -> str:
    """A share that may be tiny: `1 in 20 000 000`."""
    if not share:
        return text.MISSING
    every = int(1 / share)
    step = 10 ** max(0, len(str(every)) - 2)
    return f"1 in {text.fixed(every // step * step, 0)}"  # rounded up, as a bound must be


def _what_it_takes(row: ClaimRow) -> str:
    if row.blocks_needed is None:
        return "at this noise level, more than 200 blocks would be needed"
    there_are = f"; this run has {text.fixed(row.blocks, 0)}" if row.blocks else ""
    return f"about {text.count(row.blocks_needed, 'block')} would probably be enough{there_are}"


def _span(low: float, high: float) -> str:
    return f"{low:.3g}×" if low == high else f"{low:.3g} to {high:.3g}×"
