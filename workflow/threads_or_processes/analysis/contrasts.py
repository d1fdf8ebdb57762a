"""Which cells are compared with which, and the question that each comparison answers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from threads_or_processes.records.plan import Arm, Cell, Plan, earlier_version
from threads_or_processes.records.vocabulary import SERIAL, THREADS, ContrastKind, Family


@dataclass(frozen=True)
class Contrast:
    """A cell and the baseline it is judged against."""

    question: ContrastKind
    cell: Cell
    baseline: Cell


#: What identifies a cell apart from its name: workload, timing, model, workers, arm.
GridKey = tuple[str, str, str, int, str]


def planned_contrasts(plan: Plan) -> list[Contrast]:
    """Every contrast both of whose cells are planned; by question, then in the order of cells.

    Cells that are weighed instead of timed, and replicates, take no part.
    """
    cells = [cell for cell in plan.in_order() if cell.is_compared]
    at = {_grid_key(cell): cell for cell in cells}
    return [
        *_against_serial(cells, at, ContrastKind.SPEEDUP_OWN, arm=None),
        *_against_serial(cells, at, ContrastKind.SPEEDUP_REFERENCE, arm=plan.reference_arm),
        *_threads_over(cells, plan, ContrastKind.THREADS_OVER_PROCESSES),
        *_threads_over(cells, plan, ContrastKind.THREADS_OVER_OTHERS),
        *_pinned_over_free(cells, at, plan),
        *_between_arms(cells, at, plan.arms, ContrastKind.ARM_BUILD),
        *_between_arms(cells, at, plan.arms, ContrastKind.ARM_LOCK),
        *_between_arms(cells, at, plan.arms, ContrastKind.ARM_TOTAL),
        *_between_versions(cells, at, plan.arms),
    ]


def _grid_key(cell: Cell) -> GridKey:
    return cell.workload, cell.timing, cell.model, cell.workers, cell.arm


def _against_serial(
    cells: list[Cell], at: dict[GridKey, Cell], question: ContrastKind, *, arm: str | None
) -> Iterator[Contrast]:
    for cell in cells:
        baseline = at.get((cell.workload, cell.timing, SERIAL, 1, arm or cell.arm))
        if baseline is not None and baseline != cell:
            yield Contrast(question, cell, baseline)


def _threads_over(cells: list[Cell], plan: Plan, question: ContrastKind) -> Iterator[Contrast]:
    """Like for like: the pool of threads runs the same dispatch code as the pool of processes."""
    is_about_processes = question is ContrastKind.THREADS_OVER_PROCESSES
    others: dict[tuple[str, str, int, str], list[Cell]] = {}
    for other in cells:
        family = plan.family(other)
        if (
            not plan.is_pinned(other)
            and family is not Family.SERIAL
            and (family is Family.PROCESSES) == is_about_processes
        ):
            place = other.workload, other.timing, other.workers, other.arm
            others.setdefault(place, []).append(other)
    for cell in cells:
        if cell.model == THREADS:
            for other in others.get((cell.workload, cell.timing, cell.workers, cell.arm), []):
                if other != cell:
                    yield Contrast(question, cell, other)


def _pinned_over_free(cells: list[Cell], at: dict[GridKey, Cell], plan: Plan) -> Iterator[Contrast]:
    """Like for like: the same pool, whose workers may move."""
    for cell in cells:
        free = replace(cell, model=plan.models[cell.model].unpinned)
        if plan.is_pinned(cell) and (baseline := at.get(_grid_key(free))) is not None:
            yield Contrast(ContrastKind.PINNED_OVER_FREE, cell, baseline)


def _between_arms(
    cells: list[Cell], at: dict[GridKey, Cell], arms: tuple[Arm, ...], question: ContrastKind
) -> Iterator[Contrast]:
    """Each cell of an arm that `question` judges, against arms of the same version.

    The standard build, the free-threaded build with its lock on, and with its lock off differ in
    one thing from one to the next.
    """
    standard, locked, unlocked = (False, True), (True, True), (True, False)
    judged, against = {
        ContrastKind.ARM_BUILD: (locked, standard),
        ContrastKind.ARM_LOCK: (unlocked, locked),
        ContrastKind.ARM_TOTAL: (unlocked, standard),
    }[question]
    pairs = [
        (arm.name, other.name)
        for arm in arms
        for other in arms
        if (arm.free_threaded, arm.gil) == judged
        and (other.version, other.free_threaded, other.gil) == (arm.version, *against)
    ]
    yield from _in_pairs(cells, at, pairs, question)


def _between_versions(
    cells: list[Cell], at: dict[GridKey, Cell], arms: tuple[Arm, ...]
) -> Iterator[Contrast]:
    """Each cell against the same on the next lower version of Python."""
    found = ((arm, earlier_version(arm, arms)) for arm in arms)
    pairs = [(arm.name, earlier.name) for arm, earlier in found if earlier]
    yield from _in_pairs(cells, at, pairs, ContrastKind.ARM_VERSION)


def _in_pairs(
    cells: list[Cell],
    at: dict[GridKey, Cell],
    pairs: list[tuple[str, str]],
    question: ContrastKind,
) -> Iterator[Contrast]:
    """Each cell on the first arm of a pair against the same on the second."""
    for cell in cells:
        for arm, baseline_arm in pairs:
            baseline = at.get(_grid_key(replace(cell, arm=baseline_arm)))
            if cell.arm == arm and baseline is not None:
                yield Contrast(question, cell, baseline)
