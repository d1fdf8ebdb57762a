import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.reporting.worlds import World

ROOT = Path(__file__).parents[2]


def reporting(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "threads_or_processes.reporting", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def render(results: Path, drawings: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return reporting(
        *("render", "--plan", results / "plan.json", "--tables", results / "tables"),
        *("--trials", results / "trials.csv.gz", "--figures", drawings),
        *("--package", results / "datapackage.json"),
        *("--interpreters", results / "interpreters", "--out", out),
        *("--summary", out.with_suffix(".md")),
    )


def test_render_writes_page_and_figures_and_says_nothing(
    world: Callable[[str], World], page: Callable[[str], str], tmp_path: Path
) -> None:
    results = world("default").results
    rendered = render(results, tmp_path / "figures", tmp_path / "out" / "report.html")
    assert (rendered.returncode, rendered.stdout, rendered.stderr) == (0, "", "")
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    drawings = (
        *("notebook-timeline", "order", "speedup-compress", "speedup-mandelbrot"),
        *("why-compress", "why-mandelbrot"),
    )
    assert names == [f"{name}.{kind}" for name in drawings for kind in ("csv", "png", "svg")]
    written = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert written == page("default")
    assert (tmp_path / "out" / "report.md").read_text(encoding="utf-8").startswith("# ")


def test_a_plan_without_what_the_report_needs_is_named(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"schema_version": 1, "campaign": "report"}')
    failed = render(tmp_path, tmp_path / "figures", tmp_path / "report.html")
    assert failed.returncode == 2
    assert "the plan is not complete (machine is missing)" in failed.stderr
    assert "Traceback" not in failed.stderr
