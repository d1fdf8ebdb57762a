"""Images: C code that lets the GIL go while it works on the pixels."""

import functools
import zlib

from threads_or_processes.trial.needs import Need
from threads_or_processes.trial.workloads.registry import preloaded, register

SIDE = 128  # pixels


@functools.cache
def _pixels() -> bytes:
    """Colours that change from pixel to pixel, neither flat nor random."""
    return bytes(
        channel
        for y in range(SIDE)
        for x in range(SIDE)
        for channel in (x * 2, y * 2, (x * y) % 256)
    )


@register(
    title="Image filter and resize",
    kind="C code that releases the GIL",
    unit="image of 128 x 128",
    why="Thumbnails and training data: Pillow releases the GIL while it computes.",
    expected="Threads: a speedup on every build, without sending images to other processes.",
    needs=frozenset({Need.EXTENSION_MODULES}),
    fixture=preloaded("PIL.Image", "PIL.ImageFilter"),
)
def image(task: int, size: int) -> int:
    """Blur and halve an image of 128 x 128 pixels, `size` times; it is this task's own."""
    from PIL import Image, ImageFilter

    original = Image.frombytes("RGB", (SIDE, SIDE), _pixels())
    blur = ImageFilter.GaussianBlur(2)
    seen = 0
    for _ in range(size):
        small = original.filter(blur).resize((SIDE // 2, SIDE // 2), Image.Resampling.LANCZOS)
        seen = zlib.crc32(small.tobytes(), seen)
    return seen + task
