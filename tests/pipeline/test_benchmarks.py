"""The benchmarks work; their figures are for people."""

import subprocess
import sys

from tests.conftest import ROOT


def test_every_question_has_an_answer(interpreters: object) -> None:
    command = [sys.executable, "-m", "benchmarks.targets", "--smallest"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    head, _, *rows = [row.split(" | ") for row in done.stdout.splitlines()]
    assert {len(row) for row in rows} == {len(head)}
    assert len(rows) == 16
    assert all(row[-1].strip("| ") for row in rows)
