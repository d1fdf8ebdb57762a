"""Sentences are made here and nowhere else: measured values in, words a person would say out."""

import re
import shlex
from collections.abc import Iterable, Sequence
from enum import StrEnum
from statistics import median_low

from threads_or_processes.records.plan import Arm
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.tables.measured import LEFT_OUT, MISSING, CellRow
from threads_or_processes.records.vocabulary import (
    ANY_HEALTH_FLAG,
    BLOCKS_FOR_VERDICTS,
    CONFIDENCE,
    FEWEST_BLOCKS,
    Basis,
    CellFlag,
    ComparisonResult,
    ContrastKind,
    Family,
    HealthFlag,
    Outcome,
    StartMethod,
    Use,
    WorkerKind,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Campaign, Model
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Code
from threads_or_processes.reporting.trials import Trials

_START_METHOD_MEANINGS = {
    StartMethod.NONE: "",
    StartMethod.FORK: "started as copies of the parent",
    StartMethod.FORKSERVER: "started as copies of a clean server",
    StartMethod.SPAWN: "each started as a new program",
}

#: What workers outnumber: in a word, and in a sentence.
BORDERS = {
    WorkerKind.NUMA: ("node", "the cores of one NUMA node"),
    WorkerKind.SLOWER_CORES: ("P cores", "the P cores"),
    WorkerKind.SMT: ("cores", "the physical cores"),
    WorkerKind.OVER_QUOTA: ("quota", "the CPUs that the quota allows"),
    WorkerKind.OVERSUBSCRIBED: ("CPUs", "the CPUs"),
}

#: A family of ratios: the question that it answers, and how to read it.
CONTRASTS = {
    ContrastKind.SPEEDUP_REFERENCE: (
        "Against serial on {reference}",
        "Above 1: faster than serial on the standard build.",
    ),
    ContrastKind.SPEEDUP_OWN: (
        "Against serial on the same build",
        "Above 1: faster than serial on the same build.",
    ),
    ContrastKind.THREADS_OVER_PROCESSES: (
        "Threads against processes, same number of workers and same build",
        "Above 1: threads are faster than processes.",
    ),
    ContrastKind.THREADS_OVER_OTHERS: (
        "Threads against other in-process models, same workers and build",
        "Above 1: the pool of threads is faster than the other model.",
    ),
    ContrastKind.PINNED_OVER_FREE: (
        "Pinned workers against free ones, same pool, workers and build",
        "Above 1: faster when each worker is pinned to one CPU.",
    ),
    ContrastKind.ARM_BUILD: (
        "Overhead of the free-threaded build, GIL on",
        "Below 1: the free-threaded build is slower even with its GIL on.",
    ),
    ContrastKind.ARM_LOCK: (
        "Effect of disabling the GIL, on the free-threaded build",
        "Above 1: the same build is faster without the GIL.",
    ),
    ContrastKind.ARM_TOTAL: (
        "The free-threaded build against the standard build",
        "Above 1: the same program is faster on the free-threaded build.",
    ),
    ContrastKind.ARM_VERSION: (
        "Each version of Python against the next lower one, same kind of build",
        "Above 1: the same program is faster on the newer version.",
    ),
}

_BASES = {Basis.QUIET: "undisturbed", Basis.TYPICAL: "all repetitions"}

_OUTCOMES: dict[str, str] = {
    "planned": "planned",
    Outcome.OK: "ok",
    Outcome.TIMEOUT: "took longer than the time limit",
    Outcome.CRASHED: "the process died",
    Outcome.RAISED: "the work raised an exception",
    Outcome.WRONG_RESULT: "the results differ from serial",
    Outcome.WRONG_GIL: "the GIL was not in the state that the arm asks for",
    Outcome.WORKER_DIED: "a worker process died",
    Outcome.HARNESS_FAILED: "the measuring itself failed, twice",
    LEFT_OUT: "left out, for the budget",
    MISSING: "no record",
}

RESULTS = {
    ComparisonResult.FASTER: "faster",
    ComparisonResult.SLOWER: "slower",
    ComparisonResult.EQUAL: "no difference",
    ComparisonResult.FASTER_SOMEWHAT: "faster, perhaps slightly",
    ComparisonResult.SLOWER_SOMEWHAT: "slower, perhaps slightly",
    ComparisonResult.NO_SPEEDUP: "no speedup",
    ComparisonResult.NO_SLOWDOWN: "no slowdown",
    ComparisonResult.INCONCLUSIVE: "inconclusive",
}

RESULT_SYMBOLS = {
    ComparisonResult.FASTER: "▲",
    ComparisonResult.SLOWER: "▼",
    ComparisonResult.EQUAL: "=",
    ComparisonResult.FASTER_SOMEWHAT: "△",
    ComparisonResult.SLOWER_SOMEWHAT: "▽",
    ComparisonResult.NO_SPEEDUP: "≤",
    ComparisonResult.NO_SLOWDOWN: "≥",
    ComparisonResult.INCONCLUSIVE: "?",
}

#: Experiments whose names don't read as headings.
_EXPERIMENTS = {
    "gil": "Threads and the GIL",
    "loaded_memory": "Memory with a loaded parent",
}

_FLAGS = {
    CellFlag.VARIABLE: "varies from trial to trial",
    CellFlag.UNSTABLE: "varies much from trial to trial",
    CellFlag.BIMODAL: "trials fall into two groups, one slower than the other",
    CellFlag.DRIFTING: "trials drift in the order in which they ran",
    CellFlag.WARMING_UP: "the first repetitions that count are still slower",
    CellFlag.SLOW_START: "the first batch took ten times as long: an import, or remembered results",
    CellFlag.DISTURBED: "too few undisturbed repetitions, so all repetitions count",
    CellFlag.FAILURES: "some trials failed",
    CellFlag.LOST_UPDATES: "updates were lost",
}

_HEALTH: dict[str, str] = {
    ANY_HEALTH_FLAG: "anything of the following",
    HealthFlag.CGROUP_THROTTLING: "the control group's quota held the trial back",
    HealthFlag.CLOCK_SOURCE_CHANGED: "the clock source changed",
    HealthFlag.CPU_PRESSURE: "tasks waited for a CPU",
    HealthFlag.HARNESS_FAULT: "the measuring itself failed, and the trial was tried again",
    HealthFlag.IO_PRESSURE: "tasks waited for a disk",
    HealthFlag.LOAD: "other programs used the CPUs",
    HealthFlag.MEMORY_PRESSURE: "tasks waited for memory",
    HealthFlag.OUT_OF_MEMORY_KILL: "memory ran out and the kernel ended a process",
    HealthFlag.SLOW_CLOCK_SOURCE: "reading the clock takes a system call",
    HealthFlag.STEAL: "the host gave CPU time to others",
    HealthFlag.SWAPPING: "memory was swapped",
    HealthFlag.THERMAL_THROTTLING: "a CPU was slowed for its heat",
    HealthFlag.UNLOCKED: "no lock could keep trials of other runs out",
}


class Status(StrEnum):
    """How a verdict looks: the names are classes in the style sheet."""

    GAIN = "gain"
    NO_GAIN = "no-gain"
    OPEN = "open"
    NO_DATA = "no-data"


def sentence(words: str) -> str:
    """Words with a capital letter and a full stop."""
    return capital(words) + ("" if words.endswith((".", "?", "!")) else ".")


def capital(words: str) -> str:
    """Words with a capital letter."""
    return words[:1].upper() + words[1:]


def model_kind(model: Model) -> str:
    """What a model has in common with others: its family and how its workers start."""
    starts = model.start_method is not StartMethod.NONE
    return f"{model.family}, {model.start_method}" if starts else model.family


def model_meaning(model: Model) -> str:
    """What a model does."""
    parts = (model.family.meaning, _START_METHOD_MEANINGS[model.start_method])
    return ", ".join(part for part in parts if part)


def workers(count: int, kind: WorkerKind) -> str:
    """A number of workers for a table, with the last border of the machine that it crosses."""
    if kind not in BORDERS:
        return str(count)
    exceeded = f"> {BORDERS[kind][0]}".replace(" ", text.SPACE)
    return f"{count}{text.SPACE}({exceeded})"


def timing(row: CellRow) -> str:
    """The timing of a cell for a table, and whether it was measured before."""
    return row.timing if row.replicate == 1 else f"{row.timing}, once more"


def choice(name: str, workers: int | None) -> str:
    """A way to run the work: `processes (fork), 2 workers`; serial has no number of workers."""
    return name if workers is None else f"{name}, {text.count(workers, 'worker')}"


def experiment_title(name: str) -> str:
    """An experiment as a heading: `libraries` is `Libraries`."""
    return _EXPERIMENTS.get(name) or capital(text.plain(name.replace("_", " ")))


def short_title(title: str) -> str:
    """A title without what explains it: `JSON` for `JSON, parse and write`."""
    return re.split(r", | \(|: ", title)[0]


def recommended(use: Use, families: Sequence[Family]) -> tuple[Family, ...]:
    """The families that a recommendation names; none where it is inconclusive."""
    match use:
        case Use.PARALLEL:
            return tuple(families)
        case Use.SERIAL:
            return (Family.SERIAL,)
        case Use.INCONCLUSIVE | Use.INCOMPLETE | Use.NO_DATA:
            return ()


def use(use: Use, families: Sequence[Family]) -> str:
    """What to use: `threads or processes`, `serial`, `inconclusive (serial or threads)`."""
    if named := recommended(use, families):
        return text.listing(named, "or")
    if not use.is_judged:
        return "no data" if use is Use.NO_DATA else "not all measured"
    return "inconclusive" + (f" ({text.listing(families, 'or')})" if len(families) > 1 else "")


def basis(of: Basis | None) -> str:
    """Which repetitions a number rests on."""
    return text.MISSING if of is None else _BASES[of]


def outcome_word(outcome: str) -> str:
    """A way for a trial to end, in words."""
    return _OUTCOMES.get(outcome) or text.plain(outcome.replace("_", " "))


def flag_words(flags: Iterable[CellFlag]) -> str:
    """The warnings about a cell, in words; empty for none."""
    return "; ".join(_FLAGS[flag] for flag in flags)


def health_flag(flag: str) -> str:
    """What was odd with the machine, in words."""
    return _HEALTH.get(flag) or text.plain(flag.replace("_", " "))


def arm_meaning(arm: Arm) -> str:
    """What an arm is for."""
    if not arm.free_threaded:
        return f"Python {arm.version}, the standard build: one thread at a time runs Python code."
    if arm.gil:
        return (
            f"Python {arm.version}, the free-threaded build with its GIL on (-X gil=1): "
            "separates the build's overhead from the effect of disabling the GIL."
        )
    return f"Python {arm.version}, the free-threaded build: threads run Python code side by side."


def arm_title(arm: Arm) -> str:
    """The heading of an arm's column."""
    return "free-threaded build" if arm.free_threaded else "standard build"


def covered(campaign: Campaign, sessions: int) -> str:
    """What intervals cover: `this session`, `these 2 sessions and 2 compilations`."""
    told = "this session" if sessions < 2 else f"these {sessions} sessions"
    if campaign.compilations < 2:
        return told
    return f"{told} and {text.count(campaign.compilations, 'compilation')}"


def intervals(campaign: Campaign, sessions: int) -> str:
    """Intervals in a caption, with what they cover: `95 % intervals of this session`."""
    return f"{text.percent(campaign.confidence)} intervals of {covered(campaign, sessions)}"


def figures(ratio: Ratio) -> str:
    """A ratio with its interval, where it has one: `1.88× [1.82, 1.95]`."""
    return f"{text.times_as_fast(ratio)} {text.interval(ratio)}".strip()


def compared_briefly(ratio: Ratio | None) -> str:
    """The same for a table, where there may be none."""
    return text.MISSING if ratio is None else figures(ratio)


def beyond_workers(speedup: Ratio | None, workers: int) -> str:
    """What to make of a speedup over serial on the same build that exceeds the number of workers.

    Empty for any other, and for one worker.
    """
    if speedup is None or workers < 2 or round(speedup.value, 2) <= workers:
        return ""
    exceeds = f"Exceeds {workers}, the number of workers"
    if speedup.low is None:
        return f"{exceeds}; there is no interval"
    if speedup.low <= workers:
        return f"{exceeds}; the interval includes {workers}"
    return (
        f"{exceeds}, beyond noise: together they have more cache, and each may have a smaller heap"
    )


def of_pairs(apart: Sequence[float]) -> str:
    """How far apart pairs are, as shares, in the typical one and in the worst."""
    return (
        f"median {text.percent(median_low(apart))}, max {text.percent(max(apart))} of "
        f"{text.count(len(apart), 'pair')}"
    )


def block_caution(blocks: int) -> str:
    """What so few blocks can't say; empty for enough."""
    if blocks < 2:
        return (
            "There is one block only: every ratio is what was seen once, nothing has an interval, "
            "and every result is inconclusive."
        )
    if blocks < FEWEST_BLOCKS:
        return (
            f"There are {text.count(blocks, 'block')} only, too few to call anything faster, "
            "slower or equal: intervals are wide and lean on the assumption of a log-normal "
            "spread, and the intervals of the absolute times do not "
            f"reach {text.percent(CONFIDENCE)}."
        )
    return ""


def option(setting: str) -> Code:
    """A setting as an option of the command: `--config blocks=8`."""
    return Code(text=f"--config {shlex.quote(setting)}")


def more_blocks(evidence: Evidence, lead: str) -> tuple[str | Code, ...]:
    """How to get enough blocks, after some words; empty where something else limits them.

    Where the plan, or the run, left something out, that is said with what measures it.
    """
    campaign = evidence.campaign
    is_cut = bool(campaign.left_out or evidence.tables.ended[LEFT_OUT])
    if is_cut or campaign.config.get("blocks", campaign.blocks) >= BLOCKS_FOR_VERDICTS:
        return ()
    return (lead, option(f"blocks={BLOCKS_FOR_VERDICTS}"), " to the command.")


def shown_list(items: list[object] | None) -> str:
    """A list as Python prints it, long ones without their middle; in order: 0, 1, 2, 3."""
    if items is None:
        return text.MISSING
    if not items:
        return "[] (empty)"
    shown = [text.plain(str(item), 20) for item in items]
    if len(shown) > 6:
        shown = [*shown[:3], text.ELLIPSIS, shown[-1]]
    order = "in order" if items == list(range(len(items))) else "not in order"
    return f"[{', '.join(shown)}] ({text.count(len(items), 'item')}, {order})"


def when(trials: Trials) -> str:
    """From the first trial's start to the last one's."""
    if trials.first_unix_ns is None or trials.last_unix_ns is None:
        return "no trial has been recorded"
    return text.period(trials.first_unix_ns, trials.last_unix_ns)
