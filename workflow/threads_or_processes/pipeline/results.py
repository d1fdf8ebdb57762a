"""A folder of results as the rules see it: one face for those measured here and archived ones."""

import contextlib
import errno
import fcntl
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from threads_or_processes.common.errors import UserError, file_error
from threads_or_processes.common.files import (
    SMALL_FILE_BYTES,
    half_written,
    is_full,
    read_json,
    temporary_folder,
)
from threads_or_processes.pipeline.baseline import FOLDER, Baseline
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.tables import TABLES
from threads_or_processes.records.tables.changes import BASELINE_TABLES

#: What a file system says that has no locks.
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}
#: A file that is older and has no name yet is nobody's: a trial of a killed run may still write.
WRITTEN_WITHIN_S = 600
POLL_S = 0.1
EXPORTS = Path("export")
#: What a finished folder holds, of all that comparing reads.
NEEDED = ("plan.json", "datapackage.json", "trials.csv.gz", "interpreters/parity.json", "tables")


@dataclass(frozen=True, kw_only=True)
class Results:
    """A plan, and the folder of all that comes of it.

    `doing` is what a run does there, for the message to another run. `root` is where the folders of
    results, reports and exports are made: the working directory, or a module's prefix.
    """

    doing: ClassVar[str]

    plan: Plan
    root: Path = Path()
    baseline: Baseline | None = None

    @property
    def name(self) -> str:
        """The report's name."""
        return self.plan.campaign

    @property
    def results(self) -> Path:
        """Where everything lies."""
        return self.root / "results" / self.plan.machine.name

    @property
    def comparison(self) -> str:
        """The name of the page that compares machines: campaigns' names hold no hyphen."""
        campaign = self.plan.campaign
        return "compare" if campaign == "report" else f"compare-{campaign}"

    @property
    def others(self) -> list[Path]:
        """Results of other machines beside these, for the same campaign."""
        return others(self.results, self.plan.campaign, self.plan.machine.name)

    @property
    def pages(self) -> list[str]:
        """The pages to make: the report, and the comparison where there is another machine."""
        report = self.page(self.name)
        return [report, self.page(self.comparison)] if self.others else [report]

    @property
    def reports(self) -> Path:
        """The folder of the pages."""
        return self.root / "report"

    def page(self, name: str, suffix: str = "html") -> str:
        """A page, or what is made beside it."""
        return str(self.reports / f"{name}.{suffix}")

    @property
    def own(self) -> list[Path]:
        """The folders of the machines that this config is about."""
        return [self.results]

    @property
    def compared(self) -> list[Path]:
        """The folders whose machines are compared."""
        return [*self.own, *(folder for folder in self.others if folder not in self.own)]

    @property
    def compared_files(self) -> list[Path]:
        """What the comparison is made from; of other machines what there is."""
        return [
            file
            for folder in self.compared
            for file in (
                folder / "trials.csv.gz",
                folder / "datapackage.json",
                *(
                    [folder / "tables" / f"{table}.csv" for table in TABLES]
                    if folder in self.own
                    else sorted(folder.glob("tables/*.csv"))
                ),
            )
        ]

    @property
    def arms(self) -> list[str]:
        """The arms by name; the first is the reference."""
        return [arm.name for arm in self.plan.arms]

    @property
    def identities(self) -> list[str]:
        """Each interpreter's identity file."""
        return [self.identity_file(one.name) for one in self.plan.interpreters]

    def identity_file(self, interpreter: str) -> str:
        """An interpreter's identity file."""
        return str(self.results / "interpreters" / f"{interpreter}.json")

    @property
    def tables(self) -> list[str]:
        """The file of every table."""
        return [str(self.results / "tables" / f"{table}.csv") for table in TABLES]

    @property
    def dataset_files(self) -> list[str]:
        """The data set, in both formats, and what describes it."""
        names = ("trials.parquet", "repetitions.parquet", "trials.csv.gz", "datapackage.json")
        return [str(self.results / name) for name in names]

    @property
    def behind_dataset(self) -> list[str]:
        """What the data set is made from, or comes with."""
        return [*self.identities, str(self.results / "plan.json")]

    @property
    def exported(self) -> Path:
        """The folder of all that is published of them."""
        return self.root / EXPORTS / self.results.name

    @property
    def exports(self) -> list[Path]:
        """That of each machine."""
        return [self.root / EXPORTS / folder.name for folder in self.own]

    @property
    def products(self) -> list[str]:
        """All that is made from records; the last are the pages."""
        return [*self.dataset_files, *self.tables, str(self.results / "figures"), *self.pages]

    @property
    def changes(self) -> list[Path]:
        """What changed since the baseline; nothing without one, nor in the run that keeps it."""
        if self.baseline is None or not self.baseline.is_kept:
            return []
        names = (*(f"{table}.csv" for table in BASELINE_TABLES), "baseline.json")
        return [self.results / "baseline" / name for name in names]

    @property
    def to_keep(self) -> list[Path]:
        """The files of the baseline that this run makes."""
        return [] if self.baseline is None else list(self.baseline.to_keep)

    @property
    def about_baseline(self) -> list[str]:
        """What to say of the baseline before anything runs."""
        return [] if self.baseline is None else [self.baseline.announcement]

    @property
    def lost(self) -> list[str]:
        """Files behind a finished report or data set that are not there any more.

        Snakemake overlooks what is not there where all that is made from it is.
        """
        if not self.is_finished:
            return []
        made = [*self.tables, *self.dataset_files, *map(str, self.changes)]
        behind_report = made if self.has_report else []
        behind = [*behind_report, *self.behind_dataset]
        return [file for file in behind if not Path(file).exists()]

    @property
    def has_report(self) -> bool:
        """Whether the report was made."""
        return Path(self.pages[0]).exists()

    @property
    def is_finished(self) -> bool:
        """Whether the report or the data set was made."""
        return self.has_report or all(Path(file).exists() for file in self.dataset_files)

    @property
    def unfinished(self) -> str:
        """What to say when a run fails."""
        return "Not finished. What was measured is kept; the same command goes on from here."

    @property
    def written(self) -> list[Path]:
        """The folders that a run writes to."""
        names = ("archive", "calibration", "figures", "interpreters", "logs", "precision", "tables")
        return [
            *(Path(".snakemake"), Path(".snakemake/metadata"), self.reports, self.results),
            self.root / FOLDER,
            *(self.results / name for name in (*names, "trials")),
        ]

    def lock(self) -> None:
        """Keep the folder for this process until it ends; `UserError` if another has it.

        Nor if a folder can't be written to: that is said before anything is measured.
        """
        check_writable(self.written)
        check_permitted(self.results / name for name in ("logs", "trials"))
        hold(self.results, f"a run on process {os.getpid()}", self.doing)
        for folder in (self.reports, self.root / FOLDER):
            _remove_half_written(folder)


def full_disks() -> list[str]:
    """What to say of each full disk that a run writes to: a step's log has no room for it."""
    return [
        f"The disk is full: {folder}. Make room there."
        for folder in (Path.cwd(), temporary_folder())
        if is_full(folder)
    ]


def hold(folder: Path, holder: str, doing: str, *, patience_s: float = 0) -> None:
    """Keep `folder` for this process until it ends; `UserError` names who has it and does what.

    The kernel drops the lock with its holder, so that a killed run leaves nothing to unlock. A
    holder that ends within `patience_s` is waited for. Files that one was writing when it was
    killed are removed.
    """
    lock = folder / ".lock"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise file_error(error, lock) from None
    patient_until_s = time.monotonic() + patience_s
    try:
        while not _took(descriptor):
            if time.monotonic() >= patient_until_s:
                raise UserError(
                    f"{lock.read_text(encoding='utf-8') or 'another run'} is {doing}",
                    where=str(folder),
                    hint="wait until it is finished, or stop it and run the same command again",
                )
            time.sleep(POLL_S)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        sys.stderr.write(
            f"{folder} has no file locks ({error.strerror}): "
            "start no second run there while this one works\n"
        )
        return
    lock.write_text(holder, encoding="utf-8")
    _remove_half_written(folder)


def _took(descriptor: int) -> bool:
    """Whether this process has the lock on an open file now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_half_written(folder: Path) -> None:
    """Remove what processes were writing below a folder when they were killed."""
    for file in half_written(folder):
        with contextlib.suppress(OSError):  # gone meanwhile
            if time.time() - file.stat().st_mtime > WRITTEN_WITHIN_S:
                file.unlink()


def is_held(folder: Path) -> bool:
    """Whether a run keeps `folder` for itself."""
    try:
        with (folder / ".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # no run was here, or there are no locks
        return False
    return False


def check_surroundings(root: Path) -> None:
    """`UserError` for a place where no run can go well: said before anything is made."""
    if os.pathsep in str(root):
        raise UserError(
            f"the path of this project holds {os.pathsep!r}, which ends an entry of PATH",
            where=str(root),
            hint="move it to a folder without that character in its path",
        )
    working = Path(".snakemake")
    check_writable([working if working.exists() else Path()])


def check_writable(folders: Iterable[Path]) -> None:
    """`UserError` for the first of the folders that is there and can't be written to."""
    for folder in folders:
        if folder.exists():
            try:
                with tempfile.TemporaryFile(dir=folder) as file:
                    file.write(bytes(SMALL_FILE_BYTES))  # room for the first record
            except OSError as error:
                raise file_error(error, folder) from None


def check_permitted(folders: Iterable[Path]) -> None:
    """`UserError` for the first folder in them that this user can't write to; writes nothing."""
    for folder in folders:
        for inside, _, _ in os.walk(folder):
            if not os.access(inside, os.W_OK | os.X_OK):
                raise file_error(PermissionError(errno.EACCES, "not permitted"), inside)


def others(own: Path, campaign: str, machine: str) -> list[Path]:
    """The finished folders next to `own` with this campaign, measured on machines of other names.

    Nodes that are alike have names of their own; the archive of a data set has the same name.
    """
    return [
        folder
        for folder in sorted(own.parent.glob("*/"))
        if folder.name != own.name and _is_of(folder, campaign, machine)
    ]


def _is_of(folder: Path, campaign: str, machine: str) -> bool:
    try:
        if not all((folder / name).exists() for name in NEEDED):
            return False
        plan = read_json(folder / "plan.json")
        return bool(plan["campaign"] == campaign and plan["machine"]["name"] != machine)
    except (UserError, OSError, KeyError, TypeError):
        return False  # somebody else's file; comparing is an extra and stops nothing
