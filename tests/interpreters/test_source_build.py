"""The source provider, with a toy in place of CPython: cached, clean, and never half used."""

import io
import os
import signal
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters import process
from threads_or_processes.interpreters.cache import is_finished
from threads_or_processes.interpreters.process import Processes, Progress
from threads_or_processes.interpreters.request import Build
from threads_or_processes.interpreters.source_build import SourceProvider
from threads_or_processes.records.interpreter import BuildKind

from tests.interpreters.builders import FREE, STANDARD, open_processes, toy_source
from tests.interpreters.waiting import is_running, wait_until, written

ROOT = Path(__file__).parents[2]
BOTH = (STANDARD, FREE)
STAGES = (
    "configure",
    "compile for training",
    "train",
    "compile again, with the profile",
    "install",
)


def supply(
    cache: Path,
    tarball: Path,
    kind: BuildKind = BuildKind.PLAIN,
    terminal: io.StringIO | None = None,
) -> dict[Build, Path]:
    """Run the provider as a new run would."""
    with open_processes() as processes:
        progress = Progress(stream=terminal or io.StringIO(), clock_s=lambda: 0.0)
        provider = SourceProvider(cache, tarball, kind, processes, progress)
        return dict(provider.supply(BOTH))


def entries(cache: Path) -> list[str]:
    """The kinds of the finished builds in the cache, such as `3.13t-plain`."""
    folders = [path for path in (cache / "builds").iterdir() if is_finished(path)]
    return sorted(path.name.rpartition("-")[0] for path in folders)


def test_both_builds_come_from_one_tarball_and_run(tmp_path: Path) -> None:
    executables = supply(tmp_path / "cache", toy_source(tmp_path / "toy"))
    assert executables[STANDARD].name == "python3.13"
    assert executables[FREE].name == "python3.13t"
    for executable in executables.values():
        assert subprocess.check_output([executable, "-c", "print(6 * 7)"], text=True) == "42\n"


def test_a_second_run_builds_nothing_and_says_so(tmp_path: Path, terminal: io.StringIO) -> None:
    tarball = toy_source(tmp_path / "toy")
    first = supply(tmp_path / "cache", tarball)
    assert supply(tmp_path / "cache", tarball, terminal=terminal) == first
    assert terminal.getvalue() == "[0:00] 3.13 and 3.13t: taken from the cache\n"


def test_each_stage_of_each_build_is_shown(tmp_path: Path, terminal: io.StringIO) -> None:
    supply(tmp_path / "cache", toy_source(tmp_path / "toy"), BuildKind.OPTIMISED, terminal)
    shown = terminal.getvalue()
    for build in ("3.13", "3.13t"):
        for stage in STAGES:
            assert f"[0:00] {build}: {stage}" in shown
            assert f"[0:00] {build}: {stage} took 0 s" in shown


def test_a_long_stage_says_that_it_still_runs(
    tmp_path: Path, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "SIGN_OF_LIFE_S", 0.001)
    supply(tmp_path / "cache", toy_source(tmp_path), terminal=terminal)
    assert "3.13t: compile, still running" in terminal.getvalue()


def test_the_source_tree_is_deleted_and_the_compilers_output_kept(tmp_path: Path) -> None:
    executable = supply(tmp_path / "cache", toy_source(tmp_path / "toy"))[FREE]
    entry = executable.parents[2]
    assert not (entry / "work").exists()
    log = (entry / "build.log").read_text()
    assert "== configure: ./configure --prefix=" in log
    assert "--disable-gil" in log
    assert "checking for a toy... yes" in log


def test_another_tarball_is_another_build(tmp_path: Path) -> None:
    first = supply(tmp_path / "cache", toy_source(tmp_path / "toy"))
    second = supply(tmp_path / "cache", toy_source(tmp_path / "toy2", version="3.13.10"))
    assert not set(first.values()) & set(second.values())


def test_another_compilation_is_linked_in_another_order_at_every_stage(tmp_path: Path) -> None:
    again = [replace(STANDARD, compilation=number) for number in (1, 2, 3)]
    with open_processes() as processes:
        provider = SourceProvider(
            tmp_path / "cache",
            toy_source(tmp_path / "toy"),
            BuildKind.OPTIMISED,
            processes,
            Progress(stream=io.StringIO()),
        )
        executables = provider.supply(again)
    logs = [
        (executable.parents[2] / "build.log").read_text() for executable in executables.values()
    ]
    orders = [{line for line in log.splitlines() if line.startswith("linked:")} for log in logs]
    assert len(set(executables.values())) == 3
    (first,), (second,), (third,) = orders
    assert first == "linked: a.o b.o c.o d.o e.o f.o"
    assert len({first, second, third}) == 3
    assert sorted(first) == sorted(second) == sorted(third)


def test_a_source_whose_link_order_is_fixed_has_one_compilation(tmp_path: Path) -> None:
    tarball = toy_source(tmp_path / "toy", linked="OBJECTS")
    with open_processes() as processes:
        provider = SourceProvider(
            tmp_path / "cache",
            tarball,
            BuildKind.PLAIN,
            processes,
            Progress(stream=io.StringIO()),
        )
        provider.supply([STANDARD])
        with pytest.raises(UserError, match="link order") as caught:
            provider.supply([replace(STANDARD, compilation=2)])
    assert caught.value.where == "interpreters.compilations"


def test_optimised_if_cached_takes_optimised_builds_only_when_all_are_there(
    tmp_path: Path,
) -> None:
    cache, tarball = tmp_path / "cache", toy_source(tmp_path / "toy")
    with open_processes() as processes:
        alone = SourceProvider(
            cache, tarball, BuildKind.OPTIMISED, processes, Progress(stream=io.StringIO())
        )
        alone.supply([STANDARD])
    supply(cache, tarball, BuildKind.OPTIMISED_IF_CACHED)
    assert entries(cache) == ["3.13-optimised", "3.13-plain", "3.13t-plain"]
    optimised = supply(cache, tarball, BuildKind.OPTIMISED)
    assert supply(cache, tarball, BuildKind.OPTIMISED_IF_CACHED) == optimised


def test_a_failing_compile_shows_its_end_and_where_the_rest_is(tmp_path: Path) -> None:
    tarball = toy_source(tmp_path / "toy", compile_command="echo no such thing; false")
    with pytest.raises(UserError, match="no such thing") as caught:
        supply(tmp_path / "cache", tarball)
    assert "failed at: compile" in caught.value.what
    assert "no such thing" in Path(caught.value.where).read_text()
    assert entries(tmp_path / "cache") == []


def test_a_build_without_a_wanted_module_is_not_used(tmp_path: Path) -> None:
    tarball = toy_source(tmp_path / "toy", run="echo No module named _ssl >&2; exit 1")
    with pytest.raises(UserError, match="No module named _ssl"):
        supply(tmp_path / "cache", tarball)
    assert entries(tmp_path / "cache") == []


def _run(cache: Path, tarball: Path) -> "subprocess.Popen[bytes]":
    program = (
        "import sys; from pathlib import Path\n"
        "from tests.interpreters.test_source_build import supply\n"
        "supply(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", program, str(cache), str(tarball)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_build_is_not_used_and_the_next_run_completes(
    tmp_path: Path, end: signal.Signals
) -> None:
    cache, gate = tmp_path / "cache", tmp_path / "toy"
    tarball = toy_source(gate, is_open=False)
    with _run(cache, tarball) as run:
        compilers = [int(written(gate / f"compiling{suffix}")) for suffix in ("", "t")]
        run.send_signal(end)
    wait_until(lambda: not any(is_running(pid) for pid in compilers))
    assert entries(cache) == []
    (gate / "open").touch()
    supply(cache, tarball)
    assert entries(cache) == ["3.13-plain", "3.13t-plain"]


def test_two_runs_at_once_build_each_thing_once(tmp_path: Path) -> None:
    cache, gate = tmp_path / "cache", tmp_path / "toy"
    tarball = toy_source(gate, is_open=False, compile_command=f"echo built >> {gate}/count")
    with _run(cache, tarball) as first:
        written(gate / "compilingt")
        with _run(cache, tarball) as second:
            (gate / "open").touch()
            assert (first.wait(), second.wait()) == (0, 0)
    assert (gate / "count").read_text().splitlines() == ["built"] * 2


def test_a_missing_compiler_is_said_before_anything_is_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(UserError, match=r"a C compiler, make, stdio\.h") as caught:
        supply(tmp_path / "cache", tmp_path / "no-such-tarball")
    assert "gcc make libc6-dev zlib1g-dev" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "what"),
    [(None, "there is no file"), ("not a tarball", "cannot be read as a tarball")],
)
def test_a_named_tarball_must_be_one(tmp_path: Path, text: str | None, what: str) -> None:
    path = tmp_path / "Python.tar.xz"
    if text:
        path.write_text(text)
    with pytest.raises(UserError, match=what) as caught:
        supply(tmp_path / "cache", path)
    assert caught.value.where == "interpreters.tarball"


def test_a_tarball_of_another_version_is_refused(tmp_path: Path) -> None:
    tarball = toy_source(tmp_path / "toy", version="3.12.4")
    with pytest.raises(UserError, match=r"of Python 3\.12\.4, but 3\.13 is asked for"):
        supply(tmp_path / "cache", tarball)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"name": "../../outside"}, "outside", id="name"),
        pytest.param(
            {"name": "link", "type": tarfile.SYMTYPE, "linkname": "/etc"}, "absolute", id="link"
        ),
        pytest.param({"name": "device", "type": tarfile.CHRTYPE}, "special file", id="device"),
    ],
)
def test_a_tarball_that_reaches_outside_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    tarball = toy_source(tmp_path / "toy")
    with tarfile.open(tarball) as whole, tarfile.open(tmp_path / "evil.tar", "w") as evil:
        for member in whole:
            evil.addfile(member, whole.extractfile(member))
        odd = tarfile.TarInfo()
        for name, value in change.items():
            setattr(odd, name, value)
        evil.addfile(odd)
    with pytest.raises(UserError, match=f"can't be unpacked .*{said}"):
        supply(tmp_path / "cache", tmp_path / "evil.tar")
    assert not list(tmp_path.rglob("outside"))
    assert entries(tmp_path / "cache") == []


def test_the_provider_needs_no_network_when_all_is_cached(
    tmp_path: Path, processes: Processes, progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = toy_source(tmp_path / "toy")
    source = tmp_path / "cache" / "sources" / "3.13"
    monkeypatch.setattr(
        "threads_or_processes.interpreters.tarball.fetch_source",
        lambda build, folder, **_: (tarball.rename(folder / tarball.name), "3.13.9-1"),
    )
    provider = SourceProvider(tmp_path / "cache", None, BuildKind.PLAIN, processes, progress)
    first = provider.supply(BOTH)
    assert is_finished(source)
    assert provider.supply(BOTH) == first  # fetching again would fail: the tarball has moved
