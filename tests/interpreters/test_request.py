"""A request is parsed whole, and its mistakes are named by their key."""

from dataclasses import asdict
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.request import Build, flags_of, request_from
from threads_or_processes.records.interpreter import (
    BuildKind,
    InterpreterRequest,
    ProviderName,
)
from threads_or_processes.records.plan import Arm

from tests.interpreters.builders import FREE, STANDARD, asked

ARM = Arm(name="3.13", version="3.13", free_threaded=False, gil=True)
#: As the workflow writes them.
TWICE = [asdict(ARM), asdict(ARM.compiled(2))]


def test_two_compilations_are_two_builds() -> None:
    request = request_from(asked(arms=TWICE))
    assert [build.name for build in request.builds] == ["3.13", "3.13-2"]
    assert [arm.name for arm in request.arms] == ["3.13", "3.13-2"]


def test_three_arms_need_two_builds() -> None:
    request = request_from(asked())
    assert request.builds == (STANDARD, FREE)
    assert [flags_of(arm) for arm in request.arms] == [(), (), ("-X", "gil=1")]


def test_what_is_left_out_has_a_default() -> None:
    request = request_from(asked())
    assert request.provider is ProviderName.AUTO
    assert request.build_kind is BuildKind.OPTIMISED
    assert request.tarball is None
    assert not request.paths
    assert request.requirements == ()


def test_requirements_are_in_order_and_each_once() -> None:
    request = request_from(asked(requirements=["six ", "polars==1.2", "six"]))
    assert request.requirements == ("polars==1.2", "six")


@pytest.mark.parametrize("version", ["3.14", "3.15", "3.14.2"])
def test_another_version_is_a_change_of_the_string_only(version: str) -> None:
    arm = Arm(name=f"{version}t-gil", version=version, free_threaded=True, gil=True)
    (build,) = request_from(InterpreterRequest(arms=(arm,))).builds
    assert build.name == f"{version}t"
    assert build.line == ".".join(version.split(".")[:2])


@pytest.mark.parametrize("name", ["3.13t", "3.13t-gil"])
def test_a_path_may_be_given_under_the_build_or_the_arm(name: str) -> None:
    request = request_from(asked(paths={name: "/opt/python3.13t"}))
    assert request.paths == {FREE: Path("/opt/python3.13t")}


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"paths": {"3.12": "/x"}}, "interpreters.paths.3.12", "is not used"),
        (
            {"paths": {"3.13t": "/x", "3.13t-gil": "/y"}},
            "interpreters.paths.3.13t-gil",
            "two paths are given for 3.13t",
        ),
        ({"requirements": ["six", "--index-url=x"]}, "requirements", "'--index-url=x' is not a"),
        ({"requirements": ["six\n-r x"]}, "requirements", "is not a requirement"),
        ({"requirements": [""]}, "requirements", "'' is not a requirement"),
        ({"provider": "uv", "paths": {"3.13": "/x"}}, "interpreters.provider", "does not use them"),
        ({"arms": TWICE, "provider": "uv"}, "interpreters.compilations", "not compiled here"),
        ({"arms": TWICE, "provider": "given"}, "interpreters.compilations", "not compiled here"),
        (
            {"arms": TWICE, "paths": {"3.13": "/x"}},
            "interpreters.compilations",
            "not compiled here",
        ),
    ],
)
def test_a_mistake_names_its_key(changes: dict[str, object], where: str, what: str) -> None:
    with pytest.raises(UserError, match=what) as caught:
        request_from(asked(**changes))
    assert caught.value.where == where
    assert caught.value.hint


@pytest.mark.parametrize(
    "arm",
    [
        Arm(name="x", version="2.7", free_threaded=False, gil=True),
        Arm(name="x", version="3.13", free_threaded=False, gil=False),
    ],
)
def test_an_arm_that_cannot_be_is_refused(arm: Arm) -> None:
    with pytest.raises(UserError, match="build x"):
        request_from(InterpreterRequest(arms=(arm,)))


@pytest.mark.parametrize(
    ("asked", "found", "fits"),
    [
        ("3.13", "3.13.5", True),
        ("3.13", "3.13.0rc1", True),
        ("3.1", "3.13.5", False),
        ("3.13", "3.14.0", False),
        ("3.13.1", "3.13.1", True),
        ("3.13.1", "3.13.15", False),
    ],
)
def test_a_line_accepts_its_patch_levels_and_an_exact_version_itself(
    asked: str, found: str, fits: bool
) -> None:
    assert Build(asked, free_threaded=False).accepts(found) is fits
