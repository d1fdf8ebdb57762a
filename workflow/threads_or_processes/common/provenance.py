"""Which version of these programs is at work."""

import subprocess
from pathlib import Path

UNKNOWN = "unknown"
ROOT = Path(__file__).parents[3]


def git_commit(root: Path = ROOT) -> str:
    """The commit that is checked out, `-dirty` behind it if files differ; `unknown` without git."""
    if not (root / ".git").exists():
        return UNKNOWN  # an unpacked archive, perhaps inside somebody else's repository
    command = [
        "git",
        "-C",
        str(root),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=40",
        "--exclude=*",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    return done.stdout.strip() if done.returncode == 0 else UNKNOWN
