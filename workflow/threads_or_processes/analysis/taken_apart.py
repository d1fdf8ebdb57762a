"""Repetitions taken apart by their chunks: where each worker's time went (`analysis.parts`).

All repetitions of a batch at once, in arrays: a data set has millions of chunks. They are of
floats, which hold each whole number of ns up to 104 days exactly and don't overflow beyond.
"""

import itertools
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.analysis.frames import as_list, as_rows
from threads_or_processes.analysis.quiet import Chunks, chunks_from
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import FEWEST_QUIET, Basis, PartsState

Integers: TypeAlias = npt.NDArray[np.integer[Any]]
Flags: TypeAlias = npt.NDArray[np.bool_]


Number = TypeVar("Number", float, Floats)


class Spent(NamedTuple, Generic[Number]):
    """Where the time of a repetition's workers went, in ns: one number or an array for many.

    CPU time, waiting, run-queue wait, imbalance and dispatch add up to workers x wall time.
    `busiest_ns` is the CPU time of the worker with the most, `system_ns` the kernel's share.
    """

    wall_ns: Number
    cpu_ns: Number
    waiting_ns: Number
    run_queue_ns: Number
    imbalance_ns: Number
    dispatch_ns: Number
    busiest_ns: Number
    system_ns: Number
    voluntary_switches: Number
    involuntary_switches: Number
    idle_workers: Number


WALL, CPU, SYSTEM = map(Spent._fields.index, ("wall_ns", "cpu_ns", "system_ns"))
#: What has no part in the sum.
BESIDE_THE_SUM = [
    Spent._fields.index(name)
    for name in ("voluntary_switches", "involuntary_switches", "idle_workers")
]


def take_apart(
    chunks: Sequence[Chunks], *, workers: Floats, wall_ns: Floats
) -> tuple[Floats, Flags]:
    """The fields of `Spent` of each repetition, shape (fields, repetitions).

    And which repetitions can't be taken apart: one thread ran several of their chunks at once.
    All must have their run-queue waits. A worker without any chunk is done from the start on: it
    waits for the others until the last task ends.
    """
    if not chunks:
        return np.zeros((len(Spent._fields), 0)), np.zeros(0, dtype=bool)
    of_worker, start_ns, end_ns, user_ns, system_ns, run_queue_ns, voluntary, involuntary = (
        np.fromiter(itertools.chain.from_iterable(map(attrgetter(name), chunks)), dtype=np.float64)
        for name in (
            *("worker", "start_ns", "end_ns", "user_ns", "system_ns", "run_queue_ns"),
            *("voluntary_switches", "involuntary_switches"),
        )
    )
    counts = np.array([len(one.worker) for one in chunks])
    repetition = np.repeat(np.arange(counts.size), counts)
    first_chunks = _starts(counts)
    total = np.add.reduceat
    last_end_ns = np.maximum.reduceat(end_ns, first_chunks)
    inside_ns = total(end_ns - start_ns, first_chunks)
    all_run_queue_ns = total(run_queue_ns, first_chunks)

    in_turn = np.lexsort((end_ns, start_ns, of_worker, repetition))
    of_worker, start_ns, end_ns = of_worker[in_turn], start_ns[in_turn], end_ns[in_turn]
    is_next = (np.diff(of_worker, prepend=-1) == 0) & (np.diff(repetition, prepend=-1) == 0)
    waited_ns = start_ns - np.where(is_next, np.roll(end_ns, 1), 0)
    begun = np.flatnonzero(~is_next)  # by each worker of each repetition
    done_ns = end_ns[np.append(begun[1:], end_ns.size) - 1]
    cpu_ns = total((user_ns + system_ns)[in_turn], begun)
    used = np.bincount(repetition[begun], minlength=counts.size)
    first_workers = _starts(used)
    all_cpu_ns = total(cpu_ns, first_workers)
    spent = Spent(
        wall_ns=wall_ns,
        cpu_ns=all_cpu_ns,
        waiting_ns=inside_ns - all_cpu_ns - all_run_queue_ns,
        run_queue_ns=all_run_queue_ns,
        imbalance_ns=workers * last_end_ns - total(done_ns, first_workers),
        dispatch_ns=total(waited_ns, first_chunks) + workers * (wall_ns - last_end_ns),
        busiest_ns=np.maximum.reduceat(cpu_ns, first_workers),
        system_ns=total(system_ns, first_chunks),
        voluntary_switches=total(voluntary, first_chunks),
        involuntary_switches=total(involuntary, first_chunks),
        idle_workers=workers - used,
    )
    return np.stack(spent), np.minimum.reduceat(waited_ns, first_chunks) < 0


def _starts(counts: Integers) -> Integers:
    """Where the first of each group is, where groups of so many follow each other."""
    return np.cumsum(counts) - counts


def of_trials(spent: Floats, trials: Integers) -> Floats:
    """The fields of `Spent` of each trial, shape (trials, fields), by the number of each trial.

    It is the repetition of median wall time, or the mean of the two in the middle. What has no part
    in the sum is the mean of all repetitions: user and system time are told apart by ticks,
    switches are few.
    """
    if not trials.size:
        return np.zeros((0, len(Spent._fields)))
    in_order = np.lexsort((spent[CPU], spent[WALL], trials))
    spent = spent[:, in_order]
    counts = np.unique(trials, return_counts=True)[1]
    first = _starts(counts)
    every = np.add.reduceat(spent, first, axis=1) / counts
    middle = (spent[:, first + (counts - 1) // 2] + spent[:, first + counts // 2]) / 2
    # As a share of the CPU time of the middle, so that a slow repetition has no more weight.
    kernel = np.divide(every[SYSTEM], every[CPU], out=np.zeros(counts.size), where=every[CPU] != 0)
    middle[SYSTEM] = kernel * middle[CPU]
    middle[BESIDE_THE_SUM] = every[BESIDE_THE_SUM]
    return middle.T


@dataclass(frozen=True, kw_only=True)
class _Trials:
    """The trials of a cell in the order in which they came, packed: a data set has many."""

    blocks: "array[int]" = field(default_factory=lambda: array("q"))
    numbers: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, block: int, numbers: Floats) -> None:
        """The fields of `Spent` of another one."""
        self.blocks.append(block)
        self.numbers.frombytes(numbers.tobytes())

    def by_block(self) -> dict[int, Spent[float]]:
        """As they were."""
        rows = np.array(self.numbers).reshape(-1, len(Spent._fields)).tolist()
        return {block: Spent(*row) for block, row in zip(self.blocks, rows, strict=True)}


@dataclass(frozen=True, kw_only=True)
class OfAmount:
    """The trials of all cells at one amount of work, by basis and cell."""

    trials: dict[tuple[Basis, str], _Trials] = field(default_factory=lambda: defaultdict(_Trials))

    def times(self, *cells: str) -> Times:
        """The wall times of some cells, which decide the basis."""
        quiet, typical = (
            {
                cell: {block: one.wall_ns for block, one in self.on(basis, cell).items()}
                for cell in cells
            }
            for basis in (Basis.QUIET, Basis.TYPICAL)
        )
        return Times(quiet=quiet, typical=typical)

    def has(self, cell: str) -> bool:
        """Whether a cell has any."""
        return (Basis.TYPICAL, cell) in self.trials

    def on(self, basis: Basis, cell: str) -> Mapping[int, Spent[float]]:
        """All trials of a cell on one basis, by block."""
        found = self.trials.get((basis, cell))
        return found.by_block() if found else {}


@dataclass(frozen=True, kw_only=True)
class TakenApart:
    """What could be taken apart, by amount, and why the rest could not, by cell and amount."""

    by_amount: dict[int, OfAmount] = field(default_factory=dict)
    why_not: dict[str, dict[int, PartsState]] = field(default_factory=dict)

    def add(self, measured: pd.DataFrame, chunks: Sequence[Chunks | None]) -> None:
        """Take repetitions apart that ok trials measured (`quiet.with_undisturbed_times`).

        Each trial is whole. `chunks` are those of each repetition, None where it has none.
        """
        states = list(map(_why_not, chunks, as_list(measured["workers_used"])))
        there = np.array([state is None for state in states], dtype=bool)
        found = measured[there]
        own, at_once = take_apart(
            list(filter(None, itertools.compress(chunks, there))),
            workers=found["workers"].to_numpy(np.float64),
            wall_ns=found["wall_ns"].to_numpy(np.float64),
        )
        for place in np.flatnonzero(there)[at_once]:
            states[place] = PartsState.ONE_THREAD
        for (cell, amount), state in zip(as_rows(measured, "cell", "amount"), states, strict=True):
            if state:
                self.why_not.setdefault(cell, {})[amount] = state

        undisturbed, is_known = _undisturbed(found, own)
        keys = ["amount", "cell", "block"]
        trials = found.groupby(keys, sort=False).ngroup().to_numpy()
        trial = list(as_rows(found.drop_duplicates(keys), *keys))
        known = np.bincount(trials[is_known & ~at_once], minlength=len(trial))
        all_of = np.bincount(trials[~at_once], minlength=len(trial))
        is_enough = known >= np.minimum(all_of, FEWEST_QUIET)
        for spent, kept, basis in (
            (own, ~at_once, Basis.TYPICAL),
            (undisturbed, is_known & ~at_once & is_enough[trials], Basis.QUIET),
        ):
            of_each = of_trials(spent[:, kept], trials[kept])
            for number, numbers in zip(np.unique(trials[kept]), of_each, strict=True):
                amount, cell, block = trial[number]
                of_amount = self.by_amount.setdefault(amount, OfAmount())
                of_amount.trials[basis, cell].add(block, numbers)

    def amounts_of(self, cell: Cell) -> Sequence[int]:
        """The amounts that a cell was measured at, the most first; the planned ones if none was."""
        measured = {amount for amount, of in self.by_amount.items() if of.has(cell.id)}
        return sorted(
            measured | self.why_not.get(cell.id, {}).keys() or {max(cell.amounts)}, reverse=True
        )


def _why_not(chunks: Chunks | None, workers_used: int | None) -> PartsState | None:
    if chunks is None:
        return PartsState.NOT_RECORDED if workers_used else PartsState.SENT_ONE_BY_ONE
    return PartsState.NO_ACCOUNTS if None in chunks.run_queue_ns else None


def _undisturbed(found: pd.DataFrame, own: Floats) -> tuple[Floats, Flags]:
    """Where the time would have gone undisturbed (`take_apart`), and where one can say that.

    `own`: where it went. Only imputed repetitions differ.
    """
    undisturbed_ns = found["undisturbed_wall_ns"].to_numpy(np.float64)
    is_known = ~np.isnan(undisturbed_ns)
    imputed = np.flatnonzero(found["is_imputed"])
    others = [chunks_from(text) for text in found["undisturbed_chunks_json"].iloc[imputed]]
    has_accounts = np.array([_why_not(one, None) is None for one in others], dtype=bool)
    is_known[imputed[~has_accounts]] = False
    imputed = imputed[has_accounts]
    spent = own.copy()
    spent[:, imputed], at_once = take_apart(
        list(itertools.compress(others, has_accounts)),
        workers=found["workers"].iloc[imputed].to_numpy(np.float64),
        wall_ns=np.trunc(undisturbed_ns[imputed]),
    )
    is_known[imputed[at_once]] = False
    return spent, is_known
