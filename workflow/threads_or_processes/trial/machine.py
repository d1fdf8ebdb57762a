"""The machine's fingerprint: what must be equal for two trials to be compared.

It says how much of the machine this process may use: its CPUs, their cores, its share of them.

No host name and no serial number: results are published.
"""

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import digest
from threads_or_processes.records.trial import Fingerprint, differing
from threads_or_processes.records.vocabulary import Lack
from threads_or_processes.trial.measured.probe_client import current_cpu
from threads_or_processes.trial.measured.proc import PROC, THIS_PROCESS, control_groups, system_text
from threads_or_processes.trial.topology import CPUINFO, DEVICES, cores_of


def fingerprint() -> Fingerprint:
    """Describe the machine that this process may use (its CPUs are those of its affinity)."""
    cpuinfo, cpus = system_text(CPUINFO), allowed_cpus()
    return Fingerprint(
        cpu_model=_cpu_model(cpuinfo),
        architecture=platform.machine(),
        logical_cpus=len(cpus),
        physical_cores=len(cores_of(cpus)) or None,
        cpu_quota=cpu_quota(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        os=_os_name(),
        kernel=f"{platform.system()} {platform.release()}",
        virtualisation=_virtualisation(cpuinfo),
    )


def check_unchanged(planned: Mapping[str, Any], now: Mapping[str, Any] | None = None) -> None:
    """`UserError` if the machine is not the one of the plan any more.

    Without its whole fingerprint `now`, only what is read at once is compared: CPUs and their
    quota.
    """
    if now is None:
        now = {**planned, "logical_cpus": len(allowed_cpus()), "cpu_quota": cpu_quota()}
    changed = [
        f"{field} is {now.get(field)} and was {planned.get(field)}"
        for field in differing(now, planned)
    ]
    if changed:
        raise UserError(
            f"the machine has changed while it was measured: {', '.join(changed)}",
            where="what this process may use of the machine",
            hint="restore it and run the same command again, which continues this campaign. Left "
            "as it is, the same command begins a campaign of its own",
        )


def name_of(machine: Fingerprint, label: str | None = None) -> str:
    """A readable folder name; another fingerprint never gets the same one (up to 32 bits).

    It begins with the label that the machine's owner gave it, or with its CPU's model.
    """
    words = re.sub(r"[^a-z0-9]+", "-", (label or machine["cpu_model"]).lower())
    words = words.strip("-")[:40].strip("-")
    return f"{words or 'unknown'}-{machine['logical_cpus']}cpu-{digest(machine)[:8]}"


def allowed_cpus() -> frozenset[int]:
    """The logical CPUs that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(online_cpus()))


def online_cpus() -> int:
    """The logical CPUs that the machine has switched on, whoever may use them."""
    return os.cpu_count() or 1


def can_pin() -> bool:
    """Whether the system lets this process choose the CPUs that it runs on."""
    try:
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    except (AttributeError, OSError):  # the system has no such call, or forbids it
        return False
    return True


def lacks() -> tuple[Lack, ...]:
    """What this system does not have, in contrast to Linux."""
    has = {
        Lack.PINNING: can_pin(),
        Lack.MEMORY: bool(system_text(THIS_PROCESS / "smaps_rollup")),
        Lack.STATE: bool(system_text(PROC / "stat")),
        Lack.TOPOLOGY: DEVICES.is_dir(),
        Lack.PLACE: current_cpu() >= 0,
        Lack.LIBRARY: bool(system_text(THIS_PROCESS / "maps")),
        Lack.RUN_QUEUE: bool(system_text(THIS_PROCESS / "schedstat")),
        Lack.ORPHANS: sys.platform == "linux",
        Lack.LOCK: sys.platform == "linux",
    }
    return tuple(lack for lack, is_there in has.items() if not is_there)


def no_semaphores() -> str:
    """Why programs can't make semaphores here, which pools need; empty if they can."""
    import multiprocessing  # not in a trial's process

    try:
        multiprocessing.get_context("spawn").Lock()
    except OSError as error:
        return (
            f"this machine makes no semaphores ({error.strerror}), and pools of processes and of "
            "threads need them; mount a writable tmpfs at /dev/shm, in a container by --shm-size"
        )
    return ""


def cpu_quota(process: Path = THIS_PROCESS) -> float | None:
    """How many CPUs' worth of time the control groups of this process allow; None if no limit.

    The tightest limit of its own group and all above it counts, in either version of cgroups:
    `cpu.max` (Linux, Documentation/admin-guide/cgroup-v2.rst), `cpu.cfs_quota_us` by
    `cpu.cfs_period_us` (Documentation/scheduler/sched-bwc.rst).
    """
    groups = control_groups("cpu", process)
    return min((limit for group in groups if (limit := _limit(group)) is not None), default=None)


def _cpu_model(cpuinfo: str) -> str:
    match = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    if match:
        return match[1].strip()
    return _cpu_model_of_macos() or platform.processor() or platform.machine()


def _cpu_model_of_macos() -> str:
    """What sysctl(3) of macOS calls the CPU; elsewhere empty."""
    if sys.platform != "darwin":
        return ""
    ask = ["sysctl", "-n", "machdep.cpu.brand_string"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        return ""


def _os_name() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _virtualisation(cpuinfo: str) -> str | None:
    product = system_text(Path("/sys/class/dmi/id/sys_vendor")).strip()
    if re.search(r"^flags\s*:.*\bhypervisor\b", cpuinfo, re.MULTILINE):
        return f"virtual machine ({product})" if product else "virtual machine"
    return None


def _limit(group: Path) -> float | None:
    quota, _, period = system_text(group / "cpu.max").strip().partition(" ")
    if not quota:
        quota = system_text(group / "cpu.cfs_quota_us").strip()
        period = system_text(group / "cpu.cfs_period_us").strip()
    if quota in ("", "max", "-1"):
        return None
    return int(quota) / int(period)
