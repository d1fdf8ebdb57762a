"""The real uv and a stand-in for micromamba: what they install, and what they say if they can't."""

import io
import json
import os
from pathlib import Path

import pytest
from threads_or_processes.interpreters.environment import find_uv
from threads_or_processes.interpreters.inspection import verify_build
from threads_or_processes.interpreters.process import Processes, Progress
from threads_or_processes.interpreters.providers import (
    CannotSupplyError,
    CondaBuilds,
    UvBuilds,
)
from threads_or_processes.interpreters.request import Build
from threads_or_processes.records.interpreter import Identity

from tests.interpreters.builders import FREE, STANDARD
from tests.managed import HOST, write_micromamba

BOTH = (STANDARD, FREE)
NOWHERE = "http://127.0.0.1:9"  # the port `discard`, where nobody listens


def uv_builds(cache: Path, processes: Processes) -> UvBuilds:
    return UvBuilds(cache, find_uv(), processes, Progress(stream=io.StringIO()))


def configured(folder: Path, uv_mirror: dict[str, str]) -> dict[str, str]:
    """The same settings in the user's uv.toml, and one that speaks against managed builds."""
    lines = [
        f'python-downloads-json-url = "{uv_mirror["UV_PYTHON_DOWNLOADS_JSON_URL"]}"',
        f'python-install-mirror = "{uv_mirror["UV_PYTHON_INSTALL_MIRROR"]}"',
        'python-preference = "only-system"',
    ]
    (folder / "uv").mkdir()
    (folder / "uv/uv.toml").write_text("\n".join(lines), encoding="utf-8")
    return {"XDG_CONFIG_HOME": str(folder)}


@pytest.mark.parametrize("where", ["environment", "file"])
def test_uv_installs_both_builds_with_the_users_settings(
    where: str,
    uv_mirror: dict[str, str],
    tmp_path: Path,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = {"UV_PYTHON_PREFERENCE": "only-system", "FORCE_COLOR": "1", "UV_PYTHON": "3.9"}
    settings = uv_mirror | own if where == "environment" else configured(tmp_path, uv_mirror)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    found = uv_builds(tmp_path / "cache", processes).supply(BOTH)
    for build in BOTH:
        real = verify_build(build, found[build], "here", processes)
        assert real.is_relative_to(tmp_path / "cache/managed/3.13+3.13t")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"UV_PYTHON_DOWNLOADS": "never"}, r'^Python downloads are not allowed.*= "manual"'),
        ({"UV_PYTHON_DOWNLOADS": "x"}, "^invalid value for UV_PYTHON_DOWNLOADS, expected one of"),
        ({"UV_PYTHON_INSTALL_MIRROR": NOWHERE}, rf"^Failed to download `{NOWHERE}/.*: Connection"),
        ({"UV_PYTHON_INSTALL_MIRROR": HOST, "HTTPS_PROXY": NOWHERE}, rf"`{HOST}/.*: Connection"),
        ({"UV_PYTHON_INSTALL_MIRROR": "file:///no"}, "`/no/.*: No such file or directory"),
        (
            {"UV_PYTHON_DOWNLOADS_JSON_URL": "file:///no"},
            "^failed to open file `/no`: No such file",
        ),
        ({"UV_CONFIG_FILE": "/no/uv.toml"}, "^failed to open file `/no/uv.toml`"),
    ],
)
def test_a_setting_with_which_uv_has_none_is_named(
    settings: dict[str, str],
    reason: str,
    uv_mirror: dict[str, str],
    tmp_path: Path,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (uv_mirror | settings | {"FORCE_COLOR": "1", "COLUMNS": "60"}).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotSupplyError, match=reason) as caught:
        uv_builds(tmp_path, processes).supply(BOTH)
    assert "\n" not in str(caught.value)


def test_a_damaged_archive_is_not_installed(
    uv_mirror: dict[str, str],
    tmp_path: Path,
    processes: Processes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = Path(uv_mirror["UV_PYTHON_DOWNLOADS_JSON_URL"].removeprefix("file://"))
    entries = json.loads(listed.read_text(encoding="utf-8"))
    for entry in entries.values():
        entry["sha256"] = "0" * 64
    (tmp_path / "list.json").write_text(json.dumps(entries), encoding="utf-8")
    own = {"UV_PYTHON_DOWNLOADS_JSON_URL": (tmp_path / "list.json").as_uri()}
    for name, value in (uv_mirror | own).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CannotSupplyError, match=r"(?i)hash mismatch"):
        uv_builds(tmp_path / "cache", processes).supply(BOTH)


@pytest.fixture
def conda(
    tmp_path: Path,
    processes: Processes,
    identities: dict[str, Identity],
    progress: Progress,
    monkeypatch: pytest.MonkeyPatch,
) -> CondaBuilds:
    write_micromamba(tmp_path, identities["3.13"], identities["3.13t"])
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return CondaBuilds(tmp_path / "cache", processes, progress)


def test_conda_makes_an_environment_for_each_build_once(
    tmp_path: Path, conda: CondaBuilds, processes: Processes, terminal: io.StringIO
) -> None:
    found = conda.supply(BOTH)
    for build in BOTH:
        assert found[build].is_relative_to(tmp_path / "cache/conda" / build.name)
        verify_build(build, found[build], "here", processes)
    assert "taken from the cache" not in terminal.getvalue()
    assert conda.supply(BOTH) == found
    assert "3.13: taken from the cache\n" in terminal.getvalue()
    assert len((tmp_path / "log").read_text().splitlines()) == len(BOTH)


def test_what_conda_does_not_have_is_named(conda: CondaBuilds) -> None:
    with pytest.raises(CannotSupplyError, match=r"3\.99t: error .* └─") as caught:
        conda.supply([STANDARD, Build("3.99", free_threaded=True)])
    assert "\n" not in str(caught.value)


def test_without_a_conda_tool_it_says_which_were_looked_for(
    tmp_path: Path, processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    provider = CondaBuilds(tmp_path, processes, Progress(stream=io.StringIO()))
    with pytest.raises(CannotSupplyError, match="none of micromamba, mamba, conda is on PATH"):
        provider.supply(BOTH)
