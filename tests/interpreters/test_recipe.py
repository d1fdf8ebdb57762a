"""The recipe: both kinds of build alike, and a key that changes with all that decides a result."""

from dataclasses import replace

import pytest
from threads_or_processes.interpreters.recipe import configure_options, content_key, stages
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.toolchain import Compiler

from tests.interpreters.builders import FREE, STANDARD

GCC = Compiler("gcc", "gcc (Debian 12.2.0-14) 12.2.0", "x86_64-linux-gnu")


@pytest.mark.parametrize("optimised", [True, False])
def test_the_free_threaded_build_differs_by_one_option(optimised: bool) -> None:
    standard = configure_options(STANDARD, optimised=optimised, compiler=GCC)
    free = configure_options(FREE, optimised=optimised, compiler=GCC)
    assert free == (*standard, "--disable-gil")


def commands(*, optimised: bool) -> list[tuple[str, ...]]:
    options = configure_options(STANDARD, optimised=optimised, compiler=GCC)
    steps = stages(options, optimised=optimised, prefix="/p", compilers=2)
    return [step.command for step in steps]


def test_an_optimised_build_is_trained_and_compiled_twice() -> None:
    configure, *others = commands(optimised=True)
    assert configure[:2] == ("./configure", "--prefix=/p")
    assert "--enable-optimizations" in configure
    assert any(option.startswith("PROFILE_TASK=") for option in configure)
    assert [command[-1] for command in others] == [
        "profile-gen-stamp",
        "profile-run-stamp",
        "-j2",
        "altinstall",
    ]
    assert {command[0] for command in others} == {"make"}


def test_a_plain_build_is_compiled_once_and_not_trained() -> None:
    configure, *others = commands(optimised=False)
    assert configure[:2] == ("./configure", "--prefix=/p")
    assert not any("PROFILE_TASK" in option or "optimi" in option for option in configure)
    assert [command[-1] for command in others] == ["-j2", "altinstall"]


def test_training_needs_no_test_that_waits_or_is_interrupted() -> None:
    (task,) = (
        o
        for o in configure_options(STANDARD, optimised=True, compiler=GCC)
        if o.startswith("PROFILE_TASK")
    )
    for test in ("test_signal", "test_subprocess", "test_socket", "test_threading", "test_time"):
        assert test not in task.split()


@pytest.mark.parametrize(("version", "is_left_out"), [("3.13", False), ("3.14.7", True)])
def test_a_case_that_fails_on_newer_versions_is_left_out_there(
    version: str, *, is_left_out: bool
) -> None:
    build = Build(version, free_threaded=True)
    options = configure_options(build, optimised=True, compiler=GCC)
    assert is_left_out == any("--ignore test_margin_is_sufficient test_" in one for one in options)


def test_every_ingredient_changes_the_key() -> None:
    def key(
        tarball: str = "a",
        compiler: Compiler = GCC,
        compilation: int = 1,
        *,
        free: bool,
        optimised: bool,
    ) -> str:
        build = FREE if free else STANDARD
        options = configure_options(build, optimised=optimised, compiler=compiler)
        return content_key(
            tarball, options, optimised=optimised, compiler=compiler, compilation=compilation
        )

    base = key(free=False, optimised=True)
    assert base == key(free=False, optimised=True)
    others = [
        key(free=True, optimised=True),
        key(free=False, optimised=False),
        key("b", free=False, optimised=True),
        key(compilation=2, free=False, optimised=True),
        key(compilation=3, free=False, optimised=True),
        key(compiler=replace(GCC, version="gcc 13"), free=False, optimised=True),
        key(compiler=replace(GCC, target="aarch64-linux-gnu"), free=False, optimised=True),
    ]
    assert len({base, *others}) == 1 + len(others)
