"""Kills processes of a running pipeline at random, and keeps count of what comes of it.

Only processes of its own campaign are killed: each has a temporary folder below the campaign's.
"""

import contextlib
import fcntl
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from threads_or_processes.common.files import half_written
from threads_or_processes.trial.measured.proc import PROC, children, system_text
from threads_or_processes.trial.supervisor.leftovers import PREFIX
from threads_or_processes.trial.supervisor.reaper import MARKER, SHARED_MEMORY

from tests.pipeline.conftest import ROOT, Checkout

POLL_S = 0.03
#: How long at most until one is killed that lives as long as a run: trials have begun by then.
LIFE_S = 8.0
#: A run hangs that takes longer to end, or to have a process of a kind that is left to kill.
LONGEST_S = 900.0


class Victim(StrEnum):
    """The kinds of processes of the pipeline, and two groups of them that one cause may kill."""

    SNAKEMAKE = "Snakemake"
    STEP = "a step"
    JOB = "the job of a trial"
    SERVER = "the server of trials"
    SUPERVISOR = "the supervisor"
    REAPER = "the reaper"
    SENTINEL = "the sentinel"
    MEASURED = "the measured process"
    WORKER = "a worker"
    GUARDS = "supervisor and reaper"
    ALL = "all at once"


LONG_LIVED = {Victim.SNAKEMAKE, Victim.SERVER, Victim.ALL}


def victims(root: int) -> dict[Victim, list[int]]:
    """The processes of a run by kind; `root` is Snakemake's main process."""
    found: dict[Victim, list[int]] = {}
    waiting = [(root, Victim.SNAKEMAKE)]
    while waiting:
        pid, kind = waiting.pop()
        found.setdefault(kind, []).append(pid)
        for child in map(int, children(str(pid))):
            command = system_text(PROC / str(child) / "cmdline").replace("\0", " ")
            if command:  # a zombie has none
                waiting.append((child, _kind_of(child, command, below=kind)))
    found[Victim.ALL] = [pid for pids in found.values() for pid in pids]
    if Victim.SUPERVISOR in found and Victim.REAPER in found:
        found[Victim.GUARDS] = found[Victim.SUPERVISOR] + found[Victim.REAPER]
    return found


def _kind_of(pid: int, command: str, *, below: Victim) -> Victim:
    match below:
        case Victim.SNAKEMAKE if "trial.server" in command:
            return Victim.SERVER
        case Victim.SNAKEMAKE if "client.py measure" in command:
            return Victim.JOB
        case Victim.SNAKEMAKE if "trial measure" in command:  # a job without a server
            return Victim.SUPERVISOR
        case Victim.SERVER:
            return Victim.SUPERVISOR
        case Victim.SUPERVISOR:
            return Victim.REAPER if _leads_a_session(pid) else Victim.SENTINEL
        case Victim.REAPER if "measured.measure" in command:
            return Victim.MEASURED
        case Victim.REAPER | Victim.MEASURED | Victim.WORKER:
            return Victim.WORKER
        case Victim.STEP if command.startswith("python -m threads_or_processes.trial calibrate"):
            return Victim.SUPERVISOR
    return Victim.STEP


def _leads_a_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:
        return False


def _is_snakemakes(folder: Path) -> bool:
    """Whether it is an empty folder of a killed Snakemake's own."""
    return folder.name.startswith("snakemake") and not any(folder.iterdir())


@dataclass
class Soak:
    """A campaign whose processes are killed, and what was seen of it.

    `known` has every record that was ever seen, by trial id. `lost` has the ids of records that
    disappeared or changed, by the kind of kill. `prefixes` begin the names of what the trials that
    ran at a kill had in shared memory.
    """

    checkout: Checkout
    sweep: Mapping[str, Any]
    seed: int
    target: str = "report"
    blocks: int = 2
    kills: Counter[Victim] = field(default_factory=Counter)
    lost: dict[Victim, set[str]] = field(default_factory=dict)
    known: dict[str, bytes] = field(default_factory=dict)
    odd_ends: list[int] = field(default_factory=list)
    prefixes: set[str] = field(default_factory=set)

    def go_on(self, wanted: Mapping[Victim, int]) -> None:
        """Run the same command until so many of each kind were killed, and to its end then.

        When nothing is left to measure before that, the sweep gets another block.
        """
        chance, left = random.Random(self.seed), Counter(wanted)
        while left.total():
            with self._run() as run:
                hurt = self._hurt(run, left, chance)
                run.wait(timeout=LONGEST_S)
            if left.total() and run.returncode == 0:
                self.blocks += 1
            elif left.total() and not hurt:
                self.odd_ends.append(run.returncode)
        if run.returncode != 0:
            self.end()

    def end(self) -> None:
        """Run the same command to its end, unhurt."""
        with self._run() as run:
            run.wait(timeout=LONGEST_S)
        assert run.returncode == 0, self.said[-5000:]

    def measure_again_what_was_killed(self) -> None:
        """Measure the trials again whose own processes were hit; their records say so, and count.

        A user may do the same by moving such records away.
        """
        records = self.checkout.records()
        killed = [place for place, record in records.items() if record["outcome"] != "ok"]
        for place in killed:
            (self.checkout.results / place).unlink()
        if killed:
            self.end()

    def end_later(self) -> None:
        """Make the data set again, when whatever was being written at a kill is old."""
        (self.checkout.folder / "report").mkdir(exist_ok=True)
        for folder in (self.checkout.folder / "report", self.checkout.results):
            (folder / ".killed.json.0123abcd").touch()
        for file in half_written(self.checkout.folder):
            os.utime(file, (0, 0))
        (self.checkout.results / "trials.parquet").unlink()
        self.end()

    @property
    def archived(self) -> dict[str, bytes]:
        """Every record that was ever written, by trial id."""
        return self.checkout.archived()

    @property
    def said(self) -> str:
        """What all runs said."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    @property
    def left_behind(self) -> list[str]:
        """Processes, files and shared memory of this campaign that should be gone."""
        return [
            *(system_text(PROC / str(pid) / "cmdline") for pid in self.processes()),
            *(str(path) for path in self._temporary.iterdir() if not _is_snakemakes(path)),
            *map(str, half_written(self.checkout.folder)),
            *self._abandoned(),
            *(
                str(path)
                for path in SHARED_MEMORY.iterdir()
                if any(prefix in path.name for prefix in self.prefixes)
            ),
        ]

    def processes(self) -> list[int]:
        """The live processes of this campaign."""
        return [int(one.name) for one in PROC.glob("[0-9]*") if self._is_own(one)]

    def close(self) -> None:
        """Kill what a test that failed left running."""
        for pid in self.processes():
            self._sigkill(pid)

    @property
    def _temporary(self) -> Path:
        """The temporary folder of the campaign's processes, and of no others."""
        return self.checkout.folder / "tmp"

    @property
    def _said(self) -> Path:
        return self.checkout.folder / "said"

    @contextlib.contextmanager
    def _run(self) -> Iterator["subprocess.Popen[bytes]"]:
        """A run; where a test fails meanwhile it is ended."""
        self.checkout.configure({**self.sweep, "blocks": self.blocks})
        self._temporary.mkdir(exist_ok=True)
        with self._said.open("ab") as said:
            run = subprocess.Popen(
                self.checkout.command(self.target),
                cwd=ROOT,
                env={**self.checkout.environment(), "TMPDIR": str(self._temporary)},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        try:
            yield run
        finally:
            run.kill()
            run.wait()

    def _hurt(
        self, run: "subprocess.Popen[bytes]", left: Counter[Victim], chance: random.Random
    ) -> int:
        """Kill what is `left` to kill for as long as a run lives; how many kills it had."""
        hurt, last_s = 0, time.monotonic()
        while run.poll() is None and left.total():
            assert time.monotonic() - last_s < LONGEST_S, f"nothing to kill of {+left}"
            victim = chance.choice(sorted(left.elements()))
            self._await(victim, run)
            time.sleep(chance.uniform(0, LIFE_S if victim in LONG_LIVED else 0.4))
            if self._kill(victim, run.pid, chance):
                left[victim] -= 1
                hurt, last_s = hurt + 1, time.monotonic()
                time.sleep(chance.uniform(0, 0.5))
                self._look(victim)
        return hurt

    def _await(self, victim: Victim, run: "subprocess.Popen[bytes]") -> None:
        """Wait for one of a kind, but not for ever: a run without a server never has one."""
        until_s = time.monotonic() + LIFE_S
        while time.monotonic() < until_s and run.poll() is None and victim not in victims(run.pid):
            time.sleep(POLL_S)

    def _kill(self, victim: Victim, root: int, chance: random.Random) -> bool:
        """Kill one of a kind, or all of a group; whether there was any."""
        self.prefixes.update(marker.name.removeprefix(MARKER) for marker in self._markers())
        found = victims(root).get(victim, [])
        is_group = victim in (Victim.ALL, Victim.GUARDS)
        some = chance.sample(found, len(found) if is_group else min(1, len(found)))
        killed = [self._sigkill(pid) for pid in some]
        self.kills[victim] += any(killed)
        return any(killed)

    def _sigkill(self, pid: int) -> bool:
        """Kill a process if it is of this campaign; its number can't go to another meanwhile."""
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        try:
            if is_own := self._is_own(PROC / str(pid)):
                signal.pidfd_send_signal(process, signal.SIGKILL)
        except ProcessLookupError:
            return False
        finally:
            os.close(process)
        return is_own

    def _is_own(self, process: Path) -> bool:
        """Whether a live process has its temporary folder here."""
        return f"\0TMPDIR={self._temporary}" in "\0" + system_text(process / "environ")

    def _look(self, victim: Victim) -> None:
        """Compare the records with those that were there before a kill."""
        counted, now = self._counted(), self.archived
        gone = {trial for trial, content in self.known.items() if now.get(trial) != content}
        self.lost.setdefault(victim, set()).update(gone, counted - now.keys())
        self.known |= now

    def _counted(self) -> set[str]:
        """Which trials have a record; Snakemake removes the folders of a killed one meanwhile."""
        while True:
            with contextlib.suppress(FileNotFoundError):
                return set(self.checkout.trial_ids().values())

    def _markers(self) -> Iterator[Path]:
        """Markers of this campaign's trials."""
        for marker in SHARED_MEMORY.glob(f"{MARKER}{PREFIX}*"):
            with contextlib.suppress(OSError):
                if str(self._temporary) in os.fsdecode(marker.read_bytes()):
                    yield marker

    def _abandoned(self) -> list[str]:
        """Markers of this campaign's trials that nobody answers for any more."""
        found = []
        # Of other tests, none is locked: somebody would seem to answer for it.
        for marker in self._markers():
            with contextlib.suppress(OSError), marker.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
                found.append(str(marker))
        return found
