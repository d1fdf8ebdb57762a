"""What went wrong with a task function, in words for the one who wrote it."""

import re
import traceback
from pathlib import Path

from threads_or_processes.trial.measured.batch import NoResultError, words_of
from threads_or_processes.trial.measured.calibration import SizeWithoutEffectError
from threads_or_processes.trial.measured.remembering import RemembersError
from threads_or_processes.trial.models.base import UnreadableResultError
from threads_or_processes.trial.workloads.registry import SETUP, TEARDOWN

# Where `concurrent.futures` and loky fail when a worker can't pickle a result.
SENDING_BACK = "_sendback_result"
# Each repetition runs the same tasks, so another input for each task would be remembered as well.
TO_FORGET = (
    "let it forget: empty what it remembers with at the start of each task, or do without. Where "
    f"remembered results are part of your work, let `{SETUP}` fill them in"
)


class TaskFunctionError(Exception):
    """Something that the author of a task function can fix; `hint` says how."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


def explained(error: BaseException, file: Path, name: str) -> str:
    """What an exception says about the function `name` of a user's `file`.

    A worker's traceback comes along as text, so text is where the file's lines are looked for.
    """
    label = f"{file.name}:{name}"
    said = words_of(error)
    if isinstance(error, TaskFunctionError):
        return str(error)
    if isinstance(error, NoResultError | SizeWithoutEffectError | RemembersError):
        return f"{label}: {error}"
    if isinstance(error, UnreadableResultError):
        return f"the result of {label} can't be read in the parent: {error}"
    text = "".join(traceback.format_exception(error))
    frames = re.findall(rf'File "{re.escape(str(file))}", line (\d+), in (\S+)', text)
    if frames:
        (_, entered), (line, _) = frames[0], frames[-1]
        label = f"{file.name}:{entered}" if entered in (SETUP, TEARDOWN) else label
        return f"{label} raised {said} ({file.name}, line {line})"
    if type(error).__name__ == "MaybeEncodingError":  # of either multiprocessing
        return f"the result of {label} can't be sent back by a worker: {error.args[0]}"
    if _is_about_pickling(error):
        reason = _remote_words(error) or said
        if SENDING_BACK in text:
            return f"the result of {label} can't be sent back by a worker: {reason}"
        return f"{label} can't be sent to a worker: {reason}"
    return f"{label} raised {said}"


def hint_of(error: BaseException) -> str:
    """How to fix what kept a function from being calibrated."""
    match error:
        case TaskFunctionError():
            return error.hint
        case NoResultError():
            return "let it return something that can be compared, such as a sum, a count or a list"
        case SizeWithoutEffectError():
            return "do as much work as `size` says, such as that many rounds, or leave it out"
        case RemembersError():
            return TO_FORGET
        case FileNotFoundError():
            return "name files from Path(__file__).parent: a trial runs in a folder of its own"
        case _:
            return "make it run by itself first"


def user_traceback(error: BaseException, file: Path) -> str:
    """The traceback from the first frame in a user's file on; empty if there is none."""
    if isinstance(error, TaskFunctionError) and error.__cause__:
        error = error.__cause__
    frame = error.__traceback__
    while frame and frame.tb_frame.f_code.co_filename != str(file):
        frame = frame.tb_next
    if frame is None:
        return ""
    return "".join(traceback.format_exception(error.with_traceback(frame)))


def _is_about_pickling(error: BaseException) -> bool:
    """`pickle` and dill raise whatever they meet: PicklingError, TypeError, AttributeError."""
    said = words_of(error).lower()
    return "pickl" in said or "get local object" in said


def _remote_words(error: BaseException) -> str:
    """The last line of a worker's or a feeder thread's traceback; empty if there is none."""
    lines = str(error.__cause__).strip(' \n"').splitlines() if error.__cause__ else []
    return lines[-1] if lines else ""
