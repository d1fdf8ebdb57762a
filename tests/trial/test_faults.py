"""Whatever a trial's work does, the trial leaves a record that says so, and nothing else."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import write_json
from threads_or_processes.common.signing import signed
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.texts import LONGEST_TEXT_CHARACTERS
from threads_or_processes.records.vocabulary import Family
from threads_or_processes.trial.__main__ import run_command
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.supervisor import noise_monitor
from threads_or_processes.trial.supervisor.lock import machine_lock
from threads_or_processes.trial.supervisor.trial import Circumstances, run_calibration

from tests.trial.conftest import RunTrial

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "workflow/schemas/trial.schema.json").read_text(encoding="utf-8"))

WORK = """
import os
import shutil
import signal
import sys
import time
from pathlib import Path


class BadLine(Exception):
    def __init__(self, line, text):
        super().__init__(f"line {line} is bad: {text}")


class BadField(Exception):
    def __init__(self, name):
        super().__init__(f"field {name} is bad")


class Unreadable:
    def __reduce__(self):
        return BadLine, ()


class Speechless(Exception):
    def __str__(self):
        raise ValueError


class Leave(BaseException):
    pass


def work(task, how=""):
    if how == "remove its folder":
        folder = Path(os.environ["TMPDIR"])
        assert folder.name.startswith("trial-")
        shutil.rmtree(folder, ignore_errors=True)
    elif how == "write answers":
        for name in ("answer.json", "spec.json", "stderr"):
            Path(name).write_text('{"outcome"')
    elif how == "answer in every file":
        for number in range(3, 64):
            try:
                os.write(number, b'{"outcome": "ok", "explanation": ""}')
            except OSError:
                pass
        os._exit(0)
    elif how == "kill the parent":
        if task == 0:  # once: the next one would be another's parent
            os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    elif how == "kill the parent once":
        marker = Path(__file__).with_suffix(".killed")
        if task == 0 and not marker.exists():
            marker.touch()
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
    elif how == "interrupt the parent":
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGTSTP):
            os.kill(os.getppid(), number)
    elif how == "end the sentinel":
        end_the_sentinel()
    elif how == "say much":
        print("w" * 200_000)
        raise ValueError("w" * 200_000)
    elif how == "exit":
        sys.exit("enough")
    elif how == "interrupt":
        raise KeyboardInterrupt
    elif how == "leave":
        raise Leave
    elif how == "bad line":
        raise BadLine(3, "x = (")
    elif how == "bad field":
        raise BadField("size")
    elif how == "say nothing":
        raise Speechless
    elif how == "return something unreadable":
        return Unreadable()
    return task


async def waiting(task, how=""):
    return work(task, how)


def end_the_sentinel():
    reaper = os.getppid()
    supervisor = int(Path(f"/proc/{reaper}/stat").read_text().rpartition(")")[2].split()[1])
    children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
    for child in map(int, children):
        if child != reaper and len(os.sched_getaffinity(child)) == 1:
            os.kill(child, signal.SIGKILL)
"""
EACH_MODEL = [name for name, entry in MODELS.items() if entry.since <= (3, 13)]
Misbehave = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def work_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("work") / "misbehaving.py"
    file.write_text(WORK, encoding="utf-8")
    return file


@pytest.fixture
def misbehave(
    work_file: Path, trial: RunTrial, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Misbehave:
    """Run a trial of which each task does something; the record has passed its schema."""
    monkeypatch.setattr(noise_monitor, "START_SECONDS", 0.1)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def run(
        how: str, model: str = "threads", *, name: str = "work", **changes: Any
    ) -> dict[str, Any]:
        changes = {
            "params": {"how": how},
            "timeout_s": 20,
            "warmups": 0,
            "repetitions": 1,
            "sentinel": work_file.with_name("sentinel.json"),
            **changes,
        }
        record = trial(f"{work_file}:{name}", model, 1 if model == "serial" else 2, **changes)
        jsonschema.validate(record, SCHEMA, cls=jsonschema.Draft202012Validator)
        assert list((tmp_path / "tmp").iterdir()) == []
        return record

    return run


@pytest.mark.parametrize("model", ["threads", "processes-fork"])
@pytest.mark.parametrize(
    ("how", "ends"),
    [
        pytest.param("remove its folder", "ok ", id="removes its folder"),
        pytest.param("write answers", "ok ", id="writes the harness's files"),
        pytest.param("answer in every file", "(crashed|worker_died) .*", id="answers itself"),
    ],
)
def test_files_of_the_harness_are_out_of_the_work_s_reach(
    misbehave: Misbehave, how: str, ends: str, model: str
) -> None:
    record = misbehave(how, model)
    assert re.fullmatch(ends, f"{record['outcome']} {record['explanation']}")


def test_the_reaper_survives_polite_requests_of_the_work(misbehave: Misbehave) -> None:
    assert misbehave("interrupt the parent")["outcome"] == "ok"


def test_work_that_kills_the_reaper_leaves_a_record_of_the_harness_s_fault(
    misbehave: Misbehave, capsys: pytest.CaptureFixture[str]
) -> None:
    record = misbehave("kill the parent")
    fault = "the process that guards a trial was ended by SIGKILL"
    assert record["outcome"] == "harness_failed"
    assert record["explanation"].startswith(f"in each of 2 tries; in the last one {fault}")
    assert [one.startswith(fault) for one in record["harness_faults"]] == [True, True]
    assert record["health"]["flags"] == ["harness_fault"]
    assert fault in capsys.readouterr().out


def test_a_fault_of_the_harness_that_a_second_try_mends_is_told_and_flagged(
    misbehave: Misbehave, capsys: pytest.CaptureFixture[str]
) -> None:
    record = misbehave("kill the parent once")
    (fault,) = record["harness_faults"]
    assert fault.startswith("the process that guards a trial was ended by SIGKILL")
    assert record["outcome"] == "ok"
    assert record["repetitions"]
    assert "harness_fault" in record["health"]["flags"]
    assert f"is tried once more: {fault}" in capsys.readouterr().out


def test_a_sentinel_that_dies_is_no_outcome_of_the_work(
    misbehave: Misbehave, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match="the sentinel died while a trial ran") as stop:
        misbehave("end the sentinel")
    assert "goes on with this trial" in stop.value.hint
    assert "is tried once more: the sentinel died" in capsys.readouterr().out


def test_long_texts_of_the_work_are_cut_and_say_so(misbehave: Misbehave) -> None:
    record = misbehave("say much")
    assert len(record["explanation"]) == LONGEST_TEXT_CHARACTERS
    assert re.search(r"w \[…cut: 200,\d\d\d characters in all…\] w", record["explanation"])
    assert re.match(r"\[…the last of \d\d\d,\d\d\d bytes…\]\n", record["stderr_tail"])


@pytest.mark.parametrize("model", EACH_MODEL)
def test_what_a_task_raises_has_its_own_name_in_each_model(
    misbehave: Misbehave, model: str
) -> None:
    has_processes = MODELS[model].family is Family.PROCESSES
    name = "waiting" if model == "asyncio" else "work"
    for how, said in (
        ("bad line", "BadLine: line 3 is bad: x = ("),
        ("bad field", "BadField: field size is bad"),
        ("exit", "SystemExit: enough"),
        ("interrupt", "KeyboardInterrupt"),
        ("leave", "Leave"),
        ("say nothing", "Speechless: (what it says can't be told: its __str__ raises)"),
    )[: 3 if has_processes else None]:
        record = misbehave(how, model, name=name)
        where = r"\(misbehaving.py, line \d+\)"
        assert record["outcome"] == "raised", record["explanation"]
        assert re.fullmatch(
            rf"misbehaving\.py:{name} raised {re.escape(said)} {where}", record["explanation"]
        )
    if has_processes:
        record = misbehave("return something unreadable", model)
        unreadable = "the result of misbehaving.py:work can't be read in the parent"
        assert record["explanation"].startswith(unreadable)


def test_a_trial_that_no_lock_protects_is_flagged(misbehave: Misbehave) -> None:
    with machine_lock("a name longer than any that a socket can have " * 3) as has_lock:
        assert not has_lock
        record = misbehave("", "serial", circumstances=Circumstances(has_lock=has_lock))
    assert "unlocked" in record["health"]["flags"]


def test_a_broken_interpreter_is_no_outcome_of_the_work(
    misbehave: Misbehave, work_file: Path, identities: dict[str, Identity], tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no module named encodings >&2\nexit 1\n", encoding="utf-8")
    broken.chmod(0o755)
    change = {"executable": str(broken)}
    with pytest.raises(UserError, match=r"ended with exit code 1.*\n.*encodings") as stop:
        misbehave("", identity=change)
    assert "interpreters" in stop.value.hint
    broken_identity: Any = {**identities["3.13"], **change}
    with pytest.raises(UserError, match=r"calibrating mandelbrot failed: .*did not start"):
        run_calibration("mandelbrot", {}, 2, broken_identity)


def test_an_interpreter_that_was_cut_short_is_no_outcome_of_the_work(
    misbehave: Misbehave, tmp_path: Path
) -> None:
    broken = tmp_path / "python"
    broken.write_bytes(b"\x7fELF, cut short")
    broken.chmod(0o755)
    with pytest.raises(UserError, match=rf"did not start: .*{broken}") as stop:
        misbehave("", identity={"executable": str(broken)})
    assert "interpreters" in stop.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda one: {**one, "size": 1}, "the file was edited", id="edited"),
        pytest.param(lambda _: [], "the file can't be used", id="a list"),
        pytest.param(lambda _: {}, "the file can't be used: size is missing", id="empty"),
        pytest.param(
            lambda one: {**one, "size": "1"}, "the file can't be used: size is '1'", id="a text"
        ),
    ],
)
def test_an_edited_calibration_is_refused_by_name(
    change: Callable[[Any], object],
    said: str,
    interpreters: Path,
    calibration_of: Callable[[str], dict[str, Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calibration = tmp_path / "mandelbrot.json"
    write_json(calibration, change(signed(calibration_of("mandelbrot"))))
    measure = {
        "spec": "{}",
        "position": "1",
        "identity": str(interpreters / "3.13.json"),
        "calibration": str(calibration),
        "sentinel": str(tmp_path / "sentinel.json"),
        "machine": "{}",
        "archive": str(tmp_path / "archive"),
        "out": str(tmp_path / "record.json"),
    }
    options = [word for key, value in measure.items() for word in (f"--{key}", value)]
    with pytest.raises(SystemExit) as leaving:
        run_command(["measure", *options])
    assert leaving.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith(f"error: {said}")
    assert f"where: {calibration}" in message
    assert [one.name for one in tmp_path.iterdir()] == [calibration.name]


def test_another_version_than_the_identity_s_stops_the_run(misbehave: Misbehave) -> None:
    with pytest.raises(UserError, match=r"3\.13 is Python 3\.13\.\d+ now, and was 3\.13\.99"):
        misbehave("", identity={"version": "3.13.99"})
