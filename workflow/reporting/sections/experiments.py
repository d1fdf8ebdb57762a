"""One section for each experiment that has no other place on the page, in the plan's order."""

from collections.abc import Callable
from types import ModuleType

from workflow.reporting import formatting as text
from workflow.reporting import words
from workflow.reporting.campaign import NOTEBOOK, SCALING, Experiment
from workflow.reporting.evidence import Evidence
from workflow.reporting.page import ExperimentSection, Fold, Table
from workflow.reporting.sections import (
    apis,
    build_tax,
    control,
    granularity,
    memory,
    other,
    payload,
    shared_state,
    startup,
)
from workflow.reporting.sections.grids import Content, Question, left_out

#: Shown by sections of their own form; `kinds` by the table of decisions.
ELSEWHERE = (NOTEBOOK, SCALING, "kinds")

_FORMS: dict[str, ModuleType] = {
    "build_tax": build_tax,
    "startup": startup,
    "memory": memory,
    "granularity": granularity,
    "payload": payload,
    "shared_state": shared_state,
    "apis": apis,
    "control": control,
}


def build(evidence: Evidence) -> tuple[ExperimentSection, ...]:
    """The sections of all experiments but those that are shown elsewhere."""
    return tuple(
        _section(experiment, evidence)
        for experiment in evidence.campaign.experiments
        if experiment.name not in ELSEWHERE
    )


def _section(experiment: Experiment, evidence: Evidence) -> ExperimentSection:
    form = _FORMS.get(experiment.name)
    title = form.TITLE if form else words.capital(text.plain(experiment.name.replace("_", " ")))
    content = _content(experiment, evidence, form.content if form else other.content)
    skipped = left_out([experiment], evidence.campaign)
    return ExperimentSection(
        anchor=f"experiment-{experiment.name}",
        title=title,
        question=experiment.question,
        paragraphs=content.paragraphs,
        tables=tuple(table for table in content.tables if table.rows),
        folds=tuple(_fold(table) for table in (*content.details, skipped) if table and table.rows),
    )


def _content(
    experiment: Experiment, evidence: Evidence, fill: Callable[[Question], Content]
) -> Content:
    """What was found, or that nothing was."""
    rows = (evidence.tables.cell(cell) for cell in experiment.cells)
    if not any(row.ok for row in rows if row):
        return Content(paragraphs=("Not measured: no trial of it succeeded.",), tables=())
    return fill(Question(experiment=experiment, evidence=evidence))


def _fold(table: Table) -> Fold:
    return Fold(summary=table.caption, note="", table=table)
