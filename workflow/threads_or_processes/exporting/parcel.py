"""One archive with a machine's results: packed on that machine, checked and unpacked on another."""

import gzip
import tarfile
import tempfile
import zlib
from pathlib import Path

from threads_or_processes.analysis.archived import unpack_dataset
from threads_or_processes.analysis.package import CSV_FILE, PACKAGE_FILE, read_package
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import Gunzipped, read_bytes
from threads_or_processes.exporting.sums import SUMS_FILE, files_in, problem_with

GET_IT_AGAIN = "get the archive again from where it is from"
#: A default sweep's export has about 300.
MOST_FILES = 20_000
#: Without which results are not compared.
NEEDED = (SUMS_FILE, PACKAGE_FILE, CSV_FILE, "tables")
#: What `unpack` makes from the data set and its package.
ADDED = ("plan.json", "interpreters")


def pack(folder: Path, archive: Path) -> None:
    """Write an exported folder as .tar.gz; the same files give the same bytes.

    `UserError` for a folder that was changed since.
    """
    if problem := problem_with(folder):
        raise UserError(
            f"the export was changed: {problem}",
            where=str(folder),
            hint="delete the folder and run the same command again",
        )
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f".{archive.name}.part")
    with (
        unfinished.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(files_in(folder)):
            tar.add(folder / name, arcname=f"{folder.name}/{name}", filter=_anonymous)
    unfinished.replace(archive)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A file of nobody, of no time."""
    return member.replace(mtime=0, mode=0o644, uid=0, gid=0, uname="", gname="", deep=False)


def unpack(archive: Path, results: Path) -> Path:
    """Check an archive and put what it holds into a folder of `results`, named by its machine.

    `UserError` names the archive, and the file in it that is damaged. Then nothing is left behind.
    """
    if not archive.exists():
        raise UserError("there is no such archive", where=str(archive))
    results.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=results, prefix=".unpacking-") as temporary:
        folder = _extracted(archive, Path(temporary))
        if problem := _problem(folder):
            raise _damaged(problem, archive)
        machine = read_package(folder / PACKAGE_FILE).machine
        place = results / machine
        if place.exists():
            if _same(folder, place):
                return place
            raise UserError(
                f"there are results of {machine} already",
                where=str(place),
                hint="move them away first, or unpack in another folder",
            )
        # What was packed stays as it is; what the data set says of plan and interpreters is added.
        made = Path(temporary) / "made"
        unpack_dataset(folder / CSV_FILE, folder / PACKAGE_FILE, made)
        for name in ADDED:
            (made / name).rename(folder / name)
        folder.rename(place)
    return place


def _problem(folder: Path) -> str | None:
    """Why a folder is no export as it was packed; None if it is."""
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if missing:
        return f"{missing[0]} is missing"
    unknown = [name for name in ADDED if (folder / name).exists()]
    if unknown:
        return f"{unknown[0]} does not belong to it"
    return problem_with(folder)


def _same(folder: Path, place: Path) -> bool:
    sums = place / SUMS_FILE
    return sums.is_file() and sums.read_bytes() == (folder / SUMS_FILE).read_bytes()


def _extracted(archive: Path, place: Path) -> Path:
    """The one folder of an archive, below `place`.

    Only files are taken, none outside, and no more than a measured campaign has.
    """
    try:
        with tarfile.open(fileobj=Gunzipped(read_bytes(archive)), mode="r|") as tar:
            for number, member in enumerate(tar, start=1):
                if number > MOST_FILES:
                    raise _damaged(f"it has more than {MOST_FILES:,} files", archive)
                if not member.isreg():
                    raise _damaged(f"{member.name[:200]!r} is no file", archive)
                tar.extract(member, place, filter=_as_new)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
        raise _damaged(str(error) or type(error).__name__, archive) from None
    found = [*place.iterdir()]
    if len(found) != 1 or not found[0].is_dir():
        raise _damaged("it is not one folder", archive)
    return found[0]


def _as_new(member: tarfile.TarInfo, place: str) -> tarfile.TarInfo:
    """Nothing outside of the place, and no time: Snakemake takes 1970 for a missing file."""
    return tarfile.data_filter(member, place).replace(mtime=None, deep=False)  # type: ignore[arg-type]


def _damaged(problem: str, archive: Path) -> UserError:
    return UserError(f"the archive can't be used: {problem}", where=str(archive), hint=GET_IT_AGAIN)
