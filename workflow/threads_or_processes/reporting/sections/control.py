"""One configuration measured as two: the noise floor."""

from collections.abc import Mapping, Sequence

from threads_or_processes.records.tables.comparisons import ControlRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import Basis
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Series
from threads_or_processes.reporting.page import Column, Number, Section, Table, table_of
from threads_or_processes.reporting.sections import question_figures
from threads_or_processes.reporting.sections.question import Question

TITLE = "A/A control"
LIMITS = "Errors that both measurements share, such as a machine that is slower than usual."
OPENING = (
    "Each configuration here was measured as two (A/A). Both do the same, so their "
    "ratio is 1 but for noise: a difference elsewhere that is no larger than these says little."
)


def build(question: Question) -> Section:
    """The ratio of each pair, and how much its two cells vary."""
    planned = {cell.id for cell in question.cells}
    rows = [row for row in question.tables.control if row.cell in planned]
    answer = _answer(rows)
    by_cell = {row.cell: row for row in rows}
    return question.section(
        answer=answer,
        limits=LIMITS,
        paragraphs=(OPENING,),
        figures=question_figures.ratio_rows(
            question,
            lambda cell: [
                (
                    Series(
                        title=f"{cell.timing}, {words.basis(by_cell[cell.id].basis)}",
                        arm=cell.arm,
                    ),
                    by_cell[cell.id].estimate,
                )
            ],
            title="One configuration measured twice",
            finding=answer,
            axis="ratio of a configuration to itself",
            cells=[cell for cell in question.cells if cell.id in by_cell],
            label=lambda cell: f"{question.campaign.title(cell.workload)}: {question.named(cell)}",
        ),
        tables=(_pairs(question, by_cell),),
    )


def _answer(rows: Sequence[ControlRow]) -> str:
    ratios = [ratio for row in rows if (ratio := row.estimate) is not None]
    if not ratios:
        return "No pair shares a block, so there is no ratio."
    apart = [ratio.apart for ratio in ratios]
    seen = f"Two measurements of one configuration differ by {words.of_pairs(apart)}."
    known = [ratio for ratio in ratios if ratio.has_interval]
    if not known:
        return seen
    held = sum(_holds_one(ratio) for ratio in known)
    return f"{seen} The interval contains 1 in {text.part(held, len(known), 'pair')}."


def _holds_one(ratio: Ratio) -> bool:
    return ratio.low is not None and ratio.high is not None and ratio.low <= 1 <= ratio.high


def _pairs(question: Question, rows: Mapping[str, ControlRow]) -> Table:
    cells = question.campaign.cells_by_id
    return table_of(
        [cells[cell] for cell in rows],
        (
            *question.work_and_way,
            Column("Build", lambda cell: cell.arm),
            Column("Timing", lambda cell: cell.timing),
            Number("Ratio", lambda cell: words.compared_briefly(rows[cell.id].estimate)),
            Column("Repetitions", lambda cell: words.basis(rows[cell.id].basis)),
            Number("Variation", lambda cell: _both(rows[cell.id], Basis.QUIET)),
            Number("All repetitions", lambda cell: _both(rows[cell.id], Basis.TYPICAL)),
        ),
        caption="Ratio of a configuration to itself. Last two columns: variation between the "
        "trials of both measurements (standard deviation / mean), of undisturbed and of all "
        "repetitions",
        row_headers=5,
    )


def _both(row: ControlRow, basis: Basis) -> str:
    """How much the trials of the first cell vary, and those of the second."""
    if basis is Basis.QUIET:
        both = row.quiet_baseline_cv_ratio, row.quiet_cv_ratio
    else:
        both = row.typical_baseline_cv_ratio, row.typical_cv_ratio
    return text.MISSING if both == (None, None) else ", ".join(map(text.percent, both))
