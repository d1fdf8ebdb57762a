"""An identity says how a build was made, and its digest covers all but where it lies."""

from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.interpreters.identity import (
    identity_from,
    is_link_time_optimised,
    is_profile_guided,
    without_install_paths,
)
from threads_or_processes.interpreters.inspection import InterpreterInfo
from threads_or_processes.records.interpreter import ProviderName
from threads_or_processes.records.plan import Arm

from tests.interpreters.builders import identity
from tests.interpreters.test_inspection import ANSWERS


def answers(**changes: object) -> InterpreterInfo:
    return InterpreterInfo(**(ANSWERS | {"gil_culprits": ()} | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"config_args": "'--enable-optimizations' '--with-lto'"}, True),
        ({"config_args": "'--disable-optimizations-of-mine'"}, False),
        ({"core_cflags": "-O3 -fprofile-use -fprofile-correction"}, True),
        ({"cflags": "-O3 -fprofile-instr-use=code.profclangd"}, True),
        ({"cflags": "-O3"}, False),
    ],
)
def test_profile_guided_by_option_or_by_flag(changes: dict[str, str], expected: bool) -> None:
    assert is_profile_guided(answers(**changes)) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"config_args": "--with-lto"}, True),
        ({"config_args": "'--with-lto=thin'"}, True),
        ({"config_args": "--with-lto=no"}, False),
        ({"config_args": "--without-lto"}, False),
        ({"core_cflags": "-flto=auto"}, True),
        ({}, False),
    ],
)
def test_link_time_optimised_by_option_or_by_flag(changes: dict[str, str], expected: bool) -> None:
    assert is_link_time_optimised(answers(**changes)) is expected


def test_where_a_build_is_installed_is_not_what_it_is() -> None:
    args = "--prefix=/home/someone/x 'PROFILE_TASK=-m test --pgo test_re' --disable-gil"
    assert without_install_paths(args) == "'PROFILE_TASK=-m test --pgo test_re' --disable-gil"


def test_an_interpreters_answers_become_an_identity() -> None:
    arm = Arm(name="3.13t-gil", version="3.13", free_threaded=True, gil=True)
    found = identity_from(
        arm,
        ProviderName.SOURCE,
        answers(
            config_args="--enable-optimizations", gil_before_imports=True, libraries={"a": "1"}
        ),
        executable=Path("/env/python"),
        executable_sha256="e" * 64,
        lock_sha256="f" * 64,
    )
    assert (found["arm"], found["provider"], found["executable"]) == (
        "3.13t-gil",
        "source",
        "/env/python",
    )
    assert found["flags"] == ["-X", "gil=1"]
    assert (found["optimisation"], found["pgo"], found["gil_enabled"]) == ("optimised", True, True)
    assert found["libraries"] == {"a": "1"}


def test_the_digest_covers_every_field_but_the_path() -> None:
    base = identity()
    assert identity(executable="/elsewhere")["identity_sha256"] == base["identity_sha256"]
    for name, value in base.items():
        if name not in ("executable", "identity_sha256"):
            changed: Any = not value if isinstance(value, bool) else "changed"
            other = identity(**({"arm": "3.13"} | {name: changed}))
            assert other["identity_sha256"] != base["identity_sha256"], name
