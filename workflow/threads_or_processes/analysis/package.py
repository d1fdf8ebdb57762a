"""datapackage.json: what belongs to a data set, so that its tables and report can be made anywhere.

A Data Package (version 2 of the standard) beside trials.csv.gz, trials.parquet and
repetitions.parquet. It describes each column and names the files' sizes and hashes; the plan, the
interpreters' identities and their parity are resources inside it. Data set and package are all that
has to be kept.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict

from threads_or_processes.common.decoding import MismatchError, problem_with
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, check_ends, read_json, sha256_file
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.common.provenance import UNKNOWN
from threads_or_processes.common.signing import edited, identity_digest, is_intact, signed
from threads_or_processes.records.fields import Column, columns_of
from threads_or_processes.records.interpreter import Identity, Parity
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables.dataset import (
    REPETITION_KEY,
    RepetitionOnlyRow,
    RepetitionRow,
    TrialRow,
)
from threads_or_processes.records.trial import Sha256

#: Of the data set's columns and of what the package holds.
SCHEMA_VERSION = 1

GET_IT_AGAIN = (
    f"if you measured it here: {MAKE_IT_ANEW}. Otherwise get the file again from where it is from"
)

PACKAGE_FILE = "datapackage.json"
CSV_FILE = "trials.csv.gz"
PARQUET_FILE = "trials.parquet"
REPETITIONS_FILE = "repetitions.parquet"

#: The tables of the Parquet files, and what tells their rows apart.
PARQUET_TABLES = {
    PARQUET_FILE: (TrialRow, ["trial_id"]),
    REPETITIONS_FILE: (RepetitionOnlyRow, REPETITION_KEY),
}

#: The types of a Table Schema.
TYPES = {int: "integer", float: "number", str: "string"}

#: The folder of a data set that a run kept by itself: date and time (UTC) of its last trial, then
#: the beginning of its hash.
STATE_NAME = re.compile(r"\d{4}-\d\d-\d\d-\d{6}-[0-9a-f]{8}")

PROFILES = "https://datapackage.org/profiles/2.0"
LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}

Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class FileNote:
    """By what a file is recognised."""

    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "FileNote":
        """Take note of a file; `UserError` if it has no end."""
        check_ends(path)
        return cls(bytes=path.stat().st_size, sha256=sha256_file(path))


class Code(TypedDict):
    """Hashes of the code behind each task function and each model, by name."""

    functions: dict[str, Sha256]
    models: dict[str, Sha256]


@dataclass(frozen=True, kw_only=True)
class Package:
    """What belongs to a data set: plan.json, the interpreters by name, parity.json and its files.

    `plan_json` stays as the file has it, for a report's id is made from it; `plan` is what it says.
    `git_commit` and `version`: of the programs that collected it, `unknown` outside a checkout.
    `functions` and `models`: as in `Code`; empty in data sets of earlier versions.
    `csv`, `parquet`: by what trials.csv.gz and the Parquet files, by name, are recognised. Earlier
    versions had no repetitions.parquet: trials.parquet held the same as trials.csv.gz. An
    interpreter's identity leaves out the path at which it happened to lie.
    """

    plan_json: Json
    interpreters: Mapping[str, Identity]
    parity: Parity
    csv: FileNote
    parquet: Mapping[str, FileNote]
    git_commit: str
    version: str = UNKNOWN
    functions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """Raises ValueError for a plan that can't be read (`plan_from`)."""
        return plan_from(self.plan_json)

    @property
    def machine(self) -> str:
        """The name of the machine's folder where it was measured."""
        return self.plan.machine.name

    def notes(self, path: Path) -> dict[Path, FileNote]:
        """What is known of a data set's file, by its kind, and of the one that belongs to it.

        The first may have been renamed.
        """
        if path.suffix != ".parquet":
            return {path: self.csv}
        return {
            path if name == PARQUET_FILE else path.with_name(name): note
            for name, note in self.parquet.items()
        }


def notes_in(folder: Path) -> dict[str, Any]:
    """What a package knows of the files of the data set in a folder."""
    return {
        "csv": FileNote.of(folder / CSV_FILE),
        "parquet": {name: FileNote.of(folder / name) for name in PARQUET_TABLES},
    }


def as_record(package: Package) -> dict[str, Any]:
    """The package as it stands in datapackage.json, signed as a whole."""
    content = {
        "$schema": f"{PROFILES}/datapackage.json",
        "schema_version": SCHEMA_VERSION,
        "title": f"Threads or Processes: trials on {package.machine}",
        "description": "Times of the same work in threads and in processes on several interpreter "
        "builds, each trial in a fresh process. A row is a repetition; rows with one trial_id are "
        "one trial, which is the statistical unit. Analyse it with "
        f"`snakemake --cores all --config dataset=<path of {CSV_FILE}>`.",
        "licenses": [LICENCE],
        "programs": {
            "name": "threads-or-processes",
            "git_commit": package.git_commit,
            "version": package.version,
            "functions": package.functions,
            "models": package.models,
        },
        "resources": [
            {
                "$schema": f"{PROFILES}/dataresource.json",
                "name": "trials",
                "type": "table",
                "path": CSV_FILE,
                "format": "csv",
                "mediatype": "application/gzip",
                "encoding": "utf-8",
                "bytes": package.csv.bytes,
                "hash": f"sha256:{package.csv.sha256}",
                "schema": _schema(RepetitionRow, REPETITION_KEY),
            },
            *(_resource_of_parquet(file, note) for file, note in package.parquet.items()),
            {
                "name": "plan",
                "description": "everything that was to be measured, with the config it came from",
                "data": package.plan_json,
            },
            {
                "name": "interpreters",
                "description": "the identity of each arm's interpreter, in each compilation",
                "data": package.interpreters,
            },
            {
                "name": "parity",
                "description": "whether the interpreters may be compared",
                "data": package.parity,
            },
        ],
    }
    return signed(content)


def _resource_of_parquet(file: str, note: FileNote) -> dict[str, Any]:
    """A table that holds a part of the same content, in the same order."""
    record, key = PARQUET_TABLES[file]
    return {
        "name": _name(file),
        "description": inspect.getdoc(record),
        "path": file,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "bytes": note.bytes,
        "hash": f"sha256:{note.sha256}",
        "schema": _schema(record, key),
    }


def _name(file: str) -> str:
    """The name of a Parquet file's resource."""
    return file.replace(".", "-")


def _schema(record: type, key: list[str]) -> dict[str, Any]:
    """The schema of a table of the data set.

    A part of the key may be missing (a trial that ended before its first repetition), so it is a
    unique key and no primary one.
    """
    return {**table_schema(record), "uniqueKeys": [key]}


def table_schema(record: type) -> dict[str, Any]:
    """The Table Schema of a table with such rows."""
    return {
        "$schema": f"{PROFILES}/tableschema.json",
        "fields": [_field(column) for column in columns_of(record)],
        "missingValues": [""],
    }


def _field(column: Column) -> dict[str, Any]:
    constraints = _constraints(column)
    return {
        "name": column.name,
        "type": column.rules.json or TYPES[column.kind],
        "description": column.meaning,
        **({"unit": column.unit} if column.unit else {}),
        **({"constraints": constraints} if constraints else {}),
    }


def _constraints(column: Column) -> dict[str, Any]:
    stated = {
        "required": column.required or None,
        "minimum": column.rules.minimum,
        "enum": list(column.one_of) or None,
        "pattern": column.rules.pattern,
    }
    return {name: value for name, value in stated.items() if value is not None}


def states_in(folder: Path) -> list[Path]:
    """The data sets that runs kept whole in a folder, the latest first."""
    found = [file.parent for file in folder.glob(f"*/{PACKAGE_FILE}")]
    return sorted((one for one in found if STATE_NAME.fullmatch(one.name)), reverse=True)


def read_package(path: Path, *, hint: str = GET_IT_AGAIN) -> Package:
    """Read and check datapackage.json; `UserError` names what is wrong with it."""
    if not (path.exists() or path.is_symlink()):
        raise UserError(
            f"{PACKAGE_FILE} is missing; it describes the data set and is required",
            where=str(path),
            hint=f"put the data set's {PACKAGE_FILE} into the same folder",
        )
    value = read_json(path, hint=hint)
    _check_version(value, path, hint)
    try:
        package = package_from(value)
        problem = next(_problems(package), None)
    except MismatchError as error:
        problem = f"plan: {error}"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        problem = f"{type(error).__name__}: {error}"
    if problem is not None:
        raise UserError(f"{PACKAGE_FILE} is broken ({problem})", where=str(path), hint=hint)
    if not is_intact(value):
        raise edited(path, hint)
    return package


def package_from(value: Json) -> Package:
    """Take a package from its JSON; raises KeyError, TypeError or ValueError for a broken one."""
    resources = {resource["name"]: resource for resource in value["resources"]}
    programs = value.get("programs", {})
    return Package(
        plan_json=resources["plan"]["data"],
        interpreters=resources["interpreters"]["data"],
        parity=resources["parity"]["data"],
        csv=_note(resources["trials"]),
        parquet={
            file: _note(resources[_name(file)])
            for file in PARQUET_TABLES
            if file == PARQUET_FILE or _name(file) in resources
        },
        git_commit=programs.get("git_commit", UNKNOWN),
        version=programs.get("version", UNKNOWN),
        functions=programs.get("functions", {}),
        models=programs.get("models", {}),
    )


def _note(resource: Json) -> FileNote:
    kind, _, sha256 = resource["hash"].partition(":")
    if kind != "sha256":
        raise ValueError(f"the hash of {resource['name']} is no sha256")
    return FileNote(bytes=resource["bytes"], sha256=sha256)


def _problems(package: Package) -> Iterator[str]:
    """What the rules rely on; raises ValueError for a plan that can't be read."""
    arms = {one.name for one in package.plan.interpreters}
    if arms != package.interpreters.keys():
        yield f"interpreters of {sorted(package.interpreters)}, but a plan for {sorted(arms)}"
    for arm, identity in package.interpreters.items():
        if problem := problem_with(identity, Identity):
            yield f"the interpreter of {arm}: {problem}"
        elif identity["arm"] != arm:
            yield f"the interpreter of {arm} says that it is of {identity['arm']}"
        elif identity_digest(identity) != identity["identity_sha256"]:
            yield f"the interpreter of {arm} is not what its identity_sha256 says"
    if problem := problem_with(package.parity, Parity):
        yield f"parity: {problem}"
    code = {"functions": package.functions, "models": package.models}
    if problem := problem_with(code, Code):
        yield f"programs: {problem}"


def _check_version(value: Any, path: Path, hint: str) -> None:
    found = value.get("schema_version") if isinstance(value, dict) else None
    if type(found) is int and found == SCHEMA_VERSION:
        return
    newer = type(found) is int and found > SCHEMA_VERSION
    raise UserError(
        f"the data set has schema_version {found!r}, this code reads {SCHEMA_VERSION}",
        where=str(path),
        hint="use the newest version of this project" if newer else hint,
    )
