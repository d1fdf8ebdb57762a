"""Runs in the interpreter under test: what a model does with tasks that test_models.py thought of.

Takes the place of the measured process: a spec on standard input, the answer in a file.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from threads_or_processes.trial.measured.measure import say
from threads_or_processes.trial.measured.proc import process_tree
from threads_or_processes.trial.models import load_model, pools
from threads_or_processes.trial.models.barrier import wait_for_all
from threads_or_processes.trial.models.base import WorkerDiedError, check_in

WORKERS = 2


def double(item: int) -> int:
    return 2 * item


def fail(item: int) -> None:
    raise KeyError(item)


def who(folder: str) -> tuple[int, int]:
    """Tell who I am once all workers are busy."""
    check_in(folder)
    return os.getpid(), threading.get_native_id()


async def double_later(item: int) -> int:
    return double(item)


async def fail_later(item: int) -> None:
    fail(item)


def by_signal(number: int) -> None:
    os.kill(os.getpid(), number)


def by_exit(code: int) -> None:
    os._exit(code)


DEATHS: dict[str, tuple[Callable[[int], None], int]] = {
    "SIGKILL": (by_signal, signal.SIGKILL),
    "SIGSEGV": (by_signal, signal.SIGSEGV),
    "exit": (by_exit, 3),
}


def die(item: tuple[str, int]) -> None:
    """One of the items ends its worker; the others take a while."""
    kind, number = item
    if number == 1:
        end, how = DEATHS[kind]
        end(how)
    time.sleep(0.01)


class AwkwardError(Exception):
    """Can be pickled but not unpickled."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def fail_awkwardly(item: int) -> None:
    raise AwkwardError(item, item)


def as_arrays(item: tuple[int, Any]) -> tuple[Any, Any]:
    """A result that is partly the item itself."""
    return item[1] * 2, item[1]


def processes_below() -> list[str]:
    """What this process has started and still runs, without the servants of multiprocessing."""
    _, *below = process_tree(str(os.getpid()))
    return [pid for pid in below if not is_servant(pid)]


def is_servant(pid: str) -> bool:
    servants = (b"forkserver import main", b"resource_tracker import main")
    try:
        command = Path("/proc", pid, "cmdline").read_bytes()
        parent = int(Path("/proc", pid, "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # ended just now
        return True
    return parent == os.getpid() and any(servant in command for servant in servants)


def promises(spec: dict[str, Any]) -> dict[str, Any]:
    """Everything that a model promises, one thing after another."""
    model = load_model(spec["model"], WORKERS)
    is_asynchronous = spec["model"] == "asyncio"
    twice, failing = (double_later, fail_later) if is_asynchronous else (double, fail)
    answer: dict[str, Any] = {}
    model.start()
    startup = model.answered(time.perf_counter_ns)
    answer["startup"] = list(startup)
    born = {int(pid) for pid in process_tree(str(os.getpid()))}
    born |= {int(thread.name) for thread in Path("/proc/self/task").iterdir()}
    answer["results"] = model.map(twice, range(25))
    workers = set()
    if not is_asynchronous:  # which has no two workers that could wait for each other
        with ThreadPoolExecutor(1) as caller:
            coming: list[Any] = []

            def submit(folder: str) -> list[Any]:
                coming.append(caller.submit(model.map, who, [folder] * WORKERS))
                return coming

            wait_for_all(WORKERS, time.perf_counter_ns, submit)
            workers = set(coming[0].result())
    answer["workers"] = len(workers)
    own = os.getpid()
    answer["born_later"] = [w for w in workers if (w[1] if w[0] == own else w[0]) not in born]
    try:
        model.map(failing, [7])
    except KeyError as error:
        answer["error"] = error.args
    answer["after_error"] = model.map(twice, range(WORKERS))
    model.stop()
    answer["alive"] = processes_below()
    model.start()  # as cold timing does: nobody waits for the workers
    answer["again"] = model.map(twice, range(WORKERS))
    model.stop()
    return answer


def deaths(spec: dict[str, Any]) -> dict[str, Any]:
    """What is told of each kind of death; nothing is tidied up, as in a trial."""
    pools.PATIENCE_S = 0.05  # type: ignore[attr-defined]
    told = {}
    for kind in DEATHS:
        model = load_model(spec["model"], WORKERS)
        model.start()
        model.answered(time.perf_counter_ns)
        try:
            model.map(die, [(kind, number) for number in range(6)])
        except WorkerDiedError as death:
            told[kind] = str(death)
    return told


def unreadable(spec: dict[str, Any]) -> dict[str, Any]:
    """What becomes of an exception that can't be sent."""
    pools.PATIENCE_S = 0.05  # type: ignore[attr-defined]
    model = load_model(spec["model"], WORKERS)
    model.start()
    try:
        model.map(fail_awkwardly, range(3))
    except Exception as error:
        return {"error": type(error).__name__}
    return {}


def arrays(spec: dict[str, Any]) -> dict[str, Any]:
    """Arrays through a model, smaller and then larger ones; where they travelled."""
    import numpy as np

    shared_memory = Path("/dev/shm")
    prefix = os.environ["SHARED_MEMORY_PREFIX"]
    model = load_model(spec["model"], WORKERS)
    model.start()
    model.answered(time.perf_counter_ns)
    answer: dict[str, Any] = {"equal": [], "blocks": [], "writeable": []}
    kept = []
    for length in (10, 10, 100_000, 100_000, 5):
        items = [
            (0, np.arange(length, dtype=np.float32)),
            (1, np.arange(length * 3.0).reshape(3, length).T),
            (2, np.arange(length)[::2]),
            (3, np.zeros((0, 4), dtype=np.int8)),
            (4, np.array(7)),
        ]
        kept.append((items, model.map(as_arrays, items)))
        answer["blocks"].append(sum(1 for _ in shared_memory.glob(f"{prefix}*")))
    for items, results in kept:  # also the first ones are still what they were
        for (_, given), (doubled, same) in zip(items, results, strict=True):
            answer["equal"].append(
                bool(np.array_equal(doubled, given * 2) and np.array_equal(same, given))
                and doubled.dtype == given.dtype
            )
            answer["writeable"].append(bool(same.flags.writeable))
    model.stop()
    answer["left"] = [block.name for block in shared_memory.glob(f"{prefix}*")]
    return answer


def main() -> None:
    spec = json.load(sys.stdin)
    say(spec["answer"], {"version": sys.version.split()[0]})
    case = {"promises": promises, "deaths": deaths, "unreadable": unreadable, "arrays": arrays}[
        spec["case"]
    ]
    answer = {"outcome": "ok", "prefix": os.environ["SHARED_MEMORY_PREFIX"], "answer": case(spec)}
    say(spec["answer"], {"answer": answer})
    if spec["case"] in ("deaths", "unreadable"):
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    main()
