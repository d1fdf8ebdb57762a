"""What a sweep leaves out where it would take too long, and that it says so."""

import copy
import math
from typing import Any

import pytest
from threads_or_processes.plan.spelling import worker_counts
from threads_or_processes.plan.thinning import (
    AFTER_TRIALS_S,
    BUDGET_S,
    Config,
    fitting,
    left_out,
    limit_s,
    thinned,
)
from threads_or_processes.records.plan import Machine

from tests.machines import PLAIN, machine

CONFIG: dict[str, Any] = {
    "blocks": 8,
    "trial": {"warmups": 3, "repetitions": 7, "amounts": [1, 3, 8]},
    "workloads": {"mine": {"function": "mine.py:name"}},
    "experiments": {
        "scaling": {"workloads": ["a", "b"], "workers": "auto"},
        "kinds": {"workloads": ["a", "mine", "c"], "workers": ["cpus"], "amounts": [1]},
        "startup": {"workloads": ["d"], "workers": [1], "blocks": 6, "repetitions": 2},
    },
}


def cost_s(config: Config, here: Machine) -> float:
    """A minute for each execution of a batch on many CPUs, a second on two."""
    executions = 0
    for experiment in config["experiments"].values():
        asked = {"blocks": config["blocks"], **config["trial"], **experiment}
        counts = len(worker_counts(asked["workers"], here))
        each = asked["warmups"] + asked["repetitions"] * sum(asked["amounts"])
        executions += asked["blocks"] * each * counts * len(asked["workloads"])
    return executions * (60.0 if here.logical_cpus > 2 else 1.0)


def within(budget_share: float) -> Config:
    """The config thinned where the whole sweep takes the budget by this factor."""
    scale = budget_share * BUDGET_S / cost_s(CONFIG, PLAIN)
    return thinned(copy.deepcopy(CONFIG), PLAIN, lambda one, on: scale * cost_s(one, on))


def test_what_fits_is_left_as_it_is() -> None:
    assert within(0.99) == CONFIG
    assert left_out(CONFIG, within(0.99), PLAIN) == ()


def test_numbers_of_workers_go_first() -> None:
    thin = within(1.2)
    assert worker_counts(thin["experiments"]["scaling"]["workers"], PLAIN) == [1, 4, 16, 64, 128]
    assert left_out(CONFIG, thin, PLAIN) == ("2 and 8 workers in scaling",)


def test_then_repetitions_blocks_and_the_largest_amount() -> None:
    blocks = within(3.5)
    assert (blocks["trial"]["warmups"], blocks["trial"]["repetitions"]) == (1, 3)
    assert 6 <= blocks["blocks"] < 8
    assert blocks["trial"]["amounts"] == [1, 3, 8]
    amounts = within(5)
    assert amounts["blocks"] == 6
    assert amounts["trial"]["amounts"] == [1, 3, 4]
    assert amounts["experiments"]["startup"]["repetitions"] == 2  # no setting grows
    assert left_out(CONFIG, amounts, PLAIN) == (
        "warm-up repetitions: 1 instead of 3",
        "repetitions: 3 instead of 7",
        "blocks: 6 instead of 8",
        "amounts of work: 1, 3 and 4 instead of 1, 3 and 8",
        "2 and 8 workers in scaling",
    )


def test_works_go_last_from_the_last_experiment_on_but_never_a_user_s_own() -> None:
    thin = thinned(CONFIG, PLAIN, lambda one, on: 1e9 * (on is PLAIN))
    works = {name: one["workloads"] for name, one in thin["experiments"].items()}
    assert works == {"scaling": ["a"], "kinds": ["a", "mine"], "startup": ["d"]}
    assert thin["trial"]["amounts"] == [1, 3]
    said = left_out(CONFIG, thin, PLAIN)
    assert {"workload b in scaling", "workload c in kinds"} <= set(said)


@pytest.mark.parametrize("factor", [1.01, 1.5, 2, 3, 4, 6, 9])
def test_no_more_is_left_out_than_the_budget_needs(factor: float) -> None:
    scale = factor * BUDGET_S / cost_s(CONFIG, PLAIN)
    forecasts: list[float] = []

    def forecast_s(one: Config, on: Machine) -> float:
        forecasts.append(scale * cost_s(one, on))
        return forecasts[-1]

    thin = thinned(CONFIG, PLAIN, forecast_s)
    assert scale * cost_s(thin, PLAIN) <= BUDGET_S
    assert scale * cost_s(thin, PLAIN) == max(f for f in forecasts[2:] if f <= BUDGET_S)


def test_what_takes_hours_on_two_cpus_may_take_as_long_on_many() -> None:
    whole_s = cost_s(CONFIG, PLAIN)

    def forecast_s(one: Config, on: Machine) -> float:
        """Six hours on many CPUs, three on two."""
        hours = 6 if on is PLAIN else 3
        return hours * BUDGET_S * cost_s(one, PLAIN) / whole_s

    thin = thinned(CONFIG, PLAIN, forecast_s)
    assert BUDGET_S < forecast_s(thin, PLAIN) <= 3 * BUDGET_S
    assert thinned(CONFIG, machine(2, 2), forecast_s) == CONFIG


def with_budget(share: float, config: dict[str, Any] = CONFIG) -> Config:
    """The config within a budget that is this share of the time that all of it takes."""
    all_s = 10 * 3600.0
    scale = all_s / cost_s(config, PLAIN)
    return fitting(config, PLAIN, lambda one, on: scale * cost_s(one, on), all_s * share)


def test_too_few_blocks_for_a_verdict_are_said() -> None:
    for share in (0.4, 0.0):
        thin = with_budget(share)
        said = " (a verdict needs 6)" in "; ".join(left_out(CONFIG, thin, PLAIN))
        assert said == (thin["blocks"] < 6)


def test_without_a_budget_all_is_measured() -> None:
    assert limit_s({"budget": None}) == math.inf
    assert fitting(CONFIG, PLAIN, lambda one, on: 1e9, math.inf) is CONFIG


@pytest.mark.parametrize("share", [0.9, 0.6, 0.4, 0.2, 0.1, 0.01])
def test_a_budget_changes_no_trial_and_keeps_whole_blocks(share: float) -> None:
    thin = with_budget(share)
    assert cost_s(thin, PLAIN) <= max(share * cost_s(CONFIG, PLAIN), cost_s(with_budget(0), PLAIN))
    assert thin["trial"] == CONFIG["trial"]
    for name, experiment in thin["experiments"].items():
        before = CONFIG["experiments"][name]
        assert set(experiment["workloads"]) <= set(before["workloads"])
        assert {**experiment, "workloads": 0, "workers": 0, "blocks": 0} == {
            **before,
            "workloads": 0,
            "workers": 0,
            "blocks": 0,
        }


def test_other_experiments_go_before_those_of_the_first_screen_and_a_user_s_own_stays() -> None:
    assert set(with_budget(0.5)["experiments"]) == {"scaling", "kinds"}
    least = with_budget(0)
    assert works(least) == {"kinds": ["mine"]}
    assert least["blocks"] == 1
    assert "experiments scaling and startup" in left_out(CONFIG, least, PLAIN)


def works(config: Config) -> dict[str, list[str]]:
    """The workloads of each experiment."""
    return {name: one["workloads"] for name, one in config["experiments"].items()}


def test_whole_workloads_go_before_the_blocks_that_a_verdict_needs() -> None:
    built_in = {**CONFIG, "workloads": {}}
    seen = {
        str(works(thin)): thin["blocks"]
        for share in range(400, 0, -1)
        for thin in [with_budget(share / 1000, built_in)]
        if thin["blocks"] >= 6
    }
    assert list(seen)[-3:] == [
        str({"scaling": ["a", "b"], "kinds": ["a"]}),
        str({"scaling": ["a"], "kinds": ["a"]}),
        str({"scaling": ["a"]}),
    ]
    least = with_budget(0, built_in)
    assert works(least) == {"scaling": ["a"]}
    assert least["blocks"] == 1


def test_no_block_is_left_out_that_has_begun() -> None:
    for begun in (4, 7):
        assert fitting(CONFIG, PLAIN, cost_s, 0.0, fewest_blocks=begun)["blocks"] == begun


def test_experiments_that_are_left_out_are_called_so() -> None:
    more = {**CONFIG["experiments"], "memory": CONFIG["experiments"]["startup"]}
    fewer = {name: more[name] for name in ("scaling", "kinds")}
    before, after = ({**CONFIG, "experiments": one} for one in (more, fewer))
    assert left_out(before, after, PLAIN) == ("experiments startup and memory",)


@pytest.mark.parametrize(("said", "seconds"), [("20min", 1200), ("1.5 h", 5400), ("1h", 3600)])
def test_a_budget_is_minutes_or_hours(said: str, seconds: float) -> None:
    assert limit_s({"budget": said}) == seconds - AFTER_TRIALS_S


def test_of_a_small_budget_an_eighth_is_for_the_report() -> None:
    assert limit_s({"budget": "2min"}) == 105
