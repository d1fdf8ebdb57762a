"""Two versions of Python, measured and compared: what is new in the later one is there, too."""

import csv
import itertools
import os

import pytest

from tests.pipeline.conftest import SMALL_SWEEP, Checkout, new_checkout

BUILDS = ["3.13", "3.14"]
SUBINTERPRETERS = "interpreters"
WORKLOADS = {"mandelbrot", "mine"}
#: Its results are those of the serial run where `setup` ran once in each worker.
WORK = """
import threading
_opened = []
def setup(): _opened.append(threading.get_ident()); return threading.get_ident()
def work(task, resource):
    return [task, resource == threading.get_ident(), _opened.count(resource)]
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, interpreters: object) -> Checkout:
    """The built-in workload and one of the user's, serially and in subinterpreters."""
    sweep = SMALL_SWEEP | {
        "builds": BUILDS,
        "workloads": {"mine": {"function": "mine.py:work"}},
        "experiments": {
            **SMALL_SWEEP["experiments"],
            "notebook": None,
            "scaling": {
                "workloads": sorted(WORKLOADS),
                "models": ["serial", "threads", SUBINTERPRETERS],
                "workers": [2],
                "builds": ["standard"],
            },
        },
    }
    checkout = new_checkout(tmp_path_factory.mktemp("versions"), sweep)
    (checkout.folder / "mine.py").write_text(WORK, encoding="utf-8")
    done = checkout.run()
    if "no source of Python 3.14 was found" in done.stdout and "CI" not in os.environ:
        pytest.skip("nothing supplies Python 3.14 here")
    assert done.returncode == 0, done.stdout
    return checkout


def test_every_trial_ran_on_its_version(versions: Checkout) -> None:
    records = versions.records().values()
    assert {(record["outcome"], record["explanation"]) for record in records} == {("ok", "")}
    assert {record["cell"]["workload"] for record in records} == WORKLOADS
    ran = {(record["cell"]["model"], record["cell"]["arm"]) for record in records}
    assert ran == {*itertools.product(["serial", "threads"], BUILDS), (SUBINTERPRETERS, "3.14")}
    for record in records:
        assert record["interpreter"]["version"].startswith(f"{record['cell']['arm']}.")


def test_the_report_compares_the_versions(versions: Checkout) -> None:
    with (versions.results / "tables/versions.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    found = {(row["workload"], row["arm"], row["baseline_arm"]) for row in rows}
    assert found == {(workload, "3.14", "3.13") for workload in WORKLOADS}
    assert 'id="versions"' in versions.html.read_text(encoding="utf-8")
