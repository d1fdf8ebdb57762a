"""An embedded database: C code that releases the GIL and contends for a lock of its own."""

import ctypes
import functools
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any

from threads_or_processes.trial.workloads.registry import register

KIND = "C code that releases the GIL"
# In the trial's own folder, where every worker finds it.
DATABASE = Path("orders.sqlite")
ORDERS = 2000
TOP_ITEMS = """
    select upper(item), count(*), sum(price) from orders group by 1 order by 3 desc limit 10
"""


def _store_orders() -> None:
    """Write the table that all tasks read."""
    DATABASE.unlink(missing_ok=True)
    with closing(sqlite3.connect(DATABASE)) as connection, connection:
        connection.execute("create table orders (item text, price real)")
        connection.executemany(
            "insert into orders values (?, ?)",
            ((f"item {n * 31 % 1009}", n % 13 * 1.25) for n in range(ORDERS)),
        )


def _stored(**_: Any) -> AbstractContextManager[Mapping[str, Any]]:
    _store_orders()
    return nullcontext({})


@register(
    title="SQLite, one connection per task",
    kind=KIND,
    unit="query over 2000 rows",
    why="Each task has its own connection, and SQLite releases the GIL while it computes.",
    expected="Threads: no speedup or a slowdown, on every build. SQLite counts its memory under "
    "one lock for the whole process, and a query that makes text allocates for each row. "
    "Processes: a speedup with each core.",
    source="coleifer/pysqlite3#84",
    fixture=_stored,
)
def sqlite(task: int, size: int) -> list[Any]:
    """Ask a database that nobody writes to for its top ten, `size` times."""
    rows: list[Any] = []
    with closing(sqlite3.connect(DATABASE)) as connection:
        for _ in range(size):
            rows = connection.execute(TOP_ITEMS).fetchall()
    return [task, rows]


class NoMemoryStatisticsError(Exception):
    """The interpreter's SQLite can't be told to stop counting the memory it uses."""


MEMORY_STATISTICS = 9  # SQLITE_CONFIG_MEMSTATUS


@functools.cache
def _stop_counting() -> None:
    """Turn SQLite's memory statistics off in this process; nothing else may use SQLite meanwhile.

    The library is found through the interpreter's extension module. Raises
    `NoMemoryStatisticsError`.
    """
    module = import_module("_sqlite3")
    try:
        library = ctypes.CDLL(module.__file__)
        used: Callable[[], int] = library.sqlite3_memory_used
        steps: tuple[Callable[[], int], ...] = (
            library.sqlite3_shutdown,
            functools.partial(library.sqlite3_config, MEMORY_STATISTICS, 0),
            library.sqlite3_initialize,
        )
    except (AttributeError, OSError) as error:
        raise NoMemoryStatisticsError(
            "SQLite is built into this interpreter, where its settings can't be reached; "
            "leave sqlite_uncounted out, or use provider: source"
        ) from error
    with closing(sqlite3.connect(":memory:")):
        if not used():  # a forked worker, or a library that is built without
            return
    if any(step() for step in steps):
        raise NoMemoryStatisticsError("SQLite refuses to turn its memory statistics off")


@contextmanager
def _stored_uncounted(**_: Any) -> Iterator[Mapping[str, Any]]:
    # Here, before there are threads.
    _stop_counting()
    _store_orders()
    yield {}


@register(
    title="SQLite without memory statistics",
    kind=KIND,
    unit="query over 2000 rows",
    why="The same queries with SQLite's memory statistics turned off, as its authors recommend.",
    expected="Threads and processes: a speedup on every build.",
    source="Expensify/Bedrock#271",
    remedy_of="sqlite",
    # Builds that hold SQLite inside, as uv's do, hide its settings.
    only_by_name=True,
    fixture=_stored_uncounted,
)
def sqlite_uncounted(task: int, size: int) -> list[Any]:
    """The same queries, in a process whose SQLite counts no memory."""
    _stop_counting()
    return sqlite(task, size)
