"""What the scaling section says of efficiency and of laws, against the tables."""

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Paragraph, Table
from threads_or_processes.reporting.sections import scaling

from tests.reporting.sentences import numbers
from tests.reporting.worlds import World

Worlds = Callable[[str], World]


def test_efficiency_and_serial_fraction_are_those_of_the_table(world: Worlds) -> None:
    (found,) = scaling.build(world("default").evidence())
    shown = found.of(Table)[-1]
    table = pd.read_csv(world("default").results / "tables/scaling.csv")
    assert len(shown.rows) == len(table[table["speedup_ratio"].notna()])
    row = table[table["cell"] == "mandelbrot/threads/2/3.13t/warm"].iloc[0]
    (line,) = (
        r
        for r in shown.rows
        if (r[1], r[2]) == ("threads", "3.13t") and r[3].startswith("2") and "mandelbrot" in r[0]
    )
    assert line[4] == text.time(row["baseline_ns"])
    assert line[6].startswith(f"{row['efficiency_ratio']:.3f} [")
    assert line[7].startswith(f"{row['serial_fraction_ratio']:.3f}".replace("-", "\u2212"))


def test_speedups_beyond_the_workers_are_counted_and_the_furthest_is_named(world: Worlds) -> None:
    evidence = world("default").evidence()
    (found,) = scaling.build(evidence)
    assert not [one for one in found.of(Paragraph) if "number of workers" in str(one.words)]
    of_two = [row for row in evidence.tables.scaling if row.workers == 2]
    values = {row.cell: 2.1 + place / 100 for place, row in enumerate(of_two)}
    changed = tuple(
        replace(row, speedup=Bounded(value=values.get(row.cell, 0.9), low=0.8, high=3.0))
        for row in evidence.tables.scaling
    )
    tables = replace(evidence.tables, scaling=changed)
    (found,) = scaling.build(replace(evidence, tables=tables))
    (said,) = (
        str(one.words) for one in found.of(Paragraph) if "number of workers" in str(one.words)
    )
    planned = evidence.campaign.experiment("scaling")
    assert planned is not None
    shown = [row.cell for row in evidence.tables.scaling if row.cell in planned.cells]
    exceeding = [cell for cell in shown if cell in values]
    assert numbers(said)[:2] == [str(len(exceeding)), str(len(shown))]
    assert evidence.campaign.described(exceeding[-1]) in said
    assert f"{values[exceeding[-1]]:.2f}" in numbers(said)


def test_too_few_counts_fit_no_law_and_say_so(world: Worlds) -> None:
    (found,) = scaling.build(world("default").evidence())
    assert not any("Amdahl" in c.header for table in found.of(Table) for c in table.columns)
    (said,) = (str(one.words) for one in found.of(Paragraph) if "No law" in str(one.words))
    assert "fewer than four" in said
