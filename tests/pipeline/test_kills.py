"""Processes of the pipeline are killed at random; the same command goes on, and loses nothing.

`make faults` kills ten times of each kind, `make test` some of the kinds once.
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.trial.machine import fingerprint, name_of

from tests.analysis.archives import tables_of
from tests.pipeline.conftest import CAMPAIGN, SMALL_SWEEP, Checkout, new_checkout
from tests.pipeline.kills import Soak, Victim
from tests.strangers import IS_THOROUGH
from tests.trial.conftest import until_gone

DATA_SET = f"results/{name_of(fingerprint())}-{CAMPAIGN}/trials.parquet"
SCALING = SMALL_SWEEP["experiments"]["scaling"]
WORKERS = ["threads", "processes-fork", "processes-spawn", "processes-forkserver", "joblib"]
THOROUGH_SWEEP: dict[str, Any] = SMALL_SWEEP | {
    "experiments": {
        **SMALL_SWEEP["experiments"],
        "scaling": SCALING | {"models": ["serial", *WORKERS]},
    }
}
SOME = (Victim.JOB, Victim.REAPER, Victim.SENTINEL, Victim.GUARDS)
WANTED = dict.fromkeys(Victim, 10) if IS_THOROUGH else dict.fromkeys(SOME, 1)
SEED = 19
#: What says which configuration a row is of; all else of a table depends on what was measured.
KEYS = {"workload", "arm", "timing", "amount", "claim", "family"}
CELL_KEYS = {"cell", "baseline_cell", "model", "workers"}
#: The fastest of each family: here the cell depends on what was measured, too.
OF_THE_FASTEST = "families.csv"


@pytest.fixture(scope="module")
def soak(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, interpreters: Path
) -> Iterator[Soak]:
    """A campaign that was killed again and again, and was finished after that."""
    folder = tmp_path_factory.mktemp("soak") / "checkout"
    if IS_THOROUGH:
        soak = Soak(new_checkout(folder, THOROUGH_SWEEP), THOROUGH_SWEEP, seed=SEED)
    else:  # nothing is measured yet, and all else is there
        measured: Checkout = request.getfixturevalue("measured_small")
        soak = Soak(measured.copy(folder), SMALL_SWEEP, seed=SEED, target=DATA_SET)
        for name in ("trials", "archive"):
            shutil.rmtree(soak.checkout.results / name)
    try:
        soak.go_on(WANTED)
        yield soak
    finally:
        soak.close()


@pytest.fixture
def unhurt(soak: Soak, request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    """The same sweep, measured without a kill."""
    if soak.blocks == SMALL_SWEEP["blocks"] and not IS_THOROUGH:
        measured: Checkout = request.getfixturevalue("measured_small")
        return measured
    checkout = new_checkout(tmp_path / "again", {**soak.sweep, "blocks": soak.blocks})
    checkout.measure()
    return checkout


@pytest.mark.parametrize("victim", WANTED)
def test_no_kill_loses_a_record(
    soak: Soak, victim: Victim, record_property: Callable[[str, object], None]
) -> None:
    record_property("times", soak.kills[victim])
    assert soak.kills[victim] == WANTED[victim]
    assert soak.lost[victim] == set()


def test_every_record_that_was_ever_written_is_kept_as_it_was(soak: Soak) -> None:
    assert soak.known.items() <= soak.archived.items()
    assert set(soak.checkout.trial_ids().values()) <= soak.archived.keys()


def test_every_planned_trial_has_one_record_of_its_own(soak: Soak) -> None:
    records = soak.checkout.records()
    planned = {
        trial["record"]: (trial["cell"], trial["block"]) for trial in soak.checkout.plan()["trials"]
    }
    assert {
        place: (record["cell"]["id"], record["block"]) for place, record in records.items()
    } == planned
    assert len({record["trial_id"] for record in records.values()}) == len(records)
    for place, record in records.items():
        kept = soak.archived[record["trial_id"]]
        assert (soak.checkout.results / place).read_bytes() == kept, place


def test_a_kill_costs_one_trial_at_most(soak: Soak) -> None:
    again = len(soak.archived) - len(soak.checkout.records())
    assert again <= soak.kills.total()


def test_only_kills_end_runs_and_every_end_is_explained(soak: Soak) -> None:
    assert soak.odd_ends == []
    assert "Traceback" not in soak.said


def test_no_two_trials_ran_at_a_time(soak: Soak) -> None:
    records = sorted(map(json.loads, soak.archived.values()), key=itemgetter("started_unix_ns"))
    for before, after in pairwise(records):
        assert before["ended_monotonic_ns"] <= after["started_monotonic_ns"]


def test_a_later_run_leaves_nothing_behind(soak: Soak) -> None:
    soak.end_later()
    until_gone(soak.processes)  # the run's resource tracker ends a moment after it
    assert soak.left_behind == []


def test_the_tables_are_those_of_a_campaign_without_kills(
    soak: Soak, unhurt: Checkout, tmp_path: Path
) -> None:
    soak.measure_again_what_was_killed()
    tables = structure(soak.checkout, tmp_path / "killed")
    assert tables == structure(unhurt, tmp_path / "unhurt")
    trials = read_dataset(soak.checkout.results / "trials.parquet")
    assert set(trials["trial_id"]) == set(soak.checkout.trial_ids().values())
    assert set(trials["outcome"]) == {"ok"}


def structure(checkout: Checkout, out: Path) -> dict[str, Any]:
    """Each table's columns, and the configurations that it has rows of."""
    tables_of(checkout.results, "trials.parquet", out)
    found = {}
    for file in sorted(out.iterdir()):
        with file.open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        names = KEYS if file.name == OF_THE_FASTEST else KEYS | CELL_KEYS
        keys = [place for place, name in enumerate(header) if name in names]
        found[file.name] = (header, {tuple(row[place] for place in keys) for row in rows})
    return found
