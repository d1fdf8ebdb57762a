"""The files of claims that a config names, read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workflow.errors import UserError
from workflow.plan.claims import ClaimFiles

SCHEMA = Path(__file__).parent / "schemas" / "claims.schema.yaml"


def read_claim_files(files: Sequence[str]) -> ClaimFiles:
    """Read the files, given relative to here; `UserError` for one that can't be read."""
    return ClaimFiles(
        contents={file: _read(file) for file in files},
        schema=yaml.safe_load(SCHEMA.read_text(encoding="utf-8")),
    )


def _read(file: str) -> Any:
    try:
        return yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{file} can't be read ({error.strerror})",
            where="config key claims",
            mend="correct the path",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"a file of claims is not valid YAML ({' '.join(str(error).split())})",
            where=file,
            mend="docs/claims.md explains the form",
        ) from None
