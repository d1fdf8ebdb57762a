"""A user's own function: read without importing it, measured on every arm, mistakes explained."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.texts import LONGEST_TEXT_CHARACTERS
from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.supervisor import trial as trials
from threads_or_processes.trial.supervisor.instrument import instrument_sha256
from threads_or_processes.trial.supervisor.trial import run_calibration
from threads_or_processes.trial.user_workloads import UserFunction, read_user_function, workload_of

from tests.trial.conftest import RunTrial

ARMS = ("3.13", "3.13t", "3.13t-gil")
Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files into a working directory of the test's own."""
    monkeypatch.chdir(tmp_path)

    def written(**files: str) -> None:
        for name, source in files.items():
            Path(f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")

    return written


@pytest.mark.parametrize(
    ("function", "source", "what", "line", "hint"),
    [
        ("gone.py:work", "", "gone.py can't be read: No such file", "", "which is /"),
        ("mine.py:work", "def work(:", "mine.py is no Python that 3.", ", line 1", "fix it"),
        ("mine.py:wrok", "def work(task): ...", "no `def wrok`", "", "did you mean 'work'?"),
        ("mine.py:work", "work = print", "no `def work`", "", "functions there: none"),
        (
            "mine.py:work",
            "if True:\n    def work(task): ...",
            "inside something else",
            ", line 2",
            "top level",
        ),
        ("mine.py:work", "\ndef work(): ...", "no parameter for the number", ", line 2", "first"),
        ("mine.py:work", "def work(size): ...", "no parameter for the number", ", line 1", "first"),
        (
            "mine.py:work",
            "def work(task,\n  limit): ...",
            "'limit' of work has no default",
            ", line 2",
            "limit=1",
        ),
        (
            "mine.py:work",
            "N = 3\ndef work(task, *, limit=N): ...",
            "the default of 'limit' of work is no plain value: N",
            ", line 2",
            "in its place",
        ),
        (
            "mine.py:work",
            "def setup(task): ...\ndef work(task): ...",
            "setup asks for 'task', which is not a parameter of work",
            ", line 1",
            "or none",
        ),
        (
            "mine.py:work",
            "def work(task): ...\nasync def setup(): ...",
            "setup is `async def`",
            ", line 2",
            "plain `def`",
        ),
        (
            "mine.py:work",
            "def teardown(one, other): ...\ndef work(task): ...",
            "teardown asks for 2 arguments",
            ", line 1",
            "what setup returned",
        ),
        (
            "random.py:work",
            "def work(task): ...",
            "random.py would hide the module random",
            "",
            "rename the file",
        ),
        (
            "my-work.py:work",
            "def work(task): ...",
            "my-work.py can't be imported",
            "",
            "rename the file",
        ),
    ],
)
def test_a_function_that_cant_be_measured_is_refused_before_anything_runs(
    write: Write, function: str, source: str, what: str, line: str, hint: str
) -> None:
    file = function.partition(":")[0]
    if source:
        write(**{Path(file).stem: source})
    with pytest.raises(UserError) as raised:
        read_user_function(UserFunction(function, key="workloads.mine.function"))
    assert what in raised.value.what
    assert raised.value.where == f"config key workloads.mine.function: {file}{line}"
    assert hint in raised.value.hint


def test_a_neighbour_that_hides_a_module_is_refused(write: Write) -> None:
    write(mine="def work(task): ...", json="")
    with pytest.raises(UserError, match=r"json\.py would hide the module json") as raised:
        workload_of("mine.py:work")
    assert "a folder of its own" in raised.value.hint


def test_what_a_plan_must_know_is_read_without_importing_the_file(write: Write) -> None:
    write(
        mine='''
        import a_library_that_is_not_here

        def plain(number, size=3, *, limit=1000, names=["a"]) -> list:
            """Counting things.

            More about it.
            """

        async def waiting(task, seconds: float = -0.5): ...
        '''
    )
    plain, waiting = workload_of("mine.py:plain"), workload_of("mine.py:waiting")
    assert (plain.title, plain.is_calibrated) == ("Counting things", True)
    assert plain.parameters == {"limit": 1000, "names": ["a"]}
    assert (waiting.title, waiting.is_calibrated) == ("waiting", False)
    assert waiting.parameters == {"seconds": -0.5}
    assert Need.COROUTINE in waiting.provides
    assert Need.COROUTINE not in plain.provides


def test_a_title_without_end_is_cut(write: Write) -> None:
    write(mine=f"""def work(task): '{"w" * 200_000}'""")
    assert len(workload_of("mine.py:work").title) == LONGEST_TEXT_CHARACTERS


def test_the_instrument_is_the_file_and_what_it_imports_from_its_folder(write: Write) -> None:
    write(
        mine="import helper\nimport json\ndef work(task): ...",
        helper="import deeper",
        deeper="",
        unrelated="",
    )

    def instrument() -> str:
        return instrument_sha256(workload_of("mine.py:work"), "serial")

    seen = {instrument()}
    for number, file in enumerate(("mine", "helper", "deeper")):
        with Path(f"{file}.py").open("a", encoding="utf-8") as source:
            source.write("\n# changed\n")
        seen.add(instrument())
        assert len(seen) == number + 2
    write(unrelated="# changed")
    assert instrument() in seen


@pytest.mark.parametrize("arm", ARMS)
def test_it_runs_on_every_arm(write: Write, trial: RunTrial, arm: str) -> None:
    write(
        works="""
        from beside import step

        def count(number, size, limit=7):
            total = 0
            for n in range(size):
                total += step(n) % limit
            return {"total": total, "of": number}
        """,
        beside="def step(n): return n * n",
    )
    for model, workers in (
        ("serial", 1),
        ("threads", 2),
        ("processes-fork", 2),
        ("processes-spawn", 2),
    ):
        record = trial("works.py:count", model, workers, arm)
        assert (record["outcome"], record["explanation"]) == ("ok", "")
        assert record["cell"]["params"] == {"limit": 7}


def test_an_async_function_is_awaited_and_elsewhere_run(write: Write, trial: RunTrial) -> None:
    write(
        waits="""
        import asyncio

        async def answer(task, seconds=0.001):
            await asyncio.sleep(seconds)
            return task
        """
    )
    for model in ("asyncio", "threads", "processes-spawn"):
        record = trial("waits.py:answer", model, 2)
        assert (record["outcome"], record["explanation"]) == ("ok", "")


# SQLite refuses a connection of another thread.
WITH_SETUP = """
import os, sqlite3, threading, time
from pathlib import Path

def noted(what):
    worker = f"{os.getpid()}/{threading.get_native_id()}"
    with Path(__file__).with_suffix(".log").open("a") as log:
        log.write(f"{what} {worker} {time.perf_counter_ns()}\\n")

def setup(first=1):
    noted("up")
    if Path(__file__).with_name("in_pairs").exists():  # or one of two workers may run both chunks
        while Path(__file__).with_suffix(".log").read_text().count("up ") % 2:
            time.sleep(0.001)
    connection = sqlite3.connect(":memory:")
    connection.execute("create table t as select ? as x", [first])
    return connection

def teardown(connection):
    connection.close()
    noted("down")

def work(task, resource, first=1):
    return resource.execute("select x + ? from t", [task]).fetchone()[0]

async def waiting(task, resource, first=1):
    return work(task, resource, first)
"""


def noted(log: Path) -> dict[str, dict[str, int]]:
    """When each worker noted that it was set `up` and torn `down`; each must do so once."""
    found: dict[str, dict[str, int]] = {"up": {}, "down": {}}
    for line in log.read_text(encoding="utf-8").splitlines():
        what, worker, at_ns = line.split()
        assert worker not in found[what]
        found[what][worker] = int(at_ns)
    assert found["up"].keys() == found["down"].keys()
    log.unlink()
    return found


@pytest.mark.parametrize(
    ("model", "workers", "timing"),
    [
        ("serial", 1, "warm"),
        ("threads", 2, "warm"),
        ("thread_executor", 2, "warm"),
        ("processes-fork", 2, "warm"),
        ("processes-forkserver", 2, "memory"),
        ("stdlib_processes-spawn", 2, "warm"),
        ("process_executor-fork", 2, "warm"),
        ("joblib", 2, "warm"),
        ("asyncio", 1, "warm"),
    ],
)
def test_a_set_up_and_a_tear_down_run_once_in_each_worker_outside_the_timed_region(
    write: Write, trial: RunTrial, model: str, workers: int, timing: str
) -> None:
    write(connected=WITH_SETUP)
    function = "waiting" if model == "asyncio" else "work"
    trial(f"connected.py:{function}")  # calibrates it
    Path("connected.log").unlink()
    record = trial(f"connected.py:{function}", model, workers, timing=timing)
    assert (record["outcome"], record["explanation"]) == ("ok", ""), record["stderr_tail"]
    told = noted(Path("connected.log"))
    assert len(told["up"]) == workers
    if timing == "warm":
        first, *_, last = record["repetitions"]
        assert max(told["up"].values()) < first["started_monotonic_ns"]
        assert last["started_monotonic_ns"] + last["wall_ns"] < min(told["down"].values())


@pytest.mark.parametrize(
    ("model", "timing"), [("raw_threads", "warm"), ("threads", "cold"), ("processes-fork", "cold")]
)
def test_workers_that_are_new_each_time_are_set_up_in_it(
    write: Write, trial: RunTrial, model: str, timing: str
) -> None:
    write(connected=WITH_SETUP)
    trial("connected.py:work")  # calibrates it
    Path("connected.log").unlink()
    Path("in_pairs").touch()
    record = trial("connected.py:work", model, 2, timing=timing)
    assert (record["outcome"], record["explanation"]) == ("ok", "")
    told = noted(Path("connected.log"))
    assert len(told["up"]) == 2 * len(record["repetitions"])
    for one in record["repetitions"]:
        ended_ns = one["started_monotonic_ns"] + one["wall_ns"]
        for moments in told.values():
            inside = [n for n in moments.values() if one["started_monotonic_ns"] < n < ended_ns]
            assert len(inside) == 2


def test_a_set_up_gets_the_parameters_that_it_asks_for(write: Write, trial: RunTrial) -> None:
    write(connected=WITH_SETUP)
    assert trial("connected.py:work", params={"first": 3})["outcome"] == "wrong_result"
    assert trial("connected.py:work", params={"first": 1})["outcome"] == "ok"


def test_the_document_s_set_up_works(write: Write, trial: RunTrial) -> None:
    document = Path(__file__).parents[2] / "docs/your-own-work.md"
    source = document.read_text(encoding="utf-8").partition("```py\n")[2].partition("```")[0]
    write(documented=source)
    record = trial("documented.py:add", "threads", 2)
    assert (record["outcome"], record["explanation"]) == ("ok", "")


def test_a_set_up_that_raises_is_named(write: Write, trial: RunTrial) -> None:
    write(
        unconnected="""
        import os
        BORN = os.getppid()

        def setup():
            if os.getppid() != BORN:
                raise OSError("no such server")

        def work(task): return task
        """
    )
    for model in ("processes-fork", "process_executor-fork"):
        record = trial("unconnected.py:work", model, 2)
        assert record["outcome"] == "raised"
        assert record["explanation"] == (
            "unconnected.py:setup raised OSError: no such server (unconnected.py, line 7)"
        )


@pytest.mark.parametrize(
    ("source", "what", "hint"),
    [
        pytest.param(
            "def work(task, by=0):\n    return task / by",
            "mine.py:work raised ZeroDivisionError: division by zero (mine.py, line 2)",
            "return task / by",
            id="raises",
        ),
        pytest.param(
            "def work(task): return open('data.txt').read()",
            "mine.py:work raised FileNotFoundError",
            "Path(__file__).parent",
            id="looks for a file here",
        ),
        pytest.param(
            "def work(task): print(task)",
            "mine.py:work has no result: it returned None",
            "return what it worked out",
            id="returns nothing",
        ),
        pytest.param(
            "def work(task): return (n for n in [task])",
            "mine.py:work: a task returned a generator; return numbers",
            "such as a sum",
            id="returns a generator",
        ),
        pytest.param(
            "def work(task): return {(1, 2): task}",
            "mine.py:work: a task's result can't be compared: keys must be str",
            "such as a sum",
            id="returns odd keys",
        ),
        pytest.param(
            "import no_such_library\ndef work(task): return 1",
            "mine.py can't be imported: No module named 'no_such_library'",
            "requirements: [no_such_library]",
            id="misses a library",
        ),
        pytest.param(
            "def work(task): return 1\n[][0]",
            "mine.py can't be imported: IndexError",
            'mine.py", line 2',
            id="fails when imported",
        ),
        pytest.param(
            "import random\ndef work(task): return random.random()",
            "mine.py:work gives other results when the same tasks are run again",
            "random.Random(task)",
            id="draws at random",
        ),
        pytest.param(
            "def work(task): return list({'a', 'b', 'c', 'd', 'e', 'f'})",
            "mine.py:work gives other results when the same tasks are run again",
            "a set's order",
            id="order of a set",
        ),
        pytest.param(
            "import functools\n@functools.cache\ndef work(task, size): return sum(range(size))",
            "mine.py:work remembers its results",
            "remove functools.cache",
            id="remembers",
        ),
        pytest.param(
            "KNOWN = {}\ndef work(task, size):\n    if (task, size) not in KNOWN:\n"
            "        KNOWN[task, size] = sum(range(20 * size))\n    return KNOWN[task, size]",
            "mine.py:work: it remembers its results: its first batch took ",
            "empty what it remembers with at the start of each task",
            id="remembers in a dict",
        ),
        pytest.param(
            "import functools\nclass Sums:\n    @functools.cache\n    def up_to(self, number):\n"
            "        return sum(range(number))\nsums = Sums()\n"
            "def work(task): return sums.up_to(100_000 + task)",
            "mine.py:work: it remembers its results: its first batch took ",
            "let `setup` fill them in",
            id="remembers in a method, of a fixed length",
        ),
        pytest.param(
            "def work(task, size): return task",
            "mine.py:work: its `size` says how much work a task does, but a larger one takes no",
            "leave it out",
            id="ignores its size",
        ),
        pytest.param(
            "import time\ndef work(task): time.sleep(60)",
            "calibrating mine.py:work failed: not finished after 2 s",
            "a parameter `size`",
            id="takes too long",
        ),
        pytest.param(
            "import sys\ndef work(task): sys.exit('enough')",
            "mine.py:work raised SystemExit: enough (mine.py, line 2)",
            "make it run by itself first",
            id="exits",
        ),
    ],
)
def test_a_mistake_shows_when_the_work_is_sized_in_one_clear_message(
    write: Write,
    identities: dict[str, Identity],
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    what: str,
    hint: str,
) -> None:
    if "not finished" in what:
        monkeypatch.setattr(trials, "CALIBRATION_TIMEOUT_S", 2)
    write(mine=source)
    params = workload_of("mine.py:work").parameters
    with pytest.raises(UserError) as raised:
        run_calibration("mine.py:work", params, 2, identities["3.13"])
    assert raised.value.what.startswith(what)
    assert raised.value.where.startswith("workload mine.py:work, line ")
    assert hint in raised.value.hint
    assert "workflow/threads_or_processes/trial" not in str(raised.value)


WITH_HELPERS = """
from functools import cache, lru_cache

@cache
def digits(number): return sum(map(int, str(2**number)))

@cache
def table(): return [number % 7 for number in range(100)]

@lru_cache(maxsize=2)
def forgotten(task, number): return (task + number) % 7

def work(task, size): return sum(digits(n % 300) for n in range(size)) + task

def other(task, size):
    return FEW[task] + sum(table()[n % 7] + forgotten(task, n) for n in range(size))

def setup():
    if SETS_UP:
        for number in range(300):
            digits(number)
"""


def test_a_helper_that_remembers_is_told_when_the_work_is_sized(
    write: Write, identities: dict[str, Identity], capsys: pytest.CaptureFixture[str]
) -> None:
    told = "warning: mine.py:work: digits remembers its results: the first batch computed "
    write(mine=f"SETS_UP = False\n{WITH_HELPERS}")
    tasks = run_calibration("mine.py:work", {}, 10, identities["3.13"])["tasks"]
    assert told in capsys.readouterr().out
    # It knows no other tasks than those of a batch.
    write(mine=f"SETS_UP, FEW = False, {[0] * tasks}\n{WITH_HELPERS}")
    run_calibration("mine.py:other", {}, 10, identities["3.13"])
    write(mine=f"SETS_UP = True\n{WITH_HELPERS}")
    run_calibration("mine.py:work", {}, 10, identities["3.13"])
    assert "remembers" not in capsys.readouterr().out


# Nothing can pickle a generator, and only joblib a memoryview.
UNSENDABLE = """
def wrapping(function):
    calls = (number for number in range(1000000))
    def counted(task):
        next(calls)
        return function(task)
    return counted

@wrapping
def bare(task): return task

def view(task): return memoryview(b"bytes")
"""


def test_a_function_that_cant_be_sent_to_a_worker_is_an_outcome_that_says_so(
    write: Write, trial: RunTrial
) -> None:
    write(unsendable=UNSENDABLE)
    for model in ("processes-fork", "stdlib_processes-spawn", "process_executor-fork", "joblib"):
        record = trial("unsendable.py:bare", model, 2)
        assert record["outcome"] == "raised"
        sent, _, reason = record["explanation"].partition(": ")
        assert sent == "unsendable.py:bare can't be sent to a worker"
        assert "generator" in reason or "wrapping.<locals>.counted" in reason
    assert trial("unsendable.py:bare", "serial")["outcome"] == "ok"


def test_a_result_that_cant_be_sent_back_is_an_outcome_that_says_so(
    write: Write, trial: RunTrial
) -> None:
    write(unsendable=UNSENDABLE)
    for model in ("processes-fork", "stdlib_processes-spawn", "process_executor-fork"):
        record = trial("unsendable.py:view", model, 2)
        assert record["outcome"] == "raised"
        sent, _, reason = record["explanation"].partition(": ")
        assert sent == "the result of unsendable.py:view can't be sent back by a worker"
        assert "memoryview" in reason


def test_a_lock_that_was_held_when_a_worker_was_forked_is_a_timeout_that_says_so(
    write: Write, trial: RunTrial
) -> None:
    write(
        locked="""
        import os, threading
        lock, asked, held = threading.Lock(), threading.Event(), threading.Event()

        def hold():
            asked.wait()
            with lock:
                held.set()
                threading.Event().wait()

        def before_fork():
            asked.set()
            held.wait()

        threading.Thread(target=hold, daemon=True).start()
        os.register_at_fork(before=before_fork)

        def work(task):
            with lock:
                return task
        """
    )
    record = trial("locked.py:work", "processes-fork", 2, timeout_s=4)
    assert record["outcome"] == "timeout"
    assert record["explanation"].startswith("not finished after 4 s; a worker may wait for a lock")
    assert "Python warned: This process (pid=" in record["explanation"]
    assert "may lead to deadlocks in the child" in record["explanation"]


def test_a_task_that_raises_in_a_worker_is_named_with_its_line(
    write: Write, trial: RunTrial
) -> None:
    write(
        raising="""
        import os
        BORN = os.getppid()

        def work(task):
            if os.getppid() != BORN:
                raise ValueError("only in a worker")
            return task
        """
    )
    record = trial("raising.py:work", "processes-fork", 2)
    assert record["outcome"] == "raised"
    assert record["explanation"] == (
        "raising.py:work raised ValueError: only in a worker (raising.py, line 7)"
    )
    assert "Traceback" in record["stderr_tail"]
