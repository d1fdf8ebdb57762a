"""Which provider supplies: the first that has every build, and never a mixture."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import sha256_file
from threads_or_processes.interpreters.process import Processes, Progress
from threads_or_processes.interpreters.program import program_sha256
from threads_or_processes.interpreters.providers import (
    CannotSupplyError,
    LocalPaths,
    UvBuilds,
    first_able,
    providers,
)
from threads_or_processes.interpreters.request import Build, fingerprints, request_from
from threads_or_processes.records.interpreter import ProviderName

from tests.interpreters.builders import FREE, STANDARD, asked, script
from tests.interpreters.test_request import TWICE

BOTH = (STANDARD, FREE)


@dataclass(frozen=True)
class FakeProvider:
    name: ProviderName
    reason: str = ""

    def supply(self, builds: Sequence[Build]) -> Mapping[Build, Path]:
        if self.reason:
            raise CannotSupplyError(self.reason)
        return {build: Path(f"/{self.name}/{build.name}") for build in builds}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["uv", "source"]),
        ({"paths": {"3.13": "/a", "3.13t": "/b"}}, ["given"]),
        ({"provider": "uv"}, ["uv"]),
        ({"provider": "conda"}, ["conda"]),
        ({"provider": "source"}, ["source"]),
        ({"provider": "given"}, ["given"]),
        ({"arms": TWICE}, ["source"]),
    ],
)
def test_paths_are_final_and_auto_tries_uv_before_building(
    changes: dict[str, object],
    expected: list[str],
    processes: Processes,
    progress: Progress,
) -> None:
    request = request_from(asked(**changes))
    tried = providers(request, Path("/cache"), Path("/uv"), processes, progress)
    assert [provider.name for provider in tried] == expected


def test_auto_tries_conda_only_where_a_tool_for_it_is_there(
    tmp_path: Path, processes: Processes, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path / "mamba", "true")
    tried = providers(request_from(asked()), tmp_path, Path("/uv"), processes, progress)
    assert [provider.name for provider in tried] == ["uv", "conda", "source"]


def test_the_next_provider_takes_over_and_one_line_says_why(
    progress: Progress, terminal: io.StringIO
) -> None:
    candidates = [FakeProvider(ProviderName.UV, "no network"), FakeProvider(ProviderName.SOURCE)]
    name, executables = first_able(candidates, BOTH, progress)
    assert name is ProviderName.SOURCE
    assert executables == {STANDARD: Path("/source/3.13"), FREE: Path("/source/3.13t")}
    (line,) = terminal.getvalue().splitlines()
    assert line == (
        "[0:00] interpreters are taken from the cache, or compiled here: "
        "provider uv cannot supply every build (no network)"
    )


def test_when_none_can_supply_every_reason_is_told(progress: Progress) -> None:
    candidates = [
        FakeProvider(ProviderName.UV, "no network"),
        FakeProvider(ProviderName.SOURCE, "no source"),
    ]
    with pytest.raises(UserError, match="uv: no network; source: no source"):
        first_able(candidates, BOTH, progress)


def test_a_path_for_one_build_only_is_an_error_and_not_a_mixture() -> None:
    with pytest.raises(UserError, match=r"names no executable for 3\.13t") as caught:
        LocalPaths({STANDARD: Path("/python3.13")}).supply(BOTH)
    assert caught.value.where == "interpreters.paths"


FAKE_UV = """
echo "$@" >> {log}
case "$2" in
    install) echo "$UV_HTTP_CONNECT_TIMEOUT $UV_HTTP_TIMEOUT" >> {log}; {install} ;;
    find) for name; do :; done; echo "$UV_PYTHON_INSTALL_DIR/$name/bin/python" ;;
esac
"""


def managed(
    tmp_path: Path, install: str, processes: Processes, terminal: io.StringIO | None = None
) -> UvBuilds:
    uv = script(tmp_path / "uv", FAKE_UV.format(log=tmp_path / "log", install=install))
    return UvBuilds(tmp_path / "cache", uv, processes, Progress(stream=terminal or io.StringIO()))


def test_uv_installs_both_builds_at_once_and_only_once_with_the_users_patience(
    tmp_path: Path,
    processes: Processes,
    terminal: io.StringIO,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "300")
    provider = managed(tmp_path, "true", processes, terminal)
    executables = provider.supply(BOTH)
    folder = tmp_path / "cache" / "managed" / "3.13+3.13t"
    assert executables == {
        STANDARD: folder / "3.13" / "bin" / "python",
        FREE: folder / "3.13t" / "bin" / "python",
    }
    assert "taken from the cache" not in terminal.getvalue()
    assert provider.supply(BOTH) == executables
    assert "3.13 and 3.13t: taken from the cache\n" in terminal.getvalue()
    commands = (tmp_path / "log").read_text().splitlines()
    assert [line for line in commands if "install" in line] == [
        "python install --no-bin 3.13 3.13t"
    ]
    assert "5 300" in commands


def test_uv_without_a_network_cannot_supply_and_says_why(
    tmp_path: Path, processes: Processes
) -> None:
    install = "echo error: long story >&2; echo '  cause: no route' >&2; exit 2"
    with pytest.raises(CannotSupplyError, match=r"^no route$"):
        managed(tmp_path, install, processes).supply(BOTH)


def test_a_changed_executable_has_another_fingerprint(tmp_path: Path) -> None:
    real = script(tmp_path / "real", "exit 0")
    (tmp_path / "link").symlink_to(real)
    before = fingerprints({"interpreters.tarball": str(tmp_path / "link")})
    assert before == {"interpreters.tarball": sha256_file(real)}
    script(real, "exit 1")
    assert fingerprints({"interpreters.tarball": str(tmp_path / "link")}) != before


def test_a_changed_library_of_an_executable_has_another_fingerprint(tmp_path: Path) -> None:
    library = tmp_path / "libpython3.13.so.1.0"
    library.write_bytes(b"old")
    stub = script(tmp_path / "stub", f"echo {library}  # libpython3.13.so.1.0")
    named = {"interpreters.paths.3.13": str(stub)}
    before = fingerprints(named, program_sha256)
    assert fingerprints(named, program_sha256) == before
    library.write_bytes(b"new")
    assert fingerprints(named, program_sha256) != before
    plain = script(tmp_path / "plain", "exit 1")
    assert program_sha256(plain) == sha256_file(plain)


def test_a_path_below_no_home_is_named() -> None:
    with pytest.raises(UserError, match="below a home that does not exist") as caught:
        request_from(asked(paths={"3.13": "~nobody-of-that-name/python", "3.13t": "/x"}))
    assert caught.value.where == "interpreters.paths.3.13"


def test_a_path_that_is_not_there_has_no_fingerprint(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        fingerprints({"interpreters.paths.3.13t": str(tmp_path / "nothing")})
    assert caught.value.where == "interpreters.paths.3.13t"
