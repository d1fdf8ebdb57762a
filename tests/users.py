"""Commands run as an ordinary user: neither limits nor permissions of files apply to root."""

import os
import subprocess

import pytest

#: Of no other test that runs at the same time.
UID = 20_000 + os.getpid() % 40_000


def as_ordinary_user(keeps: str) -> list[str]:
    """What begins a command so that it runs as the user `UID`; nothing where that isn't needed.

    `keeps` is the only right of root's that it keeps, such as `dac_read_search`: to read all files.
    """
    if os.geteuid() != 0:
        return []
    caps = [f"--inh-caps=-all,+{keeps}", f"--ambient-caps=+{keeps}"]
    command = ["setpriv", f"--reuid={UID}", "--clear-groups", *caps, "--"]
    if subprocess.run([*command, "true"], check=False).returncode:
        pytest.skip("this system lets root be no other user")
    return command
