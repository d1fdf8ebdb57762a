"""CPython compiled here: all builds from one tarball, one compiler, one recipe, side by side."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from threads_or_processes.interpreters.cache import is_finished
from threads_or_processes.interpreters.compiling import Order, fulfil, make_order
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.progress import Progress
from threads_or_processes.interpreters.request import Build, BuildKind, ProviderName
from threads_or_processes.interpreters.tarball import (
    Tarball,
    distribution_tarball,
    named_tarball,
    os_release,
)
from threads_or_processes.interpreters.toolchain import (
    Compiler,
    find_compiler,
    missing_error,
    missing_needs,
)


@dataclass(frozen=True)
class SourceProvider:
    """Builds interpreters into `cache`, from `tarball` or the distribution's source package."""

    cache: Path
    tarball: Path | None
    build_kind: BuildKind
    processes: Processes
    progress: Progress
    name: ProviderName = ProviderName.SOURCE

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """Build what the cache does not hold; `UserError` when that cannot be done."""
        compiler = find_compiler(self.processes)
        if compiler is None:
            raise missing_error(missing_needs(None, self.processes), _distribution_ids())
        orders = self._orders(builds, compiler)
        lacking = [order for order in orders if not is_finished(order.entry)]
        if lacking:
            missing = missing_needs(compiler, self.processes)
            if missing:
                raise missing_error(missing, _distribution_ids())
            self._fulfil_side_by_side(lacking)
        return {order.build: order.executable for order in orders}

    def _orders(self, builds: Sequence[Build], compiler: Compiler) -> Sequence[Order]:
        tarballs = {build.version: self._tarball(build) for build in _one_a_version(builds)}

        def orders(*, optimised: bool) -> list[Order]:
            return [
                make_order(
                    build, tarballs[build.version], compiler, self.cache, optimised=optimised
                )
                for build in builds
            ]

        match self.build_kind:
            case BuildKind.OPTIMISED:
                return orders(optimised=True)
            case BuildKind.PLAIN:
                return orders(optimised=False)
            case BuildKind.OPTIMISED_IF_CACHED:
                cached = all(is_finished(order.entry) for order in orders(optimised=True))
                return orders(optimised=cached)

    def _tarball(self, build: Build) -> Tarball:
        if self.tarball:
            return named_tarball(self.tarball, build)
        return distribution_tarball(
            build, self.cache, processes=self.processes, progress=self.progress
        )

    def _fulfil_side_by_side(self, orders: Sequence[Order]) -> None:
        """All at once: what one does alone (configure, train) the others' compilers fill up."""
        jobs = len(os.sched_getaffinity(0)) // len(orders) + 1
        with ThreadPoolExecutor(len(orders)) as pool:
            tasks = [
                pool.submit(
                    fulfil, order, jobs=jobs, processes=self.processes, progress=self.progress
                )
                for order in orders
            ]
            try:
                for task in as_completed(tasks):
                    task.result()
            except BaseException:
                self.processes.close()  # or leaving the pool would wait for the other compilers
                raise


def _one_a_version(builds: Sequence[Build]) -> Sequence[Build]:
    return list({build.version: build for build in builds}.values())


def _distribution_ids() -> Sequence[str]:
    fields = os_release()
    return [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
