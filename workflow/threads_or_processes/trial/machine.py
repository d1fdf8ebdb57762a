"""The machine's fingerprint: what must be equal for two trials to be compared.

No host name and no serial number: results are published.
"""

import os
import platform
import re
from pathlib import Path

from threads_or_processes.common.files import digest
from threads_or_processes.records.trial import Fingerprint
from threads_or_processes.trial.topology import (
    CPUINFO,
    allowed_cpus,
    cpu_quota,
    physical_cores,
    system_text,
)


def fingerprint() -> Fingerprint:
    """Describe the machine that this process may use (its CPUs are those of its affinity)."""
    cpuinfo = system_text(CPUINFO)
    return Fingerprint(
        cpu_model=_cpu_model(cpuinfo),
        architecture=platform.machine(),
        logical_cpus=logical_cpus(),
        physical_cores=physical_cores(allowed_cpus()),
        cpu_quota=cpu_quota(),
        memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        os=_os_name(),
        kernel=f"{platform.system()} {platform.release()}",
        virtualisation=_virtualisation(cpuinfo),
    )


def name_of(machine: Fingerprint) -> str:
    """A readable folder name; another fingerprint never gets the same one (up to 32 bits)."""
    words = re.sub(r"[^a-z0-9]+", "-", machine["cpu_model"].lower()).strip("-")[:40].strip("-")
    return f"{words or 'unknown'}-{machine['logical_cpus']}cpu-{digest(machine)[:8]}"


def logical_cpus() -> int:
    """How many CPUs this process may run on."""
    return len(allowed_cpus())


def _cpu_model(cpuinfo: str) -> str:
    match = re.search(r"^model name\s*: (.+)$", cpuinfo, re.MULTILINE)
    return match[1].strip() if match else platform.processor() or platform.machine()


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
