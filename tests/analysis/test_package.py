"""A data set and its package are enough: what is published, and what is refused."""

import gzip
import os
import shutil
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from threads_or_processes.analysis.__main__ import unpack
from threads_or_processes.analysis.dataset import read_dataset
from threads_or_processes.analysis.package import FileNote, read_package
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json, write_json
from threads_or_processes.common.signing import identity_digest, signed
from threads_or_processes.records.fields import columns_of, parts_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.tables.dataset import RepetitionRow
from threads_or_processes.records.trial import MeasuredCell, Repetition, TrialRecord
from threads_or_processes.records.vocabulary import WorkerKind

from tests.analysis.archives import collect_into, tables_of
from tests.factories import make_campaign, make_cells

FILES = ("trials.csv.gz", "trials.parquet", "repetitions.parquet", "datapackage.json")

#: The essentials of the profiles of Data Package 2.0 and of its Table Schema.
PROFILE = {
    "required": ["resources", "$schema", "licenses"],
    "properties": {
        "$schema": {"const": "https://datapackage.org/profiles/2.0/datapackage.json"},
        "licenses": {"items": {"required": ["name", "path"]}, "minItems": 1},
        "resources": {
            "items": {
                "required": ["name"],
                "oneOf": [{"required": ["path"]}, {"required": ["data"]}],
                "properties": {
                    "name": {"pattern": "^[a-z0-9._-]+$"},
                    "path": {"pattern": "^[^/][^:]*$"},
                    "hash": {"pattern": "^sha256:[0-9a-f]{64}$"},
                    "bytes": {"type": "integer"},
                    "type": {"const": "table"},
                    "schema": {"$ref": "#/$defs/schema"},
                },
            }
        },
    },
    "$defs": {
        "schema": {
            "required": ["fields", "missingValues", "uniqueKeys"],
            "properties": {
                "fields": {
                    "items": {
                        "required": ["name", "type", "description"],
                        "properties": {
                            "type": {"enum": ["string", "integer", "number", "object", "array"]},
                            "constraints": {
                                "additionalProperties": False,
                                "properties": {
                                    "required": {"const": True},
                                    "minimum": {"type": "integer"},
                                    "enum": {"type": "array", "uniqueItems": True},
                                    "pattern": {"type": "string"},
                                },
                            },
                        },
                    }
                },
            },
        }
    },
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of a campaign that was watched, had a failure and two compilations; don't touch."""
    campaign = make_campaign(
        make_cells(workloads=["json"], blocks=3),
        failures={("json/threads/2/3.13/warm", 2): "raised"},
        disturbed_ratio=0.2,
        compilations=2,
    )
    return collect_into(tmp_path_factory.mktemp("measured"), campaign)


@pytest.fixture
def archived(measured: Path, tmp_path: Path) -> Path:
    """The two files that somebody kept, to change."""
    folder = tmp_path / "archived"
    folder.mkdir()
    for name in ("trials.csv.gz", "datapackage.json"):
        shutil.copy(measured / name, folder)
    return folder


def unpacked(folder: Path, out: Path, file: str = "trials.csv.gz") -> Path:
    """What `unpack` makes of a data set."""
    unpack(Namespace(package=folder / "datapackage.json", dataset=folder / file, out=out))
    return out


def test_the_package_is_a_data_package(measured: Path) -> None:
    package = read_json(measured / "datapackage.json")
    Draft202012Validator(PROFILE).validate(package)
    resources = {resource["name"]: resource for resource in package["resources"]}
    for name in ("trials", "trials-parquet", "repetitions-parquet"):
        file = measured / resources[name]["path"]
        note = FileNote.of(file)
        assert resources[name]["bytes"] == note.bytes == file.stat().st_size
        assert resources[name]["hash"] == f"sha256:{note.sha256}"


def test_every_column_is_described_with_its_unit(measured: Path) -> None:
    fields = read_json(measured / "datapackage.json")["resources"][0]["schema"]["fields"]
    header = gzip.decompress((measured / "trials.csv.gz").read_bytes()).partition(b"\n")[0]
    assert ",".join(field["name"] for field in fields) == header.decode()
    units = {field["name"]: field.get("unit") for field in fields}
    assert units["wall_ns"] == "ns"
    assert units["memory_peak_bytes"] == "B"
    assert units["workers"] is None


def test_the_package_names_no_place_on_the_machine_it_is_from(measured: Path) -> None:
    text = (measured / "datapackage.json").read_text(encoding="utf-8")
    assert "/nowhere/" in (measured / "interpreters" / "3.13.json").read_text(encoding="utf-8")
    assert "/nowhere/" not in text


def test_the_words_of_a_column_are_those_of_the_records() -> None:
    cell = parts_of(MeasuredCell)
    recorded = {
        "outcome": list(parts_of(TrialRecord)["outcome"].one_of),
        "start_method": list(cell["start_method"].one_of),
        "timing": list(cell["timing"].one_of),
        "phase": list(parts_of(Repetition)["phase"].one_of),
        "worker_kind": list(WorkerKind),
    }
    known = {column.name: list(column.part.one_of) for column in columns_of(RepetitionRow)}
    assert {name: words for name, words in known.items() if words} == recorded


def test_the_same_results_give_the_same_package(measured: Path, tmp_path: Path) -> None:
    campaign = make_campaign(
        make_cells(workloads=["json"], blocks=3),
        failures={("json/threads/2/3.13/warm", 2): "raised"},
        disturbed_ratio=0.2,
        compilations=2,
    )
    again = collect_into(tmp_path / "again", campaign)
    for name in FILES:
        assert (again / name).read_bytes() == (measured / name).read_bytes()


@pytest.mark.parametrize("file", ["trials.csv.gz", "trials.parquet"])
def test_either_file_with_the_package_brings_back_all_that_was_measured(
    measured: Path, tmp_path: Path, file: str
) -> None:
    out = unpacked(measured, tmp_path / "out", file)
    for name in (*FILES, "plan.json", "interpreters/parity.json"):
        assert (out / name).read_bytes() == (measured / name).read_bytes(), name
    arms = ("3.13", "3.13t", "3.13t-gil")
    for name in [*arms, *(f"{arm}-2" for arm in arms)]:
        identity = read_json(measured / "interpreters" / f"{name}.json")
        identity.pop("executable")
        assert read_json(out / "interpreters" / f"{name}.json") == identity
    of_measured = tables_of(measured, "trials.parquet", tmp_path / "there")
    assert tables_of(out, "trials.parquet", tmp_path / "here") == of_measured


@pytest.mark.parametrize("file", ["trials.csv.gz", "trials.parquet"])
def test_a_data_set_of_before_there_were_two_tables_is_read(
    measured: Path, archived: Path, tmp_path: Path, file: str
) -> None:
    read_dataset(measured / "trials.parquet").to_parquet(archived / "trials.parquet", index=False)
    note = FileNote.of(archived / "trials.parquet")
    package = read_json(archived / "datapackage.json")
    package["resources"] = [r for r in package["resources"] if r["name"] != "repetitions-parquet"]
    of_parquet = {"bytes": note.bytes, "hash": f"sha256:{note.sha256}"}
    next(r for r in package["resources"] if r["name"] == "trials-parquet").update(of_parquet)
    write_json(archived / "datapackage.json", signed(package))
    out = unpacked(archived, tmp_path / "out", file)
    for name in FILES:  # the package, too: what it says is true of the files beside it
        assert (out / name).read_bytes() == (measured / name).read_bytes(), name


@pytest.mark.parametrize("name", ["trials.parquet", "repetitions.parquet"])
def test_a_changed_table_is_refused_before_it_is_read(
    measured: Path, archived: Path, tmp_path: Path, name: str
) -> None:
    for file in FILES:
        shutil.copy(measured / file, archived)
    (archived / name).write_bytes((archived / name).read_bytes()[:-1])
    words = "not the one that datapackage.json describes"
    error = refused(archived, tmp_path / "out", words, "trials.parquet")
    assert error.where == str(archived / name)
    (archived / name).unlink()
    error = refused(archived, tmp_path / "out", "the data set is missing", "trials.parquet")
    assert error.where == str(archived / name)


def refused(folder: Path, out: Path, words: str, file: str = "trials.csv.gz") -> UserError:
    """Insist that `unpack` refuses with these words, and writes nothing."""
    with pytest.raises(UserError, match=words) as caught:
        unpacked(folder, out, file)
    assert not out.exists()
    return caught.value


def test_a_data_set_without_its_package_is_refused(archived: Path, tmp_path: Path) -> None:
    (archived / "datapackage.json").unlink()
    error = refused(archived, tmp_path / "out", "datapackage.json is missing")
    assert error.where == str(archived / "datapackage.json")


def test_a_changed_data_set_is_refused(archived: Path, tmp_path: Path) -> None:
    file = archived / "trials.csv.gz"
    rows = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    file.write_bytes(gzip.compress(b"".join(rows[:-7]), mtime=0))  # a trial less
    error = refused(archived, tmp_path / "out", "not the one that datapackage.json describes")
    assert error.where == str(file)


def test_another_campaign_s_package_is_refused(archived: Path, tmp_path: Path) -> None:
    smaller = make_campaign(make_cells(workloads=["json"], blocks=1))
    other = collect_into(tmp_path / "other", smaller) / "datapackage.json"
    shutil.copy(other, archived / "datapackage.json")
    error = refused(archived, tmp_path / "out", "a trial that the plan has not: .*block 2")
    assert ", row " in error.where


def change(folder: Path, act: Callable[[dict[str, Any]], object]) -> None:
    """Change a package; `act` gets its resources by name and itself as `package`."""
    path = folder / "datapackage.json"
    package = read_json(path)
    act({resource["name"]: resource for resource in package["resources"]} | {"package": package})
    write_json(path, package)


def identify_anew(identity: dict[str, Any], package: dict[str, Any]) -> None:
    """Make an interpreter another one, everything signed."""
    identity["version"] = "3.13.99"
    identity["identity_sha256"] = identity_digest(cast("Identity", identity))
    package.update(signed(package))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda it: it["package"].update(schema_version=2), "schema_version 2, this code reads 1"),
        (lambda it: it["package"].pop("schema_version"), "schema_version None"),
        (lambda it: it["package"].update(resources=[]), "is broken .KeyError: 'plan'"),
        (lambda it: it["trials"].pop("hash"), "is broken .KeyError: 'hash'"),
        (lambda it: it["trials"].update(hash="md5:0"), "the hash of trials is no sha256"),
        (lambda it: it["plan"]["data"].pop("cells"), "is broken .plan: cells is missing"),
        (lambda it: it["plan"]["data"].update(schema_version=2), "schema_version is 2"),
        (lambda it: it["interpreters"]["data"].pop("3.13"), "but a plan for"),
        (
            lambda it: it["interpreters"]["data"]["3.13"].pop("identity_sha256"),
            "the interpreter of 3.13: identity_sha256 is missing",
        ),
        (
            lambda it: it["plan"]["data"]["machine"].update(name="../elsewhere"),
            "machine.name is '../elsewhere', expected a name for a folder",
        ),
        (
            lambda it: it["interpreters"]["data"]["3.13"].update(version="3.13.99"),
            "the interpreter of 3.13 is not what its identity_sha256 says",
        ),
        (
            lambda it: identify_anew(it["interpreters"]["data"]["3.13"], it["package"]),
            "a trial of another interpreter than the one that 3.13 was",
        ),
        (lambda it: it["plan"]["data"].update(margin=0.2), "the file was edited"),
        (
            lambda it: it["plan"]["data"]["trials"][0].update(record="trials/../../x.json"),
            "the record of .* is 'trials/../../x.json'",
        ),
        (lambda it: it["plan"]["data"].update(margin=5), "margin is 5.0, expected more than 0"),
    ],
)
def test_a_package_that_is_not_right_is_refused(
    archived: Path, tmp_path: Path, act: Callable[[dict[str, Any]], object], words: str
) -> None:
    change(archived, act)
    refused(archived, tmp_path / "out", words)


def beyond_measure(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(2**40)  # takes no room on the disk


@pytest.mark.parametrize("name", ["datapackage.json", "trials.csv.gz"])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(lambda it: it.symlink_to("/dev/zero"), "a device or a pipe", id="device"),
        pytest.param(os.mkfifo, "a device or a pipe", id="pipe"),
        pytest.param(beyond_measure, "the file has 1,099,511,627,776 bytes", id="beyond measure"),
        pytest.param(lambda it: it.symlink_to(it), "symbolic links", id="link to itself"),
        pytest.param(lambda it: it.symlink_to("gone"), "is missing", id="link to nothing"),
        pytest.param(Path.mkdir, "folder|directory", id="folder"),
    ],
)
def test_what_is_no_file_or_has_no_end_is_refused(
    archived: Path, tmp_path: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    (archived / name).unlink()
    make(archived / name)
    assert str(archived / name) in refused(archived, tmp_path / "out", words).where


def test_links_are_followed_and_the_paths_in_a_package_are_not(
    archived: Path, tmp_path: Path
) -> None:
    change(archived, lambda it: it["trials"].update(path="../../../etc/passwd"))
    package = read_json(archived / "datapackage.json")
    write_json(archived / "datapackage.json", signed(package))
    elsewhere = tmp_path / "elsewhere"
    archived.rename(elsewhere)
    archived.mkdir()
    for name in ("trials.csv.gz", "datapackage.json"):
        (archived / name).symlink_to(elsewhere / name)
    out = unpacked(archived, tmp_path / "out")
    assert (out / "trials.csv.gz").read_bytes() == (elsewhere / "trials.csv.gz").read_bytes()
    assert not [path for path in out.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_package_that_is_no_json_object_is_refused(
    archived: Path, tmp_path: Path, text: str
) -> None:
    (archived / "datapackage.json").write_text(text, encoding="utf-8")
    error = refused(archived, tmp_path / "out", "not valid JSON|schema_version None")
    assert "again" in error.hint


def test_a_package_is_read_as_it_was_written(measured: Path) -> None:
    package = read_package(measured / "datapackage.json")
    assert package.plan_json == read_json(measured / "plan.json")
    assert package.parity == read_json(measured / "interpreters" / "parity.json")
    assert package.machine == "synthetic-2cpu-00000000"
