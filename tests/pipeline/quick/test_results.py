"""Which folders of results are compared with a campaign's own, and which can't be written to."""

import errno
import json
import os
import tempfile
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import half_written, put_in_place, write_text
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.pipeline.results import (
    NEEDED,
    check_surroundings,
    check_writable,
    hold,
    others,
)

from tests.factories import grid, make_campaign

OWN, OTHER = "synthetic-2cpu-00000000", "synthetic-4cpu-11111111"


def finished(folder: Path, machine: str, campaign: str = "report", cpus: int = 2) -> Path:
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    plan = {"campaign": campaign, "machine": {"name": machine, "fingerprint": {"cpus": cpus}}}
    (folder / "plan.json").write_text(json.dumps(plan))
    return folder


def found(results: Path) -> list[str]:
    own = results / "own"
    return [folder.name for folder in others(own, "report", OWN)]


def test_another_machine_with_the_same_campaign_is_compared(tmp_path: Path) -> None:
    finished(tmp_path / "own", OWN)
    finished(tmp_path / "other", OTHER, cpus=4)
    assert found(tmp_path) == ["other"]


def test_a_node_that_is_alike_is_compared_by_its_own_name(tmp_path: Path) -> None:
    finished(tmp_path / "own", OWN)
    finished(tmp_path / "twin", "twin-2cpu-00000000")
    assert found(tmp_path) == ["twin"]


def test_an_archive_of_one_s_own_data_is_not(tmp_path: Path) -> None:
    finished(tmp_path / "own", OWN)
    finished(tmp_path / f"{OWN}-archived-01234567", OWN)
    assert found(tmp_path) == []


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


def test_folders_that_can_be_written_to_stay_empty(tmp_path: Path) -> None:
    check_writable([tmp_path, tmp_path / "not there yet"])
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_a_folder_s_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").touch()
    with pytest.raises(UserError, match="a file in the place of a folder") as caught:
        check_writable([tmp_path, tmp_path / "archive"])
    assert caught.value.where == str(tmp_path / "archive")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "the file system is read-only"),
        (errno.EACCES, "this user has no permission"),
        (errno.ENOSPC, "the disk is full"),
    ],
)
def test_a_folder_that_can_t_be_written_to_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(number, "as the system says it")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(UserError, match=said) as caught:
        check_writable([tmp_path])
    assert caught.value.where == str(tmp_path)


@pytest.mark.parametrize("place", ["trials/json/serial", "logs/trials/json"])
def test_a_folder_below_records_and_logs_is_named_before_anything_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    made = make_campaign(grid(["json"], ["serial"], arms=["3.13"]))
    campaign = Campaign(plan=plan_from(made.plan))
    folder = campaign.results / place
    folder.mkdir(parents=True)
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != folder)
    with pytest.raises(UserError, match="this user has no permission") as caught:
        campaign.lock()
    assert caught.value.where == str(folder)
    assert not (campaign.results / ".lock").exists()


def test_a_colon_in_the_project_s_path_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_surroundings(tmp_path)
    with pytest.raises(UserError, match="holds ':'"):
        check_surroundings(tmp_path / "a:b")


def test_what_a_killed_run_was_writing_is_removed_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    kept = [tmp_path / name for name in (".x.json", "x.json.0123abcd", ".snakemake_timestamp")]
    for path in kept:
        path.touch()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            put_in_place(kept[0], tmp_path / "linked/x.json")
        patched.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            write_text(tmp_path / "written/x.json", "x")
        with pytest.raises(KeyboardInterrupt):
            write_text(tmp_path / "being written/x.json", "x")
    begun = {path.parent.name: path for path in half_written(tmp_path)}
    assert set(begun) == {"linked", "written", "being written"}
    kept.append(begun["being written"])
    for path in (*kept[:3], begun["written"]):
        os.utime(path, (1, 1))
    hold(tmp_path, "a run", "measuring")
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted([*kept, tmp_path / ".lock"])
