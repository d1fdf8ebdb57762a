"""How much CPU time and memory it takes to collect the records of a campaign, by their number.

Each data set repeats the records of a measured campaign in more blocks, under trial ids of their
own and with checksums of their own.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from threads_or_processes.common.files import read_json, write_json
from threads_or_processes.common.plan_file import plan_json, read_plan
from threads_or_processes.common.signing import signed

from benchmarks.markdown import print_table
from benchmarks.scale import plan_with_blocks, spent

COLUMNS = ("trials", "MB of records", "CPU time (s)", "peak memory (MB)")
TRIALS = (1_000, 10_000)


def main() -> None:
    """Print a row for each size."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collecting", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of a measured campaign")
    parser.add_argument("--trials", type=int, nargs="*", default=TRIALS, help="about how many")
    arguments = parser.parse_args()
    print_table(COLUMNS, (row(arguments.results, trials) for trials in arguments.trials))


def row(results: Path, trials: int) -> Sequence[str]:
    """What collecting about so many trials takes."""
    with tempfile.TemporaryDirectory() as folder:
        grown = Path(folder)
        written = [*_repeat(results, trials, grown)]
        cpu_s, peak_bytes = spent(
            *("analysis", "collect", "--plan", str(grown / "plan.json")),
            *("--interpreters", str(grown / "interpreters"), "--records", str(grown)),
            *("--out", str(grown / "data"), "--states", str(grown / "states")),
            *("--code", json.dumps({"functions": {}, "models": {}})),
        )
        sizes = (len(written), sum(written) / 1e6, cpu_s, peak_bytes / 1e6)
        return [f"{size:,.0f}" for size in sizes]


def _repeat(results: Path, trials: int, into: Path) -> Iterator[int]:
    """Write a campaign of about so many trials; each record's size in bytes."""
    plan = read_plan(results / "plan.json")
    times = max(1, round(trials / len(plan.trials)))
    grown = plan_with_blocks(plan, times)
    write_json(into / "plan.json", plan_json(grown))
    shutil.copytree(results / "interpreters", into / "interpreters")
    (into / "data").mkdir()
    records = {trial: read_json(results / trial.record) for trial in plan.trials}
    rng = np.random.default_rng(1)
    for place, trial in enumerate(grown.trials):
        own = {"trial_id": rng.bytes(16).hex(), "block": trial.block, "position": trial.position}
        record = records[plan.trials[place % len(plan.trials)]]
        path = into / trial.record
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, signed({**record, **own}))
        yield path.stat().st_size


if __name__ == "__main__":
    main()
