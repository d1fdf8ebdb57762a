"""Machines beside each other."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.vocabulary import ComparisonResult, Family
from threads_or_processes.reporting import comparison_data, words
from threads_or_processes.reporting.comparison_data import ComparedMachines, Kin
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Figure, Own, Page, Section, Table
from threads_or_processes.reporting.sections import comparison, comparison_curves, same_hardware
from threads_or_processes.reporting.sections.bottom_line import MOST_WORDS, length
from threads_or_processes.reporting.sections.machine_table import (
    Agree,
    MachineRow,
    MachineTable,
    agreement,
)

from tests.machines import LAB, Known
from tests.reporting.sentences import plain
from tests.reporting.worlds import (
    another_machine,
    campaign,
    comparison_html,
    lab,
    page_file,
    thirty,
    world_of,
    write_world,
)
from tests.shelf import Shelf


@pytest.fixture(scope="module")
def folders(shelf: Shelf) -> list[Path]:
    return [world_of(shelf, name).results for name in ("default", "another machine")]


@pytest.fixture(scope="module")
def page(folders: list[Path]) -> Page:
    return comparison.build(comparison_data.read_machines(folders))


@pytest.fixture(scope="module")
def ten(shelf: Shelf) -> ComparedMachines:
    return lab(shelf)


@pytest.mark.parametrize(
    ("found", "word", "told"),
    [
        (["threads", "threads"], "agree", "threads"),
        (["threads", "processes"], "differ", "1 threads, 1 processes"),
        (["threads processes", "processes"], "agree", "processes"),
        (["processes threads", "threads processes"], "agree", "threads or processes"),
        (["threads", ""], "inconclusive", "on 1 of 2; 1 threads"),
        (["threads", "", "processes"], "differ", "1 threads, 1 processes"),
        (["threads", None], "one machine only", "threads"),
        ([None, None], "not measured", ""),
        (["", ""], "inconclusive", "on all 2"),
        (["serial", None, "serial"], "agree", "serial"),
    ],
)
def test_agreement_is_an_answer_that_all_share(
    found: list[str | None], word: str, told: str
) -> None:
    said = agreement([None if one is None else frozenset(one.split()) for one in found])
    assert (said.word, said.told) == (word, told)


def section(page: Page, anchor: str) -> Section:
    (found,) = (one for one in page.sections if one.anchor == anchor)
    return found


def table(page: Page, anchor: str) -> MachineTable:
    (own,) = section(page, anchor).of(Own)
    assert isinstance(own.value, MachineTable)
    return own.value


def rows(page: Page, anchor: str) -> dict[tuple[str, str], MachineRow]:
    """The rows of a section's table by title and note."""
    return {(row.title, row.note): row for row in table(page, anchor).rows}


def test_recommendations_stand_next_to_each_other(page: Page) -> None:
    found = rows(page, "decision")
    both = found["The compress workload", "3.13"]
    assert all("workers: " not in cell.word and cell.figure.ratio for cell in both.cells)
    assert all("2 workers" in plain(cell.figure.details[0]) for cell in both.cells[1:])
    assert both.agreement.word in (Agree.AGREE, Agree.DIFFER, Agree.OPEN)
    alone = found["The json workload", "3.13"]
    assert [cell.says is None for cell in alone.cells] == [False, True]
    assert alone.agreement.word is Agree.ALONE


def test_what_a_move_does_is_that_of_each_machine_s_own_table(
    page: Page, folders: list[Path]
) -> None:
    row = rows(page, "moves")["The compress workload", "3.13t"]
    found = {(cell.figure.symbol, cell.figure.result, cell.figure.ratio) for cell in row.cells}
    expected = set()
    for folder in folders:
        moves = pd.read_csv(folder / "tables" / "moves.csv")
        (one,) = moves[(moves["workload"] == "compress") & (moves["arm"] == "3.13t")].to_dict(
            "records"
        )
        result = ComparisonResult(one["speedup_reading"])
        expected.add((words.RESULT_SYMBOLS[result], words.RESULTS[result], one["speedup_ratio"]))
    assert found == expected


# Ten machines whose differences are known.


def cells_by_machine(row: MachineRow, compared: ComparedMachines) -> dict[str, frozenset[str]]:
    return {
        name: cell.says
        for name, cell in zip(compared.machines, row.cells, strict=True)
        if cell.says is not None
    }


def known_by_name(compared: ComparedMachines) -> dict[str, Known]:
    by_fingerprint = {known.machine.name: known for known in LAB}
    return {
        name: by_fingerprint[one.campaign.machine.name] for name, one in compared.machines.items()
    }


def known_use(known: Known, workload: str, arm: str) -> set[str]:
    """Threads halve the time where they run in parallel, processes where they cost nothing."""
    in_parallel = workload != "mandelbrot" or arm == "3.13t"
    if in_parallel:
        return {"threads", "processes"} if known.pool == 1 else {"threads"}
    return {"processes"} if known.pool < 2 else {"serial"}


def known_move(known: Known, workload: str) -> str:
    """From the best way on 3.13 to threads on 3.13t, which take half of its serial time."""
    best = min(1.0, known.pool / 2) if workload == "mandelbrot" else 0.5
    ratio = best / (known.tax / 2)
    return "faster" if ratio > 1.05 else "slower" if ratio < 1 / 1.05 else "no faster"


@pytest.mark.parametrize("workload", ["mandelbrot", "compress", "json"])
def test_known_differences_come_back(ten: ComparedMachines, workload: str) -> None:
    page, known = comparison.build(ten), known_by_name(ten)
    assert len(known) == 10
    title = f"The {workload} workload"
    measured = [name for name, one in known.items() if workload in one.workloads]
    for arm in ("3.13", "3.13t"):
        row = rows(page, "decision")[title, arm]
        uses = {name: known_use(known[name], workload, arm) for name in measured}
        assert cells_by_machine(row, ten) == uses
        if len(uses) > 1:
            shared = frozenset.intersection(*map(frozenset, uses.values()))
            assert row.agreement.word is (Agree.AGREE if shared else Agree.DIFFER)
    row = rows(page, "moves")[title, "3.13t"]
    assert cells_by_machine(row, ten) == {
        name: {known_move(known[name], workload)} for name in measured
    }


def test_known_speedups_come_back(ten: ComparedMachines) -> None:
    page, known = comparison.build(ten), known_by_name(ten)
    row = rows(page, "decision")["The mandelbrot workload", "3.13"]
    for (name, one), cell in zip(known.items(), row.cells, strict=True):
        assert cell.figure.ratio == pytest.approx(max(1.0, 2 / one.pool), rel=0.02), name


def test_the_sentence_counts_what_holds_and_what_depends(ten: ComparedMachines) -> None:
    page = comparison.build(ten)
    said = [row.agreement for row in table(page, "decision").rows]
    agreed = [one.told for one in said if one.word is Agree.AGREE]
    assert set(agreed) == {Family.THREADS}
    (answer,) = [str(section(page, "decision").answer)]
    assert f"threads for {len(agreed)}" in answer
    assert f"{sum(one.word is Agree.DIFFER for one in said)} depends on the machine" in answer
    assert f"{sum(one.word is Agree.ALONE for one in said)} on one machine only" in answer
    assert length(answer) <= MOST_WORDS


def test_machines_have_their_owners_names_and_stand_by_cpu(ten: ComparedMachines) -> None:
    names = [*ten.machines]
    labels = {one.label for one in LAB if one.label}
    assert labels - {*names} == {"icelake"}
    kernels = [name for name in names if name.startswith("icelake,")]
    assert [name.partition(", ")[2] for name in kernels] == ["Linux 5.10.0", "Linux 6.8.0"]
    first = names.index(kernels[0])
    assert names[first + 1] == kernels[1]
    (unlabelled,) = [one.machine.name for one in LAB if one.label is None]
    assert unlabelled in names
    assert [name for group in ten.groups for name in group.names] == names
    assert len({group.title for group in ten.groups}) == len(ten.groups) == 7


def test_identical_nodes_are_an_a_a_test_of_the_hardware(ten: ComparedMachines) -> None:
    alike = {(one.pair.first, one.pair.second): one for one in same_hardware.found(ten)}
    kins = {pair: one.pair.kin for pair, one in alike.items()}
    assert kins == {
        ("epyc-a", "epyc-b"): Kin.NODES,
        ("epyc-a", "epyc-c"): Kin.NODES,
        ("icelake, Linux 5.10.0", "icelake, Linux 6.8.0"): Kin.SYSTEM,
    }
    close, far = alike["epyc-a", "epyc-b"], alike["epyc-a", "epyc-c"]
    assert close.within == len(close.ratios) == 20
    assert list(close.ratios.values()) == pytest.approx([1.02] * 20, rel=0.01)
    assert far.within == 0
    assert list(far.ratios.values()) == pytest.approx([1.25] * 20, rel=0.01)
    update = alike["icelake, Linux 5.10.0", "icelake, Linux 6.8.0"]
    changed = {cell for cell, ratio in update.ratios.items() if ratio > 1.05}
    assert changed == {cell for cell in update.ratios if "processes" in cell}


def test_without_machines_that_are_alike_there_is_no_such_section(page: Page) -> None:
    assert "hardware" not in [one.anchor for one in page.sections]


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"label": "one"}, ["one, Linux 5", "one, Linux 6"]),
        ({"label": "two"}, ["one", "two"]),
        ({"label": None}, ["made-6", "one"]),
    ],
)
def test_only_a_machine_of_the_same_name_is_the_same_with_another_kernel(
    ten: ComparedMachines, other: dict[str, str | None], names: list[str]
) -> None:
    evidence = next(iter(ten.machines.values()))

    def with_kernel(kernel: str, label: str | None) -> Evidence:
        machine = evidence.campaign.machine
        made = replace(
            machine,
            name=f"made-{kernel}",
            label=label,
            fingerprint={**machine.fingerprint, "kernel": f"Linux {kernel}"},
        )
        return replace(
            evidence,
            campaign=replace(evidence.campaign, machine=made),
            report_id=f"{kernel}{label}",
        )

    found = comparison_data.named([with_kernel("5", "one"), with_kernel("6", **other)])
    assert [*found] == names


def test_curves_are_laid_over_each_other_where_both_have_some(page: Page) -> None:
    figures = section(page, "curves").of(Figure)
    assert [figure.drawn.name for figure in figures] == [
        f"compare-compress-{arm}" for arm in ("3.13", "3.13t", "3.13t-gil")
    ]
    (numbers,) = figures[0].data.content
    assert isinstance(numbers, Table)
    assert {row[1] for row in numbers.rows} == {
        f"{model}, {machine}"
        for model in ("threads", "processes (fork)")
        for machine in ("synthetic-2cpu-00000000", "another-4cpu-11111111")
    }


def test_many_machines_have_one_line_a_model_with_their_range(ten: ComparedMachines) -> None:
    known = [one for one in LAB if "compress" in one.workloads]
    figures = {one.name: (one, numbers) for one, numbers in comparison_curves.build(ten.machines)}
    figure, numbers = figures["compare-compress-3.13"]
    assert len({mark.series for mark in figure.marks}) == 2
    (processes,) = [
        mark for mark in figure.marks if (mark.series.model, mark.position) == ("processes-fork", 2)
    ]
    assert processes.low == pytest.approx(2 / max(one.pool for one in known), rel=0.02)
    assert processes.high == pytest.approx(2 / min(one.pool for one in known), rel=0.02)
    assert len(numbers.rows) == 4 * len(known)


def test_thirty_machines_are_thirty_columns(shelf: Shelf) -> None:
    found = thirty(shelf)
    made = table(comparison.build(found), "decision")
    assert len(made.names) == len(set(made.names)) == 30
    assert {len(row.cells) for row in made.rows} == {30}


def test_one_machine_is_not_compared(folders: list[Path]) -> None:
    page = comparison.build(comparison_data.read_machines(folders[:1]))
    assert {row.agreement.word for row in table(page, "decision").rows} == {Agree.ALONE}
    assert "one machine only" in str(section(page, "decision").answer)


def test_what_cannot_be_read_is_left_out_and_named(folders: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    found = comparison_data.read_machines([*folders, broken])
    assert len(found.machines) == 2
    assert [one.term for one in found.left_out] == ["broken"]
    with pytest.raises(UserError, match="no folder of results can be compared"):
        comparison_data.read_machines([broken])


def test_two_measurements_of_one_machine_have_names_of_their_own(tmp_path: Path) -> None:
    for name, blocks in (("first", 2), ("second", 3)):
        write_world(tmp_path / name, campaign(workloads=["json"], blocks=blocks))
    found = comparison_data.read_machines([tmp_path / "first", tmp_path / "second"])
    assert len(found.machines) == 2
    assert [pair.kin for pair in found.pairs] == [Kin.AGAIN]


def test_the_same_data_give_the_same_bytes(shelf: Shelf, tmp_path: Path) -> None:
    for name, made in (("one", campaign()), ("other", another_machine())):
        write_world(tmp_path / name, made)
    again = comparison_data.read_machines([tmp_path / "one", tmp_path / "other"])
    assert comparison_html(again) == page_file(shelf, "two machines").read_text(encoding="utf-8")


def test_a_data_set_and_its_unpacked_archive_are_one_machine(
    folders: list[Path], tmp_path: Path
) -> None:
    shutil.copytree(folders[1], tmp_path / "archived")
    assert len(comparison_data.read_machines([*folders, tmp_path / "archived"]).machines) == 2


@pytest.mark.parametrize("name", ["trials.csv.gz", "tables/cells.csv", "plan.json"])
def test_a_broken_folder_stops_nothing(folders: list[Path], tmp_path: Path, name: str) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(folders[1], broken)
    content = (broken / name).read_bytes()
    (broken / name).write_bytes(content[:100] + b"\x00" * 40 + content[140:300])
    found = comparison_data.read_machines([folders[0], broken])
    assert len(found.machines) == 1
    assert [one.term for one in found.left_out] == ["broken"]


def test_tables_of_another_plan_are_left_out(folders: list[Path], tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(folders[1], mixed)
    shutil.copytree(folders[0] / "tables", mixed / "tables", dirs_exist_ok=True)
    (left,) = comparison_data.read_machines([folders[0], mixed]).left_out
    assert "its tables are not of its plan" in left.text
