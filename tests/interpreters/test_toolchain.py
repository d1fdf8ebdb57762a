"""What a build needs is looked for before it starts, and named when it is not there."""

from pathlib import Path

import pytest
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.toolchain import (
    COMPILER,
    HEADERS,
    Compiler,
    Need,
    find_compiler,
    missing_error,
    missing_needs,
)

from tests.interpreters.builders import script


def test_missing_packages_are_named_with_the_command_that_installs_them() -> None:
    error = missing_error((Need("zlib.h", "zlib1g-dev"), Need("ffi.h", "libffi-dev")), ["debian"])
    assert "zlib.h, ffi.h" in error.what
    assert error.hint.startswith("as root: apt-get install zlib1g-dev libffi-dev;")


@pytest.mark.parametrize("ids", [["ubuntu", "debian"], ["linuxmint", "ubuntu", "debian"]])
def test_derived_distributions_get_the_command_too(ids: list[str]) -> None:
    assert "apt-get install gcc" in missing_error((COMPILER,), ids).hint


def test_elsewhere_the_headers_are_named() -> None:
    error = missing_error((Need("zlib.h", "zlib1g-dev"),), ["fedora"])
    assert "zlib.h" in error.what
    assert "apt-get" not in error.hint


def test_without_a_compiler_all_headers_are_asked_for_at_once(processes: Processes) -> None:
    missing = missing_needs(None, processes)
    assert missing[0] is COMPILER
    assert set(HEADERS) <= set(missing)


def test_only_the_header_that_is_not_there_is_missing(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "gcc", 'case "$*" in *lzma.h*) exit 1 ;; *-dumpmachine) echo toy ;; esac')
    script(tmp_path / "make", "true")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    compiler = find_compiler(processes)
    assert compiler == Compiler("gcc", "", "toy")
    assert [need.package for need in missing_needs(compiler, processes)] == ["liblzma-dev"]
