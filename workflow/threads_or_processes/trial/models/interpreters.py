"""`concurrent.futures.InterpreterPoolExecutor`: threads, each in an interpreter of its own."""

import concurrent.futures

from threads_or_processes.trial.models.executor import ExecutorModel


class Interpreters(ExecutorModel):
    """An executor of interpreters in this process; tasks and results are pickled."""

    def _new_executor(self) -> concurrent.futures.Executor:
        new = concurrent.futures.InterpreterPoolExecutor  # type: ignore[attr-defined]
        executor: concurrent.futures.Executor = new(self._workers)
        return executor
