"""Numbers in pure Python: every step goes through the interpreter and its lock."""

from workflow.trial.workloads.registry import register


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


register(
    mandelbrot,
    title="Mandelbrot, floats in pure Python",
    kind="CPU, holds the GIL",
    unit="point",
    why="The claim everybody makes about the GIL, on the example with published figures.",
    expected="Threads gain nothing on 3.13; processes, and threads on 3.13t, gain with each core.",
)
