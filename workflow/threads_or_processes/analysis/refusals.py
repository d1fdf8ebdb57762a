"""What is wrong with a data set, and what reading one raises, as a `UserError`."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow

from threads_or_processes.analysis.package import GET_IT_AGAIN
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import check_ends

LONGEST_REASON_CHARACTERS = 200


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where if it has a place."""

    what: str
    row: int | None = None
    column: str = ""


def refuse(problems: Iterable[Problem | None], path: Path, *, hint: str = GET_IT_AGAIN) -> None:
    """Raise the first problem of a data set, if it has one, as a `UserError`."""
    for problem in problems:
        if problem is not None:
            place = [f"row {problem.row}"] if problem.row is not None else []
            named = [f"column {problem.column}"] if problem.column else []
            raise UserError(
                f"the data set can't be used: {problem.what}",
                where=", ".join([str(path), *place, *named]),
                hint=hint,
            )


@contextmanager
def reading(path: Path, *, hint: str = GET_IT_AGAIN) -> Iterator[None]:
    """What reading a file of a data set raises, as a `UserError`."""
    if not path.name.endswith((".parquet", ".csv.gz")):
        raise UserError(
            "a data set is a .parquet or a .csv.gz file",
            where=str(path),
            hint="give trials.parquet or trials.csv.gz",
        )
    try:
        check_ends(path)
        yield
    except FileNotFoundError:
        raise UserError("the data set is missing", where=str(path), hint=hint) from None
    except (OSError, EOFError, zlib.error, ValueError, pyarrow.ArrowException) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"the data set can't be read ({reason[:LONGEST_REASON_CHARACTERS]})",
            where=str(path),
            hint=GET_IT_AGAIN,
        ) from None
