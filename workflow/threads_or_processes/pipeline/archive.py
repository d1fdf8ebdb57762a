"""An archived data set, as the rules see it: the same face as a campaign that is measured here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import PACKAGE_FILE, Package, read_package
from threads_or_processes.pipeline.baseline import Baseline, dataset_at, files_of
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.pipeline.results import Results
from threads_or_processes.plan.config import checked


@dataclass(frozen=True, kw_only=True)
class Archive(Results):
    """A data set that was measured somewhere, with its package.

    All that is known of it comes from these two files; of the config only `dataset` counts.
    """

    doing = "analysing this data set"

    dataset: Path
    package_file: Path
    package: Package

    @classmethod
    def of(cls, config: Mapping[str, Any], root: Path = Path()) -> "Archive":
        """The data set that `config` names; `UserError` if it or its package can't be used."""
        config = checked(config)
        dataset = dataset_at(Path(config["dataset"]))
        package_file = dataset.parent / PACKAGE_FILE
        package = read_package(package_file)
        return cls(
            plan=package.plan,
            root=root,
            dataset=dataset,
            package_file=package_file,
            package=package,
            baseline=Baseline.of(config, package.plan, root),
        )

    @property
    def name(self) -> str:
        """Its report's name, and its folder's below results/: another data set has another one."""
        return f"{self.plan.machine.name}-archived-{self.package.csv.sha256[:8]}"

    @property
    def results(self) -> Path:
        """Where everything made from it lies; nothing that was measured here."""
        return self.root / "results" / self.name

    def dataset_of(self, _: object) -> list[Path]:
        """The files of the data set."""
        return files_of(self.dataset)

    def package_of(self, _: object) -> str:
        """What describes it."""
        return str(self.package_file)

    def announcement(self, ahead: Ahead) -> str:
        """That nothing will be measured."""
        assert not ahead.trials, "there is no rule that measures"
        words = f"Nothing is measured here: {self.dataset} was measured on {self.plan.machine.name}"
        return "\n".join([words, *self.about_baseline])
