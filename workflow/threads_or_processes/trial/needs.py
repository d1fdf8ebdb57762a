"""What workloads and models need of each other, and why a combination is not possible."""

from enum import StrEnum


class Need(StrEnum):
    """A property that one side asks for and the other has, or has not."""

    # Required by workloads.
    ONE_MEMORY = "one_memory"
    SINGLE_DISPATCHES = "single_dispatches"
    EXTENSION_MODULES = "extension_modules"
    # Required by models.
    COROUTINE = "coroutine"
    ARRAYS = "arrays"


# Why a combination can't be measured when the need is not met.
REASONS = {
    Need.ONE_MEMORY: "its tasks update one shared object; each worker would update a copy",
    Need.SINGLE_DISPATCHES: "its tasks are sent one at a time, and this model takes only whole "
    "chunks",
    Need.EXTENSION_MODULES: "it needs an extension module that subinterpreters can't import",
    Need.COROUTINE: "its task has no coroutine version",
    Need.ARRAYS: "its tasks take no arrays to put in shared memory",
}
