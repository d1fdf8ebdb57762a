"""A user's requirements are pinned once, are the same in every arm, and disturb no other run."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.environment import find_uv, make_environment
from threads_or_processes.interpreters.inspection import check_gil_stays_off, inspect_with_libraries
from threads_or_processes.interpreters.process import Processes
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.requirements import Libraries, local_files, pin

from tests.interpreters.builders import FREE, STANDARD, request_value
from tests.interpreters.wheels import locked, source_release, wheel

ROOT = Path(__file__).parents[2]
PLATFORM = sysconfig.get_platform().replace("-", "_")


class Workshop:
    """A folder of wheels that is the only package index, a lock of one of them, and a cache."""

    def __init__(
        self, folder: Path, executables: Mapping[Build, Path], processes: Processes
    ) -> None:
        self.index = folder / "index"
        self.lock = folder / "arm.lock"
        self.cache = folder / "cache"
        self.executables = executables
        self.processes = processes
        self.lock.write_text(locked(wheel(self.index, "base")))

    def pin(self, *requirements: str, cache: str = "") -> Libraries:
        return pin(
            requirements,
            self.executables,
            lock=self.lock,
            cache=self.cache / cache,
            uv=find_uv(),
            processes=self.processes,
        )

    def python(self, build: Build, libraries: Libraries) -> Path:
        return make_environment(
            build,
            self.executables[build],
            libraries=libraries,
            cache=self.cache,
            uv=find_uv(),
            processes=self.processes,
        ).python

    def libraries_in(self, build: Build, libraries: Libraries) -> dict[str, str]:
        python = self.python(build, libraries)
        return inspect_with_libraries(build, python, "here", self.processes).libraries


@pytest.fixture
def workshop(
    tmp_path: Path,
    identities: dict[str, dict[str, Any]],
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
) -> Workshop:
    real = {
        build: Path(identities[build.name]["executable"]).resolve() for build in (STANDARD, FREE)
    }
    made = Workshop(tmp_path, real, processes)
    for variable, value in {
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(made.index),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
    }.items():
        monkeypatch.setenv(variable, value)
    return made


def test_requirements_and_all_they_need_are_the_same_in_every_arm(workshop: Workshop) -> None:
    wheel(workshop.index, "toy", needs="helper")
    wheel(workshop.index, "helper", "2.5")
    plain, libraries = workshop.pin(), workshop.pin("toy")
    for build in (STANDARD, FREE):
        assert workshop.libraries_in(build, plain) == {"base": "1.0"}
        assert workshop.libraries_in(build, libraries) == {
            "base": "1.0",
            "helper": "2.5",
            "toy": "1.0",
        }
    assert workshop.python(FREE, plain) != workshop.python(FREE, libraries)
    assert libraries.sha256 != plain.sha256


def test_what_was_pinned_stays_though_a_newer_version_appears(workshop: Workshop) -> None:
    wheel(workshop.index, "toy")
    first = workshop.pin("toy")
    wheel(workshop.index, "toy", "2.0")
    assert workshop.pin("toy") == first
    newly = workshop.pin("toy", cache="another")
    assert newly.pins is not None
    assert "toy==2.0" in newly.pins.read_text()
    assert newly.sha256 != first.sha256


def test_a_local_wheel_is_known_by_its_content_and_not_by_its_folder(workshop: Workshop) -> None:
    def pinned(folder: str, text: str) -> Libraries:
        path = wheel(workshop.cache / folder, "toy", modules={"toy": text})
        return workshop.pin(f"toy @ {path.as_uri()}")

    first = pinned("here", "x = 1")
    assert pinned("else where", "x = 1").sha256 == first.sha256
    changed = pinned("here", "x = 2")
    assert changed.sha256 != first.sha256
    assert workshop.libraries_in(FREE, changed) == {"base": "1.0", "toy": "1.0"}


@pytest.mark.parametrize(
    ("requirement", "said", "hint"),
    [
        ("no_such_thing", "no_such_thing cannot be installed for 3.13t", "check its name"),
        ("toy==99", "toy==99 cannot be installed for 3.13t", "check its name"),
        ("toy=1", "no such comparison operator", "check its name"),
        ("base==2.0", "base==2.0 cannot be installed for 3.13t", "every build has base==1.0 "),
        ("clashing", "clashing cannot be installed for 3.13t", "every build has base==1.0 "),
        ("needy", "needy cannot be installed for 3.13t", "check its name"),
        ("gil_only", "gil_only cannot be installed for 3.13t", "a wheel for 3.13t"),
        ("toy @ file:///nowhere/toy.whl", "/nowhere/toy.whl cannot be read", "name a file"),
    ],
)
def test_a_requirement_that_cannot_be_had_is_named(
    workshop: Workshop, requirement: str, said: str, hint: str
) -> None:
    wheel(workshop.index, "toy")
    wheel(workshop.index, "innocent")
    wheel(workshop.index, "base", "2.0")
    wheel(workshop.index, "clashing", needs="base>=2")
    wheel(workshop.index, "needy", needs="nowhere-to-be-found")
    wheel(workshop.index, "gil_only", tag=f"cp313-cp313-{PLATFORM}")
    with pytest.raises(UserError) as caught:
        workshop.pin("innocent", requirement)
    assert said in caught.value.what
    assert "innocent" not in caught.value.what.partition("\n")[0]
    assert caught.value.where.startswith("requirements")
    assert hint in caught.value.hint


def test_an_older_version_that_need_not_be_compiled_is_taken(workshop: Workshop) -> None:
    wheel(workshop.index, "toy", "1.0")
    source_release(workshop.index, "toy", "2.0")
    source_release(workshop.index, "other", "3.0")
    pins = workshop.pin("toy").pins
    assert pins
    assert "toy==1.0" in pins.read_text()
    pins = workshop.pin("other").pins
    assert pins
    assert "other==3.0" in pins.read_text()


def test_a_library_compiled_here_is_not_the_published_one(workshop: Workshop) -> None:
    made = wheel(workshop.index, "toy", tag=f"cp313-cp313t-{PLATFORM}")
    manylinux = PLATFORM.replace("linux", "manylinux_2_17")
    published = wheel(workshop.index, "toy", tag=f"cp313-cp313-{manylinux}")
    pins = workshop.cache / "pins"
    pins.parent.mkdir()
    pins.write_text(
        locked(made).rstrip() + " \\\n    --hash=" + locked(published).partition("--hash=")[2]
    )
    libraries = Libraries(workshop.lock, ("toy",), pins)
    versions = [workshop.libraries_in(build, libraries)["toy"] for build in (STANDARD, FREE)]
    assert versions == ["1.0", "1.0 (compiled here)"]


def test_a_requirement_that_cannot_be_installed_names_the_arm(workshop: Workshop) -> None:
    wheel(workshop.index, "free_only", tag=f"cp313-cp313t-{PLATFORM}")
    wheel(workshop.index, "toy")
    libraries = workshop.pin("free_only", "toy")
    assert "free_only" in workshop.libraries_in(FREE, libraries)
    with pytest.raises(
        UserError, match=r"^free_only cannot be installed for 3\.13: uv said"
    ) as caught:
        workshop.python(STANDARD, libraries)
    assert "leave it out, or the builds of 3.13" in caught.value.hint


def test_pins_that_lack_what_one_arm_needs_are_refused(workshop: Workshop) -> None:
    pins = workshop.cache / "pins"
    pins.parent.mkdir()
    pins.write_text(locked(wheel(workshop.index, "toy", needs="helper")))
    with pytest.raises(UserError, match="requires `helper`"):
        workshop.python(STANDARD, Libraries(workshop.lock, ("toy",), pins))


def test_code_without_a_hash_is_refused(workshop: Workshop, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "toy"\nversion = "1.0"\n')
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    for command in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "toy"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    with pytest.raises(UserError, match="toy has no hash") as caught:
        workshop.pin(f"toy @ git+{project.as_uri()}")
    assert "build a wheel" in caught.value.hint


def test_a_module_that_talks_or_lacks_something_does_no_harm(workshop: Workshop) -> None:
    modules = {"toy": "print('hello')", "toy_tests": "import what_is_not_installed"}
    wheel(workshop.index, "toy", modules=modules)
    assert "toy" in workshop.libraries_in(STANDARD, workshop.pin("toy"))


def test_a_requirement_that_does_not_import_is_named(workshop: Workshop) -> None:
    wheel(workshop.index, "toy", modules={"toy": "raise SystemExit('no display')"})
    python = workshop.python(FREE, workshop.pin("toy"))
    with pytest.raises(UserError, match=r"in 3\.13t: toy: SystemExit: no display"):
        check_gil_stays_off(FREE, python, "here", workshop.processes)


def test_a_requirement_for_another_python_only_is_refused(workshop: Workshop) -> None:
    wheel(workshop.index, "toy")
    with pytest.raises(UserError, match=r"ask for nothing on Python 3\.13t") as caught:
        workshop.pin("toy; python_version<'3'")
    assert "marker" in caught.value.hint


def test_an_environment_whose_interpreter_is_gone_is_named_and_made_again(
    workshop: Workshop,
) -> None:
    libraries = workshop.pin()
    python = workshop.python(STANDARD, libraries)
    python.unlink()
    python.symlink_to("/nowhere/python3.13")  # as where the cache was moved
    with pytest.raises(UserError, match="a library does not import") as caught:
        workshop.libraries_in(STANDARD, libraries)
    (entry,) = (workshop.cache / "environments").glob("3.13-*/")
    assert caught.value.hint.startswith(f"delete {entry} and run again")
    shutil.rmtree(entry)
    assert workshop.libraries_in(STANDARD, libraries) == {"base": "1.0"}


def test_local_files_are_found_by_requirement() -> None:
    found = local_files(["toy @ file:///a%20b/toy.whl", "six", "other@file:///c.tar.gz ; x"])
    assert list(found.values()) == ["/a b/toy.whl", "/c.tar.gz"]


def test_the_command_furnishes_every_arm(
    identities: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    toy = wheel(tmp_path, "toy")
    paths = {build: identities[build]["executable"] for build in ("3.13", "3.13t")}
    request = request_value(paths=paths, requirements=[f"toy @ {toy.as_uri()}"])
    out = tmp_path / "out"
    arguments = ["--request", json.dumps(request), "--out", str(out)]
    subprocess.run(
        [sys.executable, "-m", "threads_or_processes.interpreters", *arguments],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        check=True,
    )
    for arm, plain in identities.items():
        found = json.loads((out / f"{arm}.json").read_text(encoding="utf-8"))
        assert found["libraries"] == {**plain["libraries"], "toy": "1.0"}
        assert found["lock_sha256"] != plain["lock_sha256"]
    assert json.loads((out / "parity.json").read_text(encoding="utf-8"))["verdict"] == "match"
