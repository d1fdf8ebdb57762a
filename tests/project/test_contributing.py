"""What a contributor adds touches as few files as docs/contributing.md says."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import threads_or_processes

from tests.analysis.archives import collect_into
from tests.reporting.worlds import campaign, write_world

PACKAGE = Path(threads_or_processes.__file__).parent

SECTION = '''"""How many trials each arm had."""

from collections.abc import Iterator

from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Column, Number, Section, table_of


def build(evidence: Evidence) -> Iterator[Section]:
    """The trials that succeeded, arm by arm."""
    cells = evidence.tables.cells
    ok = {
        arm.name: sum(row.ok for row in cells if row.arm == arm.name)
        for arm in evidence.campaign.arms
    }
    yield Section(
        anchor="trials",
        title="Trials of each arm",
        answer=f"{sum(ok.values())} trials succeeded.",
        blocks=(
            table_of(
                ok,
                (Column("Arm", str), Number("Trials", lambda arm: str(ok[arm]))),
                caption="Trials that succeeded, by arm",
            ),
        ),
    )
'''


SHOW_COLUMN = """
import sys
from pathlib import Path
from threads_or_processes.analysis.__main__ import main
from threads_or_processes.analysis.package import table_schema
from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.reporting.tables import read_tables

main()
print(*(field for field in table_schema(CellRow)["fields"] if field["name"] == "range_ratio"))
cells = read_tables(Path("tables")).cells
print(*(abs(row.range_ratio * row.min_ns / row.max_ns - 1) < 1e-9 for row in cells))
"""


def copy_package(folder: Path) -> Path:
    """A copy of the package, importable from `folder`."""
    package = folder / "threads_or_processes"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    return package


def run(folder: Path, *arguments: object) -> str:
    """What Python says that has the package from `folder`."""
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": ""}
    ended = subprocess.run(
        command, cwd=folder, check=True, env=environment, stdout=subprocess.PIPE, text=True
    )
    return ended.stdout


def add_line(path: Path, line: str, *, after: str) -> None:
    """Add a line to a file, after one that is there once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(after) == 1
    path.write_text(text.replace(after, after + line), encoding="utf-8")


def test_a_column_is_its_field_and_the_line_that_computes_it(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    add_line(
        package / "records/tables/measured.py",
        '    range_ratio: Annotated[float | None, Field("slowest trial / fastest")] = None\n',
        after='    max_ns: Annotated[float | None, Field("slowest trial")] = None\n',
    )
    add_line(
        package / "analysis/cells.py",
        "        range_ratio=float(wall_ns.max() / wall_ns.min()),\n",
        after="        max_ns=float(wall_ns.max()),\n",
    )
    made = campaign(workloads=["json"], workers=[2], blocks=2, notebook=False)
    collect_into(tmp_path, made)
    files = ("--plan", "plan.json", "--trials", "trials.parquet", "--out", "tables")
    schema, *read = run(tmp_path, "-c", SHOW_COLUMN, "tables", *files).splitlines()
    assert ast.literal_eval(schema) == {
        "name": "range_ratio",
        "type": "number",
        "description": "slowest trial / fastest",
        "unit": "1",
    }
    assert read == [" ".join(["True"] * len(made.plan["cells"]))]
    assert ",max_ns,range_ratio," in (tmp_path / "tables/cells.csv").read_text(encoding="utf-8")


def test_a_section_is_its_module_and_its_line_in_the_list(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
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
    command = (
        *("-m", "threads_or_processes.reporting", "render", "--out", page),
        *("--plan", results / "plan.json", "--tables", results / "tables"),
        *("--trials", results / "trials.csv.gz", "--package", results / "datapackage.json"),
        *("--interpreters", results / "interpreters", "--figures", tmp_path / "figures"),
    )
    run(tmp_path, *command)
    html = page.read_text(encoding="utf-8")
    assert '<li><a href="#trials">Trials of each arm</a></li>' in html
    added = html[html.index('<section id="trials"') : html.index('<section id="cite"')]
    assert '<h2 id="trials-heading">Trials of each arm</h2>' in added
    assert '<p class="answer">18 trials succeeded.</p>' in added
    assert added.count("<tr>") == 1 + 3
