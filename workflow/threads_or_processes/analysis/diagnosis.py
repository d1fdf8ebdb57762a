"""From the parts of a cell's time to likely causes, and never to more than the parts support."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from threads_or_processes.records.tables.groups import Bounded
from threads_or_processes.records.vocabulary import Cause, Family, Part

#: A part stands out when it is at least this share of workers x wall time, by its whole interval.
STANDS_OUT = 0.10
#: Less CPU time than serially is worth a word from here on, by the whole interval.
CHEAPER = 0.05
#: The kernel's share of inflated CPU time from which on it is the kernel's work that grew. In works
#: of known cause it was 57 to 98 % where that is so, at most 17 % elsewhere (docs/instrument.md).
KERNEL_SHARE = 0.35
#: Threads that hand over a lock do so at least once in so much inflated CPU time. It was 20 us to
#: 1 ms in works of known cause; CPython's switch interval is 5 ms.
HANDOVER_NS = 5_000_000
#: Handing over a lock takes some microseconds to fractions of a millisecond; who waits longer each
#: time waits for something that is held for long. CPython's switch interval is 5 ms.
SHORT_WAIT_NS = 1_000_000
#: Inflated in processes as it is in threads: at least this share of it.
ALIKE = 0.5
#: Tasks that take turns with the GIL use one CPU, give or take this share of it.
ONE_CPU = 0.1


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What else is known of a cell.

    `own_waiting` is how long the same work waits serially (share of workers x wall time);
    `wait_ns` the extra waiting and `handover_ns` the inflated CPU time for each voluntary switch;
    `inflated_system` the kernel's share of the inflated CPU time, `serial_system` its share of the
    same work's CPU time serially. Of twins in the same campaign: `inflated_in_processes` on the
    same arm, `waiting_without_gil` of the same model, beyond what the work waits serially.
    """

    family: Family
    has_gil: bool
    workers: int = 2
    is_oversubscribed: bool = False
    own_waiting: float = 0.0
    wait_ns: float | None = None
    handover_ns: float | None = None
    idle_workers: float = 0.0
    inflated_system: float | None = None
    serial_system: float = 0.0
    inflated_in_processes: Bounded | None = None
    waiting_without_gil: Bounded | None = None


def causes(parts: Mapping[Part, Bounded], around: Circumstances) -> tuple[Cause, ...]:
    """The likely causes of the parts that stand out, the largest part first.

    `parts` are shares of workers x wall time, waiting without what the work waits serially. None
    stands out without an interval.
    """
    found = {
        _cause(part, parts, around): share.value
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
    if around.own_waiting >= STANDS_OUT and not stands_out(parts[Part.RUN_QUEUE]):
        yield Cause.OWN_WAITING


def _cause(part: Part, parts: Mapping[Part, Bounded], around: Circumstances) -> Cause:
    share = parts[part].value or 0.0
    if part in (Part.IMBALANCE, Part.DISPATCH) and _take_turns(parts, around):
        return Cause.GIL_BETWEEN
    match part:
        case Part.INFLATED:
            return _of_inflated(share, around)
        case Part.WAITING:
            return _of_waiting(around)
        case Part.RUN_QUEUE:
            # There are CPUs enough for the workers: who has them is what the tasks wait for.
            is_own = around.own_waiting >= STANDS_OUT and not around.is_oversubscribed
            return Cause.PROGRAMS if is_own else Cause.TAKEN_CPU
        case Part.IMBALANCE:
            return _of_imbalance(share, parts, around)
        case _:
            return Cause.SENDING


def _take_turns(parts: Mapping[Part, Bounded], around: Circumstances) -> bool:
    """Whether one thread ran at any time, and only one, although none was without work."""
    if around.family is not Family.THREADS or not around.has_gil or around.idle_workers >= 0.5:
        return False
    on_cpu = sum(parts[part].value or 0.0 for part in (Part.USEFUL, Part.INFLATED))
    return around.workers > 1 and abs(around.workers * on_cpu - 1) <= ONE_CPU


def _of_inflated(share: float, around: Circumstances) -> Cause:
    is_threads = around.family is Family.THREADS
    if around.inflated_system is not None and around.inflated_system >= KERNEL_SHARE:
        is_new = around.serial_system < KERNEL_SHARE
        is_often = around.handover_ns is not None and around.handover_ns <= HANDOVER_NS
        return Cause.LOCK_HANDOVER if is_threads and is_new and is_often else Cause.KERNEL
    others = around.inflated_in_processes
    if not is_threads or (others is not None and _is_alike(others, share)):
        return Cause.SHARED_HARDWARE
    if others is None:
        return Cause.COSTLIER if around.has_gil else Cause.SHARED_MEMORY
    is_less = others.high is not None and others.high < ALIKE * share
    return Cause.SHARED_MEMORY if is_less else Cause.COSTLIER


def _is_alike(others: Bounded, share: float) -> bool:
    """Whether processes are inflated, too, and not by much less than threads."""
    return (others.low or 0) > 0 and (others.value or 0) >= ALIKE * share


def _of_imbalance(share: float, parts: Mapping[Part, Bounded], around: Circumstances) -> Cause:
    """Unequal tasks can't keep the others idle for longer than the tasks themselves take."""
    if around.idle_workers >= 0.5:
        return Cause.IDLE_WORKERS
    in_tasks = (Part.USEFUL, Part.INFLATED, Part.WAITING, Part.RUN_QUEUE)
    longest = around.own_waiting + sum(parts[part].value or 0.0 for part in in_tasks)
    is_late = share > (around.workers - 1) * longest
    return Cause.LATE_TASKS if is_late else Cause.UNEQUAL_TASKS


def _of_waiting(around: Circumstances) -> Cause:
    is_short = around.wait_ns is not None and around.wait_ns <= SHORT_WAIT_NS
    if around.family is Family.THREADS and around.has_gil:
        # Its threads wait for each other without the GIL, too, and not for the GIL's intervals.
        return Cause.LOCK if is_short and stands_out(around.waiting_without_gil) else Cause.GIL
    return Cause.LOCK if is_short else Cause.TAKING_TURNS
