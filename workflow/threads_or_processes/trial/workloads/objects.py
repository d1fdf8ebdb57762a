"""Objects in pure Python: classes, methods and attributes, and what becomes of the objects."""

import gc
from dataclasses import dataclass

from threads_or_processes.trial.workloads.registry import register


class _Parcel:
    """What goes through a line of stations."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.weight = 1 + number % 7
        self.stamps: list[str] = []


class _Station:
    """Does its part and hands the parcel on."""

    def __init__(self, following: "_Station | None") -> None:
        self.following = following
        self.handled = 0

    def accept(self, parcel: _Parcel) -> None:
        self.handled += 1
        self.handle(parcel)
        if self.following is not None:
            self.following.accept(parcel)

    def handle(self, parcel: _Parcel) -> None:
        raise NotImplementedError


class _Scales(_Station):
    def __init__(self, following: _Station) -> None:
        super().__init__(following)
        self.total = 0

    def handle(self, parcel: _Parcel) -> None:
        self.total += parcel.weight


class _Stamp(_Station):
    def handle(self, parcel: _Parcel) -> None:
        parcel.stamps.append("heavy" if self.is_heavy(parcel) else "light")

    @staticmethod
    def is_heavy(parcel: _Parcel) -> bool:
        return parcel.weight > 4


class _Store(_Station):
    def __init__(self) -> None:
        super().__init__(None)
        self.shelves: dict[str, int] = {}

    def handle(self, parcel: _Parcel) -> None:
        shelf = parcel.stamps[0]
        self.shelves[shelf] = self.shelves.get(shelf, 0) + parcel.weight


@register(
    title="Objects and methods",
    kind="CPU, holds the GIL",
    unit="parcel",
    why="Typical of programs with classes: method calls, attributes, small objects.",
    expected="Threads: no speedup on 3.13. Processes, and threads on 3.13t: a speedup with each "
    "core. On one thread, 3.13t is much slower.",
)
def objects(task: int, size: int) -> list[int]:
    """Send `size` parcels down a line of three stations that are this task's own."""
    store = _Store()
    scales = _Scales(_Stamp(store))
    for number in range(size):
        scales.accept(_Parcel(number))
    return [task, scales.total, store.handled, *sorted(store.shelves.values())]


@dataclass(slots=True, eq=False)
class _Node:
    """A place in a tree that knows its parent, so that a tree is a cycle."""

    parent: "_Node | None"
    label: tuple[int, str]
    children: "list[_Node]"


CHILDREN = 15


@register(
    title="Small objects with reference cycles",
    kind="memory",
    unit="tree of 16 nodes",
    why="Workers that make many objects share the allocator and wait for the cycle collector.",
    expected="Threads: no speedup. On 3.13t each thread allocates from its own heap, but a "
    "collection stops all threads and visits every object. On one thread, 3.13t is several times "
    "slower.",
)
def allocation(task: int, size: int, *, collect: bool = True) -> int:
    """Grow `size` small trees, whose nodes know their parents, and forget each.

    `collect`: forgotten trees are left to the cycle collector; otherwise it is off and each tree is
    taken apart by hand, so that its nodes are freed as their reference counts fall.
    """
    (gc.enable if collect else gc.disable)()
    nodes = 0
    for tree in range(size):
        root = _Node(None, (tree, "root"), [])
        for child in range(CHILDREN):
            root.children.append(_Node(root, (child, "child"), []))
        nodes += 1 + len(root.children)
        if not collect:
            root.children.clear()
    return nodes + task
