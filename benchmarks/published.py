"""Published figures beside those of a campaign: each a row, agreeing or not.

What is published was measured elsewhere, often on other versions and more CPUs: first the direction
must be the same, then the size within a band that the row states.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

# A published figure is met when it lies within this share of the measured interval.
BAND = 0.15


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A published ratio and where a campaign has the like of it.

    `contrast` and `cell` are columns of tables/ratios.csv, whose ratio is the baseline's time over
    the cell's; `inverse` for figures that say how many times slower. `low` and `high` are what was
    published.
    """

    what: str
    source: str
    contrast: str
    cell: str
    low: float
    high: float
    inverse: bool = False


PYPERFORMANCE = "pyperformance, 3.13.0rc2, vultr (facebookexperimental/free-threading-benchmarking)"
FIGURES = (
    Figure(
        what="Mandelbrot in 2 threads on 3.13t: speed-up",
        source="Quansight mandelbrot notebook, 3.13.5t",
        contrast="speedup_own",
        cell="mandelbrot/threads/2/3.13t/warm",
        low=1.95,
        high=1.95,
    ),
    Figure(
        what="Mandelbrot in 2 loky processes on 3.13t: speed-up",
        source="Quansight mandelbrot notebook, 3.13.5t",
        contrast="speedup_own",
        cell="mandelbrot/joblib/2/3.13t/warm",
        low=1.77,
        high=1.77,
    ),
    Figure(
        what="CPU work in threads with the GIL: speed-up",
        source="loremipsumpy 0.88, koenvo 0.94 and 0.96, PyCon JP 1.00",
        contrast="speedup_own",
        cell="mandelbrot/threads/2/3.13/warm",
        low=0.88,
        high=1.00,
    ),
    Figure(
        what="Float loops, one thread, 3.13t: times slower",
        source=f"float 1.96, nbody 2.56; {PYPERFORMANCE}",
        contrast="arm_total",
        cell="mandelbrot/serial/1/3.13t/warm",
        low=1.96,
        high=2.56,
        inverse=True,
    ),
    Figure(
        what="Objects and methods, one thread, 3.13t: times slower",
        source=f"richards 1.99; {PYPERFORMANCE}",
        contrast="arm_total",
        cell="objects/serial/1/3.13t/warm",
        low=1.99,
        high=1.99,
        inverse=True,
    ),
    Figure(
        what="JSON, one thread, 3.13t: times slower",
        source=f"json_loads 1.12, json_dumps 1.29; {PYPERFORMANCE}",
        contrast="arm_total",
        cell="json/serial/1/3.13t/warm",
        low=1.12,
        high=1.29,
        inverse=True,
    ),
    Figure(
        what="Regular expressions, one thread, 3.13t: times slower",
        source=f"regex_effbot 0.99, regex_dna 1.02, regex_v8 1.06; {PYPERFORMANCE}",
        contrast="arm_total",
        cell="regex/serial/1/3.13t/warm",
        low=0.99,
        high=1.06,
        inverse=True,
    ),
    Figure(
        what="Pickling, one thread, 3.13t: times slower",
        source=f"pickle 0.93, unpickle 1.08; {PYPERFORMANCE}",
        contrast="arm_total",
        cell="pickling/serial/1/3.13t/warm",
        low=0.93,
        high=1.08,
        inverse=True,
    ),
    Figure(
        what="Sending empty tasks to 2 threads, 3.13t: times slower",
        source=f"bench_thread_pool 2.98 (10 tasks a send); {PYPERFORMANCE}",
        contrast="arm_total",
        cell="dispatch/threads/2/3.13t/warm",
        low=2.98,
        high=2.98,
        inverse=True,
    ),
    Figure(
        what="Sending empty tasks to 2 processes, 3.13t: times slower",
        source=f"bench_mp_pool 1.11 (pickle, 10 tasks a send); {PYPERFORMANCE}",
        contrast="arm_total",
        cell="dispatch/processes-fork/2/3.13t/warm",
        low=1.11,
        high=1.11,
        inverse=True,
    ),
    Figure(
        what="Waiting for a server in 2 threads: 3.13t against 3.13",
        source="loremipsumpy: 26 times (GIL) and 30 times (without) as fast with 32 threads",
        contrast="arm_total",
        cell="socket/threads/2/3.13t/warm",
        low=1.0,
        high=1.15,
    ),
    Figure(
        what="Image filters in 2 threads with the GIL: speed-up",
        source="Pillow PR 2670: 15.2 s to 9.4 s on 2 cores",
        contrast="speedup_own",
        cell="image/threads/2/3.13/warm",
        low=1.6,
        high=1.6,
    ),
    Figure(
        what="Reading one shared object in 2 threads on 3.13t: speed-up",
        source="modern-di: 0.28 with 4 threads; ftscalingbench load_string_const 1/1.8",
        contrast="speedup_own",
        cell="shared_object/threads/2/3.13t/warm",
        low=0.28,
        high=0.56,
    ),
)


def main() -> None:
    """Print the rows as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.published", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="results/<machine> of campaigns")
    arguments = parser.parse_args()
    ratios = pd.concat(pd.read_csv(folder / "tables/ratios.csv") for folder in arguments.results)
    print("| figure | published | measured here | agrees |")
    print("|---|---|---|---|")
    for row in rows(ratios):
        print("| " + " | ".join(row) + " |")


def rows(ratios: pd.DataFrame) -> Iterator[tuple[str, str, str, str]]:
    """Each figure with what was published, what is seen here and whether the two agree."""
    for figure in FIGURES:
        found = ratios[(ratios["contrast"] == figure.contrast) & (ratios["cell"] == figure.cell)]
        published = f"{span(figure.low, figure.high)} ({figure.source})"
        if found.empty:
            yield figure.what, published, "not measured", ""
            continue
        ratio, low, high = found.iloc[0][["ratio", "ci_low_ratio", "ci_high_ratio"]].astype(float)
        if figure.inverse:
            ratio, low, high = 1 / ratio, 1 / high, 1 / low
        measured = f"{ratio:.2f} [{low:.2f}, {high:.2f}]"
        yield figure.what, published, measured, verdict(figure, low, high)


def verdict(figure: Figure, low: float, high: float) -> str:
    """`yes` where the measured interval, widened by the band, meets what was published."""
    if low / (1 + BAND) <= figure.high and figure.low <= high * (1 + BAND):
        return "yes"
    return "more here" if low > figure.high else "less here"


def span(low: float, high: float) -> str:
    """One figure or a range."""
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


if __name__ == "__main__":
    main()
