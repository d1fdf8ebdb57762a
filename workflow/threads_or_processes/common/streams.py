"""What is said where nobody can hear it (any more): on a closed stream or pipe, on a full disk."""

import logging
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, TextIO
from weakref import WeakSet

NOWHERE = Path(os.devnull)
LEAD_NOWHERE: WeakSet[TextIO] = WeakSet()
NAMES = ("stdin", "stdout", "stderr")


def said(text: str, stream: TextIO | None) -> bool:
    """Write to a stream, now; whether that went well.

    A stream that can't be written to leads nowhere from then on, or Python would fail at its end.
    """
    if stream is None or stream in LEAD_NOWHERE:  # None was closed when this process began
        return False
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        _lead_nowhere(stream)
        return False
    return True


def open_closed_streams() -> None:
    """Let standard streams that are closed lead nowhere.

    Else the next file that is opened would be taken for one.
    """
    for number, name in enumerate(NAMES):
        try:
            os.fstat(number)
        except OSError:  # the least number that is free is the one that a file gets
            os.set_inheritable(os.open(NOWHERE, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, NOWHERE.open("r+", encoding="utf-8"))


def outlive_readers() -> None:
    """Let standard output and errors lead nowhere once their reader is gone, as with `| head -1`.

    For this process and for those that it starts from then on. Nor does a log file on a full disk
    show a traceback.
    """
    logging.raiseExceptions = False
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        for act in ("write", "flush"):
            setattr(stream, act, partial(_tolerant, getattr(stream, act), stream))


def _tolerant(act: Any, stream: TextIO, *arguments: Any) -> Any:
    try:
        return act(*arguments)
    except OSError:
        _lead_nowhere(stream)


def _lead_nowhere(stream: TextIO) -> None:
    """Have what is written to a stream, and what still waits in it, go nowhere."""
    with NOWHERE.open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
    LEAD_NOWHERE.add(stream)
