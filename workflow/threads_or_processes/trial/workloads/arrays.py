"""NumPy: C code that lets the GIL go inside its loops, and holds it around them."""

import ctypes
import functools
import threading
from importlib import import_module
from typing import TYPE_CHECKING

from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.workloads.registry import Batch, preloaded, register

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

NUMPY = {"needs": frozenset({Need.EXTENSION_MODULES}), "fixture": preloaded("numpy")}


LARGE = 262_144  # elements: 2 MiB, and there are two such arrays


@functools.cache
def _large() -> "NDArray[float64]":
    import numpy

    return numpy.linspace(0.0, 1.0, LARGE)


@register(
    title="NumPy on large arrays",
    kind="C code that releases the GIL",
    unit="two passes over 2 MiB",
    why="NumPy releases the GIL inside its loops. On large arrays that is nearly all of the time.",
    expected="Threads: a speedup on every build, until memory bandwidth is the limit.",
    **NUMPY,
)
def numpy_large(task: int, size: int) -> float:
    """Multiply and add, element by element, arrays of 2 MiB that are beyond a core's own cache."""
    import numpy

    addend = _large()
    values = addend.copy()
    for _ in range(size):
        numpy.multiply(values, 0.5, out=values)
        numpy.add(values, addend, out=values)
    return float(values[LARGE // 3]) + task


VAST = 4 * 1024 * 1024  # elements: 32 MiB, for all workers, and a result of 32 MiB for each
BLOCK = 64 * 1024  # elements: 512 KiB, and another 512 for the results


@functools.cache
def _vast() -> "NDArray[float64]":
    import numpy

    return numpy.linspace(0.0, 1.0, VAST)


_of_thread = threading.local()


def _pipeline(length: int, task: int, size: int) -> float:
    """Four operations and a sum over blocks of so many elements of the array, `size` times."""
    import numpy

    source = _vast()
    if len(getattr(_of_thread, "result", ())) != length:
        _of_thread.result = numpy.empty(length)
    result, total = _of_thread.result, float(task)
    for _ in range(size):
        for start in range(0, VAST, length):
            values = source[start : start + length]
            numpy.multiply(values, 0.5, out=result)
            numpy.add(result, 1.0, out=result)
            numpy.subtract(result, values, out=result)
            numpy.multiply(result, result, out=result)
            total += float(result[::1024].sum())
    return total


PIPELINE = {"kind": "memory", "unit": "pipeline over 32 MiB", "batch": Batch.ONE_A_CPU, **NUMPY}


@register(
    title="NumPy on data larger than the caches",
    why="NumPy releases the GIL, but each operation moves the whole array through memory. All "
    "cores share its bandwidth.",
    expected="Little speedup from threads or processes, on any build: a few cores use up the "
    "bandwidth.",
    source="pydata/numexpr",
    **PIPELINE,
)
def numpy_pipeline(task: int, size: int) -> float:
    """Scale, shift, subtract and square 4 million numbers, one operation after another."""
    return _pipeline(VAST, task, size)


@register(
    title="NumPy in blocks that fit the caches",
    why="The same operations, all of them on one block before the next. A block stays in the "
    "core's own cache.",
    expected="Threads and processes: a speedup on every build. Less from threads on 3.13, where "
    "each of many short calls takes the GIL again.",
    source="pydata/numexpr",
    remedy_of="numpy_pipeline",
    **PIPELINE,
)
def numpy_blocks(task: int, size: int) -> float:
    """The same, block by block of 64 Ki numbers."""
    return _pipeline(BLOCK, task, size)


SMALL = 100  # elements


@register(
    title="NumPy on small arrays",
    kind="C code that holds the GIL",
    unit="three calls on 100 elements",
    why="On small arrays nearly all of the time is call overhead, which needs the GIL.",
    expected="Threads: no speedup on 3.13. Limited on 3.13t, where all calls update the same data "
    "type objects.",
    **NUMPY,
)
def numpy_small(task: int, size: int) -> float:
    """Multiply, add and sum arrays of 100 elements, `size` times; they are this task's own."""
    import numpy

    addend = numpy.linspace(0.0, 1.0, SMALL)
    values = addend.copy()
    total = 0.0
    for _ in range(size):
        values = values * 0.5 + addend
        total += float(values.sum())
    return total + task


SIDE = 160  # rows and columns


@functools.cache
def _matrix(inner_threads: int) -> "NDArray[float64]":
    """A matrix of whole numbers: its products are exact in whatever order they are added up.

    The first call in a process also sets the number of threads there.
    """
    import numpy

    # The trial's environment already says one.
    if inner_threads != 1:
        _set_inner_threads(inner_threads)
    numbers = numpy.arange(SIDE * SIDE, dtype=numpy.float64).reshape(SIDE, SIDE)
    matrix: NDArray[float64] = numbers % 7
    return matrix


class NoInnerThreadsError(Exception):
    """The BLAS library that NumPy uses has no known way to set its threads."""


def _set_inner_threads(number: int) -> None:
    """Let each matmul of this process use `number` threads; 0: the library's default.

    The default of OpenBLAS is the number of CPUs that the process may use. The functions are found
    through NumPy's own extension module, whose libraries are searched along with it; NumPy's wheels
    rename them. Raises `NoInnerThreadsError`.
    """
    blas = ctypes.CDLL(import_module("numpy._core._multiarray_umath").__file__)
    for prefix, suffix in (("scipy_", "64_"), ("scipy_", ""), ("", "64_"), ("", "")):
        try:
            set_threads = blas[f"{prefix}openblas_set_num_threads{suffix}"]
            get_threads = blas[f"{prefix}openblas_get_num_threads{suffix}"]
            processors = blas[f"{prefix}openblas_get_num_procs{suffix}"]
        except AttributeError:
            continue
        wanted = number or processors()
        set_threads(wanted)
        if get_threads() != wanted:
            raise NoInnerThreadsError(
                f"OpenBLAS was asked for {wanted} threads and has {get_threads()}"
            )
        return
    raise NoInnerThreadsError(
        "NumPy's BLAS library is no OpenBLAS whose threads could be set; leave inner_threads at 1"
    )


@register(
    title="Matrix product",
    kind="C code that releases the GIL",
    unit="product of two 160 x 160 matrices",
    why="The BLAS library starts threads of its own, which compete with the workers for CPUs.",
    expected="With one inner thread: a speedup from workers on every build. With the library's "
    "default, workers add little or slow it down.",
    **NUMPY,
)
def matmul(task: int, size: int, inner_threads: int = 1) -> float:
    """Multiply matrices of 160 x 160, `size` times.

    `inner_threads`: of the BLAS library in each process, 0 for as many as it takes by itself.
    """
    matrix = _matrix(inner_threads)
    total = 0.0
    for _ in range(size):
        total += float((matrix @ matrix)[-1, -1])
    return total + task
