"""A data set in batches: the same tables, and only what they need is read and kept."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from threads_or_processes.analysis import stored
from threads_or_processes.analysis.dataset import in_batches, open_dataset, read_dataset
from threads_or_processes.analysis.frames import names
from threads_or_processes.analysis.reduction import READ, reduced
from threads_or_processes.analysis.stored import write_dataset
from threads_or_processes.records.tables.dataset import RepetitionRow

from tests.analysis.archives import collect_into, tables_of
from tests.analysis.shortcuts import plan_of, trials_of
from tests.factories import Campaign, beside_neighbours, make_campaign, make_cell

#: Text of its own in each repetition, or in each trial.
LONG_TEXTS = {"sentinel_json", "chunks_json", "health_json", "params_json", "checksum"}


def some_campaign() -> Campaign:
    """Three cells in three blocks, eight workers, a failure, some chunks disturbed."""
    cells = [
        make_cell("json", "serial", 1, "3.13", blocks=3),
        make_cell("json", "threads", 2, "3.13", blocks=3),
        make_cell("json", "threads", 8, "3.13", blocks=3),
    ]
    campaign = make_campaign(cells, failures={(cells[1].id, 2): "raised"})
    return beside_neighbours(campaign, [place % 3 == 0 for place in range(8)])


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign's results; don't touch."""
    return collect_into(tmp_path_factory.mktemp("measured"), some_campaign())


@pytest.mark.parametrize("rows", [1, 10, 1000])
def test_batches_of_any_size_give_the_same_tables(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    expected = tables_of(measured, "trials.csv.gz", tmp_path / "whole")
    monkeypatch.setattr(stored, "BATCH_ROWS", rows)
    assert tables_of(measured, "trials.parquet", tmp_path / "batches") == expected


def test_a_batch_has_whole_trials_and_not_many_rows(
    measured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "BATCH_ROWS", 10)
    batches = list(open_dataset(measured / "trials.parquet").batches(["trial_id", "wall_ns"]))
    longest = max(batches[0]["trial_id"].value_counts())
    assert max(map(len, batches)) <= 10 + longest
    in_each = [set(batch["trial_id"]) for batch in batches]
    assert sum(map(len, in_each)) == len(set().union(*in_each))
    whole = read_dataset(measured / "trials.parquet")[["trial_id", "wall_ns"]]
    assert_frame_equal(pd.concat(batches), whole)


def test_no_long_text_of_a_repetition_is_kept_and_no_other_column_is_read() -> None:
    campaign = some_campaign()
    asked: list[str] = []
    in_memory = in_batches(trials_of(campaign))

    def batches(columns: Sequence[str]) -> list[pd.DataFrame]:
        asked.extend(columns)
        return list(in_memory(columns))

    found = reduced(plan_of(campaign), batches)
    assert not LONG_TEXTS & set(found.repetitions.columns)
    assert set(asked) == set(READ)
    assert {"params_json", "checksum", "identity_sha256"} <= set(names(RepetitionRow)) - set(asked)
    bytes_a_row = found.repetitions.memory_usage(index=False, deep=False).sum() / len(
        found.repetitions
    )
    assert bytes_a_row < 300


def with_trials_backwards(table: pd.DataFrame) -> pd.DataFrame:
    """The last trial first, each with its rows in order."""
    return pd.concat([rows for _, rows in table.groupby("trial_id", sort=False)][::-1])


def with_rows_backwards(table: pd.DataFrame) -> pd.DataFrame:
    """The last repetition of each trial first."""
    return pd.concat([rows.iloc[::-1] for _, rows in table.groupby("trial_id", sort=False)])


@pytest.mark.parametrize(
    "reorder",
    [
        {"trials": with_trials_backwards},
        {"repetitions": with_trials_backwards},
        {"trials": with_trials_backwards, "repetitions": with_trials_backwards},
        {"repetitions": with_rows_backwards},
    ],
    ids=["trials", "repetitions", "both", "rows"],
)
def test_parquet_in_another_order_is_the_same_data(
    measured: Path, tmp_path: Path, reorder: dict[str, Callable[[pd.DataFrame], pd.DataFrame]]
) -> None:
    results = tmp_path / "results"
    shutil.copytree(measured, results)
    expected = tables_of(results, "trials.parquet", tmp_path / "in order")
    for name, otherwise in reorder.items():
        file = results / f"{name}.parquet"
        otherwise(pd.read_parquet(file)).to_parquet(file, index=False)
    assert tables_of(results, "trials.parquet", tmp_path / "reordered") == expected
    in_order, reordered = (read_dataset(of / "trials.parquet") for of in (measured, results))
    assert_frame_equal(reordered, in_order)


def test_one_table_of_parquet_as_before_gives_the_same_tables(
    measured: Path, tmp_path: Path
) -> None:
    expected = tables_of(measured, "trials.parquet", tmp_path / "two")
    whole = read_dataset(measured / "trials.parquet")
    for name, rows in {"in order": whole, "backwards": whole.iloc[::-1]}.items():
        file = tmp_path / f"{name}.parquet"
        rows.to_parquet(file, index=False)
        assert tables_of(measured, str(file), tmp_path / name) == expected


def test_the_same_rows_in_other_pieces_give_the_same_bytes(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "GROUP_ROWS", 10)
    whole = read_dataset(measured / "trials.parquet")
    pieces = [rows for _, rows in whole.groupby("trial_id", sort=False)]
    assert write_dataset([whole], tmp_path / "whole") == (9, len(whole))
    assert write_dataset(pieces, tmp_path / "pieces") == (9, len(whole))
    for file in (tmp_path / "whole").iterdir():
        assert (tmp_path / "pieces" / file.name).read_bytes() == file.read_bytes()
    files = (tmp_path / "pieces" / f"{name}.parquet" for name in ("trials", "repetitions"))
    one, each = map(pd.read_parquet, files)
    assert_frame_equal(one.merge(each, on="trial_id"), whole)
