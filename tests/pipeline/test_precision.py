"""More blocks on demand, through Snakemake."""

import json
import signal
from pathlib import Path
from typing import Any

import pandas as pd

from tests.pipeline.conftest import NOTHING, SMALL_SWEEP, new_checkout

# Two cells that are compared, in three blocks and then two more. With three there is always an
# interval, whichever of them are quiet.
BASE, ADDED = 6, 4


def sweep(target: float) -> dict[str, Any]:
    """What is compared may get two blocks more."""
    scaling = SMALL_SWEEP["experiments"]["scaling"] | {"models": ["serial", "threads"]}
    return SMALL_SWEEP | {
        "blocks": 3,
        "experiments": {**NOTHING, "scaling": scaling},
        "precision": {"target": target, "max_blocks": 5},
    }


def test_peers_get_more_blocks_until_they_are_precise_enough(
    tmp_path: Path, interpreters: Path
) -> None:
    # However the machine behaves: no width is within the one target and all are within the other.
    impossible, easy = sweep(1e-12), sweep(1000)
    checkout = new_checkout(tmp_path / "precise", impossible)

    def decision(number: int) -> str:
        path = checkout.results / "precision" / f"{number}.json"
        (peers,) = json.loads(path.read_text(encoding="utf-8"))["peers"]
        return str(peers["decision"])

    def collected() -> int:
        return int(pd.read_parquet(checkout.results / "trials.parquet")["trial_id"].nunique())

    checkout.stop_after(BASE + 1, signal.SIGINT)
    before = checkout.trial_ids()
    assert BASE < len(before) < BASE + ADDED
    checkout.measure()
    records = checkout.records()
    after = checkout.trial_ids()
    # The trial in hand at that moment may be measured again.
    assert len(before.items() - after.items()) <= 1
    assert len(after) == collected() == BASE + ADDED
    added = sorted(
        (record for record in records.values() if record["block"] > 3),
        key=lambda record: record["started_unix_ns"],
    )
    assert [record["position"] for record in added] == [7, 8, 9, 10]
    assert [record["block"] for record in added] == [4, 4, 5, 5]
    assert [
        {record["cell"]["model"] for record in added[place : place + 2]} for place in (0, 2)
    ] == [{"serial", "threads"}] * 2
    assert (decision(1), decision(2)) == ("more", "most")
    assert "Nothing to be done" in checkout.measure()

    checkout.configure(easy)
    checkout.measure()
    assert decision(1) == "enough"
    assert collected() == BASE
    assert checkout.trial_ids() == after  # nothing is measured, and nothing is lost
