"""From repetitions to trials: one value a trial, the unit of everything that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from threads_or_processes.analysis.estimates import (
    Floats,
    by_length,
    coefficients_of_variation,
)
from threads_or_processes.analysis.quiet import with_disturbance, with_undisturbed_times
from threads_or_processes.records.plan import PeersName, Plan
from threads_or_processes.records.quiet import quiet_trials_wanted
from threads_or_processes.records.tables.measured import ValueRow
from threads_or_processes.records.vocabulary import FEWEST_QUIET, Basis, Outcome

#: cell -> block -> the trial's wall time in ns; ok trials only.
TimesByBlock = Mapping[str, Mapping[int, float]]

REPETITION_TIMES = [
    *("wall_ns", "cold_first_result_ns", "cold_teardown_ns"),
    *("user_ns", "system_ns", "parent_user_ns", "parent_system_ns"),
]
TRIAL_TIMES = ["setup_ns", "first_result_ns", "teardown_ns"]
#: Times of repetitions that have a quiet value of their own; the second and third in cold timing.
QUIET_TIMES = ["wall_ns", "cold_first_result_ns", "cold_teardown_ns"]
TRIAL_KEY = ["cell", "block"]
CHUNK_COUNTS = ["chunks", "undisturbed_chunks"]
#: What a trial's values are from, once its repetitions are judged.
VALUED_BY = [
    *(*TRIAL_KEY, "outcome", "phase", "amount", "started_unix_ns"),
    *(*REPETITION_TIMES, *TRIAL_TIMES, *CHUNK_COUNTS),
    *("disturbance_ratio", "undisturbed_wall_ns", "is_imputed"),
]
#: What their wall times alone are from.
WALL_TIMES_BY = [
    name for name in VALUED_BY if name == "wall_ns" or name not in REPETITION_TIMES + TRIAL_TIMES
]


@dataclass(frozen=True)
class Times:
    """The trials' wall times on both bases; a trial without enough quiet time has but one.

    `peers` says of each cell with whom it is compared; a cell that it doesn't name has no peers.
    """

    quiet: TimesByBlock
    typical: TimesByBlock
    peers: Mapping[str, PeersName] = field(default_factory=dict)

    def basis(self, *cells: str) -> Basis:
        """Quiet where these cells and all their peers allow it, each by itself.

        So all numbers of a workload and timing are on one basis: a cell on quiet times and another
        on typical ones would be a comparison of two moments.
        """
        groups = {self.peers.get(cell, cell) for cell in cells}
        return Basis.TYPICAL if groups & self._disturbed else Basis.QUIET

    @cached_property
    def _disturbed(self) -> frozenset[PeersName | str]:
        """The peers of which a cell has too little quiet time."""
        return frozenset(
            self.peers.get(cell, cell)
            for cell in self.typical
            if self.basis_of_shared(cell) is Basis.TYPICAL
        )

    def basis_of_shared(self, *cells: str) -> Basis:
        """Quiet where at least half of the blocks that these cells share are quiet in all of them.

        And six of them, or all: fewer allow no verdict.
        """
        quiet, typical = (
            set[int].intersection(*(set(times.get(cell, {})) for cell in cells))
            for times in (self.quiet, self.typical)
        )
        return Basis.QUIET if len(quiet) >= quiet_trials_wanted(len(typical)) else Basis.TYPICAL

    def on(self, basis: Basis) -> TimesByBlock:
        """All times on one basis."""
        return self.quiet if basis is Basis.QUIET else self.typical

    def of(self, cell: str) -> TimesByBlock:
        """All times on the basis of this cell and its peers."""
        return self.on(self.basis(cell))


@dataclass(frozen=True)
class TrialsOfCell:
    """What the ok trials of a cell say on one basis, in the order in which they ran.

    `wall_ns` are the trials' values, shape (trials,); `repetitions_ns` holds the times behind each,
    in the order of measurement.
    """

    wall_ns: Floats
    repetitions_ns: tuple[Floats, ...]


def at_largest_amounts(trials: pd.DataFrame) -> pd.DataFrame:
    """The data set without repetitions of less work than the most that their cell was measured at.

    Warm-ups stay. What a table says of a cell without naming an amount is of this one.
    """
    largest = trials.groupby("cell")["amount"].transform("max")
    return trials[(trials["amount"] == largest) | (trials["phase"] != "measure").fillna(value=True)]


def trial_values(repetitions: pd.DataFrame, *, quiet_threshold: float) -> pd.DataFrame:
    """A row for each ok trial that measured, by cell and block (`RepetitionRow` in).

    Those times of repetitions that there are become their median over the trial's measured
    repetitions; warm-up does not count. `quiet_wall_ns` is the median of the quiet ones, missing
    when they are fewer than `FEWEST_QUIET` and fewer than all; likewise the other `QUIET_TIMES`.
    `measured`, `watched` (by
    a sentinel), `quiet` and of these `imputed` (`records.imputation`) count repetitions, `chunks`
    and `undisturbed_chunks` those that were judged by themselves; `within_cv_ratio` is the
    variation of all. Times are floats (float64, NaN for missing). `walls_ns` and `quiet_walls_ns`
    hold an array each: the wall times themselves, in the order of measurement; the quiet ones only
    where they have a median. Raises `ValueError` for a trial with several amounts of work: a median
    over them says nothing.
    """
    counts = (repetitions["outcome"] == Outcome.OK) & (repetitions["phase"] == "measure")
    if "disturbance_ratio" not in repetitions:
        repetitions = with_disturbance(repetitions)
    if "undisturbed_wall_ns" in repetitions:
        there = [name for name in VALUED_BY if name in repetitions]
        measured = repetitions.loc[counts.fillna(value=False), there]
    else:
        measured = repetitions[counts.fillna(value=False)]
        measured = with_undisturbed_times(measured, quiet_threshold)
    # pandas can't align groups by more than 127 categories with groups by fewer.
    measured = measured.assign(cell=measured["cell"].astype(object))
    if (measured.groupby(TRIAL_KEY)["amount"].nunique() > 1).any():
        raise ValueError("trials hold several amounts of work: choose one, or at_largest_amounts")
    is_quiet = measured["undisturbed_wall_ns"].notna()
    timed = [name for name in REPETITION_TIMES + TRIAL_TIMES if name in measured]
    timed_quiet = [name for name in QUIET_TIMES if name in measured]
    times = measured[TRIAL_KEY + timed].astype(dict.fromkeys(timed, "float64"))
    trials = times.groupby(TRIAL_KEY, sort=True)
    values = trials[timed].median()
    numbers = trials.ngroup()
    of_trial = _by_trial(times["wall_ns"], numbers, len(values))
    values["within_cv_ratio"] = _variations(of_trial)
    undisturbed = times.loc[is_quiet, TRIAL_KEY + timed_quiet].assign(
        wall_ns=measured["undisturbed_wall_ns"][is_quiet]
    )
    quiet = undisturbed.groupby(TRIAL_KEY, sort=True)
    values["started_unix_ns"] = measured.groupby(TRIAL_KEY, sort=True)["started_unix_ns"].first()
    values["measured"] = trials.size()
    values["watched"] = (
        measured["disturbance_ratio"].notna().groupby([measured[key] for key in TRIAL_KEY]).sum()
    )
    values["quiet"] = quiet.size().reindex(values.index, fill_value=0)
    counted = measured.groupby(TRIAL_KEY, sort=True)
    values["imputed"] = counted["is_imputed"].sum()
    values[CHUNK_COUNTS] = counted[CHUNK_COUNTS].sum()
    enough = values["quiet"] >= values["measured"].clip(upper=FEWEST_QUIET)
    medians = quiet[timed_quiet].median().reindex(values.index).where(enough)
    values = values.join(medians.add_prefix("quiet_"))
    values["walls_ns"] = pd.Series(of_trial, index=values.index, dtype=object)
    kept = is_quiet & enough.to_numpy()[numbers]
    of_quiet = _by_trial(measured["undisturbed_wall_ns"][kept], numbers[kept], len(values))
    values["quiet_walls_ns"] = pd.Series(of_quiet, index=values.index, dtype=object)
    return values.reset_index().astype({"cell": "string"})


def _by_trial(walls_ns: pd.Series, numbers: pd.Series, trials: int) -> list[Floats]:
    """An array for each of so many trials, which have numbers; empty for one without any time."""
    of_trial = numbers.to_numpy()
    order = np.argsort(of_trial, kind="stable")
    ends = np.cumsum(np.bincount(of_trial, minlength=trials))
    return np.split(walls_ns.to_numpy()[order], ends[:-1])[:trials]


def _variations(of_trial: Sequence[Floats]) -> Floats:
    """The coefficient of variation of each trial's times; NaN for a single one."""
    found = np.full(len(of_trial), np.nan)
    for places, walls_ns in by_length(of_trial):
        if walls_ns.shape[-1] > 1:
            found[places] = coefficients_of_variation(np.sort(walls_ns, axis=-1))
    return found


def values_table(values: pd.DataFrame) -> list[ValueRow]:
    """One row for each ok trial (`trial_values` in), by cell and block."""
    return [
        ValueRow(
            cell=trial["cell"],
            block=trial["block"],
            typical_ns=trial["wall_ns"],
            quiet_ns=trial["quiet_wall_ns"],
            measured=trial["measured"],
            watched=trial["watched"],
            quiet=trial["quiet"],
            imputed=trial["imputed"],
            undisturbed_chunks_ratio=undisturbed_share(
                trial["undisturbed_chunks"], trial["chunks"]
            ),
        )
        for trial in values.to_dict("records")
    ]


def undisturbed_share(undisturbed: float, chunks: float) -> float | None:
    """The share of chunks that were undisturbed; None where none was judged by itself."""
    return float(undisturbed / chunks) if chunks else None


def times_of(values: pd.DataFrame, plan: Plan) -> Times:
    """Wall times of the trials (`trial_values` in), ready for pairing by block."""
    return Times(
        quiet=by_block(values, "quiet_wall_ns"),
        typical=by_block(values, "wall_ns"),
        peers={cell.id: cell.peers for cell in plan.cells},
    )


def by_block(values: pd.DataFrame, column: str) -> TimesByBlock:
    """A column of a table with a row a trial, by cell and block; missing values are left out."""
    times: dict[str, dict[int, float]] = {}
    known = values[values[column].notna()]
    columns = (known[name].tolist() for name in ("cell", "block", column))
    for cell, block, value in zip(*columns, strict=True):
        times.setdefault(cell, {})[block] = value
    return times


def trials_of_cell(values: pd.DataFrame, basis: Basis) -> TrialsOfCell:
    """Those trials of one cell (its rows of `trial_values`) that have a value on this basis."""
    wall_ns = column_on(basis, "wall_ns")
    known = values[values[wall_ns].notna()].sort_values(["started_unix_ns", "block"])
    return TrialsOfCell(
        wall_ns=known[wall_ns].to_numpy(dtype=np.float64),
        repetitions_ns=tuple(known[column_on(basis, "walls_ns")]),
    )


def column_on(basis: Basis, name: str) -> str:
    """The column of `trial_values` that has a time on this basis."""
    return f"quiet_{name}" if basis is Basis.QUIET else name


def wall_times(times: TimesByBlock, cell: str) -> Floats:
    """A cell's wall times in ns in the order of blocks, shape (ok trials,); may be empty."""
    of_cell = times.get(cell, {})
    return np.array([of_cell[block] for block in sorted(of_cell)], dtype=np.float64)


def ok_trials(trials: pd.DataFrame) -> pd.DataFrame:
    """The first row of each ok trial of a data set."""
    return trials[trials["outcome"] == Outcome.OK].drop_duplicates("trial_id")


def counted_updates(trials: pd.DataFrame) -> pd.DataFrame:
    """The measured repetitions whose tasks updated something together."""
    return trials[(trials["phase"] == "measure") & trials["lost_updates"].notna()]
