"""The real pipeline in folders of its own, with sweeps that take seconds."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.trial.machine import fingerprint, name_of

from tests.shelf import Shelf

ROOT = Path(__file__).parents[2]
CAMPAIGN = "tiny"
#: Where its results go on this machine, below the folder in which it runs.
OWN_RESULTS = f"results/{name_of(fingerprint())}-{CAMPAIGN}"
#: A secret in the shell that runs the pipeline; no file may ever hold it.
PLANTED_TOKEN = "ghp_plantedplantedplanted"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
NOTHING = dict.fromkeys(DEFAULTS["experiments"])
SWEEP: dict[str, Any] = {
    "campaign": CAMPAIGN,
    "blocks": 2,
    "interpreters": {"build": "optimised_if_cached"},
    "trial": {
        "warmups": 1,
        "repetitions": 2,
        "wait_s": 0.1,
        "retry_pass_s": 0,
        "chunk_ms": 1.5,
        "amounts": [1, 3],
        "timeout_s": 60,
    },
    "workloads": {"notebook": {"seconds": 0.05}},
    "experiments": {
        **NOTHING,
        "notebook": {"blocks": 1, "workers": ["cpus", 5]},
        "scaling": {
            "workloads": ["mandelbrot", "counter_unlocked"],
            "workers": [2],
            "builds": ["3.13", "3.13t", "3.13t-gil"],
        },
        "startup": {
            "models": ["threads", "processes-spawn"],
            "workers": [2],
            "repetitions": 1,
            "builds": ["3.13t"],
        },
        "memory": {"models": ["serial", "processes-fork"], "workers": [2], "builds": ["3.13t"]},
        "granularity": {
            "params": {"task_us": [1000]},
            "models": ["serial", "threads"],
            "workers": [2],
            "builds": ["3.13"],
        },
        "control": {"workloads": ["mandelbrot"], "models": ["serial"], "builds": ["3.13"]},
    },
}
SMALL_SWEEP = SWEEP | {
    "builds": ["3.13"],
    "experiments": {
        **NOTHING,
        "notebook": {"blocks": 1, "builds": ["3.13"]},
        "scaling": {"workloads": ["mandelbrot"], "workers": [2], "builds": ["3.13"]},
    },
}


@dataclass(frozen=True)
class Checkout:
    """A folder in which the pipeline runs, with its results and its report."""

    folder: Path

    def command(self, *arguments: str) -> list[str]:
        """Snakemake on the project's Snakefile, with the sweep that lies in the folder."""
        snakemake = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
        sweep = ["--directory", str(self.folder), "--configfile", str(self.folder / "sweep.yaml")]
        return [*snakemake, *arguments, *sweep]

    def environment(self) -> dict[str, str]:
        """What its commands run with."""
        return {**os.environ, "TERM": "dumb", "COLUMNS": "200", "API_TOKEN": PLANTED_TOKEN}

    def configure(self, sweep: dict[str, Any]) -> None:
        """Write the sweep to run."""
        (self.folder / "sweep.yaml").write_text(yaml.safe_dump(sweep), encoding="utf-8")

    def run(
        self, *arguments: str, beginning: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        """Run to the end, behind the `beginning` of a command; both streams in `stdout`."""
        return subprocess.run(
            [*beginning, *self.command(*arguments)],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def report(self) -> str:
        """Run, insist that it went well, and return what was said."""
        done = self.run()
        assert done.returncode == 0, done.stdout
        return done.stdout

    def measure(self, *options: str) -> str:
        """The same as far as the data set: seconds less than to the report."""
        done = self.run(f"{OWN_RESULTS}/trials.parquet", *options)
        assert done.returncode == 0, done.stdout
        assert "The report is" not in done.stdout
        return done.stdout

    def stop_after(self, records: int, signal_number: int) -> str:
        """Start a run in a session of its own and end it once some records are there.

        Returns what it said on both streams.

        SIGINT goes to the whole session, as Ctrl-C in a terminal does; others to Snakemake alone.
        """
        with tempfile.TemporaryFile("w+") as said:
            run = subprocess.Popen(
                self.command(),
                cwd=ROOT,
                env=self.environment(),
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                while len(self.records()) < records:
                    assert run.poll() is None, "the run ended before it could be interrupted"
                    time.sleep(0.02)
                if signal_number == signal.SIGINT:
                    os.killpg(run.pid, signal_number)
                else:
                    run.send_signal(signal_number)
                assert run.wait(timeout=60) != 0
            finally:
                # A run that won't end fails this test and no other.
                run.kill()
                run.wait()
            said.seek(0)
            return said.read()

    @property
    def results(self) -> Path:
        """The campaign's folder."""
        found = {*(self.folder / "results").iterdir()} - {self.folder / "results/baselines"}
        (results,) = found
        return results

    @property
    def states(self) -> list[str]:
        """The data sets that runs kept by themselves, the earliest first."""
        return [path.name for path in sorted(self.folder.glob("results/baselines/*/2*"))]

    @property
    def html(self) -> Path:
        """The rendered report."""
        return self.folder / "report" / f"{CAMPAIGN}.html"

    def plan(self) -> dict[str, Any]:
        """What was planned."""
        plan: dict[str, Any] = json.loads((self.results / "plan.json").read_text(encoding="utf-8"))
        return plan

    def records(self) -> dict[str, dict[str, Any]]:
        """Every trial's record by its place below the results."""
        return {
            str(path.relative_to(self.results)): json.loads(path.read_text(encoding="utf-8"))
            for path in self.folder.glob("results/*/trials/**/*.json")
        }

    def trial_ids(self) -> dict[str, str]:
        """Which trial each record is of; a trial measured again has another."""
        return {place: record["trial_id"] for place, record in self.records().items()}

    def archived_ids(self) -> set[str]:
        """Every trial ever measured here."""
        return {path.stem for path in (self.results / "archive").iterdir()}

    def archived(self) -> dict[str, bytes]:
        """Every record that was ever written, by trial id."""
        found = self.folder.glob("results/*/archive/*.json")
        return {file.stem: file.read_bytes() for file in found}

    def copy(self, to: Path) -> "Checkout":
        """The same folder once more, times of its files included."""
        shutil.copytree(self.folder, to, copy_function=shutil.copy2)
        return Checkout(to)


def new_checkout(folder: Path, sweep: dict[str, Any]) -> Checkout:
    """An empty folder with a sweep."""
    folder.mkdir(parents=True, exist_ok=True)
    checkout = Checkout(folder)
    checkout.configure(sweep)
    return checkout


@pytest.fixture(scope="session")
def measured(shelf: Shelf, interpreters: Path) -> Checkout:
    """Two workloads and the notebook on all three arms, with a report; don't touch."""

    def measure(folder: Path) -> None:
        new_checkout(folder, SWEEP).report()

    return Checkout(shelf.made("measured", measure))


@pytest.fixture(scope="session")
def measured_small(shelf: Shelf, interpreters: Path) -> Checkout:
    """One workload and the notebook on one arm; don't touch."""

    def measure(folder: Path) -> None:
        new_checkout(folder, SMALL_SWEEP).measure()

    return Checkout(shelf.made("measured-small", measure))


@pytest.fixture
def small(measured_small: Checkout, tmp_path: Path) -> Checkout:
    """A measured folder of one's own to change."""
    return measured_small.copy(tmp_path / "small")


@pytest.fixture
def fresh(tmp_path: Path, interpreters: Path) -> Checkout:
    """A small sweep of which nothing is measured yet."""
    return new_checkout(tmp_path / "fresh", SMALL_SWEEP)
