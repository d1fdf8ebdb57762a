"""Machines beside each other."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.vocabulary import ComparisonResult
from threads_or_processes.reporting import comparison_data, words
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Figure, Page, Section, Table
from threads_or_processes.reporting.sections import comparison
from threads_or_processes.reporting.sections.comparison import agreement

from tests.reporting.sentences import numbers, plain
from tests.reporting.worlds import another_machine, campaign, compared, write_world


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    found = [tmp_path_factory.mktemp("machine") for _ in range(2)]
    write_world(found[0], campaign())
    write_world(found[1], another_machine())
    return found


@pytest.fixture(scope="module")
def page(folders: list[Path]) -> Page:
    return comparison.build(comparison_data.read_machines(folders))


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (["threads", "threads"], "agree"),
        (["threads", "processes"], "differ"),
        (["threads processes", "processes"], "agree"),
        (["threads", ""], "inconclusive"),
        (["threads", "", "processes"], "inconclusive"),
        (["threads", None], "one machine only"),
        ([None, None], "not measured"),
        (["", ""], "inconclusive"),
        (["serial", None, "serial"], "agree"),
    ],
)
def test_agreement_is_an_answer_that_all_share(found: list[str | None], word: str) -> None:
    assert agreement([None if one is None else frozenset(one.split()) for one in found]) == word


def section(page: Page, anchor: str) -> Section:
    (found,) = (one for one in page.sections if one.anchor == anchor)
    return found


def decisions(page: Page) -> tuple[tuple[str, ...], ...]:
    recommended, _ = section(page, "decisions").of(Table)
    return recommended.rows


def test_recommendations_stand_next_to_each_other(page: Page) -> None:
    rows = {row[:2]: row[2:] for row in decisions(page)}
    one, other, word = rows["The compress workload", "3.13"]
    assert all("workers: " in plain(found) for found in (one, other))
    assert word in ("agree", "differ", "inconclusive")
    assert rows["The json workload", "3.13"][0] == text.MISSING
    assert rows["The json workload", "3.13"][-1] == "one machine only"


def test_what_a_move_does_is_that_of_each_machine_s_own_table(
    page: Page, folders: list[Path]
) -> None:
    _, moves = section(page, "decisions").of(Table)
    rows = {row[:2]: row[2:] for row in moves.rows}
    found = rows["The compress workload", "3.13t"]
    machines = [column.header for column in moves.columns[2:-1]]
    assert len(machines) == len(folders) == 2
    expected = set()
    for folder in folders:
        table = pd.read_csv(folder / "tables" / "moves.csv")
        (row,) = table[(table["workload"] == "compress") & (table["arm"] == "3.13t")].to_dict(
            "records"
        )
        result = ComparisonResult(row["speedup_reading"])
        shown = f"{row['speedup_ratio']:.2f}× ["
        expected.add((words.RESULT_SYMBOLS[result], shown, words.RESULTS[result]))
    for symbol, shown, word in expected:
        assert any(one.startswith(f"{symbol} {shown}") and one.endswith(word) for one in found[:-1])


def test_the_answer_counts_the_rows(page: Page) -> None:
    found = [row[-1] for row in decisions(page)]
    of_all, *counted = map(int, numbers(page.answer))
    assert of_all == len(found) == sum(counted)
    order = ("agree", "differ", "inconclusive", "one machine only", "not measured")
    assert counted == [found.count(word) for word in order if word in found]


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


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    pages = [compared(tmp_path / name, campaign(), another_machine()) for name in ("a", "b")]
    assert pages[0] == pages[1]


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
