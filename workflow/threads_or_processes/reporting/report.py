"""The report: its head, and the list of its sections."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from threads_or_processes.records.interpreter import Identity
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact, Page, Section, as_fold
from threads_or_processes.reporting.sections import (
    amounts,
    cite,
    claims,
    decision,
    environment,
    experiments,
    explorer,
    glossary,
    methods,
    notebook,
    numbers,
    quality,
    scaling,
    threats,
    why,
    workers,
)

LEAD = (
    "For each kind of work, measured on one machine: threads or processes, how many, "
    "and whether the free-threaded interpreter changes the answer."
)


def _claims(evidence: Evidence) -> Iterator[Section]:
    """The claims, with the notebook's replay at their end."""
    replays = list(notebook.build(evidence))
    claimed = list(claims.build(evidence))
    for section in claimed or replays:
        folds = map(as_fold, replays if claimed else ())
        yield replace(section, blocks=(*section.blocks, *folds))


def _quality(evidence: Evidence) -> Iterator[Section]:
    """How good the data are, and every number."""
    for section in quality.build(evidence):
        yield replace(section, blocks=(*section.blocks, *map(as_fold, numbers.build(evidence))))


def _methods(evidence: Evidence) -> Iterator[Section]:
    """What stands behind the page, all of it on demand."""
    behind = (*environment.build(evidence), *methods.build(evidence), *glossary.build(evidence))
    yield Section(
        anchor="reference",
        title="Methods and glossary",
        blocks=tuple(map(as_fold, behind)),
    )


#: In the order of the page; each yields the sections that it has something to show for.
SECTIONS: tuple[Callable[[Evidence], Iterator[Section]], ...] = (
    decision.build,
    explorer.build,
    workers.build,
    experiments.build_overhead,
    experiments.safety,
    amounts.build,
    why.build,
    scaling.build,
    experiments.others,
    _claims,
    threats.build,
    _quality,
    _methods,
    cite.build,
)


def build(evidence: Evidence) -> Page:
    """The report of a campaign. Pure."""
    name, report_id = evidence.campaign.machine.name, evidence.report_id
    return Page(
        title="Threads or Processes",
        document_title=f"Threads or Processes: {name}, {text.short_hash(report_id)}",
        lead=LEAD,
        facts=_head(evidence),
        start="decision",
        sections=tuple(section for build_one in SECTIONS for section in build_one(evidence)),
        report_id=report_id,
    )


def _head(evidence: Evidence) -> tuple[Fact, ...]:
    """Machine, interpreters, time, size and name of a campaign."""
    return (
        Fact(term="Machine", text=_machine(evidence)),
        Fact(term="Interpreters", text=_interpreters(evidence)),
        Fact(term="Measured", text=words.when(evidence.trials)),
        Fact(term="Trials", text=_trials(evidence)),
        Fact(term="Report id", text=text.short_hash(evidence.report_id)),
    )


def _machine(evidence: Evidence) -> str:
    machine = evidence.campaign.machine
    cpu = text.plain(str(machine.fingerprint.get("cpu_model") or "unknown CPU"), 80)
    virtual = ", virtual machine" if machine.fingerprint.get("virtualisation") else ""
    return f"{machine.name}: {cpu}, {text.count(machine.logical_cpus, 'CPU')}{virtual}"


def _kind(identity: Identity) -> str:
    """How a build was made, in a word or two."""
    kind = "optimised" if identity["optimisation"] == "optimised" else "plain (not optimised)"
    return f"free-threaded, {kind}" if identity["free_threaded_build"] else kind


def _interpreters(evidence: Evidence) -> str:
    """Every executable once, whatever the arms that run it."""
    seen = dict.fromkeys(
        f"{text.plain(one['implementation'], 40)} {text.plain(one['version'], 40)} {_kind(one)}"
        for one in evidence.identities
    )
    return "; ".join(seen) or "none"


def _trials(evidence: Evidence) -> str:
    campaign, ended = evidence.campaign, evidence.tables.ended
    more = " and more where intervals were wide" if campaign.precision else ""
    return (
        f"{text.whole(ended['ok'])} ok of {text.whole(ended['planned'])} planned, "
        f"in {text.count(campaign.blocks, 'block')}{more}"
    )
