"""A baseline: a data set that was kept under a name, with which later runs are compared."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import (
    CSV_FILE,
    GET_IT_AGAIN,
    PACKAGE_FILE,
    PARQUET_FILE,
    REPETITIONS_FILE,
    Package,
    read_package,
    states_in,
)
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.trial import other_hardware

#: Where baselines are kept: not in a machine's folder, for another kernel has another folder.
FOLDER = Path("results/baselines")
#: Not a name: the latest of the states that runs keep by themselves and that differs from now.
PREVIOUS = "previous"
KEEP_NOW = (
    "get it again from a copy; or delete its folder, and the next run's data are kept instead"
)
#: More states than this are counted, not named.
MOST_NAMED = 5
#: The verdict of the gate that needs a baseline.
SLOWER = "slower"


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A data set by the name that it is, or will be, kept under, or by the path of a user's own."""

    name: str
    dataset: Path
    is_path: bool = False

    @classmethod
    def of(cls, config: Mapping[str, Any], plan: Plan, root: Path = Path()) -> "Baseline | None":
        """What `config` asks for; `UserError` if it can't be compared with this plan's machine."""
        asked = config.get("baseline")
        if asked is None:
            if SLOWER in config.get("fail_on", ()):
                raise UserError(
                    "slower needs a baseline, and none is named",
                    where="config key fail_on",
                    hint="name one: --config baseline=NAME",
                )
            return None
        if asked == PREVIOUS:
            return Previous(name=asked, dataset=root / FOLDER / plan.campaign)
        if "/" in asked:
            dataset = dataset_at(Path(asked), "baseline")
            # Its folder's name: a page is published, and the rest of the path says nothing there.
            found = cls(name=dataset.resolve().parent.name, dataset=dataset, is_path=True)
        else:
            found = cls(name=asked, dataset=root / FOLDER / plan.campaign / asked / CSV_FILE)
        if found.is_kept:
            found.check(plan)
        return found

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.dataset.parent

    @property
    def package_file(self) -> Path:
        """What describes it."""
        return self.folder / PACKAGE_FILE

    @cached_property
    def is_kept(self) -> bool:
        """Whether it is there; the package is written last."""
        return self.is_path or (self.package_file.exists() and self.dataset.exists())

    @cached_property
    def package(self) -> Package:
        """What describes it; `UserError` if it is broken."""
        return read_package(self.package_file, hint=GET_IT_AGAIN if self.is_path else KEEP_NOW)

    def check(self, plan: Plan) -> None:
        """`UserError` if it was measured on other hardware than this plan is for."""
        if apart := other_hardware(self.package.plan.fingerprint, plan.fingerprint):
            raise UserError(
                f"baseline {self.name} was measured on another machine: {', '.join(apart)}",
                where=str(self.folder),
                hint="choose another name for this machine, or compare machines (docs/how-to.md)",
            )

    @property
    def announcement(self) -> str:
        """What becomes of it in this run."""
        if self.is_kept:
            return f"Compared with baseline {self.name}: {self.dataset}"
        return f"There is no baseline {self.name} yet: this run's data are kept in {self.folder}"

    @property
    def files(self) -> list[Path]:
        """The files that a comparison reads of it."""
        return [self.dataset, self.package_file]

    @property
    def to_keep(self) -> list[Path]:
        """The files of it that a run makes."""
        return [] if self.is_kept else self.files

    @property
    def options(self) -> list[str]:
        """What tells the command that compares which it is."""
        dataset, package_file = map(str, self.files)
        return [
            *("--name", self.name, "--baseline", dataset),
            *("--baseline-package", package_file),
        ]


@dataclass(frozen=True, kw_only=True)
class Previous(Baseline):
    """A state that a run kept by itself; which one is only known once all is measured.

    `dataset` is the folder of all of them.
    """

    @property
    def files(self) -> list[Path]:
        """None that is known beforehand."""
        return []

    @cached_property
    def is_kept(self) -> bool:
        """Whether there is any."""
        return bool(states_in(self.dataset))

    @property
    def options(self) -> list[str]:
        """The folder to choose from."""
        return ["--states", str(self.dataset)]

    @property
    def announcement(self) -> str:
        """Which there are."""
        if not self.is_kept:
            return (
                f"There is no earlier state in {self.dataset}: this run's data are kept there. "
                "Make your change, then run the same command again"
            )
        names = [state.name for state in states_in(self.dataset)]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return (
            f"Compared with the latest state in {self.dataset} that differs. Kept there: "
            f"{', '.join(names[:MOST_NAMED])}{more}"
        )


def dataset_at(path: Path, key: str = "dataset") -> Path:
    """The file of the data set that a user's path means: itself, or the one in that folder."""
    if path.name.endswith((".csv.gz", ".parquet")) and path.name != REPETITIONS_FILE:
        candidates = [path]
    else:
        folder = path.parent if path.name in (PACKAGE_FILE, REPETITIONS_FILE) else path
        candidates = [folder / CSV_FILE, folder / PARQUET_FILE]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise UserError(
        f"there is no data set at {path}",
        where=f"config key {key}",
        hint=f"give the path of a {CSV_FILE}, a {PARQUET_FILE} or the folder of one",
    )


def files_of(dataset: Path) -> list[Path]:
    """A data set's file, and the table of its repetitions if that is another file."""
    other = dataset.with_name(REPETITIONS_FILE)
    return [dataset, other] if dataset.suffix == ".parquet" and other.exists() else [dataset]
