"""The processes of a trial: the measured one and all that it started, from /proc."""

from pathlib import Path

PROC = Path("/proc")


def process_tree(root: str = "self", proc: Path = PROC) -> list[str]:
    """The process `root` and its descendants, by their names in /proc; what has ended is left out.

    Where there is no /proc it is the root alone.
    """
    found = [root]
    for process in found:
        for thread in _entries(proc / process / "task"):
            found += _text(thread / "children").split()
    return found


def last_cpus(processes: list[str], proc: Path = PROC) -> set[int]:
    """The CPU that each thread of these processes ran on last: field 39 of proc_pid_stat(5)."""
    stats = [
        _text(thread / "stat") for name in processes for thread in _entries(proc / name / "task")
    ]
    return {int(stat.rpartition(")")[2].split()[36]) for stat in stats if stat}


def pss_bytes(processes: list[str], proc: Path = PROC) -> int:
    """Proportional set size of these processes together (Pss in proc_pid_smaps_rollup).

    A page that several processes map counts once in all, so that memory shared after a fork is not
    counted for each worker. Raises OSError where the system doesn't tell it of the first.
    """
    (proc / processes[0] / "smaps_rollup").read_text(encoding="utf-8")
    return sum(_pss_kib(_text(proc / name / "smaps_rollup")) for name in processes) * 1024


def _pss_kib(rollup: str) -> int:
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
