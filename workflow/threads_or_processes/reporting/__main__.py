"""Commands of the reporting room: `figures` draws them, `render` writes the page."""

import argparse
from pathlib import Path

from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.common.files import write_bytes, write_text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.reporting", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    figures = commands.add_parser(
        "figures", help="draw every figure as SVG and PNG, its numbers as CSV"
    )
    render = commands.add_parser("render", help="write the report as one HTML file")
    for command in (figures, render):
        command.add_argument("--plan", type=Path, required=True, help="plan.json")
        command.add_argument("--tables", type=Path, required=True, help="folder of tables")
        command.add_argument("--out", type=Path, required=True, help="where to write")
    compare = commands.add_parser("compare", help="write the page that compares machines")
    compare.add_argument("folders", type=Path, nargs="+", help="folders of results")
    compare.add_argument("--out", type=Path, required=True, help="where to write")
    render.add_argument("--trials", type=Path, required=True, help="table of repetitions")
    render.add_argument("--package", type=Path, required=True, help="its datapackage.json")
    render.add_argument("--interpreters", type=Path, required=True, help="folder of identities")
    render.add_argument("--figures", type=Path, required=True, help="folder of drawn figures")
    return parser.parse_args()


def _figures(arguments: argparse.Namespace) -> None:
    from threads_or_processes.reporting import drawing
    from threads_or_processes.reporting.campaign import read_campaign
    from threads_or_processes.reporting.evidence import read_tables
    from threads_or_processes.reporting.figure_data import csv_text
    from threads_or_processes.reporting.figures import figures

    campaign = read_campaign(arguments.plan)
    arguments.out.mkdir(parents=True, exist_ok=True)  # also where there is nothing to draw
    for figure in figures(campaign, read_tables(arguments.tables)):
        drawn = drawing.draw(figure, campaign)
        write_text(arguments.out / f"{figure.name}.svg", drawn.svg)
        write_text(arguments.out / f"{figure.name}.csv", csv_text(figure))
        write_bytes(arguments.out / f"{figure.name}.png", drawn.png)


def _render(arguments: argparse.Namespace) -> None:
    from threads_or_processes.reporting import render, report
    from threads_or_processes.reporting.evidence import read_evidence
    from threads_or_processes.reporting.figures import figures

    evidence = read_evidence(
        plan_path=arguments.plan,
        tables_path=arguments.tables,
        trials_path=arguments.trials,
        package_path=arguments.package,
        interpreters_path=arguments.interpreters,
    )
    drawn = figures(evidence.campaign, evidence.tables)
    svgs = render.read_figures(arguments.figures, [figure.name for figure in drawn])
    write_text(arguments.out, render.html(report.build(evidence, svgs)))


def _compare(arguments: argparse.Namespace) -> None:
    from threads_or_processes.reporting import machines

    write_text(arguments.out, machines.html(arguments.folders))


def main() -> None:
    """Run the command that was asked for. Imports wait until one is: drawing takes seconds."""
    arguments = _arguments()
    {"figures": _figures, "render": _render, "compare": _compare}[arguments.command](arguments)


if __name__ == "__main__":
    exit_on_user_error(main)
