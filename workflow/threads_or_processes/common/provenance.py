"""Which version of these programs is at work."""

import subprocess
from pathlib import Path

UNKNOWN = "unknown"
ROOT = Path(__file__).parents[3]


def git_commit(root: Path = ROOT) -> str:
    """The commit that is checked out, `-dirty` behind it if files differ; `unknown` without git."""
    return _described(root, "--always", "--dirty", "--abbrev=40", "--exclude=*")


def version(root: Path = ROOT) -> str:
    """The version that the newest tag names, such as 0.1.0; `unknown` without a tag or git.

    Behind it the number of commits since then and the last of them, if any: 0.1.0-3-g0a1b2c3d4e.
    """
    return _described(root, "--tags", "--match=v[0-9]*", "--abbrev=10").removeprefix("v")


def _described(root: Path, *options: str) -> str:
    if not (root / ".git").exists():
        return UNKNOWN  # an unpacked archive, perhaps inside somebody else's repository
    command = ["git", "-C", str(root), "describe", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return done.stdout.strip() if done.returncode == 0 else UNKNOWN
