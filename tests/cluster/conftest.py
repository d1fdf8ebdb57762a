"""A cluster of two virtual nodes on this host, by Debian's Slurm, and a folder to measure from."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.pipeline.conftest import SMALL_SWEEP, Checkout

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "munged")
CONF = Path("/etc/slurm/slurm.conf")  # the jobs' own environment names no other
MACHINES = {
    "fast": {"cpus": 1, "resources": {"constraint": "fast"}},
    "slow": {"cpus": 2, "resources": {"constraint": "slow"}},
}


def slurm_conf(folder: Path, host: str) -> str:
    """One controller and two nodes, all of them this host."""
    return f"""
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=1
MinJobAge=300
KillWait=5
NodeName=fast NodeHostname={host} NodeAddr=127.0.0.1 Port=17001 CPUs=1 Feature=fast State=UNKNOWN
NodeName=slow NodeHostname={host} NodeAddr=127.0.0.1 Port=17002 CPUs=2 Feature=slow State=UNKNOWN
PartitionName=lab Nodes=fast,slow Default=YES MaxTime=INFINITE State=UP
"""


def why_not() -> str | None:
    """Why no cluster can be started here; None if it can."""
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        return f"no {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
    if os.geteuid() != 0:
        return "only root can start slurmd and munged"
    if len(os.sched_getaffinity(0)) < 2:
        return "two nodes that differ need two CPUs"
    if CONF.exists():
        return f"{CONF} belongs to another cluster"
    return None


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked plugins in a folder of their own, so that no other test's Snakemake loads them."""
    folder = tmp_path_factory.mktemp("plugins")
    command = ["uv", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    lock = ROOT / "requirements-cluster.lock"
    python = ["--python", sys.executable]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        [*command, *python, "--target", str(folder), "-r", str(lock)],
        check=True,
        env={**os.environ, "PATH": path},
    )
    return folder


@pytest.fixture(scope="session")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cluster whose nodes are idle; `fast` may use one CPU, `slow` two."""
    if reason := why_not():
        assert "CI" not in os.environ, reason
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    for name in ("state", "spool.fast", "spool.slow"):
        (folder / name).mkdir()
    with contextlib.ExitStack() as stack:
        CONF.write_text(slurm_conf(folder, socket.gethostname().partition(".")[0]))
        stack.callback(CONF.unlink)
        Path("/run/munge").mkdir(exist_ok=True)
        shutil.chown("/run/munge", "munge", "munge")
        if subprocess.run(["pgrep", "-x", "munged"], stdout=subprocess.DEVNULL).returncode:
            subprocess.run(["runuser", "-u", "munge", "--", "munged"], check=True)
        stack.callback(_stop, folder)
        for command in (
            ["slurmctld"],
            ["taskset", "-c", "0", "slurmd", "-N", "fast"],
            ["slurmd", "-N", "slow"],
        ):
            subprocess.run(command, check=True)
        for _ in range(300):
            states = subprocess.run(
                ["sinfo", "-h", "-N", "-o", "%t"], capture_output=True, text=True
            ).stdout.split()
            if states and set(states) == {"idle"}:
                break
            time.sleep(0.1)
        else:
            logs = "\n".join(log.read_text() for log in folder.glob("*.log"))
            raise AssertionError(f"the nodes are {states}:\n{logs}")
        yield


def _stop(folder: Path) -> None:
    for file in folder.glob("*.pid"):
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int(file.read_text()), 15)


@dataclass(frozen=True)
class Head(Checkout):
    """A folder at the head, from which jobs are sent."""

    plugins: Path

    def command(self, *arguments: str) -> list[str]:
        sooner = ["--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "1"]
        profile = ["--workflow-profile", str(ROOT / "profiles/slurm"), *sooner]
        return super().command(*profile, *arguments)

    def copy(self, to: Path) -> "Head":
        return Head(super().copy(to).folder, self.plugins)

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": f"{self.plugins}:{ROOT / 'workflow'}"}

    def package(self, machine: str) -> dict[str, Any]:
        """What describes a machine's data set."""
        file = self.folder / "machines" / f"{machine}-tiny" / "datapackage.json"
        package: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return package

    def records_on(self, machine: str, node: str) -> dict[str, dict[str, Any]]:
        """The records in a node's folder, by their place."""
        folder = self.folder / "machines" / f"{machine}-tiny" / node
        return {
            str(path.relative_to(folder)): json.loads(path.read_text(encoding="utf-8"))
            for path in folder.glob("results/*/trials/**/*.json")
        }

    def run_and_cancel(self, machine: str, node: str, records: int) -> str:
        """Run; cancel the job on a node once some records are there. What the run said."""
        run = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while len(self.records_on(machine, node)) < records:
            assert run.poll() is None, run.communicate()[0]
            time.sleep(0.05)
        subprocess.run(["scancel", "--nodelist", node], check=True)
        said, _ = run.communicate(timeout=200)
        assert run.returncode != 0, said
        return said


@dataclass(frozen=True)
class Cancelled:
    """A sweep on two machines, of which one's job was cancelled on its node."""

    head: Head
    said: str
    kept: dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def cancelled(
    tmp_path_factory: pytest.TempPathFactory, interpreters: Path, slurm: None, plugins: Path
) -> Cancelled:
    """`fast` is measured, `slow` has some records; once a session, don't touch."""
    head = Head(tmp_path_factory.mktemp("cancelled"), plugins)
    head.configure({**SMALL_SWEEP, "machines": MACHINES})
    said = head.run_and_cancel("slow", "slow", records=3)
    return Cancelled(head, said, head.records_on("slow", "slow"))


@pytest.fixture(scope="session")
def sent(cancelled: Cancelled, tmp_path_factory: pytest.TempPathFactory) -> Head:
    """The same, after a second run; don't touch. Without its constraint, any node could do it."""
    head = cancelled.head.copy(tmp_path_factory.mktemp("sent") / "head")
    head.configure({**SMALL_SWEEP, "machines": {**MACHINES, "slow": {"cpus": 2}}})
    head.report()
    return head
