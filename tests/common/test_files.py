"""What a file system refuses is one message that names the file, and nothing half is left."""

import errno
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError, exit_on_user_error
from threads_or_processes.common.files import put_in_place, read_json, write_bytes, write_text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "not valid JSON"),
        (b"\xff", "not valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"1e999", "1e999 is too large"),
        (b"NaN", "NaN is no JSON number"),
        (b"9" * 400, "a whole number of 400 digits is too large"),
        (b"9" * 20, "a whole number of 20 digits is too large"),
        (rb'"\ud800"', "surrogates not allowed"),
    ],
)
def test_what_json_allows_and_no_program_can_use_is_refused(
    tmp_path: Path, text: bytes, said: str
) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(text)
    with pytest.raises(UserError, match=said) as caught:
        read_json(file)
    assert caught.value.where == str(file)


def test_a_folder_in_a_file_s_place_and_a_file_in_a_folder_s_are_named(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="a folder in the place of a file"):
        read_json(tmp_path / "folder")
    with pytest.raises(UserError, match="a folder in the place of a file"):
        write_text(tmp_path / "folder", "x")
    with pytest.raises(UserError, match="a file in the place of a folder"):
        write_text(tmp_path / "file" / "x", "x")
    with pytest.raises(UserError, match="a file in the place of a folder"):
        put_in_place(tmp_path / "file", tmp_path / "file" / "x")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["file", "folder"]


def test_a_full_disk_is_said_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="the disk is full") as caught:
        write_bytes(tmp_path / "file", b"after")
    assert caught.value.where == str(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_command_that_a_file_system_stops_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        exit_on_user_error(lambda: (tmp_path / "nothing" / "x").read_text())
    assert f"error: a file is missing\n  where: {tmp_path}/nothing/x" in capsys.readouterr().err


def test_a_command_without_memory_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        exit_on_user_error(lambda: bytes(2**62))
    assert capsys.readouterr().err.startswith("error: the memory is full\n  fix: ")


def test_a_command_that_may_open_no_more_files_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    acts: list[Callable[[], object]] = [
        os.pipe,
        partial(os.listdir, tmp_path),
        Path(__file__).read_text,
    ]
    for act in acts:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            with pytest.raises(SystemExit):
                exit_on_user_error(act)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        said = capsys.readouterr().err
        assert said.startswith("error: too many files are open\n")
        assert "fix:   raise the limit (`ulimit -n`)" in said


def test_a_fault_of_the_program_stays_one() -> None:
    with pytest.raises(OSError, match="odd"):
        exit_on_user_error(lambda: (_ for _ in ()).throw(OSError(errno.EBADF, "odd")))


@pytest.mark.parametrize(("umask", "mode"), [(0o077, 0o600), (0o022, 0o644), (0o002, 0o664)])
def test_the_umask_decides_who_may_read(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_text(tmp_path / "file", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_a_long_name_is_written(tmp_path: Path) -> None:
    write_text(tmp_path / ("x" * 250), "x")
    assert len(list(tmp_path.iterdir())) == 1
