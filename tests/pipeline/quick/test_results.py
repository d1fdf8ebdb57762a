"""Which folders of results are compared with a campaign's own."""

import json
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.pipeline.results import NEEDED, others

OWN: dict[str, Any] = {"logical_cpus": 2}
OTHER: dict[str, Any] = {"logical_cpus": 4}


def finished(folder: Path, fingerprint: dict[str, Any], campaign: str = "report") -> Path:
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    plan = {"campaign": campaign, "machine": {"fingerprint": fingerprint}}
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder


def found(results: Path) -> list[str]:
    own = results / "own"
    return [folder.name for folder in others(own, "report", OWN)]


def test_another_machine_with_the_same_campaign_is_compared(tmp_path: Path) -> None:
    finished(tmp_path / "own", OWN)
    finished(tmp_path / "other", OTHER)
    assert found(tmp_path) == ["other"]


def test_the_same_machine_and_another_campaign_are_not(tmp_path: Path) -> None:
    finished(tmp_path / "own-again", OWN)
    finished(tmp_path / "other-quick", OTHER, campaign="quick")
    assert found(tmp_path) == []


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_unfinished_is_not(tmp_path: Path, name: str) -> None:
    (finished(tmp_path / "other", OTHER) / name).unlink()
    assert found(tmp_path) == []


@pytest.mark.parametrize("plan", ["", "[]", "{}", '{"campaign": "report", "machine": 1}'])
def test_somebody_else_s_file_stops_nothing(tmp_path: Path, plan: str) -> None:
    (finished(tmp_path / "other", OTHER) / "plan.json").write_text(plan)
    assert found(tmp_path) == []


def test_without_results_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert found(tmp_path / "nothing") == []
