"""More blocks where intervals are too wide: how many there can be, fixed beforehand.

Peers are the timed cells that share a workload (with its parameters) and a timing: what is compared
with one another. They get more blocks together, so that pairing by block holds. They are looked at
after their base blocks and after each round of more; which of them go on is judged by what was
measured (workflow/threads_or_processes/analysis/precision.py), and only by the width of intervals.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from threads_or_processes.plan.blocks import Trial, draw
from threads_or_processes.plan.cells import Cell

#: Intervals of few blocks are narrow now and then by luck alone: who gets more gets at least these.
FEWEST_BLOCKS = 8
BLOCKS_A_ROUND = 2


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Cells that get more blocks together; `looks` are the numbers of blocks they are judged at."""

    workload: str
    timing: str
    cells: tuple[Cell, ...]
    looks: tuple[int, ...]

    @property
    def name(self) -> tuple[str, str]:
        """What they share."""
        return self.workload, self.timing


@dataclass(frozen=True, kw_only=True)
class Precision:
    """How precise ratios shall be, and every trial that may be added for it.

    `target` is how far an interval may reach to either side, as a ratio above 1 (0.03: from
    ratio/1.03 to ratio*1.03). `rounds` holds the trials of each round, in order; their positions
    go on after those of the base blocks and leave gaps where peers have enough.
    """

    target: float
    max_blocks: int
    peers: tuple[Peers, ...]
    rounds: tuple[tuple[Trial, ...], ...]

    @property
    def trials(self) -> list[Trial]:
        """Every trial that may be added, in order."""
        return [trial for of_round in self.rounds for trial in of_round]

    def added(self, number: int, going_on: Collection[tuple[str, str]]) -> list[Trial]:
        """The trials of a round (from 1) whose peers, by name, go on."""
        if number > len(self.rounds):
            return []
        return [trial for trial in self.rounds[number - 1] if name_of(trial.cell) in going_on]

    def as_record(self) -> dict[str, Any]:
        """What stands in plan.json, for the rooms that come after."""
        return {
            "target": self.target,
            "max_blocks": self.max_blocks,
            "peers": [
                {"workload": one.workload, "timing": one.timing, "blocks": list(one.looks)}
                for one in self.peers
            ],
            "trials": [trial.as_record() for trial in self.trials],
        }


def precision_of(
    config: Mapping[str, Any], cells: Sequence[Cell], *, after: int
) -> Precision | None:
    """What a config asks for, with positions that follow `after`; None if it asks for nothing."""
    settings = config.get("precision")
    if settings is None:
        return None
    peers = peers_of(cells, settings["max_blocks"])
    return Precision(
        target=settings["target"],
        max_blocks=settings["max_blocks"],
        peers=tuple(peers),
        rounds=tuple(rounds_of(peers, config["seed"], after=after)),
    )


def peers_of(cells: Sequence[Cell], max_blocks: int) -> list[Peers]:
    """All timed cells by what they share, in order of its name.

    Cells that fewer blocks were asked for keep the gap: a block that is added is one for all.
    """
    together: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        if cell.timing != "memory":
            together.setdefault(name_of(cell), []).append(cell)
    return [
        Peers(
            workload=workload,
            timing=timing,
            cells=tuple(members),
            looks=looks_at(max(cell.blocks for cell in members), max_blocks),
        )
        for (workload, timing), members in sorted(together.items())
    ]


def name_of(cell: Cell) -> tuple[str, str]:
    """The name of a cell's peers."""
    return cell.workload, cell.timing


def looks_at(blocks: int, max_blocks: int) -> tuple[int, ...]:
    """The numbers of blocks at which peers that begin with `blocks` are judged."""
    looks = [blocks]
    while looks[-1] < max_blocks:
        looks.append(min(max_blocks, max(FEWEST_BLOCKS, looks[-1] + BLOCKS_A_ROUND)))
    return tuple(looks)


def rounds_of(peers: Sequence[Peers], seed: int, *, after: int) -> list[tuple[Trial, ...]]:
    """The trials of each round if all go on as long as they can.

    Within a round each peers' first added block comes before any second one, and the order of
    those that run together is drawn as in the base blocks.
    """
    rounds = []
    for number in range(1, max((len(one.looks) for one in peers), default=1)):
        going_on = [one for one in peers if len(one.looks) > number]
        waiting = [
            (block - one.looks[number - 1], block, cell)
            for one in going_on
            for block in range(one.looks[number - 1] + 1, one.looks[number] + 1)
            for cell in one.cells
        ]
        waiting.sort(key=lambda entry: (entry[0], draw(seed, entry[1], entry[2])))
        rounds.append(
            tuple(
                Trial(cell, block, position)
                for position, (_, block, cell) in enumerate(waiting, start=after + 1)
            )
        )
        after += len(waiting)
    return rounds
