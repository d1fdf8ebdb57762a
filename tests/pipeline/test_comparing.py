"""Results of another machine beside one's own: the pipeline compares them."""

import json
import os
import shutil
from pathlib import Path

from tests.factories import Campaign
from tests.pipeline.conftest import Checkout
from tests.pipeline.test_archive import analyse
from tests.reporting.worlds import another_machine, campaign, write_world


def put(folder: Path, made: Campaign) -> Path:
    """A machine's finished results, as they are copied from it."""
    return write_world(folder / "results" / made.plan["machine"]["name"], made).results


def test_another_machine_s_results_make_a_page_of_their_own(tmp_path: Path) -> None:
    own = put(tmp_path, campaign(workloads=["json"], blocks=2))
    done = analyse(own, tmp_path)
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "report" / "compare.html").exists()
    other = put(tmp_path, another_machine())
    done = analyse(own, tmp_path)
    assert done.returncode == 0, done.stdout
    page = (tmp_path / "report" / "compare.html").read_text(encoding="utf-8")
    assert other.name in page
    assert own.name in page
    assert "Nothing to be done" in analyse(own, tmp_path).stdout


def test_what_was_measured_elsewhere_is_read_and_never_made_anew(small: Checkout) -> None:
    small.report()
    other = small.results.with_name("another-machine")
    shutil.copytree(small.results, other)  # whole, as it is copied from there
    plan = json.loads((other / "plan.json").read_text(encoding="utf-8"))
    plan["machine"]["name"] = other.name
    plan["machine"]["fingerprint"]["logical_cpus"] += 2
    (other / "plan.json").write_text(json.dumps(plan), encoding="utf-8")

    def contents() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in other.rglob("*") if path.is_file()}

    before = contents()
    for file in before:
        os.utime(file, (10**9, 10**9))  # a copy may keep its times; Snakemake takes 0 for none
    small.report()
    assert contents() == before
    assert other.name in (small.folder / "report" / "compare-tiny.html").read_text("utf-8")
