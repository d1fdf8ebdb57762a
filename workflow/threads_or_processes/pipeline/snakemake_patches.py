"""What Snakemake's scheduler must not do while trials run, and what it must when jobs are sent.

And what its targets are where files behind them are gone.

It reaches into an inner part of Snakemake, as it is in the pinned 9.27. No option does the same:
every value of `--max-jobs-per-timespan` starts a timer for each job.

`hasten` and `shorten_listing` save time with thousands of trials. On another Snakemake they do
nothing.
"""

import gc
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError

MOST_LISTED = 100
"""A dry run lists so many jobs of a rule."""
# Python's own threshold, of hundreds, is for programs with few.
OBJECTS_BETWEEN_COLLECTIONS = 100_000
# Python handles signals in the order of their numbers: Ctrl-C and SIGTERM come before this one.
ECHO = signal.SIGURG
# An error is printed after that, even if the main thread hangs.
MAIN_THREAD_ANSWERS_WITHIN_S = 10
# A signal that another thread took is handled so soon.
HEARTBEAT_S = 1.0

_echoed = threading.Event()


def patch_scheduler(scheduler: Any, on_interrupt: Callable[[], None] = lambda: None) -> None:
    """Leave the trials alone, and let SIGTERM end the run.

    Ctrl-C and SIGTERM call `on_interrupt` first: the steps that they end fail only after that.

    With its limit on jobs a second, Snakemake looks at all waiting jobs again and again, more often
    with each job that is done: measured, more than half a CPU, beside the trials.

    Raises `UserError` where the scheduler is not the one that this was written for.
    """
    if not hasattr(scheduler, "job_rate_limiter"):
        raise _unknown("its scheduler has no job_rate_limiter, which would disturb the trials")
    handler = getattr(scheduler, "exit_gracefully", None)
    if handler is None or signal.getsignal(signal.SIGTERM) != handler:
        raise _unknown("its scheduler does not end on SIGTERM by exit_gracefully")
    scheduler.job_rate_limiter = None

    def leave(*_: object) -> None:
        on_interrupt()
        handler()

    def stop(*received: Any) -> None:
        on_interrupt()
        signal.default_int_handler(*received)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(ECHO, _note_echo)
    # In the background of a script, a run ignores Ctrl-C.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, stop)


def end_on_sigterm() -> None:
    """Let SIGTERM end this process, a job of a cluster too: Snakemake calls no `onstart` there.

    Its handler takes a lock that the interrupted main thread may hold itself, which then waits for
    ever. In a thread of its own the handler waits until the lock is free.

    Raises `UserError` where the scheduler has no such handler.
    """
    from snakemake.scheduling.job_scheduler import JobScheduler  # type: ignore[import-untyped]

    handler = getattr(JobScheduler, "exit_gracefully", None)
    if handler is None:
        raise _unknown("its scheduler does not end on SIGTERM by exit_gracefully")

    def leave(self: Any, *_: object) -> None:
        threading.Thread(target=handler, args=(self,)).start()

    JobScheduler.exit_gracefully = leave


def await_signals() -> None:
    """In another thread, return once the main thread has handled the signals received so far."""
    if threading.current_thread() is threading.main_thread():
        return  # which handles them between two lines
    if signal.getsignal(ECHO) is _note_echo:
        _echoed.clear()
        _wake_main_thread()
        _echoed.wait(MAIN_THREAD_ANSWERS_WITHIN_S)


def _note_echo(*_: object) -> None:
    _echoed.set()


def keep_awake() -> None:
    """Have the main thread handle signals while it waits for sent jobs, not when one ends.

    The system may give a signal to any thread. Python handles it in the main thread, whose wait for
    a lock that does not end. Not where trials run: it would run beside them.
    """

    def beat() -> None:
        while True:
            time.sleep(HEARTBEAT_S)
            _wake_main_thread()

    threading.Thread(target=beat, daemon=True).start()


def _wake_main_thread() -> None:
    main = threading.main_thread().ident
    assert main is not None  # it was started
    signal.pthread_kill(main, ECHO)


def check_first(workflow: Any, check: Callable[[], None]) -> None:
    """Have `check` see the options, which come after the rules, before any job is planned."""
    prepare = getattr(workflow, "_prepare_dag", None)
    if prepare is None:
        raise _unknown("it has no _prepare_dag")

    def prepare_checked(*args: Any, **kwargs: Any) -> Any:
        check()
        return prepare(*args, **kwargs)

    workflow._prepare_dag = prepare_checked


def patch_targets(workflow: Any, products: Collection[str], lost: Collection[str]) -> None:
    """Ask for what was lost behind a product too, whenever one is asked for by name.

    Snakemake makes what is not there only where it is a target itself, or where something else made
    from it has to be made.
    """
    prepare = getattr(workflow, "_prepare_dag", None)
    if prepare is None:
        raise _unknown("it has no _prepare_dag")

    own = set(map(os.path.relpath, products))

    def is_product(target: str) -> bool:
        made = workflow.get_rule(target).output if workflow.is_rule(target) else [target]
        return not own.isdisjoint(map(os.path.relpath, made))

    def prepare_with_lost(*args: Any, **kwargs: Any) -> Any:
        asked = workflow.dag_settings
        if any(map(is_product, asked.targets)):
            workflow.dag_settings = replace(asked, targets={*asked.targets, *lost})
        return prepare(*args, **kwargs)

    if lost:
        workflow._prepare_dag = prepare_with_lost


def take_prefix(workflow: Any) -> Path:
    """The prefix of a `module` for the paths of its rules, which Snakemake then leaves as they are.

    It would put the prefix before inputs and outputs alone. The commands' parameters, and what is
    read before any step, name the same files.
    """
    modifier = getattr(workflow, "modifier", None)
    given = getattr(modifier, "path_modifier", None)
    if modifier is None or given is None:
        raise _unknown("it has no path_modifier, which knows the prefix of a module")
    one = given
    while one is not None:
        if one.modifies_prefixes:
            raise UserError(
                "replace_prefix would move some files of this workflow and leave others",
                where="the module statement of the outer workflow",
                hint="use prefix: it moves all",
            )
        one = one.inner_modifier
    modifier.path_modifier = type(given)(None, None, workflow)
    return Path(given.replace_prefix(""))


def pass_on_handlers(workflow: Any, name: str) -> None:
    """Have `onstart`, `onsuccess` and `onerror` run in a module too; Snakemake would not call them.

    The outer workflow's own come later at the start and earlier at the end, and may call them. Each
    runs once for a `name`: a module is read again for each `use rule`.
    """
    if workflow.modifier.is_main_snakefile():
        return
    for handler in ("onstart", "onsuccess", "onerror"):
        workflow.globals[handler] = _passed_on(workflow, handler, name)


def _passed_on(workflow: Any, handler: str, name: str) -> Callable[..., None]:
    """A handler of a module that runs once, and with the outer workflow's own."""
    own, inner = workflow.globals[handler], f"_{handler}"
    if not hasattr(workflow, inner):
        raise _unknown(f"it has no {inner}")

    def run_once(*_: object, **__: object) -> None:
        if is_first(workflow, f"{handler} {name}"):
            own()

    def join() -> None:
        outer = getattr(workflow, inner)
        in_order = (run_once, outer) if handler == "onstart" else (outer, run_once)

        def run_both(log: object) -> None:
            for run in in_order:
                run(log)

        setattr(workflow, inner, run_both)

    check_first(workflow, join)  # once the outer workflow is read
    return run_once


def is_first(workflow: Any, what: str) -> bool:
    """Whether a run is at this for the first time: it may have several modules of this workflow."""
    done: set[str] = vars(workflow).setdefault("done_once", set())
    if what in done:
        return False
    done.add(what)
    return True


def keep_apart(workflow: Any) -> None:
    """Have the rules of an outer workflow take their part of `machine`, as all rules here do."""
    for rule in workflow.rules:
        rule.resources.setdefault("machine", 1)


def patch_executor(executor: Any) -> None:
    """Let no sent job be forgotten, neither by Ctrl-C nor when the scheduler doesn't answer.

    While an executor asks for the status of its jobs, it has them in no list, and Ctrl-C cancels
    none: they would go on alone, each with a node to itself. If the scheduler doesn't answer, the
    plugin for Slurm never names them again, and the run would wait for ever.
    """
    check, cancel = executor.check_active_jobs, executor.cancel_jobs
    succeed, fail = executor.report_job_success, executor.report_job_error
    asked_for: list[Any] = []
    told: set[int] = set()

    async def check_all(jobs: Sequence[Any]) -> AsyncIterator[Any]:
        asked_for[:] = jobs
        told.clear()
        async for job in check(jobs):
            told.add(id(job))
            yield job
        for job in jobs:
            if id(job) not in told:
                yield job

    def cancel_all(jobs: Sequence[Any]) -> None:
        listed = {id(job) for job in jobs}
        cancel([*jobs, *(job for job in asked_for if id(job) not in listed)])

    def report_success(job: Any) -> None:
        told.add(id(job))
        succeed(job)

    def report_error(job: Any, *args: Any, **kwargs: Any) -> None:
        told.add(id(job))
        fail(job, *args, **kwargs)

    executor.check_active_jobs, executor.cancel_jobs = check_all, cancel_all
    executor.report_job_success, executor.report_job_error = report_success, report_error


def hasten() -> None:
    """Do once what Snakemake does for each job, and leave out what it does for nothing.

    It inspects the functions of a rule for each job. And it asks each job for its environment, so
    for all its parameters, though a dry run without `--sdm conda` makes and records none. Jobs stay
    until the end: looking for garbage among thousands of them took 8 to 22 % of a dry run.
    """
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    # Only Snakemake itself can import these: they need each other.
    from snakemake import common, dag, rules  # type: ignore[import-untyped]

    for module in (common, rules):
        if inspect := getattr(module, "get_function_params", None):
            module.get_function_params = cache(inspect)
    if find := getattr(dag.DAG, "update_conda_envs", None):

        def find_if_needed(self: Any) -> None:
            methods = map(str, self.workflow.deployment_settings.deployment_method)
            if not self.workflow.dryrun or "conda" in methods:
                find(self)

        dag.DAG.update_conda_envs = find_if_needed


def shorten_listing(scheduler: Any, logger: Any) -> None:
    """List some jobs of each rule in a dry run; the table above the list counts all.

    To word a job takes longer than to plan it, and nobody reads thousands.
    """
    executor = getattr(scheduler, "_executor", None)
    show = getattr(executor, "printjob", None)
    if executor is None or show is None:
        return
    listed: Counter[str] = Counter()

    def show_some(job: Any) -> None:
        rule = job.name
        listed[rule] += 1
        if listed[rule] <= MOST_LISTED:
            show(job)
        elif listed[rule] == MOST_LISTED + 1:
            logger.info(f"More jobs of {rule} are not listed; --verbose lists them.")

    executor.printjob = show_some


def _unknown(what: str) -> UserError:
    return UserError(
        f"this Snakemake works in another way than 9.27: {what}",
        where=f"Snakemake {version('snakemake')}",
        hint="install the version of requirements.lock: make env",
    )
