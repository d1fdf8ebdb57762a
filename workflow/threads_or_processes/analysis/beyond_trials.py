"""What two measurements of one cell differ by beyond what their trials show.

A cell's trials differ from each other, but they can't show what they all share. A cell that is
measured as two (A/A control) does show it: the variance of the pairs' log ratios, less what their
trials account for. It widens every interval.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import optimize

from threads_or_processes.analysis.estimates import Floats
from threads_or_processes.records.plan import Cell
from threads_or_processes.records.vocabulary import SERIAL, Family, StartMethod, Timing

#: Cells by what their variance depends on: how they work, and what is in their times.
Kind = tuple[Family, Timing]
#: The kinds of a pair of cells, and whether they run on different builds.
PairKind = tuple[frozenset[Kind], bool]


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """A variance of a log ratio, and the degrees of freedom with which it is known."""

    variance: float = 0.0
    freedom: float = math.inf


@dataclass(frozen=True, kw_only=True)
class Twins:
    """Two measurements of one cell: their log ratio, and its standard error by their trials."""

    kind: Kind
    log_ratio: float
    standard_error: float


#: Standard deviation of a pair's log ratio, from 34 pairs a kind in five earlier campaigns; the
#: docs have the likely ranges (docs/statistics.md, "Beyond the trials").
_PRIOR_SD = {Family.SERIAL: 0.0025, Family.THREADS: 0.006, Family.PROCESSES: 0.012}
#: No pair was measured cold: about twice the largest of the others.
_COLD_PRIOR_SD = 0.025
#: So few, because those campaigns ran on one kind of machine, and their trials vary more than this.
PRIOR_FREEDOM = 4.0


def kind_of(cell: Cell) -> Kind:
    """A cell's kind. Whatever works within one process is like threads."""
    if cell.model == SERIAL:
        return Family.SERIAL, cell.timing
    has_processes = cell.start_method is not StartMethod.NONE
    return Family.PROCESSES if has_processes else Family.THREADS, cell.timing


def _prior(kind: Kind) -> Beyond:
    family, timing = kind
    deviation = _PRIOR_SD[family] if timing is Timing.WARM else _COLD_PRIOR_SD
    return Beyond(variance=deviation**2, freedom=PRIOR_FREEDOM)


@dataclass(frozen=True, kw_only=True)
class BeyondTrials:
    """The variance of pairs by kind; where none was measured, that of earlier campaigns.

    Without anything it is the documented default, never zero. `of_groups` is what several sessions
    and compilations add, each, to the variance of a mean (`analysis.groups_of_blocks`).
    """

    of_kind: Mapping[Kind, Beyond] = field(default_factory=dict)
    of_groups: Sequence[Mapping[PairKind, Beyond]] = ()

    def between(self, cell: Cell, baseline: Cell) -> Beyond:
        """Of the log ratio of two cells: half of each kind's, for each has one cell in it.

        And what groups of blocks add.
        """
        parts = []
        for kind in (kind_of(cell), kind_of(baseline)):
            of_pairs = self.of_kind.get(kind) or _prior(kind)
            parts.append((of_pairs.variance / 2, of_pairs.freedom))
        for of_groups in self.of_groups:
            groups = of_groups.get(pair_kind(cell, baseline))
            if groups is not None:
                parts.append((groups.variance, groups.freedom))
        return Beyond(variance=sum(part for part, _ in parts), freedom=joint_freedom(parts))


def pair_kind(cell: Cell, baseline: Cell) -> PairKind:
    """What the variance of a pair of cells between groups of blocks depends on."""
    return frozenset({kind_of(cell), kind_of(baseline)}), cell.arm != baseline.arm


def beyond_trials(twins: Iterable[Twins]) -> BeyondTrials:
    """The variance of each kind, by its pairs and by those of earlier campaigns together."""
    of_kind: dict[Kind, list[Twins]] = {}
    for pair in twins:
        of_kind.setdefault(pair.kind, []).append(pair)
    return BeyondTrials(of_kind={kind: _pooled(kind, found) for kind, found in of_kind.items()})


def _pooled(kind: Kind, pairs: Sequence[Twins]) -> Beyond:
    """The likeliest variance, with the earlier campaigns as a scaled inverse chi-squared prior.

    A pair's log ratio is normal with mean 0 and variance v + its squared standard error. A pair is
    worth (v / (v + its squared standard error))^2 degrees of freedom: one whose trials vary
    much says little (maximum likelihood of a variance component: Harville, J. Am. Stat. Assoc. 72,
    1977; the prior: Gelman et al., "Bayesian Data Analysis", 2013, chapter 2).
    """
    prior = _prior(kind)
    squares = np.array([pair.log_ratio**2 for pair in pairs])
    errors = np.array([pair.standard_error**2 for pair in pairs])

    def worth(variance: float) -> Floats:
        return np.asarray((variance / (variance + errors)) ** 2)

    def slope(variance: float) -> float:
        of_pairs = worth(variance) * (squares - errors - variance)
        return prior.freedom * (prior.variance - variance) + float(of_pairs.sum())

    # Between almost nothing, where 0 / 0 is avoided, and more than either side says.
    least, most = 1e-6 * prior.variance, prior.variance + float(squares.max())
    variance = optimize.brentq(slope, least, most, xtol=1e-12)
    return Beyond(variance=variance, freedom=prior.freedom + float(worth(variance).sum()))


def joint_freedom(parts: Sequence[tuple[float, float]]) -> float:
    """Degrees of freedom of a sum of variances, each with its own; where all are zero, the fewest.

    Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics 2,
    1946.
    """
    total = sum(variance for variance, _ in parts)
    if total == 0:
        return min(freedom for _, freedom in parts)
    below = sum(variance**2 / freedom for variance, freedom in parts)
    return total**2 / below if below > 0 else math.inf
