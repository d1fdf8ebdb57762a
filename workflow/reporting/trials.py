"""The single trials as the report shows them: a value a block, when, and the file itself."""

import gzip
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow.errors import UserError

COLUMNS = ("cell", "block", "outcome", "started_unix_ns", "phase", "wall_ns")

ValuesByBlock = Mapping[int, float]
"""Block number to the trial's value in nanoseconds."""


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What the report shows of the repetitions.

    `value_ns`: cell to block to the median of the measured repetitions of an ok trial.
    `first_unix_ns`, `last_unix_ns`: start of the first and last trial; `None` without trials.
    `csv_sha256`: of the uncompressed table, the form that does not depend on the compressor.
    """

    value_ns: Mapping[str, ValuesByBlock]
    first_unix_ns: int | None
    last_unix_ns: int | None
    csv_sha256: str = ""
    file_sha256: str = ""
    file_bytes: bytes = b""


def trial_values(frame: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Cell to block to trial value (ns): the median of its measured repetitions, ok trials only."""
    measured = frame[(frame["outcome"] == "ok") & (frame["phase"] == "measure")]
    medians = measured.groupby(["cell", "block"], sort=True)["wall_ns"].median()
    values: dict[str, dict[int, float]] = {}
    for cell, block, value in medians.reset_index().itertuples(index=False):
        values.setdefault(cell, {})[int(block)] = float(value)
    return values


def summarise(frame: pd.DataFrame) -> Trials:
    """What the report needs from the repetitions table, one row a repetition."""
    started = frame["started_unix_ns"].dropna()
    return Trials(
        value_ns=trial_values(frame),
        first_unix_ns=None if started.empty else int(started.min()),
        last_unix_ns=None if started.empty else int(started.max()),
    )


def read_trials(path: Path) -> Trials:
    """Read `trials.parquet` or `trials.csv.gz`; only the latter can be embedded and hashed."""
    mend = "delete the file and run snakemake again; it will be made anew"
    try:
        if path.suffix == ".parquet":
            return summarise(pd.read_parquet(path, columns=list(COLUMNS)))
        content = path.read_bytes()
        table = gzip.decompress(content)
        frame = pd.read_csv(
            io.BytesIO(table),
            usecols=list(COLUMNS),
            dtype={"cell": str, "outcome": str, "phase": str},
        )
    except FileNotFoundError:
        raise UserError(
            "the table of trials is missing", where=str(path), mend="run snakemake again"
        ) from None
    except (ValueError, OSError, EOFError) as error:
        what = f"the table of trials cannot be read ({error})"
        raise UserError(what, where=str(path), mend=mend) from None
    seen = summarise(frame)
    return Trials(
        value_ns=seen.value_ns,
        first_unix_ns=seen.first_unix_ns,
        last_unix_ns=seen.last_unix_ns,
        csv_sha256=hashlib.sha256(table).hexdigest(),
        file_sha256=hashlib.sha256(content).hexdigest(),
        file_bytes=content,
    )
