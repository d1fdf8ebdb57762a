"""The folder that is passed on: a campaign's results, and the same in other tools' formats."""

import shutil
from pathlib import Path

from threads_or_processes.analysis.dataset import open_dataset
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    PARQUET_FILE,
    REPETITIONS_FILE,
    read_package,
)
from threads_or_processes.exporting.crate import write_crate
from threads_or_processes.exporting.pyperf_files import write_pyperf
from threads_or_processes.exporting.sums import write_sums
from threads_or_processes.exporting.tables_package import write_tables_package


def export(results: Path, report: Path, summary: Path, out: Path) -> None:
    """Write all that is published of a campaign, from its results and its report.

    What an earlier export left is removed. SHA256SUMS comes last: a folder that has it is whole.
    """
    if out.exists():
        shutil.rmtree(out)
    (out / "pyperf").mkdir(parents=True)
    for name in (CSV_FILE, PARQUET_FILE, REPETITIONS_FILE, PACKAGE_FILE):
        shutil.copyfile(results / name, out / name)
    shutil.copyfile(report, out / "report.html")
    shutil.copyfile(summary, out / "summary.md")
    of_snakemake = shutil.ignore_patterns(".snakemake*")
    for name in ("tables", "figures"):
        shutil.copytree(
            results / name, out / name, ignore=of_snakemake, copy_function=shutil.copyfile
        )
    package = read_package(out / PACKAGE_FILE)
    write_tables_package(out / "tables", package)
    batches = open_dataset(out / PARQUET_FILE).batches
    write_pyperf(batches, package, out / "pyperf")
    write_crate(batches, package, out)
    write_sums(out)
