"""Several machines, each measured by one job: the third face of results that the rules use.

The head plans and compares. Nothing here describes the machine that it runs on, so the head and
every job read the Snakefile alike. Paths hold the wildcard `{machine}`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from threads_or_processes.analysis.package import CSV_FILE, PACKAGE_FILE
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.phrases import counted, format_duration
from threads_or_processes.pipeline.baseline import SLOWER
from threads_or_processes.pipeline.campaign import DEFAULT_CAMPAIGN, Campaign, catalogue, planned
from threads_or_processes.pipeline.console import Ahead
from threads_or_processes.pipeline.job import Job, records_of
from threads_or_processes.pipeline.results import Results
from threads_or_processes.plan.config import checked, own_works
from threads_or_processes.records.interpreter import InterpreterRequest
from threads_or_processes.records.plan import Machine

#: Jobs, their folders and their logs.
FOLDER = Path("machines")
WILDCARD = "{machine}"


class MachineWildcards(Protocol):
    """The wildcard of a machine's files."""

    machine: str


@dataclass(frozen=True, kw_only=True)
class Fleet(Results):
    """The machines of a config, by name; `plan` is the one expected for the first of them.

    `config` is for the nodes: as it was given, with the nulls that remove experiments.
    """

    doing = "sending this campaign's jobs"

    config: Mapping[str, Any]
    jobs: Mapping[str, Job]

    @classmethod
    def of(cls, config: Mapping[str, Any], root: Path = Path()) -> "Fleet":
        """Check `config` and plan it for each machine that it names; `UserError` for mistakes."""
        as_given = {key: value for key, value in config.items() if key != "machines"}
        config = checked(config)
        if config.get("baseline") is not None or SLOWER in config.get("fail_on", ()):
            raise UserError(
                "a baseline is of one machine, and this config has several",
                where="config keys baseline and fail_on",
                hint="compare on the machine itself, without the key machines",
            )
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
                folder=root / FOLDER / f"{name}{suffix_of(shared)}",
            )
            for name, settings in machines.items()
        }
        plan = next(iter(jobs.values())).campaign.plan
        return cls(plan=plan, root=root, config=as_given, jobs=jobs)

    @property
    def name(self) -> str:
        """The pages' names: one for each machine."""
        return f"{WILDCARD}{suffix_of(self.config)}"

    @property
    def results(self) -> Path:
        """The machines' folders of results."""
        return self.root / "results" / self.name

    @property
    def pages(self) -> list[str]:
        """The comparison of all machines, and the report of each."""
        pages = [self.page(self.name.format(machine=name)) for name in self.jobs]
        return [self.page(self.comparison), *pages]

    @property
    def lost(self) -> list[str]:
        """None: the records are on the nodes."""
        return []

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
        return self.root / FOLDER / f"interpreters{suffix_of(self.config)}.tar"

    @property
    def folder(self) -> Path:
        """Of a machine's job."""
        return self.root / FOLDER / self.name

    def dataset_of(self, wildcards: MachineWildcards) -> list[Path]:
        """What a machine's job leaves."""
        return [self.jobs[wildcards.machine].folder / CSV_FILE]

    def package_of(self, wildcards: MachineWildcards) -> str:
        """What describes it."""
        return str(self.jobs[wildcards.machine].folder / PACKAGE_FILE)

    def config_of(self, wildcards: MachineWildcards) -> str:
        """The config that a machine's node works by, as JSON."""
        return json.dumps({**self.config, "machine": wildcards.machine}, indent=1, sort_keys=True)

    @property
    def unfinished(self) -> str:
        """Which machines lack a data set, how far they are and what to do."""
        lines = [job.unfinished for job in self.jobs.values() if not job.is_measured]
        return "\n".join(lines or [super().unfinished])

    def lock(self) -> None:
        """Each job locks its own folder (`pipeline/node.py`)."""

    def jobs_of(self, ahead: Ahead) -> list[Job]:
        """The machines that are still to be measured."""
        return [job for job in self.jobs.values() if job.rule in ahead.rules]

    def announcement(self, ahead: Ahead) -> str:
        """What is to be measured where, how long it takes, and what each job asks for."""
        to_run = self.jobs_of(ahead)
        if not to_run:
            left = sum(not job.is_measured for job in self.jobs.values())
            by_this = ", none by this command" if left else ""
            return f"{len(self.jobs)} machines, {left or 'none'} of them left to measure{by_this}"
        at_most = format_duration(math.fsum(job.busy_s for job in to_run), "up to")
        lines = [
            f"{len(to_run)} of {len(self.jobs)} machines to measure, one job and one whole node "
            f"each; together {at_most} of node time"
        ]
        for job in to_run:
            lines += [
                f"  {job.name}: {counted(job.cpus, 'CPU')}, {job.forecast}",
                f"    its job requests {_in_words(job.resources)}",
            ]
            if node := job.begun_on:
                lines.append(f"    {_resumption(job, node)}")
        return "\n".join([*lines, *_left_out(to_run)])


def suffix_of(config: Mapping[str, Any]) -> str:
    """What the folders of another campaign than the default one end with."""
    campaign = config["campaign"]
    return "" if campaign == DEFAULT_CAMPAIGN else f"-{campaign}"


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
    kept = f"{records_of(job.folder / node):,} trials are kept"
    if job.begins_again:
        return f"begun on {node}, where {kept}; begins again if it gets another node"
    key = f"machines.{job.name}.elsewhere"
    return f"resumes on {node}, where {kept} ({key}: true begins again on any node)"


def _in_words(resources: Mapping[str, Any]) -> str:
    """What a job requests, as the executor gets it, with the meaning of what is short."""
    words = {key: f"{key}={value}" for key, value in resources.items()}
    if resources["mem_mb"] == 0:
        words["mem_mb"] += " (all memory)"
    if isinstance(minutes := resources["runtime"], int):
        words["runtime"] += f" ({format_duration(minutes * 60, '').strip()})"
    return ", ".join(words.values())


def _left_out(jobs: Sequence[Job]) -> list[str]:
    """What plans leave out to save time: on all machines, then on one machine besides."""
    left_out = {job.name: job.campaign.plan.left_out for job in jobs}
    first, *others = left_out.values()
    shared = [phrase for phrase in first if all(phrase in phrases for phrases in others)]
    said = {"on all machines" if others else f"on {jobs[0].name}": shared} | {
        f"also on {name}": [phrase for phrase in phrases if phrase not in shared]
        for name, phrases in left_out.items()
    }
    return [
        f"  left out {where} to save time: {'; '.join(phrases)}"
        for where, phrases in said.items()
        if phrases
    ]
