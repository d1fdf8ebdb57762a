"""`multiprocessing.Pool`, with arrays passed through `multiprocessing.shared_memory`."""

import os
import pickle
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count, islice
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from shutil import disk_usage
from typing import Any, NamedTuple

from threads_or_processes.trial.measured.batch import words_of
from threads_or_processes.trial.models.base import UnreadableResultError
from threads_or_processes.trial.models.oob_pickle import (
    PackedValue,
    Span,
    attached,
    buffer_of,
    dumps_oob,
    layout,
    loads_copy,
    loads_in_place,
    write_buffers,
)
from threads_or_processes.trial.models.pools import StdlibProcesses

# Whoever starts the trial removes what begins like this when the trial is over.
PREFIX = os.environ.get("SHARED_MEMORY_PREFIX", "top-")
FILE_SYSTEM = Path("/dev/shm")  # noqa: S108 - where Linux keeps POSIX shared memory

_numbers = count()


class Request(NamedTuple):
    """What a worker gets: the item, and the room in the block where arrays it returns may go."""

    block: str
    item: PackedValue
    room: Span


class Answer(NamedTuple):
    """What it sends back: the result, and how much room (bytes) the arrays in it need.

    Where there is less room they come in the pickle.
    """

    result: PackedValue
    needed: int


class SharedMemoryProcesses(StdlibProcesses):
    """One block holds all arrays of all items, and has room for those of their results.

    How much is learnt from the results before, so the first execution (a warm-up) sends them back
    as pickles. Workers use the arrays where they lie; the parent copies results out of the block,
    as they shall outlive it.
    """

    def __init__(self, workers: int, start_method: str) -> None:
        super().__init__(workers, start_method)
        self._block: SharedMemory | None = None
        self._needed: dict[int, int] = {}

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Copy the items' arrays into the block, map, and copy the results' arrays out of it."""
        parts = [dumps_oob(item) for item in items]
        sizes = [
            size
            for place, (_, arrays) in enumerate(parts)
            for size in (*map(len, arrays), self._needed.get(place, 0))
        ]
        spans = layout(sizes)
        block = self._block_of(spans[-1].stop if spans else 0)
        memory = buffer_of(block)
        places = iter(spans)
        requests = [
            Request(
                block.name,
                write_buffers(memory, pickled, arrays, list(islice(places, len(arrays)))),
                next(places),
            )
            for pickled, arrays in parts
        ]
        answers: list[Answer] = super().map(partial(serve, function), requests)
        for place, answer in enumerate(answers):
            self._needed[place] = max(answer.needed, self._needed.get(place, 0))
        try:
            return [loads_copy(memory, answer.result) for answer in answers]
        except Exception as error:
            raise UnreadableResultError(words_of(error)) from error

    def stop(self) -> None:
        """Terminate the pool and give the block back."""
        super().stop()
        self._give_back()

    def _block_of(self, size: int) -> SharedMemory:
        """The block, if need be a new one that has `size` bytes."""
        if self._block is None or self._block.size < size:
            self._give_back()
            _check_room(size)
            self._block = SharedMemory(  # type: ignore[call-arg]  # since 3.13
                f"{PREFIX}{os.getpid()}-{next(_numbers)}",
                create=True,
                size=max(1, size),
                track=False,
            )
        return self._block

    def _give_back(self) -> None:
        if self._block is not None:
            self._block.close()
            self._block.unlink()
            self._block = None


def serve(function: Callable[[Any], Any], request: Request) -> Answer:
    """In a worker: call `function` with the item, whose arrays stay where they are."""
    memory = buffer_of(attached(request.block))
    result = function(loads_in_place(memory, request.item))
    pickled, arrays = dumps_oob(result)
    spans = layout(map(len, arrays), request.room.start)
    needed = spans[-1].stop - request.room.start if spans else 0
    if needed > request.room.stop - request.room.start:
        return Answer(PackedValue(pickle.dumps(result, protocol=5), []), needed)
    return Answer(write_buffers(memory, pickled, arrays, spans), needed)


def _check_room(size: int) -> None:
    """A block may be made without room for it; writing to it would then end the process."""
    if FILE_SYSTEM.exists() and (free := disk_usage(FILE_SYSTEM).free) < size:
        raise MemoryError(
            f"{FILE_SYSTEM} has {free >> 20} MiB of shared memory left, {size >> 20} MiB are needed"
        )
