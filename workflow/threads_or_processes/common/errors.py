"""Errors for the person who reads them: what is wrong, where, and how to fix it."""

import errno
import os
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from threads_or_processes.common.streams import said

Result = TypeVar("Result")


class UserError(Exception):
    """A mistake the user can fix; shown as one message, never as a traceback."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  fix:   {self.hint}")
        return "\n".join(lines)


#: What a file system says that has no room, or none for this user.
FULL = (errno.ENOSPC, errno.EDQUOT)
#: What a file system says that a user can do something about: what it means, and what to do.
_OF_FILES = {
    **dict.fromkeys(
        FULL,
        ("the disk is full", "make room and run the same command again; it goes on from here"),
    ),
    errno.EROFS: (
        "the file system is read-only",
        "make it writable, or run in another folder (snakemake --directory)",
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM),
        (
            "this user has no permission",
            "run as its owner, or in a folder of your own (snakemake --directory)",
        ),
    ),
    errno.EISDIR: (
        "there is a folder in the place of a file",
        "move it away and run snakemake again",
    ),
    **dict.fromkeys(
        (errno.ENOTDIR, errno.EEXIST),
        ("there is a file in the place of a folder", "move it away and run snakemake again"),
    ),
    errno.ENOENT: ("a file is missing", "run snakemake again"),
    errno.EMFILE: (
        "too many files are open",
        "raise the limit (`ulimit -n`) and run the same command again; it goes on from here",
    ),
}
#: Those that need no file.
_OF_NO_FILE = (*FULL, errno.EMFILE)


def file_error(error: OSError, path: str | os.PathLike[str]) -> UserError:
    """What went wrong with a file or a folder, for the user."""
    meaning = error.strerror or type(error).__name__
    what, hint = _OF_FILES.get(error.errno or 0, (f"a file can't be used: {meaning}", ""))
    return UserError(what, where=os.fspath(path), hint=hint)


def exit_on_user_error(act: Callable[[], Result]) -> Result:
    """Call `act`, a command's main; show a `UserError` as one message and exit with 2.

    So is what a file system refuses, and a lack of memory.
    """
    try:
        return act()
    except UserError as error:
        _exit_with(error)
    except OSError as error:
        if error.errno not in (_OF_NO_FILE if error.filename is None else _OF_FILES):
            raise
        _exit_with(file_error(error, error.filename or ""))
    except MemoryError:
        _exit_with(
            UserError(
                "the memory is full",
                hint="end other programs or raise the limit (`ulimit -v`), and run the same "
                "command again; it goes on from here",
            )
        )
    except KeyboardInterrupt:  # asked for by the user; nothing to explain
        sys.exit(130)


def _exit_with(error: UserError) -> NoReturn:
    message = f"error: {error}\n"
    if not said(message, sys.stderr):  # the log of a step, on a full disk
        said(message, sys.stdout)
    sys.exit(2)
