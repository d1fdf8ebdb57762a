"""Which folders of results hold another machine's answer to the same campaign."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json

NEEDED = ("plan.json", "datapackage.json", "trials.csv.gz", "interpreters/parity.json", "tables")


def comparison_of(campaign: str) -> str:
    """The name of the page that compares machines: campaigns' names hold no hyphen."""
    return "compare" if campaign == "report" else f"compare-{campaign}"


def others(own: Path, *, campaign: str, fingerprint: Mapping[str, Any]) -> list[Path]:
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
