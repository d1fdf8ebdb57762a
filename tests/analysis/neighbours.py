"""Many workers beside neighbours, simulated: each CPU has disturbed episodes of its own.

As on the host of docs/instrument.md: episodes of 0.1 to 3 s make work 1.6 times as long. Readings
before and after a batch tell the state of each CPU, with noise of their own. `python -m
tests.analysis.neighbours`, with `workflow` in PYTHONPATH, prints the table of docs/instrument.md.
"""

import heapq
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from threads_or_processes.records.imputation import (
    Chunk,
    JudgedRepetition,
    undisturbed_walls_ns,
    usable,
)
from threads_or_processes.records.vocabulary import FEWEST_QUIET

Floats = NDArray[np.float64]
SLOW_RATIO = 1.6
EPISODE_S = (0.1, 3.0)
THRESHOLD = 1.12
#: Of the higher of 0 and a normal number: a reading is never faster than its floor.
READING_RATIO = 0.02
READ_S = 0.002
WANTED = 9
PATIENCE_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A trial: its workers, a CPU each, and what they do.

    Chunks take `chunk_s` by `spread` (standard deviation, relative); those at the last place take
    `unequal` times as much longer than the mean as those at the first take less. A worker's CPU
    changes from batch to batch unless it `stays`. The parent needs `dispatch_s` for each chunk.
    """

    workers: int
    quiet_share: float
    chunk_s: float = 0.01
    spread: float = 0.015
    dispatch_s: float = 50e-6
    unequal: float = 0.0
    stays: bool = True

    @property
    def works_s(self) -> Floats:
        """What the chunks take on undisturbed CPUs, without their own variation."""
        return self.chunk_s * (1 + self.unequal * np.linspace(-1, 1, self.workers))


@dataclass(frozen=True)
class Host:
    """CPUs with their episodes: `bounds_s` (CPUs, episodes) begin those of speeds alike in shape.

    `done_s` is the undisturbed work that fits in before each bound.
    """

    bounds_s: Floats
    speeds: Floats
    done_s: Floats

    @classmethod
    def drawn(cls, rng: np.random.Generator, cpus: int, quiet_share: float) -> "Host":
        """Episodes from long before 0 until long after the end of a trial."""
        if quiet_share == 1:
            return cls(np.zeros((cpus, 1)), np.ones((cpus, 1)), np.zeros((cpus, 1)))
        shortest, longest = np.log(EPISODE_S)
        mean_s = (EPISODE_S[1] - EPISODE_S[0]) / (longest - shortest)
        episodes = 200
        busy = np.exp(rng.uniform(shortest, longest, (cpus, episodes)))
        quiet = rng.exponential(mean_s * quiet_share / (1 - quiet_share), (cpus, episodes))
        lasting = np.stack([busy, quiet], axis=2).reshape(cpus, -1)
        speeds = np.tile([1 / SLOW_RATIO, 1.0], (cpus, episodes))
        begins = np.cumsum(lasting, axis=1) - lasting
        done = np.cumsum(lasting * speeds, axis=1) - lasting * speeds
        # A moment at random in the first half is the start of the trial.
        now = rng.uniform(0.2, 0.5, (cpus, 1)) * begins[:, -1:]
        near = slice(int((begins <= now - 1).sum(axis=1).min()) - 1, None)
        return cls((begins - now)[:, near], speeds[:, near], done[:, near])

    def is_slow(self, cpus: NDArray[np.intp], at_s: Floats) -> NDArray[np.bool_]:
        """Whether these CPUs are disturbed at these moments."""
        episode = (self.bounds_s[cpus] <= at_s[:, None]).sum(axis=1) - 1
        return np.asarray(self.speeds[cpus, episode] < 1)

    def ends_s(self, cpus: NDArray[np.intp], from_s: Floats, works_s: Floats) -> Floats:
        """When work that begins then is done."""
        episode = (self.bounds_s[cpus] <= from_s[:, None]).sum(axis=1) - 1
        passed = from_s - self.bounds_s[cpus, episode]
        done = self.done_s[cpus, episode] + self.speeds[cpus, episode] * passed + works_s
        last = (self.done_s[cpus] <= done[:, None]).sum(axis=1) - 1
        left = (done - self.done_s[cpus, last]) / self.speeds[cpus, last]
        return np.asarray(self.bounds_s[cpus, last] + left)


def trial(rng: np.random.Generator, setting: Setting) -> list[JudgedRepetition]:
    """The repetitions of a trial that goes on as a real one does."""
    host = Host.drawn(rng, setting.workers, setting.quiet_share)
    every = np.arange(setting.workers)

    def read(at_s: float) -> NDArray[np.bool_]:
        noise = np.maximum(0, READING_RATIO * rng.standard_normal(setting.workers))
        slow = host.is_slow(every, np.full(setting.workers, at_s))
        return np.asarray((1 + noise) * np.where(slow, SLOW_RATIO, 1) <= THRESHOLD)

    now_s, patience_ends_s = 0.0, np.inf
    before = read(now_s)
    found: list[JudgedRepetition] = []
    while len(found) < WANTED or (sum(usable(found)) < WANTED and now_s < patience_ends_s):
        if len(found) == WANTED:
            patience_ends_s = now_s + PATIENCE_S
        cpus = every if setting.stays else rng.permutation(every)
        # The parent shares the first CPU.
        parent = SLOW_RATIO if host.is_slow(every[:1], np.array([now_s]))[0] else 1.0
        starts: Floats = now_s + setting.dispatch_s * parent * np.arange(1.0, setting.workers + 1)
        works = setting.works_s * np.exp(setting.spread * rng.standard_normal(setting.workers))
        ends = host.ends_s(cpus, starts, works)
        after_s = ends.max() + 4 * setting.dispatch_s
        after = read(after_s)
        quiet = before & after
        found.append(_judged(after_s - now_s, starts, ends, ends - starts, quiet[cpus], quiet[0]))
        now_s, before = after_s + READ_S, after
    return found


def trial_with_lock(
    rng: np.random.Generator, setting: Setting, *, locked_share: float, rounds: int = 20
) -> list[JudgedRepetition]:
    """The same where workers hold one lock for a share of their work; CPUs keep their state."""
    found = []
    for _ in range(2 * WANTED):
        quiet = rng.random(setting.workers) < setting.quiet_share
        slow = np.where(quiet, 1.0, SLOW_RATIO)
        works = setting.chunk_s * np.exp(setting.spread * rng.standard_normal(setting.workers))
        hold, private = (
            share * works * slow / rounds for share in (locked_share, 1 - locked_share)
        )
        # Out of step, or all would want it at once.
        first = private * rng.random(setting.workers)
        wants = [(setting.dispatch_s * n + first[n], n) for n in range(setting.workers)]
        heapq.heapify(wants)
        left, free_s = np.full(len(works), rounds), 0.0
        ends, starts = np.zeros(len(works)), setting.dispatch_s * np.arange(float(len(works)))
        while wants:
            at_s, worker = heapq.heappop(wants)
            free_s = max(at_s, free_s) + hold[worker]
            left[worker] -= 1
            ends[worker] = free_s + private[worker]
            if left[worker]:
                heapq.heappush(wants, (ends[worker], worker))
        runs = (hold + private) * rounds + first
        found.append(_judged(ends.max(), starts, ends, runs, quiet, is_dispatch_quiet=True))
    return found


def _judged(
    wall_s: float,
    starts: Floats,
    ends: Floats,
    runnable: Floats,
    quiet: NDArray[np.bool_],
    is_dispatch_quiet: bool,
) -> JudgedRepetition:
    is_quiet = bool(quiet.all() and is_dispatch_quiet)
    times = np.rint(np.stack([starts, ends, runnable], axis=1) * 1e9).astype(int).tolist()
    return JudgedRepetition(
        wall_ns=round(wall_s * 1e9),
        is_quiet=is_quiet,
        chunks=[
            Chunk(
                start_ns=start_ns,
                end_ns=end_ns,
                runnable_ns=runnable_ns,
                is_undisturbed=bool(ok and is_dispatch_quiet),
            )
            for (start_ns, end_ns, runnable_ns), ok in zip(times, quiet, strict=True)
        ],
    )


def value_ns(repetitions: Sequence[JudgedRepetition]) -> float | None:
    """What a trial says of undisturbed time; None where it saw too little of it."""
    known = [wall_ns for wall_ns in undisturbed_walls_ns(repetitions) if wall_ns is not None]
    return statistics.median(known) if len(known) >= FEWEST_QUIET else None


def together(repetitions: Sequence[JudgedRepetition]) -> list[JudgedRepetition]:
    """The same by the rule for few workers: all CPUs must have been quiet."""
    return [replace(repetition, chunks=()) for repetition in repetitions]


@dataclass
class Summary:
    """What trials said, relative to the truth."""

    truth_ns: float
    trials: int = 0
    ratios: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    def add(self, repetitions: Sequence[JudgedRepetition]) -> None:
        """One more trial."""
        self.trials += 1
        found = usable(repetitions)
        self.shares.append(sum(found) / len(found))
        if (known := value_ns(repetitions)) is not None:
            self.ratios.append(known / self.truth_ns)

    @property
    def bias(self) -> float:
        """Mean, relative; NaN without a value."""
        return float(np.mean(self.ratios) - 1) if self.ratios else np.nan


def truth_ns(rng: np.random.Generator, setting: Setting) -> float:
    """The median of a batch on a host without neighbours."""
    quiet = replace(setting, quiet_share=1.0)
    return statistics.median(r.wall_ns for _ in range(30) for r in trial(rng, quiet))


def summaries(
    rng: np.random.Generator, setting: Setting, trials: int
) -> tuple[Summary, Summary, float]:
    """By chunks, by all CPUs together, and how far all repetitions are from the truth."""
    by_chunks, at_once = (Summary(truth_ns(rng, setting)) for _ in range(2))
    typical = []
    for _ in range(trials):
        repetitions = trial(rng, setting)
        typical.append(statistics.median(r.wall_ns for r in repetitions))
        by_chunks.add(repetitions)
        at_once.add(together(repetitions))
    return by_chunks, at_once, float(np.mean(typical)) / by_chunks.truth_ns - 1


def _table() -> Iterator[str]:
    rng = np.random.default_rng(1)
    for quiet_share in (0.2, 0.5, 0.8, 0.95):
        for workers in (1, 2, 4, 8, 16, 32, 64, 128):
            setting = Setting(workers=workers, quiet_share=quiet_share)
            by_chunks, at_once, typical = summaries(rng, setting, 100 if workers < 64 else 50)
            cells = [f"{quiet_share:.0%}", str(workers), f"{typical:+.0%}"]
            for one in (at_once, by_chunks):
                known = len(one.ratios) / one.trials
                spread = f"{np.std(one.ratios):.1%}" if one.ratios else ""
                bias = f"{one.bias:+.1%}" if one.ratios else ""
                cells += [f"{known:.0%}", f"{np.mean(one.shares):.0%}", bias, spread]
            yield f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in _table())
