"""Every table of the analysis, declared once: a dataclass a table, whose fields are its columns.

From these follow the typed frames, the reader of the CSV files, the published schema of the data
set, docs/tables.md and the list of tables. Units are the last word of a column's name: `_ns` is
nanoseconds, `_bytes` bytes, `_ratio` a quotient without unit. An empty field means "missing",
never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args, get_type_hints

from threads_or_processes.records.tables.comparisons import (
    ClaimRow,
    ControlRow,
    DecisionRow,
    FamilyRow,
    RatioRow,
)
from threads_or_processes.records.tables.experiments import (
    CrossoverRow,
    FitRow,
    MemoryRow,
    NotebookRow,
    ScalingRow,
    SlopeRow,
    StartupRow,
    UpdatesRow,
)
from threads_or_processes.records.tables.measured import (
    CellRow,
    DistributionRow,
    HealthRow,
    OrderRow,
    OutcomeRow,
    PairingRow,
    QualityRow,
    ValueRow,
)


@dataclass(frozen=True, kw_only=True)
class AllTables:
    """The rows of every table; a field's name is that of the file."""

    values: tuple[ValueRow, ...]
    cells: tuple[CellRow, ...]
    ratios: tuple[RatioRow, ...]
    decisions: tuple[DecisionRow, ...]
    families: tuple[FamilyRow, ...]
    claims: tuple[ClaimRow, ...]
    outcomes: tuple[OutcomeRow, ...]
    notebook: tuple[NotebookRow, ...]
    startup: tuple[StartupRow, ...]
    memory: tuple[MemoryRow, ...]
    updates: tuple[UpdatesRow, ...]
    scaling: tuple[ScalingRow, ...]
    fits: tuple[FitRow, ...]
    crossovers: tuple[CrossoverRow, ...]
    slopes: tuple[SlopeRow, ...]
    control: tuple[ControlRow, ...]
    health: tuple[HealthRow, ...]
    distributions: tuple[DistributionRow, ...]
    quality: tuple[QualityRow, ...]
    pairing: tuple[PairingRow, ...]
    order: tuple[OrderRow, ...]


#: Every table by name, each tables/<name>.csv, with the dataclass of its rows.
TABLES: Mapping[str, type] = {
    name: get_args(rows)[0] for name, rows in get_type_hints(AllTables).items()
}
