"""Results to pass on: `export` writes the folder, `pack` and `unpack` make it one file and back."""

import argparse
from pathlib import Path

from threads_or_processes.common.errors import exit_on_user_error


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m threads_or_processes.exporting", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write what is published of a campaign")
    export.add_argument("--results", type=Path, required=True, help="the campaign's results")
    export.add_argument("--report", type=Path, required=True, help="its report")
    export.add_argument("--summary", type=Path, required=True, help="the report's summary")
    export.add_argument("--out", type=Path, required=True, help="folder to write")
    pack = commands.add_parser("pack", help="make an exported folder one archive")
    pack.add_argument("folder", type=Path, help="the exported folder")
    pack.add_argument("--out", type=Path, required=True, help="the .tar.gz to write")
    unpack = commands.add_parser("unpack", help="check archives and put them into results/")
    unpack.add_argument("archives", type=Path, nargs="+", help="archives from other machines")
    unpack.add_argument("--results", type=Path, default=Path("results"), help="(default: results)")
    return parser.parse_args()


def _export(arguments: argparse.Namespace) -> None:
    from threads_or_processes.exporting.folder import export

    export(arguments.results, arguments.report, arguments.summary, arguments.out)
    print(f"Exported to {arguments.out}")


def _pack(arguments: argparse.Namespace) -> None:
    from threads_or_processes.exporting.parcel import pack

    pack(arguments.folder, arguments.out)
    print(f"Packed into {arguments.out}")


def _unpack(arguments: argparse.Namespace) -> None:
    from threads_or_processes.exporting.parcel import unpack

    for archive in arguments.archives:
        print(f"{archive} -> {unpack(archive, arguments.results)}")


def main() -> None:
    """Run the command that was asked for."""
    arguments = _arguments()
    {"export": _export, "pack": _pack, "unpack": _unpack}[arguments.command](arguments)


if __name__ == "__main__":
    exit_on_user_error(main)
