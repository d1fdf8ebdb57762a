"""A cluster of two virtual nodes on this host, by Debian's Slurm, and a folder to measure from."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.pipeline.conftest import NOTHING, SWEEP, Checkout

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "munged")
CONF = Path("/etc/slurm/slurm.conf")  # the jobs' own environment names no other
OURS = "# Of the tests of threads-or-processes"
# One workload on one build: twelve trials.
SMALL_SWEEP = SWEEP | {
    "builds": ["3.13"],
    "blocks": 4,
    "claims": [],
    "experiments": {
        **NOTHING,
        "scaling": {"workloads": ["mandelbrot"], "workers": [2], "builds": ["3.13"]},
    },
}
MACHINES = {
    "fast": {"cpus": 1, "resources": {"constraint": "fast"}},
    "slow": {"cpus": 2, "resources": {"constraint": "slow"}},
}


def slurm_conf(folder: Path, host: str) -> str:
    """One controller and two nodes, all of them this host."""
    return f"""{OURS}
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
    if CONF.exists() and not is_abandoned(CONF.read_text(encoding="utf-8")):
        return f"{CONF} belongs to another cluster"
    return None


def is_abandoned(conf: str) -> bool:
    """Whether it is of tests that were killed: no controller runs any more."""
    running = subprocess.run(["pgrep", "-x", "slurmctld"], stdout=subprocess.DEVNULL, check=False)
    return conf.startswith(OURS) and running.returncode != 0


@pytest.fixture(scope="session")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The locked plugins in a folder of their own, so that no other test's Snakemake loads them."""
    folder = tmp_path_factory.mktemp("plugins")
    command = ["uv", "pip", "install", "--quiet", "--link-mode=copy", "--no-deps"]
    lock = ROOT / "requirements-cluster.lock"
    python = ["--python", sys.executable]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run(
        [*command, *python, "--require-hashes", "--target", str(folder), "-r", str(lock)],
        check=True,
        env={**os.environ, "PATH": path},
    )
    # The plugin asks for the status of jobs 10 s later each time. That suits jobs of an hour.
    plugin = folder / "snakemake_executor_plugin_slurm/__init__.py"
    text = plugin.read_text(encoding="utf-8")
    assert "next_seconds_between_status_checks + 10," in text
    plugin.write_text(text.replace("status_checks + 10,", "status_checks + 0,"), encoding="utf-8")
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
            stack.callback(_stop, Path("/run/munge"))
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
    """A folder at the head, from which jobs are sent by a profile."""

    plugins: Path
    profile: str = "slurm"

    def command(self, *arguments: str) -> list[str]:
        sooner = {
            "slurm": ["--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "1"],
            "ssh": ["--seconds-between-status-checks", "1"],
        }
        profile = ["--workflow-profile", str(ROOT / "profiles" / self.profile)]
        return super().command(*profile, *sooner[self.profile], *arguments)

    def copy(self, to: Path) -> "Head":
        """The same folder once more; the interpreters, which nobody writes to, are shared."""

        def copy_file(source: str, target: str) -> None:
            (os.link if source.endswith(".tar") else shutil.copy2)(source, target)

        shutil.copytree(self.folder, to, copy_function=copy_file)
        return Head(to, self.plugins, self.profile)

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": f"{self.plugins}:{ROOT / 'workflow'}"}

    def package(self, machine: str) -> dict[str, Any]:
        """What describes a machine's data set."""
        file = self.folder / "machines" / f"{machine}-tiny" / "datapackage.json"
        package: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return package

    def measure_only(self, machine: str) -> str:
        """Run as far as to a machine's data set."""
        done = self.run(f"machines/{machine}-tiny/datapackage.json")
        assert done.returncode == 0, done.stdout
        return done.stdout

    def node(self, machine: str, node: str) -> Path:
        """A node's folder."""
        return self.folder / "machines" / f"{machine}-tiny" / node

    def records_on(self, machine: str, node: str) -> dict[str, dict[str, Any]]:
        """The records in a node's folder, by their place."""
        return records_in(self.node(machine, node))

    def run_until_more(self, node: Path, end: "Callable[[subprocess.Popen[str]], object]") -> str:
        """Run; `end` the run once a node's folder has two more records. What the run said."""
        wanted = len(records_in(node)) + 2
        run = subprocess.Popen(
            self.command(),
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        while len(records_in(node)) < wanted:
            assert run.poll() is None, run.communicate()[0]
            time.sleep(0.05)
        end(run)
        said, _ = run.communicate(timeout=100)
        assert run.returncode != 0, said
        return said


def records_in(node: Path) -> dict[str, dict[str, Any]]:
    """The records in a node's folder, by their place."""
    return {
        str(path.relative_to(node)): json.loads(path.read_text(encoding="utf-8"))
        for path in node.glob("results/*/trials/**/*.json")
    }


def trial_ids(records: dict[str, dict[str, Any]]) -> set[str]:
    """The trials that the records are of; a trial measured again has another."""
    return {record["trial_id"] for record in records.values()}


def archived_in(node: Path) -> set[str]:
    """Every trial ever measured in a node's folder."""
    return {path.stem for path in node.glob("results/*/archive/*.json")}


def ctrl_c(run: "subprocess.Popen[str]") -> None:
    """What a terminal does: the signal goes to the whole session."""
    os.killpg(run.pid, signal.SIGINT)


@dataclass(frozen=True)
class Cancelled:
    """A sweep on two machines, of which one's job was cancelled on its node.

    Before that, the whole run was stopped by Ctrl-C with some records, and said something.
    """

    head: Head
    said_at_ctrl_c: str
    kept_at_ctrl_c: dict[str, dict[str, Any]]
    jobs_at_ctrl_c: list[str]
    said: str
    kept: dict[str, dict[str, Any]]
    alive: list[str]


@pytest.fixture(scope="session")
def cancelled(
    tmp_path_factory: pytest.TempPathFactory, interpreters: Path, slurm: None, plugins: Path
) -> Cancelled:
    """`fast` is measured, `slow` has some records; once a session, don't touch."""
    head = Head(tmp_path_factory.mktemp("cancelled"), plugins)
    head.configure({**SMALL_SWEEP, "machines": MACHINES})
    node = head.node("slow", "slow")
    said_at_ctrl_c = head.run_until_more(node, ctrl_c)
    kept_at_ctrl_c, jobs = records_in(node), jobs_left()
    said = head.run_until_more(node, lambda _: cancel_on("slow"))
    kept = records_in(node)
    return Cancelled(head, said_at_ctrl_c, kept_at_ctrl_c, jobs, said, kept, processes_left())


def jobs_left() -> list[str]:
    """The jobs that wait or run, as `squeue` lists them, once those that end have ended."""
    for _ in range(100):
        told = subprocess.run(["squeue", "-h"], capture_output=True, text=True, check=True)
        if not told.stdout:
            break
        time.sleep(0.1)
    return told.stdout.splitlines()


def processes_left() -> list[str]:
    """The commands of jobs' processes that are still there, once those that end have ended."""
    for _ in range(200):
        commands = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            # Most end while this looks.
            with contextlib.suppress(OSError):
                if b"SLURM_JOB_ID=" in environ.read_bytes():
                    command = (environ.parent / "cmdline").read_bytes()
                    commands.append(command.replace(b"\0", b" ").decode())
        if not commands:
            break
        time.sleep(0.1)
    return commands


def cancel_on(node: str) -> None:
    """Cancel the jobs on a node."""
    subprocess.run(["scancel", "--nodelist", node], check=True)


@pytest.fixture(scope="session")
def sent(cancelled: Cancelled, tmp_path_factory: pytest.TempPathFactory) -> Head:
    """The same, measured to the end; don't touch.

    The head was lost on the way, and its job went on. Without its constraint, any node could do it.
    """
    head = cancelled.head.copy(tmp_path_factory.mktemp("sent") / "head")
    machines = {**MACHINES, "slow": {"cpus": 2}}
    head.configure({**SMALL_SWEEP, "machines": machines})
    head.run_until_more(head.node("slow", "slow"), subprocess.Popen.kill)
    head.report()
    return head
