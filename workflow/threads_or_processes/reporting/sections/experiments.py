"""What each experiment found: in a place of its own, or among the others in the plan's order."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import ModuleType

from threads_or_processes.records.plan import Experiment
from threads_or_processes.records.vocabulary import KINDS, NOTEBOOK, SCALING, Timing
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Parts, Section
from threads_or_processes.reporting.sections import (
    apis,
    build_tax,
    control,
    generic,
    granularity,
    memory,
    payload,
    placement,
    sending,
    shared_state,
    startup,
)
from threads_or_processes.reporting.sections.question import Question, as_part

#: Shown by sections of their own form; `kinds` by the table of decisions.
ELSEWHERE = (NOTEBOOK, SCALING, KINDS)

OF_WORKERS, BUILD, STATE = ("startup", "memory"), "build_tax", "shared_state"
#: These have a place of their own on the page.
PLACED = (*OF_WORKERS, BUILD, STATE)

_FORMS: dict[str, ModuleType] = {
    "build_tax": build_tax,
    "startup": startup,
    "memory": memory,
    "granularity": granularity,
    "payload": payload,
    "shared_state": shared_state,
    "apis": apis,
    "sending": sending,
    "placement": placement,
    "control": control,
}

#: Of experiments that somebody added, by what is measured.
_OF_TIMING: dict[Timing, ModuleType] = {Timing.COLD: startup, Timing.MEMORY: memory}


def section_of(name: str, evidence: Evidence) -> Section | None:
    """The section of one experiment, if it was planned."""
    experiment = evidence.campaign.experiment(name)
    return _section(_question(experiment, evidence)) if experiment else None


def build_overhead(evidence: Evidence) -> Iterator[Section]:
    """What the free-threaded build costs a single thread."""
    if found := section_of(BUILD, evidence):
        yield replace(found, nav_title="Build overhead")


def safety(evidence: Evidence) -> Iterator[Section]:
    """Whether objects that workers share are safe."""
    if found := section_of(STATE, evidence):
        yield replace(found, nav_title="Safety")


def others(evidence: Evidence) -> Iterator[Section]:
    """The rest: an answer each, and all else on demand."""
    rest = [
        _section(_question(experiment, evidence))
        for experiment in evidence.campaign.experiments
        if experiment.name not in (*ELSEWHERE, *PLACED)
    ]
    if rest:
        yield Section(
            anchor="experiments",
            title="Other experiments",
            nav_title="Experiments",
            blocks=(Parts(tuple(map(as_part, rest))),),
        )


def _question(experiment: Experiment, evidence: Evidence) -> Question:
    form = _FORMS.get(experiment.name)
    return Question(
        experiment=experiment,
        title=form.TITLE if form else words.experiment_title(experiment.name),
        campaign=evidence.campaign,
        tables=evidence.tables,
    )


def _section(question: Question) -> Section:
    """What was found, or that nothing was."""
    rows = (question.tables.cell(cell) for cell in question.experiment.cells)
    if not any(row.ok for row in rows if row):
        return question.section(answer="Not measured: no trial of it succeeded.")
    timings = {cell.timing for cell in question.cells}
    by_timing = _OF_TIMING.get(timings.pop()) if len(timings) == 1 else None
    form = _FORMS.get(question.experiment.name)
    if form in _OF_TIMING.values() and form is not by_timing:
        form = None  # somebody gave the experiment another timing, and its table has no rows
    fill: Callable[[Question], Section] = (form or by_timing or generic).build
    return fill(question)
