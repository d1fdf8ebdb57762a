"""`python -m threads_or_processes.analysis`, as the rules call it."""

import subprocess
import sys
from pathlib import Path

import pytest
from threads_or_processes.analysis.__main__ import main
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.records.tables import TABLES

from tests.factories import make_campaign, make_cells

ROOT = Path(__file__).parents[2]


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["threads_or_processes.analysis", *map(str, arguments)])
    exit_on_user_error(main)


def collect(monkeypatch: pytest.MonkeyPatch, results: Path, out: Path) -> tuple[Path, Path]:
    run(
        monkeypatch,
        "collect",
        *("--plan", results / "plan.json"),
        *("--interpreters", results / "interpreters"),
        *("--records", results),
        *("--out", out, "--states", out / "states", "--code", "{}"),
    )
    return out / "trials.parquet", out / "trials.csv.gz"


def make_tables(
    monkeypatch: pytest.MonkeyPatch, results: Path, trials: Path, out: Path
) -> dict[str, bytes]:
    where = ("--plan", results / "plan.json", "--interpreters", results / "interpreters")
    run(monkeypatch, "tables", *where, "--trials", trials, "--out", out)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    make_campaign(make_cells(workloads=["json"], blocks=2)).write(tmp_path / "results")
    return tmp_path / "results"


def test_same_records_give_the_same_bytes_by_either_file(
    monkeypatch: pytest.MonkeyPatch, results: Path, tmp_path: Path
) -> None:
    first = collect(monkeypatch, results, tmp_path / "first")
    second = collect(monkeypatch, results, tmp_path / "second")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
    tables = make_tables(monkeypatch, results, first[0], tmp_path / "tables")
    assert tables.keys() == {f"{name}.csv" for name in TABLES}
    assert tables == make_tables(monkeypatch, results, first[1], tmp_path / "again")
    assert all(b"\r" not in content for content in tables.values())


def test_a_missing_record_is_one_message_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch,
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    next((results / "trials").rglob("*.json")).unlink()
    with pytest.raises(SystemExit) as stopped:
        collect(monkeypatch, results, tmp_path / "out")
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: 1 of ")
    assert "run snakemake again" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "the plan is not complete (campaign is missing)"),
        (
            '{"schema_version": 1}',
            "the plan is not complete (campaign is missing)",
        ),
        ('{"schema_version": 7}', "schema_version is 7, this code reads 1"),
        ("[]", "the plan is not complete (it is [], expected object"),
        ("{", "a file is not valid JSON"),
    ],
)
def test_a_broken_plan_is_one_message(
    monkeypatch: pytest.MonkeyPatch,
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    said: str,
) -> None:
    (results / "plan.json").write_text(content)
    with pytest.raises(SystemExit):
        collect(monkeypatch, results, tmp_path / "out")
    message = capsys.readouterr().err
    assert said in message
    assert str(results / "plan.json") in message
    assert "fix:" in message


def test_the_command_runs_from_any_folder_and_shows_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            *("-m", "threads_or_processes.analysis", "tables"),
            *("--plan", "plan.json", "--interpreters", "interpreters"),
            *("--trials", "trials.parquet", "--out", "tables"),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: a file is missing")
    assert "Traceback" not in done.stderr
