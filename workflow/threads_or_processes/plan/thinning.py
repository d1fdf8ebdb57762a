"""What a sweep leaves out where it would take too long.

A batch grows with the CPUs, so work that one worker does alone takes as much longer. Steps that
cost a reader little come first, and no more of them are taken than the budget needs.

A user's own budget leaves out blocks, experiments and workloads, and changes no trial: those that
were measured count when the sweep goes on without a budget.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from threads_or_processes.plan.config import own_works
from threads_or_processes.plan.spelling import few_counts, worker_counts
from threads_or_processes.records.plan import Machine
from threads_or_processes.records.topology import Topology
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    FEWEST_QUIET,
    KINDS,
    SCALING,
)

#: The longest that a sweep shall take on a quiet machine.
BUDGET_S = 3600.0
#: Of a user's budget, what is kept at most for tables, figures and report.
AFTER_TRIALS_S = 60.0
#: And as a share: few trials are soon analysed, 78 of a run of 3 min within 10 s on two CPUs.
AFTER_TRIALS_SHARE = 0.125
_UNITS_S = {"min": 60.0, "h": 3600.0}

Config = Mapping[str, Any]
#: How long (s) the sweep of a config takes on a quiet machine.
Forecast = Callable[[Config, Machine], float]

#: The settings that are thinned, each for all experiments alike, and their words.
_SETTINGS = {
    "warmups": "warm-up repetitions",
    "repetitions": "repetitions",
    "blocks": "blocks",
    "amounts": "amounts of work",
}


def thinned(config: Config, machine: Machine, forecast_s: Forecast) -> Config:
    """A config that is `completed`, thinned until its forecast is within the budget.

    The budget is `BUDGET_S`, or the time on two CPUs where that is longer: what is meant to take
    hours may take hours. A config that is as thin as it gets may exceed the budget. Each step makes
    the forecast shorter, so the first that is enough is found by bisection.
    """
    if forecast_s(config, machine) <= BUDGET_S:
        return config
    two_cpus = {"logical_cpus": 2, "physical_cores": 2, "cpu_quota": None}
    smallest = replace(
        machine, fingerprint={**machine.fingerprint, **two_cpus}, topology=Topology()
    )
    budget_s = max(BUDGET_S, forecast_s(config, smallest))
    return _first_within(budget_s, [config, *_ever_thinner(config, machine)], machine, forecast_s)


def fitting(
    config: Config,
    machine: Machine,
    forecast_s: Forecast,
    limit_s: float,
    *,
    fewest_blocks: int = 1,
) -> Config:
    """A config that is `completed`, with as much as takes no longer than `limit_s`.

    Trials stay as they are: there are fewer of them. The least of a config, with `fewest_blocks`,
    may exceed the limit.
    """
    ever_fewer = [config]
    if math.isfinite(limit_s):
        ever_fewer += _ever_fewer(config, machine, fewest_blocks)
    return _first_within(limit_s, ever_fewer, machine, forecast_s)


def with_blocks_of(config: Config, fewer: Config) -> Config:
    """`fewer`, which `fitting` made of the config, with all blocks of the config."""

    def blocks_of(settings: Config) -> Config:
        return {key: value for key, value in settings.items() if key == "blocks"}

    experiments = {
        name: {**one, **blocks_of(config["experiments"][name])}
        for name, one in fewer["experiments"].items()
    }
    return {**fewer, **blocks_of(config), "experiments": experiments}


def limit_s(config: Config) -> float:
    """How long the trials of a config may take by its budget; infinite without one."""
    if config["budget"] is None:
        return math.inf
    number, unit = re.fullmatch(r"([0-9.]+) ?(\w+)", config["budget"]).groups()  # type: ignore[union-attr]
    whole_s = float(number) * _UNITS_S[unit]
    return whole_s - min(AFTER_TRIALS_S, whole_s * AFTER_TRIALS_SHARE)


def _first_within(
    budget_s: float, configs: Sequence[Config], machine: Machine, forecast_s: Forecast
) -> Config:
    """The first within the budget of configs that take ever less time; else the last."""
    enough = bisect_left(configs, True, key=lambda one: forecast_s(one, machine) <= budget_s)
    return configs[min(enough, len(configs) - 1)]


def _ever_thinner(config: Config, machine: Machine) -> Iterator[Config]:
    """The config after each step; what is thin already stays as it is."""
    config = _changed(config, "workers", lambda w: few_counts(machine) if w == "auto" else w)
    yield config
    config = _changed(config, "warmups", partial(min, 1))
    config = _changed(config, "repetitions", partial(min, FEWEST_QUIET))
    yield config
    for most in range(config["blocks"] - 1, FEWEST_BLOCKS - 1, -1):
        config = _changed(config, "blocks", partial(min, most))
        yield config
    while (less := _changed(config, "amounts", _less_work)) != config:
        config = less
        yield config
    yield from _fewer_workloads(config)


def _ever_fewer(config: Config, machine: Machine, fewest_blocks: int) -> Iterator[Config]:
    """The config after each step that leaves out trials and changes none.

    One workload with a verdict is worth more than many without, so those go before the blocks that
    a verdict needs.
    """
    few = few_counts(machine)
    config = _changed(config, "workers", lambda w: few if w == "auto" else w)
    yield config
    for most in range(config["blocks"] - 1, max(FEWEST_BLOCKS, fewest_blocks) - 1, -1):
        config = _changed(config, "blocks", partial(min, most))
        yield config
    for name in _least_informative_first(config):
        kept = {one: what for one, what in config["experiments"].items() if one != name}
        config = {**config, "experiments": kept}
        yield config
    config = _changed(config, "workers", lambda w: ["cpus"] if w == few else w)
    yield config
    for fewer in _fewer_workloads(config):
        config = fewer
        yield config
    for fewer in _fewer_of_the_first_screen(config):
        config = fewer
        yield config
    for most in range(min(config["blocks"], FEWEST_BLOCKS) - 1, fewest_blocks - 1, -1):
        config = _changed(config, "blocks", partial(min, most))
        yield config


def _least_informative_first(config: Config) -> list[str]:
    """The experiments that may be left out, the last first.

    Those of the first screen stay, and those with a work of the user's own; at least the first.
    """
    own = own_works(config)
    names = [
        name
        for name, experiment in config["experiments"].items()
        if name not in (SCALING, KINDS) and not own.keys() & set(experiment["workloads"])
    ]
    return names[::-1] if len(names) < len(config["experiments"]) else names[:0:-1]


def _fewer_workloads(config: Config) -> Iterator[Config]:
    """The config after each step that leaves out the last workload of an experiment."""
    own = own_works(config)
    for name in reversed(config["experiments"]):
        while (fewer := _without_last(config["experiments"][name]["workloads"], own)) is not None:
            experiment = {**config["experiments"][name], "workloads": fewer}
            config = {**config, "experiments": {**config["experiments"], name: experiment}}
            yield config


def _fewer_of_the_first_screen(config: Config) -> Iterator[Config]:
    """The config after each step that leaves out an experiment, or its last work that is built in.

    Works of the user's own stay; without any, the first experiment does.
    """
    own = own_works(config)
    for name, experiment in reversed(config["experiments"].items()):
        works = [work for work in experiment["workloads"] if work in own]
        rest = {one: what for one, what in config["experiments"].items() if one != name}
        if works == experiment["workloads"] or not (works or rest):
            continue
        if works:
            rest = {**config["experiments"], name: {**experiment, "workloads": works}}
        config = {**config, "experiments": rest}
        yield config


def _less_work(amounts: Sequence[int]) -> list[int]:
    """The largest of three amounts a fifth smaller, or left out once it nears the middle one."""
    *others, largest = sorted(amounts)
    if len(others) < 2:
        return [*others, largest]
    less = largest * 4 // 5
    return [*others, less] if less > others[-1] else others


def _without_last(works: Sequence[str], own: Collection[str]) -> list[str] | None:
    """Works without the last one that is built in; None where that is the only one, or none is."""
    built_in = [work for work in works if work not in own]
    return [work for work in works if work != built_in[-1]] if len(built_in) > 1 else None


def _changed(config: Config, key: str, change: Callable[[Any], Any]) -> Config:
    """`change` made to a setting, wherever a config has it."""

    def within(settings: Config) -> Config:
        return {**settings, key: change(settings[key])} if key in settings else settings

    experiments = {name: within(one) for name, one in config["experiments"].items()}
    return {**within(config), "trial": within(config["trial"]), "experiments": experiments}


def left_out(before: Config, after: Config, machine: Machine) -> tuple[str, ...]:
    """What thinning left out of a config, a phrase for each change; none where it changed nothing.

    The phrases follow the words `left out:`.
    """
    told = []
    for key, words in _SETTINGS.items():
        pairs = [
            [
                {"blocks": one["blocks"], **one["trial"], **one["experiments"][name]}[key]
                for one in (before, after)
            ]
            for name in after["experiments"]
        ]
        changed = [(_listed(was), _listed(now)) for was, now in pairs if was != now]
        if changed:
            was, now = (dict.fromkeys(of) for of in zip(*changed, strict=True))
            told.append(f"{words}: {' or '.join(now)} instead of {' or '.join(was)}")
            if key == "blocks" and min(map(int, now)) < FEWEST_BLOCKS <= max(map(int, was)):
                told[-1] += f" (a verdict needs {FEWEST_BLOCKS})"
    if gone := [name for name in before["experiments"] if name not in after["experiments"]]:
        told.append(f"{_nouns('experiment', gone)} {_listed(gone)}")
    for name in after["experiments"]:
        experiment = before["experiments"][name]
        thin = after["experiments"][name]
        counts, fewer = (worker_counts(one["workers"], machine) for one in (experiment, thin))
        if gone := [count for count in counts if count not in fewer]:
            told.append(f"{_listed(gone)} workers in {name}")
        if gone := [work for work in experiment["workloads"] if work not in thin["workloads"]]:
            told.append(f"{_nouns('workload', gone)} {_listed(gone)} in {name}")
    return tuple(told)


def _nouns(noun: str, named: Sequence[str]) -> str:
    return noun if len(named) == 1 else f"{noun}s"


def _listed(value: Any) -> str:
    items = [str(item) for item in (value if isinstance(value, list | tuple) else [value])]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)
