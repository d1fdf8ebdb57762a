"""Randomised complete blocks: every cell once in each block, in an order of its own.

Where intervals are too wide there can be more of them, so many as is fixed beforehand.
Peers are the timed cells that share a workload (with its parameters) and a timing: what is compared
with one another. They get more blocks together, so that pairing by block holds. They are looked at
after their base blocks and after each round of more; which of them go on is judged by what was
measured (workflow/threads_or_processes/analysis/precision.py), and only by the width of intervals.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from threads_or_processes.records.plan import Cell, Peers, PeersName, Precision, Trial
from threads_or_processes.records.vocabulary import Timing

#: Intervals of few blocks are narrow now and then by luck alone: who gets more gets at least these.
FEWEST_BLOCKS_AFTER_A_ROUND = 8
BLOCKS_A_ROUND = 2


def in_order(cells: Sequence[Cell], seed: int) -> list[Trial]:
    """All trials in the order they are run.

    A cell's place in a block comes from a hash of seed, block and the cell's name, so that a cell
    or block added later leaves the order of the others as it was.
    """
    ordered = sorted(
        ((block, cell) for cell in cells for block in range(1, cell.blocks + 1)),
        key=lambda one: (one[0], _draw(seed, *one)),
    )
    return [
        Trial(cell=cell.id, block=block, position=position)
        for position, (block, cell) in enumerate(ordered, start=1)
    ]


def _draw(seed: int, block: int, cell: Cell) -> bytes:
    """What a cell's place in a block goes by."""
    return hashlib.sha256(f"{seed} {block} {cell.id}".encode()).digest()


def precision_of(
    config: Mapping[str, Any], cells: Sequence[Cell], *, after: int
) -> Precision | None:
    """What a config asks for, with positions that follow `after`; None if it asks for nothing."""
    settings = config.get("precision")
    if settings is None:
        return None
    together = peers_of(cells)
    peers = [
        Peers(
            workload=workload,
            timing=members[0].timing,
            blocks=looks_at(max(cell.blocks for cell in members), settings["max_blocks"]),
        )
        for (workload, _), members in together.items()
    ]
    return Precision(
        target=settings["target"],
        max_blocks=settings["max_blocks"],
        peers=tuple(peers),
        trials=tuple(_added(peers, together, config["seed"], after=after)),
    )


def peers_of(cells: Sequence[Cell]) -> dict[PeersName, list[Cell]]:
    """All timed cells by what they share, in order of its name.

    Cells that fewer blocks were asked for keep the gap: a block that is added is one for all.
    """
    together: dict[PeersName, list[Cell]] = {}
    for cell in cells:
        if cell.timing is not Timing.MEMORY:
            together.setdefault(cell.peers, []).append(cell)
    return dict(sorted(together.items()))


def looks_at(blocks: int, max_blocks: int) -> tuple[int, ...]:
    """The numbers of blocks at which peers that begin with `blocks` are judged."""
    looks = [blocks]
    while looks[-1] < max_blocks:
        looks.append(min(max_blocks, max(FEWEST_BLOCKS_AFTER_A_ROUND, looks[-1] + BLOCKS_A_ROUND)))
    return tuple(looks)


def rounds_of(precision: Precision) -> int:
    """How many rounds of more blocks there can be."""
    return max((len(peers.blocks) for peers in precision.peers), default=1) - 1


def added(
    precision: Precision,
    cells: Mapping[str, Cell],
    number: int,
    going_on: Collection[PeersName],
) -> list[Trial]:
    """The trials of a round (from 1) whose peers, by name, go on; in order. `cells` are by id."""
    looks = precision.looks
    wanted = {
        name: range(looks[name][number - 1] + 1, looks[name][number] + 1)
        for name in going_on
        if number < len(looks[name])
    }
    return [
        trial
        for trial in precision.trials
        if trial.block in wanted.get(cells[trial.cell].peers, ())
    ]


def _added(
    peers: Sequence[Peers], together: Mapping[PeersName, Sequence[Cell]], seed: int, *, after: int
) -> list[Trial]:
    """The trials of all rounds if all peers go on as long as they can.

    Within a round each peers' first added block comes before any second one, and the order of
    those that run together is drawn as in the base blocks.
    """
    trials: list[Trial] = []
    for number in range(1, max((len(one.blocks) for one in peers), default=1)):
        waiting = [
            (block - one.blocks[number - 1], block, cell)
            for one in peers
            if len(one.blocks) > number
            for block in range(one.blocks[number - 1] + 1, one.blocks[number] + 1)
            for cell in together[one.name]
        ]
        waiting.sort(key=lambda entry: (entry[0], _draw(seed, *entry[1:])))
        trials += [
            Trial(cell=cell.id, block=block, position=position)
            for position, (_, block, cell) in enumerate(waiting, start=after + len(trials) + 1)
        ]
    return trials
