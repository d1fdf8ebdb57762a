"""The data set as the report needs it: when it was measured, and the file itself."""

import gzip
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from workflow.errors import UserError

COLUMNS = ("started_unix_ns",)


@dataclass(frozen=True, kw_only=True)
class Trials:
    """What the report shows of the repetitions.

    `first_unix_ns`, `last_unix_ns`: start of the first and last trial; `None` without trials.
    `csv_sha256`: of the uncompressed table, the form that does not depend on the compressor.
    """

    first_unix_ns: int | None
    last_unix_ns: int | None
    csv_sha256: str = ""
    file_sha256: str = ""
    file_bytes: bytes = b""


def summarise(frame: pd.DataFrame) -> Trials:
    """What the report needs from the repetitions table, one row a repetition."""
    started = frame["started_unix_ns"].dropna()
    return Trials(
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
        first_unix_ns=seen.first_unix_ns,
        last_unix_ns=seen.last_unix_ns,
        csv_sha256=hashlib.sha256(table).hexdigest(),
        file_sha256=hashlib.sha256(content).hexdigest(),
        file_bytes=content,
    )
