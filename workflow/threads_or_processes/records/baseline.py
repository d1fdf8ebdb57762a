"""What a comparison with a baseline says besides its tables: baseline/baseline.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Together:
    """How all workloads moved: mean of their ratios after / before, with its interval.

    `unchanged`: these are only the workloads whose code and interpreters are the same in both.
    """

    workloads: int
    ratio: float
    low: float
    high: float
    unchanged: bool

    @property
    def moved(self) -> bool:
        """Whether they moved alike, by more than 1 %."""
        return not self.low <= 1 <= self.high and not 1 / 1.01 < self.ratio < 1.01


@dataclass(frozen=True, kw_only=True)
class EarlierState:
    """A data set that an earlier run finished, and what of it differs from the one now.

    `left_out`: why it can't be compared, in a phrase; empty where it can.
    """

    name: str
    differs: Sequence[str] = ()
    left_out: str = ""
    is_compared: bool = False


@dataclass(frozen=True, kw_only=True)
class BaselineNote:
    """The baseline, and what was not compared with it.

    `last_unix_ns`: when its last trial began. `is_itself`: nothing was measured since. `margin`:
    what counts as no difference. `states`: the earlier states, the latest first, where one of them
    is the baseline; None where it has a name. `sentinel_ratio`: time of the sentinel at its best,
    after / before. `left_out`: reasons, each with a number of configurations. `spread_from`: what
    said how far times move between sessions, besides earlier campaigns.
    """

    name: str
    last_unix_ns: int
    trials_csv_sha256: str
    margin: float
    is_itself: bool = False
    sentinel_ratio: float | None = None
    spread_from: Sequence[str] = ()
    together: Together | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    states: Sequence[EarlierState] | None = None
    schema_version: Literal[1] = 1
