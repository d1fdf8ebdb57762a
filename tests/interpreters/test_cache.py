"""Cache entries are whole or absent."""

import fcntl
from pathlib import Path
from typing import NoReturn

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.cache import (
    MARKER,
    default_cache,
    get_or_make,
    is_finished,
    read_facts,
)


def test_an_entry_is_filled_once_and_keeps_its_facts(tmp_path: Path) -> None:
    calls = []

    def fill(entry: Path) -> dict[str, str]:
        calls.append(entry)
        (entry / "thing").touch()
        return {"made": "yes"}

    for _ in range(2):
        assert get_or_make(tmp_path / "a" / "entry", fill) == tmp_path / "a" / "entry"
    assert calls == [tmp_path / "a" / "entry"]
    assert read_facts(tmp_path / "a" / "entry") == {"made": "yes"}


@pytest.mark.parametrize("content", ["[]", "3", '{"made": 3}', "{"])
def test_facts_that_can_t_be_used_are_named(tmp_path: Path, content: str) -> None:
    (tmp_path / MARKER).write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_facts(tmp_path)
    assert caught.value.where == str(tmp_path / MARKER)


def test_a_failed_entry_is_not_finished_and_the_next_run_starts_clean(tmp_path: Path) -> None:
    entry = tmp_path / "entry"

    def fail(folder: Path) -> dict[str, str]:
        (folder / "half").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        get_or_make(entry, fail)
    assert not is_finished(entry)
    assert (entry / "half").exists()  # the log of a failed build is there to be read
    get_or_make(entry, lambda _: {})
    assert sorted(path.name for path in entry.iterdir()) == [MARKER]


def test_an_entry_that_another_process_holds_is_waited_for(tmp_path: Path) -> None:
    lock = tmp_path / "entry.lock"
    waits = []
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        def on_wait() -> None:
            waits.append("told")
            fcntl.flock(held, fcntl.LOCK_UN)

        get_or_make(tmp_path / "entry", lambda _: {}, on_wait=on_wait)
    assert waits == ["told"]
    assert is_finished(tmp_path / "entry")


def test_waiting_can_be_given_up(tmp_path: Path) -> None:
    def on_wait() -> None:
        raise InterruptedError

    with (tmp_path / "entry.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(InterruptedError):
            get_or_make(tmp_path / "entry", lambda _: {}, on_wait=on_wait)


def test_the_cache_lies_where_the_user_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_cache() == Path("/caches/threads-or-processes/interpreters")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/someone")
    assert default_cache() == Path("/home/someone/.cache/threads-or-processes/interpreters")


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_: object) -> NoReturn:
        raise KeyError("uid not found: 12345")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for variable in ("XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(UserError, match="no place for caches") as caught:
        default_cache()
    assert "XDG_CACHE_HOME" in caught.value.hint
