"""Interpreters packed here and unpacked elsewhere: the same binaries, and nothing else used."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from threads_or_processes.common.decoding import read_as
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters import parcel
from threads_or_processes.interpreters.cache import default_cache
from threads_or_processes.interpreters.parcel import pack, unpack
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.interpreter import Identity, without_place

ARM = parse_arm("3.13")


@pytest.fixture(scope="module")
def packed(interpreters: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Identity, Path]:
    """The identity of an interpreter, and a parcel with it."""
    identity = read_as(interpreters / "3.13.json", Identity)
    file = tmp_path_factory.mktemp("parcel") / "interpreters.tar"
    pack({"3.13": identity}, default_cache(), file)
    return identity, file


def test_an_unpacked_interpreter_is_the_same_at_another_place(
    packed: tuple[Identity, Path], tmp_path: Path
) -> None:
    identity, file = packed
    found = unpack(file, [ARM], tmp_path)["3.13"]
    assert without_place(found) == without_place(identity)
    python = Path(found["executable"])
    program = (
        "import sys, os, numpy; print(os.__file__, numpy.__file__, sys.base_prefix, sep='\\n')"
    )
    said = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True)
    for place in [str(python.resolve()), *said.stdout.split()]:
        assert Path(place).is_relative_to(tmp_path)
    assert unpack(file, [ARM], tmp_path)["3.13"] == found


def a_program(folder: Path) -> Identity:
    """The identity of an interpreter in a cache, which the C library of this machine refuses."""
    python = folder / "cache/builds/abc/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho \"version 'GLIBC_2.99' not found\" >&2; exit 1\n")
    python.chmod(0o755)
    return cast(
        "Identity", {"executable": str(python), "provider": "source", "lock_sha256": "0" * 64}
    )


def test_an_interpreter_that_does_not_start_where_it_is_unpacked_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "interpreters.tar"
    pack({"3.13": a_program(tmp_path)}, tmp_path / "cache", file)
    with pytest.raises(UserError, match=r"3\.13 does not run here.*GLIBC_2\.99") as refused:
        unpack(file, [ARM], tmp_path / "local")
    assert "on_node" in refused.value.hint
    assert "local" in refused.value.where


def test_an_interpreter_of_the_config_that_is_missing_there_is_named(tmp_path: Path) -> None:
    file, identity = tmp_path / "interpreters.tar", a_program(tmp_path)
    pack({"3.13": identity}, tmp_path / "another-cache", file)
    Path(identity["executable"]).unlink()
    with pytest.raises(UserError, match="is not on this machine") as refused:
        unpack(file, [ARM], tmp_path / "local")
    assert refused.value.where == identity["executable"]
    assert "interpreters.paths" in refused.value.hint


def test_an_interpreter_that_differs_where_it_is_unpacked_is_refused(
    packed: tuple[Identity, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, file = packed

    def another(*_: object) -> Any:
        return {**identity, "version": "3.13.0"}

    monkeypatch.setattr(parcel, "identify", another)
    with pytest.raises(UserError, match="differs here in version") as refused:
        unpack(file, [replace(ARM)], tmp_path)
    assert "on_node" in refused.value.hint
