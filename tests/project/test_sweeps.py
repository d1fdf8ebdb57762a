"""The sweeps that come with the project: valid, and of a size that fits."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import update_config  # type: ignore[import-untyped]
from threads_or_processes.common.plan_file import plan_from, plan_json
from threads_or_processes.interpreters.cache import default_cache
from threads_or_processes.pipeline.campaign import Campaign, catalogue, planned
from threads_or_processes.plan.claims import read_claim_files
from threads_or_processes.plan.config import checked, own_works
from threads_or_processes.plan.thinning import BUDGET_S
from threads_or_processes.records.plan import Machine
from threads_or_processes.records.vocabulary import FEWEST_BLOCKS, Timing
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.workloads import all_workloads

from ..conftest import ROOT
from ..machines import MACHINES, TWO_SOCKETS, machine

OVERLAYS = [
    None,
    *(
        str(path.relative_to(ROOT))
        for folder in ("overlays", "benchmarks")
        for path in sorted(ROOT.glob(f"{folder}/*.yaml"))
    ),
]


def config_of(overlay: str | None) -> dict[str, Any]:
    """The config as Snakemake lays an overlay over it."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    if overlay:
        update_config(config, yaml.safe_load((ROOT / overlay).read_text(encoding="utf-8")))
    return dict(checked(config))


def campaign(overlay: str | None, here: Machine | int, **changed: Any) -> Campaign:
    """A sweep on a machine, or on one of so many CPUs, with other settings."""
    config = {**config_of(overlay), **changed}
    claims = read_claim_files(config["claims"])
    on = machine(here, here) if isinstance(here, int) else here
    return Campaign(plan=planned(config, catalogue(own_works(config)), on, claims))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_sweep_can_be_planned(overlay: str | None) -> None:
    assert campaign(overlay, 2).plan.trials


@pytest.mark.parametrize("overlay", [one for one in OVERLAYS if not str(one).startswith("bench")])
def test_another_version_is_one_setting(overlay: str | None) -> None:
    plan = campaign(overlay, 2, builds=["3.14", "3.14t"]).plan
    assert {cell.arm for cell in plan.cells} == {"3.14", "3.14t"}
    assert plan.left_out == ()


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("source", "Interpreters to compile first: 3.14t (about 4 min on two CPUs)"),
        ("auto", "yet: 3.14t. They are downloaded, or compiled in about 4 min on two CPUs"),
        ("conda", ""),
    ],
)
def test_what_is_to_be_compiled_is_said(
    provider: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built = default_cache() / "builds/3.14-optimised-1/finished.json"
    built.parent.mkdir(parents=True)
    built.touch()
    settings = {**config_of(None)["interpreters"], "provider": provider}
    changes = {"builds": ["3.14", "3.14t"], "interpreters": settings}
    words = campaign(None, 2, **changes).announcement([])
    assert said in words
    assert ("Interpreters" in words) == bool(said)
    assert "the budget includes" not in words
    words = campaign(None, 2, budget="20min", **changes).announcement([])
    assert ("the budget includes" in words) == bool(said)


def test_experiments_of_which_no_build_is_there_are_left_out_by_name() -> None:
    alone = campaign("overlays/full.yaml", 2, builds=["3.14t-gil"])
    plan = alone.plan
    assert {cell.arm for cell in plan.cells} == {"3.14t-gil"}
    assert "payload" in plan.without_builds
    assert not any("payload" in said for said in plan.left_out)
    assert f"left out for lack of builds: {', '.join(plan.without_builds)}" in alone.announcement(
        []
    )


@pytest.mark.parametrize(
    ("builds", "left_out"),
    [
        (["3.14", "3.14t", "3.14t-gil"], ()),
        (["3.14", "3.14t"], ("gil",)),
        (["3.13", "3.13t", "3.14", "3.14t"], ("gil",)),
    ],
)
def test_an_experiment_that_only_compares_builds_needs_all_that_it_names(
    builds: list[str], left_out: tuple[str, ...]
) -> None:
    assert campaign(None, 2, builds=builds).plan.without_builds == left_out


@pytest.mark.parametrize(
    ("overlay", "cpus", "most_minutes"),
    [(None, 2, 25), *((None, cpus, 60) for cpus in (8, 16, 64)), ("overlays/quick.yaml", 2, 3)],
)
def test_a_sweep_takes_no_longer_than_people_wait(
    overlay: str | None, cpus: int, most_minutes: float
) -> None:
    assert campaign(overlay, cpus).forecast_s() / 60 <= most_minutes


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_is_left_out_on_two_cpus(overlay: str | None) -> None:
    assert campaign(overlay, 2).plan.left_out == ()


@pytest.mark.parametrize("here", MACHINES.values(), ids=MACHINES)
def test_what_is_left_out_on_many_cpus_is_said_and_verdicts_stay_possible(here: Machine) -> None:
    sweep = campaign(None, here)
    assert sweep.forecast_s() <= BUDGET_S or here is TWO_SOCKETS
    assert all(said in sweep.announcement([]) for said in sweep.plan.left_out)
    assert plan_from(plan_json(sweep.plan)).left_out == sweep.plan.left_out
    timed = [cell for cell in sweep.plan.cells if cell.timing is Timing.WARM]
    assert min(cell.blocks for cell in timed) >= FEWEST_BLOCKS
    assert {name for name, one in sweep.plan.config["experiments"].items() if one} == {
        experiment.name for experiment in sweep.plan.experiments if experiment.cells
    }


def test_the_full_sweep_leaves_nothing_out() -> None:
    plan = campaign("overlays/full.yaml", 2).plan
    seen = {(cell.function, cell.model) for cell in plan.cells}
    everywhere = {work.name for work in all_workloads().values() if not work.only_by_name}
    assert {function for function, _ in seen} == everywhere
    planned = {model for _, model in seen}
    skipped = {entry.cell.split("/")[1] for e in plan.experiments for entry in e.not_applicable}
    assert planned | skipped >= set(MODELS) - {
        f"shared_memory-{method}" for method in ("forkserver", "spawn")
    }


def test_no_verdict_rests_on_fewer_than_six_blocks() -> None:
    config = config_of(None)
    blocks = [e.get("blocks", config["blocks"]) for e in config["experiments"].values()]
    assert min(blocks) >= 6


def test_the_default_sweep_tests_every_claim_on_two_cpus() -> None:
    claims = campaign(None, 2).plan.claims
    assert len(claims) > 30
    untested = [case.untested for claim in claims for case in claim.cases if case.untested]
    assert untested == []


@pytest.mark.parametrize("cpus", [1, 16])
def test_on_other_machines_a_claim_is_tested_or_says_why_not(cpus: int) -> None:
    claims = campaign(None, cpus).plan.claims
    cases = [case for claim in claims for case in claim.cases]
    untested = [case.untested for case in cases if case.untested]
    assert all("does not measure" in reason for reason in untested)
    assert len(untested) < len(cases) / 2
