"""All tables of a campaign from its plan and its data set."""

from pathlib import Path

import pandas as pd

from workflow.analysis.cells import cells_table
from workflow.analysis.columns import csv_text
from workflow.analysis.control import control_table
from workflow.analysis.dataset import in_order
from workflow.analysis.decisions import decisions_table
from workflow.analysis.distributions import distributions_table
from workflow.analysis.health import health_table
from workflow.analysis.memory import memory_table
from workflow.analysis.notebook import notebook_table
from workflow.analysis.outcomes import outcomes_table
from workflow.analysis.planned import Plan
from workflow.analysis.ratios import ratios_table
from workflow.analysis.startup import startup_table
from workflow.analysis.trial_values import times_of, trial_values, values_table
from workflow.analysis.updates import updates_table
from workflow.files import write_text


def all_tables(plan: Plan, trials: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table by name; the order of the data set's rows and of the plan changes nothing."""
    trials = in_order(trials)
    values = trial_values(trials, quiet_threshold=plan.quiet_threshold)
    times = times_of(values)
    return {
        "values": values_table(values),
        "cells": cells_table(plan, trials, values, times),
        "ratios": ratios_table(plan, times),
        "decisions": decisions_table(plan, trials, times),
        "outcomes": outcomes_table(plan, trials),
        "notebook": notebook_table(plan, trials, values),
        "startup": startup_table(plan, values, times),
        "memory": memory_table(plan, trials),
        "updates": updates_table(plan, trials),
        "control": control_table(plan, times),
        "health": health_table(trials),
        "distributions": distributions_table(plan, values),
    }


def write_tables(tables: dict[str, pd.DataFrame], directory: Path) -> None:
    """Write each table as `directory`/<name>.csv, whole or not at all."""
    for name, table in tables.items():
        write_text(directory / f"{name}.csv", csv_text(table))
