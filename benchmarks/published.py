"""The published benchmarks themselves, run here on both builds.

Where a figure of `workflow/claims/published.yaml` is not seen, either the work differs from what
was published or the machine and the release do. So pyperformance's own benchmarks run here, next to
the workloads that stand for them: pyperf's processes, both builds in turns, each pair in one
environment. A process counts with its least value. The ratio is that of the geometric means over
processes; the 95 % interval encloses those of Student's t and of a bootstrap.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from threads_or_processes.analysis.beyond_trials import Beyond
from threads_or_processes.analysis.ratio_estimates import estimate_ratio
from threads_or_processes.analysis.samples import Paired
from threads_or_processes.trial.supervisor.environment import draw_environment

from benchmarks.against_pyperf import BATCH_MS
from benchmarks.bench import ARMS, SEED, Bench, Cell, bench
from benchmarks.markdown import print_table
from benchmarks.pyperf_process import PYPERF, PyperfProcess, batch_under_pyperf, install

PYPERFORMANCE = "pyperformance==1.14.0"
CONFIDENCE = 0.95
COLUMNS = ("benchmark", "published", "here")


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One of pyperformance's: times as slow on 3.13.0rc2's free-threaded build as published.

    From facebookexperimental/free-threading-benchmarking, x86_64.
    """

    name: str
    folder: str
    published: float
    options: tuple[str, ...] = ()
    task: int = 0

    def process(self, found: Bench, arm: str, site: Path) -> PyperfProcess:
        """What pyperformance would start for it."""
        identity = found.identities[arm]
        script = site / f"pyperformance/data-files/benchmarks/bm_{self.folder}/run_benchmark.py"
        return PyperfProcess(
            command=(identity["executable"], *identity["flags"], str(script), *self.options),
            site=site,
            task=self.task,
        )


PUBLISHED = (
    Benchmark(name="nbody", folder="nbody", published=2.56),
    Benchmark(name="float", folder="float", published=1.96),
    Benchmark(name="richards", folder="richards", published=1.99),
    Benchmark(name="json_loads", folder="json_loads", published=1.12),
    Benchmark(name="json_dumps", folder="json_dumps", published=1.29),
    Benchmark(name="regex_effbot", folder="regex_effbot", published=0.99),
    Benchmark(name="regex_dna", folder="regex_dna", published=1.02),
    Benchmark(name="regex_v8", folder="regex_v8", published=1.06),
    Benchmark(name="pickle", folder="pickle", published=0.93, options=("pickle",)),
    Benchmark(name="unpickle", folder="pickle", published=1.08, options=("unpickle",)),
    Benchmark(name="bench_mp_pool", folder="concurrent_imap", published=1.11),
    Benchmark(name="bench_thread_pool", folder="concurrent_imap", published=2.98, task=1),
    Benchmark(name="python_startup", folder="python_startup", published=1.35),
)
WORKLOADS = ("mandelbrot", "objects", "json", "regex", "pickling")


def main() -> None:
    """Measure, then print a row for each benchmark and each workload."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.published", description=__doc__)
    parser.add_argument("--processes", type=int, default=10, help="of each build")
    arguments = parser.parse_args()
    published = {benchmark.name: f"{benchmark.published:.2f}" for benchmark in PUBLISHED}
    with bench() as found, tempfile.TemporaryDirectory() as site:
        install(Path(site), PYPERF, PYPERFORMANCE)
        rows = (
            (name, published.get(name, ""), ratio(name, builds, arguments.processes))
            for name, builds in on_both_builds(found, Path(site)).items()
        )
        print_table(COLUMNS, rows)


def on_both_builds(found: Bench, site: Path) -> dict[str, Sequence[PyperfProcess]]:
    """By name: the standard build's process and the free-threaded one's, not yet calibrated."""
    batches = {name: found.batch(Cell(workload=name), BATCH_MS) for name in WORKLOADS}
    return {
        **{
            benchmark.name: [benchmark.process(found, arm, site) for arm in ARMS]
            for benchmark in PUBLISHED
        },
        **{
            f"{name}, as here": [
                batch_under_pyperf(found.identities[arm], batch, site) for arm in ARMS
            ]
            for name, batch in batches.items()
        },
    }


def ratio(name: str, builds: Sequence[PyperfProcess], processes: int) -> str:
    """The free-threaded build's time over the standard one's, measured in turns."""
    builds = [process.calibrated(draw_environment(SEED, name, 0)) for process in builds]
    print(name, [process.loops for process in builds], file=sys.stderr, flush=True)
    least_s = np.array(
        [
            [min(process.values_s(draw_environment(SEED, name, number))) for process in builds]
            for number in range(processes)
        ]
    )
    standard, free_threaded = np.log(least_s).T
    samples = Paired(baseline=free_threaded, cell=standard)
    estimate = estimate_ratio(samples, confidence=CONFIDENCE, beyond=Beyond())
    interval = estimate.interval
    if interval is None:
        return f"{estimate.ratio:.2f}"
    return f"{estimate.ratio:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


if __name__ == "__main__":
    main()
