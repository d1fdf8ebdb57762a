"""When the retry pass stops: simulated campaigns at the end of which trials lack quiet."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.trial.supervisor.retry_schedule import (
    LEAST_PATIENCE_S,
    MOST_TRIES,
    RetrySchedule,
    Stop,
)

BUDGET_S = 600.0
TRY_S = 2.0
TURN_S = 5.0
POLL_S = 0.25


@dataclass(frozen=True)
class Pass:
    """A finished pass."""

    schedule: RetrySchedule[int]
    stop: Stop
    seconds: float
    tries: int


def simulated(
    is_quiet: Callable[[float], bool],
    *,
    trials: int,
    suffices: Callable[[int], bool] = lambda _: True,
) -> Pass:
    """A pass with a monitor that finds the moment `t` as quiet as `is_quiet(t)`.

    A try takes `TRY_S`, and gives the trial enough if it `suffices` and all of it is quiet.
    """
    now_s, tries = 1000.0, 0
    begun_s = now_s
    schedule = RetrySchedule.of(range(trials), budget_s=BUDGET_S, now_s=now_s)
    while not (stop := schedule.stop(now_s)):
        turn_s = now_s
        while not is_quiet(now_s - begun_s) and now_s - turn_s < TURN_S:
            now_s += POLL_S
        if not is_quiet(now_s - begun_s):
            schedule.let_others_go_first()
            continue
        item = schedule.queue[0].item
        now_s += TRY_S
        tries += 1
        schedule.take_note(item, now_s, has_enough=suffices(item) and is_quiet(now_s - begun_s))
    return Pass(schedule, stop, now_s - begun_s, tries)


def test_on_a_quiet_machine_each_trial_takes_one_try() -> None:
    done = simulated(lambda _: True, trials=36)
    assert (done.stop, done.schedule.gained, done.tries) == (Stop.NONE_LEFT, 36, 36)
    assert done.seconds == 36 * TRY_S


def test_it_stops_a_minute_after_the_last_quiet_moment_where_there_were_many() -> None:
    """As in a campaign in which 25 of 36 trials soon found one, and eleven never."""
    done = simulated(lambda t: t < 25 * TRY_S, trials=36)
    assert done.stop is Stop.CHANCE_GONE
    assert done.schedule.gained >= 24
    assert done.seconds <= 25 * TRY_S + LEAST_PATIENCE_S + 3 * TURN_S


def test_where_there_never_was_one_it_stops_when_half_of_its_time_is_over() -> None:
    done = simulated(lambda _: False, trials=36)
    assert (done.stop, done.schedule.gained, done.tries) == (Stop.CHANCE_GONE, 0, 0)
    assert BUDGET_S / 2 <= done.seconds <= BUDGET_S / 2 + TURN_S


def test_trials_whose_quiet_moments_never_last_are_given_up() -> None:
    done = simulated(lambda _: True, trials=36, suffices=lambda item: item >= 5)
    assert done.stop is Stop.GIVEN_UP
    assert (done.schedule.gained, done.schedule.given_up) == (31, 5)
    assert done.tries == 31 + 5 * MOST_TRIES


def test_a_neighbour_of_four_minutes_at_the_start_is_sat_out() -> None:
    done = simulated(lambda t: t > 240, trials=36)
    assert (done.stop, done.schedule.gained) == (Stop.NONE_LEFT, 36)


def test_rare_moments_are_waited_for_until_the_time_is_over() -> None:
    """Every 40 s a moment that is long enough for one trial."""
    done = simulated(lambda t: t % 40 < TRY_S + 2 * POLL_S, trials=36)
    assert done.stop is Stop.BUDGET_OVER or done.seconds > BUDGET_S - LEAST_PATIENCE_S
    assert done.schedule.gained >= 14


@given(quiet_s=st.floats(0.5, 30), busy_s=st.floats(0, 120), trials=st.integers(1, 40))
def test_every_trial_is_accounted_for_and_the_budget_kept(
    quiet_s: float, busy_s: float, trials: int
) -> None:
    done = simulated(lambda t: t % (quiet_s + busy_s) < quiet_s, trials=trials)
    schedule = done.schedule
    assert schedule.gained + schedule.given_up + len(schedule.queue) == trials
    assert done.seconds <= BUDGET_S + TURN_S + TRY_S
    assert (done.stop is Stop.NONE_LEFT) is (schedule.gained == trials)
    assert (done.stop in (Stop.NONE_LEFT, Stop.GIVEN_UP)) is (not schedule.queue)


@given(at_s=st.floats(0, BUDGET_S), gains_s=st.lists(st.floats(0, BUDGET_S), max_size=5))
def test_without_a_gain_it_stops_when_it_said_it_would(at_s: float, gains_s: list[float]) -> None:
    schedule = RetrySchedule.of(range(9), budget_s=BUDGET_S, now_s=0.0)
    for gain_s in sorted(gain for gain in gains_s if gain <= at_s):
        schedule.take_note(0, gain_s, has_enough=True)
    left_s = schedule.left_to_stop_s(at_s)
    if left_s > 0:
        assert schedule.stop(at_s + left_s - 0.01) is None or left_s < 0.01
        assert schedule.stop(at_s + left_s + 0.01) in (Stop.CHANCE_GONE, Stop.BUDGET_OVER)


@pytest.mark.parametrize(
    ("gain_s", "now_s", "words"),
    [
        (None, 20.0, "0 complete, 3 left; no success for 20 s, stops after 280 s more without one"),
        (
            10.0,
            20.0,
            "1 complete, 2 left; no success for 10 s, stops after 50 s more without one "
            "(a minute, or twice the longest wait so far)",
        ),
        (
            290.0,
            310.0,
            "1 complete, 2 left; no success for 20 s, stops after 135 s more without one",
        ),
        (
            10.0,
            595.0,
            "1 complete, 2 left; no success for 585 s, stops after 0 s more without one "
            "(a minute, or twice the longest wait so far)",
        ),
    ],
)
def test_the_line_for_the_one_who_waits_says_why_it_waits_less_after_a_success(
    gain_s: float | None, now_s: float, words: str
) -> None:
    schedule = RetrySchedule.of(range(3), budget_s=BUDGET_S, now_s=0.0)
    if gain_s is not None:
        schedule.take_note(0, gain_s, has_enough=True)
    assert schedule.progress(now_s) == words
