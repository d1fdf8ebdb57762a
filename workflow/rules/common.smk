# Needs:    the config.
# Produces: CAMPAIGN, what all rules ask; results/<machine>/plan.json.
import json
import shlex

from snakemake.logging import logger

from workflow.announcing import records_ahead, tell_after_dry_run
from workflow.campaign import Campaign
from workflow.errors import reported
from workflow.progress import follow, replace_chatter
from workflow.scheduling import mend

CAMPAIGN = reported(lambda: Campaign.of(config))
reported(lambda: CAMPAIGN.given_executables)
PROGRESS = follow(logger)
tell_after_dry_run(
    logger, workflow, lambda: CAMPAIGN.announcement(records_ahead(workflow))
)


# Nothing may run beside a trial: a trial takes all of `machine`, every other rule a part of it.
# Set here and not in the profile, so that no command line loosens it.
workflow.global_resources["machine"] = 100

# Every command runs in the Python that runs Snakemake, activated or not.
shell.prefix(
    "set -euo pipefail; "
    f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH "
    f"PYTHONPATH={shlex.quote(str(ROOT))}; "
)


# Every table of the analysis, each tables/<name>.csv.
TABLES = [
    "values",
    "cells",
    "ratios",
    "decisions",
    "outcomes",
    "notebook",
    "startup",
    "memory",
    "updates",
    "control",
    "health",
]


wildcard_constraints:
    machine="[^/]+",
    workload="[^/]+",
    model="[^/]+",
    workers="[0-9]+",
    arm="[^/]+",
    timing="(warm|cold|memory)(-[0-9]+)?",
    block="[0-9]+",


rule write_plan:
    output:
        plan="results/{machine}/plan.json",
    log:
        "results/{machine}/logs/plan.log",
    conda:
        "../../environment.yml"
    resources:
        machine=1,
    params:
        config=json.dumps(config),
    shell:
        "python -m workflow.campaign --config {params.config:q} --out {output.plan:q} 2> {log:q}"


onstart:
    reported(CAMPAIGN.claim)
    mend(workflow.scheduler)
    replace_chatter(logger, PROGRESS)
    print(CAMPAIGN.announcement(records_ahead(workflow)), file=sys.stderr)
    print(f"Results go to {CAMPAIGN.results}", file=sys.stderr)


onsuccess:
    print(f"The report is report/{CAMPAIGN.name}.html", file=sys.stderr)


onerror:
    print(
        "Not finished. What was measured is kept; the same command goes on from here.",
        file=sys.stderr,
    )
