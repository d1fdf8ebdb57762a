"""A round of stopping decisions, as precision/<number>.json holds it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from threads_or_processes.records.plan import PeersName


class Decision(StrEnum):
    """What becomes of peers after a round."""

    MORE = "more"  # they get more blocks
    ENOUGH = "enough"  # every interval is as narrow as asked for
    MOST = "most"  # they have as many blocks as they may
    NOTHING = "nothing"  # there is no interval, and more blocks would bring none


@dataclass(frozen=True, kw_only=True)
class Width:
    """How far an interval reaches to either side, and whose it is.

    `half_width_ratio` is 0.03 for an interval from ratio/1.03 to ratio*1.03; None with a single
    block, which has no interval. Without a baseline it is the interval of a cell's own time.
    """

    half_width_ratio: float | None
    cell: str
    baseline_cell: str | None

    @property
    def reach(self) -> float:
        """The half width as a ratio above 1; without end where there is no interval."""
        return math.inf if self.half_width_ratio is None else self.half_width_ratio


@dataclass(frozen=True, kw_only=True)
class StoppingDecision:
    """Peers after `blocks` blocks: their widest interval, and the blocks they go on to."""

    workload: str
    timing: str
    blocks: int
    widest: Width | None
    decision: Decision
    next_blocks: int


@dataclass(frozen=True, kw_only=True)
class Round:
    """The stopping decisions about all peers after the base blocks (round 1) or some more."""

    round: int
    target: float
    peers: tuple[StoppingDecision, ...]
    schema_version: Literal[1] = 1

    @cached_property
    def decisions(self) -> Mapping[PeersName, StoppingDecision]:
        """Each decision by whom it is about."""
        return {(one.workload, one.timing): one for one in self.peers}

    @property
    def blocks(self) -> dict[PeersName, int]:
        """How many blocks each peers have once what this round adds is measured."""
        return {peers: decision.next_blocks for peers, decision in self.decisions.items()}

    @property
    def continuing(self) -> set[PeersName]:
        """Who gets more blocks."""
        return {peers for peers, one in self.decisions.items() if one.decision is Decision.MORE}

    def summary(self) -> str:
        """What a person wants to know of it, in one sentence without a full stop."""
        decisions = [one.decision for one in self.peers]
        words = {
            Decision.ENOUGH: "precise enough",
            Decision.MORE: "to get more blocks",
            Decision.MOST: "not precise enough with as many blocks as allowed",
            Decision.NOTHING: "with nothing to compare",
        }
        counted = [(decisions.count(decision), text) for decision, text in words.items()]
        return (
            f"Groups of cells that are compared, by precision: {len(decisions)} in all, "
            f"{', '.join(f'{count} {text}' for count, text in counted if count)}"
        )
