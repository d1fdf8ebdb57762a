"""What a contributor adds touches as few files as docs/contributing.md says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import threads_or_processes

from tests.reporting.worlds import campaign, write_world

PACKAGE = Path(threads_or_processes.__file__).parent

SECTION = '''"""How many trials each arm had."""

from collections.abc import Iterator

from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Section, Table


def build(evidence: Evidence) -> Iterator[Section]:
    """The trials that succeeded, arm by arm."""
    cells = evidence.tables.cells
    yield Section(
        anchor="trials",
        title="Trials of each arm",
        answer=f"{sum(row.ok for row in cells)} trials succeeded.",
        blocks=(
            Table(
                caption="Trials that succeeded, by arm",
                columns=(Column(header="Arm"), Column(header="Trials", numeric=True)),
                rows=tuple(
                    (arm.name, str(sum(row.ok for row in cells if row.arm == arm.name)))
                    for arm in evidence.campaign.arms
                ),
            ),
        ),
    )
'''


def test_a_section_is_its_module_and_its_line_in_the_list(tmp_path: Path) -> None:
    package = tmp_path / "threads_or_processes"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "reporting/sections/trials_by_arm.py").write_text(SECTION)
    report = package / "reporting/report.py"
    listed = report.read_text()
    for line, before in (
        ("    trials_by_arm,\n", ")\n\n#: In the order of the page"),
        ("    trials_by_arm.build,\n", "    cite.build,\n"),
    ):
        assert listed.count(before) == 1
        listed = listed.replace(before, line + before)
    report.write_text(listed)
    results = write_world(
        tmp_path / "results", campaign(workloads=["json"], workers=[2], blocks=2, notebook=False)
    ).results
    page = tmp_path / "report.html"
    command = [
        *(sys.executable, "-m", "threads_or_processes.reporting", "render", "--out", page),
        *("--plan", results / "plan.json", "--tables", results / "tables"),
        *("--trials", results / "trials.csv.gz", "--package", results / "datapackage.json"),
        *("--interpreters", results / "interpreters", "--figures", tmp_path / "figures"),
    ]
    subprocess.run(
        list(map(str, command)), cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": ""}
    )
    html = page.read_text(encoding="utf-8")
    assert '<li><a href="#trials">Trials of each arm</a></li>' in html
    added = html[html.index('<section id="trials"') : html.index('<section id="cite"')]
    assert '<h2 id="trials-heading">Trials of each arm</h2>' in added
    assert '<p class="answer">18 trials succeeded.</p>' in added
    assert added.count("<tr>") == 1 + 3
