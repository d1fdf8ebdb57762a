"""`make env` where something is missing: one message, before anything is made."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: What any system has.
TOOLS = ("sh", "dirname", "sed", "mkdir", "rm", "touch", "cut")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with all that `tools/make-env` reads, and programs of its own in `bin`."""
    folder = tmp_path / "checkout"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / "tools/make-env", folder / "tools")
    shutil.copy(ROOT / "requirements.lock", folder)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        (tmp_path / "bin" / tool).symlink_to(str(shutil.which(tool)))
    return folder


def program(checkout: Path, name: str, script: str) -> None:
    """Put a program where the checkout finds it."""
    file = checkout.parent / "bin" / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def make_env(checkout: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run it with nothing from here."""
    return subprocess.run(
        ["tools/make-env"],
        cwd=checkout,
        env={
            "PATH": str(checkout.parent / "bin"),
            "HOME": str(checkout.parent),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def refused(checkout: Path, said: str, **environment: str) -> str:
    """Insist that nothing is made; returns what was said."""
    before = sorted(checkout.rglob("*"))
    done = make_env(checkout, **environment)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}"), done.stderr
    assert sorted(checkout.rglob("*")) == before
    return done.stderr


def test_a_colon_in_the_path_is_named(checkout: Path) -> None:
    moved = checkout.rename(checkout.with_name("a:b"))
    refused(moved, "the path of this project holds ':'")


def test_no_home_names_the_variable_that_helps(checkout: Path) -> None:
    assert "XDG_CACHE_HOME" in refused(checkout, "there is no place for caches", HOME="/proc/none")
    said = refused(checkout, "there is no place for caches", HOME="")
    assert "neither HOME nor XDG_CACHE_HOME is set" in said


def test_no_home_is_named_by_every_command_though_the_environment_is_there(checkout: Path) -> None:
    shutil.copy(ROOT / "Makefile", checkout)
    snakemake = checkout / ".venv/bin/snakemake"
    snakemake.parent.mkdir(parents=True)
    snakemake.write_text("#!/bin/sh\necho it runs\n")
    snakemake.chmod(0o755)
    (checkout / ".venv/.made-from-lock").touch()

    def report(home: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["make", "-s", "report"],
            cwd=checkout,
            env={"PATH": "/usr/bin:/bin", "HOME": home},
            capture_output=True,
            text=True,
            check=False,
        )

    assert report(str(checkout)).stdout == "it runs\n"
    lacking = report("/proc/none")
    assert lacking.returncode == 2
    assert lacking.stdout == ""
    assert lacking.stderr.startswith("error: there is no place for caches\n")
    assert "HOME or XDG_CACHE_HOME" in lacking.stderr


def test_without_python_or_pip_a_remedy_is_named(checkout: Path) -> None:
    assert "PYTHON=" in refused(checkout, "there is no python3")
    program(checkout, "python3", "exit 1")
    assert "python3-pip" in refused(checkout, "python3 has no pip")


def test_a_venv_that_is_a_link_is_replaced_and_its_target_left_alone(checkout: Path) -> None:
    other = checkout.parent / "other"
    other.mkdir()
    (other / "kept").touch()
    (checkout / ".venv").symlink_to(other)
    program(
        checkout,
        "uv",
        'for last; do :; done; [ "$1" = pip ] || { rm -rf .venv/*; mkdir -p .venv; }',
    )
    done = make_env(checkout)
    assert done.returncode == 0, done.stderr
    assert [one.name for one in other.iterdir()] == ["kept"]
    assert (checkout / ".venv/.made-from-lock").exists()
    assert not (checkout / ".venv").is_symlink()


@pytest.mark.parametrize(("variable", "said"), [("1", "1"), ("", "")])
def test_libraries_are_compiled_once_where_python_may_write_no_bytecode(
    checkout: Path, variable: str, said: str
) -> None:
    program(checkout, "uv", 'mkdir -p .venv; echo "$1 $UV_COMPILE_BYTECODE" >> said')
    done = make_env(checkout, PYTHONDONTWRITEBYTECODE=variable)
    assert done.returncode == 0, done.stderr
    assert (checkout / "said").read_text().splitlines()[-1] == f"pip {said}"


def test_make_hides_the_shell_s_modules_and_names_a_user_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "id").write_text('#!/bin/sh\n[ "$1" = -u ] && echo 12345\n')
    (tmp_path / "id").chmod(0o755)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    show = "@echo $${PYTHONPATH-none} $${PYTHONHOME-none} $$LOGNAME"
    printed = subprocess.run(
        ["make", "-s", "-f", "-", "print"],
        input=f"{makefile}\nprint:\n\t{show}\n",
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": "/evil", "PYTHONHOME": "/evil"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stdout.split() == ["none", "none", "12345"]


def test_make_help_names_every_command() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, flags=re.MULTILINE)
    told = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    named = [line.split("\t")[0] for line in told.splitlines()]
    assert sorted(named) == sorted(f"make {name}" for name in phony.split())
