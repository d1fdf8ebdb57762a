"""Published figures that a claim takes from results of pyperf, for example of pyperformance."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_bytes

#: A claim's key, and what it names a benchmark for.
KEY = "pyperf"
SIDES = ("baseline", "cell")

Entry = Mapping[str, Any]


def named_results(entries: Sequence[Entry], folder: Path) -> Iterator[Path]:
    """The files that claims name; their paths are relative to the folder of the file of claims."""
    for entry in entries:
        for side in SIDES if KEY in entry else ():
            yield folder / entry[KEY][side]["file"]


def with_published(entry: Entry, folder: Path, where: str) -> Entry:
    """A claim with the figure that it names; `UserError` for one that can't be read."""
    if KEY not in entry:
        return entry
    baseline_s, cell_s = (_mean_s(entry[KEY][side], folder, where) for side in SIDES)
    rest = {key: value for key, value in entry.items() if key != KEY}
    return {**rest, "published": [baseline_s / cell_s] * 2}


def _mean_s(named: Entry, folder: Path, where: str) -> float:
    """The mean that `pyperf compare_to` compares."""
    import pyperf  # few campaigns need it, and every start of Snakemake plans

    file = folder / named["file"]
    text = read_bytes(file)
    try:
        suite = pyperf.BenchmarkSuite.loads(text.decode("utf-8"))
        names = suite.get_benchmark_names()
        if named["benchmark"] in names:
            found = suite.get_benchmark(named["benchmark"])
            if found.get_unit() != "second":
                raise ValueError(f"{named['benchmark']} is no time but in {found.get_unit()}s")
            return float(found.mean())
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        raise UserError(
            f"{file} can't be used as a result of pyperf ({error})",
            where=where,
            hint="name a JSON file that pyperf wrote",
        ) from None
    raise UserError(
        f"{file} has no benchmark {named['benchmark']!r}",
        where=where,
        hint=f"it has {', '.join(names)}",
    )
