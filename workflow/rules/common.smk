# Needs:    the config.
# Produces: CAMPAIGN, what all rules ask: to be measured here or archived, one face for both.
import json
import re
import shlex

from snakemake.logging import logger

from threads_or_processes.pipeline.announcing import (
    records_ahead,
    round_ahead,
    tell_after_dry_run,
)
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.common.errors import exit_on_user_error
from threads_or_processes.pipeline.progress import follow, replace_chatter
from threads_or_processes.pipeline.snakemake_patches import patch_scheduler

IS_ARCHIVED = config.get("dataset") is not None
CAMPAIGN = exit_on_user_error(lambda: (Archive if IS_ARCHIVED else Campaign).of(config))
PROGRESS = follow(logger, lambda: len(records_ahead(workflow)))
tell_after_dry_run(logger, workflow, lambda: ANNOUNCEMENT())


# Nothing may run beside a trial: a trial takes all of `machine`, every other rule a part of it.
# Set here and not in the profile, so that no command line loosens it.
workflow.global_resources["machine"] = 100

# Every command runs in the Python that runs Snakemake, activated or not.
shell.prefix(
    "set -euo pipefail; "
    f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH "
    f"PYTHONPATH={shlex.quote(str(PACKAGES))}; "
)


# Every table of the analysis, each tables/<name>.csv.
TABLES = [
    "values",
    "cells",
    "ratios",
    "decisions",
    "claims",
    "outcomes",
    "notebook",
    "startup",
    "memory",
    "updates",
    "scaling",
    "fits",
    "crossovers",
    "slopes",
    "control",
    "health",
    "distributions",
    "quality",
    "pairing",
    "order",
]


wildcard_constraints:
    # This campaign's own folder: what lies beside it is another's, to be read and never made.
    machine=re.escape(CAMPAIGN.results.name),
    workload="[^/]+",
    model="[^/]+",
    workers="[0-9]+",
    arm="[^/]+",
    timing="(warm|cold|memory)(-[0-9]+)?",
    block="[0-9]+",


onstart:
    exit_on_user_error(CAMPAIGN.claim)
    patch_scheduler(workflow.scheduler)
    replace_chatter(logger, PROGRESS)
    print(ANNOUNCEMENT(), file=sys.stderr)
    print(f"Results go to {CAMPAIGN.results}", file=sys.stderr)


onsuccess:
    print(f"The report is report/{CAMPAIGN.name}.html", file=sys.stderr)


onerror:
    print(
        "Not finished. What was measured is kept; the same command goes on from here.",
        file=sys.stderr,
    )
