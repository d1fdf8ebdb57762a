"""An archived data set, as the rules see it: the same face as a campaign that is measured here."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import (
    CSV_FILE,
    PACKAGE_FILE,
    PARQUET_FILE,
    Package,
    read_package,
)
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.locks import lock_results
from threads_or_processes.pipeline.comparison_folders import comparison_of, others
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.plan.config import checked


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A data set that was measured somewhere, with its package.

    All that is known of it comes from these two files; of the config only `dataset` counts.
    """

    dataset: Path
    package_file: Path
    package: Package

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Archive":
        """The data set that `config` names; `UserError` if it or its package can't be used."""
        dataset = dataset_at(Path(checked(config)["dataset"]))
        package_file = dataset.parent / PACKAGE_FILE
        return cls(dataset=dataset, package_file=package_file, package=read_package(package_file))

    @property
    def name(self) -> str:
        """Its report's name, and its folder's below results/: another data set has another one."""
        return f"{self.package.machine}-archived-{self.package.csv.sha256[:8]}"

    @cached_property
    def results(self) -> Path:
        """Where everything made from it lies; nothing that was measured here."""
        return Path("results") / self.name

    @property
    def comparison(self) -> str:
        """The name of the page that compares machines."""
        return comparison_of(self.package.plan.campaign)

    @cached_property
    def others(self) -> list[Path]:
        """Results of other machines beside these, for the campaign that was measured there."""
        plan = self.package.plan
        return others(self.results, campaign=plan.campaign, fingerprint=plan.fingerprint)

    @property
    def arms(self) -> list[str]:
        """The arms by name; the first is the reference."""
        return [arm.name for arm in self.package.plan.arms]

    def lock_results(self) -> None:
        """Keep these results for this process until it ends; `UserError` if another has them."""
        lock_results(self.results, doing="analysing this data set")

    def announcement(self, ahead: Ahead) -> str:
        """That nothing will be measured."""
        assert not ahead.trials, "there is no rule that measures"
        return f"Nothing is measured here: {self.dataset} was measured on {self.package.machine}"


def dataset_at(path: Path) -> Path:
    """The file of the data set that a user's path means: itself, or the one in that folder."""
    if path.name.endswith((".csv.gz", ".parquet")):
        candidates = [path]
    else:
        folder = path.parent if path.name == PACKAGE_FILE else path
        candidates = [folder / CSV_FILE, folder / PARQUET_FILE]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise UserError(
        f"there is no data set at {path}",
        where="config key dataset",
        hint=f"give the path of a {CSV_FILE}, a {PARQUET_FILE} or the folder of one",
    )
