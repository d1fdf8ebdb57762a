"""The machine's own word on its state: read from a tree like /proc and /sys, judged purely."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.records.trial import Health
from threads_or_processes.trial.supervisor import health

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "workflow/schemas/trial.schema.json").read_text(encoding="utf-8"))
SECOND_NS = 1_000_000_000
UNKNOWN: Any = dict.fromkeys(Health.__required_keys__)
NOTHING: Health = UNKNOWN | {
    "read_monotonic_ns": 0,
    "ticks_per_second": 100,
    "clock_overhead_ns": 45,
}
CPU = "sys/devices/system/cpu"
# A machine with two CPUs, and this process in a group below one that has a quota.
MACHINE = {
    "proc/loadavg": "0.50 0.25 0.10 2/345 6789\n",
    "proc/stat": "cpu  100 10 40 800 30 5 5 10 0 0\ncpu0 50 5 20 400 15 2 3 5 0 0\n",
    "proc/vmstat": "pswpin 3\npswpout 4\noom_kill 5\n",
    "proc/pressure/cpu": "some avg10=0.00 avg60=0.00 avg300=0.00 total=11\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\n",
    "proc/pressure/io": "some avg10=0.00 avg60=0.00 avg300=0.00 total=13\n",
    "proc/self/stat": "7 (a (b) c) R 1 7 7 0 -1 0 0 0 0 0 20 3 2 1 20 0 1 0 0\n",
    "proc/self/cgroup": "0::/above/own\n",
    "proc/self/mountinfo": "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/above/cpu.stat": "usage_usec 9\nnr_throttled 6\nthrottled_usec 600\n",
    "sys/fs/cgroup/above/own/cpu.stat": "usage_usec 9\nnr_throttled 1\nthrottled_usec 50\n",
    "sys/fs/cgroup/above/own/memory.events": "low 0\noom 2\noom_kill 1\n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    f"{CPU}/cpu0/cpufreq/scaling_cur_freq": "3200000\n",
    f"{CPU}/cpu10/cpufreq/scaling_cur_freq": "1000000\n",
    f"{CPU}/cpu2/cpufreq/scaling_cur_freq": "2500000\n",
    f"{CPU}/cpu0/cpufreq/scaling_governor": "performance\n",
    f"{CPU}/cpu2/cpufreq/scaling_governor": "performance\n",
    f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "2\n",
    f"{CPU}/cpu2/thermal_throttle/core_throttle_count": "3\n",
    f"{CPU}/intel_pstate/no_turbo": "1\n",
    "sys/class/power_supply/BAT0/type": "Battery\n",
    "sys/class/power_supply/AC/type": "Mains\n",
    "sys/class/power_supply/AC/online": "0\n",
    "sys/class/thermal/thermal_zone0/temp": "-5000\n",
    "sys/class/thermal/thermal_zone1/temp": "71000\n",
}
AS_READ = {
    "load_averages": [0.5, 0.25, 0.1],
    "total_ticks": 1000,
    "busy_ticks": 150,
    "steal_ticks": 10,
    "own_ticks": 26,
    "swapped_in_pages": 3,
    "swapped_out_pages": 4,
    "out_of_memory_kills": 5,
    "cpu_pressure_us": 11,
    "memory_pressure_us": 12,
    "io_pressure_us": 13,
    "cgroup_throttled_periods": 7,
    "cgroup_throttled_us": 650,
    "cgroup_out_of_memory_kills": 1,
    "clock_source": "tsc",
    "cpu_frequencies_khz": [3200000, 2500000, 1000000],
    "governors": ["performance"],
    "boost": False,
    "hottest_millidegrees": 71000,
    "core_throttle_count": 5,
    "on_battery": True,
}


def machine(root: Path, files: dict[str, str]) -> Path:
    """A folder with these files, as `health.read` takes it for the root."""
    for name, content in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return root


def read_without_times(root: Path) -> dict[str, Any]:
    """What was read, less what every system tells."""
    found = {**health.read(root)}
    assert found.pop("read_monotonic_ns")
    assert found.pop("ticks_per_second")
    assert isinstance(found.pop("clock_overhead_ns"), int)
    return found


def test_everything_that_a_machine_tells_is_read(tmp_path: Path) -> None:
    assert read_without_times(machine(tmp_path, MACHINE)) == AS_READ


def test_control_groups_of_the_first_version_are_read(tmp_path: Path) -> None:
    groups = {
        "proc/self/cgroup": "9:name=systemd:/\n4:memory:/own\n2:cpu,cpuacct:/not/here\n0::/\n",
        "proc/self/mountinfo": "33 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "32 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "34 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        "sys/fs/cgroup/memory/own/memory.oom_control": "under_oom 0\noom_kill 3\n",
        "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_throttled 8\nthrottled_time 9000\n",
    }
    found = health.read(machine(tmp_path, groups))
    assert found["cgroup_out_of_memory_kills"] == 3
    assert (found["cgroup_throttled_periods"], found["cgroup_throttled_us"]) == (8, 9)


@given(files=st.dictionaries(st.sampled_from(sorted(MACHINE)), st.text(max_size=60)))
def test_a_system_that_tells_nothing_or_nonsense_is_no_error(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]
) -> None:
    found = health.read(machine(tmp_path_factory.mktemp("machine"), files))
    assert health.flags(found, found) in ([], ["slow_clock_source"])
    if not files:
        assert set(read_without_times(Path("/nowhere")).values()) == {None}


def test_this_machine_s_health_is_as_the_schema_says() -> None:
    schema = SCHEMA["$defs"]["Health"]
    jsonschema.validate(health.read(), schema, cls=jsonschema.Draft202012Validator)
    assert set(schema["properties"]) == set(health.read())


@pytest.mark.parametrize(
    ("counter", "most", "flag"),
    [
        ("steal_ticks", 2, "steal"),
        ("swapped_in_pages", 15, "swapping"),
        ("swapped_out_pages", 15, "swapping"),
        ("core_throttle_count", 0, "thermal_throttling"),
        ("cgroup_throttled_periods", 0, "cgroup_throttling"),
        ("cpu_pressure_us", 200_000, "cpu_pressure"),
        ("io_pressure_us", 200_000, "io_pressure"),
        ("memory_pressure_us", 20_000, "memory_pressure"),
        ("out_of_memory_kills", 0, "out_of_memory_kill"),
        ("cgroup_out_of_memory_kills", 0, "out_of_memory_kill"),
    ],
)
def test_a_counter_that_grew_by_more_than_it_may_in_two_seconds_is_flagged(
    counter: str, most: int, flag: str
) -> None:
    def after(growth: int) -> Health:
        told = {"read_monotonic_ns": 2 * SECOND_NS, counter: 1000 + growth}
        return {**NOTHING, **told}  # type: ignore[typeddict-item]

    before: Health = {**NOTHING, counter: 1000}  # type: ignore[misc]
    assert health.flags(before, after(most)) == []
    assert health.flags(before, after(most + 1)) == [flag]
    assert health.flags(NOTHING, after(most + 1)) == []  # not known before: nothing to compare
    assert flag in SCHEMA["$defs"]["HealthFlag"]["enum"]


@pytest.mark.parametrize(
    ("busy", "own", "found"),
    [
        pytest.param(400, 390, [], id="the trial itself kept both CPUs busy"),
        pytest.param(225, 200, [], id="strangers, a tenth of a CPU"),
        pytest.param(226, 200, ["load"], id="strangers, more"),
        pytest.param(226, None, [], id="not known what is ours"),
    ],
)
def test_load_is_what_the_trial_does_not_explain(
    busy: int, own: int | None, found: list[str]
) -> None:
    before: Health = {**NOTHING, "busy_ticks": 0, "own_ticks": None if own is None else 0}
    after: Health = {
        **NOTHING,
        "read_monotonic_ns": 2 * SECOND_NS,
        "busy_ticks": busy,
        "own_ticks": own,
    }
    assert health.flags(before, after) == found


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("tsc", "tsc", []),
        (None, None, []),
        ("tsc", "kvm-clock", ["clock_source_changed"]),
        ("acpi_pm", "acpi_pm", ["slow_clock_source"]),
        ("tsc", "hpet", ["clock_source_changed", "slow_clock_source"]),
    ],
)
def test_a_clock_that_is_slow_or_was_changed_is_flagged(
    first: str | None, last: str | None, found: list[str]
) -> None:
    before: Health = {**NOTHING, "clock_source": first}
    assert health.flags(before, {**NOTHING, "clock_source": last}) == found
