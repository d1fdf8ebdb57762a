"""The files of claims that a config names, read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.claims import ClaimFiles

SCHEMA = Path(__file__).parents[2] / "schemas" / "claims.schema.yaml"
BUILT_IN = {
    path.stem: path for path in sorted((Path(__file__).parents[2] / "claims").glob("*.yaml"))
}


def claim_file(name: str) -> Path:
    """A file of claims by the name of a built-in one, or by its path."""
    return BUILT_IN.get(name, Path(name))


def read_claim_files(names: Sequence[str]) -> ClaimFiles:
    """Read the files that a config names; `UserError` for one that can't be read."""
    return ClaimFiles(
        contents={name: _read(name) for name in names},
        schema=yaml.safe_load(SCHEMA.read_text(encoding="utf-8")),
    )


def _read(name: str) -> Any:
    try:
        return yaml.safe_load(claim_file(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{name} can't be read ({error.strerror})",
            where="config key claims",
            hint=f"write the path of a file of claims, or one of {', '.join(BUILT_IN)}",
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"a file of claims is not valid YAML ({' '.join(str(error).split())})",
            where=name,
            hint="docs/claims.md explains the form",
        ) from None
