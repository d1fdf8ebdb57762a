"""The data set as the report needs it: when it was measured, in what conditions, and the file."""

import hashlib
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low
from typing import Any

import pandas as pd

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import gunzipped

COLUMNS = ("trial_id", "started_unix_ns", "health_json")
MEND = "delete the file and run snakemake again; it will be regenerated"


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
    seen: dict[str, list[Any]] = {}
    for moment in _moments(healths):
        for name, value in moment.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    seen.setdefault(name, []).append(one)
    return Conditions(
        boost=frozenset(seen.get("boost", ())),
        on_battery=frozenset(seen.get("on_battery", ())),
        governors=tuple(sorted(set(seen.get("governors", ())))),
        clock_sources=tuple(sorted(set(seen.get("clock_source", ())))),
        clock_resolution_ns=max(seen.get("resolution_ns", ()), default=None),
        clock_overhead_ns=median_low(seen["clock_overhead_ns"])
        if "clock_overhead_ns" in seen
        else None,
    )


def _moments(healths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """What was read before and after each trial, and what its clock says of itself."""
    for health in healths:
        read = json.loads(health)
        yield from (read.get(part) or {} for part in ("before", "after", "clock"))


def read_trials(path: Path) -> Trials:
    """Read `trials.csv.gz`; `UserError` if it is missing or broken."""
    try:
        content = path.read_bytes()
        table = gunzipped(content)
        frame = pd.read_csv(io.BytesIO(table), usecols=list(COLUMNS))
        conditions = conditions_of(frame.drop_duplicates("trial_id")["health_json"].dropna())
    except FileNotFoundError:
        raise UserError(
            "the table of trials is missing", where=str(path), hint="run snakemake again"
        ) from None
    except (ValueError, OSError, EOFError, zlib.error) as error:
        what = f"the table of trials cannot be read ({error})"
        raise UserError(what, where=str(path), hint=MEND) from None
    started = frame["started_unix_ns"].dropna()
    return Trials(
        first_unix_ns=None if started.empty else int(started.min()),
        last_unix_ns=None if started.empty else int(started.max()),
        conditions=conditions,
        csv_sha256=hashlib.sha256(table).hexdigest(),
        file=DataFile(name=path.name, content=content),
    )


def read_package(path: Path) -> DataFile:
    """Read `datapackage.json` as the bytes it is; `UserError` if it is missing."""
    try:
        return DataFile(name=path.name, content=path.read_bytes())
    except FileNotFoundError:
        raise UserError(
            "the data set's description is missing", where=str(path), hint="run snakemake again"
        ) from None
