# Needs:    the config.
# Produces: CAMPAIGN, what all rules ask: to be measured here or archived, one face for both;
#           BLOCKS, the blocks that are added on demand while it is measured here.
import json
import shlex
from dataclasses import asdict

from snakemake.logging import logger

from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.pipeline import budget, gate
from threads_or_processes.pipeline.adaptive_blocks import AdaptiveBlocks
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.pipeline.console import (
    Console,
    jobs_ahead,
    made,
)
from threads_or_processes.pipeline.executor import (
    check_executor,
    check_nodes,
    check_options,
    check_resources,
)
from threads_or_processes.pipeline.fleet import Fleet
from threads_or_processes.pipeline.job import LOG_FILE
from threads_or_processes.pipeline.results import check_surroundings, full_disks
from threads_or_processes.pipeline.snakemake_patches import (
    check_first,
    end_on_sigterm,
    hasten,
    is_first,
    keep_apart,
    keep_awake,
    pass_on_handlers,
    patch_executor,
    patch_scheduler,
    patch_targets,
    take_prefix,
)
from threads_or_processes.pipeline.watching import watch
from threads_or_processes.trial.server import start_server

IS_ARCHIVED = config.get("dataset") is not None
IS_FLEET = bool(config.get("machines")) and not IS_ARCHIVED
IS_MEASURED_HERE = not (IS_ARCHIVED or IS_FLEET)
FACE = Archive if IS_ARCHIVED else Fleet if IS_FLEET else Campaign
hasten()
if is_first(workflow, "end on SIGTERM"):
    exit_on_user_error(end_on_sigterm)
exit_on_user_error(lambda: check_surroundings(ROOT))
if workflow.is_main_process:
    exit_on_user_error(
        lambda: check_first(
            workflow, lambda: exit_on_user_error(lambda: check_options(workflow))
        )
    )
PREFIX = exit_on_user_error(lambda: take_prefix(workflow))
CAMPAIGN = exit_on_user_error(lambda: FACE.of(config, PREFIX))
if IS_MEASURED_HERE:
    exit_on_user_error(lambda: budget.begin(CAMPAIGN))
    BLOCKS = AdaptiveBlocks(
        CAMPAIGN, lambda number: checkpoints.decide_stopping.get(round=str(number))
    )
LOST = exit_on_user_error(lambda: (BLOCKS if IS_MEASURED_HERE else CAMPAIGN).lost)
exit_on_user_error(lambda: patch_targets(workflow, CAMPAIGN.products, LOST))
CONSOLE = Console.attached(
    logger,
    workflow,
    (BLOCKS if IS_MEASURED_HERE else CAMPAIGN).announcement,
    lists_jobs=not IS_FLEET,
    results=CAMPAIGN.results,
)

# Nothing may run beside a trial: a trial takes all of `machine`, every other rule a part of it.
# The documented place, `resources:` in a profile, gives way to `--resources` on any command line;
# then trials overlap and nothing says so. What is set here no command line loosens. Snakemake has no
# documented directive for it: https://github.com/snakemake/snakemake/issues/1866
workflow.global_resources["machine"] = 100

# Every command runs in the Python that runs Snakemake, activated or not; with `--sdm conda` in the
# environment that its rule names, which Snakemake activates before this prefix.
OWN_PYTHON = (
    ""
    if "conda" in map(str, workflow.deployment_settings.deployment_method)
    else f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH; "
)
shell.prefix(
    f"set -euo pipefail; . {shlex.quote(str(PACKAGES / 'rules/steps.sh'))}; "
    f"{OWN_PYTHON}export PYTHONPATH={shlex.quote(str(PACKAGES))}; "
)


wildcard_constraints:
    workload="[^/]+",
    model="[^/]+",
    workers="[0-9]+",
    arm="[^/]+",
    timing="(warm|cold|memory)(-[0-9]+)?",
    block="[0-9]+",


onstart:
    exit_on_user_error(lambda: check_executor(workflow, is_fleet=IS_FLEET))
    if IS_FLEET:
        to_run = CAMPAIGN.jobs_of(jobs_ahead(workflow))
        exit_on_user_error(lambda: check_resources(workflow, to_run))
        exit_on_user_error(lambda: check_nodes(workflow, to_run))
    exit_on_user_error(CAMPAIGN.lock)
    if is_first(workflow, "patches"):
        exit_on_user_error(
            lambda: patch_scheduler(workflow.scheduler, CONSOLE.interrupt)
        )
        keep_apart(workflow)
    if IS_FLEET and is_first(workflow, "executor"):
        patch_executor(workflow.scheduler._executor)
        keep_awake()
    if OWN_PYTHON and IS_MEASURED_HERE and is_first(workflow, "server"):
        start_server()
    CONSOLE.begin(logger)
    if IS_MEASURED_HERE and config["budget"] is not None:
        logger.addHandler(budget.Pacer(CAMPAIGN, CONSOLE.leave_out))
    if IS_FLEET:
        watch({job.name: job.folder / LOG_FILE for job in CAMPAIGN.jobs.values()})
    print(f"Results go to {', '.join(map(str, CAMPAIGN.own))}", file=sys.stderr)


onsuccess:
    if IS_MEASURED_HERE and (told := budget.limits(CAMPAIGN)):
        CONSOLE.say(told)
    for page in made(workflow, CAMPAIGN.pages)[:1]:
        print(f"The report is {page}", file=sys.stderr)
        gate.close(CAMPAIGN, config["fail_on"])


onerror:
    CONSOLE.say(CAMPAIGN.unfinished, *full_disks())


exit_on_user_error(
    lambda: pass_on_handlers(workflow, ", ".join(map(str, CAMPAIGN.own)))
)
