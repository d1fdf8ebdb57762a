"""Randomised complete blocks: every cell once in each block, in an order of its own."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from threads_or_processes.plan.cells import Cell


@dataclass(frozen=True)
class Trial:
    """One trial of the plan; `position` counts from 1 over the whole campaign."""

    cell: Cell
    block: int
    position: int

    @property
    def record(self) -> str:
        """Where its record lies, below results/<machine>/."""
        return f"trials/{self.cell.id}/{self.block:03d}.json"

    def as_record(self) -> dict[str, Any]:
        """The trial as it stands in plan.json."""
        return {
            "cell": self.cell.id,
            "block": self.block,
            "position": self.position,
            "record": self.record,
        }


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
    return [Trial(cell, block, place) for place, (cell, block) in enumerate(ordered, start=1)]


def draw(seed: int, block: int, cell: Cell) -> bytes:
    """What a cell's place in a block goes by."""
    return hashlib.sha256(f"{seed} {block} {cell.id}".encode()).digest()
