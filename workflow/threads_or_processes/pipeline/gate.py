"""The gate: a run that found what `fail_on` names ends with an exit code of its own."""

import csv
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from threads_or_processes.common.phrases import counted
from threads_or_processes.common.streams import said
from threads_or_processes.pipeline.baseline import SLOWER
from threads_or_processes.pipeline.results import Results
from threads_or_processes.records.vocabulary import ComparisonResult, Expects, Verdict

#: Neither a failed step (1) nor a mistake of the user's (2): the report is made.
EXIT_CODE = 3

#: What a run that is compared with a baseline says, though nothing can fail it.
_CHANGES = {
    ComparisonResult.SLOWER: "slower",
    ComparisonResult.SLOWER_SOMEWHAT: "perhaps slightly slower",
    ComparisonResult.FASTER: "faster",
    ComparisonResult.FASTER_SOMEWHAT: "perhaps slightly faster",
}

#: What does not fail, though it may be slower.
_PERHAPS_SLOWER = {
    ComparisonResult.SLOWER_SOMEWHAT: "perhaps slightly slower",
    ComparisonResult.NO_SPEEDUP: "not faster",
    ComparisonResult.INCONCLUSIVE: "inconclusive",
}


def failing(results: Results, fail_on: Collection[str]) -> list[str]:
    """A line for each claim with such a verdict, and each configuration that got slower."""
    claims = (
        f"{case['verdict']} on {folder.name}: {case['sentence']}{_figures(case)}"
        for folder in results.own
        for case in _telling(_rows(folder / "tables/claims.csv"))
        if case["verdict"] in fail_on
    )
    slower = (
        f"slower than the baseline: {row['cell']}, {float(row['ratio']):.2f} times the time "
        f"({float(row['ci_low_ratio']):.2f} to {float(row['ci_high_ratio']):.2f})"
        for row in _changes(results)
        if SLOWER in fail_on and row["reading"] == SLOWER
    )
    return list(dict.fromkeys((*claims, *slower)))


def verdicts(results: Results, fail_on: Collection[str]) -> list[str]:
    """How many claims have each verdict, where a claim can fail the run."""
    if set(fail_on).isdisjoint(Verdict):
        return []
    of_claim = {
        (folder, row["file"], row["claim"]): row["verdict"]
        for folder in results.own
        for row in _rows(folder / "tables/claims.csv")
    }
    counts = Counter(of_claim.values())
    listed = [f"{counts[one]} {one.replace('_', ' ')}" for one in Verdict if counts[one]]
    return [f"Claims: {', '.join(listed)}"] if listed else []


def passed(results: Results, fail_on: Collection[str]) -> list[str]:
    """What a pass rests on, where there is a baseline: it may have compared nothing."""
    if not results.changes:
        return []
    if SLOWER not in fail_on:
        return changed(results)
    rows = _changes(results)
    if not rows:
        return ["nothing was measured since the baseline, so nothing is compared with it"]
    counts = Counter(row["reading"] for row in rows)
    rest = ", ".join(
        f"{counts[one]} {word}" for one, word in _PERHAPS_SLOWER.items() if counts[one]
    )
    return [
        f"of {counted(len(rows), 'configuration')}, none is shown to be slower than the baseline "
        f"by more than the margin{f'; {rest}' if rest else ''}"
    ]


def changed(results: Results) -> list[str]:
    """How many configurations changed since a baseline, where there is one."""
    counts = Counter(row["reading"] for row in _changes(results))
    if not counts:
        return []
    told = [f"{counts[one]} {word}" for one, word in _CHANGES.items() if counts[one]]
    of = counted(counts.total(), "configuration")
    return [f"since the baseline, of {of}: {', '.join(told) or 'none is shown to have changed'}"]


def _telling(rows: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
    """Of each claim, the cases that have the claim's verdict; the first where none has."""
    for _, of_claim in groupby(rows, key=itemgetter("file", "claim")):
        cases = list(of_claim)
        yield from [one for one in cases if one["case_verdict"] == one["verdict"]] or cases[:1]


def _figures(case: Mapping[str, str]) -> str:
    """The ratio that the data say, with its interval, and the claimed one; if there is a ratio."""
    if not case["ci_low_ratio"]:
        return ""
    ratio, low, high = (float(case[one]) for one in ("ratio", "ci_low_ratio", "ci_high_ratio"))
    what = f"{case['cell']} against {case['baseline_cell']}"
    return f" ({what}: {ratio:.2f}, {low:.2f} to {high:.2f}; claimed: {_claimed(case)})"


def _claimed(case: Mapping[str, str]) -> str:
    """What the claim says of the ratio."""
    match case["expects"]:
        case Expects.LESS:
            return f"above {float(case['claimed_ratio']):.3g}"
        case Expects.NOT_LESS:
            return f"at most {float(case['claimed_ratio']):.3g}"
        case Expects.EQUAL:
            return "no difference"
    low, high = (float(case[f"published_{end}_ratio"]) for end in ("low", "high"))
    return f"about {low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"


def _changes(results: Results) -> list[dict[str, str]]:
    files = [file for file in results.changes if file.name == "changes.csv"]
    return [row for file in files for row in _rows(file)]


def _rows(table: Path) -> Iterator[dict[str, str]]:
    if table.exists():
        with table.open(encoding="utf-8", newline="") as rows:
            yield from csv.DictReader(rows)


def close(results: Results, fail_on: Collection[str]) -> None:
    """Say what was found and exit, if anything was."""
    found = failing(results, fail_on)
    end = [*found, f"fail_on in the config: exit code {EXIT_CODE}"]
    for line in (*verdicts(results, fail_on), *(end if found else passed(results, fail_on))):
        said(f"{line}\n", sys.stderr)
    if found:
        sys.exit(EXIT_CODE)
