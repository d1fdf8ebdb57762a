"""`make faults`: runs every test that docs/reliability.md names, and prints one table of them.

The page is the only list: a fault is a row of its tables.
"""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "reliability.md"
HEADER = ["fault", "what happens", "lost", "shown by"]


@dataclass
class Fault:
    """A row of the page, and what its tests did; a fault that is tried n times counts n times."""

    name: str
    outcome: str
    lost: str
    tests: list[str]
    times: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    @property
    def found(self) -> str:
        """What came of it."""
        if self.failed:
            return f"NOT AS PROMISED: {', '.join(self.failed)}"
        return (
            self.outcome
            if self.times
            else f"not tried here: {'; '.join(dict.fromkeys(self.skipped))}"
        )

    def note(self, report: pytest.TestReport) -> None:
        """Count a test of this fault."""
        if report.failed:
            self.failed.append(report.nodeid)
        elif report.skipped:
            self.skipped.append(str(report.longrepr[2] if report.longrepr else ""))  # type: ignore[index]
        elif report.when == "call":
            self.times += int(dict(report.user_properties).get("times", 1))  # type: ignore[call-overload]


def faults() -> Iterator[Fault]:
    """The faults of the page; tests are relative to the repository."""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and cells != HEADER:
            name, outcome, lost, shown_by = cells
            yield Fault(name, outcome, lost, [f"tests/{test}" for test in code_in(shown_by)])


def code_in(text: str) -> list[str]:
    """What stands between backquotes."""
    return re.findall(r"`([^`]+)`", text)


class Count:
    """A plugin of pytest that tells each fault of its tests."""

    def __init__(self, listed: list[Fault]) -> None:
        self.listed = listed

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Find whose test it was; a failure is told at once, as the whole takes long."""
        if report.failed:
            sys.stdout.write(f"\nfailed: {report.nodeid}\n{report.longreprtext[-2000:]}\n")
        for fault in self.listed:
            if any(is_of(report.nodeid, test) for test in fault.tests):
                fault.note(report)


def is_of(nodeid: str, test: str) -> bool:
    """Whether a test is the named one, a case of it, or in the named file."""
    return nodeid == test or nodeid.startswith((f"{test}[", f"{test}::"))


def table(listed: list[Fault]) -> str:
    """Fault, how often, outcome, what was lost, as wide as the terminal."""
    room = max(100, shutil.get_terminal_size().columns) - 18
    widths = (room * 4 // 10, 7, room * 4 // 10, room * 2 // 10)
    rows = [("fault", "times", "outcome", "lost")]
    rows += [
        (one.name, str(one.times), one.found, one.lost if not one.failed else "?") for one in listed
    ]
    return "\n".join(line for row in rows for line in wrapped(row, widths))


def wrapped(row: tuple[str, ...], widths: tuple[int, ...]) -> Iterator[str]:
    """The lines of a row."""
    cells = [textwrap.wrap(text, width) or [""] for text, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, cells))):
        yield "  ".join(
            (cell[number] if number < len(cell) else "").ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ).rstrip()


def place_of(test: str) -> tuple[str, int]:
    """A test's file and where it stands there: some go on from what those above them left."""
    file, _, name = test.partition("::")
    function = name.partition("[")[0]
    return file, (ROOT / file).read_text(encoding="utf-8").find(f"def {function}(") if name else 0


def main() -> int:
    """Run the tests with pytest's own options on the command line; 1 if anything was lost."""
    listed = list(faults())
    tests = sorted({test for fault in listed for test in fault.tests}, key=place_of)
    status = pytest.main([*sys.argv[1:], *tests], plugins=[Count(listed)])
    sys.stdout.write(f"\n{table(listed)}\n")
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
