"""Data sets and records from strangers: a sane result, or one message that says what is wrong.

`HYPOTHESIS_PROFILE=faults` tries 10,000 of each.
"""

import contextlib
import csv
import gzip
import io
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.analysis.dataset import (
    check_covers,
    dataset,
    read_dataset,
)
from threads_or_processes.analysis.package import read_package
from threads_or_processes.analysis.records import Record, check_form, read_identities
from threads_or_processes.analysis.stored import Stored
from threads_or_processes.analysis.tables import all_tables
from threads_or_processes.common import files
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import gunzipped, read_json
from threads_or_processes.common.signing import read_signed
from threads_or_processes.common.spreadsheet import FORMULA
from threads_or_processes.records.interpreter import Identity, without_place
from threads_or_processes.records.plan import Plan

from tests.analysis.archives import collect_into, tables_of
from tests.analysis.shortcuts import plan_of
from tests.factories import Campaign, make_campaign, make_cell, make_claim
from tests.strangers import at, changed, json_text, more_or_fewer, tampered

SERIAL, THREADS = "json/serial/1/3.13/warm", "json/threads/2/3.13/warm"


def small_campaign() -> Campaign:
    """Two cells, two blocks, a sentinel, a claim and a failure."""
    cells = [
        make_cell("json", "serial", 1, "3.13", blocks=2),
        make_cell("json", "threads", 2, "3.13", blocks=2),
    ]
    return make_campaign(
        cells,
        claims=[make_claim(THREADS, SERIAL)],
        failures={(THREADS, 2): "raised"},
        disturbed_ratio=0.2,
    )


CAMPAIGN = small_campaign()
PLAN = plan_of(CAMPAIGN)
RECORD = CAMPAIGN.records[PLAN.trials[0].record]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The campaign's results; don't touch."""
    return collect_into(tmp_path_factory.mktemp("measured"), small_campaign())


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files that are written again and again."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def package(measured: Path) -> dict[str, Any]:
    """The package without its checksum, so that a stranger's is looked at."""
    return read_signed(measured / "datapackage.json")


@pytest.fixture(scope="module")
def rows(measured: Path) -> list[list[str]]:
    """The lines of trials.csv.gz."""
    text = gzip.decompress((measured / "trials.csv.gz").read_bytes()).decode()
    return list(csv.reader(io.StringIO(text)))


def judge(path: Path) -> pd.DataFrame | None:
    """Read a data set: a `UserError`, or one that belongs to the plan."""
    with contextlib.suppress(UserError):
        trials = read_dataset(path)
        check_covers(trials, PLAN, path)
        return trials
    return None


@more_or_fewer(150)
@given(data=st.data())
def test_any_package_is_read_or_refused(
    package: dict[str, Any], scratch: Path, data: st.DataObject
) -> None:
    file = scratch / "datapackage.json"
    places = [name["name"] for name in package["resources"]]
    plan = ("resources", places.index("plan"), "data")
    whole = tampered(package)
    of_plan = tampered(at(package, plan)).map(lambda one: changed(package, plan, one))
    file.write_bytes(json_text(data.draw(whole | of_plan)))
    with contextlib.suppress(UserError):
        assert isinstance(read_package(file).plan, Plan)


@more_or_fewer(150)
@given(value=tampered(RECORD))
def test_any_record_is_taken_or_refused(scratch: Path, value: Any) -> None:
    file = scratch / "record.json"
    file.write_bytes(json_text(value))
    with contextlib.suppress(UserError):
        record = Record(file, read_json(file))
        check_form(record)
        if record.value["cell"]["id"] in PLAN.cells_by_id:  # `check_place` sees to it
            trials = dataset([record], PLAN)
            Stored.in_memory([trials])


@more_or_fewer(100)
@given(value=tampered(CAMPAIGN.identities["3.13"]))
def test_any_identity_is_taken_or_refused(scratch: Path, value: Any) -> None:
    (scratch / "3.13.json").write_bytes(json_text(value))
    with contextlib.suppress(UserError):
        read = read_identities(scratch, PLAN)["3.13"]
        assert without_place(read) == without_place(cast("Identity", CAMPAIGN.identities["3.13"]))


CELLS = st.sampled_from(
    [
        *("", " ", "x", "0", "1", "-1", "1.5", "0xff", "1_000", "1e3", "nan", "inf", "9" * 19),
        *("9" * 30, "9" * 5000, str(2**63 - 1), "null", "[]", "{}", "=1+1", "a\nb", '"', "\0"),
        *("[" * 5000 + "]" * 5000, '{"a":1e999}', "measure", "warmup", "ok", "warm", "cold"),
        *('{"before":5}', '{"before":{},"after":{},"grown":{}}', "‮", "é", "True"),
    ]
)


@st.composite
def tables(draw: st.DrawFn, rows: list[list[str]]) -> bytes:
    """A data set some of whose values are others."""
    table = [row.copy() for row in rows]
    for _ in range(draw(st.integers(1, 3))):
        row = draw(st.integers(0, len(table) - 1))
        column = draw(st.integers(0, len(table[0]) - 1))
        other = draw(st.sampled_from(table[1:]))[column]
        table[row][column] = draw(CELLS | st.just(other) | st.text(max_size=5))
    text = io.StringIO()
    csv.writer(text).writerows(table)
    return gzip.compress(text.getvalue().encode("utf-8", "replace"), 1)


@more_or_fewer(60)
@given(data=st.data())
def test_any_table_is_read_or_refused(
    rows: list[list[str]], scratch: Path, data: st.DataObject
) -> None:
    file = scratch / "trials.csv.gz"
    file.write_bytes(data.draw(tables(rows)))
    judge(file)


@more_or_fewer(8, 1000)
@given(data=st.data())
def test_any_table_that_is_read_gives_all_tables(
    rows: list[list[str]], scratch: Path, data: st.DataObject
) -> None:
    file = scratch / "trials.csv.gz"
    file.write_bytes(data.draw(tables(rows)))
    trials = judge(file)
    if trials is not None:
        all_tables(PLAN, trials)


@more_or_fewer(40)
@given(data=st.data())
@pytest.mark.parametrize("name", ["trials.csv.gz", "trials.parquet"])
def test_any_bytes_are_read_or_refused(
    measured: Path, scratch: Path, name: str, data: st.DataObject
) -> None:
    content = bytearray((measured / name).read_bytes())
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    for _ in range(data.draw(st.integers(0, 5))):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        content[place : place + 1] = data.draw(st.binary(max_size=4))
    file = scratch / name
    file.write_bytes(bytes(content))
    judge(file)
    if name.endswith(".gz"):  # what a checksum of gzip doesn't let through
        text = bytearray(gzip.decompress((measured / name).read_bytes()))
        place = data.draw(st.integers(0, len(text) - 1))
        text[place : place + 1] = data.draw(st.binary(max_size=4))
        file.write_bytes(gzip.compress(bytes(text), 1))
        judge(file)


@pytest.mark.parametrize(
    "values",
    [
        [True],
        [[1]],
        [{"a": 1}],
        [pd.Timestamp("2026-01-01")],
        [b"x"],
        [pd.Timedelta(1)],
        ["x"],
        [float("inf")],
    ],
    ids=repr,
)
def test_columns_of_other_types_are_refused(
    measured: Path, tmp_path: Path, values: list[Any]
) -> None:
    shutil.copy(measured / "trials.parquet", tmp_path)
    table = pyarrow.parquet.read_table(measured / "repetitions.parquet")
    place = table.column_names.index("wall_ns")
    odd = pyarrow.array(values * table.num_rows)
    pyarrow.parquet.write_table(
        table.set_column(place, "wall_ns", odd), tmp_path / "repetitions.parquet"
    )
    with pytest.raises(UserError, match=r"wall_ns|not a whole number"):
        read_dataset(tmp_path / "trials.parquet")


def test_a_file_that_grows_beyond_measure_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MOST_BYTES_OF_SMALL_FILES", 100_000)
    zeros = gzip.compress(bytes(20_000_000))
    unread = gzip.compress(bytes(10_000_000)) + b"what comes after is not looked at"
    for content in (zeros, unread):
        with pytest.raises(ValueError, match="uncompressed it has more than"):
            gunzipped(content)
    (tmp_path / "trials.csv.gz").write_bytes(zeros)
    with pytest.raises(UserError, match="uncompressed it has more than"):
        read_dataset(tmp_path / "trials.csv.gz")
    many = pyarrow.table({"wall_ns": pyarrow.nulls(1_000_000, pyarrow.int64())})
    pyarrow.parquet.write_table(many, tmp_path / "trials.parquet")
    with pytest.raises(UserError, match="uncompressed it has more than"):
        read_dataset(tmp_path / "trials.parquet")


REFUSE = """
import sys
from pathlib import Path
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.common.errors import UserError
try:
    read_dataset(Path(sys.argv[1]))
except UserError as error:
    print(error.what)
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of a process from /proc")
@pytest.mark.parametrize("name", ["trials.csv.gz", "trials.parquet"])
def test_a_gigabyte_of_zeros_is_refused_in_little_memory(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name.endswith(".gz"):
        file.write_bytes(gzip.compress(bytes(10**7)) * 100)
    else:
        zeros = pyarrow.table({"wall_ns": pyarrow.array(np.zeros(10**6, np.int64))})
        with pyarrow.parquet.ParquetWriter(file, zeros.schema) as writer:
            for _ in range(125):
                writer.write_table(zeros)
    assert file.stat().st_size < 2 * 10**6
    done = subprocess.run(
        [sys.executable, "-c", REFUSE, str(file)], capture_output=True, text=True, check=True
    )
    said, peak_kib = done.stdout.splitlines()
    assert "uncompressed it has more than" in said
    assert int(peak_kib) * 1024 < 600 * 10**6


def test_no_cell_of_any_table_is_a_formula(tmp_path: Path) -> None:
    evil = "=HYPERLINK(0)"
    texts = {"sentence": evil, "source": "+1", "answer": "-1", "file": "@SUM(1)"}
    campaign = make_campaign(
        [make_cell("json", "serial", 1, "3.13", blocks=2)],
        claims=[make_claim(SERIAL, expects="gil_off", **texts)],
        failures={(SERIAL, 2): "raised"},
    )
    for record in campaign.records.values():
        record["explanation"] = record["explanation"] and evil
    results = collect_into(tmp_path / "results", campaign)
    tables_of(results, "trials.csv.gz", tmp_path / "tables")
    written = [*(tmp_path / "tables").iterdir()]
    files_of_texts = [file.read_text(encoding="utf-8") for file in written]
    files_of_texts.append(gzip.decompress((results / "trials.csv.gz").read_bytes()).decode())
    cells = [
        cell for text in files_of_texts for row in csv.reader(io.StringIO(text)) for cell in row
    ]
    assert f"'{evil}" in cells
    assert not [cell for cell in cells if cell.startswith(FORMULA) and not is_number(cell)]


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
