"""A folder of results as the rules see it: one face for those measured here and archived ones."""

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables import TABLES

#: What a finished folder holds, of all that comparing reads.
NEEDED = ("plan.json", "datapackage.json", "trials.csv.gz", "interpreters/parity.json", "tables")


@dataclass(frozen=True, kw_only=True)
class Results:
    """A plan, and the folder of all that comes of it.

    `doing` is what a run does there, for the message to another run.
    """

    doing: ClassVar[str]

    plan: Plan

    @property
    def name(self) -> str:
        """The report's name."""
        return self.plan.campaign

    @property
    def results(self) -> Path:
        """Where everything lies."""
        return Path("results") / self.plan.machine.name

    @property
    def comparison(self) -> str:
        """The name of the page that compares machines: campaigns' names hold no hyphen."""
        campaign = self.plan.campaign
        return "compare" if campaign == "report" else f"compare-{campaign}"

    @property
    def others(self) -> list[Path]:
        """Results of other machines beside these, for the same campaign."""
        return others(self.results, self.plan.campaign, self.plan.fingerprint)

    @property
    def arms(self) -> list[str]:
        """The arms by name; the first is the reference."""
        return [arm.name for arm in self.plan.arms]

    @property
    def identities(self) -> list[str]:
        """Each arm's identity file."""
        return [str(self.results / "interpreters" / f"{arm}.json") for arm in self.arms]

    @property
    def tables(self) -> list[str]:
        """The file of every table."""
        return [str(self.results / "tables" / f"{table}.csv") for table in TABLES]

    def lock(self) -> None:
        """Keep the folder for this process until it ends; `UserError` if another has it.

        The kernel drops the lock with its holder, so that a killed run leaves nothing to unlock.
        """
        self.results.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.results / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"another run is {self.doing}",
                where=str(self.results),
                hint="wait until it is finished, or stop it and run the same command again",
            ) from None


def others(own: Path, campaign: str, fingerprint: Mapping[str, Any]) -> list[Path]:
    """The finished folders beside `own` with this campaign, measured on other machines."""
    return [
        folder
        for folder in sorted(own.parent.glob("*/"))
        if folder.name != own.name and _is_of(folder, campaign, fingerprint)
    ]


def _is_of(folder: Path, campaign: str, fingerprint: Mapping[str, Any]) -> bool:
    try:
        if not all((folder / name).exists() for name in NEEDED):
            return False
        plan = read_json(folder / "plan.json")
        machine = plan["machine"]["fingerprint"]
        return bool(plan["campaign"] == campaign and machine != dict(fingerprint))
    except (UserError, OSError, KeyError, TypeError):
        return False  # somebody else's file; comparing is an extra and stops nothing
