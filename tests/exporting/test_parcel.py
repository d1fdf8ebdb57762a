"""Archives from other machines: what is in them arrives as it was, or they are refused by name."""

import gzip
import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MOST_BYTES_OF_SMALL_FILES, read_json, write_json
from threads_or_processes.common.signing import signed
from threads_or_processes.exporting import parcel
from threads_or_processes.exporting.parcel import pack, unpack
from threads_or_processes.exporting.sums import files_in, write_sums

MACHINE = "synthetic-2cpu-00000000"
Member = tarfile.TarInfo


@pytest.fixture
def folder(exported: Path, tmp_path: Path) -> Path:
    """An export of one's own to change."""
    return Path(shutil.copytree(exported, tmp_path / "changed"))


def packed(folder: Path) -> Path:
    """An archive of a folder, whatever it holds, as a careless or hostile person makes it."""
    archive = folder.with_suffix(".tar.gz")
    with tarfile.open(archive, "w:gz") as tar:
        for name in files_in(folder):
            tar.add(folder / name, arcname=f"a-machine/{name}")
    return archive


def refused(archive: Path, words: str) -> UserError:
    """The message; nothing of the archive is left behind."""
    results = archive.parent / "results"
    with pytest.raises(UserError, match=words) as caught:
        unpack(archive, results)
    assert not [*results.glob("*"), *results.glob(".*")]
    return caught.value


def test_results_arrive_as_they_were_packed(exported: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a-machine.tar.gz"
    pack(exported, archive)
    first = archive.read_bytes()
    pack(exported, archive)
    assert archive.read_bytes() == first
    place = unpack(archive, tmp_path / "results")
    assert place == tmp_path / "results" / MACHINE
    assert unpack(archive, tmp_path / "results") == place  # once more changes nothing
    for name in files_in(exported):
        assert (place / name).read_bytes() == (exported / name).read_bytes()
        assert (place / name).stat().st_mtime > 1_000_000  # Snakemake takes 1970 for missing
    assert files_in(place) - files_in(exported) == {
        "plan.json",
        *(f"interpreters/{name}.json" for name in ("parity", *_interpreters(exported))),
    }
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=place, check=True)
    assert done.returncode == 0


def _interpreters(exported: Path) -> list[str]:
    resources = read_json(exported / "datapackage.json")["resources"]
    return next(list(one["data"]) for one in resources if one["name"] == "interpreters")


def test_results_that_are_there_are_not_replaced(exported: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a-machine.tar.gz"
    pack(exported, archive)
    own = tmp_path / "results" / MACHINE
    own.mkdir(parents=True)
    with pytest.raises(UserError, match=f"there are results of {MACHINE} already") as caught:
        unpack(archive, own.parent)
    assert caught.value.where == str(own)
    assert not [*own.iterdir()]


def change_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-2] ^= 1
    file.write_bytes(content)


def another_machine(folder: Path) -> None:
    """An edit after which all hashes were computed again."""
    package = read_json(folder / "datapackage.json")
    plan = next(one["data"] for one in package["resources"] if one["name"] == "plan")
    plan["machine"]["name"] = "../elsewhere"
    write_json(folder / "datapackage.json", signed(package))
    write_sums(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            lambda it: change_byte(it / "tables/cells.csv"),
            "tables/cells.csv has another content than SHA256SUMS says",
            id="changed",
        ),
        pytest.param(
            lambda it: (it / "pyperf/3.13/serial.json").unlink(),
            "pyperf/3.13/serial.json is missing",
            id="missing",
        ),
        pytest.param(
            lambda it: (it / "more.txt").write_text("?"),
            "more.txt is not in SHA256SUMS",
            id="unknown",
        ),
        pytest.param(
            lambda it: (it / "SHA256SUMS").unlink(), "SHA256SUMS is missing", id="no sums"
        ),
        pytest.param(
            lambda it: (it / "SHA256SUMS").write_text("0  trials.csv.gz"),
            "line 1 is no hash and name",
            id="broken sums",
        ),
        pytest.param(lambda it: (it / "plan.json").write_text("{}"), "plan.json", id="a plan"),
        pytest.param(another_machine, "expected a name for a folder", id="another place"),
    ],
)
def test_a_damaged_archive_is_refused_by_name(
    folder: Path, change: Callable[[Path], object], words: str
) -> None:
    change(folder)
    refused(packed(folder), words)


def file(name: str) -> Member:
    return Member(name)


def link(name: str, kind: bytes, target: str) -> Member:
    member = Member(name)
    member.type, member.linkname = kind, target
    return member


def device(name: str) -> Member:
    member = Member(name)
    member.type = tarfile.CHRTYPE
    return member


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param([file("../x")], "outside", id="above"),
        pytest.param([file("a/../../x")], "outside", id="hidden above"),
        pytest.param([link("a/x", tarfile.SYMTYPE, "/etc/passwd")], "'a/x' is no file", id="link"),
        pytest.param([link("a/x", tarfile.LNKTYPE, "../y")], "'a/x' is no file", id="hard link"),
        pytest.param([device("a/x")], "'a/x' is no file", id="device"),
        pytest.param([file("a/x"), file("b/x")], "not one folder", id="two folders"),
        pytest.param([file("/x")], "not one folder", id="absolute"),
        pytest.param([file("x")], "not one folder", id="no folder"),
        pytest.param([], "not one folder", id="nothing"),
        pytest.param([file(f"a/{n}") for n in range(6)], "more than 5 files", id="many"),
    ],
)
def test_an_archive_that_reaches_outside_is_refused(
    members: list[Member], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcel, "MOST_FILES", 5)
    archive = tmp_path / "hostile.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO())
    assert refused(archive, words).where == str(archive)
    assert {path.name for path in tmp_path.iterdir()} == {"hostile.tar.gz", "results"}


def bomb() -> bytes:
    member = Member("a/x")
    member.size = MOST_BYTES_OF_SMALL_FILES * 2
    return gzip.compress(member.tobuf() + bytes(member.size))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(lambda it: it[: len(it) // 2], "ended before|unexpected end", id="cut off"),
        pytest.param(lambda it: it[:5000] + b"0000" + it[5004:], "can't be used", id="overwritten"),
        pytest.param(lambda _: b"", "can't be used", id="empty"),
        pytest.param(lambda _: b"PK", "[Nn]ot a gzipped file", id="zip"),
        pytest.param(lambda _: gzip.compress(b"no tar"), "can't be used", id="no tar"),
        pytest.param(lambda _: bomb(), "uncompressed it has more than", id="bomb"),
    ],
)
def test_what_is_no_archive_is_refused(
    exported: Path, tmp_path: Path, content: Callable[[bytes], bytes], words: str
) -> None:
    archive = tmp_path / "a-machine.tar.gz"
    pack(exported, archive)
    archive.write_bytes(content(archive.read_bytes()))
    assert refused(archive, words).where == str(archive)


def test_a_folder_that_was_changed_is_not_packed(folder: Path, tmp_path: Path) -> None:
    change_byte(folder / "report.html")
    with pytest.raises(UserError, match="the export was changed: report"):
        pack(folder, tmp_path / "a-machine.tar.gz")
