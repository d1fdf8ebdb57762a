"""One machine of a fleet: what its job measures, what it requests, and how far it is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threads_or_processes.analysis.package import PACKAGE_FILE
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.plan.expected import announcement, together

#: What a job needs besides its trials: a start, unpacking, calibration.
BEFORE_S = 600
#: A scheduler ends a job whose time is over, so a job gets more than a busy machine should need.
SPARE = 1.2
HEAD = "head"
LOG_FILE = "job.log"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One machine: how it is measured, and the campaign that is expected there.

    `settings` are those of the config under `machines`.
    """

    name: str
    settings: Mapping[str, Any]
    campaign: Campaign
    folder: Path

    @property
    def cpus(self) -> int:
        """Logical CPUs to measure with."""
        return int(self.settings["cpus"])

    @property
    def local(self) -> str:
        """A folder on the node's own disk."""
        return str(self.settings.get("local", "/tmp"))  # noqa: S108

    @property
    def has_parcel(self) -> bool:
        """Whether it runs the interpreters that the head packed."""
        return bool(self.settings.get("interpreters", HEAD) == HEAD)

    @property
    def options(self) -> list[str]:
        """Of the command that the job runs."""
        again = ["--elsewhere"] if self.begins_again else []
        return ["--cpus", str(self.cpus), "--local", self.local, *again]

    @property
    def is_measured(self) -> bool:
        """Whether its data set is at the head."""
        return (self.folder / PACKAGE_FILE).exists()

    @property
    def begins_again(self) -> bool:
        """Whether it may begin again on another node than the one that began."""
        return bool(self.settings.get("elsewhere", False))

    @property
    def begun_on(self) -> str | None:
        """The node with most of its records, if there is one."""
        return begun_on(self.folder)

    @property
    def resumes_on(self) -> str | None:
        """The node that it must resume on; None where any will do."""
        return None if self.begins_again else self.begun_on

    @property
    def rule(self) -> str:
        """The rule that measures it."""
        return f"measure_{self.name.replace('-', '_')}"

    @property
    def busy_s(self) -> float:
        """How long its trials take on a busy machine, by the forecast."""
        plan = self.campaign.plan
        trials = together(map(self.campaign.expected_of, plan.possible_trials))
        return float(trials.busy_s + plan.config["trial"]["retry_pass_s"])

    @property
    def forecast(self) -> str:
        """How much is planned there and how long it takes, in one line."""
        plan = self.campaign.plan
        return announcement(
            cells=len(plan.cells),
            planned=len(plan.trials),
            ahead=[self.campaign.expected_of(trial) for trial in plan.trials],
            retry_pass_s=plan.config["trial"]["retry_pass_s"],
        )

    @property
    def unfinished(self) -> str:
        """How far it is, where, and what to do."""
        planned, log = len(self.campaign.plan.trials), self.folder / LOG_FILE
        fix = "run the same command again"
        if node := self.begun_on:
            kept = records_of(self.folder / node)
            far = f"{kept:,} of about {planned:,} trials are kept, on {node}"
            fix += f" to resume; if its time was over, raise machines.{self.name}.resources.runtime"
        elif log.exists() and log.stat().st_size:
            far = "nothing is measured"
        else:
            far = "its job wrote nothing"
            fix += (
                "; if its job had a node, that node lacks this folder "
                f"({Path.cwd()}): move the project to a file system that all nodes share"
            )
        return (
            f"machine {self.name} is not finished: {far}\n"
            f"  where: {log}\n"
            f"  fix:   {fix}; machines.{self.name}: null leaves it out"
        )

    @property
    def resources(self) -> dict[str, Any]:
        """What the job requests; the config's own resources win."""
        own = dict(self.settings.get("resources", {}))
        whole_node = ["--exclusive"]
        if self.resumes_on:
            whole_node.append(f"--nodelist={self.resumes_on}")
        if extra := own.pop("slurm_extra", None):
            whole_node.append(extra)
        return {
            "cpus_per_task": self.cpus,
            "mem_mb": 0,  # Slurm: all of the node's memory
            "runtime": math.ceil((self.busy_s * SPARE + BEFORE_S) / 60),
            "slurm_extra": " ".join(whole_node),
            **own,
        }


def begun_on(folder: Path) -> str | None:
    """The node whose folder, below a machine's, has most records; None before there is any."""
    nodes = [node for node in folder.glob("*/") if (node / "results").is_dir()]
    return max(nodes, key=records_of).name if nodes else None


def records_of(node: Path) -> int:
    """How many trials are recorded in a node's folder."""
    return sum(1 for _ in node.glob("results/*/trials/**/*.json"))
