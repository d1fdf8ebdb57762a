"""What a user can get wrong ends in one clear message, and costs nothing that was there."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.files import MAKE_IT_ANEW
from threads_or_processes.common.signing import signed

from tests.interpreters.builders import script
from tests.pipeline.conftest import NOTHING, SMALL_SWEEP, Checkout, new_checkout
from tests.users import UID, as_ordinary_user

#: What begins a command that finds a folder read-only, which is the first argument.
READ_ONLY = [
    *("unshare", "-rm", "sh", "-c"),
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"',
]


def refused(checkout: Checkout, *words: str, beginning: Sequence[str] = ()) -> str:
    """Run, and insist on a clear refusal that leaves everything as it was."""

    def contents() -> dict[Path, bytes]:
        kept = [checkout.html, *checkout.folder.glob("results/*/t*/**/*")]
        return {path: path.read_bytes() for path in kept if path.is_file()}

    before = contents()
    done = checkout.run(beginning=beginning)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    for word in words:
        assert word in done.stdout
    assert contents() == before
    return done.stdout


def test_an_unknown_key(small: Checkout) -> None:
    small.configure(SMALL_SWEEP | {"sed": 3})
    refused(small, "error: unknown config key 'sed'", "did you mean 'seed'?")


def test_a_key_of_the_wrong_type(small: Checkout) -> None:
    small.configure(SMALL_SWEEP | {"blocks": "many"})
    refused(small, "'many' is not allowed here: it must be a whole number", "config key blocks")


def test_an_interpreter_that_is_not_there(fresh: Checkout) -> None:
    fresh.configure(SMALL_SWEEP | {"interpreters": {"paths": {"3.13": "/no/such/python"}}})
    refused(fresh, "/no/such/python", "interpreters.paths.3.13")


def test_a_version_that_nothing_supplies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is asked: uv may download nothing, and apt is a stand-in that finds nothing."""
    for tool in ("apt-get", "apt-cache", "micromamba"):
        script(tmp_path / "bin" / tool, "exit 100")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    scaling = {"workloads": ["mandelbrot"], "workers": [2]}
    sweep = SMALL_SWEEP | {"builds": ["3.99"], "experiments": {**NOTHING, "scaling": scaling}}
    checkout = new_checkout(tmp_path / "fresh", sweep)
    said = refused(
        checkout,
        "error: no source of Python 3.99 was found",
        "interpreters.provider (source)",
        "name a tarball under interpreters.tarball, or ready interpreters under interpreters.paths",
    )
    assert "provider uv cannot supply every build" in said
    assert not checkout.records()


def test_an_interpreter_that_is_not_what_its_arm_says(
    fresh: Checkout, identities: dict[str, dict[str, Any]]
) -> None:
    standard = identities["3.13"]["executable"]
    fresh.configure(
        SMALL_SWEEP
        | {
            "builds": ["3.13", "3.13t"],
            "interpreters": {"paths": {"3.13": standard, "3.13t": standard}},
        }
    )
    said = refused(fresh, "interpreters.paths.3.13t", "standard build")
    assert said.count("error: ") == 1
    log = fresh.results / "logs/interpreters.log"
    assert "interpreters.paths.3.13t" in log.read_text(encoding="utf-8")
    assert f"results/{fresh.results.name}/logs/{log.name}" in said


@pytest.mark.parametrize("text", ["{", "", '{"schema_version": 1}'], ids=["cut", "empty", "other"])
def test_an_unreadable_record(small: Checkout, text: str) -> None:
    place = next(iter(small.records()))
    (small.results / place).unlink()  # a hard link of the archive's: never write through it
    (small.results / place).write_text(text, encoding="utf-8")
    refused(small, place, "error:")


def test_a_record_of_another_interpreter(small: Checkout) -> None:
    place, record = next(iter(small.records().items()))
    record["interpreter"]["identity_sha256"] = "0" * 64
    (small.results / place).unlink()
    (small.results / place).write_text(json.dumps(signed(record)), encoding="utf-8")
    said = refused(small, f"where: {small.results.relative_to(small.folder) / place}")
    assert "measured with another interpreter: interpreter.identity_sha256 is" in said


@pytest.mark.parametrize("name", ["trials.parquet", "datapackage.json"])
def test_a_damaged_data_set_is_made_again_as_its_message_says(small: Checkout, name: str) -> None:
    file = small.results / name
    content = file.read_bytes()
    file.unlink()  # it may be one file with that of a state
    file.write_bytes(content[: len(content) // 2])
    done = small.run()
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert f"where: {file.relative_to(small.folder)}" in done.stdout
    assert MAKE_IT_ANEW in done.stdout
    file.unlink()
    small.report()
    assert file.read_bytes() == content


def test_an_archive_that_can_t_be_written_to(small: Checkout) -> None:
    archive = small.results / "archive"
    archive.rename(archive.with_name("moved"))
    archive.touch()
    small.configure(SMALL_SWEEP | {"blocks": 3})
    refused(small, "there is a file in the place of a folder", f"{small.results.name}/archive")
    assert not [*small.results.glob("logs/trials/**/003.log")]


def test_two_runs_of_one_campaign(small: Checkout) -> None:
    lock = (
        "import fcntl, time\n"
        f"f = open({str(small.results / '.lock')!r}, 'a')\n"
        "fcntl.flock(f, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(600)"
    )
    holder = subprocess.Popen([sys.executable, "-c", lock], stdout=subprocess.PIPE)
    assert holder.stdout
    assert holder.stdout.readline() == b"held\n"
    small.configure(SMALL_SWEEP | {"blocks": 3})
    refused(small, "is measuring this campaign")
    holder.kill()
    holder.communicate()


def test_results_on_a_read_only_file_system(small: Checkout) -> None:
    read_only = [*READ_ONLY, str(small.results)]
    if subprocess.run([*read_only, "true"], check=False).returncode:
        pytest.skip("this system lets nobody mount a folder of his own")
    said = refused(small, "error: the file system is read-only", beginning=read_only)
    assert f"where: results/{small.results.name}" in said
    dry = small.run("--dry-run", beginning=read_only)
    assert dry.returncode == 0, dry.stdout
    assert "rule render_report" in dry.stdout


@pytest.mark.parametrize("place", [".", "trials/mandelbrot"])
def test_results_without_permission(
    small: Checkout, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    user = as_ordinary_user(keeps="dac_read_search")
    for path in (small.folder, *small.folder.rglob("*")) if user else ():
        os.chown(path, UID, -1, follow_symlinks=False)
    (small.results / place).chmod(0o555)
    monkeypatch.setenv("HOME", str(small.folder))
    monkeypatch.setenv("LOGNAME", "nobody")  # as the Makefile does for a user without a name
    said = refused(small, "error: this user has no permission", beginning=user)
    assert f"where: {Path('results', small.results.name, place)}\n" in said
