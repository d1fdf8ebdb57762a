"""What became of a measured process, in words: from its answer, its end and what it printed."""

import re
import signal
from collections.abc import Collection, Iterable
from typing import Any

# CPython's own words (Python/import.c), on the standard error of the process that imported it.
# They are shown unless the workload silences warnings: the environment has no PYTHONWARNINGS.
GIL_CAME_BACK = re.compile(
    rb"The global interpreter lock \(GIL\) has been enabled to load module '([^']+)'"
)
# Likewise, from `os.fork`; `measure.py` lets it be shown.
FORKED_WITH_THREADS = re.compile(rb"\w+Warning: (This process .*use of fork\(\).*)")


def unanswered(exit_code: int, timeout_s: float | None) -> dict[str, Any]:
    """The outcome of a process that left no answer; `timeout_s` if it was ended for that."""
    if timeout_s is not None:
        return {"outcome": "timeout", "explanation": f"not finished after {timeout_s:g} s"}
    return {"outcome": "crashed", "explanation": f"the process {exit_words(exit_code)}"}


def exit_words(exit_code: int) -> str:
    """How a process ended; a negative exit code is a signal's number."""
    if exit_code < 0:
        return f"was ended by {_signal_name(-exit_code)}"
    return f"ended with exit code {exit_code}"


def explained(
    answer: dict[str, Any], flags: Collection[str], stderr: Iterable[bytes]
) -> dict[str, Any]:
    """Complete an answer's explanation with what only the supervisor can know."""
    outcome = answer.get("outcome")
    if outcome == "wrong_gil" and (module := _found(GIL_CAME_BACK, stderr)):
        addition = f"; the extension module '{module}' brought it back"
    elif (
        outcome in ("crashed", "worker_died")
        and "SIGKILL" in answer["explanation"]
        and "out_of_memory_kill" in flags
    ):
        addition = "; meanwhile the kernel killed a process because memory had run out"
    elif outcome == "timeout" and (warned := _found(FORKED_WITH_THREADS, stderr)):
        addition = (
            "; a worker may wait for a lock that a thread of its parent held when it was forked. "
            f"Python warned: {warned}"
        )
    else:
        return answer
    return {**answer, "explanation": answer["explanation"] + addition}


def _found(words: re.Pattern[bytes], stderr: Iterable[bytes]) -> str | None:
    for line in stderr:
        if found := words.search(line):
            return found[1].decode("utf-8", errors="replace")
    return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
