"""Run under pyperf by the interpreter under test: one serial batch as a benchmark function."""

import json
import os

import pyperf
from threads_or_processes.trial.measured.loading import load_workload


def main() -> None:
    """Time the batch that the environment variable BATCH describes."""
    spec = json.loads(os.environ["BATCH"])
    function = load_workload(spec["family"], spec["workload"]).function
    arguments, tasks = spec["arguments"], range(spec["tasks"])

    def batch() -> list[object]:
        return [function(task, **arguments) for task in tasks]

    pyperf.Runner().bench_func(spec["workload"], batch)


if __name__ == "__main__":
    main()
