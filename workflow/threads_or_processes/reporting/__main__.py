"""Commands of the reporting package: `render` writes a report, `compare` the page on machines."""

import argparse
from pathlib import Path

from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.common.files import write_bytes, write_text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.reporting", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    render = commands.add_parser(
        "render", help="write the report: one HTML file, its figures, and a summary as Markdown"
    )
    render.add_argument("--plan", type=Path, required=True, help="plan.json")
    render.add_argument("--tables", type=Path, required=True, help="folder of tables")
    render.add_argument("--trials", type=Path, required=True, help="table of repetitions")
    render.add_argument("--package", type=Path, required=True, help="its datapackage.json")
    render.add_argument("--interpreters", type=Path, required=True, help="folder of identities")
    render.add_argument(
        "--changes", type=Path, nargs="*", default=[], help="files of what changed since a baseline"
    )
    render.add_argument(
        "--prefix", type=Path, default=Path(), help="folder in which results/ lies, as a module"
    )
    render.add_argument("--figures", type=Path, required=True, help="folder for the figures")
    render.add_argument("--summary", type=Path, required=True, help="file for its summary")
    compare = commands.add_parser("compare", help="write the page that compares machines")
    compare.add_argument("folders", type=Path, nargs="+", help="folders of results")
    for command in (render, compare):
        command.add_argument("--out", type=Path, required=True, help="the HTML file")
    return parser.parse_args()


def _render(arguments: argparse.Namespace) -> None:
    from threads_or_processes.reporting import drawing, render, report, summary
    from threads_or_processes.reporting.evidence import read_evidence
    from threads_or_processes.reporting.figure_text import csv_text

    evidence = read_evidence(
        plan_path=arguments.plan,
        tables_path=arguments.tables,
        trials_path=arguments.trials,
        package_path=arguments.package,
        interpreters_path=arguments.interpreters,
        baseline_path=arguments.changes[0].parent if arguments.changes else None,
        prefix=arguments.prefix,
    )
    page = report.build(evidence)
    arguments.figures.mkdir(parents=True, exist_ok=True)  # also where there is nothing to draw
    drawings = {}
    for figure in page.figures:
        drawn = drawing.draw(figure)
        drawings[figure.name] = drawn.svg
        write_text(arguments.figures / f"{figure.name}.svg", drawn.svg)
        write_text(arguments.figures / f"{figure.name}.csv", csv_text(figure))
        write_bytes(arguments.figures / f"{figure.name}.png", drawn.png)
    write_text(arguments.summary, summary.markdown(page))
    write_text(arguments.out, render.html(page, drawings))


def _compare(arguments: argparse.Namespace) -> None:
    from threads_or_processes.reporting import comparison_data, drawing, render
    from threads_or_processes.reporting.sections import comparison

    page = comparison.build(comparison_data.read_machines(arguments.folders))
    drawings = {one.name: drawing.draw_for_page(one) for one in page.figures}
    write_text(arguments.out, render.html(page, drawings))


def main() -> None:
    """Run the command that was asked for. Imports wait until one is: drawing takes seconds."""
    arguments = _arguments()
    {"render": _render, "compare": _compare}[arguments.command](arguments)


if __name__ == "__main__":
    exit_on_user_error(main)
