"""What a contributor adds touches as few files as docs/contributing.md says."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import threads_or_processes

from tests.analysis.archives import collect_into
from tests.conftest import ROOT
from tests.reporting.worlds import campaign, write_world

PACKAGE = Path(threads_or_processes.__file__).parent

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
    """A copy of the package where it lies in the project, and of what a report cites."""
    package = folder / "workflow" / "threads_or_processes"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "CITATION.cff", folder)
    return package


def run(folder: Path, *arguments: object) -> str:
    """What Python says that has the package from `folder`."""
    command = [sys.executable, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    ended = subprocess.run(
        command, cwd=folder, check=True, env=environment, stdout=subprocess.PIPE, text=True
    )
    return ended.stdout


def apply(heading: str, package: Path) -> list[str]:
    """Apply the diff under a heading of docs/contributing.md; the files that it touches."""
    page = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    diff = page.partition(f"## {heading}\n")[2].partition("```diff\n")[2].partition("```")[0]
    parts = re.findall(r"^--- (\S+)\n((?:[ +@].*\n|\n)*)", diff, re.MULTILINE)
    for name, lines in parts:
        if name == "/dev/null":
            name, _, lines = lines.removeprefix("+++ ").partition("\n")
            (package / name).write_text(re.sub("^[+]", "", lines, flags=re.MULTILINE))
            continue
        file = package / name
        for context, added in re.findall(r"^ (.*\n)((?:[+].*\n)+)", lines, re.MULTILINE):
            text = file.read_text(encoding="utf-8")
            assert text.count(f"\n{context}") == 1, context
            file.write_text(text.replace(context, context + re.sub("(?m)^[+]", "", added)))
    return [name for name, _ in parts]


def test_a_column_is_its_field_and_the_line_that_computes_it(tmp_path: Path) -> None:
    package = copy_package(tmp_path)
    touched = apply("A column of a table", package)
    assert touched == ["records/tables/measured.py", "analysis/cells.py"]
    made = campaign(workloads=["json"], workers=[2], blocks=2, notebook=False)
    collect_into(tmp_path, made)
    inputs = ("--plan", "plan.json", "--trials", "trials.parquet")
    files = (*inputs, "--interpreters", "interpreters", "--out", "tables")
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
    assert len(apply("A section of the report", package)) == 2
    results = write_world(
        tmp_path / "results", campaign(workloads=["json"], workers=[2], blocks=2, notebook=False)
    ).results
    page = tmp_path / "report.html"
    command = (
        *(
            "-m",
            "threads_or_processes.reporting",
            "render",
            "--out",
            page,
            "--summary",
            page.with_suffix(".md"),
        ),
        *("--plan", results / "plan.json", "--tables", results / "tables"),
        *("--trials", results / "trials.csv.gz", "--package", results / "datapackage.json"),
        *("--interpreters", results / "interpreters", "--figures", tmp_path / "figures"),
    )
    run(tmp_path, *command)
    html = page.read_text(encoding="utf-8")
    assert '<li><a href="#trials">Trials of each build</a></li>' in html
    added = html[html.index('<section id="trials"') : html.index('<section id="threats"')]
    assert '<h2 id="trials-heading">Trials of each build</h2>' in added
    assert '<p class="answer">18 trials succeeded.</p>' in added
    assert added.count("<tr>") == 1 + 3
