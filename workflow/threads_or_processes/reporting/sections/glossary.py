"""The words of the page, each said once."""

import re
from collections.abc import Iterator
from dataclasses import replace

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact, Facts, Heading, Link, Section, Words
from threads_or_processes.reporting.sections import environment

ANCHOR = "glossary"


def link(term: str) -> Link:
    """A term that leads to its meaning."""
    return Link(text=term, address=f"#{_anchor(term)}")


def linked(told: str, **terms: str) -> Words:
    """A sentence whose words (the keys) lead to the meanings of terms, where they first occur."""
    places = sorted((told.find(word), word) for word in terms if word in told)
    parts: list[str | Link] = []
    end = 0
    for start, word in places:
        parts += [told[end:start], replace(link(terms[word]), text=word)]
        end = start + len(word)
    return (*(part for part in parts if part), told[end:])


def _anchor(term: str) -> str:
    return f"term-{re.sub('[^a-z]+', '-', term.lower())}"


def build(evidence: Evidence) -> Iterator[Section]:
    """Terms, builds, execution models and workloads."""
    campaign = evidence.campaign
    builds = tuple(Fact(term=arm.name, text=words.arm_meaning(arm)) for arm in campaign.arms)
    groups = (
        ("Terms", _terms(evidence)),
        ("Builds", builds),
        ("Execution models", environment.models(campaign)),
        ("Workloads", environment.workloads(campaign)),
    )
    yield Section(
        anchor=ANCHOR,
        title="Glossary",
        blocks=tuple(
            block
            for heading, facts in groups
            if facts
            for block in (Heading(text=heading), Facts(facts))
        ),
    )


def _terms(evidence: Evidence) -> tuple[Fact, ...]:
    margin = text.percent(evidence.campaign.margin)
    level = text.percent(evidence.campaign.confidence)
    covered = words.covered(evidence.campaign, len(evidence.tables.sessions))
    binaries = " with these binaries" if evidence.campaign.compilations < 2 else ""
    meanings = {
        "A/A control": "One configuration measured as if it were two. Any difference is noise.",
        "Batch": "All tasks of a workload. Its time is the time that this page shows.",
        "Block": "One run through all configurations, in random order. Ratios are paired by block.",
        "Configuration": "Workload × execution model × worker count × build × timing.",
        "Inconclusive": "The interval allows more than one result.",
        "Interval": f"The {level} confidence interval, in square brackets. It covers trials of "
        f"{covered}{binaries}. Other days, boots or compilations can differ by more. Results are "
        "judged before rounding.",
        "No difference": f"The 90 % interval is within ±{margin}.",
        "No speedup": f"The upper end of the 90 % interval is at most {margin} above 1.",
        "Repetition": "One execution of the batch in a trial. Repetitions aren't independent.",
        "Sentinel": "A small reference workload, timed on each CPU before and after a repetition.",
        "Serial baseline": "A loop over the same tasks in one thread.",
        "Speedup": "Time of the baseline divided by the time of the configuration. It can exceed "
        "the number of workers: together they have more cache, and each may have a smaller heap.",
        "Trial": "One fresh interpreter process that runs one configuration. It is the unit of "
        "all statistics.",
        "Undisturbed": "A repetition for which the sentinel found every CPU in use free. Where "
        "too few are undisturbed, all repetitions count.",
    }
    return tuple(
        Fact(term=term, text=meaning, anchor=_anchor(term)) for term, meaning in meanings.items()
    )
