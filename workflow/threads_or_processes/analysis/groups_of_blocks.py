"""By how much a ratio moves from one group of blocks to another: sessions, and compilations.

Trials of one group share what its blocks share, and can't show it: the boot and the neighbours of a
session, the link order of a compilation. Only a campaign of several groups shows what that does to
a ratio; then intervals cover it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from threads_or_processes.analysis.beyond_trials import Beyond, PairKind, pair_kind
from threads_or_processes.analysis.contrasts import planned_contrasts
from threads_or_processes.analysis.trial_values import Times
from threads_or_processes.records.plan import Plan

#: The group of each block, from 1.
Groups = Mapping[int, int]


def between_groups(plan: Plan, times: Times, groups: Groups) -> Mapping[PairKind, Beyond]:
    """What groups add to the variance of a mean log ratio, for each kind of pair.

    Pooled over the planned contrasts of a kind. Their degrees of freedom are those of one contrast
    a workload, as contrasts of one workload share cells. Empty for a single group.
    """
    if len(set(groups.values())) < 2:
        return {}
    found: dict[PairKind, list[tuple[float, str]]] = defaultdict(list)
    for contrast in planned_contrasts(plan):
        cell, baseline = contrast.cell, contrast.baseline
        on_basis = times.on(times.basis(cell.id, baseline.id))
        of_cell, of_baseline = on_basis.get(cell.id, {}), on_basis.get(baseline.id, {})
        by_group: dict[int, list[float]] = defaultdict(list)
        for block in of_cell.keys() & of_baseline.keys():
            by_group[groups[block]].append(float(np.log(of_baseline[block] / of_cell[block])))
        variance = group_variance(by_group.values())
        if variance is not None:
            found[pair_kind(cell, baseline)].append((variance, cell.workload))
    sizes = np.unique(list(groups.values()), return_counts=True)[1]
    share = float(np.sum(sizes**2) / np.sum(sizes) ** 2)
    return {
        kind: Beyond(
            variance=share * max(0.0, float(np.mean([variance for variance, _ in of_kind]))),
            freedom=(sizes.size - 1) * len({workload for _, workload in of_kind}),
        )
        for kind, of_kind in found.items()
    }


def group_variance(groups: Iterable[Sequence[float]]) -> float | None:
    """The variance of groups' means that their blocks do not explain; it may be negative.

    The analysis of variance estimator for groups of unequal size (Searle, Casella and McCulloch,
    "Variance Components", 1992, chapter 3). None below two groups, or with one block in each.
    """
    filled = [np.asarray(one, dtype=np.float64) for one in groups if len(one)]
    sizes = np.array([group.size for group in filled])
    total = int(sizes.sum())
    if len(filled) < 2 or total <= len(filled):
        return None
    means = np.array([group.mean() for group in filled])
    within = sum(float(((group - group.mean()) ** 2).sum()) for group in filled)
    within /= total - len(filled)
    grand = float(sizes @ means) / total
    between = float(sizes @ (means - grand) ** 2)
    return (between - (len(filled) - 1) * within) / (total - float(sizes @ sizes) / total)
