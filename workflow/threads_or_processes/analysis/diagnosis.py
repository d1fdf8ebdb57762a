"""From the parts of a cell's time to likely causes, and never to more than the parts support."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import Cause, Family, Part

#: A part stands out when it is at least this share of workers x wall time, by its whole interval.
STANDS_OUT = 0.10
#: Less CPU time than serially is worth a word from here on, by the whole interval.
CHEAPER = 0.05
#: The kernel's share of inflated CPU time from which on it is the kernel's work that grew.
KERNEL_SHARE = 0.25
#: Handing over a lock takes some microseconds to fractions of a millisecond; who waits longer each
#: time waits for something that is held for long. CPython's switch interval is 5 ms.
SHORT_WAIT_NS = 1_000_000
#: Inflated in processes as it is in threads: at least this share of it.
ALIKE = 0.5


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What else is known of a cell.

    `own_waiting` is how long the same work waits serially (share of workers x wall time);
    `wait_ns` the extra waiting for each voluntary switch; `inflated_system` the kernel's share of
    the inflated CPU time. Of twins in the same campaign: `inflated_in_processes` on the same arm,
    `waiting_without_gil` of the same model, beyond what the work waits serially.
    """

    family: Family
    has_gil: bool
    own_waiting: float = 0.0
    wait_ns: float | None = None
    idle_workers: float = 0.0
    inflated_system: float | None = None
    inflated_in_processes: Bounded | None = None
    waiting_without_gil: Bounded | None = None


def causes(parts: Mapping[Part, Bounded], around: Circumstances) -> tuple[Cause, ...]:
    """The likely causes of the parts that stand out, the largest part first.

    `parts` are shares of workers x wall time, waiting without what the work waits serially. None
    stands out without an interval.
    """
    found = {
        _cause(part, share.value, around): share.value
        for part, share in parts.items()
        if part is not Part.USEFUL and share.value is not None and stands_out(share)
    }
    return (*sorted(found, key=lambda cause: -found[cause]), *_beside(parts, around))


def stands_out(share: Bounded | None) -> bool:
    """Whether a share is there by its whole interval."""
    return share is not None and share.low is not None and share.low >= STANDS_OUT


def _beside(parts: Mapping[Part, Bounded], around: Circumstances) -> Iterator[Cause]:
    """What is worth a word and is no loss."""
    high = parts[Part.INFLATED].high
    if high is not None and high <= -CHEAPER:
        yield Cause.CHEAPER
    if around.own_waiting >= STANDS_OUT:
        yield Cause.OWN_WAITING


def _cause(part: Part, share: float, around: Circumstances) -> Cause:
    match part:
        case Part.INFLATED:
            return _of_inflated(share, around)
        case Part.WAITING:
            return _of_waiting(around)
        case Part.RUN_QUEUE:
            return Cause.TAKEN_CPU
        case Part.IMBALANCE:
            return Cause.IDLE_WORKERS if around.idle_workers >= 0.5 else Cause.UNEQUAL_TASKS
        case _:
            return Cause.SENDING


def _of_inflated(share: float, around: Circumstances) -> Cause:
    if around.inflated_system is not None and around.inflated_system >= KERNEL_SHARE:
        return Cause.KERNEL
    others = around.inflated_in_processes
    is_alike = stands_out(others) and others is not None and (others.value or 0) >= ALIKE * share
    if around.family is not Family.THREADS or is_alike:
        return Cause.SHARED_HARDWARE
    if around.has_gil and others is None:
        return Cause.COSTLIER
    return Cause.SHARED_MEMORY


def _of_waiting(around: Circumstances) -> Cause:
    if around.family is Family.THREADS and around.has_gil:
        return Cause.LOCK if stands_out(around.waiting_without_gil) else Cause.GIL
    is_short = around.wait_ns is not None and around.wait_ns <= SHORT_WAIT_NS
    return Cause.LOCK if is_short else Cause.TAKING_TURNS
