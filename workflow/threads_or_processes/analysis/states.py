"""The states of a campaign: every data set that a run finished is kept, under its date.

All trials of a data set have one code of each function, one interpreter for each build and one
version of the instrument. So two data sets are two states where one of these differs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from threads_or_processes.analysis.added_blocks import plan_with_measured_blocks
from threads_or_processes.analysis.dataset import (
    DataSet,
    check_covers,
    check_files,
    open_dataset,
)
from threads_or_processes.analysis.differences import (
    Made,
    Measured,
    differences,
    made_of,
)
from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    Package,
    read_package,
    states_in,
)
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import write_bytes
from threads_or_processes.records.baseline import EarlierState
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.trial import other_hardware

#: What makes another state; a setting alone makes none.
KINDS = frozenset({"code", "interpreter", "library", "machine"})
OTHER_INSTRUMENT = "measured with another version of the instrument"
NOTHING_CHANGED = "nothing changed since"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A data set with its package and its plan, all checked."""

    data: DataSet
    package: Package
    plan: Plan

    @classmethod
    def of(cls, dataset: Path, package_file: Path, *, is_kept: bool = False) -> "Opened":
        """Read both files; of a data set that `is_kept` somewhere, the hash is checked too."""
        package = read_package(package_file)
        if is_kept:
            check_files(dataset, package)
        data = open_dataset(dataset)
        plan = plan_with_measured_blocks(package.plan, data.states)
        check_covers(data.states, plan, dataset)
        return cls(data=data, package=package, plan=plan)

    @property
    def made(self) -> Made:
        """What it was measured with."""
        return made_of(self.package, self.data.batches)

    @property
    def last_unix_ns(self) -> int:
        """When its last trial began."""
        return last_unix_ns(self.data.batches)

    @property
    def state_name(self) -> str:
        """The name under which it is kept."""
        return state_name(self.data.batches, self.package.csv.sha256)


def last_unix_ns(batches: Batches) -> int:
    """When the last trial of a data set began: what tells states apart that share trials."""
    return max(int(part["started_unix_ns"].max()) for part in batches(["started_unix_ns"]))


def state_name(batches: Batches, sha256: str) -> str:
    """The name of the state that a data set is of; names sort by time."""
    last = datetime.fromtimestamp(last_unix_ns(batches) // 10**9, UTC)
    return f"{last:%Y-%m-%d-%H%M%S}-{sha256[:8]}"


def keep(dataset: Path, package_file: Path, folder: Path) -> None:
    """Copy a data set and its package; the package comes last, so that half a copy has none."""
    write_bytes(folder / CSV_FILE, dataset.read_bytes())
    write_bytes(folder / PACKAGE_FILE, package_file.read_bytes())


def earlier_state(folder: Path, now: Opened) -> tuple[Opened | None, list[EarlierState]]:
    """The latest state before a data set that differs from it, if any, and all that are there.

    Those that can't be compared with it say why.
    """
    chosen: Opened | None = None
    found: list[EarlierState] = []
    for place in states_in(folder):
        if place.name >= now.state_name:  # itself, or a later one
            continue
        state, opened = _looked_at(place, now, is_wanted=chosen is None)
        chosen = chosen or opened
        found.append(state)
    return chosen, found


def _looked_at(place: Path, now: Opened, *, is_wanted: bool) -> tuple[EarlierState, Opened | None]:
    """What an earlier state is; opened, if it is wanted and can be compared with now."""
    state = EarlierState(name=place.name)
    try:
        package = read_package(place / PACKAGE_FILE)
        measured = Measured(before=_made(package), after=_made(now.package))
        state = replace(
            state,
            differs=[row.what for row in differences(measured) if row.kind in KINDS],
            left_out="; ".join(_against(package, now.package)),
        )
        if not (state.differs or state.left_out):
            return replace(state, left_out=NOTHING_CHANGED), None
        if state.left_out or not is_wanted:
            return state, None
        opened = Opened.of(place / CSV_FILE, place / PACKAGE_FILE, is_kept=True)
    except UserError as error:
        return replace(state, left_out=error.what), None
    return replace(state, is_compared=True), opened


def _against(before: Package, after: Package) -> Iterator[str]:
    """Why two data sets can't be compared."""
    if apart := other_hardware(before.plan.fingerprint, after.plan.fingerprint):
        yield f"measured on another machine: {', '.join(apart)}"
    if _instrument(before, after) != _instrument(after, before):
        yield OTHER_INSTRUMENT


def _instrument(package: Package, other: Package) -> dict[str, str]:
    """The code that measured, as far as both know it; the user's own functions are none of it."""
    known = {name for name in package.functions.keys() & other.functions.keys() if ":" not in name}
    return {
        **{name: package.functions[name] for name in known},
        **{f"model {name}": package.models[name] for name in package.models.keys() & other.models},
    }


def _made(package: Package) -> Made:
    """What a data set was measured with, by its package alone."""
    code = {
        cell.id: f"{package.functions[cell.function]} {package.models[cell.model]}"
        for cell in package.plan.cells
        if cell.function in package.functions and cell.model in package.models
    }
    return Made.of(package, code)
