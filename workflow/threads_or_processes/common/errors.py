"""Errors for the person who reads them: what is wrong, where, and how to fix it."""

import sys
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class UserError(Exception):
    """A mistake the user can fix; shown as one message, never as a traceback."""

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.hint:
            lines.append(f"  fix:   {self.hint}")
        return "\n".join(lines)


def exit_on_user_error(act: Callable[[], Result]) -> Result:
    """Call `act`, a command's main; show a `UserError` as one message and exit with 2."""
    try:
        return act()
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:  # asked for by the user; nothing to explain
        sys.exit(130)
