"""Interpreters packed here and unpacked elsewhere: the same binaries, and nothing else used."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

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
