import gzip
import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from threads_or_processes.analysis import one_table
from threads_or_processes.analysis.checks import type_problem
from threads_or_processes.analysis.dataset import (
    check_covers,
    open_dataset,
    read_dataset,
)
from threads_or_processes.analysis.frames import DTYPES, names
from threads_or_processes.analysis.refusals import Problem
from threads_or_processes.analysis.stored import write_dataset
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.records.fields import columns_of
from threads_or_processes.records.tables.dataset import (
    RepetitionOnlyRow,
    RepetitionRow,
    TrialRow,
)

from tests.analysis.shortcuts import trials_of
from tests.factories import Campaign, make_campaign, make_cell, make_cells

FAILED = "compress/threads/2/3.13/warm"

WALL_NS = next(column for column in columns_of(RepetitionRow) if column.name == "wall_ns")


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return trials_of(
        make_campaign(
            make_cells(arms=["3.13", "3.13t"], blocks=2), failures={(FAILED, 2): "raised"}
        )
    )


def files_of(trials: pd.DataFrame, folder: Path) -> dict[str, bytes]:
    """The files of a data set, by name."""
    write_dataset([trials], folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_rows_stand_by_cell_block_phase_and_repetition(trials: pd.DataFrame) -> None:
    places = list(
        zip(
            trials["cell"],
            trials["block"],
            trials["phase"].map({"warmup": 0, "measure": 1}),
            trials["repetition"],
            strict=True,
        )
    )
    complete = [place for place in places if not pd.isna(place[2])]
    assert complete == sorted(complete)
    assert [place[0] for place in places] == sorted(place[0] for place in places)


def test_the_order_of_records_changes_no_byte(tmp_path: Path) -> None:
    campaign = make_campaign(make_cells(arms=["3.13"], blocks=2))
    backwards = Campaign(
        campaign.plan,
        campaign.identities,
        campaign.parity,
        dict(reversed(campaign.records.items())),
    )
    assert files_of(trials_of(campaign), tmp_path) == files_of(trials_of(backwards), tmp_path)


def test_columns_are_the_documented_ones_and_whole_numbers_stay_whole(
    trials: pd.DataFrame,
) -> None:
    assert list(trials.columns) == names(RepetitionRow)
    assert [str(dtype) for dtype in trials.dtypes] == [
        DTYPES[column.kind] for column in columns_of(RepetitionRow)
    ]
    assert trials["started_unix_ns"].min() > 2**53  # where floats would round


def test_the_gzip_header_has_no_time_and_no_name(trials: pd.DataFrame, tmp_path: Path) -> None:
    header = files_of(trials, tmp_path)["trials.csv.gz"][:10]
    assert header[3] == 0  # no flags: no name, no comment
    assert header[4:8] == bytes(4)


def test_csv_and_parquet_come_back_as_they_went(trials: pd.DataFrame, tmp_path: Path) -> None:
    parquet, csv = tmp_path / "trials.parquet", tmp_path / "trials.csv.gz"
    write_dataset([trials], tmp_path)
    assert_frame_equal(read_dataset(parquet), trials)
    assert_frame_equal(read_dataset(csv), trials)


@settings(max_examples=20, deadline=None)
@given(explanation=st.text(min_size=1), started_unix_ns=st.integers(0, 2**63 - 1))
@example(explanation="ends\r", started_unix_ns=2**63 - 1)
@example(explanation="NA", started_unix_ns=0)
def test_any_explanation_and_number_comes_back_as_it_went(
    tmp_path_factory: pytest.TempPathFactory, explanation: str, started_unix_ns: int
) -> None:
    cells = [make_cell(workload, "serial", 1, "3.13", blocks=1) for workload in ("null", "w")]
    campaign = make_campaign(cells, failures={(cells[0].id, 1): "raised"})
    for record in campaign.records.values():
        record |= {"explanation": explanation, "started_unix_ns": started_unix_ns}
    trials = trials_of(campaign)
    folder = tmp_path_factory.mktemp("dataset")
    parquet, csv = folder / "trials.parquet", folder / "trials.csv.gz"
    write_dataset([trials], folder)
    assert_frame_equal(read_dataset(parquet), trials)
    assert_frame_equal(read_dataset(csv), trials)
    assert set(trials["started_unix_ns"]) == {started_unix_ns}


# --- broken data sets


def as_file(trials: pd.DataFrame, path: Path) -> Path:
    """The data set with whatever columns it has, as the format that `path` names."""
    if path.name.endswith(".parquet"):
        trials.to_parquet(path, index=False)
    else:
        path.write_bytes(gzip.compress(trials.to_csv(index=False).encode()))
    return path


#: Chunks of which one has no end.
UNEVEN = (
    '{"worker":[0,1],"cpus":[[0],[1]],"start_ns":[1,1],"end_ns":[5],"user_ns":[4,4],'
    '"system_ns":[0,0],"run_queue_ns":[0,0],"voluntary_switches":[0,0],'
    '"involuntary_switches":[0,0]}'
)


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("wall_ns", "fast", "'fast' is not a whole number"),
        ("wall_ns", "1.5", "'1.5' is not a whole number"),
        ("wall_ns", "inf", "'inf' is not a whole number"),
        ("wall_ns", "NaN", "'NaN' is not a whole number"),
        ("wall_ns", "9" * 30, f"'{'9' * 30}' is not a whole number"),
        ("wall_ns", "0", "0 is less than 1"),
        ("wall_ns", "-5", "-5 is less than 1"),
        ("wall_ns", "", "a missing value where there must be one"),
        ("block", "", "a missing value where there must be one"),
        ("block", "0", "0 is less than 1"),
        ("phase", "cooldown", "'cooldown' is none of warmup, measure"),
        ("phase", "", "4 in a row without a repetition"),
        ("timing", "hot", "'hot' is none of warm, cold, memory"),
        ("outcome", "fine", "'fine' is none of ok, timeout,"),
        ("trial_id", "one", "'one' is not of the form [0-9a-f]{32}"),
        ("sentinel_json", "{", "'{' is not the JSON object that belongs there"),
        ("sentinel_json", '{"cpus":[0],"used":[],"before_ns":[1,2],"after_ns":[1,2]}', "not the"),
        ("sentinel_json", '{"cpus":[0],"used":[],"before_ns":[0],"after_ns":[1]}', "not the JSON"),
        ("chunks_json", UNEVEN, "not the JSON object that belongs there"),
        (
            "sentinel_json",
            '{"cpus":[0],"used":[],"before_ns":[1],"after_ns":[1],"manner":1}',
            "not the JSON",
        ),
        ("spans_json", '[{"worker":0}]', "is not the JSON array that belongs there"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_row_and_column(
    trials: pd.DataFrame, tmp_path: Path, name: str, column: str, value: str, said: str
) -> None:
    broken = trials.astype({column: "string"})
    broken.loc[6, column] = value or pd.NA
    path = as_file(broken, tmp_path / name)
    with pytest.raises(UserError) as caught:
        read_dataset(path)
    assert said in caught.value.what
    blamed = "repetition" if (column, value) == ("phase", "") else column
    assert caught.value.where == f"{path}, row 7, column {blamed}"


def as_two_tables(trials: pd.DataFrame, path: Path) -> Path:
    """The data set as a table of trials, at `path`, and one of repetitions."""
    trials[names(TrialRow)].drop_duplicates("trial_id").to_parquet(path, index=False)
    own = trials[names(RepetitionOnlyRow)]
    own.to_parquet(path.with_name("repetitions.parquet"), index=False)
    return path


@pytest.mark.parametrize(
    ("column", "value", "file", "row", "said"),
    [
        ("wall_ns", 0, "repetitions.parquet", 8, "0 is less than 1"),
        ("checksum", pd.NA, "repetitions.parquet", 8, "a missing value where there must be one"),
        ("sentinel_json", "{", "repetitions.parquet", 8, "not the JSON object that belongs there"),
        ("block", 0, "trials.parquet", 2, "0 is less than 1"),
        ("health_json", "[]", "trials.parquet", 2, "not the JSON object that belongs there"),
        ("trial_id", "one", "trials.parquet", 2, "'one' is not of the form [0-9a-f]{32}"),
    ],
)
def test_a_value_that_cannot_be_is_named_in_either_table(
    trials: pd.DataFrame, tmp_path: Path, column: str, value: Any, file: str, row: int, said: str
) -> None:
    broken = trials.copy()
    broken.loc[7, column] = value  # the first row of the second trial
    path = as_two_tables(broken, tmp_path / "trials.parquet")
    with pytest.raises(UserError) as caught:
        open_dataset(path)
    assert said in caught.value.what
    assert caught.value.where == f"{tmp_path / file}, row {row}, column {column}"


def test_tables_that_do_not_go_together_are_refused(trials: pd.DataFrame, tmp_path: Path) -> None:
    path = as_two_tables(trials, tmp_path / "trials.parquet")
    other = tmp_path / "repetitions.parquet"
    tables = {file: pd.read_parquet(file) for file in (path, other)}

    def refused(file: Path, rows: pd.DataFrame, words: str, where: str) -> None:
        rows.to_parquet(file, index=False)
        with pytest.raises(UserError, match=words) as caught:
            open_dataset(path)
        assert caught.value.where == where
        tables[file].to_parquet(file, index=False)

    unknown = "a repetition of a trial that trials.parquet has not"
    refused(path, tables[path].iloc[1:], unknown, f"{other}, row 1, column trial_id")
    lacking = "a trial without a row in repetitions.parquet"
    refused(other, tables[other].iloc[7:], lacking, f"{path}, row 1, column trial_id")
    twice = pd.concat([tables[path], tables[path].iloc[[3]]])
    there = f"{path}, row {len(twice)}, column trial_id"
    refused(path, twice, "a trial is there twice", there)
    again = pd.concat([tables[other], tables[other].iloc[[3]]])
    there = f"{other}, row {len(again)}, column trial_id, phase, repetition"
    refused(other, again, "the same repetition of the trial .* twice", there)
    refused(other, tables[other].drop(columns="wall_ns"), "lacks the columns wall_ns", str(other))
    refused(path, tables[path].iloc[:0], "it has no rows", str(path))
    assert_frame_equal(read_dataset(path), trials)
    other.unlink()
    with pytest.raises(UserError, match="the data set is missing") as caught:
        open_dataset(path)
    assert caught.value.where == str(other)
    assert caught.value.hint == "get repetitions.parquet, too, or give trials.csv.gz"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.5])
def test_a_float_that_is_no_time_is_named(
    trials: pd.DataFrame, tmp_path: Path, value: float
) -> None:
    broken = trials.astype({"wall_ns": "float64"})
    broken.loc[6, "wall_ns"] = value
    path = as_file(broken, tmp_path / "trials.parquet")
    with pytest.raises(UserError, match=r"not a whole number|a missing value") as caught:
        read_dataset(path)
    assert caught.value.where == f"{path}, row 7, column wall_ns"


@settings(max_examples=30, deadline=None)
@given(texts=st.lists(st.sampled_from(["1", "-3", "x", ""]), min_size=1), wrong=st.data())
def test_the_first_value_of_another_type_is_found(texts: list[str], wrong: st.DataObject) -> None:
    row = wrong.draw(st.integers(0, len(texts) - 1))
    values = pd.Series([*("7" for _ in range(row)), "x", *texts], dtype="string")
    problem = type_problem(values, WALL_NS)
    assert problem == Problem("'x' is not a whole number", row + 1, "wall_ns")


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
def test_columns_that_are_missing_unknown_or_there_twice_are_named(
    trials: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    path = as_file(trials.drop(columns=["wall_ns", "phase"]), tmp_path / name)
    with pytest.raises(UserError, match="lacks the columns phase, wall_ns"):
        read_dataset(path)
    path = as_file(trials.assign(mood="fine"), tmp_path / name)
    with pytest.raises(UserError, match="has unknown columns mood"):
        read_dataset(path)
    if name.endswith(".csv.gz"):
        path = as_file(pd.concat([trials, trials[["block"]]], axis="columns"), tmp_path / name)
        with pytest.raises(UserError, match="has these columns twice: block"):
            read_dataset(path)


@pytest.mark.parametrize(("separator", "word"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators_are_named(
    trials: pd.DataFrame, tmp_path: Path, separator: str, word: str
) -> None:
    path = tmp_path / "trials.csv.gz"
    path.write_bytes(gzip.compress(trials.to_csv(index=False, sep=separator).encode()))
    with pytest.raises(UserError, match=f"separated by {word}, not by commas") as caught:
        read_dataset(path)
    assert caught.value.where == f"{path}, header"


def test_a_row_that_is_cut_short_is_named(trials: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "trials.csv.gz"
    lines = trials.to_csv(index=False).splitlines()[:4]
    lines[-1] = lines[-1][:100]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    with pytest.raises(UserError, match=r"row 3 has 1?[0-9] fields, not") as caught:
        read_dataset(path)
    assert caught.value.where == f"{path}, row 3"


def test_a_row_that_is_longer_than_others_is_read(
    trials: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_table, "BATCH_ROWS", 10)
    monkeypatch.setattr(one_table, "BLOCKS_BYTES", (50_000, 200_000))
    longer = trials.copy()
    longer.loc[200, "results_json"] = f"[{'0,' * 75_000}0]"
    path = as_file(longer, tmp_path / "trials.csv.gz")
    assert_frame_equal(read_dataset(path), longer)
    longer.loc[200, "results_json"] = f"[{'0,' * 300_000}0]"
    with pytest.raises(UserError, match="can't be read"):
        read_dataset(as_file(longer, path))


def test_a_repetition_that_is_there_twice_is_named(trials: pd.DataFrame, tmp_path: Path) -> None:
    path = as_file(pd.concat([trials, trials.iloc[[3]]]), tmp_path / "trials.csv.gz")
    with pytest.raises(UserError, match=r"repetition of the trial [0-9a-f]+ twice") as err:
        read_dataset(path)
    place = f"row {len(trials) + 1}, column trial_id, phase, repetition"
    assert err.value.where == f"{path}, {place}"


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("outcome", "timeout", "'timeout'"), ("size", 1, "1"), ("setup_ns", pd.NA, "a missing value")],
)
def test_a_trial_at_odds_with_itself_is_named(
    trials: pd.DataFrame, tmp_path: Path, column: str, value: Any, said: str
) -> None:
    broken = trials.copy()
    broken.loc[6, column] = value
    path = as_file(broken, tmp_path / "trials.csv.gz")
    for read in (open_dataset, read_dataset):
        with pytest.raises(UserError, match=f"{said} in one row of a trial and not in") as caught:
            read(path)
        assert caught.value.where == f"{path}, row 7, column {column}"


def test_no_rows_are_refused(trials: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it has no rows"):
        read_dataset(as_file(trials.iloc[:0], tmp_path / "trials.csv.gz"))


def test_rows_are_named_as_they_stand_in_the_file(trials: pd.DataFrame, tmp_path: Path) -> None:
    backwards = trials.iloc[::-1].reset_index(drop=True)
    read = read_dataset(as_file(backwards, tmp_path / "trials.csv.gz"))
    assert_frame_equal(read.reset_index(drop=True), trials)
    assert list(read.index) == list(range(len(trials)))[::-1]


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
def test_a_file_cut_off_is_refused(trials: pd.DataFrame, tmp_path: Path, name: str) -> None:
    path = as_file(trials, tmp_path / name)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(UserError, match="can't be read") as caught:
        read_dataset(path)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
@pytest.mark.parametrize("content", [b"", b"no data set"])
def test_another_kind_of_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError, match="can't be read"):
        read_dataset(path)


def test_no_file_and_another_suffix_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the data set is missing"):
        read_dataset(tmp_path / "trials.parquet")
    with pytest.raises(UserError, match=r"a data set is a \.parquet or a \.csv\.gz file"):
        read_dataset(tmp_path / "trials.xlsx")


def test_latin_1_is_refused(trials: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "trials.csv.gz"
    text = io.StringIO()
    trials.assign(explanation="größer").to_csv(text, index=False)
    path.write_bytes(gzip.compress(text.getvalue().encode("latin-1")))
    with pytest.raises(UserError, match="not UTF-8"):
        read_dataset(path)


def test_trials_outside_the_plan_are_refused() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=2)])
    smaller = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=1)])
    trials, plan = trials_of(campaign), plan_from(smaller.plan)
    with pytest.raises(UserError, match=r"json/serial/1/3\.13/warm, block 2") as caught:
        check_covers(trials, plan, Path("trials.parquet"))
    assert caught.value.where == "trials.parquet, row 8, column cell, block"
    check_covers(trials, plan_from(campaign.plan), Path("trials.parquet"))


def test_two_trials_at_one_place_are_refused() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=1)])
    trials = trials_of(campaign)
    twice = pd.concat([trials, trials.assign(trial_id="another")], ignore_index=True)
    with pytest.raises(UserError, match=r"second trial .* json/serial/1/3\.13/warm, block 1"):
        check_covers(twice, plan_from(campaign.plan), Path("trials.parquet"))


def test_a_cell_that_is_not_as_the_plan_has_it_is_refused() -> None:
    campaign = make_campaign([make_cell("json", "threads", 2, "3.13", blocks=1)])
    other = trials_of(campaign).assign(workers=pd.array([3] * 7, dtype="Int64"))
    with pytest.raises(UserError, match=r"3 where the plan of json/threads/2/3\.13/warm has 2"):
        check_covers(other, plan_from(campaign.plan), Path("trials.parquet"))
