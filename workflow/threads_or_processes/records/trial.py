"""The record of a trial, declared once: what its file holds, and in which bounds.

The measured process and its supervisor build these dicts, the pipeline checks a file by them, and
`tools/make-docs` publishes them as `workflow/schemas/trial.schema.json`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from threads_or_processes.records.fields import Field
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.records.vocabulary import (
    FEWEST_QUIET,
    HealthFlag,
    Outcome,
    StartMethod,
    Timing,
)

Count = Annotated[int, Field("", minimum=0)]
Positive = Annotated[int, Field("", minimum=1)]
Sha256 = Annotated[str, Field("", pattern="[0-9a-f]{64}")]
#: The fields of a machine's fingerprint that an update of the system changes.
SYSTEM = frozenset({"kernel", "os"})
Phase = Literal["warmup", "measure"]


class WorkerSpan(TypedDict):
    """Where and when one chunk ran."""

    pid: Count
    thread_id: Count
    tasks: Count
    start_ns: Count
    end_ns: Count
    cpus: NotRequired[
        Annotated[list[Count], Field("where it began and where it ended; empty: not known")]
    ]
    user_ns: NotRequired[Annotated[int, Field("CPU time of the worker's thread", minimum=0)]]
    system_ns: NotRequired[
        Annotated[int, Field("CPU time that the kernel spent for this thread", minimum=0)]
    ]
    run_queue_ns: NotRequired[
        Annotated[
            Count | None,
            Field("time in which the thread could run and had no CPU; null: not known"),
        ]
    ]
    voluntary_switches: NotRequired[Count]
    involuntary_switches: NotRequired[Count]


class Repetition(TypedDict):
    """One timed execution of the batch."""

    phase: Phase
    index: Annotated[int, Field("place within its phase", minimum=0)]
    amount: NotRequired[
        Annotated[
            int,
            Field("how often each task was executed; once in records that don't say", minimum=1),
        ]
    ]
    started_monotonic_ns: Count
    wall_ns: Positive
    first_result_ns: Annotated[
        Count | None, Field("start of the workers until the first chunk was done; cold timing only")
    ]
    teardown_ns: Annotated[Count | None, Field("stopping the workers; cold timing only")]
    user_ns: Count
    system_ns: Count
    parent_user_ns: Count
    parent_system_ns: Count
    voluntary_switches: Count
    involuntary_switches: Count
    checksum: Sha256
    updates: Annotated[
        Count | None,
        Field("updates that the tasks made together; null where they update nothing together"),
    ]
    lost_updates: Annotated[
        int | None,
        Field(
            "updates that the tasks made and that were not there afterwards; null where tasks "
            "update nothing together"
        ),
    ]
    cpus: Annotated[
        list[Count], Field("the CPUs that the workers and the parent's own threads ran on")
    ]
    dispatch_cpus: NotRequired[
        Annotated[
            list[Count],
            Field(
                "the CPUs that those of the parent's threads ran on last which had no chunk: they "
                "send and collect; warm timing of chunks only"
            ),
        ]
    ]
    sentinel_before_ns: Annotated[
        list[Count],
        Field("the sentinel's reading of each watched CPU just before; empty without a sentinel"),
    ]
    sentinel_after_ns: Annotated[
        list[Count],
        Field("the sentinel's reading of each watched CPU just after; empty without a sentinel"),
    ]
    workers: Annotated[
        list[WorkerSpan], Field("one entry a chunk; empty where tasks were sent one by one")
    ]


class Memory(TypedDict):
    """Proportional set size of the whole process tree at four moments, and its processes."""

    before_bytes: Annotated[
        int, Field("the measured process alone, the workload loaded", minimum=0)
    ]
    idle_bytes: Annotated[int, Field("all workers are up", minimum=0)]
    peak_bytes: Annotated[int, Field("the most that was seen while batches ran", minimum=0)]
    after_bytes: Annotated[int, Field("workers idle again", minimum=0)]
    private_bytes: NotRequired[
        Annotated[
            int, Field("then, what a single process maps (USS); earlier: not there", minimum=0)
        ]
    ]
    processes: Positive


class Gil(TypedDict):
    """Whether the GIL was on."""

    before_imports: bool
    after_imports: bool
    workers: list[bool]
    at_end: bool


class Clock(TypedDict):
    """The clock that times were read from."""

    implementation: str
    resolution_ns: Count


class Output(TypedDict):
    """What the notebook's batch returned, and what it left in its list."""

    results: list[Any]
    data: list[Any]


class Timed(TypedDict):
    """What the kind of timing found; the rest is null."""

    setup_ns: Annotated[
        Count | None,
        Field("start of the workers until every one has answered once; warm timing only"),
    ]
    first_result_ns: Annotated[
        Count | None, Field("start of the workers until the first has answered; warm timing only")
    ]
    teardown_ns: Annotated[Count | None, Field("stopping the workers; warm timing only")]
    memory: Annotated[Memory | None, Field("memory timing only")]
    repetitions: list[Repetition]


class Measured(Timed):
    """What the measured process knows; null where it left no answer."""

    gil: Gil | None
    clock: Clock | None
    output: Annotated[Output | None, Field("of the notebook's replay only")]


class Answer(Measured):
    """What the measured process answers."""

    outcome: Outcome
    explanation: Annotated[str, Field("empty where the outcome is ok")]


class HealthStates(TypedDict):
    """What the machine was like at one moment; null: the system doesn't say."""

    load_averages: Annotated[
        list[Annotated[float, Field("", minimum=0)]] | None, Field("over 1, 5 and 15 minutes")
    ]
    ticks_per_second: Positive
    clock_source: str | None
    cpu_frequencies_khz: list[Count] | None
    governors: list[str] | None
    boost: bool | None
    hottest_millidegrees: int | None
    on_battery: NotRequired[bool | None]
    clock_overhead_ns: NotRequired[
        Annotated[int, Field("the time between two readings of the clock in a row", minimum=0)]
    ]


class HealthCounters(TypedDict):
    """What the machine counts from its start on; null: the system doesn't say.

    Ticks are those of proc_stat(5), `ticks_per_second` of them on each CPU. Pressure is the time in
    which some task waited (`some`, psi). Out-of-memory kills in a control group are those of the
    process's own group; throttling counts in the groups above it too.
    """

    read_monotonic_ns: Count
    total_ticks: Annotated[Count | None, Field("with the idle ones")]
    busy_ticks: Annotated[Count | None, Field("of processes")]
    steal_ticks: Count | None
    own_ticks: Annotated[
        Count | None,
        Field("of the supervisor, its children and all that these waited for"),
    ]
    swapped_in_pages: Count | None
    swapped_out_pages: Count | None
    out_of_memory_kills: Count | None
    cpu_pressure_us: Count | None
    memory_pressure_us: Count | None
    io_pressure_us: Count | None
    cgroup_throttled_periods: Count | None
    cgroup_throttled_us: Count | None
    cgroup_out_of_memory_kills: Count | None
    core_throttle_count: Count | None


class Health(HealthStates, HealthCounters):
    """One reading of the machine's state. Counters count from the machine's start."""


class TrialHealth(TypedDict):
    """The machine before the measured process started and after it ended, and what is odd."""

    before: Health
    after: Health
    flags: list[HealthFlag]


class Supervised(TypedDict):
    """What the supervisor saw of the measured process."""

    stderr_tail: str
    health: TrialHealth
    waited_ns: Annotated[
        int,
        Field(
            "how long the supervisor waited for the pipeline's own processes to be idle", minimum=0
        ),
    ]
    beside_cpu_ns: Annotated[
        int,
        Field("CPU time that the pipeline's own processes used while the trial ran", minimum=0),
    ]
    started_unix_ns: Count
    ended_unix_ns: Count
    started_monotonic_ns: Count
    ended_monotonic_ns: Count


class MeasuredCell(TypedDict):
    """The cell that the trial ran."""

    id: str
    workload: Annotated[str, Field("the work with its parameters")]
    function: Annotated[str, Field("the task function")]
    params: dict[str, Any]
    model: Annotated[str, Field("the model with its start method")]
    start_method: StartMethod
    workers: Positive
    arm: str
    timing: Timing
    replicate: Annotated[
        int,
        Field("2 and more: the same cell measured once more, for the A/A control", minimum=1),
    ]


class TrialSpec(TypedDict):
    """What decides a trial's numbers, and so what measures it again when it changes."""

    cell: MeasuredCell
    block: int
    seed: int
    warmups: int
    repetitions: int
    amounts: list[int]
    patience_s: float
    quiet_threshold: float
    timeout_s: float


class Fingerprint(TypedDict):
    """What identifies the machine, as far as this process may use it.

    `virtualisation` and `physical_cores` are None if unknown; `cpu_quota`, the CPUs' worth of time
    that control groups allow, is None if they set no limit.
    """

    cpu_model: str
    architecture: str
    logical_cpus: int
    physical_cores: int | None
    cpu_quota: float | None
    memory_gib: int
    os: str
    kernel: str
    virtualisation: str | None


class Interpreter(TypedDict):
    """The interpreter that ran, by its identity."""

    arm: str
    identity_sha256: Sha256
    executable_sha256: Sha256
    version: str


class Work(TypedDict):
    """What the batch was, as it was calibrated."""

    tasks: Positive
    size: Annotated[Positive | None, Field("null where the workload has no size")]
    calibration_sha256: Sha256
    expected_checksum: Sha256


class Environment(TypedDict):
    """What was drawn for the process, and the variables that it started with."""

    hash_seed: Count
    padding_bytes: Count
    variables: dict[str, str]


class Sentinel(TypedDict):
    """The watched CPUs, their floors as known then, and what was taken for quiet."""

    cpus: list[Count]
    floor_ns: list[Count]
    threshold: Annotated[float, Field("", minimum=0)]
    manner: NotRequired[
        Annotated[
            ProbeMode,
            Field(
                "how the CPUs were read: all at once, or one after the other, as with a single "
                "worker; at once in records that don't say"
            ),
        ]
    ]


# `try` is a keyword: a class can't name such a field.
_Try = TypedDict(
    "_Try",
    {
        "try": Annotated[
            int,
            Field(
                "which try of this trial, in its block, this is; the others are in archive/",
                minimum=1,
            ),
        ]
    },
)


class TrialRecord(_Try, Supervised, Answer):
    """What one trial left behind: one fresh interpreter process that ran one cell.

    Times are whole nanoseconds; *_monotonic_ns, start_ns and end_ns are readings of the machine's
    monotonic clock and may be compared between processes of one boot.
    """

    schema_version: Literal[1]
    trial_id: Annotated[str, Field("unique", pattern="[0-9a-f]{32}")]
    cell: MeasuredCell
    block: Positive
    position: Annotated[
        int,
        Field(
            "1-based place in the planned order of the campaign as it was when this trial ran",
            minimum=1,
        ),
    ]
    seed: int
    # Of any form, so that a record of another machine or time is refused by what differs.
    machine: Annotated[Mapping[str, Any], Field("the machine's fingerprint")]
    interpreter: Interpreter
    instrument_sha256: Annotated[
        str,
        Field(
            "the code that measured: the trial's core, its model and its workload",
            pattern="[0-9a-f]{64}",
        ),
    ]
    work: Work
    harness_faults: NotRequired[
        Annotated[list[str], Field("what went wrong in earlier tries, which left no record")]
    ]
    environment: Environment
    sentinel: Annotated[Sentinel | None, Field("null where processes can't be pinned")]


class TrialFile(TrialRecord):
    """A record as its file holds it: signed."""

    sha256: NotRequired[
        Annotated[Sha256, Field("of everything else here; not in records of earlier versions")]
    ]


def differing(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The fields in which two fingerprints of machines differ, by name."""
    fields = sorted(found.keys() | expected.keys())
    return [field for field in fields if found.get(field) != expected.get(field)]


def other_hardware(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two fingerprints beyond an update of the system, in phrases."""
    return [
        f"{key} is {now.get(key)} and was {was.get(key)}"
        for key in dict.fromkeys((*was, *now))
        if key not in SYSTEM and was.get(key) != now.get(key)
    ]


def repetitions_at(amount: int, repetitions: int) -> int:
    """How many repetitions a trial wants at an amount, when it wants `repetitions` at the batch.

    The longer they take, the fewer, but not fewer than a quiet value needs.
    """
    return min(repetitions, max(FEWEST_QUIET, repetitions // amount))


def unmeasured() -> Measured:
    """What is known where the measured process left nothing."""
    return Measured(
        gil=None,
        clock=None,
        setup_ns=None,
        first_result_ns=None,
        teardown_ns=None,
        memory=None,
        repetitions=[],
        output=None,
    )


def problem_with_answer(answer: Mapping[str, Any], timing: Timing) -> str | None:
    """What an answer that has the fields of its type still owes; the rules below, in Python."""
    if answer["outcome"] != Outcome.OK:
        return None if answer["explanation"] else "it doesn't explain its outcome"
    if answer["gil"] is None or answer["clock"] is None:
        return "it says nothing of the GIL or the clock"
    if timing is Timing.MEMORY:
        return None if answer["memory"] else "it has no memory"
    if not any(repetition["phase"] == "measure" for repetition in answer["repetitions"]):
        return "it has no measured repetition"
    return None


_IS_OK = {"properties": {"outcome": {"const": "ok"}}}
_IS_MEMORY = {"properties": {"cell": {"properties": {"timing": {"const": "memory"}}}}}
#: What the fields of one record owe each other, as JSON Schema.
RULES: list[dict[str, Any]] = [
    {
        "if": _IS_OK,
        "then": {"properties": {"gil": {"type": "object"}, "clock": {"type": "object"}}},
        "else": {"properties": {"explanation": {"minLength": 1}}},
    },
    {
        "if": {"allOf": [_IS_OK, _IS_MEMORY]},
        "then": {"properties": {"memory": {"type": "object"}}},
    },
    {
        "if": {"allOf": [_IS_OK, {"not": _IS_MEMORY}]},
        "then": {
            "properties": {
                "repetitions": {"contains": {"properties": {"phase": {"const": "measure"}}}}
            }
        },
    },
    {"properties": {"health": {"properties": {"flags": {"uniqueItems": True}}}}},
]
