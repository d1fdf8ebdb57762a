"""On a node: one machine's whole campaign, by the same pipeline as anywhere, alone there.

`python -m threads_or_processes.pipeline.node` runs in the job that the head sends. It works in a
folder of the node's own, so that two nodes never mix. It leaves the data set and its package.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import CSV_FILE, PACKAGE_FILE
from threads_or_processes.common.errors import UserError, exit_on_user_error
from threads_or_processes.common.files import read_json, write_bytes
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.pipeline.job import begun_on
from threads_or_processes.pipeline.results import hold
from threads_or_processes.trial.machine import allowed_cpus, can_pin, online_cpus

ROOT = Path(__file__).parents[3]
#: A cancelled job's last processes may outlive it in the scheduler's books (Slurm: `KillWait`).
ENDS_WITHIN_S = 60.0
#: Types of file systems that other machines serve (`man 5 proc`, mountinfo).
REMOTE_FILE_SYSTEMS = {
    *("nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs"),
    *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "orangefs", "panfs", "wekafs"),
}


def main() -> None:
    """Measure here, and put the data set where the head expects it."""
    arguments = _parser().parse_args()
    config: dict[str, Any] = read_json(arguments.config)
    take_cpus(arguments.cpus, config["machine"])
    check_is_local(arguments.local)
    doing = f"measuring {config['machine']}"
    hold(arguments.out, job_name(), doing, patience_s=ENDS_WITHIN_S)
    check_same_node(arguments.out, config["machine"], may_be_another=arguments.elsewhere)
    folder = arguments.out / node_name()
    link_files(arguments.file, folder)
    _say(f"measuring on {node_name()} with {cpus_in_words(len(allowed_cpus()), online_cpus())}")
    given = arguments.config.absolute()
    parcel = arguments.parcel[0].absolute() if arguments.parcel else None
    out = arguments.out.absolute()
    os.chdir(folder)
    campaign = Campaign.of(config)
    if parcel:
        _unpack_interpreters(campaign, parcel, arguments.local)
    _measure(campaign, given)
    for name in (CSV_FILE, PACKAGE_FILE):
        write_bytes(out / name, (campaign.results / name).read_bytes())
    _say("done")


def node_name() -> str:
    """What the scheduler calls this node, else the host's name; never part of what is published."""
    return os.environ.get("SLURMD_NODENAME") or platform.node()


def job_name() -> str:
    """What a message to another job calls this one."""
    number = os.environ.get("SLURM_JOB_ID")
    return f"{f'job {number}' if number else f'process {os.getpid()}'} on {node_name()}"


def cpus_in_words(allowed: int, online: int) -> str:
    """How many CPUs a job has, and whether others may use the rest of the node."""
    if allowed == online:
        return f"all CPUs ({online})"
    return f"{allowed} of {online} CPUs; other jobs may use the rest, and the report says so"


def take_cpus(wanted: int, machine: str) -> None:
    """Keep to the first `wanted` CPUs; `UserError` if this job has fewer."""
    allowed = sorted(allowed_cpus())
    if len(allowed) < wanted:
        raise UserError(
            f"machine {machine} needs {wanted} CPUs, and this job may use {len(allowed)} of the "
            f"{online_cpus()} on {node_name()}",
            where=f"config key machines.{machine}.cpus",
            hint="give the number of CPUs of that node, or ask the scheduler for all of them "
            f"(machines.{machine}.resources: cpus_per_task)",
        )
    if len(allowed) > wanted and not can_pin():
        raise UserError(
            f"machine {machine} shall use {wanted} of {len(allowed)} CPUs, and its system can't "
            "keep a job to some of them",
            where=f"config key machines.{machine}.cpus",
            hint=f"set it to {len(allowed)}",
        )
    if len(allowed) > wanted:
        os.sched_setaffinity(0, allowed[:wanted])


def check_same_node(folder: Path, machine: str, *, may_be_another: bool) -> None:
    """`UserError` if another node began this machine's campaign: two nodes are never mixed."""
    begun = begun_on(folder)
    if begun and begun != node_name() and not may_be_another:
        raise UserError(
            f"{machine} was begun on {begun}, and this job runs on {node_name()}",
            where=f"config key machines.{machine}",
            hint=f"ask the scheduler for {begun}, or set machines.{machine}.elsewhere to true to "
            "begin again here; what was measured there is kept",
        )


def check_is_local(folder: Path, mounts: Path = Path("/proc/self/mountinfo")) -> None:
    """`UserError` if a folder is on a file system that another machine serves.

    Interpreters read from there would be timed with the network.
    """
    try:
        lines = mounts.read_text(encoding="utf-8").splitlines()
    except OSError:  # a system that does not tell
        return
    found: tuple[str, str] = ("", "")
    for line in lines:  # man 5 proc: … mount point … - type source …
        mount, _, about = line.partition(" - ")
        point = mount.split()[4].replace("\\040", " ")
        if folder.absolute().is_relative_to(point) and len(point) >= len(found[0]):
            found = point, about.split()[0]
    if found[1] in REMOTE_FILE_SYSTEMS:
        raise UserError(
            f"{folder} is on a network file system ({found[1]} at {found[0]})",
            where="config key machines.<name>.local",
            hint="name a folder on a disk of the node's own",
        )


def link_files(files: list[Path], folder: Path) -> None:
    """Let relative paths of the config mean the same files, as seen from `folder`."""
    for file in files:
        if file.is_absolute():
            continue
        link = folder / file
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(file.absolute())
    folder.mkdir(parents=True, exist_ok=True)


def _unpack_interpreters(campaign: Campaign, parcel: Path, local: Path) -> None:
    """Put the identities where the pipeline would, so that it provides nothing itself."""
    command = [
        *(sys.executable, "-m", "threads_or_processes.interpreters"),
        *("--request", json.dumps(asdict(campaign.interpreter_request))),
        *("--made-for", json.dumps(campaign.interpreter_keys)),
        *("--parcel", str(parcel), "--local", str(local)),
        *("--out", str(campaign.results / "interpreters")),
    ]
    _run(command)


def _measure(campaign: Campaign, config: Path) -> None:
    """Run the pipeline as far as the data set."""
    command = [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
        *("--workflow-profile", str(ROOT / "profiles/default"), "--executor", "local"),
        *("--configfile", str(config), "--", str(campaign.results / PACKAGE_FILE)),
    ]
    _run(command)


def _run(command: list[str]) -> None:
    """Run a command to its end, and hand on what asks this process to end; exit as it exits."""
    # A profile of the user's would send the campaign away once more.
    environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number))
    if status := process.wait():
        sys.exit(status if status > 0 else 128 - status)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.pipeline.node", description=__doc__
    )
    parser.add_argument("--config", type=Path, required=True, help="the machine's config, as JSON")
    parser.add_argument("--cpus", type=int, required=True, help="how many CPUs to measure with")
    parser.add_argument("--parcel", type=Path, nargs="*", help="interpreters that the head packed")
    parser.add_argument("--local", type=Path, required=True, help="a folder on the node's own disk")
    parser.add_argument("--file", type=Path, nargs="*", default=[], help="files of the config's")
    parser.add_argument(
        "--elsewhere", action="store_true", help="begin again if another node began"
    )
    parser.add_argument("--out", type=Path, required=True, help="the machine's folder at the head")
    return parser


if __name__ == "__main__":
    exit_on_user_error(main)
