"""Every table of the analysis, declared once: a dataclass a table, whose fields are its columns.

From these follow the typed frames, the reader of the CSV files, the published schema of the data
set, docs/tables.md and the list of tables. Units are the last word of a column's name: `_ns` is
nanoseconds, `_bytes` bytes, `_ratio` a quotient without unit. An empty field means "missing",
never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args, get_type_hints

from threads_or_processes.records.tables.amounts import AmountRow, OverheadRow
from threads_or_processes.records.tables.comparisons import (
    ClaimRow,
    ControlRow,
    DecisionRow,
    FamilyRow,
    MoveRow,
    RatioRow,
    VersionRow,
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
    FailureRow,
    HealthRow,
    ModesRow,
    OrderRow,
    OutcomeRow,
    PairingRow,
    QualityRow,
    SessionRow,
    SlowModesRow,
    ValueRow,
)
from threads_or_processes.records.tables.parts import PartsRow


@dataclass(frozen=True, kw_only=True)
class AllTables:
    """The rows of every table; a field's name is that of the file."""

    values: Sequence[ValueRow]
    cells: Sequence[CellRow]
    ratios: Sequence[RatioRow]
    decisions: Sequence[DecisionRow]
    families: Sequence[FamilyRow]
    moves: Sequence[MoveRow]
    versions: Sequence[VersionRow]
    claims: Sequence[ClaimRow]
    outcomes: Sequence[OutcomeRow]
    failures: Sequence[FailureRow]
    notebook: Sequence[NotebookRow]
    startup: Sequence[StartupRow]
    memory: Sequence[MemoryRow]
    updates: Sequence[UpdatesRow]
    amounts: Sequence[AmountRow]
    overheads: Sequence[OverheadRow]
    scaling: Sequence[ScalingRow]
    fits: Sequence[FitRow]
    crossovers: Sequence[CrossoverRow]
    slopes: Sequence[SlopeRow]
    parts: Sequence[PartsRow]
    control: Sequence[ControlRow]
    health: Sequence[HealthRow]
    distributions: Sequence[DistributionRow]
    quality: Sequence[QualityRow]
    modes: Sequence[ModesRow]
    slow_modes: Sequence[SlowModesRow]
    pairing: Sequence[PairingRow]
    order: Sequence[OrderRow]
    sessions: Sequence[SessionRow]


#: Every table by name, each tables/<name>.csv, with the dataclass of its rows.
TABLES: Mapping[str, type] = {
    name: get_args(rows)[0] for name, rows in get_type_hints(AllTables).items()
}
