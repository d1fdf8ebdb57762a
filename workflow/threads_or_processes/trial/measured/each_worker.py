"""Have something done once in each worker of a model."""

from collections.abc import Callable
from functools import partial

from threads_or_processes.trial.measured.batch import raisable
from threads_or_processes.trial.models.base import Model, check_in

Act = Callable[[], object]


def on_each_worker(model: Model, workers: int, act: Act) -> None:
    """Call `act` in each of the workers, which are up; what it raises is raised here."""
    if workers == 1:
        model.map(partial(meet, act), [""])
        return
    # Here, because other trials must not have these in their process.
    from concurrent.futures import ThreadPoolExecutor

    from threads_or_processes.trial.models.barrier import wait_for_all

    with ThreadPoolExecutor(1) as caller:
        wait_for_all(
            workers,
            lambda: 0,
            lambda folder: [caller.submit(model.map, partial(meet, act), [folder] * workers)],
        )


def meet(act: Act, folder: str) -> None:
    """In a worker: act, and stay until all others have, so that none does it twice."""
    error: BaseException | None = None
    try:
        act()
    except BaseException as raised:
        error = raised
    if folder:
        check_in(folder)
    if error is not None:
        raise raisable(error)
