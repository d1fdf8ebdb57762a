from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.records.fields import columns_of
from threads_or_processes.records.tables.comparisons import FamilyRow
from threads_or_processes.records.tables.experiments import NotebookRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.tables.measured import OutcomeRow
from threads_or_processes.records.vocabulary import ComparisonResult
from threads_or_processes.reporting.tables import read_rows


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_an_empty_field_is_missing_and_an_unknown_column_is_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "notebook.csv",
        "arm,version,model,workers,trials,wall_ns,user_ns,system_ns,tree_user_ns,tree_system_ns,"
        "wall_low_ns,wall_high_ns,results,data,spans,new",
        '3.13,3.13.5,raw_threads,2,1,2.5e9,,nan,,,,,"[0, 1]",[],,?',
    )
    (row,) = read_rows(path, NotebookRow)
    assert (row.wall_ns, row.user_ns, row.system_ns) == (2.5e9, None, None)
    assert (row.results, row.data, row.spans) == ([0, 1], [], None)


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (("outcome", "ok"), "lacks the column 'trials'"),
        (("outcome,trials", "ok,many"), "cannot be read"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, lines: tuple[str, ...], what: str) -> None:
    path = write(tmp_path / "outcomes.csv", *lines)
    with pytest.raises(UserError) as caught:
        read_rows(path, OutcomeRow)
    assert what in caught.value.what
    assert caught.value.where == str(path)
    assert "snakemake" in caught.value.hint


@pytest.mark.parametrize(
    ("speedup", "is_refused"), [("1.5,,,faster", False), (",,,", False), (",,,faster", True)]
)
def test_a_group_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, speedup: str, is_refused: bool
) -> None:
    names = ",".join(column.name for column in columns_of(FamilyRow))
    row = f"json,3.13,threads,json/threads/2/3.13/warm,threads,2,2,2,1e6,{speedup},,,,"
    path = write(tmp_path / "families.csv", names, row)
    if is_refused:
        with pytest.raises(UserError, match=r"speedup\.value"):
            read_rows(path, FamilyRow)
    else:
        assert (read_rows(path, FamilyRow)[0].speedup is None) == (speedup == ",,,")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a table is missing"):
        read_rows(tmp_path / "outcomes.csv", OutcomeRow)


def test_a_ratio_needs_a_value_and_half_an_interval_is_none() -> None:
    assert Ratio.of(None, None, None, ComparisonResult.FASTER) is None
    ratio = Ratio.of(2.0, 1.9, None)
    assert ratio is not None
    assert (ratio.reading, ratio.low) == (ComparisonResult.INCONCLUSIVE, None)
