"""Where the time of workers went: parts of stated truth come back, add up, and how often."""

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.parts import mean_interval
from threads_or_processes.analysis.quiet import Chunks
from threads_or_processes.analysis.taken_apart import Spent, TakenApart, of_trials, take_apart
from threads_or_processes.records.vocabulary import Basis, Part, PartsState

from tests.analysis.shortcuts import rows_of, tables_of, with_walls
from tests.analysis.simulated import FAMILIES
from tests.factories import MS, Campaign, make_campaign, make_cell, watch

THREADS, SERIAL = "json/threads/2/3.13t/warm", "json/serial/1/3.13t/warm"


def chunk(
    worker: int,
    start_ns: int,
    end_ns: int,
    cpu_ns: int,
    run_queue_ns: int | None = 0,
    switches: int = 0,
) -> dict[str, Any]:
    """A chunk whose CPU time is a tenth the kernel's."""
    return {
        "worker": worker,
        "start_ns": start_ns,
        "end_ns": end_ns,
        "user_ns": cpu_ns - cpu_ns // 10,
        "system_ns": cpu_ns // 10,
        "run_queue_ns": run_queue_ns,
        "voluntary_switches": switches,
        "involuntary_switches": 1,
    }


def chunks(*those: dict[str, Any]) -> Chunks:
    named = {name: [one[name] for one in those] for name in those[0]}
    return Chunks(**named, cpus=[[0, 0] for _ in those])


def taken(*those: dict[str, Any], workers: int = 2, wall_ns: int = 100) -> Spent[float]:
    """What becomes of a repetition that is not alone."""
    other = chunks(chunk(5, 7, 11, 3), chunk(0, 8, 12, 2))
    found, at_once = take_apart(
        [other, chunks(*those), other],
        workers=np.array([6.0, workers, 6.0]),
        wall_ns=np.array([20.0, wall_ns, 20.0]),
    )
    assert not at_once.any()
    return Spent(*found[:, 1].tolist())


def in_all(spent: Spent[float]) -> float:
    return (
        spent.cpu_ns
        + spent.waiting_ns
        + spent.run_queue_ns
        + spent.imbalance_ns
        + spent.dispatch_ns
    )


# --- one repetition


def test_a_repetition_is_taken_apart_by_its_chunks() -> None:
    # One worker begins at 10 and runs 50, of which 30 on a CPU and 5 in the run queue; the other
    # runs from 20 to 90; the batch is back at 100.
    spent = taken(chunk(0, 10, 60, 30, 5), chunk(1, 20, 90, 70))
    assert (spent.cpu_ns, spent.busiest_ns, spent.system_ns) == (100, 70, 10)
    assert (spent.waiting_ns, spent.run_queue_ns) == (15, 5)
    assert spent.imbalance_ns == 30
    assert spent.dispatch_ns == 10 + 20 + 2 * 10
    assert spent.idle_workers == 0
    assert in_all(spent) == 200


def test_a_worker_may_run_two_chunks_and_another_none() -> None:
    spent = taken(chunk(0, 10, 40, 30), chunk(0, 45, 80, 35))
    assert spent.dispatch_ns == 10 + 5 + 2 * 20
    assert spent.imbalance_ns == 80  # the other was done before it began
    assert (spent.busiest_ns, spent.idle_workers) == (65, 1)
    assert in_all(spent) == 200


@given(st.data())
def test_parts_add_up_to_workers_times_wall(data: st.DataObject) -> None:
    workers = data.draw(st.integers(1, 6))
    wall_ns = data.draw(st.integers(1000, 10**9))
    those = []
    for worker in range(data.draw(st.integers(1, workers))):
        moments = st.lists(st.integers(0, wall_ns), min_size=2, max_size=6, unique=True)
        edges = sorted(data.draw(moments))
        for start_ns, end_ns in zip(edges[::2], edges[1::2], strict=False):
            cpu_ns = data.draw(st.integers(0, 2 * (end_ns - start_ns)))
            run_queue_ns = data.draw(st.integers(0, end_ns - start_ns))
            those.append(chunk(worker, start_ns, end_ns, cpu_ns, run_queue_ns))
    spent = taken(*those, workers=workers, wall_ns=wall_ns)
    assert in_all(spent) == workers * wall_ns
    assert spent.imbalance_ns >= 0 <= spent.dispatch_ns


def measured(cells: Sequence[str], **columns: Any) -> pd.DataFrame:
    """Repetitions of 100 ns with two workers, as `TakenApart.add` gets them; none undisturbed."""
    alike = {
        "block": 3,
        "amount": 4,
        "workers": 2,
        "workers_used": 2,
        "wall_ns": 100,
        "undisturbed_wall_ns": np.nan,
        "is_imputed": False,
        "undisturbed_chunks_json": None,
    }
    return pd.DataFrame({"cell": cells, **alike, **columns})


SEVERAL = chunks(chunk(0, 10, 60, 30), chunk(1, 20, 90, 70))
AT_ONCE = chunks(chunk(0, 0, 50, 10), chunk(0, 20, 60, 10))
UNKNOWN = chunks(chunk(0, 0, 50, 10, None))


def test_what_can_t_be_taken_apart_says_why() -> None:
    cells = ["several", "at once", "unknown", "unrecorded", "one by one"]
    found = TakenApart()
    found.add(
        measured(cells, workers_used=[2, 1, 1, 1, None]), [SEVERAL, AT_ONCE, UNKNOWN, None, None]
    )
    assert found.why_not == {
        "at once": {4: PartsState.ONE_THREAD},
        "unknown": {4: PartsState.NO_ACCOUNTS},
        "unrecorded": {4: PartsState.NOT_RECORDED},
        "one by one": {4: PartsState.SENT_ONE_BY_ONE},
    }
    ((amount, of_amount),) = found.by_amount.items()
    assert (amount, list(of_amount.trials)) == (4, [(Basis.TYPICAL, "several")])
    ((block, spent),) = of_amount.on(Basis.TYPICAL, "several").items()
    assert (block, spent.cpu_ns) == (3, 100)


@pytest.mark.parametrize(
    ("imputed", "quiet_ns"),
    [
        ([], None),  # two of four are quiet
        ([SEVERAL], 80),
        ([AT_ONCE], None),
        ([UNKNOWN], None),
        ([UNKNOWN, SEVERAL], 80),
    ],
)
def test_a_trial_is_quiet_where_enough_of_it_is_known_undisturbed(
    imputed: list[Chunks], quiet_ns: int | None
) -> None:
    later = 4 - 2 - len(imputed)
    frame = measured(
        ["json"] * 4,
        undisturbed_wall_ns=[100, 70, *[80] * len(imputed), *[np.nan] * later],
        wall_ns=[100, 70, 400, 500],
        is_imputed=[False, False, *[True] * len(imputed), *[False] * later],
        undisturbed_chunks_json=[
            *[None] * 2,
            *(msgspec.json.encode(one).decode() for one in imputed),
            *[None] * later,
        ],
    )
    found = TakenApart()
    found.add(frame, [SEVERAL, SEVERAL, SEVERAL, SEVERAL])
    of_amount = found.by_amount[4]
    assert of_amount.on(Basis.TYPICAL, "json")[3].wall_ns == 250
    quiet = of_amount.on(Basis.QUIET, "json")
    assert {block: spent.wall_ns for block, spent in quiet.items()} == (
        {3: quiet_ns} if quiet_ns else {}
    )
    assert found.why_not == {}


def test_times_that_a_64_bit_number_just_holds_don_t_overflow() -> None:
    spent = taken(chunk(0, 0, 2**62, 30), chunk(1, 0, 2**62, 30), wall_ns=2**62)
    assert in_all(spent) == pytest.approx(2 * 2**62)
    assert spent.waiting_ns == pytest.approx(2 * 2**62)
    assert of_trial([spent_of(2**62), spent_of(2**62)]).wall_ns == 2**62


# --- a trial


def spent_of(wall_ns: float, cpu_ns: float = 10.0, system_ns: float = 0.0) -> Spent[float]:
    return Spent(
        wall_ns=wall_ns,
        cpu_ns=cpu_ns,
        waiting_ns=wall_ns - cpu_ns,
        run_queue_ns=0,
        imbalance_ns=0,
        dispatch_ns=0,
        busiest_ns=cpu_ns,
        system_ns=system_ns,
        voluntary_switches=wall_ns,
        involuntary_switches=0,
        idle_workers=0,
    )


def of_trial(repetitions: Sequence[Spent[float]]) -> Spent[float]:
    """What becomes of a trial that is not alone: the repetitions of others are between its own."""
    other, last = (spent_of(wall_ns, 3.0, 1.0) for wall_ns in (3, 1_000_000))
    all_of = [one for own in repetitions for one in (other, own, last)]
    spent = np.array(all_of).T.astype(np.float64)
    found = of_trials(spent, np.tile([0, 1, 2], len(repetitions)))
    assert found.shape == (3, len(Spent._fields))
    return Spent(*found[1].tolist())


def test_a_trial_is_its_middle_repetitions() -> None:
    three = [spent_of(30, 11), spent_of(1000, 900), spent_of(20, 17)]
    assert (of_trial(three).wall_ns, of_trial(three).cpu_ns) == (30, 11)
    four = [*three, spent_of(40, 21)]
    assert (of_trial(four).wall_ns, of_trial(four).cpu_ns) == (35, 16)
    assert in_all(of_trial(four)) == 35


def test_the_kernel_s_share_and_switches_are_those_of_all_repetitions() -> None:
    found = of_trial([spent_of(20, 10, 0), spent_of(30, 10, 0), spent_of(40, 20, 10)])
    assert found.system_ns == pytest.approx(10 * 10 / 40)
    assert found.voluntary_switches == 30


# --- a cell


def campaign(walls_ns: dict[str, list[list[int]]]) -> Campaign:
    return with_walls(walls_ns)


def parts_of(made: Campaign) -> dict[str, Any]:
    (row,) = rows_of(tables_of(made)["parts"])
    return row


def with_chunks(made: Campaign, cell: str, *those: dict[str, Any]) -> Campaign:
    """The campaign, each repetition of a cell with these chunks (times in percent of its wall)."""
    for record in made.records.values():
        if record["cell"]["id"] != cell:
            continue
        for repetition in record["repetitions"]:
            unit_ns = repetition["wall_ns"] // 100
            started_ns = repetition["started_monotonic_ns"]
            repetition["workers"] = [
                {
                    "pid": 100,
                    "thread_id": one["worker"],
                    "tasks": 1,
                    "cpus": [0, 0],
                    **{name: one[name] * unit_ns for name in one if name.endswith("_ns")},
                    "start_ns": started_ns + one["start_ns"] * unit_ns,
                    "end_ns": started_ns + one["end_ns"] * unit_ns,
                    "voluntary_switches": one["voluntary_switches"],
                    "involuntary_switches": one["involuntary_switches"],
                }
                for one in those
            ]
    return made


def pair(blocks: int = 6) -> Campaign:
    """Threads take as long as serial: 100 ms, 60 of them on a CPU."""
    walls_ns = {SERIAL: [[100 * MS] * 3] * blocks, THREADS: [[100 * MS] * 3] * blocks}
    made = with_chunks(with_walls(walls_ns), SERIAL, chunk(0, 0, 100, 60))
    return with_chunks(
        made, THREADS, chunk(0, 5, 85, 40, 10, switches=7), chunk(1, 15, 95, 50, switches=5)
    )


def test_stated_parts_come_back_with_their_efficiencies() -> None:
    row = parts_of(pair())
    assert (row["state"], row["amount"], row["trials"]) == ("measured", 1, 6)
    assert (row["baseline_cell"], row["basis"]) == (SERIAL, "typical")
    assert row["worker_time_ns"] == 200 * MS
    shares = {part: row[f"{part}_ratio"] for part in Part}
    assert shares == pytest.approx(
        {
            "useful": 0.30,
            "inflated": 0.15,
            "waiting": 0.30,
            "run_queue": 0.05,
            "imbalance": 0.05,
            "dispatch": 0.15,
        }
    )
    assert row["own_waiting_ratio"] == pytest.approx(0.20)
    assert row["parallel_efficiency_ratio"] == pytest.approx(0.45)
    assert row["load_balance_ratio"] == pytest.approx(45 / 50)
    assert row["communication_efficiency_ratio"] == pytest.approx(0.50)
    assert row["computation_scaling_ratio"] == pytest.approx(60 / 90)
    assert (row["system_ratio"], row["inflated_system_ratio"]) == pytest.approx((0.1, 0.1))
    assert (row["voluntary_switches"], row["involuntary_switches"]) == (12, 2)
    assert row["useful_low_ratio"] == row["useful_high_ratio"] == pytest.approx(0.30)


def test_efficiencies_multiply_to_the_useful_share_and_parts_add_up_on_noise() -> None:
    made = make_campaign(
        [
            make_cell("json", model, workers, arm, blocks=8)
            for model, workers in (("serial", 1), ("threads", 2), ("processes-fork", 2))
            for arm in ("3.13", "3.13t")
        ],
        disturbed_ratio=0.3,
    )
    rows = rows_of(tables_of(made)["parts"])
    assert len(rows) == 4
    for row in rows:
        assert sum(row[f"{part}_ratio"] for part in Part) == pytest.approx(1, abs=1e-9)
        product = (
            row["load_balance_ratio"]
            * row["communication_efficiency_ratio"]
            * row["computation_scaling_ratio"]
        )
        assert product == pytest.approx(row["useful_ratio"])
    held = next(row for row in rows if (row["model"], row["arm"]) == ("threads", "3.13"))
    assert held["waiting_ratio"] == pytest.approx(0.5, abs=0.02)
    assert held["causes"] == "gil"


def test_only_undisturbed_repetitions_count_where_there_are_enough() -> None:
    made = pair()
    for record in made.records.values():
        slow = [False, False, False, False, True]
        watch(record, slow[: len(record["repetitions"])])
        if record["cell"]["id"] == THREADS:
            for repetition, is_slow in zip(record["repetitions"], slow, strict=False):
                if is_slow:
                    repetition["workers"][0]["run_queue_ns"] += 40 * MS
    assert parts_of(made)["run_queue_ratio"] == pytest.approx(0.05)


def test_each_amount_has_a_row_the_most_work_first_against_as_much_serial_work() -> None:
    made = pair()
    for record in made.records.values():
        repetitions = list(record["repetitions"])
        for repetition in repetitions:
            if repetition["phase"] == "measure":
                index = repetition["index"] + len(repetitions)
                more = json.loads(json.dumps(repetition)) | {"amount": 4, "index": index}
                more["wall_ns"] *= 4
                for one in more["workers"]:
                    spans = {
                        n: one[n] - more["started_monotonic_ns"] for n in ("start_ns", "end_ns")
                    }
                    used = {n: one[n] for n in ("user_ns", "system_ns", "run_queue_ns")}
                    one |= {n: 4 * value for n, value in (spans | used).items()}
                    for end in spans:
                        one[end] += more["started_monotonic_ns"]
                record["repetitions"].append(more)
    rows = rows_of(tables_of(made)["parts"])
    assert [row["amount"] for row in rows] == [4, 1]
    for row in rows:
        assert row["useful_ratio"] == pytest.approx(0.30)
        assert row["worker_time_ns"] == row["amount"] * 200 * MS


def test_without_enough_there_is_a_reason_and_no_number() -> None:
    def state(made: Campaign) -> str:
        row = parts_of(made)
        assert row["useful_ratio"] is None
        return str(row["state"])

    walls_ns = [[100 * MS] * 3] * 2
    assert state(with_walls({THREADS: walls_ns})) == "no_serial"
    failures = {(THREADS, block): "timeout" for block in (1, 2)}
    cells = [make_cell("json", "serial", 1, "3.13t", blocks=2)]
    cells += [make_cell("json", "threads", 2, "3.13t", blocks=2)]
    assert state(make_campaign(cells, failures=failures)) == "no_trials"
    older = with_walls({SERIAL: walls_ns, THREADS: walls_ns})
    alone = with_walls({SERIAL: walls_ns, THREADS: walls_ns})
    for made, kept in ((older, ("pid", "thread_id", "tasks", "start_ns", "end_ns")), (alone, None)):
        for record in made.records.values():
            for repetition in record["repetitions"]:
                those = repetition["workers"] if kept else []
                repetition["workers"] = [{name: one[name] for name in kept or ()} for one in those]
    assert state(older) == "not_recorded"
    assert state(alone) == "sent_one_by_one"


# --- how often


@pytest.mark.parametrize("blocks", [6, 10])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("is_paired", [True, False])
def test_intervals_hold_the_useful_and_the_lost_share(
    family: str, blocks: int, is_paired: bool
) -> None:
    """Two workers; serial work of 1, of which a worker's trial takes the half and waits 0.2."""
    rng = np.random.default_rng(20261126)
    noise, campaigns = FAMILIES[family], 800

    def shares(count: int, blocks: int) -> tuple[Any, Any, Any]:
        wall = 0.7 * noise.trial_medians(rng, (count, blocks))
        serial = noise.trial_medians(rng, (count, blocks))
        waiting = 0.2 * noise.trial_medians(rng, (count, blocks)) / wall
        return wall, serial, waiting

    wall, serial, waiting = shares(20_000, 1)
    # Numerator and denominator are of different trials, so their means multiply.
    truth = {"useful": serial.mean() * (1 / (2 * wall)).mean(), "waiting": waiting.mean()}
    held = dict.fromkeys(truth, 0)
    for wall, serial, waiting in zip(*shares(campaigns, blocks), strict=True):
        own = serial if is_paired else np.full(blocks, serial.mean())
        error = 0.0
        if not is_paired:
            relative = serial.std(ddof=1) / np.sqrt(blocks) / serial.mean()
            error = float((own / (2 * wall)).mean() * relative)
        for name, values, more in (
            ("useful", own / (2 * wall), error),
            ("waiting", waiting, 0.0),
        ):
            interval = mean_interval(values, 0.95, error=more, others=blocks)
            assert interval is not None
            held[name] += interval.low <= truth[name] <= interval.high
    for name, count in held.items():
        assert 0.93 <= count / campaigns <= 0.99, name


def test_constants_and_single_trials() -> None:
    assert mean_interval(np.array([0.3]), 0.95) is None
    interval = mean_interval(np.array([0.3] * 4), 0.95)
    assert interval is not None
    assert (interval.low, interval.high) == (0.3, 0.3)
