"""ro-crate-metadata.json: from what, by which programs and when an export was made.

A Process Run Crate, in RO-Crate 1.1: the campaign is an action, its instrument is this project with
the interpreters that it requires, its results are the files. The library `rocrate` is for reading
and copying crates; of a flat list of entities it would write but the first two.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from threads_or_processes.analysis.package import (
    CSV_FILE,
    LICENCE,
    PACKAGE_FILE,
    PARQUET_FILE,
    REPETITIONS_FILE,
    Package,
)
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.common.files import write_json
from threads_or_processes.common.provenance import UNKNOWN
from threads_or_processes.exporting.sums import SUMS_FILE
from threads_or_processes.records.interpreter import Identity

CRATE_FILE = "ro-crate-metadata.json"
RO_CRATE = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
#: What an export holds: name, media type, meaning.
FILES = (
    (CSV_FILE, "application/gzip", "the data set: a row for each repetition"),
    (PARQUET_FILE, "application/vnd.apache.parquet", "the trials of the data set"),
    (REPETITIONS_FILE, "application/vnd.apache.parquet", "the repetitions of these trials"),
    (PACKAGE_FILE, "application/json", "a Data Package: columns, plan and interpreters"),
    ("report.html", "text/html", "the report"),
    ("summary.md", "text/markdown", "the report's summary"),
    (SUMS_FILE, "text/plain", "the SHA-256 of each file"),
)
FOLDERS = (
    ("tables/", "estimates as CSV, with a Data Package"),
    ("figures/", "the report's figures, and their numbers as CSV"),
    ("pyperf/", "times for pyperf: build/model.json"),
)

Entity = dict[str, Any]


def write_crate(batches: Batches, package: Package, folder: Path) -> None:
    """Describe an exported folder; `batches` are of its data set."""
    entities = crate(batches, package)
    write_json(folder / CRATE_FILE, {"@context": f"{RO_CRATE}/context", "@graph": entities})


def crate(batches: Batches, package: Package) -> list[Entity]:
    """All entities of an export, the metadata file's own first."""
    title = f"Threads or Processes: campaign {package.plan.campaign} on {package.machine}"
    interpreters = [_interpreter(one) for one in package.interpreters.values()]
    parts = [
        *(
            _entity(name, "File", name=name, description=meaning, encodingFormat=kind)
            for name, kind, meaning in FILES
        ),
        *(_entity(name, "Dataset", name=name, description=meaning) for name, meaning in FOLDERS),
    ]
    first, last = _span(batches)
    programs = _programs(package, interpreters)
    licence = _entity(LICENCE["path"], "CreativeWork", name=LICENCE["title"])
    profile = _entity(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    measuring = _entity(
        "#campaign",
        "CreateAction",
        name=title,
        description="Measured, analysed and reported by one Snakemake run or several.",
        instrument=_reference(programs),
        result=_references(parts),
        startTime=first,
        endTime=last,
    )
    root = _entity(
        "./",
        "Dataset",
        name=title,
        description="Times of the same work in threads and in processes on Python builds.",
        datePublished=last,
        license=_reference(licence),
        conformsTo=_reference(profile),
        hasPart=_references(parts),
        mentions=_reference(measuring),
    )
    about = _entity(
        CRATE_FILE, "CreativeWork", about=_reference(root), conformsTo={"@id": RO_CRATE}
    )
    return [about, root, measuring, programs, *interpreters, *parts, licence, profile]


def _entity(identifier: str, kind: str, **properties: Any) -> Entity:
    return {"@id": identifier, "@type": kind, **properties}


def _reference(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}


def _references(entities: Iterable[Entity]) -> list[Entity]:
    return [_reference(entity) for entity in entities]


def _programs(package: Package, interpreters: Iterable[Entity]) -> Entity:
    """What measured, as it was when the data set was collected."""
    known = [one for one in (package.version, package.git_commit) if one != UNKNOWN]
    version = {"softwareVersion": ", ".join(known)} if known else {}
    return _entity(
        "#threads-or-processes",
        "SoftwareApplication",
        name="Threads or Processes",
        softwareRequirements=_references(interpreters),
        **version,
    )


def _interpreter(identity: Identity) -> Entity:
    return _entity(
        f"#interpreter-{identity['identity_sha256']}",
        "SoftwareApplication",
        name=f"{identity['implementation']} ({identity['arm']})",
        softwareVersion=identity["version"],
        url="https://www.python.org/",
    )


def _span(batches: Batches) -> tuple[str, str]:
    """When the first trial began and the last one ended."""
    times = pd.concat(list(batches(["started_unix_ns", "trial_wall_ns"])))
    ended_ns = times["started_unix_ns"] + times["trial_wall_ns"]
    ends_s = (int(times["started_unix_ns"].min()) // 10**9, int(ended_ns.max()) // 10**9)
    first, last = (datetime.fromtimestamp(end_s, UTC).isoformat() for end_s in ends_s)
    return first, last
