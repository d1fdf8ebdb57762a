"""What is told as soon as the workflow is read, before any step runs."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, write_json
from threads_or_processes.pipeline.campaign import Campaign

from tests.conftest import ROOT
from tests.factories import make_identity
from tests.pipeline.quick.conftest import snakemake


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A sweep of one work of the user's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("def work(task, pattern='x'): return task\n")
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    mine = {
        "question": "Threads or processes?",
        "workloads": ["mine"],
        "models": ["serial"],
        "workers": [1],
        "timing": "warm",
    }
    return {
        **config,
        "workloads": {"mine": {"function": "mine.py:work"}},
        "experiments": {"own": mine},
        "claims": [],
    }


def test_a_requirement_that_is_none_is_told_at_once(config: dict[str, Any]) -> None:
    config["workloads"]["mine"]["requirements"] = ["../evil"]
    with pytest.raises(UserError, match=r"'\.\./evil' is not a requirement"):
        Campaign.of(config).check_interpreters()


@pytest.mark.parametrize("is_current", [True, False])
@pytest.mark.parametrize("damage", ["cut", "edited", "another file"])
def test_a_broken_identity_is_named_at_once(
    config: dict[str, Any], damage: str, is_current: bool
) -> None:
    campaign = Campaign.of(config)
    folder = campaign.results / "interpreters"
    if is_current:
        write_json(folder / "made-for.json", campaign.interpreter_keys)
    for arm in campaign.plan.arms:
        write_json(folder / f"{arm.name}.json", make_identity(arm))
    campaign.check_interpreters()
    file = folder / f"{campaign.plan.arms[0].name}.json"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:29])
    elif damage == "edited":
        write_json(file, make_identity(campaign.plan.arms[0]) | {"version": "3.13.99"})
    else:
        write_json(file, [])
    with pytest.raises(UserError) as caught:
        Campaign.of(config).check_interpreters()
    assert caught.value.where == str(file)


@pytest.mark.parametrize("content", [[], 3, None, {"3.13": 3}])
def test_what_the_interpreters_were_made_for_is_read_or_refused(
    config: dict[str, Any], content: object
) -> None:
    campaign = Campaign.of(config)
    file = campaign.results / "interpreters/made-for.json"
    write_json(file, content)
    with pytest.raises(UserError, match="can't be used") as caught:
        campaign.identity("3.13", str)
    assert (caught.value.where, caught.value.hint) == (str(file), MAKE_IT_ANEW)


def test_odd_values_have_plain_paths_and_keep_their_labels(config: dict[str, Any]) -> None:
    values = ["../a/b {workers}", "\\d+", "x" * 300, "a\nb", "plain"]
    config["experiments"]["own"]["params"] = {"pattern": values}
    campaign = Campaign.of(config)
    assert {work.params["pattern"] for work in campaign.plan.workloads.values()} == {*values}
    for path in [*map(Path, campaign.records), *campaign.calibrations]:
        assert all(len(part) <= 100 and part != ".." for part in path.parts)
        assert set(str(path)).isdisjoint("{}\\\n ")


@pytest.mark.parametrize("rule", ["calibrate", "measure_trial"])
def test_a_failed_measurement_is_tried_once_whatever_a_profile_says(
    config: dict[str, Any], tmp_path: Path, rule: str
) -> None:
    campaign = Campaign.of(config)
    folder = campaign.results / "interpreters"
    write_json(folder / "made-for.json", campaign.interpreter_keys)
    for arm in campaign.plan.arms:
        write_json(
            folder / f"{arm.name}.json", make_identity(arm)
        )  # of a program that is not there
    target = Path(campaign.calibrations[0])
    if rule == "measure_trial":
        write_json(target, {})
        target = Path(campaign.records[0])
    (tmp_path / "config.yaml").write_text("retries: 2\nkeep-going: true\n", encoding="utf-8")
    write_json(tmp_path / "sweep.json", config)
    said = snakemake(
        tmp_path,
        *("--snakefile", str(ROOT / "Snakefile"), "--configfile", "sweep.json", "--cores", "1"),
        *("--", str(target)),
        SNAKEMAKE_PROFILE=str(tmp_path),
    )
    assert said.count(f"Error in rule {rule}") == 1, said
    assert "Trying to restart" not in said


def test_no_rule_that_measures_is_ever_tried_again() -> None:
    files = (path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = [one for text in files for one in re.split(r"^ *rule ", text, flags=re.MULTILINE)[1:]]
    named = {rule.partition(":")[0]: rule for rule in rules}
    measuring = {name for name, rule in named.items() if "machine=100," in rule}
    assert measuring == {"calibrate", "measure_trial", "look_again"}
    assert measuring <= {name for name, rule in named.items() if "retries: 0\n" in rule}
