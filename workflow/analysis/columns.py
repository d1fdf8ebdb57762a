"""Every column of every table: its name, type and meaning. Units are the last word of a name.

`_ns` is nanoseconds, `_bytes` bytes, `_ratio` a quotient without unit. An empty field means
"missing", never zero.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

Dtype = Literal["Int64", "Float64", "string"]


@dataclass(frozen=True)
class Column:
    """One column; `dtype` is a pandas type that knows missing values."""

    name: str
    dtype: Dtype
    meaning: str


Columns = tuple[Column, ...]


def names(columns: Columns) -> list[str]:
    """The columns' names, in order."""
    return [column.name for column in columns]


def frame(rows: Iterable[Mapping[str, Any]], columns: Columns) -> pd.DataFrame:
    """A typed frame from rows; a key that a row lacks is missing, one too many is an error."""
    listed = list(rows)
    unknown = {key for row in listed for key in row} - set(names(columns))
    assert not unknown, f"no such columns: {sorted(unknown)}"
    return pd.DataFrame(
        {
            column.name: pd.array([row.get(column.name) for row in listed], dtype=column.dtype)
            for column in columns
        }
    )


def csv_text(table: pd.DataFrame) -> str:
    r"""The one spelling of a table: `\n`, floats by repr, empty for missing."""
    return table.to_csv(index=False, lineterminator="\n")


#: What identifies a cell, in every table that has a row for one.
CELL: Columns = (
    Column("cell", "string", "workload/model/workers/arm/timing, with `-2` for a replicate"),
    Column("workload", "string", "kind of work, with those parameters that an experiment varies"),
    Column("function", "string", "task function of the workload"),
    Column("model", "string", "how the batch is executed"),
    Column("start_method", "string", "how worker processes start; `none` without processes"),
    Column("workers", "Int64", "number of workers"),
    Column(
        "worker_kind",
        "string",
        "`within_cores`; `smt`: some share a core; `oversubscribed`: more than CPUs; `over_quota`",
    ),
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column(
        "timing",
        "string",
        "`warm`: the batch alone; `cold`: create, batch, tear down; `memory`: weighed, not timed",
    ),
    Column("replicate", "Int64", "2 and more: the same cell measured once more (A/A control)"),
)

TRIALS: Columns = (
    Column("trial_id", "string", "unique name of the trial (32 hexadecimal digits)"),
    Column("campaign", "string", "campaign that the trial was collected for"),
    *CELL,
    Column("params_json", "string", "all parameters of the workload"),
    Column("block", "Int64", "block of the randomised design, from 1"),
    Column("position", "Int64", "place in the planned order when the trial ran, from 1"),
    Column("outcome", "string", "`ok`, or what the measured thing did instead"),
    Column("explanation", "string", "why a trial is not ok, in a sentence"),
    Column("version", "string", "version of the interpreter that ran"),
    Column("identity_sha256", "string", "identity of the interpreter and its libraries"),
    Column("instrument_sha256", "string", "identity of the code that measured"),
    Column("try", "Int64", "which try of the trial this was; the quietest one counts"),
    Column("tasks", "Int64", "tasks in the batch"),
    Column("size", "Int64", "calibrated size of a task; missing when the task has none"),
    Column("started_unix_ns", "Int64", "start of the trial, since 1970 (UTC)"),
    Column("trial_wall_ns", "Int64", "duration of the whole trial"),
    Column("beside_cpu_ns", "Int64", "CPU time of the pipeline's own processes during the trial"),
    Column("setup_ns", "Int64", "start of the workers until each has answered once (warm)"),
    Column("first_result_ns", "Int64", "start of the workers until the first answer (warm)"),
    Column("teardown_ns", "Int64", "stopping the workers (warm)"),
    Column("memory_before_bytes", "Int64", "PSS of the process before it has workers (memory)"),
    Column("memory_idle_bytes", "Int64", "PSS of the tree, all workers up (memory)"),
    Column("memory_peak_bytes", "Int64", "the most that was seen while batches ran (memory)"),
    Column("memory_after_bytes", "Int64", "PSS of the tree, workers idle again (memory)"),
    Column("processes", "Int64", "processes of the tree, the parent among them (memory)"),
    Column("health_flags", "string", "what was odd with the machine, separated by spaces"),
    Column(
        "health_json",
        "string",
        "the machine's states before and after the trial and what its counters have grown by; "
        "left out what the system doesn't say, and counters that stood still",
    ),
    Column("phase", "string", "`warmup` or `measure`; missing when no repetition was finished"),
    Column("repetition", "Int64", "number of the repetition within its phase"),
    Column("wall_ns", "Int64", "wall time of the repetition"),
    Column(
        "cold_first_result_ns", "Int64", "start of the workers until the first chunk's end (cold)"
    ),
    Column("cold_teardown_ns", "Int64", "stopping the workers, within the repetition (cold)"),
    Column("user_ns", "Int64", "CPU time in user mode, parent and workers"),
    Column("system_ns", "Int64", "CPU time in the kernel, parent and workers"),
    Column("parent_user_ns", "Int64", "CPU time in user mode, parent only"),
    Column("parent_system_ns", "Int64", "CPU time in the kernel, parent only"),
    Column("voluntary_switches", "Int64", "context switches while waiting"),
    Column("involuntary_switches", "Int64", "context switches forced by the scheduler"),
    Column("checksum", "string", "checksum of the results"),
    Column(
        "updates",
        "Int64",
        "updates that the tasks made together; missing where they update nothing together",
    ),
    Column(
        "lost_updates",
        "Int64",
        "updates that the tasks made and that were not there afterwards; missing where tasks "
        "update nothing together",
    ),
    Column("workers_used", "Int64", "distinct (process, thread) pairs that ran a task"),
    Column(
        "sentinel_json",
        "string",
        "the sentinel beside the repetition: watched cpus, those of them used, and each one's "
        "before_ns and after_ns; missing where there was no sentinel",
    ),
    Column("results_json", "string", "list that the batch returned (notebook only)"),
    Column("data_json", "string", "list `data` after the batch (notebook only)"),
    Column(
        "spans_json",
        "string",
        "start_ns and end_ns of each chunk since the repetition's start (notebook only)",
    ),
)

CELLS: Columns = (
    *CELL,
    Column("planned", "Int64", "trials planned"),
    Column("ok", "Int64", "trials that count; the others are in the table of outcomes"),
    Column("tasks", "Int64", "tasks in the batch"),
    Column("basis", "string", "`quiet`: undisturbed repetitions only; `typical`: all of them"),
    Column("quiet_trials", "Int64", "ok trials with enough quiet repetitions"),
    Column(
        "quiet_share_ratio", "Float64", "quiet / measured repetitions; missing without a sentinel"
    ),
    Column("typical_ns", "Float64", "median of the trials over all their repetitions"),
    Column(
        "median_ns", "Float64", "median of the trials; a trial is the median of its repetitions"
    ),
    Column("ci_low_ns", "Float64", "lower end of the interval of the median"),
    Column("ci_high_ns", "Float64", "upper end of the interval of the median"),
    Column("ci_level", "Float64", "level that the interval attains"),
    Column("ci_method", "string", "how the interval was made"),
    Column("min_ns", "Float64", "fastest trial"),
    Column("max_ns", "Float64", "slowest trial"),
    Column("geometric_mean_ns", "Float64", "geometric mean of the trials"),
    Column("repetitions", "Int64", "measured repetitions of the ok trials, quiet or not"),
    Column("p90_ns", "Float64", "not exceeded by 90 % of these; every trial weighs the same"),
    Column(
        "p95_ns", "Float64", "the same of 95 %; the slowest where fewer than 20 trials have but one"
    ),
    Column("max_repetition_ns", "Float64", "slowest of these"),
    Column("between_trial_cv_ratio", "Float64", "standard deviation / mean of the trials"),
    Column(
        "within_trial_cv_ratio",
        "Float64",
        "standard deviation / mean of the repetitions of a trial; median of the trials",
    ),
    Column("setup_ns", "Float64", "start of the workers until each has answered; median"),
    Column("first_result_ns", "Float64", "start of the workers until the first answer; median"),
    Column("teardown_ns", "Float64", "stopping the workers; median"),
    Column("user_ns", "Float64", "CPU time in user mode, parent and workers; median"),
    Column("system_ns", "Float64", "CPU time in the kernel, parent and workers; median"),
    Column(
        "flags",
        "string",
        "warnings, separated by spaces: variable, unstable, bimodal, drifting, warming_up, "
        "disturbed, failures, lost_updates",
    ),
)

RATIOS: Columns = (
    Column("contrast", "string", "which question the ratio answers"),
    Column("workload", "string", "kind of work"),
    Column("model", "string", "model of the cell"),
    Column("workers", "Int64", "workers of the cell"),
    Column("arm", "string", "arm of the cell"),
    Column("timing", "string", "timing of both cells"),
    Column("cell", "string", "the cell that is judged"),
    Column("baseline_cell", "string", "what it is judged against"),
    Column("basis", "string", "`quiet` or `typical` times, for both alike"),
    Column("cell_ns", "Float64", "geometric mean of the cell over the shared blocks"),
    Column("baseline_ns", "Float64", "geometric mean of the baseline over the shared blocks"),
    Column("ratio", "Float64", "baseline_ns / cell_ns: how many times faster the cell is"),
    Column("ci_low_ratio", "Float64", "lower end of the interval of the ratio"),
    Column("ci_high_ratio", "Float64", "upper end of the interval of the ratio"),
    Column("ci_level", "Float64", "level of the interval"),
    Column("ci_method", "string", "how the interval was made"),
    Column("blocks", "Int64", "blocks in which both cells have an ok trial"),
    Column("equivalence_low_ratio", "Float64", "lower end of the interval for equivalence"),
    Column("equivalence_high_ratio", "Float64", "upper end of the interval for equivalence"),
    Column("reading", "string", "faster, slower, equal or unresolved"),
)


def _speedup(prefix: str, label: str, first: str) -> Columns:
    """The four columns of a ratio inside a wider row; `first` names the ratio's own column."""
    return (
        Column(first, "Float64", f"{label}: ratio"),
        Column(f"{prefix}_low_ratio", "Float64", f"{label}: lower end of the interval"),
        Column(f"{prefix}_high_ratio", "Float64", f"{label}: upper end of the interval"),
        Column(f"{prefix}_reading", "string", f"{label}: reading"),
    )


def _champion(family: str) -> Columns:
    """The best cell of a family, and what it gains."""
    return (
        Column(f"{family}_model", "string", f"model of the best cell of {family}"),
        Column(f"{family}_workers", "Int64", "its workers"),
        *_speedup(family, "that cell against serial on the same arm", f"{family}_speedup_ratio"),
    )


def _median_of_trials(name: str, unit: str, meaning: str) -> Columns:
    """A median with the interval that order statistics give."""
    return (
        Column(f"{name}_{unit}", "Float64", f"{meaning}; median of the trials"),
        Column(f"{name}_low_{unit}", "Float64", "lower end of its interval"),
        Column(f"{name}_high_{unit}", "Float64", "upper end of its interval"),
    )


def _weight(name: str, meaning: str) -> Columns:
    """One of the four weights of a cell."""
    return (
        Column(f"{name}_bytes", "Float64", f"{meaning}; median of the trials"),
        Column(f"{name}_min_bytes", "Float64", "least of the trials"),
        Column(f"{name}_max_bytes", "Float64", "most of the trials"),
    )


DECISIONS: Columns = (
    Column("workload", "string", "kind of work"),
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column("best_cell", "string", "cell with the least geometric mean, warm timing"),
    Column("best_model", "string", "its model"),
    Column("best_family", "string", "the model's family"),
    Column("best_workers", "Int64", "its workers"),
    Column("best_ns", "Float64", "its geometric mean"),
    *_speedup("speedup", "best against serial on the reference arm", "speedup_ratio"),
    *_speedup("own_speedup", "best against serial on the same arm", "own_speedup_ratio"),
    Column("runner_up_cell", "string", "best cell of any other family"),
    Column("runner_up_model", "string", "its model"),
    Column("runner_up_family", "string", "the model's family"),
    Column("runner_up_workers", "Int64", "its workers"),
    *_speedup("advantage", "best against the runner-up", "advantage_ratio"),
    *_champion("threads"),
    *_champion("processes"),
    *_champion("coroutines"),
    *_champion("interpreters"),
)

VALUES: Columns = (
    Column("cell", "string", "workload/model/workers/arm/timing"),
    Column("block", "Int64", "block of the randomised design"),
    Column("typical_ns", "Float64", "the trial's value: median of its measured repetitions"),
    Column("quiet_ns", "Float64", "median of its quiet ones; missing when they are too few"),
    Column("measured", "Int64", "measured repetitions"),
    Column("watched", "Int64", "of these, those with a sentinel beside them"),
    Column("quiet", "Int64", "of these, the quiet ones"),
)

DISTRIBUTIONS: Columns = (
    Column("cell", "string", "workload/model/workers/arm/timing"),
    Column("share_ratio", "Float64", "share of the measured repetitions; trials weigh the same"),
    Column("typical_ns", "Float64", "time that this share of all of them does not exceed"),
    Column(
        "quiet_ns",
        "Float64",
        "the same of the quiet ones, over the trials that have enough of them",
    ),
)

OUTCOMES: Columns = (
    Column("outcome", "string", "planned, each outcome, missing; planned is the sum of the others"),
    Column("trials", "Int64", "number of trials"),
    Column("example_cell", "string", "first cell where it happened"),
    Column("example_explanation", "string", "what was said there"),
)

NOTEBOOK: Columns = (
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column("version", "string", "version of the interpreter that ran"),
    Column("model", "string", "how the batch is executed"),
    Column("workers", "Int64", "number of workers"),
    Column("trials", "Int64", "ok trials"),
    Column("wall_ns", "Float64", "wall time, median of the trials"),
    Column(
        "user_ns", "Float64", "CPU time of the parent in user mode, as %%time prints it; median"
    ),
    Column("system_ns", "Float64", "CPU time of the parent in the kernel, as %%time; median"),
    Column("tree_user_ns", "Float64", "CPU time in user mode, parent and workers; median"),
    Column("tree_system_ns", "Float64", "CPU time in the kernel, parent and workers; median"),
    Column("wall_low_ns", "Float64", "fastest trial"),
    Column("wall_high_ns", "Float64", "slowest trial"),
    Column("results", "string", "JSON list that the batch returned, first trial"),
    Column("data", "string", "JSON list `data` after the batch, first trial"),
    Column(
        "spans",
        "string",
        "JSON list of worker, start_ns, end_ns since the repetition's start, first trial",
    ),
)

MEMORY: Columns = (
    *CELL,
    Column("trials", "Int64", "ok trials"),
    Column("processes", "Int64", "processes of the tree, the parent among them; median"),
    *_weight("before", "PSS of the process before it has workers"),
    *_weight("idle", "PSS of the tree, all workers up"),
    *_weight("peak", "the most that was seen while batches ran"),
    *_weight("after", "PSS of the tree, workers idle again"),
)

STARTUP: Columns = (
    *CELL,
    Column("trials", "Int64", "trials that the times rest on"),
    Column("basis", "string", "`quiet`: undisturbed repetitions only; `typical`: all of them"),
    *_median_of_trials("first_result", "ns", "start of the workers until the first chunk's end"),
    *_median_of_trials("teardown", "ns", "stopping the workers"),
    *_median_of_trials("life", "ns", "create the workers, execute the batch, tear down"),
    Column("ci_level", "Float64", "level that the intervals attain"),
)

UPDATES: Columns = (
    *CELL,
    Column("trials", "Int64", "trials that counted, whatever their outcome"),
    Column("losing_trials", "Int64", "of these, those that lost an update"),
    Column("repetitions", "Int64", "measured repetitions that counted"),
    Column("losing_repetitions", "Int64", "of these, those that lost an update"),
    Column("updates", "Float64", "updates made in a repetition; median"),
    Column("lost_updates", "Float64", "updates lost in a repetition; median"),
    Column("lost_ratio", "Float64", "lost / made in a repetition; median"),
    Column("lost_max_ratio", "Float64", "lost / made in the worst repetition"),
)

CONTROL: Columns = (
    Column("workload", "string", "kind of work"),
    Column("model", "string", "model of both cells"),
    Column("workers", "Int64", "workers of both cells"),
    Column("worker_kind", "string", "what so many workers ask of the machine"),
    Column("arm", "string", "arm of both cells"),
    Column("timing", "string", "timing of both cells"),
    Column("cell", "string", "the cell measured once more"),
    Column("baseline_cell", "string", "the same cell, measured first"),
    Column("basis", "string", "`quiet` or `typical` times, for both alike"),
    Column("ratio", "Float64", "time of the first / time of the second; 1 but for noise"),
    Column("ci_low_ratio", "Float64", "lower end of the interval of the ratio"),
    Column("ci_high_ratio", "Float64", "upper end of the interval of the ratio"),
    Column("ci_level", "Float64", "level of the interval"),
    Column("blocks", "Int64", "blocks in which both cells have an ok trial"),
    Column("quiet_cv_ratio", "Float64", "quiet times: standard deviation / mean, the second"),
    Column("quiet_baseline_cv_ratio", "Float64", "the same of the first"),
    Column("typical_cv_ratio", "Float64", "typical times: standard deviation / mean, the second"),
    Column("typical_baseline_cv_ratio", "Float64", "the same of the first"),
)

HEALTH: Columns = (
    Column("flag", "string", "what was odd with the machine; `any` counts trials with a flag"),
    Column("trials", "Int64", "number of trials"),
    Column("example_cell", "string", "first cell where it happened"),
    Column("example_block", "Int64", "and its block"),
)
