import gzip
import io
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from tests.analysis.shortcuts import trials_of
from tests.factories import Campaign, make_campaign, make_cell, make_cells
from workflow.analysis import columns
from workflow.analysis.dataset import (
    check_covers,
    csv_gz_bytes,
    parquet_bytes,
    read_dataset,
    write_dataset,
)
from workflow.analysis.planned import plan_from
from workflow.errors import UserError

FAILED = "compress/threads/2/3.13/warm"


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return trials_of(
        make_campaign(
            make_cells(arms=["3.13", "3.13t"], blocks=2), failures={(FAILED, 2): "raised"}
        )
    )


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


def test_the_order_of_records_changes_no_byte() -> None:
    campaign = make_campaign(make_cells(arms=["3.13"], blocks=2))
    backwards = Campaign(
        campaign.plan,
        campaign.identities,
        campaign.parity,
        dict(reversed(campaign.records.items())),
    )
    assert csv_gz_bytes(trials_of(campaign)) == csv_gz_bytes(trials_of(backwards))
    assert parquet_bytes(trials_of(campaign)) == parquet_bytes(trials_of(backwards))


def test_columns_are_the_documented_ones_and_whole_numbers_stay_whole(
    trials: pd.DataFrame,
) -> None:
    assert list(trials.columns) == columns.names(columns.TRIALS)
    assert [str(dtype) for dtype in trials.dtypes] == [c.dtype for c in columns.TRIALS]
    assert trials["started_unix_ns"].min() > 2**53  # where floats would round


def test_the_gzip_header_has_no_time_and_no_name(trials: pd.DataFrame) -> None:
    header = csv_gz_bytes(trials)[:10]
    assert header[3] == 0  # no flags: no name, no comment
    assert header[4:8] == bytes(4)


def test_csv_and_parquet_come_back_as_they_went(trials: pd.DataFrame, tmp_path: Path) -> None:
    parquet, csv = tmp_path / "trials.parquet", tmp_path / "trials.csv.gz"
    write_dataset(trials, parquet=parquet, csv=csv)
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
    campaign = make_campaign(cells, failures={(cells[0]["id"], 1): "raised"})
    for record in campaign.records.values():
        record |= {"explanation": explanation, "started_unix_ns": started_unix_ns}
    trials = trials_of(campaign)
    folder = tmp_path_factory.mktemp("dataset")
    parquet, csv = folder / "trials.parquet", folder / "trials.csv.gz"
    write_dataset(trials, parquet=parquet, csv=csv)
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


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("wall_ns", "fast", "column wall_ns has a value that is not a whole number"),
        ("wall_ns", "1.5", "column wall_ns has a value that is not a whole number"),
        ("block", "", "row 1 can't be: block is missing"),
        ("wall_ns", "-5", "row 1 can't be: wall_ns is not above 0"),
        ("phase", "cooldown", "row 1 can't be: phase is neither warmup nor measure"),
    ],
)
def test_a_value_that_cannot_be_is_named(
    trials: pd.DataFrame, tmp_path: Path, name: str, column: str, value: str, said: str
) -> None:
    broken = trials.astype({column: "string"})
    broken.loc[0, column] = value or pd.NA
    path = as_file(broken, tmp_path / name)
    with pytest.raises(UserError) as caught:
        read_dataset(path)
    assert said in caught.value.what
    assert caught.value.where == str(path)


@pytest.mark.parametrize("name", ["trials.parquet", "trials.csv.gz"])
def test_missing_and_unknown_columns_are_named(
    trials: pd.DataFrame, tmp_path: Path, name: str
) -> None:
    path = as_file(trials.drop(columns=["wall_ns", "phase"]), tmp_path / name)
    with pytest.raises(UserError, match="lacks the columns phase, wall_ns"):
        read_dataset(path)
    path = as_file(trials.assign(mood="fine"), tmp_path / name)
    with pytest.raises(UserError, match="has unknown columns mood"):
        read_dataset(path)


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
    with pytest.raises(UserError, match="can't be read"):
        read_dataset(path)


def test_trials_outside_the_plan_are_refused() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=2)])
    smaller = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=1)])
    trials, plan = trials_of(campaign), plan_from(smaller.plan)
    with pytest.raises(UserError, match=r"json/serial/1/3\.13/warm, block 2"):
        check_covers(trials, plan, Path("trials.parquet"))
    check_covers(trials, plan_from(campaign.plan), Path("trials.parquet"))


def test_two_trials_at_one_place_are_refused() -> None:
    campaign = make_campaign([make_cell("json", "serial", 1, "3.13", blocks=1)])
    trials = trials_of(campaign)
    twice = pd.concat([trials, trials.assign(trial_id="another")])
    with pytest.raises(UserError, match=r"two trials of json/serial/1/3\.13/warm, block 1"):
        check_covers(twice, plan_from(campaign.plan), Path("trials.parquet"))
