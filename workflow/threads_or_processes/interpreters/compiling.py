"""One build of CPython: from a tarball to a finished cache entry, a line a stage."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.cache import filled
from threads_or_processes.interpreters.process import Processes, clean_environment, last_lines
from threads_or_processes.interpreters.progress import Progress
from threads_or_processes.interpreters.recipe import configure_options, content_key, stages
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.tarball import Tarball, unpack
from threads_or_processes.interpreters.toolchain import WANTED_MODULES, Compiler


@dataclass(frozen=True)
class Order:
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


def make_order(
    build: Build, tarball: Tarball, compiler: Compiler, cache: Path, *, optimised: bool
) -> Order:
    """Put an order together; its entry is named by what decides the result."""
    options = configure_options(build, optimised=optimised, compiler=compiler)
    key = content_key(tarball.sha256, options, optimised=optimised, compiler=compiler)
    kind = "optimised" if optimised else "plain"
    entry = cache / "builds" / f"{build.name}-{kind}-{key[:16]}"
    return Order(build, tarball, options, optimised, compiler, entry)


def fulfil(order: Order, *, jobs: int, processes: Processes, progress: Progress) -> None:
    """Make the build unless it is there, with `jobs` compilers at once.

    Raises `UserError` with the end of the compiler's output when it fails.
    """
    told = False

    def waiting() -> None:
        nonlocal told
        processes.check_open()
        if not told:
            progress.say(f"{order.build.name}: wait for another run that builds it")
            told = True

    def fill(entry: Path) -> Mapping[str, Any]:
        work = entry / "work"
        work.mkdir()
        tree = unpack(order.tarball, work)
        seconds: dict[str, int] = {}
        for stage in stages(
            order.options, optimised=order.optimised, prefix=str(order.prefix), jobs=jobs
        ):
            start_s = progress.clock_s()
            progress.say(f"{order.build.name}: {stage.title}")
            _run_stage(order, stage.title, stage.command, tree, processes)
            seconds[stage.title] = round(progress.clock_s() - start_s)
            progress.say(f"{order.build.name}: {stage.title} took {seconds[stage.title]} s")
        _check_modules(order, processes)
        shutil.rmtree(work)
        return {
            "build": order.build.name,
            "tarball_sha256": order.tarball.sha256,
            "configure_options": list(order.options),
            "compiler": order.compiler.version,
            "seconds": seconds,
        }

    filled(order.entry, fill, on_wait=waiting)


def _log(order: Order) -> Path:
    return order.entry / "build.log"


def _run_stage(
    order: Order, title: str, command: Sequence[str], tree: Path, processes: Processes
) -> None:
    log = _log(order)
    with log.open("ab") as stream:
        stream.write(f"\n== {title}: {' '.join(command)}\n".encode())
        stream.flush()
        status = processes.run_logged(command, cwd=tree, env=clean_environment(), log=stream)
    if status != 0:
        end = last_lines(log.read_text(encoding="utf-8", errors="replace"))
        raise UserError(
            f"building {order.build.name} failed at: {title}. The end of its output:\n{end}",
            where=str(log),
            hint="see the whole output there; fix it and run again, it starts clean",
        )


def _check_modules(order: Order, processes: Processes) -> None:
    """A build leaves out, and succeeds, what does not compile: look whether all is there."""
    program = f"import {', '.join(WANTED_MODULES)}"
    answer = processes.ask([str(order.executable), "-I", "-c", program])
    if answer.status != 0:
        raise UserError(
            f"{order.build.name} was built, but a module it needs does not import:\n"
            + last_lines(answer.stderr, 3),
            where=str(_log(order)),
            hint="install the library's headers for the same architecture, then run again",
        )
