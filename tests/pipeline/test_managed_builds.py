"""A sweep on interpreters that the real uv installs, from a local copy of its host."""

import copy
import subprocess
from pathlib import Path

import pytest
from threads_or_processes.common.decoding import read_as
from threads_or_processes.interpreters.environment import find_uv
from threads_or_processes.records.interpreter import Identity

from tests.pipeline.conftest import SMALL_SWEEP, new_checkout

ARMS = ["3.13", "3.13t"]


def test_every_trial_runs_on_what_uv_installed(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uv_mirror: dict[str, str],
    identities: dict[str, Identity],
) -> None:
    """The cache of interpreters is the test's own; wheels come from uv's usual one."""
    wheels = subprocess.check_output([find_uv(), "cache", "dir"], text=True).strip()
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "UV_CACHE_DIR": wheels}
    for name, value in (uv_mirror | own).items():
        monkeypatch.setenv(name, value)
    sweep = copy.deepcopy(SMALL_SWEEP)
    sweep["experiments"]["notebook"] = None
    sweep["experiments"]["scaling"] |= {"builds": ARMS, "models": ["serial"]}
    checkout = new_checkout(
        tmp_path, sweep | {"builds": ARMS, "blocks": 1, "interpreters": {"provider": "uv"}}
    )
    checkout.measure()
    records = checkout.records().values()
    assert {record["outcome"] for record in records} == {"ok"}
    ran = {(record["cell"]["arm"], record["gil"]["at_end"]) for record in records}
    assert ran == {("3.13", True), ("3.13t", False)}
    managed = tmp_path / "cache/threads-or-processes/interpreters/managed/3.13+3.13t"
    assert {record["interpreter"]["arm"] for record in records} == {*ARMS}
    for arm in ARMS:
        identity = read_as(checkout.results / f"interpreters/{arm}.json", Identity)
        assert identity["provider"] == "uv"
        assert identity["version"] == identities["3.13"]["version"]
        assert Path(identity["executable"]).resolve().is_relative_to(managed)
