"""uv's managed builds: downloaded, both kinds made by the same people in the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.interpreters.cache import facts, filled
from threads_or_processes.interpreters.process import (
    Answer,
    Processes,
    last_lines,
    network_environment,
)
from threads_or_processes.interpreters.progress import Progress
from threads_or_processes.interpreters.provider import CannotSupplyError
from threads_or_processes.interpreters.request import Build, ProviderName

# Where there is no network this must be known in seconds; a slow download may take its time.
_IMPATIENCE = {"UV_HTTP_CONNECT_TIMEOUT": "5", "UV_HTTP_TIMEOUT": "15", "UV_HTTP_RETRIES": "0"}
_DOWNLOAD_TIMEOUT_S = 900.0


@dataclass(frozen=True)
class ManagedProvider:
    """Lets uv install interpreters into `cache`, apart from those the user manages with uv."""

    cache: Path
    uv: Path
    processes: Processes
    progress: Progress
    name: ProviderName = ProviderName.UV

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        """Install all builds of a version together, once, so that they are of one patch level."""
        executables: dict[Build, Path] = {}
        for version in dict.fromkeys(build.version for build in builds):
            wanted = [build for build in builds if build.version == version]
            executables |= self._installed(wanted)
        return executables

    def _installed(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        names = [build.name for build in builds]

        def fill(entry: Path) -> Mapping[str, Any]:
            self.progress.say(f"{' and '.join(names)}: look for uv's managed builds")
            self._ask(["install", "--no-bin", *names], entry)
            return {name: self._find(name, entry) for name in names}

        entry = self.cache / "managed" / "+".join(names)
        filled(entry, fill, on_wait=self.processes.check_open)
        return {build: Path(facts(entry)[build.name]) for build in builds}

    def _find(self, name: str, entry: Path) -> str:
        found = self._ask(["find", "--managed-python", "--no-project", name], entry)
        return found.stdout.strip()

    def _ask(self, command: Sequence[str], entry: Path) -> Answer:
        env = network_environment(UV_PYTHON_INSTALL_DIR=str(entry), **_IMPATIENCE)
        answer = self.processes.ask(
            [str(self.uv), "python", *command], cwd=entry, env=env, timeout_s=_DOWNLOAD_TIMEOUT_S
        )
        if answer.status != 0:
            said = last_lines(answer.stderr, 1).strip()
            raise CannotSupplyError(said or f"uv ended with {answer.status}")
        return answer
