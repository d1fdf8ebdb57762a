"""What it costs to send a task to a worker: empty tasks, one by one."""

from threads_or_processes.records.plan import Cell
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.figure_spec import Axis, Mark, Unit
from threads_or_processes.reporting.page import Number, Section, Table
from threads_or_processes.reporting.sections.figure_builders import dots
from threads_or_processes.reporting.sections.pivot_tables import Cells, pivot
from threads_or_processes.reporting.sections.question import Question
from threads_or_processes.reporting.sections.question_figures import by_arm

TITLE = "Cost of sending a task"
LIMITS = "Tasks sent in chunks, which share one dispatch, and tasks with large arguments."


def build(question: Question) -> Section:
    """Time per task by model and arm."""
    parallel = [cell for cell in question.cells if question.is_parallel(cell)]
    answer = _answer(question, parallel)
    return question.section(
        answer=answer,
        limits=LIMITS,
        paragraphs=(
            "The tasks are sent one by one and do nothing. So time per task is what each interface "
            "needs to send a task and to return its result. Serial is a loop of function calls.",
        ),
        figures=dots(
            (
                Mark(
                    series=by_arm(cell),
                    position=question.label(cell),
                    value=cost.value or 0,
                    low=cost.low,
                    high=cost.high,
                )
                for cell in parallel
                if (cost := per_task(question, cell))
            ),
            question.campaign,
            name=question.experiment.name,
            title=TITLE,
            finding=answer,
            caption=f"Time of a batch ÷ number of its tasks; whiskers are {question.intervals}.",
            values=Axis(label="time per empty task", unit=Unit.TIME),
        ),
        tables=(costs(question, question.cells),),
    )


def per_task(question: Question, cell: Cell) -> Bounded | None:
    """The time of a batch by its tasks (ns), where it is known."""
    row = question.tables.cell(cell.id)
    if row is None or row.median_ns is None or not row.tasks:
        return None
    low, high = (end and end / row.tasks for end in (row.ci_low_ns, row.ci_high_ns))
    return Bounded(value=row.median_ns / row.tasks, low=low, high=high)


def shown(cost: Bounded | None) -> str:
    """A cost with its interval: `21.2 µs [11.1 µs, 25.4 µs]`."""
    return text.bounded(cost, text.time)


def costs(question: Question, cells: Cells) -> Table:
    """Time per task with its interval, and of the batch, by model and arm."""
    return pivot(
        cells,
        question.way,
        lambda cell: cell.arm,
        (
            Number("per task", lambda cell: shown(per_task(question, cell))),
            Number("batch", question.time),
        ),
        caption="Cost of sending an empty task, and time of a batch of them",
    )


def _answer(question: Question, cells: Cells) -> str:
    """The lowest and the highest cost at one worker count."""
    most, named = question.of_most_workers(cells, lambda cell: per_task(question, cell))
    if not named:
        return "No time per task is known."
    by_cost = sorted(named, key=lambda one: one[1].value or 0)
    ends = [f"{shown(cost)} ({name})" for name, cost in dict.fromkeys((by_cost[0], by_cost[-1]))]
    return words.sentence(
        f"time per empty task with {text.count(most, 'worker')}: {' to '.join(ends)}"
    )
