"""What the machine itself says of its state around a trial, and what in it is worth a flag.

Everything here comes from counters that the kernel keeps anyway. A flag never drops a trial: it
says where to look when a time is odd.

psutil would mean something else by the same fields: it takes swapped pages for 4 KiB, prefers
/proc/cpuinfo for frequencies and hwmon to thermal zones, and has neither pressure nor throttling.
"""

import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from threads_or_processes.records.trial import Health
from threads_or_processes.records.vocabulary import HealthFlag
from threads_or_processes.trial.measured.proc import (
    children,
    control_groups,
    process_stat,
    system_text,
)

# A hundredth of one CPU taken away by the host: a fifth of the margin (5 %) that verdicts go by.
STEAL_RATIO = 0.01
# What strangers may use: background services of an idle desktop stay below a tenth of one CPU.
LOAD_RATIO = 0.1
# The kernel's sampled ticks and its exact per-process times differ by a few, in a short trial too.
LOAD_TICKS = 5
# A page read back from a fast disk costs about 0.1 ms: 16 are a tenth of a short repetition.
SWAPPED_PAGES = 16
# Share of the time in which some task waited. A task that waits for memory does nothing else, so
# as for steal; tasks that wait for disks and CPUs are usual in workloads that write, or have more
# workers than CPUs, so it takes a tenth.
MEMORY_PRESSURE_RATIO = 0.01
IO_PRESSURE_RATIO = 0.1
CPU_PRESSURE_RATIO = 0.1
# These are read without a system call (Linux vDSO); others cost a microsecond or more a reading.
FAST_CLOCK_SOURCES = frozenset(
    {
        "arch_sys_counter",
        "hyperv_clocksource_tsc_page",
        "kvm-clock",
        "riscv_clocksource",
        "timebase",
        "tod",
        "tsc",
    }
)


def read(root: Path = Path("/")) -> Health:
    """Read the machine's state now; `root` holds `proc` and `sys`. Never raises."""
    proc, cpus = root / "proc", root / "sys/devices/system/cpu"
    ticks = [int(count) for count in re.findall(r"(?<=\s)\d+", _line(proc / "stat", "cpu "))]
    vmstat = system_text(proc / "vmstat")
    periods, throttled_us = _throttling(root)
    return Health(
        read_monotonic_ns=time.perf_counter_ns(),
        load_averages=_load_averages(proc),
        ticks_per_second=os.sysconf("SC_CLK_TCK"),
        # user nice system idle iowait irq softirq steal; guests are counted in user.
        total_ticks=sum(ticks[:8]) if ticks else None,
        busy_ticks=sum(ticks[:3]) if ticks else None,
        steal_ticks=ticks[7] if len(ticks) > 7 else None,
        own_ticks=_own_ticks(proc),
        swapped_in_pages=_counter(vmstat, "pswpin"),
        swapped_out_pages=_counter(vmstat, "pswpout"),
        out_of_memory_kills=_counter(vmstat, "oom_kill"),
        cpu_pressure_us=_pressure_us(proc, "cpu"),
        memory_pressure_us=_pressure_us(proc, "memory"),
        io_pressure_us=_pressure_us(proc, "io"),
        cgroup_throttled_periods=periods,
        cgroup_throttled_us=throttled_us,
        cgroup_out_of_memory_kills=_cgroup_kills(root),
        clock_source=system_text(
            root / "sys/devices/system/clocksource/clocksource0/current_clocksource"
        ).strip()
        or None,
        cpu_frequencies_khz=_numbers(cpus, "cpu[0-9]*/cpufreq/scaling_cur_freq"),
        governors=_words(cpus, "cpu[0-9]*/cpufreq/scaling_governor"),
        boost=_boost(cpus),
        hottest_millidegrees=max(
            _numbers(root / "sys/class/thermal", "thermal_zone*/temp") or (), default=None
        ),
        core_throttle_count=_sum(_numbers(cpus, "cpu[0-9]*/thermal_throttle/core_throttle_count")),
        on_battery=_on_battery(root / "sys/class/power_supply"),
        clock_overhead_ns=_clock_overhead_ns(),
    )


def flags(before: Health, after: Health) -> list[HealthFlag]:
    """What happened between two readings, or is the matter with both, by name, sorted."""
    return sorted(set(_findings(before, after)))


def _findings(before: Health, after: Health) -> Iterator[HealthFlag]:
    def grown(name: str) -> int:
        """By how much a counter has grown; 0 where it is not known."""
        first, last = before.get(name), after.get(name)
        return last - first if isinstance(first, int) and isinstance(last, int) else 0

    elapsed_us = grown("read_monotonic_ns") / 1e3
    elapsed_ticks = elapsed_us / 1e6 * after["ticks_per_second"]
    if grown("steal_ticks") > STEAL_RATIO * elapsed_ticks:
        yield HealthFlag.STEAL
    if before["own_ticks"] is not None and after["own_ticks"] is not None:
        of_strangers = grown("busy_ticks") - grown("own_ticks")
        if of_strangers > LOAD_RATIO * elapsed_ticks + LOAD_TICKS:
            yield HealthFlag.LOAD
    if grown("swapped_in_pages") + grown("swapped_out_pages") >= SWAPPED_PAGES:
        yield HealthFlag.SWAPPING
    if grown("core_throttle_count") > 0:
        yield HealthFlag.THERMAL_THROTTLING
    if grown("cgroup_throttled_periods") > 0:
        yield HealthFlag.CGROUP_THROTTLING
    if grown("cpu_pressure_us") > CPU_PRESSURE_RATIO * elapsed_us:
        yield HealthFlag.CPU_PRESSURE
    if grown("io_pressure_us") > IO_PRESSURE_RATIO * elapsed_us:
        yield HealthFlag.IO_PRESSURE
    if grown("memory_pressure_us") > MEMORY_PRESSURE_RATIO * elapsed_us:
        yield HealthFlag.MEMORY_PRESSURE
    if grown("out_of_memory_kills") > 0 or grown("cgroup_out_of_memory_kills") > 0:
        yield HealthFlag.OUT_OF_MEMORY_KILL
    if before["clock_source"] != after["clock_source"]:
        yield HealthFlag.CLOCK_SOURCE_CHANGED
    if {before["clock_source"], after["clock_source"]} - {None} - FAST_CLOCK_SOURCES:
        yield HealthFlag.SLOW_CLOCK_SOURCE


def _load_averages(proc: Path) -> list[float] | None:
    """Over 1, 5 and 15 minutes."""
    found = re.match(r"([\d.]+) ([\d.]+) ([\d.]+) ", system_text(proc / "loadavg"))
    return [float(average) for average in found.groups()] if found else None


def _own_ticks(proc: Path) -> int | None:
    own = process_stat(proc / "self")
    if own is None:
        return None
    below = (process_stat(proc / child) for child in children("self", proc))
    return own.cpu_ticks + sum(stat.cpu_ticks for stat in below if stat)


def _pressure_us(proc: Path, resource: str) -> int | None:
    found = re.search(
        r"^some .*\btotal=(\d+)", system_text(proc / "pressure" / resource), re.MULTILINE
    )
    return int(found[1]) if found else None


def _throttling(root: Path) -> tuple[int | None, int | None]:
    """Periods in which this process's groups were held back, and for how long in µs."""
    stats = [
        system_text(group / "cpu.stat") for group in control_groups("cpu", root / "proc/self", root)
    ]
    periods = [_counter(stat, "nr_throttled") for stat in stats]
    second_us = [_counter(stat, "throttled_usec") for stat in stats]
    first_ns = [_counter(stat, "throttled_time") for stat in stats]
    in_us = [count // 1000 for count in first_ns if count is not None]
    return _sum(periods), _sum([*second_us, *in_us])


def _cgroup_kills(root: Path) -> int | None:
    for group in control_groups("memory", root / "proc/self", root)[:1]:
        for name in ("memory.events", "memory.oom_control"):
            if (kills := _counter(system_text(group / name), "oom_kill")) is not None:
                return kills
    return None


def _boost(cpus: Path) -> bool | None:
    if (allowed := _number(cpus / "cpufreq/boost")) is not None:
        return bool(allowed)
    if (refused := _number(cpus / "intel_pstate/no_turbo")) is not None:
        return not refused
    return None


def _on_battery(supplies: Path) -> bool | None:
    """Whether no mains is connected; None on a machine that has no battery of its own."""
    batteries = [
        kind
        for kind in _in_order(supplies, "*/type")
        if system_text(kind).strip() == "Battery"
        and system_text(kind.parent / "scope").strip() != "Device"
    ]
    mains = [
        online
        for kind in _in_order(supplies, "*/type")
        if system_text(kind).strip() in ("Mains", "USB")
        and (online := _number(kind.parent / "online")) is not None
    ]
    return not any(mains) if mains and batteries else None


def _clock_overhead_ns(readings: int = 101) -> int:
    """The median time between two readings of the clock in a row."""
    read = time.perf_counter_ns
    apart = sorted(-read() + read() for _ in range(readings))
    return apart[readings // 2]


def _counter(text: str, name: str) -> int | None:
    found = re.search(rf"^{name} (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else None


def _number(file: Path) -> int | None:
    found = re.fullmatch(r"-?\d+", system_text(file).strip())
    return int(found[0]) if found else None


def _numbers(folder: Path, pattern: str) -> list[int] | None:
    """Of all files that match and hold a number, in the order of the numbers in their names."""
    found = [_number(file) for file in _in_order(folder, pattern)]
    return [number for number in found if number is not None] or None


def _words(folder: Path, pattern: str) -> list[str] | None:
    """The distinct contents of all files that match."""
    return sorted({system_text(file).strip() for file in _in_order(folder, pattern)} - {""}) or None


def _in_order(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        folder.glob(pattern), key=lambda file: [int(part) for part in re.findall(r"\d+", str(file))]
    )


def _sum(numbers: Sequence[int | None] | None) -> int | None:
    known = [number for number in numbers or () if number is not None]
    return sum(known) if known else None


def _line(file: Path, start: str) -> str:
    return next((line for line in system_text(file).splitlines() if line.startswith(start)), "")
