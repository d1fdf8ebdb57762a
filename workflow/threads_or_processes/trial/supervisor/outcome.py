"""What became of a measured process, in words: from its answer, its end and what it printed."""

import re
import signal
from collections.abc import Collection
from pathlib import Path
from typing import Any

# CPython's own words (Python/import.c), on the standard error of the process that imported it.
# They are shown unless the workload silences warnings: the environment has no PYTHONWARNINGS.
GIL_CAME_BACK = re.compile(
    rb"The global interpreter lock \(GIL\) has been enabled to load module '([^']+)'"
)


def unanswered(exit_code: int, timeout_s: float | None) -> dict[str, Any]:
    """The outcome of a process that left no answer; `timeout_s` if it was ended for that."""
    if timeout_s is not None:
        return {"outcome": "timeout", "explanation": f"not finished after {timeout_s:g} s"}
    if exit_code < 0:
        ended = f"the process was ended by {_signal_name(-exit_code)}"
    else:
        ended = f"the process ended with exit code {exit_code}"
    return {"outcome": "crashed", "explanation": ended}


def explained(answer: dict[str, Any], flags: Collection[str], stderr: Path) -> dict[str, Any]:
    """Complete an answer's explanation with what only the supervisor can know."""
    outcome = answer.get("outcome")
    if outcome == "wrong_gil" and (module := _brought_the_gil_back(stderr)):
        addition = f"; the extension module '{module}' brought it back"
    elif (
        outcome in ("crashed", "worker_died")
        and "SIGKILL" in answer["explanation"]
        and "out_of_memory_kill" in flags
    ):
        addition = "; meanwhile the kernel killed a process because memory had run out"
    else:
        return answer
    return {**answer, "explanation": answer["explanation"] + addition}


def _brought_the_gil_back(stderr: Path) -> str | None:
    with stderr.open("rb") as lines:
        for line in lines:
            if found := GIL_CAME_BACK.search(line):
                return found[1].decode("utf-8", errors="replace")
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
