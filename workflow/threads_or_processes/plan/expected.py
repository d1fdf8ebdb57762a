"""How long trials will take, so that one knows before they begin.

The constants are measured on a virtual machine of two CPUs of 2024, rounded up. They only
predict; no result rests on them.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from threads_or_processes.common.phrases import counted, format_duration
from threads_or_processes.records.trial import repetitions_at
from threads_or_processes.records.vocabulary import Family

# From one trial to the next 0.06 s (docs/instrument.md), and the start and end of the interpreter
# under test; and of each CPU the sentinel's child.
TRIAL_S = 0.2
CPU_S = 0.0025
# Around each execution of the batch: a reading of the sentinel, usage, garbage, checksum.
REPETITION_S = 0.004
# The same work takes longer on a free-threaded build: the geometric mean of the default sweep's
# serial cells.
FREE_THREADED = 1.3
# What the rest leaves out, such as fixtures and arguments to send: a default sweep took 25.6 min by
# its records without disturbances, where 22.4 were forecast.
LEFT_OUT = 1.1


def contention(workers: int) -> float:
    """How many times as long as one worker threads without a GIL take that use one object.

    On a machine of 16 CPUs, 8 threads on 3.13t took 8 to 22 times as long as one on 3.13, and 16
    threads 11 to 100 times: list appends, a counter with a lock and one without.
    """
    return float(workers**1.5)


@dataclass(frozen=True, kw_only=True)
class StartUp:
    """What starting and ending workers costs.

    `each_s` is spent in the parent for one worker after another, `own_s` in the workers themselves,
    on as many CPUs as there are, and `once_s` by the first start in a trial.
    """

    each_s: float
    own_s: float = 0.0
    once_s: float = 0.0

    def of(self, workers: int, cpus: int) -> float:
        """Seconds for one start, besides `once_s`."""
        return self.each_s * workers + self.own_s * math.ceil(workers / cpus)


STARTUP_OF_FAMILY: dict[str, StartUp] = {
    Family.SERIAL: StartUp(each_s=0.0),
    Family.COROUTINES: StartUp(each_s=0.0),
    Family.THREADS: StartUp(each_s=0.0005, once_s=0.002),
}
STARTUP_OF_METHOD = {
    "fork": StartUp(each_s=0.0025, once_s=0.003),
    "forkserver": StartUp(each_s=0.006, once_s=0.1),
}
# `spawn`, and whatever is not known here: each worker is a new interpreter with its own imports.
COSTLIEST_STARTUP = StartUp(each_s=0.002, own_s=0.12)


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How long something takes where nothing disturbs it, and at most where much does."""

    quiet_s: float
    busy_s: float


def expected(
    *,
    family: str,
    start_method: str,
    timing: str,
    workers: int,
    cpus: int,
    warmups: int,
    repetitions: int,
    amounts: Sequence[int],
    batch_s: float,
    gain: float = 1.0,
    patience_s: float,
) -> Expected:
    """How long one trial takes, from one Snakemake job to the next.

    `batch_s` is what one execution of the batch takes where workers gain nothing, as on a busy
    machine; on a quiet one they are `gain` times as fast. On a busy machine a trial waits
    `patience_s` for a quiet moment, and after its repetitions looks that long for quiet ones.
    """
    startup = _startup(family, start_method)
    start_s = startup.of(workers, cpus)
    is_cold = timing == "cold"
    around_s = REPETITION_S + (start_s if is_cold else 0.0)
    before_s = TRIAL_S + CPU_S * cpus + startup.once_s + (0.0 if is_cold else start_s)
    counts = {amount: repetitions_at(amount, repetitions) for amount in amounts}

    def in_repetitions_s(batch_s: float) -> float:
        return warmups * (around_s + batch_s) + math.fsum(
            count * (around_s + amount * batch_s) for amount, count in counts.items()
        )

    # The last round of amounts begins just before the patience is over.
    a_round_s = math.fsum(around_s + amount * batch_s for amount in amounts)
    waiting_s = 2 * patience_s + a_round_s if patience_s else 0.0
    return Expected(
        quiet_s=LEFT_OUT * (before_s + in_repetitions_s(batch_s / gain)),
        busy_s=LEFT_OUT * (before_s + in_repetitions_s(max(batch_s, batch_s / gain))) + waiting_s,
    )


def together(trials: Iterable[Expected]) -> Expected:
    """How long trials take one after another."""
    trials = list(trials)
    return Expected(
        quiet_s=math.fsum(trial.quiet_s for trial in trials),
        busy_s=math.fsum(trial.busy_s for trial in trials),
    )


def announcement(
    cells: int,
    planned: int,
    ahead: Sequence[Expected],
    more: Sequence[Expected] = (),
    retry_pass_s: float = 0.0,
    left_out: Sequence[str] = (),
    without_builds: Sequence[str] = (),
    later: int = 0,
    limit_s: float = math.inf,
) -> str:
    """What a person wants to know before it begins, in one sentence without a full stop.

    `planned` counts all trials, `ahead` holds those that this command will measure, `more` those
    that may be added for precision, `later` counts those that it leaves for another one; on a busy
    machine there is a retry pass. Measuring ends after `limit_s`.
    """
    sentence = f"{counted(cells, 'configuration')}, {counted(planned, 'trial')} planned"
    left = len(ahead) + later
    if later or left < planned:
        sentence += f", {_or_none(left)} of them left to measure"
    if later:
        sentence += f", {_or_none(len(ahead))} by this command"
    if ahead:
        retry_pass = Expected(quiet_s=0.0, busy_s=retry_pass_s)
        whole = together([*ahead, retry_pass])
        sentence += f"; {_format_expected(whole, limit_s)}"
    if more:
        sentence += f"; up to {len(more):,} more for precision: {_format_expected(together(more))}"
    if without_builds:
        sentence += f"; left out for lack of builds: {', '.join(without_builds)}"
    if left_out:
        sentence += f"; left out to save time: {'; '.join(left_out)}"
    if ahead and whole.busy_s > limit_s:
        sentence += "; more is left out if trials take longer than planned"
    return sentence


def _or_none(number: int) -> str:
    return f"{number:,}" if number else "none"


def _format_expected(whole: Expected, limit_s: float = math.inf) -> str:
    quiet, busy = (
        format_duration(min(seconds, limit_s), before)
        for seconds, before in ((whole.quiet_s, "about"), (whole.busy_s, "up to"))
    )
    if quiet == busy:  # less than a minute
        return quiet
    return f"{quiet} on an idle machine, {busy} on a busy one"


def _startup(family: str, start_method: str) -> StartUp:
    if start_method in STARTUP_OF_METHOD:
        return STARTUP_OF_METHOD[start_method]
    if start_method == "none":
        return STARTUP_OF_FAMILY.get(family, COSTLIEST_STARTUP)
    return COSTLIEST_STARTUP
