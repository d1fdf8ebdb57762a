"""What a workload needs of a model, and a model of a workload; and why a cell can't be."""

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


# Why a cell can't be measured when nobody meets the need.
REASONS = {
    Need.ONE_MEMORY: "its tasks change one object together; each worker would change its own copy",
    Need.SINGLE_DISPATCHES: "its tasks are sent to the workers one by one; this model takes only "
    "whole chunks",
    Need.EXTENSION_MODULES: "it needs an extension module that subinterpreters can't import",
    Need.COROUTINE: "its task has no form as a coroutine",
    Need.ARRAYS: "its tasks take no arrays that shared memory could hold",
}
