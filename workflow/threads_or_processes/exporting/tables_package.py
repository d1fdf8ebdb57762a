"""datapackage.json of the tables: each column's type, unit and meaning, for other programs."""

from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import (
    LICENCE,
    PACKAGE_FILE,
    PROFILES,
    FileNote,
    Package,
    table_schema,
)
from threads_or_processes.common.files import write_json
from threads_or_processes.records.tables import TABLES


def write_tables_package(folder: Path, package: Package) -> None:
    """Describe the tables that a folder holds, in a Data Package beside them."""
    there = {name: record for name, record in TABLES.items() if (folder / f"{name}.csv").exists()}
    content = {
        "$schema": f"{PROFILES}/datapackage.json",
        "title": f"Threads or Processes: estimates on {package.machine}",
        "description": "Estimates made from the trials in the data set above this folder.",
        "licenses": [LICENCE],
        "resources": [_resource(folder, name, record) for name, record in there.items()],
    }
    write_json(folder / PACKAGE_FILE, content)


def _resource(folder: Path, name: str, record: type) -> dict[str, Any]:
    file = folder / f"{name}.csv"
    note = FileNote.of(file)
    return {
        "$schema": f"{PROFILES}/dataresource.json",
        "name": name,
        "type": "table",
        "path": file.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": note.bytes,
        "hash": f"sha256:{note.sha256}",
        "schema": table_schema(record),
    }
