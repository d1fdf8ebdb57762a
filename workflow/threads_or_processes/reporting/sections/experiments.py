"""One section for each experiment that has no other place on the page, in the plan's order."""

from collections.abc import Callable, Iterator
from types import ModuleType

from threads_or_processes.records.vocabulary import KINDS, NOTEBOOK, SCALING
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Experiment
from threads_or_processes.reporting.evidence import Evidence, Tables
from threads_or_processes.reporting.page import Fold, Grid, Paragraph, Section, Table, filled
from threads_or_processes.reporting.sections import (
    apis,
    build_tax,
    control,
    figure_builders,
    generic,
    granularity,
    memory,
    payload,
    shared_state,
    startup,
)
from threads_or_processes.reporting.sections.pivot_tables import Content, Question, left_out

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
    "control": control,
}

#: Of experiments that somebody added, by what is measured.
_OF_TIMING: dict[str, ModuleType] = {"cold": startup, "memory": memory}


def build(evidence: Evidence) -> Iterator[Section]:
    """The sections of all experiments but those that are shown elsewhere."""
    for experiment in evidence.campaign.experiments:
        if experiment.name not in ELSEWHERE:
            yield _section(experiment, evidence.campaign, evidence.tables)


def _section(experiment: Experiment, campaign: Campaign, tables: Tables) -> Section:
    form = _FORMS.get(experiment.name)
    title = form.TITLE if form else words.capital(text.plain(experiment.name.replace("_", " ")))
    content = _content(experiment, campaign, tables)
    skipped = left_out([experiment], campaign)
    return Section(
        anchor=f"experiment-{experiment.name}",
        title=title,
        question=experiment.question,
        answer=content.answer,
        limits=content.limits,
        blocks=filled(
            *map(Paragraph, content.paragraphs),
            Grid(tuple(figure_builders.figure_block(figure) for figure in content.figures)),
            *content.tables,
            *(_fold(table) for table in (*content.details, skipped) if table),
        ),
    )


def _content(experiment: Experiment, campaign: Campaign, tables: Tables) -> Content:
    """What was found, or that nothing was."""
    rows = (tables.cell(cell) for cell in experiment.cells)
    if not any(row.ok for row in rows if row):
        answer = "Not measured: no trial of it succeeded."
        return Content(answer=answer, limits="", paragraphs=(), tables=())
    question = Question(experiment=experiment, campaign=campaign, tables=tables)
    timings = {cell.timing for cell in question.cells}
    by_timing = _OF_TIMING.get(timings.pop()) if len(timings) == 1 else None
    form = _FORMS.get(experiment.name)
    if form in _OF_TIMING.values() and form is not by_timing:
        form = None  # somebody gave the experiment another timing, and its table has no rows
    fill: Callable[[Question], Content] = (form or by_timing or generic).content
    return fill(question)


def _fold(table: Table) -> Fold:
    return Fold(summary=table.caption, content=table)
