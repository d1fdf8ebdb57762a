"""A sweep on interpreters from the real uv, with a local copy of its host, and from conda."""

import copy
import os
import subprocess
from pathlib import Path

import pytest
from threads_or_processes.common.decoding import read_as
from threads_or_processes.interpreters.environment import find_uv
from threads_or_processes.records.interpreter import Identity

from tests.interpreters.wheels import gil_needing_module, wheel
from tests.managed import write_micromamba
from tests.pipeline.conftest import SMALL_SWEEP, new_checkout

ARMS = ["3.13", "3.13t"]


@pytest.mark.parametrize(
    ("provider", "supplier"), [("auto", "uv"), ("conda", "conda")], ids=["auto", "conda"]
)
def test_every_trial_runs_on_what_was_installed(
    provider: str,
    supplier: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uv_mirror: dict[str, str],
    identities: dict[str, Identity],
) -> None:
    """The cache of interpreters is the test's own; wheels come from uv's usual one."""
    wheels = subprocess.check_output([find_uv(), "cache", "dir"], text=True).strip()
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "UV_CACHE_DIR": wheels}
    (tmp_path / "bin").mkdir()
    write_micromamba(tmp_path / "bin", identities["3.13"], identities["3.13t"])
    own["PATH"] = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for name, value in (uv_mirror | own).items():
        monkeypatch.setenv(name, value)
    compiled = [gil_needing_module(identities[arm]["executable"], tmp_path) for arm in ARMS]
    old = wheel(tmp_path / "wheels", "oldmodule", extensions=compiled)
    (tmp_path / "needing.py").write_text("import oldmodule\ndef work(task): return task\n")
    needing = {"function": "needing.py:work", "requirements": [f"oldmodule @ {old.as_uri()}"]}
    sweep = copy.deepcopy(SMALL_SWEEP)
    sweep["experiments"]["notebook"] = None
    scaling = {"builds": ARMS, "models": ["serial"], "workloads": ["mandelbrot", "needing"]}
    sweep["experiments"]["scaling"] |= scaling
    sweep["workloads"] = {**sweep["workloads"], "needing": needing}
    checkout = new_checkout(
        tmp_path, sweep | {"builds": ARMS, "blocks": 1, "interpreters": {"provider": provider}}
    )
    said = checkout.measure()
    assert "warning: oldmodule, of your requirements, turns the GIL of 3.13t on" in said
    found = checkout.records()
    brought_back = found.pop("trials/needing/serial/1/3.13t/warm/001.json")
    assert brought_back["outcome"] == "wrong_gil"
    assert brought_back["explanation"].endswith("'oldmodule' brought it back")
    records = found.values()
    assert {record["outcome"] for record in records} == {"ok"}
    ran = {(record["cell"]["arm"], record["gil"]["at_end"]) for record in records}
    assert ran == {("3.13", True), ("3.13t", False)}
    assert {record["interpreter"]["arm"] for record in records} == {*ARMS}
    for arm in ARMS:
        identity = read_as(checkout.results / f"interpreters/{arm}.json", Identity)
        assert identity["provider"] == supplier
        assert identity["version"] == identities["3.13"]["version"]
        if supplier == "uv":
            managed = tmp_path / "cache/threads-or-processes/interpreters/managed/3.13+3.13t"
            assert Path(identity["executable"]).resolve().is_relative_to(managed)
