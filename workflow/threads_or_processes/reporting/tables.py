"""The tables of the analysis, read into their declared rows (`records.tables`)."""

import csv
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeVar

from threads_or_processes.common.errors import UserError
from threads_or_processes.records.fields import Column, Part, columns_of, parts_of
from threads_or_processes.records.tables import TABLES, AllTables
from threads_or_processes.records.tables.amounts import AmountRow, OverheadRow
from threads_or_processes.records.tables.comparisons import FamilyRow, RatioRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.tables.measured import (
    LEFT_OUT,
    MISSING,
    CellRow,
    ModesRow,
    ValueRow,
)
from threads_or_processes.records.vocabulary import SERIAL, Basis, CellFlag, Timing

Row = TypeVar("Row")
Key = TypeVar("Key")


class Tables(AllTables):
    """The tables, with what the report looks up in them."""

    @cached_property
    def _cells(self) -> Mapping[str, CellRow]:
        return {row.cell: row for row in self.cells}

    @cached_property
    def _ratios(self) -> Mapping[tuple[str, str], RatioRow]:
        return {(row.cell, row.baseline_cell): row for row in self.ratios}

    @cached_property
    def _amounts(self) -> Mapping[str, Sequence[AmountRow]]:
        return _grouped(self.amounts, lambda row: row.cell)

    @cached_property
    def _overheads(self) -> Mapping[str, OverheadRow]:
        return {row.cell: row for row in self.overheads}

    @cached_property
    def modes_at_most(self) -> Mapping[str, ModesRow]:
        """The modes of each cell at its largest amount."""
        return {row.cell: row for row in sorted(self.modes, key=lambda row: row.amount)}

    @cached_property
    def _values(self) -> Mapping[str, Sequence[ValueRow]]:
        return _grouped(self.values, lambda row: row.cell)

    @cached_property
    def _families(self) -> Mapping[tuple[str, str], Sequence[FamilyRow]]:
        return _grouped(self.families, lambda row: (row.workload, row.arm))

    @cached_property
    def _warm(self) -> Mapping[tuple[str, str], Sequence[CellRow]]:
        """The first measurement of each warm cell, by workload and arm."""
        warm = (row for row in self.cells if (row.timing, row.replicate) == (Timing.WARM, 1))
        return _grouped(warm, lambda row: (row.workload, row.arm))

    @property
    def differences_by_chance(self) -> tuple[float, ...]:
        """How far apart two measurements of one cell are (A/A), as shares; empty without any."""
        ratios = (row.estimate for row in self.control)
        return tuple(ratio.apart for ratio in ratios if ratio)

    @cached_property
    def timed(self) -> tuple[CellRow, ...]:
        """The cells that are not weighed but timed."""
        return tuple(row for row in self.cells if row.timing is not Timing.MEMORY)

    @property
    def disturbed(self) -> int:
        """How many timed cells saw too little quiet time."""
        return sum(CellFlag.DISTURBED in row.flags for row in self.timed)

    @property
    def ended(self) -> Counter[str]:
        """How many trials were planned, and had each outcome."""
        return Counter({row.outcome: row.trials for row in self.outcomes})

    @property
    def unrecorded(self) -> int:
        """How many planned trials have no record."""
        return self.ended[LEFT_OUT] + self.ended[MISSING]

    def cell(self, cell_id: str) -> CellRow | None:
        """The row of a cell, if the table has it."""
        return self._cells.get(cell_id)

    def amounts_of(self, cell_id: str) -> Sequence[AmountRow]:
        """The rows of a warm cell's amounts, the least first."""
        return self._amounts.get(cell_id, ())

    def at_amount(self, cell_id: str, amount: int) -> AmountRow | None:
        """The row of a cell at one amount of work."""
        return next((row for row in self.amounts_of(cell_id) if row.amount == amount), None)

    def overhead(self, cell_id: str) -> OverheadRow | None:
        """The line of a warm cell over the amount of work."""
        return self._overheads.get(cell_id)

    def ratio_row(self, cell_id: str, baseline_id: str) -> RatioRow | None:
        """The row of a contrast, if it is one of the table's."""
        return self._ratios.get((cell_id, baseline_id))

    def ratio(self, cell_id: str, baseline_id: str) -> Ratio | None:
        """How a cell compares with a baseline, if a contrast of the two was measured."""
        if row := self._ratios.get((cell_id, baseline_id)):
            return row.estimate
        turned = self._ratios.get((baseline_id, cell_id))
        return turned.estimate.inverted() if turned and turned.estimate else None

    def block_values(self, cell_id: str, basis: Basis | None) -> dict[int, float]:
        """A cell's trials (ns) by block: their quiet times or the typical ones."""
        of_cell = self._values.get(cell_id, ())
        if basis is Basis.QUIET:
            return {row.block: row.quiet_ns for row in of_cell if row.quiet_ns is not None}
        return {row.block: row.typical_ns for row in of_cell}

    def families_of(self, workload: str, arm: str) -> Sequence[FamilyRow]:
        """The best cell of each parallel family that has one, for a workload on an arm."""
        return self._families.get((workload, arm), ())

    def failing(self, workload: str, arm: str) -> tuple[CellRow, ...]:
        """The warm cells of a workload on an arm that are never recommended.

        Those that had a failed trial, or lost an update.
        """
        return tuple(
            row
            for row in self._warm.get((workload, arm), ())
            if {CellFlag.FAILURES, CellFlag.LOST_UPDATES} & set(row.flags)
        )

    def serial(self, workload: str, arm: str) -> CellRow | None:
        """The warm serial cell of a workload on an arm: the baseline of its speed-ups."""
        rows = (row for row in self._warm.get((workload, arm), ()) if row.model == SERIAL)
        return next(rows, None)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> Mapping[Key, Sequence[Row]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return {of: tuple(group) for of, group in found.items()}


def read_tables(folder: Path) -> Tables:
    """Read the tables of the analysis from `tables/`."""
    return Tables(**{name: read_rows(folder / f"{name}.csv", row) for name, row in TABLES.items()})


def read_rows(path: Path, row_type: type[Row]) -> tuple[Row, ...]:
    """Read a table into rows of `row_type`; columns it does not name are left out.

    A missing value is `None`, never NaN and never zero; a group that may be missing is None where
    all of it is. Raises `UserError` that names the file and the column when the table cannot be
    read.
    """
    record: type = row_type
    columns = columns_of(record)
    hint = "delete the file and run snakemake again; it will be regenerated"
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            present = reader.fieldnames or ()
            absent = [column.name for column in columns if column.name not in present]
            if absent:
                what = f"a table lacks the column {absent[0]!r}"
                raise UserError(what, where=str(path), hint=hint)
            return tuple(
                _row(
                    row_type,
                    (),
                    {column.path: _value(column, record[column.name]) for column in columns},
                )
                for record in reader
            )
    except FileNotFoundError:
        raise UserError("a table is missing", where=str(path), hint="run snakemake again") from None
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"a table cannot be read ({error})", where=str(path), hint=hint) from None


def _row(row_type: Any, path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> Any:
    """The row, or the group of it, that lies at this path."""
    return row_type(
        **{
            name: _group(part, (*path, name), values)
            if is_dataclass(part.type)
            else values[*path, name]
            for name, part in parts_of(row_type).items()
        }
    )


def _group(part: Part, path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> Any:
    within = {at: value for at, value in values.items() if at[: len(path)] == path}
    if not part.required and all(value is None for value in within.values()):
        return None
    for name, one in parts_of(part.type).items():
        if one.required and within.get((*path, name), ()) is None:
            raise ValueError(f"{'.'.join((*path, name))}: a value is missing")
    return _row(part.type, path, values)


def _value(column: Column, text: str) -> Any:
    """A field of the file as its declared type; raises ValueError that names the column."""
    try:
        value = _converter(column)(text) if text or column.part.is_list else None
    except (ValueError, KeyError):
        raise ValueError(f"{column.name}: {text!r}") from None
    if value is None and column.required:
        raise ValueError(f"{column.name}: a value is missing")
    return value


@cache
def _converter(column: Column) -> Callable[[str], Any]:
    of, words = column.part.type, column.part.words
    if column.part.is_list:
        return lambda text: tuple(words[word] for word in text.split())
    if words:
        return words.__getitem__
    if column.rules.json:
        return json.loads
    return _number if of is float else of


def _number(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None
