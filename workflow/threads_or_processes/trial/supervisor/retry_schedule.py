"""Which trial the retry pass tries next, and when it stops: a matter of the sentinel alone.

It measures nothing and has no clock: times (s) are passed in. Rules, and why:

* A trial that was tried goes to the back, and is given up after `MOST_TRIES` tries at quiet moments
  that were too short for it: the next one would be too.
* The pass stops when its budget is over, and before that when the chance is gone. A silence (a time
  without a gain) of unknown kind lasts, as likely as not, as long again as it has lasted (Gott,
  Nature 363, 1993). So the pass stops when the silence is longer than the time that is left. After
  gains it also stops when the silence is twice the longest so far: were n + 1 silences alike, the
  last would be the longest only once in n + 1 times.
* A neighbour stays for minutes, so a silence of less than `LEAST_PATIENCE_S` means nothing.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

MOST_TRIES = 4
LEAST_PATIENCE_S = 60.0
LONGER_THAN_EVER = 2.0

Item = TypeVar("Item")


class Stop(StrEnum):
    """Why a retry pass stopped."""

    NONE_LEFT = "none is left"
    GIVEN_UP = f"each of the others had {MOST_TRIES} attempts"
    BUDGET_OVER = "its time limit is reached"
    CHANCE_GONE = "success is unlikely for the others"


@dataclass(frozen=True)
class Waiting(Generic[Item]):
    """A trial that waits for a quiet moment, and how many tries did not give it enough."""

    item: Item
    tries: int = 0


@dataclass
class RetrySchedule(Generic[Item]):
    """The trials that wait, the first one next, and what became of the others."""

    queue: deque[Waiting[Item]]
    begun_s: float
    budget_s: float
    gained: int = 0
    given_up: int = 0
    last_gain_s: float = field(init=False)
    longest_silence_s: float = 0.0

    def __post_init__(self) -> None:
        self.last_gain_s = self.begun_s

    @classmethod
    def of(cls, items: Iterable[Item], *, budget_s: float, now_s: float) -> "RetrySchedule[Item]":
        """One that begins now."""
        return cls(deque(map(Waiting, items)), begun_s=now_s, budget_s=budget_s)

    def left_s(self, now_s: float) -> float:
        """What is left of the budget."""
        return self.begun_s + self.budget_s - now_s

    def stop(self, now_s: float) -> Stop | None:
        """Why to stop now; None if there is no reason."""
        if not self.queue:
            return Stop.GIVEN_UP if self.given_up else Stop.NONE_LEFT
        if self.left_s(now_s) <= 0:
            return Stop.BUDGET_OVER
        return Stop.CHANCE_GONE if self.left_to_stop_s(now_s) <= 0 else None

    def left_to_stop_s(self, now_s: float) -> float:
        """How long it goes on from now without a gain."""
        patience_s = min(self._until_half_s(now_s), self._until_longest_s(now_s))
        at_least_s = LEAST_PATIENCE_S - self._silence_s(now_s)
        return min(self.left_s(now_s), max(at_least_s, patience_s))

    def _silence_s(self, now_s: float) -> float:
        return now_s - self.last_gain_s

    def _until_half_s(self, now_s: float) -> float:
        """How long until the silence is longer than the time that is left."""
        return (self.left_s(now_s) - self._silence_s(now_s)) / 2

    def _until_longest_s(self, now_s: float) -> float:
        """How long until the silence is too long after the others; infinite before a gain."""
        if not self.gained:
            return math.inf
        return LONGER_THAN_EVER * self.longest_silence_s - self._silence_s(now_s)

    def let_others_go_first(self) -> None:
        """The first one met no quiet moment for a while; another may wait for another kind."""
        self.queue.rotate(-1)

    def take_note(self, item: Item, now_s: float, *, has_enough: bool) -> None:
        """The first one was tried, with `item` as its best record."""
        one = replace(self.queue.popleft(), item=item)
        if has_enough:
            self.gained += 1
            self.longest_silence_s = max(self.longest_silence_s, now_s - self.last_gain_s)
            self.last_gain_s = now_s
        elif one.tries + 1 < MOST_TRIES:
            self.queue.append(replace(one, tries=one.tries + 1))
        else:
            self.given_up += 1

    def progress(self, now_s: float) -> str:
        """How far it is, for the one who waits."""
        words = f"{self.gained} complete, {len(self.queue)} left"
        if self.given_up:
            words += f", {self.given_up} given up after {MOST_TRIES} attempts"
        words += (
            f"; no success for {self._silence_s(now_s):.0f} s, "
            f"stops after {max(0.0, self.left_to_stop_s(now_s)):.0f} s more without one"
        )
        if self._until_longest_s(now_s) < self._until_half_s(now_s):
            words += " (a minute, or twice the longest wait so far)"
        return words
