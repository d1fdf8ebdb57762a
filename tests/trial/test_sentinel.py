"""The sentinel: pinned children, their floors, what is quiet, and trials that go by it."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.common.files import write_json
from threads_or_processes.records.quiet import MOST_SEQUENTIAL, ProbeMode, QuietRule
from threads_or_processes.trial.measured.probe_client import (
    MOST_WAIT_NS,
    WORDS,
    ProbeClient,
    ProbeReading,
    current_cpu,
)
from threads_or_processes.trial.measured.proc import last_cpus
from threads_or_processes.trial.supervisor.noise_monitor import (
    ENOUGH_MOMENTS,
    MOMENTS_A_TRIAL,
    MOST_MOMENTS,
    NoiseMonitor,
    noise_monitor,
)
from threads_or_processes.trial.supervisor.sentinel import (
    CannotPinError,
    Child,
    floors,
    reader_of,
    sentinel,
)
from threads_or_processes.trial.supervisor.trial import quiet_repetitions

from tests.trial.conftest import RunTrial, always

ROOT = Path(__file__).parents[2]
CPUS = sorted(os.sched_getaffinity(0))
RULE = QuietRule(cpus=[0, 3], floor_ns=[100, 200], threshold=0.1)


@pytest.mark.parametrize(
    ("used", "before", "after", "workers", "quiet"),
    [
        pytest.param([0, 3], [110, 220], [100, 190], 2, True, id="up to the threshold"),
        pytest.param([0, 3], [111, 200], [100, 200], 2, False, id="disturbed before"),
        pytest.param([0, 3], [100, 200], [100, 221], 2, False, id="disturbed after"),
        pytest.param([0], [100, 999], [100, 999], 1, True, id="another CPU's neighbour"),
        pytest.param([], [100, 999], [100, 200], 1, False, id="CPUs unknown: all count"),
        pytest.param([0, 7], [100, 999], [100, 200], 1, False, id="a CPU not watched: all count"),
        pytest.param([0], [100, 400], [100, 400], 4, True, id="a slow CPU that none came to use"),
        pytest.param([0], [100, 401], [100, 200], 2, False, id="sharing one, the other was taken"),
    ],
)
def test_quiet_is_judged_on_the_cpus_that_took_part(
    used: list[int], before: list[int], after: list[int], workers: int, quiet: bool
) -> None:
    assert RULE.is_quiet(used, before, after, workers=workers) is quiet


@given(st.lists(st.lists(st.integers(1, 10**6), min_size=2, max_size=2), min_size=1, max_size=99))
def test_a_floor_is_a_low_reading_of_its_own_cpu(readings: list[list[int]]) -> None:
    for cpu, floor in enumerate(floors(readings)):
        column = sorted(moment[cpu] for moment in readings)
        assert floor in column
        assert column.index(floor) <= len(column) * 5 // 100


def test_each_cpu_gives_a_reading_and_the_children_end() -> None:
    before = _children()
    with sentinel(CPUS) as read:
        for mode in ProbeMode:
            assert [answer.work_ns > 0 for answer in read(mode)] == [True] * len(CPUS)
        children = _children() - before
        assert len(children) == len(CPUS)
        # Of the policy that lets a program go on which is on the CPU: the child sees that it waits.
        assert {os.sched_getscheduler(child) for child in children} == {os.SCHED_BATCH}
    for child in children:
        assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize(
    ("waited_ns", "reading_ns"),
    [
        pytest.param(-20_000, 500, id="it began before the last one was asked"),
        pytest.param(MOST_WAIT_NS, 500, id="it began when it woke up"),
        pytest.param(3_000_000, 3_000_500, id="when another program's slice was over"),
    ],
)
def test_a_reading_has_the_wait_for_another_program_in_it(waited_ns: int, reading_ns: int) -> None:
    assert ProbeReading(work_ns=500, waited_ns=waited_ns).reading_ns == reading_ns


@pytest.mark.parametrize(
    ("own_ns", "readings_ns"),
    [
        pytest.param(100_000, [500, 3_000_500], id="asleep: a stranger's"),
        pytest.param(3_000_000, [500, 500], id="threads of its own spun"),
    ],
)
def test_a_wait_for_the_process_s_own_threads_is_none(
    own_ns: int, readings_ns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    used = iter([0, own_ns])
    monkeypatch.setattr(
        "threads_or_processes.trial.measured.probe_client.time.process_time_ns", lambda: next(used)
    )
    asks_read, asks = os.pipe()
    answers, answers_write = os.pipe()
    os.write(answers_write, WORDS.pack(500, 0) + WORDS.pack(500, 3_000_000))
    assert ProbeClient(asks=asks, answers=answers, rule=RULE).read() == readings_ns
    for end in (asks_read, asks, answers, answers_write):
        os.close(end)


def _children() -> set[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8")
    return {int(child) for child in children.split()}


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        pytest.param("before", "interrupted\n", id="parent"),
        pytest.param("after_in_child", "read\n", id="child"),
    ],
)
def test_an_interrupt_during_a_fork_is_not_lost_and_ends_no_child(hook: str, said: str) -> None:
    code = f"""
import os, signal
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.trial.supervisor.sentinel import sentinel
os.register_at_fork({hook}=lambda: signal.raise_signal(signal.SIGINT))
try:
    with sentinel({CPUS}) as read:
        read(ProbeMode.SIMULTANEOUS)
        print("read")
except KeyboardInterrupt:
    print("interrupted")
"""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "workflow")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr) == (said, "")


def test_the_children_end_with_a_killed_parent() -> None:
    code = (
        "import os, time\n"
        "from threads_or_processes.trial.supervisor.sentinel import sentinel\n"
        "with sentinel(sorted(os.sched_getaffinity(0))) as read:\n"
        "    children = open(f'/proc/self/task/{os.getpid()}/children').read()\n"
        "    print(children, flush=True)\n"
        "    time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout
    children = [int(child) for child in parent.stdout.readline().split()]
    assert len(children) == len(CPUS)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    while any(_alive(child) for child in children):
        os.sched_yield()


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_where_nothing_can_be_pinned_there_is_no_sentinel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with pytest.raises(CannotPinError), sentinel(CPUS):
        pass
    with noise_monitor(tmp_path / "sentinel.json") as monitor:
        assert monitor is None


def test_the_calling_thread_and_all_others_run_on_cpus_of_this_machine() -> None:
    assert current_cpu() in range(os.cpu_count() or 1)
    found = last_cpus(["self"])
    assert set(found.values()) <= set(range(os.cpu_count() or 1))
    assert threading.get_native_id() in found
    assert last_cpus(["self"], Path("/no/such/folder")) == {}


@pytest.mark.parametrize("model", ["serial", "threads", "processes-fork", "processes-spawn"])
def test_a_quiet_trial_ends_with_as_many_quiet_repetitions_as_wanted(
    trial: RunTrial, monitor: NoiseMonitor, model: str
) -> None:
    workers = 1 if model == "serial" else 2
    record = trial("mandelbrot", model, workers, monitor=always(monitor, 100), patience_s=30.0)
    assert (record["outcome"], record["try"], quiet_repetitions(record)) == ("ok", 1, 2)
    assert len(record["repetitions"]) == 1 + 2
    for repetition in record["repetitions"]:
        assert repetition["sentinel_before_ns"] == [100] * len(CPUS)
        assert set(repetition["cpus"]) <= set(CPUS)
        assert repetition["cpus"]
        assert set(repetition["dispatch_cpus"]) <= set(repetition["cpus"])
        assert repetition["dispatch_cpus"] or model == "serial"


def test_a_disturbed_trial_uses_its_patience(trial: RunTrial, monitor: NoiseMonitor) -> None:
    record = trial("mandelbrot", monitor=always(monitor, 200), patience_s=0.05)
    assert (record["outcome"], record["try"], quiet_repetitions(record)) == ("ok", 1, 0)
    assert len(record["repetitions"]) >= 1 + 2


def test_without_a_sentinel_a_trial_has_exactly_the_repetitions_asked_for(trial: RunTrial) -> None:
    record = trial("mandelbrot", patience_s=30.0)
    assert record["sentinel"] is None
    assert len(record["repetitions"]) == 1 + 2
    assert quiet_repetitions(record) == 2


def test_floors_follow_what_the_campaign_saw(trial: RunTrial, monitor: NoiseMonitor) -> None:
    before = monitor.rule(0.1, workers=1).floor_ns
    assert all(floor > 100 for floor in before)
    for _ in range(3):
        trial("mandelbrot", monitor=always(monitor, 90))
    mode = monitor.rule(0.1, workers=1).mode
    remembered = json.loads(monitor.memory.read_text(encoding="utf-8"))["readings_ns"][mode]
    assert remembered[-1] == [90] * len(CPUS)
    assert len(remembered) <= MOST_MOMENTS


def test_readings_of_the_start_count_until_those_of_trials_are_enough(
    monitor: NoiseMonitor,
) -> None:
    quick, slow = [100] * len(CPUS), [10**12] * len(CPUS)
    start, none = dict.fromkeys(ProbeMode, [quick] * 9), dict.fromkeys(ProbeMode, ())
    write_json(monitor.memory, {"cpus": CPUS, "start_ns": start, "readings_ns": none})
    record = {
        "sentinel": {"manner": ProbeMode.SIMULTANEOUS},
        "repetitions": [{"sentinel_before_ns": slow}] * MOMENTS_A_TRIAL,
    }
    for _ in range(ENOUGH_MOMENTS // MOMENTS_A_TRIAL - 1):
        monitor.remember(record)
    assert monitor.rule(0.1, workers=2).floor_ns == quick
    monitor.remember(record)
    assert monitor.rule(0.1, workers=2).floor_ns == slow


def each(*moments: list[int]) -> dict[str, Any]:
    """The same moments in each mode."""
    return {mode: [*moments] for mode in ProbeMode}


ONE = [1] * len(CPUS)
EACH = each(ONE)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{", id="cut"),
        pytest.param([], id="a list"),
        pytest.param({}, id="an empty object"),
        pytest.param(3, id="a number"),
        pytest.param(None, id="null"),
        pytest.param({"cpus": CPUS, "start_ns": {}}, id="a part"),
        pytest.param({"cpus": CPUS, "start_ns": {}, "readings_ns": {}}, id="no modes"),
        pytest.param(
            {"cpus": CPUS, "start_ns": [], "readings_ns": []}, id="an earlier version's, no modes"
        ),
        pytest.param(
            {"cpus": CPUS, "start_ns": each(), "readings_ns": EACH},
            id="no readings of the start",
        ),
        pytest.param(
            {"cpus": CPUS, "start_ns": each([*ONE, 1]), "readings_ns": EACH},
            id="readings of more CPUs",
        ),
        pytest.param(
            {"cpus": CPUS, "start_ns": each([0] * len(CPUS)), "readings_ns": EACH},
            id="readings of nothing",
        ),
        pytest.param({"cpus": CPUS, "start_ns": EACH, "readings_ns": {}}, id="none of trials"),
        pytest.param(
            {"cpus": [*CPUS, 999], "start_ns": EACH, "readings_ns": EACH}, id="other CPUs"
        ),
    ],
)
def test_a_file_of_readings_that_can_t_be_used_is_made_again(
    content: object, monitor: NoiseMonitor
) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    monitor.memory.write_text(text, encoding="utf-8")
    with noise_monitor(monitor.memory) as found:
        assert found is not None
        for workers in (1, 2):
            assert min(found.rule(0.1, workers=workers).floor_ns) > 100


@pytest.mark.parametrize(
    ("workers", "cpus", "mode"),
    [
        pytest.param(
            1,
            MOST_SEQUENTIAL,
            ProbeMode.SEQUENTIAL,
            id="one alone, nothing else works",
        ),
        pytest.param(
            1, MOST_SEQUENTIAL + 1, ProbeMode.SIMULTANEOUS, id="turns would take too long"
        ),
        pytest.param(2, 2, ProbeMode.SIMULTANEOUS, id="two that may share a core"),
    ],
)
def test_cpus_are_read_as_the_workers_use_them(workers: int, cpus: int, mode: ProbeMode) -> None:
    assert ProbeMode.of_trial(workers=workers, cpus=cpus) is mode


@pytest.mark.parametrize("source", ["start_ns", "readings_ns"])
def test_each_probe_mode_has_a_floor_of_its_own(source: str, monitor: NoiseMonitor) -> None:
    cpus = [0, 1]  # of which one alone would be read in turn
    nothing: dict[ProbeMode, list[list[int]]] = {mode: [] for mode in ProbeMode}
    known = {
        ProbeMode.SEQUENTIAL: [[100, 100]] * ENOUGH_MOMENTS,
        ProbeMode.SIMULTANEOUS: [[200, 200]] * ENOUGH_MOMENTS,
    }
    moments = {"cpus": cpus, "start_ns": nothing, "readings_ns": nothing}
    write_json(monitor.memory, moments | {source: known})
    here = replace(monitor, cpus=cpus)
    assert here.rule(0.1, workers=1) == QuietRule(
        cpus=cpus, floor_ns=[100, 100], threshold=0.1, mode=ProbeMode.SEQUENTIAL
    )
    assert here.rule(0.1, workers=2) == QuietRule(cpus=cpus, floor_ns=[200, 200], threshold=0.1)


@pytest.mark.parametrize(("model", "workers"), [("serial", 1), ("threads", 2)])
def test_a_trial_is_read_in_the_mode_that_its_rule_judges_by(
    model: str, workers: int, trial: RunTrial, monitor: NoiseMonitor
) -> None:
    seen = set()

    def read(mode: ProbeMode) -> list[ProbeReading]:
        seen.add(mode)
        return [ProbeReading(100, 0)] * len(monitor.cpus)

    here = replace(always(monitor, 100), read=read)
    record = trial("mandelbrot", model, workers, monitor=here)
    assert seen == {ProbeMode.of_trial(workers=workers, cpus=len(CPUS))}
    assert record["sentinel"]["manner"] in seen


@pytest.mark.parametrize(
    ("mode", "steps"),
    [
        (ProbeMode.SEQUENTIAL, ["ask 0", "await 0", "ask 1", "await 1"]),
        (ProbeMode.SIMULTANEOUS, ["ask 0", "ask 1", "await 0", "await 1"]),
    ],
)
def test_in_turn_a_child_is_asked_when_the_one_before_has_answered(
    mode: ProbeMode, steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def write(end: int, _: bytes) -> None:
        seen.append(f"ask {end}")

    def read(end: int, _: int) -> bytes:
        seen.append(f"await {end}")
        return WORDS.pack(0, 500)

    monkeypatch.setattr("threads_or_processes.trial.supervisor.sentinel.os.write", write)
    monkeypatch.setattr("threads_or_processes.trial.supervisor.sentinel.os.read", read)
    answers = reader_of([Child(cpu, 0, asks=cpu, answers=cpu) for cpu in (0, 1)])(mode)
    monkeypatch.undo()
    assert seen == steps
    assert [answer.work_ns for answer in answers] == [500, 500]
