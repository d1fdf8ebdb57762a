"""Every mistake in a config gets one message that names the key and the fix."""

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.config import completed, former_keys

from .conftest import CATALOGUE, Config, Work, planned


def scaling(config: Config) -> Config:
    experiment: Config = config["experiments"]["scaling"]
    return experiment


MISTAKES: list[tuple[str, Callable[[Config], object], str, str]] = [
    ("unknown key", lambda c: c.update(sed=3), "sed", "did you mean 'seed'?"),
    ("unknown inner key", lambda c: c["trial"].update(reps=3), "trial.reps", "repetitions"),
    ("missing key", lambda c: c.pop("seed"), "the config", "config.yaml"),
    ("wrong type", lambda c: c.update(blocks="many"), "blocks", "config.yaml"),
    ("no block", lambda c: c.update(blocks=0), "blocks", "config.yaml"),
    ("no worker", lambda c: scaling(c).update(workers=[0]), "workers.0", "config.yaml"),
    ("negative workers", lambda c: scaling(c).update(workers=[-2]), "workers.0", "config.yaml"),
    ("a word for workers", lambda c: scaling(c).update(workers="all"), "workers", "config.yaml"),
    ("a bare number as arm", lambda c: c.update(builds=[3.13]), "builds.0", "config.yaml"),
    ("no such arm", lambda c: c.update(builds=["3.13-gil"]), "builds.0", "config.yaml"),
    ("arms twice", lambda c: c.update(builds=["3.13", "3.13"]), "builds", "config.yaml"),
    (
        "unknown workload",
        lambda c: scaling(c).update(workloads=["cuont"]),
        "experiments.scaling.workloads",
        "did you mean 'count'? known: count, append",
    ),
    (
        "unknown model",
        lambda c: scaling(c).update(models=["process-fork"]),
        "experiments.scaling.models",
        "did you mean 'processes-fork'?",
    ),
    (
        "unknown parameter",
        lambda c: c.update(workloads={"count": {"second": 1}}),
        "workloads.count",
        "did you mean 'seconds'? known: seconds, n",
    ),
    (
        "parameter of another kind",
        lambda c: c.update(workloads={"count": {"n": "three"}}),
        "workloads.count.n",
        "its default, 3",
    ),
]


@pytest.mark.parametrize(
    ("spoil", "where", "hint"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_a_mistake_is_named_with_its_key_and_a_way_out(
    config: Config,
    spoil: Callable[[Config], object],
    where: str,
    hint: str,
) -> None:
    spoil(config)
    with pytest.raises(UserError) as raised:
        planned(config)
    assert raised.value.where.endswith(where)
    assert hint in raised.value.hint


LONG = "w" * 200_000


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"experiments": {"scaling": {"question": LONG}}}, "experiments.scaling.question"),
        (
            {"experiments": {"scaling": {"params": {"n": [LONG]}}}},
            "experiments.scaling.params.n.0",
        ),
        ({"workloads": {"count": {"function": "mine.py:work", "title": LONG}}}, "count.title"),
    ],
)
def test_a_text_without_end_is_refused_and_not_repeated(
    config: Config, changes: Config, where: str
) -> None:
    scaling(config).update(changes.get("experiments", {}).get("scaling", {}))
    config["workloads"] = changes.get("workloads", {})
    with pytest.raises(UserError, match="2000 characters") as raised:
        planned(config)
    assert raised.value.where.endswith(where)
    assert len(raised.value.what) < 500


def test_a_right_config_passes(config: Config) -> None:
    config["workloads"] = {"count": {"seconds": 1}}  # a whole number where a float is expected
    planned(config)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"params": {"colour": [1]}}, "experiments.scaling.params"),
        ({"params": {"n": [1, "two"]}}, "experiments.scaling.params.n"),
        ({"builds": ["3.14"]}, "experiments.scaling.builds"),
        ({"workers": ["many"]}, "experiments.scaling.workers"),
        ({"replicates": 0}, "experiments.scaling.replicates"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(
    config: Config,
    changes: dict[str, Any],
    where: str,
) -> None:
    config["experiments"]["scaling"] |= changes
    with pytest.raises(UserError) as raised:
        planned(config)
    assert raised.value.where is not None
    assert raised.value.where.startswith(f"config key {where}")


def test_rest_is_every_built_in_workload_that_no_experiment_names(config: Config) -> None:
    alone = planned(config)
    scaling(config)["workloads"] = ["count", "rest"]
    assert planned(config) == alone
    scaling(config)["workloads"] = ["rest"]
    assert planned(config).workloads.keys() == {"append", "count"}
    config["experiments"]["counting"] = scaling(config) | {"workloads": ["count"]}
    assert planned(config).config["experiments"]["scaling"]["workloads"] == ["append"]


def test_rest_leaves_out_what_not_every_interpreter_can_run(config: Config) -> None:
    works = {**CATALOGUE.workloads, "shy": Work(title="Shy", only_by_name=True)}
    for listed, found in (
        (["rest"], ["append", "count"]),
        (["rest", "shy"], ["append", "count", "shy"]),
    ):
        scaling(config)["workloads"] = listed
        complete = completed(config, replace(CATALOGUE, workloads=works))
        assert scaling(dict(complete))["workloads"] == found


def test_rest_is_no_work_of_the_users_own(config: Config) -> None:
    config["workloads"] = {"mine": {"function": "mine.py:work"}}
    works = {**CATALOGUE.workloads, "mine": CATALOGUE.workloads["append"]}
    scaling(config)["workloads"] = ["rest"]
    found = completed(config, replace(CATALOGUE, workloads=works))
    assert scaling(dict(found))["workloads"] == ["append", "count"]
    config["workloads"] = {"rest": {"function": "mine.py:work"}}
    with pytest.raises(UserError, match="'rest' stands for") as raised:
        planned(config)
    assert raised.value.where == "config key workloads.rest"


@pytest.mark.parametrize("place", ["", "trial.", "experiments.scaling."])
def test_a_former_key_still_works_and_its_new_name_is_told(config: Config, place: str) -> None:
    former, new = {"": ("arms", "builds"), "trial.": ("patience_s", "wait_s")}.get(
        place, ("arms", "builds")
    )
    settings = {"": config, "trial.": config["trial"]}.get(place, scaling(config))
    value = {"builds": ["3.13"], "wait_s": 0.25}[new]
    as_now = planned(config_with(config, place, new, value))
    settings[former] = value
    assert planned(config) == as_now
    (told,) = former_keys(config)
    assert f"{place}{former} " in told
    assert f"{place}{new};" in told


def config_with(config: Config, place: str, key: str, value: object) -> Config:
    """The config with another value for a key of one of its parts."""
    changed = copy.deepcopy(config)
    {"": changed, "trial.": changed["trial"]}.get(place, scaling(changed))[key] = value
    return changed
