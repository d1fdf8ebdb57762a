"""Files whole or not at all: atomic writes, canonical JSON, content hashes."""

import errno
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError

#: What a file system says that has no hard links, or none from here to there.
NO_HARD_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
MAKE_IT_ANEW = "delete the file and run snakemake again; it will be regenerated"


def canonical_json(value: Any) -> str:
    """The one spelling of a JSON value: sorted keys, no NaN, no spare spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """SHA-256 (hex) of a JSON value, independent of key order."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` so that readers see the old file or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def put_in_place(source: Path, path: Path) -> None:
    """Make `path` the same file as `source`: a hard link, or a copy where links are impossible.

    What was at `path` stays there until the new file is complete.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    link = path.with_name(f".{path.name}.link")
    link.unlink(missing_ok=True)
    try:
        os.link(source, link)
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        write_bytes(path, source.read_bytes())
    else:
        link.replace(path)
        link.unlink(missing_ok=True)  # `replace` does nothing when both are the same file already


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value atomically, keys sorted, for people and programs."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n")


def read_json(path: Path, *, hint: str = MAKE_IT_ANEW) -> Any:
    """Read a JSON file; `UserError` names the file when it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse_constant)
    except FileNotFoundError:
        raise UserError("a file is missing", where=str(path), hint="run snakemake again") from None
    except ValueError as error:
        raise UserError(
            f"a file is not valid JSON ({error})",
            where=str(path),
            hint=hint,
        ) from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")
