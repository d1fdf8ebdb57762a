"""An archived data set, put where the tables and the report look for one."""

from pathlib import Path

from threads_or_processes.analysis.dataset import (
    check_covers,
    check_file,
    check_interpreters,
    csv_gz_bytes,
    parquet_bytes,
    read_dataset,
)
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    PARQUET_FILE,
    read_package,
)
from threads_or_processes.analysis.precision import plan_with_measured_blocks
from threads_or_processes.common.files import write_bytes, write_json


def unpack_dataset(source: Path, package_file: Path, out: Path) -> str:
    """Check an archived data set and write what measuring would have left; says what it was."""
    package = read_package(package_file)
    is_parquet = source.suffix == ".parquet"
    if is_parquet:  # what is damaged is not given to its parser
        check_file(source, package.note(source))
    trials = read_dataset(source)
    check_covers(trials, plan_with_measured_blocks(package.plan, trials), source)
    check_interpreters(trials, package.plan, package.interpreters, source)
    if not is_parquet:  # the checks above say more of a table that somebody changed
        check_file(source, package.note(source))
    # The file that was given stays as it is: another zlib would compress the same text otherwise.
    content = source.read_bytes()
    described = package_file.read_bytes()
    write_json(out / "plan.json", package.plan_json)
    for name, identity in package.interpreters.items():
        write_json(out / "interpreters" / f"{name}.json", identity)
    write_json(out / "interpreters" / "parity.json", package.parity)
    write_bytes(out / PARQUET_FILE, content if is_parquet else parquet_bytes(trials))
    write_bytes(out / PACKAGE_FILE, described)
    write_bytes(out / CSV_FILE, csv_gz_bytes(trials) if is_parquet else content)
    return f"{len(trials)} rows measured on {package.machine}"
