"""The data set, as one table or as two. Its columns' descriptions are published with it.

trials.csv.gz has a row a repetition, with the facts of its trial. Most of such a row is the same
in all rows of a trial, so as Parquet there is a table of trials and one of repetitions.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from threads_or_processes.records.fields import Field
from threads_or_processes.records.tables.groups import CellKey
from threads_or_processes.records.vocabulary import Outcome

SHA256 = "[0-9a-f]{64}"
#: A text that no spreadsheet computes; without the flags that Table Schema doesn't have.
NO_FORMULA = r"[^=+\-@\t\r][\s\S]*"

#: What tells repetitions apart. A trial without any has one row.
REPETITION_KEY = ["trial_id", "phase", "repetition"]


@dataclass(frozen=True, kw_only=True)
class TrialId:
    """What a repetition is told apart by, and its trial."""

    trial_id: Annotated[
        str, Field("unique name of the trial (32 hexadecimal digits)", pattern="[0-9a-f]{32}")
    ]


@dataclass(frozen=True, kw_only=True)
class TrialKey(TrialId):
    """What comes before the cell."""

    campaign: Annotated[
        str, Field("campaign that the trial was collected for", pattern="[a-z][a-z0-9_]*")
    ]


@dataclass(frozen=True, kw_only=True)
class TrialRow(CellKey, TrialKey):
    """A row of trials.parquet: a trial."""

    params_json: Annotated[str, Field("all parameters of the workload", json="object")]
    block: Annotated[int, Field("block of the randomised design, from 1", minimum=1)]
    position: Annotated[
        int, Field("place in the planned order when the trial ran, from 1", minimum=1)
    ]
    outcome: Annotated[Outcome, Field("`ok`, or what the measured thing did instead")]
    explanation: Annotated[
        str | None, Field("why a trial is not ok, in a sentence", pattern=NO_FORMULA)
    ]
    version: Annotated[
        str, Field("version of the interpreter that ran", pattern="[0-9][0-9A-Za-z.+]*")
    ]
    identity_sha256: Annotated[
        str, Field("identity of the interpreter and its libraries", pattern=SHA256)
    ]
    instrument_sha256: Annotated[str, Field("identity of the code that measured", pattern=SHA256)]
    try_: Annotated[
        int, Field("which try of the trial this was; the quietest one counts", minimum=1)
    ]
    tasks: Annotated[int, Field("tasks in the batch", minimum=1)]
    size: Annotated[
        int | None, Field("calibrated size of a task; missing when the task has none", minimum=1)
    ]
    started_unix_ns: Annotated[int, Field("start of the trial, since 1970 (UTC)", minimum=0)]
    trial_wall_ns: Annotated[int, Field("duration of the whole trial", minimum=0)]
    beside_cpu_ns: Annotated[
        int, Field("CPU time of the pipeline's own processes during the trial", minimum=0)
    ]
    setup_ns: Annotated[
        int | None, Field("start of the workers until each has answered once (warm)", minimum=0)
    ]
    first_result_ns: Annotated[
        int | None, Field("start of the workers until the first answer (warm)", minimum=0)
    ]
    teardown_ns: Annotated[int | None, Field("stopping the workers (warm)", minimum=0)]
    memory_before_bytes: Annotated[
        int | None, Field("PSS of the process before it has workers (memory)", minimum=0)
    ]
    memory_idle_bytes: Annotated[
        int | None, Field("PSS of the tree, all workers up (memory)", minimum=0)
    ]
    memory_peak_bytes: Annotated[
        int | None, Field("the most that was seen while batches ran (memory)", minimum=0)
    ]
    memory_after_bytes: Annotated[
        int | None, Field("PSS of the tree, workers idle again (memory)", minimum=0)
    ]
    memory_private_bytes: Annotated[
        int | None,
        Field(
            "then, the part that no two processes share: USS, summed (memory)",
            minimum=0,
            before=None,
        ),
    ]
    processes: Annotated[
        int | None, Field("processes of the tree, the parent among them (memory)", minimum=1)
    ]
    health_flags: Annotated[
        str | None,
        Field("what was odd with the machine, separated by spaces", pattern="[a-z_]+( [a-z_]+)*"),
    ]
    health_json: Annotated[
        str,
        Field(
            "the machine's states before and after the trial and what its counters have grown by;"
            " left out what the system doesn't say, and counters that stood still; the trial's "
            "clock",
            json="object",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class RepetitionOnlyRow(TrialId):
    """A row of repetitions.parquet: a repetition.

    A trial that ended before its first repetition has one row, without a phase.
    """

    phase: Annotated[
        Literal["warmup", "measure"] | None,
        Field("`warmup` or `measure`; missing when no repetition was finished"),
    ]
    repetition: Annotated[
        int | None,
        Field("number of the repetition within its phase", minimum=0, of_repetition=True),
    ]
    amount: Annotated[
        int,
        Field("how many times each task was executed in the repetition", minimum=1, before=1),
    ]
    wall_ns: Annotated[
        int | None, Field("wall time of the repetition", minimum=1, of_repetition=True)
    ]
    cold_first_result_ns: Annotated[
        int | None, Field("start of the workers until the first chunk's end (cold)", minimum=0)
    ]
    cold_teardown_ns: Annotated[
        int | None, Field("stopping the workers, within the repetition (cold)", minimum=0)
    ]
    user_ns: Annotated[
        int | None,
        Field("CPU time in user mode, parent and workers", minimum=0, of_repetition=True),
    ]
    system_ns: Annotated[
        int | None,
        Field("CPU time in the kernel, parent and workers", minimum=0, of_repetition=True),
    ]
    parent_user_ns: Annotated[
        int | None, Field("CPU time in user mode, parent only", minimum=0, of_repetition=True)
    ]
    parent_system_ns: Annotated[
        int | None, Field("CPU time in the kernel, parent only", minimum=0, of_repetition=True)
    ]
    voluntary_switches: Annotated[
        int | None, Field("context switches while waiting", minimum=0, of_repetition=True)
    ]
    involuntary_switches: Annotated[
        int | None, Field("context switches forced by the scheduler", minimum=0, of_repetition=True)
    ]
    checksum: Annotated[
        str | None, Field("checksum of the results", pattern=SHA256, of_repetition=True)
    ]
    updates: Annotated[
        int | None,
        Field(
            "updates that the tasks made together; missing where they update nothing together",
            minimum=0,
        ),
    ]
    lost_updates: Annotated[
        int | None,
        Field(
            "updates that the tasks made and that were not there afterwards; missing where tasks "
            "update nothing together"
        ),
    ]
    workers_used: Annotated[
        int | None,
        Field("distinct (process, thread) pairs that ran a task", minimum=0, of_repetition=True),
    ]
    sentinel_json: Annotated[
        str | None,
        Field(
            "the sentinel's readings: watched cpus, the cpus among them that were used, each one's "
            "before_ns and after_ns, in which manner they were read (at_once, in_turn), and "
            "dispatch_cpus, which sent and collected chunks; missing where there was no "
            "sentinel",
            json="object",
        ),
    ]
    chunks_json: Annotated[
        str | None,
        Field(
            "the chunks, in each list in the order of the tasks: number of the worker, cpus at the "
            "start and end, start_ns and end_ns since the repetition's start, of the worker's "
            "thread user_ns, system_ns, run_queue_ns (ready to run, without a CPU), "
            "voluntary_switches and involuntary_switches; missing where tasks were sent one by one",
            json="object",
            before=None,
        ),
    ]
    results_json: Annotated[
        str | None, Field("list that the batch returned (notebook only)", json="array")
    ]
    data_json: Annotated[
        str | None, Field("list `data` after the batch (notebook only)", json="array")
    ]
    spans_json: Annotated[
        str | None,
        Field(
            "start_ns and end_ns of each chunk since the repetition's start (notebook only)",
            json="array",
        ),
    ]


@dataclass(frozen=True, kw_only=True)
class RepetitionRow(RepetitionOnlyRow, TrialRow):
    """A row of trials.csv.gz: a repetition, with all that is known of its trial."""
