"""Several machines, each measured by one job: the third face of results that the rules use.

The head plans and compares. Nothing here describes the machine that it runs on, so the head and
every job read the Snakefile alike. Paths hold the wildcard `{machine}`.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from threads_or_processes.analysis.package import CSV_FILE, PACKAGE_FILE
from threads_or_processes.common.errors import UserError
from threads_or_processes.pipeline.campaign import DEFAULT_CAMPAIGN, Campaign, catalogue, planned
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.pipeline.results import Results
from threads_or_processes.plan.config import checked, own_works
from threads_or_processes.plan.expected import announcement, together
from threads_or_processes.records.interpreter import InterpreterRequest
from threads_or_processes.records.plan import Machine

#: Jobs, their folders and their logs.
FOLDER = Path("machines")
#: What a job needs besides its trials: a start, unpacking, calibration.
BEFORE_S = 600
#: A scheduler ends a job whose time is over, so a job gets more than a busy machine should need.
SPARE = 1.2
HEAD, ON_NODE = "head", "on_node"
LOG_FILE = "job.log"
WILDCARD = "{machine}"


class MachineWildcards(Protocol):
    """The wildcard of a machine's files."""

    machine: str


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
    def begins_again(self) -> bool:
        """Whether it may begin again on another node than the one that began."""
        return bool(self.settings.get("elsewhere", False))

    @property
    def begun_on(self) -> str | None:
        """The node with most of its records, if there is one."""
        return begun_on(self.folder)

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
        """How much is planned there and how long it takes."""
        plan = self.campaign.plan
        return announcement(
            cells=len(plan.cells),
            planned=len(plan.trials),
            ahead=[self.campaign.expected_of(trial) for trial in plan.trials],
            retry_pass_s=plan.config["trial"]["retry_pass_s"],
            left_out=plan.left_out,
        )

    @property
    def unfinished(self) -> str:
        """How far it is, where, and what to do."""
        planned = len(self.campaign.plan.trials)
        if (node := self.begun_on) is None:
            where = "nothing is measured"
        else:
            where = (
                f"{records_of(self.folder / node)} of about {planned} trials are kept, on {node}"
            )
        return (
            f"machine {self.name} is not finished: {where}\n"
            f"  where: {self.folder / LOG_FILE}\n"
            "  fix:   run the same command again to resume; "
            f"machines.{self.name}: null leaves it out"
        )

    @property
    def resources(self) -> dict[str, Any]:
        """What the job requests; the config's own resources win."""
        own = dict(self.settings.get("resources", {}))
        whole_node = ["--exclusive"]
        if self.begun_on and not self.begins_again:
            whole_node.append(f"--nodelist={self.begun_on}")
        if extra := own.pop("slurm_extra", None):
            whole_node.append(extra)
        return {
            "cpus_per_task": self.cpus,
            "mem_mb": 0,  # Slurm: all of the node's memory
            "runtime": math.ceil((self.busy_s * SPARE + BEFORE_S) / 60),
            "slurm_extra": " ".join(whole_node),
            **own,
        }


@dataclass(frozen=True, kw_only=True)
class Fleet(Results):
    """The machines of a config, by name; `plan` is the one expected for the first of them.

    `config` is for the nodes: as it was given, with the nulls that remove experiments.
    """

    doing = "sending this campaign's jobs"

    config: Mapping[str, Any]
    jobs: Mapping[str, Job]

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Fleet":
        """Check `config` and plan it for each machine that it names; `UserError` for mistakes."""
        as_given = {key: value for key, value in config.items() if key != "machines"}
        config = checked(config)
        machines = {name: one for name, one in config["machines"].items() if one is not None}
        if not machines:
            raise UserError("all machines are null", where="config key machines")
        shared = {key: value for key, value in config.items() if key != "machines"}
        works = catalogue(own_works(shared))
        jobs = {
            name: Job(
                name=name,
                settings=settings,
                campaign=Campaign(plan=planned(shared, works, _expected(name, settings))),
                folder=FOLDER / f"{name}{suffix_of(shared)}",
            )
            for name, settings in machines.items()
        }
        return cls(plan=next(iter(jobs.values())).campaign.plan, config=as_given, jobs=jobs)

    @property
    def name(self) -> str:
        """The pages' names: one for each machine."""
        return f"{WILDCARD}{suffix_of(self.config)}"

    @property
    def results(self) -> Path:
        """The machines' folders of results."""
        return Path("results") / self.name

    @property
    def pages(self) -> list[str]:
        """The comparison of all machines, and the report of each."""
        pages = [f"report/{self.name.format(machine=name)}.html" for name in self.jobs]
        return [f"report/{self.comparison}.html", *pages]

    @property
    def own(self) -> list[Path]:
        """The folders of results of all machines."""
        return [Path(str(self.results).format(machine=name)) for name in self.jobs]

    @property
    def interpreter_request(self) -> InterpreterRequest:
        """What is asked of `threads_or_processes.interpreters`, for all machines alike."""
        return self._any_campaign.interpreter_request

    @property
    def interpreter_keys(self) -> dict[str, str]:
        """Digest of all that decides a build's interpreter, by build."""
        return self._any_campaign.interpreter_keys

    @property
    def config_files(self) -> list[str]:
        """The files that the config names, which the nodes need."""
        return self._any_campaign.named_files

    @property
    def _any_campaign(self) -> Campaign:
        return next(iter(self.jobs.values())).campaign

    @property
    def parcel(self) -> Path:
        """The interpreters that the head packs."""
        return FOLDER / f"interpreters{suffix_of(self.config)}.tar"

    @property
    def folder(self) -> Path:
        """Of a machine's job."""
        return FOLDER / self.name

    def dataset_of(self, wildcards: MachineWildcards) -> str:
        """What a machine's job leaves."""
        return str(self.jobs[wildcards.machine].folder / CSV_FILE)

    def package_of(self, wildcards: MachineWildcards) -> str:
        """What describes it."""
        return str(self.jobs[wildcards.machine].folder / PACKAGE_FILE)

    def config_of(self, wildcards: MachineWildcards) -> str:
        """The config that a machine's node works by, as JSON."""
        return json.dumps({**self.config, "machine": wildcards.machine}, indent=1, sort_keys=True)

    @property
    def unfinished(self) -> str:
        """Which machines lack a data set, how far they are and what to do."""
        lines = [
            job.unfinished for job in self.jobs.values() if not (job.folder / PACKAGE_FILE).exists()
        ]
        return "\n".join(lines or [super().unfinished])

    def lock(self) -> None:
        """Each job locks its own folder (`pipeline/node.py`)."""

    def announcement(self, ahead: Ahead) -> str:
        """What is to be measured where, how long it takes, and what each job asks for."""
        to_run = [job for job in self.jobs.values() if job.rule in ahead.rules]
        if not to_run:
            return f"{len(self.jobs)} machines, none of them left to measure"
        lines = [f"{len(to_run)} of {len(self.jobs)} machines to measure"]
        for job in to_run:
            resources = ", ".join(f"{key}={value}" for key, value in job.resources.items())
            lines += [f"  {job.name}: {job.forecast}", f"    requests {resources}"]
            if job.begun_on:
                lines.append(f"    {_resumption(job, job.begun_on)}")
        return "\n".join(lines)


def suffix_of(config: Mapping[str, Any]) -> str:
    """What the folders of another campaign than the default one end with."""
    campaign = config["campaign"]
    return "" if campaign == DEFAULT_CAMPAIGN else f"-{campaign}"


def begun_on(folder: Path) -> str | None:
    """The node whose folder, below a machine's, has most records; None before there is any."""
    nodes = [node for node in folder.glob("*/") if (node / "results").is_dir()]
    return max(nodes, key=records_of).name if nodes else None


def records_of(node: Path) -> int:
    """How many trials are recorded in a node's folder."""
    return sum(1 for _ in node.glob("results/*/trials/**/*.json"))


def _expected(name: str, settings: Mapping[str, Any]) -> Machine:
    """What the config says of a machine: enough to forecast its campaign."""
    return Machine(
        name=name,
        label=name,
        fingerprint={
            "logical_cpus": settings["cpus"],
            "physical_cores": settings.get("cores"),
            "cpu_quota": None,
        },
    )


def _resumption(job: Job, node: str) -> str:
    if job.begins_again:
        return f"begun on {node}; may begin again on another node"
    key = f"machines.{job.name}.elsewhere"
    return f"resumes on {node} ({key}: true begins again on any node)"


def check_executor(workflow: Any, *, is_fleet: bool) -> None:
    """`UserError` where the executor doesn't fit the config, or a setting would break the jobs."""
    if workflow.local_exec:
        if is_fleet:
            raise UserError(
                "machines are measured by jobs, and this run has no executor that sends jobs",
                where="config key machines",
                hint="use a profile with an executor, such as --workflow-profile profiles/slurm; "
                "to measure this machine alone, set machines to {}",
            )
        return
    if not is_fleet:
        raise UserError(
            "an executor that sends jobs would spread one campaign over several machines",
            where="config key machines",
            hint="name the machines there (docs/machines.md), or use --executor local",
        )
    if workflow.resource_settings.cores is not None:
        raise UserError(
            "cores limits the CPUs of every job to those of this machine",
            where="--cores, or the key cores of a profile",
            hint="leave it out: machines.<name>.cpus says how many CPUs a job gets",
        )
    if getattr(workflow.executor_settings, "array_jobs", None):
        raise UserError(
            "in a job array every machine would get the resources of the first",
            where="--slurm-array-jobs, or the key slurm-array-jobs of a profile",
            hint="leave it out",
        )
