"""Works that lose time for a known reason, through the whole pipeline on real interpreters.

What is checked is where most of the lost time is, and that parts add up: shares, no times.
A busy machine lets workers wait for CPUs: that wait counts only where it is looked for.
"""

import csv
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.records.vocabulary import Part

from tests.pipeline.conftest import NOTHING, ROOT, SWEEP, new_checkout

OWN = ROOT / "benchmarks/known_causes.py"
THREADS, PROCESSES = "threads", "processes-fork"
#: work, model and arm: the part that must be the largest of the lost ones
KNOWN = {
    ("mandelbrot", THREADS, "3.13"): Part.WAITING,
    ("shared_object", THREADS, "3.13t"): Part.INFLATED,
    ("sleeping_in_turn", THREADS, "3.13t"): Part.WAITING,
    ("imbalanced", PROCESSES, "3.13"): Part.IMBALANCE,
    ("imbalanced", PROCESSES, "3.13t"): Part.IMBALANCE,
    ("imbalanced", THREADS, "3.13t"): Part.IMBALANCE,
    ("on_one_cpu", PROCESSES, "3.13"): Part.RUN_QUEUE,
    ("on_one_cpu", PROCESSES, "3.13t"): Part.RUN_QUEUE,
    ("on_one_cpu", THREADS, "3.13t"): Part.RUN_QUEUE,
    ("send_array", PROCESSES, "3.13"): Part.DISPATCH,
    ("send_array", PROCESSES, "3.13t"): Part.DISPATCH,
}


# Times between two stamps; the other two are differences, below 0 by noise.
NEVER_NEGATIVE = (Part.USEFUL, Part.RUN_QUEUE, Part.IMBALANCE, Part.DISPATCH)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory, interpreters: Path) -> list[dict[str, str]]:
    """The table of parts, at the largest amount of each cell."""
    folder = tmp_path_factory.mktemp("causes")
    (folder / OWN.name).write_bytes(OWN.read_bytes())
    asked: dict[str, Any] = {"question": "Why?", "workers": [2], "timing": "warm"}
    threads = {**asked, "models": ["serial", THREADS]}
    processes = {**asked, "models": ["serial", PROCESSES]}
    of_both = ["imbalanced", "on_one_cpu"]
    checkout = new_checkout(
        folder,
        SWEEP
        | {
            "builds": ["3.13", "3.13t"],
            "blocks": 4,  # with two, a slow moment of a shared host once hid a known loss
            "trial": {**SWEEP["trial"], "chunk_ms": 10, "amounts": [1, 4]},
            "workloads": {
                "on_one_cpu": {"function": f"{OWN.name}:on_one_cpu"},
                "sleeping_in_turn": {
                    "function": f"{OWN.name}:sleeping_in_turn",
                    "shares_memory": True,
                },
            },
            "experiments": {
                **NOTHING,
                "with_gil": {**threads, "workloads": ["mandelbrot"], "builds": ["3.13"]},
                "without_gil": {
                    **threads,
                    "workloads": ["shared_object", "sleeping_in_turn", *of_both],
                    "builds": ["3.13t"],
                },
                "processes": {**processes, "workloads": of_both},
                "large_payload": {
                    **processes,
                    "workloads": ["send_array"],
                    "params": {"kib": [2048]},
                },
            },
        },
    )
    checkout.report()
    with (checkout.results / "tables/parts.csv").open(encoding="utf-8", newline="") as stream:
        by_amount = sorted(csv.DictReader(stream), key=lambda row: int(row["amount"]))
    return list({row["cell"]: row for row in by_amount}.values())  # contended work has one amount


def shares(row: dict[str, str]) -> dict[Part, float]:
    return {part: float(row[f"{part}_ratio"]) for part in Part}


def test_parts_add_up_on_every_row(rows: list[dict[str, str]]) -> None:
    assert len(rows) == len(KNOWN)
    for row in rows:
        assert row["state"] == "measured"
        assert sum(shares(row).values()) == pytest.approx(1, abs=1e-6)
        found = shares(row)
        assert all(found[part] >= 0 for part in NEVER_NEGATIVE), row
        assert all(share > -0.25 for share in found.values()), row


@pytest.mark.parametrize(("work", "model", "arm"), KNOWN)
def test_the_largest_loss_is_the_known_one(
    rows: list[dict[str, str]], work: str, model: str, arm: str
) -> None:
    (row,) = (
        row
        for row in rows
        if (row["workload"].partition(",")[0], row["model"], row["arm"]) == (work, model, arm)
    )
    found = shares(row)
    own = {**found, Part.WAITING: found[Part.WAITING] - float(row["own_waiting_ratio"])}
    expected = KNOWN[work, model, arm]
    left_out = {Part.USEFUL} | ({Part.RUN_QUEUE} - {expected})
    lost = {part: share for part, share in own.items() if part not in left_out}
    assert max(lost, key=lambda part: lost[part]) is expected, own
    rest = 1 - sum(own[part] for part in left_out - {Part.USEFUL})
    assert lost[expected] > 0.15 * rest
