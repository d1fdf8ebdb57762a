"""Numbers and calls in pure Python: every step runs in the interpreter under the GIL."""

from threads_or_processes.trial.workloads.registry import register


@register(
    title="Integer loop in pure Python",
    kind="CPU, holds the GIL",
    unit="number",
    why="The simplest loop: only bytecode and small integers.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core. On one thread, 3.13t is slower.",
)
def integers(task: int, size: int) -> int:
    """Add up the squares of the first `size` numbers."""
    total = 0
    for number in range(size):
        total += number * number
    return total + task


@register(
    title="Mandelbrot (pure Python, floats)",
    kind="CPU, holds the GIL",
    unit="point",
    why="The standard GIL example, with published results.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core.",
)
def mandelbrot(task: int, size: int, iterations: int = 100) -> int:
    """Iterate z -> z*z + c for `size` points on a line through the set, on plain floats.

    All tasks take the same points, so that equal chunks are equal work.
    """
    steps = 0
    for point in range(size):
        c_real = -0.75 + 0.5 * (point % 97) / 97
        c_imaginary = 0.3 * (point % 89) / 89
        real = imaginary = 0.0
        for _ in range(iterations):
            real_squared = real * real
            imaginary_squared = imaginary * imaginary
            if real_squared + imaginary_squared > 4.0:
                break
            imaginary = 2.0 * real * imaginary + c_imaginary
            real = real_squared - imaginary_squared + c_real
            steps += 1
    return steps + task


def _fibonacci(n: int) -> int:
    return n if n < 2 else _fibonacci(n - 1) + _fibonacci(n - 2)


@register(
    title="Recursive calls",
    kind="CPU, holds the GIL",
    unit="Fibonacci number",
    why="The cost of a function call. All workers call the same function.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core. Sharing one function is no obstacle: functions are exempt from reference counting "
    "between threads.",
)
def fib(task: int, size: int, n: int = 10) -> int:
    """Compute the `n`-th Fibonacci number `size` times in the slow, recursive way."""
    total = 0
    for _ in range(size):
        total += _fibonacci(n)
    return total + task
