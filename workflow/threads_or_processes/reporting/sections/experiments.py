"""One section for each experiment that has no other place on the page, in the plan's order."""

from collections.abc import Callable, Iterator
from types import ModuleType

from threads_or_processes.records.vocabulary import KINDS, NOTEBOOK, SCALING, Timing
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Section
from threads_or_processes.reporting.sections import (
    apis,
    build_tax,
    control,
    generic,
    granularity,
    memory,
    payload,
    placement,
    shared_state,
    startup,
)
from threads_or_processes.reporting.sections.question import Question

#: Shown by sections of their own form; `kinds` by the table of decisions.
ELSEWHERE = (NOTEBOOK, SCALING, KINDS)

_FORMS: dict[str, ModuleType] = {
    "build_tax": build_tax,
    "startup": startup,
    "memory": memory,
    "granularity": granularity,
    "payload": payload,
    "shared_state": shared_state,
    "apis": apis,
    "placement": placement,
    "control": control,
}

#: Of experiments that somebody added, by what is measured.
_OF_TIMING: dict[Timing, ModuleType] = {Timing.COLD: startup, Timing.MEMORY: memory}


def build(evidence: Evidence) -> Iterator[Section]:
    """The sections of all experiments but those that are shown elsewhere."""
    for experiment in evidence.campaign.experiments:
        if experiment.name not in ELSEWHERE:
            form = _FORMS.get(experiment.name)
            plain = text.plain(experiment.name.replace("_", " "))
            yield _section(
                Question(
                    experiment=experiment,
                    title=form.TITLE if form else words.capital(plain),
                    campaign=evidence.campaign,
                    tables=evidence.tables,
                )
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
