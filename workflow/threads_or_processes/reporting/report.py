"""The report: its head, and the list of its sections."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.limits import limited
from threads_or_processes.reporting.page import Link, Page, Section, as_fold
from threads_or_processes.reporting.sections import (
    amounts,
    before_after,
    cite,
    claims,
    decision,
    environment,
    experiments,
    glossary,
    methods,
    notebook,
    numbers,
    quality,
    scaling,
    threats,
    versions,
    why,
    workers,
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
        every = (as_fold(one, on_paper=False) for one in numbers.build(evidence))
        yield replace(section, blocks=(*section.blocks, *every))


def _methods(evidence: Evidence) -> Iterator[Section]:
    """What stands behind the page, all of it on demand."""
    behind = (*environment.build(evidence), *methods.build(evidence), *glossary.build(evidence))
    yield Section(
        anchor="reference",
        title="Methods and glossary",
        nav_title="Methods",
        blocks=tuple(map(as_fold, behind)),
    )


#: In the order of the page; each yields the sections that it has something to show for.
SECTIONS: tuple[Callable[[Evidence], Iterator[Section]], ...] = (
    decision.build,
    before_after.build,
    workers.build,
    versions.build,
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
    page = Page(
        title="Threads or Processes",
        document_title=f"Threads or Processes: {name}, {text.short_hash(report_id)}",
        lead=_machine(evidence),
        links=(Link(text="How to cite", address="#cite"), Link(text="Data", address="#data")),
        start="decision",
        sections=tuple(section for build_one in SECTIONS for section in build_one(evidence)),
        report_id=report_id,
    )
    return limited(page)


def _machine(evidence: Evidence) -> str:
    """CPU, its number, the interpreters and the day: `AMD EPYC, 2 CPUs (virtual) · CPython ...`."""
    machine = evidence.campaign.machine
    cpu = text.plain(str(machine.fingerprint.get("cpu_model") or "unknown CPU"), 80)
    virtual = " (virtual machine)" if machine.fingerprint.get("virtualisation") else ""
    parts = [f"{cpu}, {text.count(machine.logical_cpus, 'CPU')}{virtual}", _interpreters(evidence)]
    if evidence.trials.first_unix_ns is not None:
        parts.append(f"{text.day(evidence.trials.first_unix_ns):%-d %B %Y}")
    return " · ".join(parts)


def _interpreters(evidence: Evidence) -> str:
    """Implementation, version and kind of builds; each version once."""
    seen = dict.fromkeys(
        f"{text.plain(one['implementation'], 40)} {text.plain(one['version'], 40)}, "
        + ("optimised" if one["optimisation"] == "optimised" else "plain (not optimised)")
        for one in evidence.identities
    )
    return "; ".join(seen) or "no interpreter"
