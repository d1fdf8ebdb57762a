"""Sentences are made here and nowhere else: measured values in, words a person would say out."""

from enum import StrEnum

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Arm, Campaign, Family, Model
from threads_or_processes.reporting.rows import Ratio, Reading

_FAMILY_MEANINGS = {
    Family.SERIAL: "a plain loop in one thread; the baseline of every speed-up",
    Family.THREADS: "threads of one process, which share its memory",
    Family.PROCESSES: "processes, each with an interpreter and a memory of its own",
    Family.COROUTINES: "one thread that turns to another task wherever a task waits",
    Family.INTERPRETERS: "threads of one process, each with an interpreter of its own",
}

_START_METHOD_MEANINGS = {
    "none": "",
    "fork": "started as copies of the parent",
    "forkserver": "started as copies of a clean server",
    "spawn": "each started as a new program",
}

_WORKER_KINDS = {"smt": "> cores", "oversubscribed": "> CPUs", "over_quota": "> quota"}

_CONTRASTS = {
    "speedup_reference": "Against serial on {reference}",
    "speedup_own": "Against serial on the same arm",
    "threads_over_processes": "Threads against processes, same number of workers and same arm",
    "threads_over_others": "Threads against other ways without processes, same workers and arm",
    "arm_build": "The price of the free-threaded build, its lock still on",
    "arm_lock": "What removing the lock does, on the free-threaded build",
    "arm_total": "The free-threaded build without its lock against the standard build",
}

_CONTRAST_NOTES = {
    "speedup_reference": "Above 1: the cell beats the plain loop on the standard build.",
    "speedup_own": "Above 1: the cell beats the plain loop on its own interpreter.",
    "threads_over_processes": "Above 1: threads are faster than processes.",
    "threads_over_others": "Above 1: the pool of threads is faster than the other way.",
    "arm_build": "Below 1: the free-threaded build costs time before any lock is removed.",
    "arm_lock": "Above 1: the same build is faster without the lock.",
    "arm_total": "Above 1: changing the interpreter alone makes the same program faster.",
}

_OUTCOMES = {
    "planned": "planned",
    "ok": "ok",
    "timeout": "took longer than the time limit",
    "crashed": "the process died",
    "raised": "the work raised an exception",
    "wrong_result": "the results differ from serial",
    "wrong_gil": "the GIL was not in the state that the arm asks for",
    "worker_died": "a worker process died",
    "missing": "no record",
}

_READINGS = {
    Reading.FASTER: "faster",
    Reading.SLOWER: "slower",
    Reading.EQUAL: "equal",
    Reading.UNRESOLVED: "not settled",
}

_FLAGS = {
    "variable": "varies from trial to trial",
    "unstable": "varies much from trial to trial",
    "bimodal": "trials fall into two groups, one slower than the other",
    "drifting": "trials drift in the order in which they ran",
    "warming_up": "the first repetitions that count are still slower",
    "disturbed": "too little quiet time, so typical times stand in",
    "failures": "some trials failed",
    "lost_updates": "updates were lost",
}

_HEALTH = {
    "any": "anything of the following",
    "cgroup_throttling": "the control group's quota held the trial back",
    "clock_source_changed": "the clock source changed",
    "cpu_pressure": "tasks waited for a CPU",
    "io_pressure": "tasks waited for a disk",
    "load": "other programs used the CPUs",
    "memory_pressure": "tasks waited for memory",
    "out_of_memory_kill": "memory ran out and the kernel ended a process",
    "slow_clock_source": "reading the clock takes a system call",
    "steal": "the host gave CPU time to others",
    "swapping": "memory was swapped",
    "thermal_throttling": "a CPU was slowed for its heat",
}

WEAK_BLOCKS = 6
"""Below six blocks no order-statistic interval of a median reaches 95 %."""


class Status(StrEnum):
    """What a decision comes to."""

    GAIN = "gain"
    NO_GAIN = "no-gain"
    OPEN = "open"
    NO_DATA = "no-data"


STATUS_WORDS = {
    Status.GAIN: "Gains",
    Status.NO_GAIN: "No gain",
    Status.OPEN: "Not settled",
    Status.NO_DATA: "No data",
}

STATUS_ICONS = {Status.GAIN: "▲", Status.NO_GAIN: "=", Status.OPEN: "?", Status.NO_DATA: "–"}


def sentence(words: str) -> str:
    """Words with a capital letter and a full stop."""
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith((".", "?", "!")) else ".")


def capital(words: str) -> str:
    """Words with a capital letter."""
    return words[:1].upper() + words[1:]


def model_kind(model: Model) -> str:
    """What a model has in common with others: its family and how its workers start."""
    return model.family + (f", {model.start_method}" if model.start_method != "none" else "")


def model_meaning(model: Model) -> str:
    """What a model does."""
    parts = (_FAMILY_MEANINGS[model.family], _START_METHOD_MEANINGS.get(model.start_method, ""))
    return ", ".join(part for part in parts if part)


def workers(count: int, kind: str) -> str:
    """A number of workers for a table, with what it exceeds: cores, CPUs or the quota."""
    exceeded = _WORKER_KINDS.get(kind, "").replace(" ", text.SPACE)
    return f"{count}{text.SPACE}({exceeded})" if exceeded else str(count)


def choice(name: str, workers: int | None) -> str:
    """A way to run the work: `processes (fork), 2 workers`; serial has no number of workers."""
    return name if workers is None else f"{name}, {text.count(workers, 'worker')}"


def either(first: tuple[str, int | None], second: tuple[str, int | None]) -> str:
    """Two ways that do equally well, by family and workers, the simpler one first."""
    simple, other = sorted((first, second), key=lambda way: list(Family).index(Family(way[0])))
    if simple[1] == other[1]:
        return f"{simple[0]} or {choice(*other)}"
    return f"{choice(*simple)}, or {choice(*other)}"


def reading_word(reading: str) -> str:
    """A reading as a table shows it."""
    return _READINGS.get(Reading(reading), reading) if reading in set(Reading) else text.MISSING


def outcome_word(outcome: str) -> str:
    """A way for a trial to end, in words."""
    return _OUTCOMES.get(outcome) or text.plain(outcome.replace("_", " "))


def flag_words(flags: str) -> str:
    """The warnings about a cell, in words; empty for none."""
    return "; ".join(_FLAGS.get(flag, flag.replace("_", " ")) for flag in flags.split())


def health_flag(flag: str) -> str:
    """What was odd with the machine, in words."""
    return _HEALTH.get(flag) or text.plain(flag.replace("_", " "))


def contrast_title(contrast: str, reference_arm: str) -> str:
    """The question a family of ratios answers."""
    known = _CONTRASTS.get(contrast)
    return known.format(reference=reference_arm) if known else contrast.replace("_", " ")


def contrast_note(contrast: str) -> str:
    """How to read a family of ratios; empty for one this report has no words for."""
    return _CONTRAST_NOTES.get(contrast, "")


def arm_meaning(arm: Arm) -> str:
    """What an arm is for."""
    if not arm.free_threaded:
        return f"Python {arm.version}, the standard build: one thread at a time runs Python code."
    if arm.gil:
        return (
            f"Python {arm.version}, the free-threaded build with its lock switched on (-X gil=1): "
            "tells the price of the build from the effect of removing the lock."
        )
    return f"Python {arm.version}, the free-threaded build: threads run Python code side by side."


def arm_title(arm: Arm) -> str:
    """The heading of an arm's column."""
    return "free-threaded build" if arm.free_threaded else "standard build"


def blocks(campaign: Campaign) -> str:
    """How many blocks the cells have that are decided by: `10 blocks`, `6 to 10 blocks`."""
    counts = [cell.blocks for cell in campaign.cells if cell.timing == "warm"]
    if len(set(counts)) < 2:
        return text.count(campaign.blocks, "block")
    return f"{text.between(min(counts), max(counts))}{text.SPACE}blocks"


def compared(ratio: Ratio, than: str, *, margin: float) -> str:
    """How something compares with `than`: `1.9× faster than serial [1.8, 2.0]`.

    Without an interval the ratio is only what was seen, and the words say so.
    """
    if not ratio.has_interval:
        seen = ratio if ratio.value >= 1 else ratio.inverted()
        direction = "faster" if ratio.value >= 1 else "slower"
        return f"seen {text.times_as_fast(seen)} {direction} than {than}, with no interval"
    if ratio.reading is Reading.FASTER:
        return f"{text.times_as_fast(ratio)} faster than {than} {text.interval(ratio)}"
    if ratio.reading is Reading.SLOWER:
        turned = ratio.inverted()
        return f"{text.times_as_fast(turned)} slower than {than} {text.interval(turned)}"
    figures = f"{text.times_as_fast(ratio)} {text.interval(ratio)}"
    if ratio.reading is Reading.EQUAL:
        return f"as fast as {than} within {text.percent(margin)}: {figures}"
    return f"not settled against {than}: {figures}"


def against_serial(models: str, ratio: Ratio, *, margin: float) -> str:
    """What a whole family of models does for a workload: `threads gain nothing`."""
    if not ratio.has_interval or ratio.reading is Reading.UNRESOLVED:
        figures = f"{text.times_as_fast(ratio)} {text.interval(ratio)}".strip()
        return f"whether {models} gain is not settled ({figures})"
    if ratio.reading is Reading.FASTER:
        return f"{models} gain {text.times_as_fast(ratio)} {text.interval(ratio)}"
    if ratio.reading is Reading.SLOWER:
        turned = ratio.inverted()
        return f"{models} lose: {text.times_as_fast(turned)} slower {text.interval(turned)}"
    return f"{models} gain nothing (within {text.percent(margin)} of serial)"


def compared_briefly(ratio: Ratio | None) -> str:
    """A ratio with its interval, for a table: `1.9× [1.8, 2.0]`."""
    if ratio is None:
        return text.MISSING
    return f"{text.times_as_fast(ratio)} {text.interval(ratio)}".strip()


def runner_up(advantage: Ratio, other: str, *, margin: float) -> str:
    """How the best way compares with the best of the other families."""
    if not advantage.has_interval:
        return f"next best: {other}; one block can't tell them apart"
    if advantage.reading is Reading.FASTER:
        figures = f"{text.times_as_fast(advantage)} {text.interval(advantage)}"
        return f"{figures} faster than the runner-up, {other}"
    if advantage.reading is Reading.SLOWER:
        turned = advantage.inverted()
        figures = f"{text.times_as_fast(turned)} {text.interval(turned)}"
        return f"block by block the runner-up, {other}, is {figures} faster"
    figures = f"{text.times_as_fast(advantage)} {text.interval(advantage)}"
    if advantage.reading is Reading.EQUAL:
        return f"next best, {other}: the same within {text.percent(margin)}, {figures}"
    return f"not settled against the runner-up, {other}: {figures}"


def block_caution(blocks: int) -> str:
    """What so few blocks can't say; empty for enough."""
    if blocks < 2:
        return (
            "There is one block only: every ratio is what was seen once, nothing has an interval, "
            "and nothing can be called settled."
        )
    if blocks < WEAK_BLOCKS:
        return (
            f"There are {text.count(blocks, 'block')} only, too few to call anything faster, "
            "slower or equal: intervals are wide and lean on the assumption of a log-normal "
            "spread, and the intervals of the absolute times do not "
            f"reach {text.percent(0.95)}. More blocks settle more."
        )
    return ""


def in_order(items: list[object]) -> bool:
    """Whether the items are 0, 1, 2 … in order."""
    return items == list(range(len(items)))


def shown_list(items: list[object] | None) -> str:
    """A list as Python prints it, long ones with their middle left out, and whether in order."""
    if items is None:
        return text.MISSING
    if not items:
        return "[] (empty)"
    shown = [text.plain(str(item), 20) for item in items]
    if len(shown) > 6:
        shown = [*shown[:3], text.ELLIPSIS, shown[-1]]
    order = "in order" if in_order(items) else "not in order"
    return f"[{', '.join(shown)}] ({text.count(len(items), 'item')}, {order})"
