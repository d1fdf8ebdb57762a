"""Randomised complete blocks: every cell once in each block, in an order of its own."""

import hashlib
from collections.abc import Sequence

from threads_or_processes.records.plan import Cell, Trial


def in_order(cells: Sequence[Cell], seed: int) -> list[Trial]:
    """All trials in the order they are run.

    A cell's place in a block comes from a hash of seed, block and the cell's name, so that a cell
    or block added later leaves the order of the others as it was.
    """
    last = max((cell.blocks for cell in cells), default=0)
    ordered = [
        (cell, block)
        for block in range(1, last + 1)
        for cell in sorted(cells, key=lambda cell: draw(seed, block, cell))
        if block <= cell.blocks
    ]
    return [
        Trial(cell=cell.id, block=block, position=position)
        for position, (cell, block) in enumerate(ordered, start=1)
    ]


def draw(seed: int, block: int, cell: Cell) -> bytes:
    """What a cell's place in a block goes by."""
    return hashlib.sha256(f"{seed} {block} {cell.id}".encode()).digest()
