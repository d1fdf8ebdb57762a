"""The measured process: runs inside the interpreter under test.

Reads its spec as JSON on standard input and leaves its answer in the file that the spec names.
Standard output and error belong to the workload.
"""

import sys

# Asked before any other import: an extension module can bring the GIL back.
GIL_BEFORE_IMPORTS: bool = getattr(sys, "_is_gil_enabled", lambda: True)()

import ctypes  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
import traceback  # noqa: E402
import warnings  # noqa: E402
from collections.abc import Iterator, Mapping, Sequence  # noqa: E402
from contextlib import ExitStack, contextmanager  # noqa: E402
from dataclasses import replace  # noqa: E402
from inspect import signature  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from threads_or_processes.records.quiet import QuietRule  # noqa: E402
from threads_or_processes.records.texts import shortened  # noqa: E402
from threads_or_processes.records.trial import Answer, Clock, Gil, Output, unmeasured  # noqa: E402
from threads_or_processes.records.vocabulary import Outcome  # noqa: E402
from threads_or_processes.trial import models  # noqa: E402
from threads_or_processes.trial.measured import batch as batches  # noqa: E402
from threads_or_processes.trial.measured.batch import words_of  # noqa: E402
from threads_or_processes.trial.measured.calibration import find_size  # noqa: E402
from threads_or_processes.trial.measured.loading import load_workload  # noqa: E402
from threads_or_processes.trial.measured.memory import measure_memory  # noqa: E402
from threads_or_processes.trial.measured.probe_client import ProbeClient  # noqa: E402
from threads_or_processes.trial.measured.proc import loaded_library  # noqa: E402
from threads_or_processes.trial.measured.remembering import (  # noqa: E402
    CacheCounts,
    check_tasks,
    remembering_helpers,
)
from threads_or_processes.trial.measured.timing import Batch, Length, Timings, time_cold, time_warm  # noqa: E402
from threads_or_processes.trial.measured.user_errors import (  # noqa: E402
    TaskFunctionError,
    explained,
    hint_of,
    user_traceback,
)
from threads_or_processes.trial.measured.worker_setup import WorkerSetup  # noqa: E402
from threads_or_processes.trial.models import MODELS, load_model  # noqa: E402
from threads_or_processes.trial.models.base import Model, WorkerDiedError  # noqa: E402
from threads_or_processes.trial.needs import Need  # noqa: E402
from threads_or_processes.trial.workloads.registry import RESOURCE, Dispatch, Workload  # noqa: E402
from threads_or_processes.trial.workloads.registry import Batch as BatchLength  # noqa: E402

ONCE = Length(warmups=0, repetitions=1)
EXECUTIONS = 3  # of a batch that must do the same each time
PR_SET_PDEATHSIG = 1


class GilMismatchError(Exception):
    """The GIL is not in the state that the arm says."""


def measure_cell(spec: dict[str, Any]) -> Answer:
    """Run one trial's measured part; returns the fields of the record that this process knows."""
    workload = load_workload(spec["family"], spec["workload"])
    gil = Gil(
        before_imports=GIL_BEFORE_IMPORTS,
        after_imports=batches.gil_enabled(),
        workers=[],
        at_end=batches.gil_enabled(),
    )
    answer: Answer = {
        **unmeasured(),
        "outcome": Outcome.OK,
        "explanation": "",
        "gil": gil,
        "clock": _clock(),
    }
    try:
        _check_gil(spec["gil"], gil)
        with workload.fixture(**spec["arguments"]) as added:
            timings = _timings(workload, spec, added)
        gil["workers"] = timings.worker_gil
        gil["at_end"] = batches.gil_enabled()
        answer = {**answer, **timings.found}
        if workload.keeps_output:
            answer["output"] = Output(results=timings.last_results, data=timings.last_left_behind)
        _check_gil(spec["gil"], gil)
        if wrong := _wrong_result(timings.checksums, spec["expected_checksum"]):
            answer |= {"outcome": Outcome.WRONG_RESULT, "explanation": wrong}
    except GilMismatchError as mismatch:
        answer |= {"outcome": Outcome.WRONG_GIL, "explanation": str(mismatch)}
    return answer


def _timings(workload: Workload, spec: dict[str, Any], added: Mapping[str, Any]) -> Timings:
    """What the spec's kind of timing finds."""
    model = load_model(spec["model"], spec["workers"])
    as_coroutine = Need.COROUTINE in MODELS[spec["model"]].requires
    arguments = {**spec["arguments"], **added}
    batches = [
        _batch(
            workload,
            spec["tasks"],
            spec["workers"],
            arguments,
            amount=amount,
            as_coroutine=as_coroutine,
            worker_setup=_worker_setup(
                workload, arguments, ends_with_chunk=not MODELS[spec["model"]].keeps_workers
            ),
        )
        for amount in spec["amounts"]
    ]
    if spec["timing"] == "memory":
        return measure_memory(model, batches[0])
    run = time_warm if spec["timing"] == "warm" else time_cold
    length = Length(
        warmups=spec["warmups"],
        repetitions=spec["repetitions"],
        patience_ns=spec["patience_ns"],
    )
    return run(model, batches, length, _probe(spec["probe"]))


def calibrate(spec: dict[str, Any]) -> dict[str, Any]:
    """Find a workload's size on this interpreter, serially, and the checksum of its results."""
    workload = load_workload(spec["family"], spec["workload"])
    arguments = dict(spec["arguments"])
    model = load_model("serial", 1)
    with _ready(workload, arguments) as added:

        def batch_ns_at(size: int) -> int:
            sized = _batch(workload, spec["tasks"], 1, {**arguments, **added, "size": size})
            return time_warm(model, [sized], ONCE, None).found["repetitions"][0]["wall_ns"]

        size = None
        if workload.is_calibrated:
            may_remember = workload.file is not None
            size = find_size(batch_ns_at, spec["target_ns"], may_remember=may_remember)
            arguments["size"] = size
        arguments |= workload.same_results_with
        final_batch = _batch(workload, spec["tasks"], 1, {**arguments, **added})
        timings = time_warm(model, [final_batch], ONCE, None)
    if workload.file and any(result is None for result in timings.last_results):
        raise TaskFunctionError(
            f"{workload.file.name}:{workload.name} has no result: it returned None",
            "let it return what it worked out, such as a sum or a count: the results of all "
            "models are compared, so that a wrong one is noticed",
        )
    final = timings.found["repetitions"][0]
    return {
        "size": size,
        "batch_ns": final["wall_ns"] if size is not None else None,
        "expected_checksum": final["checksum"],
        **_by_tasks(workload, final_batch, timings),
    }


def repeat(spec: dict[str, Any]) -> dict[str, Any]:
    """Run a user's batch again and again, serially: it must give the same, and do the same work.

    Raises `RemembersError`. `remembers` tells of helpers that do not compute again. A batch of
    other tasks comes first. What a process does once, and memory that it gets from the system,
    take their time there.
    """
    workload = load_workload(spec["family"], spec["workload"])
    assert workload.file is not None
    tasks, arguments, model = spec["tasks"], spec["arguments"], load_model("serial", 1)
    with _ready(workload, arguments) as added:
        caches = CacheCounts(workload.file.parent)
        # A chunk for each task, so that each has its time.
        batch = _batch(workload, tasks, tasks, {**arguments, **added})
        others = replace(batch, tasks=range(tasks, 2 * tasks))
        is_warm = _runs(others, model)
        runs, calls = [], []
        for _ in range(EXECUTIONS):
            timings = time_warm(model, [batch], ONCE, None)
            runs.append(timings.found["repetitions"][0])
            calls.append(caches.since_last())
    if wrong := _wrong_result([run["checksum"] for run in runs], spec["expected_checksum"]):
        return {"outcome": Outcome.WRONG_RESULT, "explanation": wrong}
    if is_warm:
        check_tasks(runs)
    remembers = remembering_helpers(calls[0], calls[-1], tasks)
    return {"outcome": Outcome.OK, "explanation": "", "remembers": remembers}


def _runs(batch: Batch, model: Model) -> bool:
    """Run a batch that may have tasks of which the function knows nothing; whether it could."""
    try:
        batch.execute_on(model)
    except Exception:
        return False
    return True


@contextmanager
def _ready(workload: Workload, arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What a workload needs around a serial run; yields the arguments to add."""
    with workload.fixture(**arguments) as given, ExitStack() as stack:
        added = dict(given)
        if setup := _worker_setup(workload, {**arguments, **added}):  # once: it may take long
            added |= setup.begin()
            stack.callback(setup.end)
        yield added


def _by_tasks(workload: Workload, batch: Batch, timings: Timings) -> dict[str, Any]:
    """Where each worker has a task: the checksums of the first task, the first two, and so on."""
    if workload.batch is not BatchLength.ONE_A_WORKER:
        return {}
    results, left = timings.last_results, timings.last_left_behind
    counts = range(1, len(results) + 1)
    return {"checksums_by_tasks": [batch.checksum_of(results[:count], left) for count in counts]}


def _probe(spec: dict[str, Any] | None) -> ProbeClient | None:
    if spec is None:
        return None
    return ProbeClient(asks=spec["asks"], answers=spec["answers"], rule=QuietRule(**spec["rule"]))


def _batch(
    workload: Workload,
    tasks: int,
    workers: int,
    arguments: Mapping[str, Any],
    *,
    amount: int = 1,
    as_coroutine: bool = False,
    worker_setup: WorkerSetup | None = None,
) -> Batch:
    payload = workload.payload
    numbers = [number for number in range(tasks) for _ in range(amount)]
    return Batch(
        function=workload.coroutine if as_coroutine and workload.coroutine else workload.function,
        # An object of its own for each execution: pickle sends one that is there twice only once.
        tasks=[payload(number, **arguments) for number in numbers] if payload else numbers,
        arguments=arguments,
        workers=workers,
        amount=amount,
        is_single=workload.dispatch is Dispatch.SINGLE,
        is_coroutine=as_coroutine,
        worker_setup=worker_setup,
        prepare=workload.before_batch or (lambda: None),
        left_behind=workload.after_batch or list,
        checks_what_is_left=workload.after_batch is not None
        and not workload.keeps_output
        and not workload.may_lose_updates,
        counts_updates=workload.counts_updates,
    )


def _worker_setup(
    workload: Workload, arguments: Mapping[str, Any], *, ends_with_chunk: bool = False
) -> WorkerSetup | None:
    if not (workload.setup or workload.teardown):
        return None
    wanted = signature(workload.setup).parameters if workload.setup else {}
    return WorkerSetup(
        setup=workload.setup,
        teardown=workload.teardown,
        arguments={name: arguments[name] for name in wanted if name in arguments},
        passes_resource=bool(workload.setup)
        and RESOURCE in signature(workload.function).parameters,
        teardown_takes_resource=bool(workload.teardown and signature(workload.teardown).parameters),
        ends_with_chunk=ends_with_chunk,
    )


def _wrong_result(checksums: Sequence[str], expected: str) -> str:
    wrong = [number for number, seen in enumerate(checksums) if seen != expected]
    if not wrong:
        return ""
    return (
        f"{len(wrong)} of {len(checksums)} executions gave other results "
        f"than the serial run (first: number {wrong[0] + 1})"
    )


def _check_gil(expected: bool, gil: Gil) -> None:
    seen = {
        "before the imports": [gil["before_imports"]],
        "after the imports": [gil["after_imports"]],
        "in a worker": gil["workers"],
        "at the end": [gil["at_end"]],
    }
    for moment, states in seen.items():
        if any(state is not expected for state in states):
            raise GilMismatchError(
                f"the GIL was {'off' if expected else 'on'} {moment}; "
                f"this build runs with it {'on' if expected else 'off'}"
            )


def _clock() -> Clock:
    info = time.get_clock_info("perf_counter")
    return Clock(
        implementation=info.implementation,
        resolution_ns=max(1, round(info.resolution * 1e9)),
    )


def _raised(error: BaseException, spec: dict[str, Any]) -> dict[str, Any]:
    """The answer when the workload raised; its traceback goes to standard error."""
    if not is_own(spec):
        traceback.print_exception(error)
        return {"outcome": Outcome.RAISED, "explanation": words_of(error)}
    file = Path(spec["family"])
    answer = {"outcome": Outcome.RAISED, "explanation": explained(error, file, spec["workload"])}
    told = user_traceback(error, file)
    if spec["do"] != "measure":
        sys.stderr.write(told)
        return {**answer, "hint": hint_of(error)}
    sys.stderr.write(told or "".join(traceback.format_exception(error)))
    return answer


def is_own(spec: Mapping[str, Any]) -> bool:
    """Whether the work is a user's own function; nothing of it is imported yet when this starts."""
    return str(spec["family"]).endswith(".py")


def import_all(spec: Mapping[str, Any]) -> None:
    """Import what is not the user's own: it fails only where the interpreter is broken."""
    if not is_own(spec):
        load_workload(spec["family"], spec["workload"])
    importlib.import_module(f"{models.__name__}.{MODELS[spec.get('model', 'serial')].module}")


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent, the reaper, is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def say(answer_file: int, value: Mapping[str, Any]) -> None:
    """Write a line for the supervisor."""
    line = memoryview(b"\n%s\n" % json.dumps(value).encode())
    while line:
        line = line[os.write(answer_file, line) :]


def main() -> None:
    """Run the spec on standard input; any exception of the workload is part of the answer."""
    end_with_parent()
    spec = json.load(sys.stdin)
    os.set_inheritable(spec["answer"], False)
    library = loaded_library()
    import_all(spec)
    if is_own(spec):  # its threads may hold a lock that a forked worker then waits for
        warnings.filterwarnings("default", message=".*use of fork", category=DeprecationWarning)
    say(spec["answer"], {"version": sys.version.split()[0], "library": library})
    run = {"measure": measure_cell, "calibrate": calibrate, "repeat": repeat}[spec["do"]]
    ended_well = False
    answer: dict[str, Any]
    try:
        answer = {**run(spec)}
        ended_well = True
    except WorkerDiedError as death:
        answer = {"outcome": Outcome.WORKER_DIED, "explanation": str(death)}
    except BaseException as error:
        answer = _raised(error, spec)
    if "explanation" in answer:
        answer["explanation"] = shortened(answer["explanation"])
    say(spec["answer"], {"answer": answer})
    if not ended_well:
        # Tearing a broken pool down can wait for ever; the supervisor ends what is left.
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
