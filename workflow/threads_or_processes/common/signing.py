"""A checksum inside a file of JSON, so that an edited file is refused by name.

It detects accidents and forgotten edits. It does not stop anyone from editing a file and computing
the checksum again. Files of earlier versions have none and stay readable.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, digest, read_json
from threads_or_processes.records.interpreter import Identity

CHECKSUM = "sha256"
#: Of an identity: where an interpreter lies is not what it is.
NOT_OF_IDENTITY = ("executable", "identity_sha256")


def signed(value: Mapping[str, Any]) -> dict[str, Any]:
    """A value with the checksum of all that it holds."""
    content = {key: part for key, part in value.items() if key != CHECKSUM}
    return {**content, CHECKSUM: digest(content)}


def is_intact(value: Mapping[str, Any]) -> bool:
    """Whether a value is as it was signed; one without a checksum may be anything."""
    return CHECKSUM not in value or signed(value)[CHECKSUM] == value[CHECKSUM]


def read_signed(path: Path, *, hint: str = MAKE_IT_ANEW) -> dict[str, Any]:
    """Read a signed file of JSON, without its checksum; `UserError` for an edited one."""
    value = read_json(path, hint=hint)
    if not isinstance(value, dict):
        raise UserError("a file is not a JSON object", where=str(path), hint=hint)
    if not is_intact(value):
        raise edited(path, hint)
    return {key: part for key, part in value.items() if key != CHECKSUM}


def edited(path: Path, hint: str) -> UserError:
    """The message for a file that is not as it was signed."""
    what = "the file was edited: its checksum is of other content"
    return UserError(what, where=str(path), hint=hint)


def identity_digest(identity: Identity) -> str:
    """SHA-256 (hex) of everything but the executable's path."""
    return digest({key: value for key, value in identity.items() if key not in NOT_OF_IDENTITY})


def read_identity(path: Path) -> Identity:
    """Read the identity of an interpreter; `UserError` for an edited one."""
    hint = "delete the folder that it is in and run snakemake again; it will be regenerated"
    identity = read_as(path, Identity, hint)
    if identity_digest(identity) != identity["identity_sha256"]:
        raise edited(path, hint)
    return identity
