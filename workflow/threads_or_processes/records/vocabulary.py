"""The words and numbers that several packages share; string values stand in files and tables."""

from enum import StrEnum
from typing import Final, Self

PLAN_SCHEMA_VERSION: Final = 1
TRIAL_SCHEMA_VERSION: Final = 1

#: Models that others are compared with.
SERIAL: Final = "serial"
THREADS: Final = "threads"

#: The replay of the teaching notebook; it has a table of its own and no part in decisions.
NOTEBOOK_WORKLOAD = "notebook"
#: Experiments with a section of their own in the report.
NOTEBOOK = "notebook"
SCALING = "scaling"
KINDS = "kinds"

#: The nominal level of every interval.
CONFIDENCE = 0.95
#: A published range is widened by this factor at both ends, as it comes from other hardware and
#: often from another version.
PUBLISHED_BAND = 1.15
#: The files of claims that come with the project: workflow/claims.
BUILT_IN_CLAIMS = ("notebook", "published")
#: Why a claim is not tested, before the cell that was not planned. Earlier plans had other words.
NOT_PLANNED = "this sweep does not measure "
NOT_PLANNED_EARLIER = "the config plans no cell "
#: Campaigns of fewer blocks give estimates; their verdicts on claims are provisional.
BLOCKS_FOR_VERDICTS = 8
#: No verdict rests on fewer: a bootstrap of five blocks holds the truth four times in five, and the
#: widest order statistics of five trials at 94 %. Nor does a trend of fewer reach a p of 0.01.
FEWEST_BLOCKS = 6
#: With fewer quiet repetitions a trial has no quiet value: one of them alone may still be the
#: batch that ran on a single CPU.
FEWEST_QUIET = 3


#: Slow trials lie beyond a gap in their cell's times, at least so wide: 12 %.
SLOW_GAP = 0.12


class Timing(StrEnum):
    """What a repetition's wall time contains."""

    WARM = "warm"  # the batch alone, on workers that are up
    COLD = "cold"  # startup, batch and teardown
    MEMORY = "memory"  # no times: the memory of the process tree


class _Explained(StrEnum):
    """Words that stand in files and tables, each with its meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """A word with its meaning."""
        word = str.__new__(cls, value)
        word._value_ = value
        word.meaning = meaning
        return word


class Family(_Explained):
    """What the reader chooses between, the simplest first; a model belongs to one."""

    SERIAL = "serial", "a loop in one thread; the baseline of every speedup"
    THREADS = "threads", "threads of one process, which share its memory"
    PROCESSES = "processes", "processes, each with an interpreter and a memory of its own"
    COROUTINES = "coroutines", "one thread that switches tasks whenever one waits"
    INTERPRETERS = "interpreters", "threads of one process, each with an interpreter of its own"


class Lack(_Explained):
    """What a system may not have, in contrast to Linux, and what is left out there."""

    PINNING = "pinning", "pins no process to a CPU: no sentinel, no pinned workers"
    MEMORY = "memory", "does not tell memory by page (PSS): no memory trials"
    STATE = "state", "does not tell load, pressure, throttling and swapping: no flags for them"
    TOPOLOGY = "topology", "does not tell which CPUs share a core: each counts as one"
    PLACE = "place", "does not tell on which CPU a thread runs: no placement of workers"
    LIBRARY = "library", "does not tell the loaded libpython: hashes of interpreters leave it out"
    RUN_QUEUE = "run_queue", "does not tell how long threads wait for a CPU: no likely causes"
    ORPHANS = "orphans", "does not hand over orphans: what a task starts may outlive its trial"
    LOCK = "lock", "has no lock without a file: all runs share one in /tmp"


class StartMethod(StrEnum):
    """How a model starts its worker processes; `none` where it starts none."""

    NONE = "none"
    FORK = "fork"
    FORKSERVER = "forkserver"
    SPAWN = "spawn"


class WorkerKind(StrEnum):
    """The border of the machine that a number of workers crosses; the last one that it crosses."""

    WITHIN_CORES = "within_cores"  # none: a core each, of the same kind and node
    NUMA = "numa"  # more than the physical cores of one NUMA node
    SLOWER_CORES = "slower_cores"  # more than the fastest kind of cores (P cores) on hybrid CPUs
    SMT = "smt"  # more than the physical cores, so some share one
    OVER_QUOTA = "over_quota"  # more than the CPUs' worth of time that control groups allow
    OVERSUBSCRIBED = "oversubscribed"  # more than the logical CPUs

    @property
    def is_over(self) -> bool:
        """Whether there are more workers than CPUs that they may use."""
        return self in (WorkerKind.OVER_QUOTA, WorkerKind.OVERSUBSCRIBED)


class Outcome(StrEnum):
    """How a trial ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    RAISED = "raised"
    WRONG_RESULT = "wrong_result"
    WRONG_GIL = "wrong_gil"
    WORKER_DIED = "worker_died"
    HARNESS_FAILED = "harness_failed"  # nothing that the work is known to have done


class HealthFlag(StrEnum):
    """What was odd with the machine while a trial ran."""

    CGROUP_THROTTLING = "cgroup_throttling"
    CLOCK_SOURCE_CHANGED = "clock_source_changed"
    CPU_PRESSURE = "cpu_pressure"
    HARNESS_FAULT = "harness_fault"  # in an earlier try, so the trial was tried again
    IO_PRESSURE = "io_pressure"
    LOAD = "load"
    MEMORY_PRESSURE = "memory_pressure"
    OUT_OF_MEMORY_KILL = "out_of_memory_kill"
    SLOW_CLOCK_SOURCE = "slow_clock_source"
    STEAL = "steal"
    SWAPPING = "swapping"
    THERMAL_THROTTLING = "thermal_throttling"
    UNLOCKED = "unlocked"  # the system gave no lock, so trials of others may have run beside


#: In the table of health: the trials with any flag.
ANY_HEALTH_FLAG = "any"


class Basis(StrEnum):
    """Which repetitions a trial's value is from."""

    QUIET = "quiet"  # undisturbed ones: the cost on idle hardware
    TYPICAL = "typical"  # all repetitions, with disturbances


class CellFlag(StrEnum):
    """A reason to read a cell's times with care."""

    VARIABLE = "variable"  # from trial to trial
    UNSTABLE = "unstable"  # from trial to trial, by a lot
    BIMODAL = "bimodal"  # trials fall into two groups
    DRIFTING = "drifting"  # trials got slower, or faster, in the course of the campaign
    WARMING_UP = "warming_up"  # the first repetition that counts is slower than the others
    SLOW_START = "slow_start"  # of own work: the first batch takes ten times as long as the others
    DISTURBED = "disturbed"  # too few undisturbed repetitions, so all count
    FAILURES = "failures"  # a trial is not ok
    LOST_UPDATES = "lost_updates"  # updates of a shared object were lost


class ContrastKind(StrEnum):
    """Which question a ratio answers."""

    SPEEDUP_OWN = "speedup_own"  # against serial on the same build
    SPEEDUP_REFERENCE = "speedup_reference"  # against serial on the reference build
    THREADS_OVER_PROCESSES = "threads_over_processes"  # same workers, same build
    THREADS_OVER_OTHERS = "threads_over_others"  # over other in-process models, same workers
    PINNED_OVER_FREE = "pinned_over_free"  # the same pool, its workers on one CPU each
    ARM_BUILD = "arm_build"  # overhead of the free-threaded build with its GIL on
    ARM_LOCK = "arm_lock"  # effect of disabling the GIL
    ARM_TOTAL = "arm_total"  # both together
    ARM_VERSION = "arm_version"  # against the next lower version, same kind of build


class ComparisonResult(StrEnum):
    """What the interval of a ratio allows to be said; the first that is true."""

    FASTER = "faster"  # by more than the margin
    SLOWER = "slower"  # by more than the margin
    EQUAL = "equal"  # the difference is within the margin
    FASTER_SOMEWHAT = "faster_somewhat"  # faster, perhaps by less than the margin
    SLOWER_SOMEWHAT = "slower_somewhat"  # slower, perhaps by less than the margin
    NO_SPEEDUP = "no_speedup"  # not faster by the margin, perhaps slower
    NO_SLOWDOWN = "no_slowdown"  # not slower by the margin, perhaps faster
    INCONCLUSIVE = "inconclusive"

    @property
    def inverted(self) -> "ComparisonResult":
        """The result as seen from the baseline."""
        return _INVERTED.get(self, self)


_INVERTED = {
    one: other
    for pair in (
        (ComparisonResult.FASTER, ComparisonResult.SLOWER),
        (ComparisonResult.FASTER_SOMEWHAT, ComparisonResult.SLOWER_SOMEWHAT),
        (ComparisonResult.NO_SLOWDOWN, ComparisonResult.NO_SPEEDUP),
    )
    for one, other in (pair, pair[::-1])
}


class Use(StrEnum):
    """What a recommendation says of a workload and build."""

    PARALLEL = "parallel"  # one of the families named; none is shown to be slower
    SERIAL = "serial"  # no parallel model is faster by the margin, or all failed or lost updates
    INCONCLUSIVE = "inconclusive"  # serial may be as fast as the best parallel model, or not
    INCOMPLETE = "incomplete"  # no experiment has a trial in each of its families
    NO_DATA = "no_data"

    @property
    def is_judged(self) -> bool:
        """Whether the data could say anything."""
        return self not in {Use.INCOMPLETE, Use.NO_DATA}


class CrossoverState(StrEnum):
    """What the results along a ladder, from the smallest size to the largest, say together."""

    BRACKETED = "bracketed"  # the baseline is as good up to one size, not from another on
    ALWAYS_FASTER = "always_faster"  # at every size measured
    NOT_REACHED = "not_reached"  # the baseline is as good at every size
    FASTER_BELOW = "faster_below"  # the baseline is as good at the largest size, not at all
    UNRESOLVED = "unresolved"  # inconclusive


class FitState(StrEnum):
    """How reliable a law's parameters are; the first that is true."""

    TOO_FEW_COUNTS = "too_few_counts"  # no parameters: fewer than four counts within all borders
    TOO_FEW_BLOCKS = "too_few_blocks"  # no parameters: no interval would hold its level
    POOR_FIT = "poor_fit"  # the law misses a count by more than the margin
    WEAKLY_IDENTIFIED = "weakly_identified"  # coherency may be none: no peak
    PEAK_BEYOND = "peak_beyond"  # coherency is there, its peak out of reach
    IDENTIFIED = "identified"


class LineState(StrEnum):
    """Whether time over the amount of work is a straight line, where that was checked."""

    HOLDS = "holds"  # at an amount between, time is within the margin of the line
    BENDS = "bends"  # it is beyond the margin, so there is no overhead and no rate
    UNSETTLED = "unsettled"  # inconclusive: too much noise or too few blocks
    UNCHECKED = "unchecked"  # no amount between was measured
    ONE_AMOUNT = "one_amount"  # no line


class Pays(StrEnum):
    """For which amounts of work a model is faster than serial by the margin, up to the largest."""

    FROM = "from"  # from some amount on
    ALWAYS = "always"  # for all
    NEVER = "never"  # for none
    BELOW = "below"  # for small amounts, not for the largest
    UNSETTLED = "unsettled"  # open at the largest amount


class SlopeState(StrEnum):
    """Whether there is a line, and why not."""

    FITTED = "fitted"
    TOO_FEW_COUNTS = "too_few_counts"  # one number of workers makes no line
    TOO_FEW_BLOCKS = "too_few_blocks"  # one block has a line without interval, none has no line


class Part(StrEnum):
    """Where the time of workers went; in all it is workers x wall time."""

    USEFUL = "useful"  # on a CPU, as long as the same work takes serially
    INFLATED = "inflated"  # on a CPU for longer than that; below 0 where it took less
    WAITING = "waiting"  # inside a task, neither on a CPU nor ready for one
    RUN_QUEUE = "run_queue"  # ready to run, while the CPU had something else to do
    IMBALANCE = "imbalance"  # done, while another worker was not
    DISPATCH = "dispatch"  # before the first task, between chunks, after the last one


class PartsState(StrEnum):
    """Whether the time of workers could be taken apart, and why not."""

    MEASURED = "measured"
    SENT_ONE_BY_ONE = "sent_one_by_one"  # tasks that are sent alone bring no report
    ONE_THREAD = "one_thread"  # all workers share a thread, so none has a time of its own
    NOT_RECORDED = "not_recorded"  # an earlier version kept no CPU time of chunks
    NO_ACCOUNTS = "no_accounts"  # the system tells no run-queue wait of a thread
    NO_SERIAL = "no_serial"  # no serial trial did the same amount of work
    NO_TRIALS = "no_trials"


class Cause(StrEnum):
    """The likely cause of time that workers lost."""

    GIL = "gil"  # only the worker that holds the GIL runs Python code
    GIL_BETWEEN = "gil_between"  # the same, and the others wait for it between their tasks
    LOCK = "lock"  # workers pass a lock to each other repeatedly
    TAKING_TURNS = "taking_turns"  # workers wait for something that one of them holds for long
    OWN_WAITING = "own_waiting"  # the tasks wait when they run serially, too: nothing is lost
    SHARED_MEMORY = "shared_memory"  # threads write the same memory: reference counts, locks
    SHARED_HARDWARE = "shared_hardware"  # processes slow each other down, too
    LOCK_HANDOVER = "lock_handover"  # the kernel's time to pass a lock between threads
    KERNEL = "kernel"  # the kernel takes more time: memory management
    COSTLIER = "costlier"  # the work costs more CPU time, for an unknown reason
    CHEAPER = "cheaper"  # the work costs less CPU time than serially
    TAKEN_CPU = "taken_cpu"  # workers share CPUs
    PROGRAMS = "programs"  # the programs that the tasks start share them with the workers
    UNEQUAL_TASKS = "unequal_tasks"
    IDLE_WORKERS = "idle_workers"  # one worker had two chunks, another none
    LATE_TASKS = "late_tasks"  # a worker had its tasks late, as sending others' took long
    SENDING = "sending"


class Expects(StrEnum):
    """What a claim says of its cell, mostly against a baseline."""

    LESS = "less"  # takes less than the baseline, by the factor stated
    NOT_LESS = "not_less"  # does not
    EQUAL = "equal"  # no difference in practice
    AS_PUBLISHED = "as_published"  # the ratio is within the published range, somewhat widened
    GIL_OFF = "gil_off"  # the workers run without a GIL
    KEEPS_UPDATES = "keeps_updates"
    LOSES_UPDATES = "loses_updates"

    @property
    def is_ratio(self) -> bool:
        """Whether it is about the ratio of two cells."""
        return self in {Expects.LESS, Expects.NOT_LESS} or self.is_range

    @property
    def is_range(self) -> bool:
        """Whether the ratio has a lower and an upper limit."""
        return self in {Expects.EQUAL, Expects.AS_PUBLISHED}


class Measure(StrEnum):
    """What of a cell a claim is about; less is better for all of them."""

    TIME = "time"
    FIRST_RESULT = "first_result"
    TEARDOWN = "teardown"
    MEMORY = "memory"
    MEMORY_PEAK = "memory_peak"


class Verdict(StrEnum):
    """What the measurement says of a claim, or of one of its cases."""

    SUPPORTED = "supported"
    REFUTED = "refuted"
    NONE_SEEN = "none_seen"  # no update was lost, which proves nothing without a limit
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not_comparable"  # what was published is of other work, or of another unit
    NOT_TESTED = "not_tested"


class Finding(StrEnum):
    """What contradicts a refuted claim."""

    NOT_ALL = "not_all"  # it holds for some of its cases, not for others
    EQUAL = "equal_in_practice"
    OPPOSITE = "opposite"
    SMALLER = "smaller_than_claimed"
    DIFFERENT = "different"  # of a claim that there is no difference
    AS_MUCH = "as_much"  # of a claim that it is not less
    ABOVE_RANGE = "above_range"  # of a published range
    BELOW_RANGE = "below_range"
    HAS_GIL = "has_gil"  # each worker held a GIL
    LOST = "lost"  # of a claim that no update is lost
