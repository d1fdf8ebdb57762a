"""What a comparison of two cells finds, by the true ratio: its power, and its errors where it is 1.

Processes against threads. Cells differ by noise of their trials and by what their trials don't
show; a campaign measures two cells of each family twice to find that out. `python -m
tests.analysis.power`, with `workflow` in PYTHONPATH, prints the table of docs/statistics.md.
"""

import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats
from threads_or_processes.analysis.beyond_trials import Beyond, BeyondTrials, Twins, beyond_trials
from threads_or_processes.analysis.estimates import block_resamples
from threads_or_processes.analysis.ratio_estimates import RatioEstimate, estimate_ratio, t_interval
from threads_or_processes.analysis.readings import Rules, read_ratio
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import ComparisonResult, Family, Timing

from tests.analysis.simulated import FAMILIES, Floats
from tests.factories import make_cell

RATIOS = (1.0, 1.02, 1.05, 1.1, 1.2)
BLOCKS = 10
#: Standard deviation of a pair's log ratio beyond its trials: the likeliest of docs/statistics.md.
BEYOND_SD = {Family.SERIAL: 0.0, Family.THREADS: 0.0038, Family.PROCESSES: 0.0086}
PAIRS_OF_FAMILY = 2
THREADS = make_cell("json", "threads", 2, "3.13")
PROCESSES = make_cell("json", "processes-fork", 2, "3.13")
RULES = Rules(margin=0.05, confidence=0.95)


@dataclass(frozen=True)
class Campaign:
    """A comparison of threads with processes, and the pairs of its A/A control."""

    threads: Floats
    processes: Floats
    twins: Sequence[Twins]

    @classmethod
    def drawn(
        cls, rng: np.random.Generator, noise: str, ratio: float, beyond_times: float = 1.0
    ) -> "Campaign":
        """Threads are `ratio` times as fast; `beyond_times` multiplies what trials don't show."""

        def cell(family: Family) -> Floats:
            beyond = beyond_times * BEYOND_SD[family] / math.sqrt(2) * rng.standard_normal()
            return np.asarray(np.log(FAMILIES[noise].trial_medians(rng, (BLOCKS,))) + beyond)

        def pair(family: Family) -> Twins:
            log_ratios = cell(family) - cell(family)
            return Twins(
                kind=(family, Timing.WARM),
                log_ratio=float(log_ratios.mean()),
                standard_error=float(log_ratios.std(ddof=1) / math.sqrt(BLOCKS)),
            )

        return cls(
            threads=cell(Family.THREADS),
            processes=cell(Family.PROCESSES) + math.log(ratio),
            twins=[pair(family) for family in BEYOND_SD for _ in range(PAIRS_OF_FAMILY)],
        )

    @property
    def samples(self) -> Paired:
        """Block by block: above 0 where threads are faster."""
        return Paired(self.processes, self.threads)

    def estimate(self, beyond: Beyond) -> RatioEstimate:
        """How many times faster threads are."""
        return estimate_ratio(self.samples, confidence=RULES.confidence, beyond=beyond)


def result(campaign: Campaign, *, with_control: bool) -> ComparisonResult:
    """What is said of it, with or without the campaign's own A/A control."""
    known = beyond_trials(campaign.twins) if with_control else BeyondTrials()
    return read_ratio(campaign.estimate(between(known)), RULES)


def between(known: BeyondTrials) -> Beyond:
    """What the trials of the two cells don't show."""
    cells: tuple[Cell, Cell] = (THREADS, PROCESSES)
    return known.between(*cells)


def result_by_noise_floor(campaign: Campaign) -> ComparisonResult:
    """By the rule that this one replaced, for comparison.

    Student's t and a percentile bootstrap of the ratio of medians must both be beyond the margin,
    and the ratio further from it than the greatest of twenty A/A pairs of parallel cells.
    """
    squares = [t.log_ratio**2 for t in campaign.twins if t.kind[0] is not Family.SERIAL]
    floor = float(stats.t.ppf(0.975, len(squares))) * math.sqrt(float(np.mean(squares)))
    ratio = campaign.samples.log_mean
    ends = {}
    for level in (RULES.confidence, 2 * RULES.confidence - 1):
        student = t_interval(campaign.samples, Beyond(), level)
        drawn = block_resamples(BLOCKS)
        medians = np.median(campaign.processes[drawn], axis=1)
        medians -= np.median(campaign.threads[drawn], axis=1)
        low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
        ends[level] = min(math.log(student.low), low), max(math.log(student.high), high)
    (low, high), (narrow_low, narrow_high) = ends.values()
    margin = RULES.log_margin
    if low > margin and ratio - margin > floor:
        return ComparisonResult.FASTER
    if high < -margin and -ratio - margin > floor:
        return ComparisonResult.SLOWER
    if -margin <= narrow_low and narrow_high <= margin and abs(ratio) + floor <= margin:
        return ComparisonResult.EQUAL
    return ComparisonResult.INCONCLUSIVE


def results(
    noise: str, ratio: float, data_sets: int, *, beyond_times: float = 1.0
) -> dict[str, Counter[ComparisonResult]]:
    """How often each rule says what: without a control, with one, and by the noise floor."""
    rng = np.random.default_rng(20261126)
    found = {name: Counter[ComparisonResult]() for name in ("default", "control", "floor")}
    for _ in range(data_sets):
        campaign = Campaign.drawn(rng, noise, ratio, beyond_times)
        found["default"][result(campaign, with_control=False)] += 1
        found["control"][result(campaign, with_control=True)] += 1
        found["floor"][result_by_noise_floor(campaign)] += 1
    return found


def rows(data_sets: int) -> list[str]:
    """The table of docs/statistics.md."""
    lines = [
        "| noise | true ratio | faster | faster, perhaps slightly | no difference, no slowdown "
        "| other | faster, by the noise floor | no difference, by it |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for noise in FAMILIES:
        for ratio in RATIOS:
            found = results(noise, ratio, data_sets)
            new, old = found["control"], found["floor"]
            weak = new[ComparisonResult.EQUAL] + new[ComparisonResult.NO_SLOWDOWN]
            counts = (
                new[ComparisonResult.FASTER],
                new[ComparisonResult.FASTER_SOMEWHAT],
                weak,
                data_sets
                - new[ComparisonResult.FASTER]
                - new[ComparisonResult.FASTER_SOMEWHAT]
                - weak,
                old[ComparisonResult.FASTER],
                old[ComparisonResult.EQUAL],
            )
            shares = " | ".join(f"{count / data_sets:.0%}" for count in counts)
            lines.append(f"| {noise} | {ratio:.2f} | {shares} |".replace("%", " %"))
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join([*rows(1000), ""]))
