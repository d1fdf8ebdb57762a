"""CPython compiled here: all builds from one tarball, one compiler, one recipe, side by side."""

import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.cache import get_or_make, is_finished
from threads_or_processes.interpreters.process import (
    Processes,
    Progress,
    clean_environment,
    last_lines,
)
from threads_or_processes.interpreters.recipe import (
    LINKED_OBJECTS,
    configure_options,
    content_key,
    stages,
)
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.tarball import (
    Tarball,
    distribution_tarball,
    named_tarball,
    os_release,
    unpack,
)
from threads_or_processes.interpreters.toolchain import (
    WANTED_MODULES,
    Compiler,
    find_compiler,
    missing_error,
    missing_needs,
)
from threads_or_processes.records.interpreter import BuildKind, ProviderName


@dataclass(frozen=True)
class BuildJob:
    """A build to make, and all that decides its result; `entry` is its place in the cache."""

    build: Build
    tarball: Tarball
    options: tuple[str, ...]
    optimised: bool
    compiler: Compiler
    entry: Path

    @property
    def prefix(self) -> Path:
        """Where it is installed."""
        return self.entry / "prefix"

    @property
    def executable(self) -> Path:
        """The interpreter, once made."""
        suffix = "t" if self.build.free_threaded else ""
        return self.prefix / "bin" / f"python{self.build.line}{suffix}"


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
        jobs = self._jobs(builds, compiler)
        lacking = [job for job in jobs if not is_finished(job.entry)]
        if held := [job.build.name for job in jobs if job not in lacking]:
            self.progress.say(f"{' and '.join(held)}: taken from the cache")
        if lacking:
            missing = missing_needs(compiler, self.processes)
            if missing:
                raise missing_error(missing, _distribution_ids())
            self._run_side_by_side(lacking)
        return {job.build: job.executable for job in jobs}

    def _jobs(self, builds: Sequence[Build], compiler: Compiler) -> Sequence[BuildJob]:
        tarballs = {build.version: self._tarball(build) for build in _one_a_version(builds)}

        def jobs_of(*, optimised: bool) -> list[BuildJob]:
            return [
                make_job(build, tarballs[build.version], compiler, self.cache, optimised=optimised)
                for build in builds
            ]

        match self.build_kind:
            case BuildKind.OPTIMISED:
                return jobs_of(optimised=True)
            case BuildKind.PLAIN:
                return jobs_of(optimised=False)
            case BuildKind.OPTIMISED_IF_CACHED:
                cached = all(is_finished(job.entry) for job in jobs_of(optimised=True))
                return jobs_of(optimised=cached)

    def _tarball(self, build: Build) -> Tarball:
        if self.tarball:
            return named_tarball(self.tarball, build)
        return distribution_tarball(
            build, self.cache, processes=self.processes, progress=self.progress
        )

    def _run_side_by_side(self, jobs: Sequence[BuildJob]) -> None:
        """All at once: while one configures or trains on one CPU, the others compile."""
        has_affinity = hasattr(os, "sched_getaffinity")  # macOS does not
        cpus = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
        compilers = cpus // len(jobs) + 1
        with ThreadPoolExecutor(len(jobs)) as pool:
            run = partial(
                run_job, compilers=compilers, processes=self.processes, progress=self.progress
            )
            tasks = [pool.submit(run, job) for job in jobs]
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


def make_job(
    build: Build, tarball: Tarball, compiler: Compiler, cache: Path, *, optimised: bool
) -> BuildJob:
    """Put a job together; its cache entry is named by what decides the result."""
    options = configure_options(build, optimised=optimised, compiler=compiler)
    key = content_key(
        tarball.sha256,
        options,
        optimised=optimised,
        compiler=compiler,
        compilation=build.compilation,
    )
    kind = "optimised" if optimised else "plain"
    entry = cache / "builds" / f"{build.name}-{kind}-{key[:16]}"
    return BuildJob(build, tarball, options, optimised, compiler, entry)


def run_job(job: BuildJob, *, compilers: int, processes: Processes, progress: Progress) -> None:
    """Make the build unless it is there, with so many compilers at once.

    Raises `UserError` with the end of the compiler's output when it fails.
    """
    is_told = False

    def waiting() -> None:
        nonlocal is_told
        processes.check_open()
        if not is_told:
            progress.say(f"{job.build.name}: wait for another run that builds it")
            is_told = True

    def fill(entry: Path) -> Mapping[str, Any]:
        work = entry / "work"
        work.mkdir()
        tree = unpack(job.tarball, work)
        _check_link_order(job, tree)
        seconds: dict[str, int] = {}
        for stage in stages(
            job.options,
            optimised=job.optimised,
            prefix=str(job.prefix),
            compilers=compilers,
            compilation=job.build.compilation,
        ):
            start_s = progress.clock_s()
            progress.say(f"{job.build.name}: {stage.title}")
            _run_stage(job, stage.title, stage.command, tree, processes, progress)
            seconds[stage.title] = round(progress.clock_s() - start_s)
            progress.say(f"{job.build.name}: {stage.title} took {seconds[stage.title]} s")
        _check_modules(job, processes)
        shutil.rmtree(work)
        return {
            "build": job.build.name,
            "tarball_sha256": job.tarball.sha256,
            "configure_options": list(job.options),
            "compiler": job.compiler.version,
            "seconds": seconds,
        }

    get_or_make(job.entry, fill, on_wait=waiting)


def _check_link_order(job: BuildJob, tree: Path) -> None:
    """Make would take no notice of a variable that this source doesn't know."""
    makefile = (tree / "Makefile.pre.in").read_text(encoding="utf-8")
    if job.build.compilation > 1 and f"\n{LINKED_OBJECTS}=" not in makefile:
        raise UserError(
            f"the Makefile of Python {job.build.version} lets nobody choose the link order",
            where="interpreters.compilations",
            hint="set it to 1, or leave out this version",
        )


def _log(job: BuildJob) -> Path:
    return job.entry / "build.log"


def _run_stage(
    job: BuildJob,
    title: str,
    command: Sequence[str],
    tree: Path,
    processes: Processes,
    progress: Progress,
) -> None:
    log = _log(job)
    with log.open("ab") as stream:
        stream.write(f"\n== {title}: {' '.join(command)}\n".encode())
        stream.flush()
        status = processes.run_logged(
            command,
            cwd=tree,
            env=clean_environment(),
            log=stream,
            still_running=lambda: progress.say(f"{job.build.name}: {title}, still running"),
        )
    if status != 0:
        end = last_lines(log.read_text(encoding="utf-8", errors="replace"))
        raise UserError(
            f"building {job.build.name} failed at: {title}. The end of its output:\n{end}",
            where=str(log),
            hint="see the full log; fix the problem and run again (the build starts over)",
        )


def _check_modules(job: BuildJob, processes: Processes) -> None:
    """A build succeeds without the modules that do not compile, so import those we need."""
    program = f"import {', '.join(WANTED_MODULES)}"
    answer = processes.run([str(job.executable), "-I", "-c", program])
    if answer.status != 0:
        raise UserError(
            f"{job.build.name} was built, but a module it needs does not import:\n"
            + last_lines(answer.stderr, 3),
            where=str(_log(job)),
            hint="install the library's headers for the same architecture, then run again",
        )
