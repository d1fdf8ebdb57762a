"""How long trials are expected to take, and the sentence that says so."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.plan.expected import (
    Expected,
    announcement,
    expected,
    together,
)

TRIAL: dict[str, Any] = {
    "family": "threads",
    "start_method": "none",
    "timing": "warm",
    "workers": 2,
    "cpus": 4,
    "warmups": 2,
    "repetitions": 5,
    "amounts": [1],
    "batch_s": 0.02,
    "patience_s": 0.5,
}

trials = st.fixed_dictionaries(
    {
        "family": st.sampled_from(["serial", "threads", "processes", "coroutines", "interpreters"]),
        "start_method": st.sampled_from(["none", "fork", "forkserver", "spawn", "one not known"]),
        "timing": st.sampled_from(["warm", "cold"]),
        "workers": st.integers(1, 512),
        "cpus": st.integers(1, 256),
        "warmups": st.integers(0, 20),
        "repetitions": st.integers(1, 100),
        "amounts": st.lists(st.integers(1, 30)).map(lambda amounts: sorted({1, *amounts})),
        "batch_s": st.floats(0, 10),
        "patience_s": st.just(0.0) | st.floats(0, 60),
    }
)


@given(trial=trials)
def test_a_busy_machine_is_never_sooner_done(trial: dict[str, Any]) -> None:
    one = expected(**trial)
    work_s = (trial["warmups"] + trial["repetitions"]) * trial["batch_s"]
    assert work_s < one.quiet_s <= one.busy_s


@given(trial=trials, setting=st.sampled_from([*TRIAL][3:]))
def test_more_of_anything_but_cpus_takes_no_less(trial: dict[str, Any], setting: str) -> None:
    if setting == "cpus":
        return
    before = trial[setting]
    more_of_it = [*before, before[-1] + 1] if isinstance(before, list) else before + 1
    less, more = expected(**trial), expected(**trial | {setting: more_of_it})
    assert more.quiet_s >= less.quiet_s
    assert more.busy_s >= less.busy_s


def test_what_is_started_each_time_is_paid_each_time() -> None:
    def quiet_s(**settings: Any) -> float:
        return expected(**TRIAL | settings).quiet_s

    spawning = {"family": "processes", "start_method": "spawn"}
    assert quiet_s(timing="cold", **spawning) - quiet_s(**spawning) > 5 * 0.1
    # Interpreters start side by side as far as there are CPUs.
    assert quiet_s(workers=8, **spawning) - quiet_s(workers=4, **spawning) > 0.1
    assert quiet_s(workers=4, **spawning) - quiet_s(workers=1, **spawning) < 0.1
    assert quiet_s(family="processes", start_method="fork") < quiet_s(**spawning)


def test_without_patience_a_busy_machine_costs_no_more() -> None:
    one = expected(**TRIAL | {"patience_s": 0.0})
    assert one.busy_s == pytest.approx(one.quiet_s)


def test_the_times_of_a_measured_sweep_lie_in_between() -> None:
    """On two CPUs with neighbours 132 trials took 136 s, 6 of them the notebook's."""
    quick = TRIAL | {"cpus": 2}
    replay = quick | {"timing": "cold", "warmups": 0, "repetitions": 1, "patience_s": 0.0}
    whole = together([expected(**quick)] * 126 + [expected(**replay | {"batch_s": 2.0})] * 6)
    assert whole.quiet_s < 136 < whole.busy_s


@pytest.mark.parametrize(
    ("planned", "ahead", "sentence"),
    [
        (
            1920,
            [Expected(quiet_s=0.6, busy_s=1.4)] * 1920,
            "224 configurations, 1,920 trials planned; "
            "about 19 min on an idle machine, up to 45 min on a busy one",
        ),
        (
            1920,
            [Expected(quiet_s=60.0, busy_s=5400.0)],
            "224 configurations, 1,920 trials planned, 1 of them left to measure; "
            "about 1 min on an idle machine, up to 1 h 30 min on a busy one",
        ),
        (
            1,
            [Expected(quiet_s=1.0, busy_s=2.0)],
            "224 configurations, 1 trial planned; less than a minute",
        ),
        (1920, [], "224 configurations, 1,920 trials planned, none of them left to measure"),
    ],
)
def test_the_sentence(planned: int, ahead: list[Expected], sentence: str) -> None:
    assert announcement(224, planned, ahead) == sentence


@pytest.mark.parametrize(
    ("ahead", "later", "said"),
    [
        (0, 6, "6 trials planned, 6 of them left to measure, none by this command"),
        (1, 5, "6 trials planned, 6 of them left to measure, 1 by this command; less than a"),
        (1, 2, "6 trials planned, 3 of them left to measure, 1 by this command; less than a"),
    ],
)
def test_what_is_left_for_another_command_is_not_called_done(
    ahead: int, later: int, said: str
) -> None:
    short = Expected(quiet_s=1.0, busy_s=2.0)
    assert said in announcement(2, 6, [short] * ahead, later=later)


@pytest.mark.parametrize(("limit_s", "is_said"), [(299.0, True), (300.0, False)])
def test_what_a_busy_machine_may_leave_out_is_said_beforehand(
    limit_s: float, is_said: bool
) -> None:
    said = announcement(2, 6, [Expected(quiet_s=60.0, busy_s=300.0)], limit_s=limit_s)
    assert "about 1 min on an idle machine, up to 5 min on a busy one" in said
    assert ("; more is left out if trials take longer than planned" in said) == is_said
    assert "more is left out" not in announcement(2, 6, [], limit_s=limit_s)


@pytest.mark.parametrize(
    ("ahead", "sentence"),
    [
        (
            [Expected(quiet_s=60.0, busy_s=5400.0)],
            "2 configurations, 20 trials planned, 1 of them left to measure; "
            "about 1 min on an idle machine, up to 1 h 30 min on a busy one; ",
        ),
        ([], "2 configurations, 20 trials planned, none of them left to measure; "),
    ],
)
def test_what_may_be_added_is_said_apart(ahead: list[Expected], sentence: str) -> None:
    more = [Expected(quiet_s=60.0, busy_s=120.0)] * 5
    assert announcement(2, 20, ahead, more) == (
        f"{sentence}up to 5 more for precision: "
        "about 5 min on an idle machine, up to 10 min on a busy one"
    )
