"""A claim's published figure from real results of pyperf."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyperf
import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.claims import files_behind, read_claim_files

from tests.analysis.archives import collect_into, tables_of
from tests.factories import MS, measured
from tests.project.test_sweeps import campaign

from .conftest import Config, planned

BENCHMARKS = {
    "cell": {"file": "theirs/3.13t.json", "benchmark": "json_loads"},
    "baseline": {"file": "theirs/3.13.json", "benchmark": "json_loads"},
}
CLAIM = {
    "id": "like-theirs",
    "sentence": "It is as slow as theirs.",
    "expects": "as_published",
    "cell": "count/serial/1/free-threaded/warm",
    "baseline": "count/serial/1/standard/warm",
    "pyperf": BENCHMARKS,
}


def write_result(file: Path, times_s: Mapping[str, list[float]], unit: str = "second") -> None:
    """As pyperf does."""
    file.parent.mkdir(parents=True, exist_ok=True)
    benchmarks = [
        pyperf.Benchmark(
            [pyperf.Run(values, metadata={"name": name, "unit": unit}, collect_metadata=False)]
        )
        for name, values in times_s.items()
    ]
    pyperf.BenchmarkSuite(benchmarks).dump(str(file))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Results of two builds, and claims of any form to be written next to them."""
    write_result(tmp_path / "theirs/3.13.json", {"json_loads": [0.1, 0.2], "json_dumps": [7.0]})
    write_result(tmp_path / "theirs/3.13t.json", {"json_loads": [0.2, 0.4]})
    write_result(tmp_path / "theirs/memory.json", {"json_loads": [4.0]}, unit="byte")
    (tmp_path / "theirs/text.json").write_text("{}", encoding="utf-8")
    return tmp_path


def written(folder: Path, claim: Mapping[str, Any]) -> str:
    """A file with a claim."""
    file = folder / "mine.yaml"
    file.write_text(yaml.safe_dump({"source": "a book", "claims": [claim]}), encoding="utf-8")
    return str(file)


def test_the_figure_is_the_ratio_of_the_means(folder: Path, config: Config) -> None:
    name = written(folder, CLAIM)
    plan = planned(config, **read_claim_files([name]))
    assert plan.claims[0].published == pytest.approx((0.5, 0.5))
    assert files_behind(name) == [
        folder / "mine.yaml",
        folder / "theirs/3.13.json",
        folder / "theirs/3.13t.json",
    ]
    assert len(files_behind("published")) == 1


def named(**changes: Any) -> dict[str, Any]:
    """The claim with another benchmark for its cell."""
    return CLAIM | {"pyperf": BENCHMARKS | {"cell": BENCHMARKS["cell"] | changes}}


@pytest.mark.parametrize(
    ("claim", "what"),
    [
        (named(file="theirs/nothing.json"), "a file is missing"),
        (named(file="theirs/text.json"), "can't be used as a result of pyperf"),
        (named(file="theirs/memory.json"), "json_loads is no time but in bytes"),
        (named(benchmark="json_load"), "has no benchmark 'json_load'"),
        (named(benchmark=7), "pyperf.cell.benchmark: 7 is not of type 'string'"),
        (CLAIM | {"pyperf": {"cell": BENCHMARKS["cell"]}}, "'baseline' is a required property"),
        (CLAIM | {"published": [1, 2]}, "'published' is not allowed"),
        (CLAIM | {"expects": "gil_off"}, "is not allowed"),
    ],
)
def test_a_figure_that_can_t_be_read_is_named(
    folder: Path, claim: Mapping[str, Any], what: str
) -> None:
    with pytest.raises(UserError) as mistake:
        read_claim_files([written(folder, claim)])
    assert what in mistake.value.what
    assert mistake.value.where.startswith(str(folder))
    assert mistake.value.hint


@pytest.mark.parametrize(
    ("free_threaded_ns", "verdict"), [(20 * MS, "supported"), (10 * MS, "refuted")]
)
def test_the_figure_decides_the_verdict(
    folder: Path, free_threaded_ns: float, verdict: str
) -> None:
    """Theirs takes twice as long on the free-threaded build."""
    cells = {"cell": "json/serial/1/free-threaded/warm", "baseline": "json/serial/1/standard/warm"}
    experiment = {"workloads": ["json"], "models": ["serial"], "workers": [1], "timing": "warm"}
    plan = campaign(
        None,
        2,
        builds=["3.13", "3.13t"],
        claims=[written(folder, CLAIM | cells)],
        experiments={"ours": experiment | {"question": "How long?"}},
    ).plan
    made = measured(plan, lambda cell: free_threaded_ns if cell.arm == "3.13t" else 10 * MS)
    results = collect_into(folder / "results", made)
    claims = tables_of(results, "trials.csv.gz", folder / "tables")["claims.csv"]
    (row,) = csv.DictReader(io.StringIO(claims.decode()))
    assert row["verdict"] == verdict
    assert float(row["published_low_ratio"]) == pytest.approx(0.5)
