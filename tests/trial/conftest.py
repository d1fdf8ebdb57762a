"""Trials as the tests run them: real interpreters, tiny batches; and what a trial may leave."""

import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.files import write_json
from threads_or_processes.common.signing import signed
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.records.trial import TrialSpec
from threads_or_processes.records.vocabulary import Timing
from threads_or_processes.trial.machine import fingerprint
from threads_or_processes.trial.measured.probe_client import ProbeReading
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.supervisor import noise_monitor as noise_monitor_module
from threads_or_processes.trial.supervisor.noise_monitor import NoiseMonitor, noise_monitor
from threads_or_processes.trial.supervisor.trial import (
    ORDINARY,
    record_trial,
    run_calibration,
    run_trial,
)
from threads_or_processes.trial.user_workloads import workload_of

RunTrial = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def calibration_of(identities: dict[str, Identity]) -> Callable[[str], dict[str, Any]]:
    """A workload's calibration on the standard build, found once a session."""

    @cache
    def calibrated(workload: str) -> dict[str, Any]:
        return run_calibration(workload, workload_of(workload).parameters, 2, identities["3.13"])

    return calibrated


@pytest.fixture(scope="session")
def trial(
    identities: dict[str, Identity], calibration_of: Callable[[str], dict[str, Any]]
) -> RunTrial:
    """Run one trial of a cell and return its record; with a `sentinel` file as a command does."""

    def run(
        workload: str,
        model: str = "serial",
        workers: int = 1,
        arm: str = "3.13",
        timing: str = "warm",
        **changes: Any,
    ) -> dict[str, Any]:
        params = workload_of(workload).parameters | changes.pop("params", {})
        identity = identities[arm] | changes.pop("identity", {})
        calibration = calibration_of(workload) | changes.pop("calibration", {})
        monitor, sentinel = changes.pop("monitor", None), changes.pop("sentinel", None)
        circumstances = changes.pop("circumstances", ORDINARY)
        spec: TrialSpec = {
            "cell": {
                "id": f"{workload}/{model}/{workers}/{arm}/{timing}",
                "workload": workload,
                "function": workload,
                "params": params,
                "model": model,
                "start_method": MODELS[model].start_method,
                "workers": workers,
                "arm": arm,
                "timing": Timing(timing),
                "replicate": 1,
            },
            "block": 1,
            "seed": 1,
            "warmups": 1,
            "repetitions": 2,
            "amounts": [1],
            "patience_s": 0.0,
            "quiet_threshold": 0.12,
            "timeout_s": 60,
            **changes,  # type: ignore[typeddict-item]
        }
        if sentinel:
            record: Any = record_trial(spec, 1, identity, calibration, sentinel, circumstances)
        else:
            record = run_trial(spec, 1, identity, calibration, monitor)
        return record  # type: ignore[no-any-return]

    return run


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NoiseMonitor]:
    monkeypatch.setattr(noise_monitor_module, "START_SECONDS", 0.2)
    with noise_monitor(tmp_path / "sentinel.json") as found:
        assert found is not None
        yield found


def always(monitor: NoiseMonitor, reading_ns: int) -> NoiseMonitor:
    """A monitor that reads the same for ever, against a floor of 100 ns."""
    known = {mode: [[100] * len(monitor.cpus)] for mode in ProbeMode}
    monitor.memory.write_text(
        json.dumps({"cpus": monitor.cpus, "start_ns": known, "readings_ns": known}),
        encoding="utf-8",
    )
    return NoiseMonitor(
        read=lambda _: [ProbeReading(reading_ns, 0)] * len(monitor.cpus),
        cpus=monitor.cpus,
        memory=monitor.memory,
    )


COMMAND = """
import resource, sys
from threads_or_processes.trial.__main__ import run_command
from threads_or_processes.trial.supervisor import noise_monitor
noise_monitor.START_SECONDS = 0.1
{first}
run_command(sys.argv[1:])
"""


@pytest.fixture
def measure_into(
    tmp_path: Path, interpreters: Path, calibration_of: Callable[[str], dict[str, Any]]
) -> Callable[..., list[str]]:
    """Makes a command that measures one trial and keeps it in a folder.

    It runs the statements `first` when everything is imported, as it is in the server of trials.
    """
    write_json(calibration := tmp_path / "calibration.json", signed(calibration_of("mandelbrot")))

    def command(
        folder: Path, model: str = "serial", workers: int = 1, first: str = ""
    ) -> list[str]:
        cell = {
            "id": f"mandelbrot/{model}/{workers}/3.13/warm",
            "workload": "mandelbrot",
            "function": "mandelbrot",
            "params": {},
            "model": model,
            "start_method": MODELS[model].start_method,
            "workers": workers,
            "arm": "3.13",
            "timing": "warm",
            "replicate": 1,
        }
        spec = {
            "cell": cell,
            "block": 1,
            "seed": 1,
            "warmups": 0,
            "repetitions": 1,
            "amounts": [1],
            "patience_s": 0.0,
            "quiet_threshold": 0.12,
            "timeout_s": 60,
        }
        return [
            *(sys.executable, "-c", COMMAND.format(first=first), "measure"),
            *("--spec", json.dumps(spec), "--position", "1"),
            *("--machine", json.dumps(fingerprint())),
            *("--identity", str(interpreters / "3.13.json"), "--calibration", str(calibration)),
            *("--sentinel", str(tmp_path / "sentinel.json"), "--archive", f"{folder}/archive"),
            *("--out", f"{folder}/record.json"),
        ]

    return command


STARTED = """
import json, os, sys
SPEC = json.load(sys.stdin)
os.write(SPEC["answer"], b'{"version": "3.13.0"}\\n')
"""


def fake_interpreter(folder: Path, body: str) -> list[str]:
    """A command that stands in for the interpreter under test, and says that it has started."""
    script = folder / "fake.py"
    script.write_text(STARTED + textwrap.dedent(body), encoding="utf-8")
    return [sys.executable, str(script)]


def processes_with(variable: str) -> list[int]:
    """Live processes with this `NAME=value` in their environment; zombies have none."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"\0{variable}\0".encode() in b"\0" + (process / "environ").read_bytes():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def until_gone(left: Callable[[], list[Any]]) -> None:
    """Wait until nothing is left, as the kernel takes its time; fails with what still is."""
    for _ in range(1000):
        if not left():
            return
        time.sleep(0.01)
    assert left() == []
