"""An archived data set, put where the tables and the report look for one."""

from dataclasses import replace
from pathlib import Path

from threads_or_processes.analysis.added_blocks import plan_with_measured_blocks
from threads_or_processes.analysis.dataset import (
    check_covers,
    check_files,
    check_interpreters,
    open_dataset,
)
from threads_or_processes.analysis.frames import names
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    as_record,
    notes_in,
    read_package,
)
from threads_or_processes.analysis.stored import written_as_csv
from threads_or_processes.common.files import write_bytes, write_json, writing
from threads_or_processes.records.tables.dataset import RepetitionRow


def unpack_dataset(source: Path, package_file: Path, out: Path) -> str:
    """Check an archived data set and write what measuring would have left; says what it was."""
    package = read_package(package_file)
    is_parquet = source.suffix == ".parquet"
    if is_parquet:  # what is damaged is not given to its parser
        check_files(source, package)
    found = open_dataset(source)
    check_covers(found.states, plan_with_measured_blocks(package.plan, found.states), source)
    check_interpreters(found.states, package.plan, package.interpreters, source)
    if not is_parquet:  # the checks above say more of a table that somebody changed
        check_files(source, package)
    described = package_file.read_bytes()
    write_json(out / "plan.json", package.plan_json)
    for name, identity in package.interpreters.items():
        write_json(out / "interpreters" / f"{name}.json", identity)
    write_json(out / "interpreters" / "parity.json", package.parity)
    found.stored.write(out)
    if is_parquet:
        with writing(out / CSV_FILE) as stream:
            for _ in written_as_csv(found.batches(names(RepetitionRow)), stream):
                pass
    else:  # the file that was given: another zlib would compress the same text otherwise
        write_bytes(out / CSV_FILE, source.read_bytes())
    here = replace(package, **notes_in(out))
    if here == package:
        write_bytes(out / PACKAGE_FILE, described)
    else:  # an earlier version wrote one table, or another pyarrow writes the same in other bytes
        write_json(out / PACKAGE_FILE, as_record(here))
    return f"{found.stored.rows} rows measured on {package.machine}"
