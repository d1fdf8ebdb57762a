"""Arms that differ in more than the GIL are a named threat, not a silent comparison."""

from typing import Any

import pytest
from threads_or_processes.interpreters.parity import compare

from tests.interpreters.builders import identity


def test_arms_that_differ_by_free_threading_only_match() -> None:
    free = identity(
        "3.13t",
        free_threaded_build=True,
        gil_enabled=False,
        flags=["-X", "gil=0"],
        executable_sha256="2" * 64,
        config_args=identity()["config_args"] + " --disable-gil",
        cflags="-DPy_GIL_DISABLED=1 " + identity()["cflags"],
    )
    parity = compare([identity(), free])
    assert parity["verdict"] == "match"
    assert parity["threats"] == []
    assert all(check["equal"] for check in parity["checks"])


@pytest.mark.parametrize(
    ("field", "changes", "shown"),
    [
        ("version", {"version": "3.13.8"}, "3.13: 3.13.9; 3.13t: 3.13.8"),
        ("compiler", {"compiler": "Clang 18"}, "3.13: GCC 12.2.0; 3.13t: Clang 18"),
        ("cflags", {"cflags": "-O2"}, "3.13t: -O2"),
        (
            "options",
            {"config_args": "--enable-optimizations --with-tail-call-interp"},
            "3.13t: --enable-optimizations --with-tail-call-interp",
        ),
        ("pgo", {"pgo": False}, "3.13: yes; 3.13t: no"),
        ("lto", {"lto": True}, "3.13: no; 3.13t: yes"),
        ("debug", {"debug": True}, "3.13: no; 3.13t: yes"),
        ("libraries", {"libraries": {}}, "3.13: dill 0.4.1; 3.13t: none"),
    ],
)
def test_each_difference_is_a_sentence(field: str, changes: dict[str, Any], shown: str) -> None:
    parity = compare([identity(), identity("3.13t", **changes)])
    assert parity["verdict"] == "mismatch"
    assert [check["field"] for check in parity["checks"] if not check["equal"]] == [field]
    (threat,) = parity["threats"]
    assert threat.startswith(f"The builds differ in {field} (")
    assert shown in threat
    assert threat.endswith(".")


def test_the_place_of_installation_and_ensurepip_do_not_count() -> None:
    other = identity("3.13t", config_args="--with-ensurepip=install --enable-optimizations")
    assert compare([identity(), other])["verdict"] == "match"


def test_builds_of_each_version_must_be_of_one_release() -> None:
    newer = [identity("3.14", version="3.14.7"), identity("3.14t", version="3.14.7")]
    older = [identity(), identity("3.13t")]
    assert compare([*older, *newer])["verdict"] == "match"
    newer[1]["version"] = "3.14.6"
    assert compare([*older, *newer])["verdict"] == "mismatch"
