"""Whether the options and the executor of a run can measure what the config says."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from typing import Any

from threads_or_processes.common.errors import UserError
from threads_or_processes.pipeline.job import Job

#: States in which Slurm gives a node no job (`man sinfo`, node state codes).
NO_JOBS = ("down", "drain", "fail", "inval")


def check_options(workflow: Any) -> None:
    """`UserError` for an option under which trials would overlap, lose their order or their lock.

    Options come from the command line or from any profile, such as that of SNAKEMAKE_PROFILE.
    """

    def given(settings: str, name: str) -> Any:  # not all kinds of runs have all settings
        return getattr(getattr(workflow, f"{settings}_settings"), name, None)

    resources = workflow.resource_settings
    overwritten = any("machine" in of_rule for of_rule in resources.overwrite_resources.values())
    refused = {
        "set-resources": (overwritten, "it changes a rule's part of machine: trials would overlap"),
        "set-resource-scopes": (
            "machine" in resources.overwrite_resource_scopes,
            "it changes the scope of machine: trials would overlap",
        ),
        "groups": (
            given("group", "overwrite_groups"),
            "the jobs of a group run at the same time",
        ),
        "scheduler-subsample": (
            given("scheduling", "subsample"),
            "trials would run in another order than planned",
        ),
        "prioritize": (
            given("scheduling", "prioritytargets"),
            "trials would run in another order than planned",
        ),
        "no-hooks": (
            given("execution", "no_hooks"),
            "nothing would keep the results for this run alone",
        ),
        "default-storage-provider": (
            given("storage", "default_storage_provider"),
            "results are read and locked as files of this machine",
        ),
    }
    for option, (is_given, reason) in refused.items():
        if is_given:
            raise UserError(
                f"{option} can't be used with this workflow: {reason}",
                where=f"--{option}, or the key {option} of a profile",
                hint="leave it out; --profile none leaves out the profile of SNAKEMAKE_PROFILE",
            )


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


def check_resources(workflow: Any, jobs: Iterable[Job]) -> None:
    """`UserError` if the executor's own command names a resource that a machine lacks."""
    submit = getattr(workflow.executor_settings, "submit_cmd", None) or ""
    for key in re.findall(r"\{resources\.(\w+)\}", submit):
        for job in jobs:
            if key not in job.resources:
                raise UserError(
                    f"{job.name} has no {key}, which the command of the executor names",
                    where=f"config key machines.{job.name}.resources",
                    hint=f"add {key} there",
                )


def check_nodes(workflow: Any, jobs: Iterable[Job]) -> None:
    """`UserError` if a job must resume on a node that takes none: with Slurm it would wait."""
    if workflow.executor_plugin.name != "slurm":
        return
    for job in jobs:
        if job.resumes_on and (reason := why_unavailable(job.resumes_on)):
            raise UserError(
                f"{job.name} was begun on {job.resumes_on}, and {reason}",
                where=f"config key machines.{job.name}",
                hint=f"wait for that node; or set machines.{job.name}.elsewhere to true, to begin "
                f"again on any node; or machines.{job.name} to null, to leave it out",
            )


def why_unavailable(node: str) -> str | None:
    """Why Slurm gives a node no job; None if it does, or does not tell."""
    if not shutil.which("sinfo"):
        return None
    command = ["sinfo", "--all", "--noheader", f"--nodes={node}", "--format=%T|%E"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        return None
    if not (states := told.stdout.splitlines()):
        return "Slurm knows no such node"
    state, _, reason = states[0].partition("|")
    if not state.lower().startswith(NO_JOBS):
        return None
    return f"that node is {state}" + ("" if reason in ("", "none") else f" ({reason})")
