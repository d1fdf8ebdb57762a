"""What can go wrong beside the measured work: never an outcome of it."""

from typing import ClassVar


class HarnessError(Exception):
    """The harness itself went wrong; the trial is tried once more."""

    hint: ClassVar[str] = "run snakemake again"


class SurroundingsError(HarnessError):
    """Something around the trial is broken; `hint` says how to mend it.

    Where it happens twice the run stops, and the trial is measured when it is mended.
    """


class SentinelDiedError(SurroundingsError):
    """A child of the sentinel has ended."""

    hint = (
        "something on this machine ends the processes of the sentinel, such as a lack of memory; "
        "stop it and run snakemake again, which goes on with this trial"
    )


class NoRoomError(SurroundingsError):
    """The disk of temporary files is full, and not with what the trial left there."""

    hint = (
        "make room there, or set TMPDIR to a folder with room, and run snakemake again, which goes "
        "on with this trial"
    )


class RefusedError(SurroundingsError):
    """The system refused what a trial needs, such as another process or an open file.

    `reason` is what it said.
    """

    hint = (
        "raise the limit (`ulimit -a` shows those of this shell) and run snakemake again, which "
        "goes on with this trial"
    )

    def __init__(self, reason: object) -> None:
        super().__init__(f"the system refused what a trial needs ({reason})")


class NotStartedError(SurroundingsError):
    """The interpreter ended before it ran anything of the work."""

    hint = (
        "delete results/<machine>/interpreters and run snakemake again, which checks the "
        "interpreters and their libraries and goes on with this trial"
    )
