"""Every column of every table: its name, type and meaning. Units are the last word of a name.

`_ns` is nanoseconds, `_bytes` bytes, `_ratio` a quotient without unit. An empty field means
"missing", never zero.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from threads_or_processes.records.vocabulary import Outcome, Timing

Dtype = Literal["Int64", "Float64", "string"]


@dataclass(frozen=True)
class Values:
    """What the values of a column may be: checked when the data set is read, published with it.

    `required`: none is missing. `of_repetition`: none is missing where there is a repetition, all
    are where there is none. `minimum`: of numbers. `one_of`: the only words there are.
    `pattern`: a regular expression that a text matches as a whole. `json`: the text is JSON of
    this type.
    """

    required: bool = False
    of_repetition: bool = False
    minimum: int | None = None
    one_of: tuple[str, ...] = ()
    pattern: str | None = None
    json: Literal["object", "array"] | None = None


ANY = Values()
ALWAYS = Values(required=True)
ALWAYS_FROM_0 = Values(required=True, minimum=0)
ALWAYS_FROM_1 = Values(required=True, minimum=1)
FROM_0 = Values(minimum=0)
FROM_1 = Values(minimum=1)
REPETITION_FROM_0 = Values(of_repetition=True, minimum=0)
REPETITION_FROM_1 = Values(of_repetition=True, minimum=1)
SHA256 = Values(required=True, pattern="[0-9a-f]{64}")


@dataclass(frozen=True)
class Column:
    """One column; `dtype` is a pandas type that knows missing values."""

    name: str
    dtype: Dtype
    meaning: str
    values: Values = ANY


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
    r"""The one spelling of a table: `\n`, floats to twelve digits, empty for missing.

    Processors differ in the last digits of a logarithm; twelve are the same everywhere.
    """
    return table.to_csv(index=False, lineterminator="\n", float_format="%.12g")


#: What identifies a cell, in every table that has a row for one.
CELL: Columns = (
    Column(
        "cell", "string", "workload/model/workers/arm/timing, with `-2` for a replicate", ALWAYS
    ),
    Column(
        "workload",
        "string",
        "kind of work, with those parameters that an experiment varies",
        ALWAYS,
    ),
    Column("function", "string", "task function of the workload", ALWAYS),
    Column("model", "string", "how the batch is executed", ALWAYS),
    Column(
        "start_method",
        "string",
        "how worker processes start; `none` without processes",
        Values(required=True, one_of=("none", "fork", "forkserver", "spawn")),
    ),
    Column("workers", "Int64", "number of workers", ALWAYS_FROM_1),
    Column(
        "worker_kind",
        "string",
        "`within_cores`; `smt`: some share a core; `oversubscribed`: more than CPUs; `over_quota`",
        Values(required=True, one_of=("within_cores", "smt", "oversubscribed", "over_quota")),
    ),
    Column("arm", "string", "interpreter build with its GIL setting", ALWAYS),
    Column(
        "timing",
        "string",
        "`warm`: the batch alone; `cold`: create, batch, tear down; `memory`: weighed, not timed",
        Values(required=True, one_of=tuple(Timing)),
    ),
    Column(
        "replicate",
        "Int64",
        "2 and more: the same cell measured once more (A/A control)",
        ALWAYS_FROM_1,
    ),
)

#: The data set, a row a repetition. The columns of a trial are the same in all of its rows.
TRIALS: Columns = (
    Column(
        "trial_id",
        "string",
        "unique name of the trial (32 hexadecimal digits)",
        Values(required=True, pattern="[0-9a-f]{32}"),
    ),
    Column("campaign", "string", "campaign that the trial was collected for", ALWAYS),
    *CELL,
    Column(
        "params_json",
        "string",
        "all parameters of the workload",
        Values(required=True, json="object"),
    ),
    Column("block", "Int64", "block of the randomised design, from 1", ALWAYS_FROM_1),
    Column(
        "position", "Int64", "place in the planned order when the trial ran, from 1", ALWAYS_FROM_1
    ),
    Column(
        "outcome",
        "string",
        "`ok`, or what the measured thing did instead",
        Values(required=True, one_of=tuple(Outcome)),
    ),
    Column("explanation", "string", "why a trial is not ok, in a sentence"),
    Column("version", "string", "version of the interpreter that ran", ALWAYS),
    Column("identity_sha256", "string", "identity of the interpreter and its libraries", SHA256),
    Column("instrument_sha256", "string", "identity of the code that measured", SHA256),
    Column(
        "try", "Int64", "which try of the trial this was; the quietest one counts", ALWAYS_FROM_1
    ),
    Column("tasks", "Int64", "tasks in the batch", ALWAYS_FROM_1),
    Column("size", "Int64", "calibrated size of a task; missing when the task has none", FROM_1),
    Column("started_unix_ns", "Int64", "start of the trial, since 1970 (UTC)", ALWAYS_FROM_0),
    Column("trial_wall_ns", "Int64", "duration of the whole trial", ALWAYS_FROM_0),
    Column(
        "beside_cpu_ns",
        "Int64",
        "CPU time of the pipeline's own processes during the trial",
        ALWAYS_FROM_0,
    ),
    Column("setup_ns", "Int64", "start of the workers until each has answered once (warm)", FROM_0),
    Column(
        "first_result_ns", "Int64", "start of the workers until the first answer (warm)", FROM_0
    ),
    Column("teardown_ns", "Int64", "stopping the workers (warm)", FROM_0),
    Column(
        "memory_before_bytes", "Int64", "PSS of the process before it has workers (memory)", FROM_0
    ),
    Column("memory_idle_bytes", "Int64", "PSS of the tree, all workers up (memory)", FROM_0),
    Column(
        "memory_peak_bytes", "Int64", "the most that was seen while batches ran (memory)", FROM_0
    ),
    Column("memory_after_bytes", "Int64", "PSS of the tree, workers idle again (memory)", FROM_0),
    Column("processes", "Int64", "processes of the tree, the parent among them (memory)", FROM_1),
    Column("health_flags", "string", "what was odd with the machine, separated by spaces"),
    Column(
        "health_json",
        "string",
        "the machine's states before and after the trial and what its counters have grown by; "
        "left out what the system doesn't say, and counters that stood still; the trial's clock",
        Values(required=True, json="object"),
    ),
    Column(
        "phase",
        "string",
        "`warmup` or `measure`; missing when no repetition was finished",
        Values(one_of=("warmup", "measure")),
    ),
    Column("repetition", "Int64", "number of the repetition within its phase", REPETITION_FROM_0),
    Column("wall_ns", "Int64", "wall time of the repetition", REPETITION_FROM_1),
    Column(
        "cold_first_result_ns",
        "Int64",
        "start of the workers until the first chunk's end (cold)",
        FROM_0,
    ),
    Column(
        "cold_teardown_ns", "Int64", "stopping the workers, within the repetition (cold)", FROM_0
    ),
    Column("user_ns", "Int64", "CPU time in user mode, parent and workers", REPETITION_FROM_0),
    Column("system_ns", "Int64", "CPU time in the kernel, parent and workers", REPETITION_FROM_0),
    Column("parent_user_ns", "Int64", "CPU time in user mode, parent only", REPETITION_FROM_0),
    Column("parent_system_ns", "Int64", "CPU time in the kernel, parent only", REPETITION_FROM_0),
    Column("voluntary_switches", "Int64", "context switches while waiting", REPETITION_FROM_0),
    Column(
        "involuntary_switches",
        "Int64",
        "context switches forced by the scheduler",
        REPETITION_FROM_0,
    ),
    Column(
        "checksum",
        "string",
        "checksum of the results",
        Values(of_repetition=True, pattern="[0-9a-f]{64}"),
    ),
    Column(
        "updates",
        "Int64",
        "updates that the tasks made together; missing where they update nothing together",
        FROM_0,
    ),
    Column(
        "lost_updates",
        "Int64",
        "updates that the tasks made and that were not there afterwards; missing where tasks "
        "update nothing together",
    ),
    Column(
        "workers_used",
        "Int64",
        "distinct (process, thread) pairs that ran a task",
        REPETITION_FROM_0,
    ),
    Column(
        "sentinel_json",
        "string",
        "the sentinel beside the repetition: watched cpus, those of them used, each one's "
        "before_ns and after_ns, and in which manner they were read (at_once, in_turn); missing "
        "where there was no sentinel",
        Values(json="object"),
    ),
    Column(
        "results_json",
        "string",
        "list that the batch returned (notebook only)",
        Values(json="array"),
    ),
    Column(
        "data_json", "string", "list `data` after the batch (notebook only)", Values(json="array")
    ),
    Column(
        "spans_json",
        "string",
        "start_ns and end_ns of each chunk since the repetition's start (notebook only)",
        Values(json="array"),
    ),
)

CELLS: Columns = (
    *CELL,
    Column("planned", "Int64", "trials planned"),
    Column("ok", "Int64", "trials that count; the others are in the table of outcomes"),
    Column("tasks", "Int64", "tasks in the batch"),
    Column("size", "Int64", "calibrated size of a task; missing when the task has none"),
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

RATIO_INTERVALS: Columns = (
    Column("ci_low_ratio", "Float64", "lower end of the interval of the ratio"),
    Column("ci_high_ratio", "Float64", "upper end of the interval of the ratio"),
    Column("ci_level", "Float64", "level of the intervals"),
    Column("ci_method", "string", "how the interval was made"),
    Column("second_ratio", "Float64", "the ratio by the second method: of the medians"),
    Column("second_low_ratio", "Float64", "lower end of the interval by the second method"),
    Column("second_high_ratio", "Float64", "upper end of the interval by the second method"),
    Column("second_method", "string", "how that was made; a verdict needs both"),
    Column("equivalence_low_ratio", "Float64", "lower end of the interval for equivalence"),
    Column("equivalence_high_ratio", "Float64", "upper end of the interval for equivalence"),
    Column("second_equivalence_low_ratio", "Float64", "the same by the second method, lower end"),
    Column("second_equivalence_high_ratio", "Float64", "the same by the second method, upper end"),
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
    Column("blocks", "Int64", "blocks in which both cells have an ok trial"),
    *RATIO_INTERVALS,
    Column("p_value", "Float64", "Student's p for no difference, two-sided, one test alone"),
    Column("exact_p_value", "Float64", "the same by flipping signs: exact, at least 2 / 2^blocks"),
    Column("q_value", "Float64", "p_value as a false discovery rate over the rows of this table"),
    Column("equivalence_p_value", "Float64", "Student's p for a difference beyond the margin"),
    Column("reading", "string", "`faster`, `slower`, `equal` or `unresolved`; by both methods"),
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
    Column(
        "pays_from_ns",
        "Float64",
        "indicative: duration of a task from which the best beats serial on the same arm by the "
        "margin, when tasks are sent one by one",
    ),
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

QUALITY: Columns = (
    *CELL,
    Column("trials", "Int64", "ok trials that the numbers rest on"),
    Column("basis", "string", "`quiet`: undisturbed repetitions only; `typical`: all of them"),
    Column("half_width_ratio", "Float64", "half the width of the median's interval / median"),
    Column("mild_outliers", "Int64", "trials 1.5 to 3 interquartile ranges beyond a quartile"),
    Column("severe_outliers", "Int64", "trials further away than that; none is left out for it"),
    Column(
        "modes_ratio", "Float64", "slower / faster, where the trials fall into two groups (bimodal)"
    ),
    Column("drift_tau", "Float64", "rank correlation of time and order of execution, -1 to 1"),
    Column("drift_p_value", "Float64", "its p, two-sided"),
    Column("drift_change_ratio", "Float64", "last trial / first, by the median of the slopes"),
    Column(
        "lag1_autocorrelation", "Float64", "correlation of each trial with the next; bias taken"
    ),
    Column("first_ratio", "Float64", "first repetition / median of its trial's others; median"),
    Column("first_p_value", "Float64", "sign test over trials, one-sided: the first is slower"),
    Column("repetitions", "Int64", "repetitions of these trials on this basis"),
    Column("icc_ratio", "Float64", "variance between trials / all variance of repetitions"),
    Column("effective_repetitions", "Float64", "independent repetitions that these are worth"),
    Column("note", "string", "why numbers are missing"),
)

PAIRING: Columns = (
    Column("workload", "string", "kind of work"),
    Column("timing", "string", "timing of the cells"),
    Column("basis", "string", "`quiet` or `typical` times, for all cells alike"),
    Column("cells", "Int64", "cells with an ok trial"),
    Column("blocks", "Int64", "blocks in which all of these have one"),
    Column("block_share_ratio", "Float64", "variance of blocks / variance within cells"),
    Column("residual_sd_ratio", "Float64", "standard deviation that is left, relative to a time"),
    Column("residual_autocorrelation", "Float64", "of what is left, from block to block"),
    Column("block_autocorrelation", "Float64", "of the blocks' means, from block to block"),
    Column("drift_tau", "Float64", "rank correlation of the blocks' means and order, -1 to 1"),
    Column("drift_p_value", "Float64", "its p, two-sided"),
    Column("drift_change_ratio", "Float64", "last block / first, by the median of the slopes"),
    Column("note", "string", "why numbers are missing"),
)

ORDER: Columns = (
    Column("basis", "string", "`quiet` or `typical` times"),
    Column("place", "Int64", "in the order in which the blocks ran, from 1"),
    Column("block", "Int64", "number of the block"),
    Column("trials", "Int64", "its trials with a time, of cells that have more than one"),
    Column("median_ratio", "Float64", "trial / median of its cell's trials, in the median trial"),
    Column("lower_quartile_ratio", "Float64", "the same, lower quartile of the trials"),
    Column("upper_quartile_ratio", "Float64", "the same, upper quartile"),
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

CLAIMS: Columns = (
    Column("claim", "string", "its id"),
    Column("sentence", "string", "what is claimed, as its source has it"),
    Column("source", "string", "where it stands"),
    Column("answer", "string", "what is to be said besides the numbers"),
    Column("file", "string", "file of claims that states it"),
    Column(
        "expects",
        "string",
        "what it says of the cell: `less`, `not_less` or `equal` to the baseline, `keeps_updates`, "
        "`loses_updates`",
    ),
    Column("measure", "string", "`time`, `first_result`, `teardown`, `memory` or `updates`"),
    Column("claimed_ratio", "Float64", "least ratio for `less`, greatest for `not_less`"),
    Column("cell", "string", "the cell that it is about"),
    Column("baseline_cell", "string", "what the cell is compared with"),
    Column("verdict", "string", "`supported`, `refuted`, `inconclusive` or `not_tested`"),
    Column(
        "finding",
        "string",
        "what a refuted claim met: `equal_in_practice`, `opposite`, `smaller_than_claimed`, "
        "`different`, `as_much`",
    ),
    Column("reason", "string", "why it is inconclusive or was not tested"),
    Column("blocks_needed", "Int64", "blocks that would probably settle it, with noise as seen"),
    Column("basis", "string", "`quiet` or `typical` values, for both alike"),
    Column("cell_value", "Float64", "geometric mean of the cell, in ns or bytes"),
    Column("baseline_value", "Float64", "geometric mean of the baseline, in ns or bytes"),
    Column("ratio", "Float64", "baseline_value / cell_value"),
    Column("blocks", "Int64", "blocks that it rests on"),
    *RATIO_INTERVALS,
    Column("p_value", "Float64", "Student's p of the verdict, this claim alone"),
    Column("adjusted_p_value", "Float64", "the same, by Holm over all claims about ratios"),
    Column("exact_p_value", "Float64", "two-sided p by flipping signs around the claimed ratio"),
    Column("noise_floor_ratio", "Float64", "by how much two measurements of one cell differ"),
    Column("losing_trials", "Int64", "trials that lost an update"),
    Column("lost_ratio", "Float64", "lost / made in a repetition; median"),
    Column("losing_high_ratio", "Float64", "greatest plausible share of losing trials"),
    Column("published_low_ratio", "Float64", "least ratio that was published"),
    Column("published_high_ratio", "Float64", "greatest ratio that was published"),
    Column(
        "agreement",
        "string",
        "of the published ratio with ours: `agrees`, or ours is `more`, `less`",
    ),
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
    Column("blocks", "Int64", "blocks in which both cells have an ok trial"),
    *RATIO_INTERVALS,
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


def _bounded(name: str, unit: str, meaning: str) -> Columns:
    """A number and the two ends of its interval."""
    return (
        Column(f"{name}_{unit}", "Float64", meaning),
        Column(f"{name}_low_{unit}", "Float64", "lower end of its interval"),
        Column(f"{name}_high_{unit}", "Float64", "upper end of its interval"),
    )


SCALING: Columns = (
    *CELL,
    Column("baseline_cell", "string", "serial on the same arm"),
    Column("basis", "string", "`quiet` or `typical` times, for both alike"),
    Column("blocks", "Int64", "blocks in which both cells have an ok trial"),
    Column("cell_ns", "Float64", "geometric mean of the cell over the shared blocks"),
    Column("baseline_ns", "Float64", "geometric mean of the baseline over the shared blocks"),
    *_bounded("speedup", "ratio", "baseline_ns / cell_ns"),
    *_bounded("efficiency", "ratio", "speed-up / workers"),
    *_bounded(
        "serial_fraction",
        "ratio",
        "Karp and Flatt's: the share of the work that, done by one worker at a time, explains the "
        "speed-up; below 0 where that is more than the workers; missing for one worker",
    ),
    Column("ci_level", "Float64", "level of the intervals"),
    Column("ci_method", "string", "how the interval of the speed-up was made; the others follow"),
)


def _law(name: str, title: str) -> Columns:
    """What both laws have."""
    return (
        Column(f"{name}_one_worker_ns", "Float64", f"{title}: time with one worker"),
        *_bounded(
            f"{name}_contention", "ratio", f"{title}: share of the work done by one at a time"
        ),
        Column(f"{name}_aicc", "Float64", f"{title}: corrected Akaike criterion, less is better"),
        Column(
            f"{name}_misfit_ratio",
            "Float64",
            f"{title}: how far it misses the worst count; 0.03: 3 %",
        ),
    )


FITS: Columns = (
    Column("workload", "string", "kind of work"),
    Column("model", "string", "how the batch is executed"),
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column("counts", "Int64", "different numbers of workers, up to the physical cores"),
    Column("most_workers", "Int64", "the largest of them"),
    Column("believed_to_workers", "Int64", "no law is believed beyond: twice the largest"),
    Column("basis", "string", "`quiet` or `typical` times, for all counts alike"),
    Column("blocks", "Int64", "blocks in which all counts have an ok trial"),
    Column(
        "state",
        "string",
        "`too_few_counts` (fewer than 4) and `too_few_blocks` (fewer than 6): no parameters; "
        "`poor_fit`: even the universal law misses a count by more than the margin; "
        "`weakly_identified`: coherency may be 0, so no peak is known; `peak_beyond`: there is a "
        "peak, beyond twice the largest count; `identified`",
    ),
    Column("preferred", "string", "law with the lesser aicc, `amdahl` or `usl`"),
    *_law("amdahl", "Amdahl's law"),
    *_law("usl", "universal scalability law"),
    *_bounded(
        "usl_coherency", "ratio", "universal scalability law: what each pair of workers costs"
    ),
    *_bounded(
        "peak",
        "workers",
        "universal scalability law: workers with the least time, where identified; an end of its "
        "interval is missing where it is out of reach",
    ),
    Column("ci_level", "Float64", "level of the intervals"),
    Column("ci_method", "string", "how the intervals were made"),
)

CROSSOVERS: Columns = (
    Column("workload", "string", "kind of work, without the parameter"),
    Column("parameter", "string", "the size that is varied; its unit is the last word"),
    Column("model", "string", "what is compared with the baseline on the same arm"),
    Column("workers", "Int64", "its workers"),
    Column("worker_kind", "string", "what so many workers ask of the machine"),
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column("baseline_model", "string", "what it must beat: `serial`, or as many `threads`"),
    Column("timing", "string", "timing of both"),
    Column("sizes", "Int64", "sizes planned"),
    Column("measured_sizes", "Int64", "of these, those with a block that both share"),
    Column("least_size", "Float64", "least size planned"),
    Column("largest_size", "Float64", "largest size planned"),
    Column(
        "state",
        "string",
        "`bracketed`: between the two sizes that follow; `always_faster`: at every size; "
        "`not_reached`: at no size, and surely not at the largest; `faster_below`: at smaller "
        "sizes, not at the largest; `unresolved`",
    ),
    Column(
        "baseline_to_size",
        "Float64",
        "largest size, below the next, at which the baseline is at least as good within the margin",
    ),
    Column("faster_from_size", "Float64", "size from which on the model is faster at every size"),
    *_bounded(
        "crossover",
        "size",
        "indicative: size from which parallel is faster than serial by the margin",
    ),
    Column("ci_level", "Float64", "level of the interval"),
    Column("ci_method", "string", "how the interval was made"),
)

SLOPES: Columns = (
    Column("workload", "string", "kind of work"),
    Column("model", "string", "how the batch is executed"),
    Column("start_method", "string", "how worker processes start; `none` without processes"),
    Column("arm", "string", "interpreter build with its GIL setting"),
    Column("timing", "string", "`cold` or `memory`"),
    Column(
        "quantity",
        "string",
        "`first_result_ns`, `teardown_ns`, `life_ns` or `idle_bytes`: what it is a line of; the "
        "last word is the unit of the numbers that follow",
    ),
    Column("counts", "Int64", "different numbers of workers"),
    Column("least_workers", "Int64", "the least of them"),
    Column("most_workers", "Int64", "the most of them"),
    Column("basis", "string", "`quiet` or `typical` times; missing for memory"),
    Column("blocks", "Int64", "blocks in which all counts have an ok trial"),
    Column(
        "state",
        "string",
        "`fitted`; `too_few_counts`: fewer than 2, no line; `too_few_blocks`: fewer than 2, no "
        "interval",
    ),
    Column("fixed", "Float64", "the line without any worker; median of the blocks' lines"),
    Column("fixed_low", "Float64", "lower end of its interval"),
    Column("fixed_high", "Float64", "upper end of its interval"),
    Column("per_worker", "Float64", "what each worker adds; median of the blocks' lines"),
    Column("per_worker_low", "Float64", "lower end of its interval"),
    Column("per_worker_high", "Float64", "upper end of its interval"),
    Column(
        "misfit_ratio",
        "Float64",
        "how far the line misses the worst count / the largest value; missing for two counts",
    ),
    Column("ci_level", "Float64", "level that the intervals attain"),
    Column("ci_method", "string", "how the intervals were made"),
)
