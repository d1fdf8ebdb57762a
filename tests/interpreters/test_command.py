"""The command as the workflow calls it, on real interpreters where there must be some."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.decoding import problem_with
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json
from threads_or_processes.interpreters.environment import ARM_LOCK, Environment
from threads_or_processes.interpreters.identity import identify
from threads_or_processes.interpreters.inspection import check_gil_stays_off
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.request import Build
from threads_or_processes.records.interpreter import Identity, Parity, ProviderName
from threads_or_processes.records.plan import Arm

from tests.interpreters.builders import request_value, toy_source
from tests.interpreters.wheels import gil_needing_module

ROOT = Path(__file__).parents[2]


def command(request: str, out: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "threads_or_processes.interpreters",
            "--request",
            request,
            "--out",
            str(out),
        ],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=False,
    )


def refused(request: dict[str, Any], tmp_path: Path) -> str:
    """Run a request that must fail; its message, having checked what holds for every failure."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "3.13.json").write_text("from an earlier run")
    done = command(json.dumps(request), tmp_path / "out", tmp_path / "cache")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] == ["from an earlier run"]
    return done.stderr


def test_a_wrong_interpreter_is_one_message_and_nothing_is_written(tmp_path: Path) -> None:
    message = refused(
        request_value(paths={"3.13": sys.executable, "3.13t": "/nowhere/python"}), tmp_path
    )
    assert message.startswith("error: ")
    assert "  where: interpreters.paths.3.13" in message
    assert "  fix:   name the executable of a CPython 3.13" in message


def test_a_damaged_build_of_the_cache_is_named_with_what_mends_it(tmp_path: Path) -> None:
    toy = toy_source(tmp_path / "toy")
    request = request_value(provider="source", build="plain", tarball=str(toy))
    refused(request, tmp_path)  # a toy is no 3.13, and is kept
    (entry,) = (tmp_path / "cache").glob("threads-or-processes/interpreters/builds/3.13-plain-*/")
    (entry / "prefix/bin/python3.13").write_bytes(b"\x7fELF, cut short")
    message = command(json.dumps(request), tmp_path / "out", tmp_path / "cache").stderr
    assert f"error: {entry}/prefix/bin/python3.13 is not a Python 3" in message
    assert f"  fix:   delete {entry} and run snakemake again" in message


def test_a_provider_without_paths_says_so(tmp_path: Path) -> None:
    message = refused(request_value(provider="given"), tmp_path)
    assert "given: interpreters.paths names none" in message


@pytest.mark.parametrize(
    "request_text",
    [
        "{not json",
        "{}",
        '{"arms": []}',
        '{"arms": [], "provider": "conda"}',
        "/nowhere/request.json",
    ],
)
def test_an_unreadable_request_is_an_error(tmp_path: Path, request_text: str) -> None:
    done = command(request_text, tmp_path / "out", tmp_path / "cache")
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder must be")
    message = refused(request_value(provider="uv"), tmp_path)
    assert "the interpreters could not be kept" in message
    assert "XDG_CACHE_HOME" in message


def test_the_lock_names_versions_and_hashes_but_no_place() -> None:
    text = ARM_LOCK.read_text(encoding="utf-8")
    assert "multiprocess==0.70.19" in text
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index-url" not in text


def test_real_identities_are_as_declared(
    interpreters: Path, identities: dict[str, Identity]
) -> None:
    for found in identities.values():
        assert problem_with(found, Identity) is None
    parity = read_json(interpreters / "parity.json")
    assert problem_with(parity, Parity) is None
    assert parity["verdict"] == "match"


def test_real_arms_are_what_they_say(identities: dict[str, Identity]) -> None:
    facts = {
        arm: (found["free_threaded_build"], found["gil_enabled"])
        for arm, found in identities.items()
    }
    assert facts == {"3.13": (False, True), "3.13t": (True, False), "3.13t-gil": (True, True)}
    assert identities["3.13t"]["executable"] == identities["3.13t-gil"]["executable"]
    assert identities["3.13"]["libraries"] == identities["3.13t"]["libraries"]
    locked = dict(re.findall(r"^(\S+)==(\S+)", ARM_LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    found = identities["3.13t"]["libraries"]
    assert {"numpy", "pillow", "joblib", "multiprocess"} < locked.keys()
    assert locked.items() < found.items()
    assert len(found.keys() - locked.keys()) == 1, "the BLAS inside numpy"
    assert len({found["identity_sha256"] for found in identities.values()}) == 3


def test_a_real_standard_build_is_refused_as_a_free_threaded_one(
    identities: dict[str, Identity], tmp_path: Path
) -> None:
    standard = identities["3.13"]["executable"]
    message = refused(request_value(paths={"3.13": standard, "3.13t": standard}), tmp_path)
    assert "standard build; 3.13t asks for a CPython 3.13, free-threaded build" in message
    assert "  where: interpreters.paths.3.13t\n" in message


def test_a_real_module_that_switches_the_gil_on_is_named(
    identities: dict[str, Identity], processes: Processes, tmp_path: Path
) -> None:
    python = identities["3.13t"]["executable"]
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    site = next((tmp_path / "env").glob("lib/*/site-packages"))
    gil_needing_module(python, tmp_path).rename(site / "oldmodule.so")
    (site / "oldmodule-1.0.dist-info").mkdir()
    (site / "oldmodule-1.0.dist-info" / "METADATA").write_text("Name: oldmodule\nVersion: 1.0\n")
    (site / "oldmodule-1.0.dist-info" / "top_level.txt").write_text("oldmodule\n")
    build = Build("3.13", free_threaded=True)
    environment = Environment(tmp_path / "env" / "bin" / "python", "0" * 64)
    lock = tmp_path / "arm.lock"
    lock.write_text("oldmodule==1.0 \\\n")
    with pytest.raises(UserError, match="switched on by: oldmodule"):
        check_gil_stays_off(build, environment.python, "here", processes, lock)
    # One that a user required is an outcome of the trials that import it.
    assert check_gil_stays_off(build, environment.python, "here", processes) == ("oldmodule",)
    arm = Arm(name="3.13t", version="3.13", free_threaded=True, gil=False)
    found = identify(arm, ProviderName.GIVEN, Path(python), environment, processes)
    assert found["gil_enabled"] is False
