"""The data set as the report needs it: when it was measured, in what conditions, and the file."""

import hashlib
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from typing import Any, NotRequired, TypedDict

import msgspec
import numpy as np
import pyarrow
import pyarrow.csv

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, Gunzipped, read_bytes
from threads_or_processes.common.signing import read_signed

COLUMNS = {
    "trial_id": pyarrow.string(),
    "started_unix_ns": pyarrow.int64(),
    "health_json": pyarrow.string(),
}
#: What `health_json` says that is shown (`Conditions`).
SHOWN = frozenset(
    ("boost", "on_battery", "governors", "clock_source", "resolution_ns", "clock_overhead_ns")
)
#: A block holds the longest row.
BLOCK_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A file that the report carries or names; `sha256` is that of `content`."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Its hash (hex)."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class PackageFile(DataFile):
    """`datapackage.json`, and what it says of the programs that collected the data."""

    programs: "Collecting"


class Collecting(TypedDict):
    """Which programs collected a data set."""

    git_commit: NotRequired[str]
    version: NotRequired[str]


class _Description(TypedDict):
    """The part of `datapackage.json` that the report shows."""

    programs: NotRequired[Collecting]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the machine said of itself over all trials; empty or None: it does not say."""

    boost: frozenset[bool] = frozenset()
    on_battery: frozenset[bool] = frozenset()
    governors: tuple[str, ...] = ()
    clock_sources: tuple[str, ...] = ()
    clock_resolution_ns: float | None = None
    clock_overhead_ns: float | None = None


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What the report shows of the repetitions.

    `first_unix_ns`, `last_unix_ns`: start of the first and last trial; `None` without trials.
    `csv_sha256`: of the uncompressed table, the form that does not depend on the compressor.
    """

    first_unix_ns: int | None
    last_unix_ns: int | None
    conditions: Conditions
    csv_sha256: str
    file: DataFile


def conditions_of(healths: Iterable[str]) -> Conditions:
    """The conditions of trials from their `health_json`."""
    seen = defaultdict[str, Counter[Any]](Counter)
    for moment in _moments(healths):
        for name in moment.keys() & SHOWN:
            value = moment[name]
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    seen[name][one] += 1
    overheads_ns = seen["clock_overhead_ns"]
    return Conditions(
        boost=frozenset(seen["boost"]),
        on_battery=frozenset(seen["on_battery"]),
        governors=tuple(sorted(seen["governors"])),
        clock_sources=tuple(sorted(seen["clock_source"])),
        clock_resolution_ns=max(seen["resolution_ns"], default=None),
        clock_overhead_ns=median_low(overheads_ns.elements()) if overheads_ns else None,
    )


def _moments(healths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What was read before and after each trial, and what its clock says of itself."""
    for health in healths:
        read = msgspec.json.decode(health)
        yield from (read.get(part) or {} for part in ("before", "after", "clock"))


def read_trials(path: Path) -> Trials:
    """Read `trials.csv.gz`; `UserError` if it is missing or broken.

    Piece by piece, and no column that the report doesn't need.
    """
    try:
        content = path.read_bytes()
        table = Gunzipped(content)
        starts_unix_ns: dict[str, int] = {}
        conditions = conditions_of(_healths(table, starts_unix_ns))
        while table.read(BLOCK_BYTES):  # what the parser left
            pass
    except FileNotFoundError:
        raise UserError(
            "the table of trials is missing", where=str(path), hint="run snakemake again"
        ) from None
    except (ValueError, OSError, EOFError, zlib.error, pyarrow.ArrowException) as error:
        what = f"the table of trials cannot be read ({error})"
        raise UserError(what, where=str(path), hint=MAKE_IT_ANEW) from None
    return Trials(
        first_unix_ns=min(starts_unix_ns.values(), default=None),
        last_unix_ns=max(starts_unix_ns.values(), default=None),
        conditions=conditions,
        csv_sha256=table.sha256,
        file=DataFile(name=path.name, content=content),
    )


def _healths(table: Gunzipped, starts_unix_ns: dict[str, int]) -> Iterator[str]:
    """The `health_json` of each trial; takes note of when it started."""
    for rows in pyarrow.csv.open_csv(
        table,
        read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            include_columns=list(COLUMNS), column_types=COLUMNS
        ),
    ):
        places = rows["trial_id"].dictionary_encode().indices.to_numpy()
        first = np.unique(places, return_index=True)[1]  # a row of each trial
        for trial in rows.take(first).to_pylist():
            if trial["trial_id"] not in starts_unix_ns:
                starts_unix_ns[trial["trial_id"]] = trial["started_unix_ns"]
                yield trial["health_json"]


def read_package(path: Path) -> PackageFile:
    """Read `datapackage.json` as the bytes it is; `UserError` if it is missing or damaged."""
    read_signed(path)
    programs = read_as(path, _Description).get("programs", {})
    return PackageFile(name=path.name, content=read_bytes(path), programs=programs)
