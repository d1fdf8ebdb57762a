"""All tables of a campaign from its plan and its data set."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow

from threads_or_processes.analysis.amounts import amounts_table, times_at_amounts
from threads_or_processes.analysis.beyond_trials import beyond_trials
from threads_or_processes.analysis.campaign_tables import (
    failures_table,
    health_table,
    order_table,
    outcomes_table,
)
from threads_or_processes.analysis.cells import cells_table, distributions_table
from threads_or_processes.analysis.claims import claims_table
from threads_or_processes.analysis.control import control_table, pairs, twins
from threads_or_processes.analysis.crossovers import crossovers_table
from threads_or_processes.analysis.dataset import in_batches, in_order
from threads_or_processes.analysis.decisions import (
    contests,
    decisions_table,
    families_table,
    moves_table,
    versions_table,
)
from threads_or_processes.analysis.experiment_tables import (
    memory_table,
    notebook_table,
    startup_table,
    updates_table,
)
from threads_or_processes.analysis.frames import csv_text, frame, without_formulas
from threads_or_processes.analysis.groups_of_blocks import between_groups
from threads_or_processes.analysis.modes import modes_table, slow_modes_table
from threads_or_processes.analysis.overheads import overheads_table
from threads_or_processes.analysis.parts import parts_table
from threads_or_processes.analysis.quality import pairing_table, quality_table
from threads_or_processes.analysis.ratios import ratios_table
from threads_or_processes.analysis.readings import Rules
from threads_or_processes.analysis.reduction import Reduced, reduced
from threads_or_processes.analysis.scaling import fits_table, scaling_table
from threads_or_processes.analysis.sessions import sessions_of, sessions_table
from threads_or_processes.analysis.slopes import slopes_table
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.analysis.trial_values import (
    at_largest_amounts,
    times_of,
    trial_values,
    values_table,
)
from threads_or_processes.common.files import write_text
from threads_or_processes.records.plan import Plan, compilation_of
from threads_or_processes.records.tables import TABLES, AllTables


def all_tables(
    plan: Plan, trials: pd.DataFrame, *, plain_arms: Collection[str] = ()
) -> dict[str, pd.DataFrame]:
    """Every table by name; the order of the data set's rows and of the plan changes nothing."""
    return tables_of(plan, in_batches(in_order(trials)), plain_arms=plain_arms)


def tables_of(
    plan: Plan, trials: Batches, *, plain_arms: Collection[str] = ()
) -> dict[str, pd.DataFrame]:
    """Every table by name, from a data set that need not fit into the memory."""
    rows = rows_of(plan, reduced(plan, trials), plain_arms=plain_arms)
    return {name: frame(getattr(rows, name), record) for name, record in TABLES.items()}


def all_rows(plan: Plan, trials: pd.DataFrame, *, plain_arms: Collection[str] = ()) -> AllTables:
    """The rows of every table; `plain_arms` are those built without optimisation."""
    return rows_of(plan, reduced(plan, in_batches(in_order(trials))), plain_arms=plain_arms)


def _return_unused_memory() -> None:
    pyarrow.default_memory_pool().release_unused()


def rows_of(plan: Plan, found: Reduced, *, plain_arms: Collection[str] = ()) -> AllTables:
    """The rows of every table from a data set that was read for them."""
    _return_unused_memory()  # of reading: a fifth of all
    at_amounts = times_at_amounts(plan, found.repetitions)
    found = replace(found, repetitions=at_largest_amounts(found.repetitions))
    _return_unused_memory()
    trials = found.repetitions
    each = found.trials[found.trials["trial_id"].isin(trials["trial_id"].unique())]
    values = trial_values(trials, quiet_threshold=plan.quiet_threshold)
    times = times_of(values, plan)
    rules = Rules(margin=plan.margin, confidence=plan.confidence)
    measured_twice = pairs(plan, times)
    sessions = sessions_of(values)
    compilations = {block: compilation_of(block, plan.compilations) for block in sessions}
    beyond = replace(
        beyond_trials(twins(measured_twice)),
        of_groups=[between_groups(plan, times, groups) for groups in (sessions, compilations)],
    )
    rules = replace(rules, beyond_trials=beyond)
    contested = contests(plan, trials, times, rules)
    amounts = amounts_table(plan, at_amounts, rules)
    modes = modes_table(plan, found.placed, at_amounts, rules)
    quality = quality_table(plan, values, times)
    return AllTables(
        values=values_table(values),
        cells=cells_table(plan, trials, each, values, times, quality),
        ratios=ratios_table(plan, times, rules),
        decisions=decisions_table(contested, plan, each, times, rules),
        families=families_table(contested),
        moves=moves_table(contested, plan),
        versions=versions_table(contested, plan),
        claims=claims_table(plan, trials, each, values, times, rules, plain_arms=plain_arms),
        outcomes=outcomes_table(plan, each),
        failures=failures_table(plan, each),
        notebook=notebook_table(plan, trials, each, values),
        startup=startup_table(plan, trials, values, times),
        memory=memory_table(plan, each),
        updates=updates_table(plan, trials),
        amounts=amounts,
        overheads=overheads_table(plan, at_amounts, rules, amounts),
        scaling=scaling_table(plan, times, rules),
        fits=fits_table(plan, times, rules),
        crossovers=crossovers_table(plan, times, rules),
        slopes=slopes_table(plan, each, values, times),
        parts=parts_table(plan, found.apart),
        control=control_table(measured_twice, times),
        health=health_table(each),
        distributions=distributions_table(plan, values),
        quality=quality,
        modes=modes,
        slow_modes=slow_modes_table(plan, modes),
        pairing=pairing_table(plan, values, times),
        order=order_table(values),
        sessions=sessions_table(values, sessions),
    )


def write_tables(tables: dict[str, pd.DataFrame], directory: Path) -> None:
    """Write each table as `directory`/<name>.csv, whole or not at all."""
    for name, table in tables.items():
        write_text(directory / f"{name}.csv", csv_text(without_formulas(table)))
