"""Files whole or not at all: atomic writes, canonical JSON, content hashes."""

import errno
import gzip
import hashlib
import io
import json
import math
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from threads_or_processes.common.errors import FULL, UserError, file_error

#: What a file system says that has no hard links, or none from here to there.
NO_HARD_LINKS = {errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
SMALL_FILE_BYTES = 64 * 1024
MAKE_IT_ANEW = "delete the file and run snakemake again; it will be regenerated"

#: The largest whole number that a table can hold.
LARGEST = 2**63 - 1
MOST_DIGITS = 20
# What `write_bytes` and `put_in_place` call a file until it has its name.
_HALF_WRITTEN = re.compile(r"[.].+[.]([0-9a-f]{8}|link)")
_LONG_NUMBER = re.compile(rb"[0-9]{20}")
_HALF_CHARACTER = re.compile(rb"\\u[dD][89a-fA-F]")

#: A compressed file may grow so many times, or to so many bytes: measured data grow 10 to 20 times,
#: a file made to fill the memory 1000 times.
MOST_GROWTH = 100
MOST_BYTES_OF_SMALL_FILES = 64 * 1024 * 1024
#: No file that is read whole is larger: a data set of a million rows has 30 MB.
MOST_BYTES = 512 * 1024 * 1024


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


def sha256_program(executable: Path, library: Path | None) -> str:
    """SHA-256 (hex) of an executable; where its code is in a shared library, of both together."""
    own = sha256_file(executable)
    return digest([own, sha256_file(library)]) if library else own


#: What stands in place of the record of a trial that was left out, as the time was over.
LEFT_OUT = b'"left out"\n'


def temporary_folder() -> Path:
    """Where temporary files belong; `tempfile` takes another place where this one is full."""
    return Path(tempfile.tempdir or os.environ.get("TMPDIR") or "/tmp")  # noqa: S108


def is_full(folder: Path) -> bool:
    """Whether a folder's disk, or its user's share of it, has no room for a small file."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(SMALL_FILE_BYTES))
            file.flush()
    except OSError as error:
        return error.errno in FULL
    return False


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file so that readers see the old one or the new one, never a part.

    The new one takes its place when the block ends well. `UserError` names the file where the file
    system refuses it.
    """
    new = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The umask decides who may read it.
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            new.replace(path)
        except BaseException:
            new.unlink()
            raise
    except OSError as error:
        raise file_error(error, path) from None


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """Write `content`, whole or not at all (`writing`)."""
    with writing(path) as stream:
        stream.write(content)


def is_left_out(record: Path) -> bool:
    """Whether a record only says that its trial was left out."""
    try:
        is_as_long = record.stat().st_size == len(LEFT_OUT)
    except FileNotFoundError:
        return False
    return is_as_long and record.read_bytes() == LEFT_OUT


def half_written(folder: Path) -> Iterator[Path]:
    """What killed processes began to write below a folder, and what others are writing just now."""
    for path in folder.rglob(".*"):
        if _HALF_WRITTEN.fullmatch(path.name) and path.is_file():
            yield path


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    write_bytes(path, text.encode("utf-8"))


def put_in_place(source: Path, path: Path) -> None:
    """Make `path` the same file as `source`: a hard link, or a copy where links are impossible.

    What was at `path` stays there until the new file is complete.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        link = path.with_name(f".{path.name}.link")
        link.unlink(missing_ok=True)
        os.link(source, link)
        link.replace(path)
        link.unlink(missing_ok=True)  # `replace` does nothing when both are the same file already
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise file_error(error, path) from None
        write_bytes(path, read_bytes(source))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value atomically, keys sorted, for people and programs."""
    write_text(path, json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n")


def read_bytes(path: Path) -> bytes:
    """Read a file; `UserError` names it when it can't be read, or when it has no end."""
    try:
        check_ends(path)
        return path.read_bytes()
    except OSError as error:
        raise file_error(error, path) from None


def check_ends(path: Path) -> None:
    """`UserError` for a device, a pipe or a file beyond measure, as an archive may hold."""
    found = path.stat()
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        what = "there is a device or a pipe in the place of a file"
    elif found.st_size > MOST_BYTES:
        what = f"the file has {found.st_size:,} bytes, where none has more than {MOST_BYTES:,}"
    else:
        return
    raise UserError(what, where=str(path), hint="get the file again from where it is from")


def read_json(path: Path, *, hint: str = MAKE_IT_ANEW) -> Any:
    """Read a JSON file; `UserError` names the file when it is missing or broken.

    So it does for what JSON allows and programs can't use: endless or very long numbers, halves of
    characters, endless nesting.
    """
    try:
        return json_from(read_bytes(path))
    except ValueError as error:
        raise UserError(f"a file is not valid JSON ({error})", where=str(path), hint=hint) from None


def json_from(text: bytes) -> Any:
    """The value of a JSON text; raises ValueError for one that can't be used."""
    try:
        value = json.loads(
            text.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            # Called for every number, so only where there may be a long one.
            parse_int=_whole if _LONG_NUMBER.search(text) else None,
        )
        if _HALF_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS or not fits(value := int(text)):
        raise ValueError(f"a whole number of {len(text)} digits is too large")
    return value


def fits(number: int) -> bool:
    """Whether tables can hold a whole number."""
    return -LARGEST - 1 <= number <= LARGEST


class Gunzipped(io.RawIOBase):
    """What a gzip file holds, as a stream that takes note of the hash of what was read.

    Reading raises OSError, EOFError or zlib.error for a broken one, and ValueError for one that
    grows beyond measure, before it fills the memory.
    """

    def __init__(self, content: bytes) -> None:
        self._stream = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._most = most_bytes(len(content))
        self._read = 0
        self._sha256 = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The hash (hex) of what was read so far."""
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as much as there is room for."""
        held = self._stream.read(min(len(buffer), self._most + 1 - self._read))
        self._read += len(held)
        if self._read > self._most:
            raise ValueError(f"uncompressed it has more than {self._most:,} bytes")
        self._sha256.update(held)
        buffer[: len(held)] = held
        return len(held)


def gunzipped(content: bytes) -> bytes:
    """All that a gzip file holds; raises what reading `Gunzipped` raises."""
    return Gunzipped(content).readall()


def most_bytes(compressed: int) -> int:
    """How many bytes a compressed file of this size may have uncompressed."""
    return max(MOST_BYTES_OF_SMALL_FILES, MOST_GROWTH * compressed)
