"""All tables of a campaign from its plan and its data set."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from workflow.analysis.cells import cells_table
from workflow.analysis.claims import claims_table
from workflow.analysis.columns import csv_text
from workflow.analysis.control import control_table, noise_floor
from workflow.analysis.crossovers import crossovers_table
from workflow.analysis.dataset import in_order
from workflow.analysis.decisions import decisions_table
from workflow.analysis.distributions import distributions_table
from workflow.analysis.health import health_table
from workflow.analysis.memory import memory_table
from workflow.analysis.notebook import notebook_table
from workflow.analysis.order import order_table
from workflow.analysis.outcomes import outcomes_table
from workflow.analysis.pairing import pairing_table
from workflow.analysis.planned import Plan
from workflow.analysis.quality import quality_table
from workflow.analysis.ratios import ratios_table
from workflow.analysis.readings import Rules
from workflow.analysis.scaling import fits_table, scaling_table
from workflow.analysis.slopes import slopes_table
from workflow.analysis.startup import startup_table
from workflow.analysis.trial_values import times_of, trial_values, values_table
from workflow.analysis.updates import updates_table
from workflow.files import write_text


def all_tables(plan: Plan, trials: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Every table by name; the order of the data set's rows and of the plan changes nothing."""
    trials = in_order(trials)
    values = trial_values(trials, quiet_threshold=plan.quiet_threshold)
    times = times_of(values)
    rules = Rules(margin=plan.margin, confidence=plan.confidence)
    control = control_table(plan, times, rules)
    rules = replace(rules, noise_floor=noise_floor(control, confidence=plan.confidence))
    return {
        "values": values_table(values),
        "cells": cells_table(plan, trials, values, times),
        "ratios": ratios_table(plan, times, rules),
        "decisions": decisions_table(plan, trials, times, rules),
        "claims": claims_table(plan, trials, values, times, rules),
        "outcomes": outcomes_table(plan, trials),
        "notebook": notebook_table(plan, trials, values),
        "startup": startup_table(plan, values, times),
        "memory": memory_table(plan, trials),
        "updates": updates_table(plan, trials),
        "scaling": scaling_table(plan, times, rules),
        "fits": fits_table(plan, times, rules),
        "crossovers": crossovers_table(plan, times, rules),
        "slopes": slopes_table(plan, trials, values, times),
        "control": control,
        "health": health_table(trials),
        "distributions": distributions_table(plan, values),
        "quality": quality_table(plan, values, times),
        "pairing": pairing_table(plan, values, times),
        "order": order_table(values),
    }


def write_tables(tables: dict[str, pd.DataFrame], directory: Path) -> None:
    """Write each table as `directory`/<name>.csv, whole or not at all."""
    for name, table in tables.items():
        write_text(directory / f"{name}.csv", csv_text(table))
