"""Numbers become text here and nowhere else."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from statistics import median

from threads_or_processes.records.tables.groups import Bounded, Ratio

MISSING = "–"
SPACE = "\u00a0"  # a number and its unit stay on one line
ELLIPSIS = "…"

_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True)
class Unit:
    """A unit of time."""

    symbol: str
    ns: int


UNITS = (Unit("s", 10**9), Unit("ms", 10**6), Unit("µs", 10**3), Unit("ns", 1))
SECONDS, MILLISECONDS = UNITS[0], UNITS[1]


def unit_for(values_ns: Iterable[float | None]) -> Unit:
    """The unit that suits the typical (median) value of a column; milliseconds for none."""
    known = [abs(value) for value in values_ns if value is not None]
    if not known:
        return MILLISECONDS
    typical = median(known)
    return next((unit for unit in UNITS if typical >= unit.ns), UNITS[-1])


def significant_decimals(value: float, digits: int = 3) -> int:
    """Decimal places that show `value` to so many significant digits."""
    if value == 0 or not math.isfinite(value):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(value))))


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, a proper minus, thousands set apart."""
    text = f"{round(value, decimals) + 0.0:,.{decimals}f}".replace(",", "\u202f")
    return text.replace("-", "\u2212")


def times_in(values_ns: Sequence[float | None], unit: Unit) -> list[str]:
    """Times as a column: one unit, and decimals that suit the typical and the least value."""
    scaled = [None if value is None else value / unit.ns for value in values_ns]
    known = [abs(value) for value in scaled if value is not None]
    decimals = 0
    if known:
        decimals = max(
            significant_decimals(median(known), digits=4),
            significant_decimals(min(known), digits=2),
        )
    return [MISSING if value is None else fixed(value, decimals) for value in scaled]


def time(value_ns: float | None) -> str:
    """One time with the unit that suits it, to three digits: `103 ms`."""
    if value_ns is None:
        return MISSING
    value_ns = _to_digits(value_ns, 3)
    unit = unit_for([value_ns])
    scaled = value_ns / unit.ns
    return f"{fixed(scaled, significant_decimals(scaled))}{SPACE}{unit.symbol}"


def about(value_ns: float) -> str:
    """A time that is only indicative, to two digits: `25 µs`."""
    value_ns = _to_digits(value_ns, 2)
    unit = unit_for([value_ns])
    scaled = value_ns / unit.ns
    return f"{fixed(scaled, significant_decimals(scaled, 2))}{SPACE}{unit.symbol}"


def _to_digits(value: float, digits: int) -> float:
    """A number rounded to so many digits, before its unit is chosen: 999.7 µs are 1.00 ms."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else value


def seconds(value: float) -> str:
    """A duration that somebody set, without the digits of a measurement: `2 s`."""
    return f"{value:g}{SPACE}s"


def duration(microseconds: float) -> str:
    """A duration that somebody set, without the digits of a measurement: `10 µs`, `1 s`."""
    unit = unit_for([microseconds * 1000])
    return f"{microseconds * 1000 / unit.ns:g}{SPACE}{unit.symbol}"


def mebibytes(bytes_: float | None) -> str:
    """A weight in MiB, for a column: `12.3`."""
    return MISSING if bytes_ is None else fixed(bytes_ / 1024**2, 1)


def _ratio_decimals(value: float) -> int:
    """Two decimals, so that a ratio is the same wherever it stands; fewer for large ones.

    Small ratios have two digits, whatever decimals that takes.
    """
    if value < 0.1:
        return significant_decimals(value, 2)
    return 2 if value < 10 else 1 if value < 100 else 0


def ratio(value: float) -> str:
    """A ratio as a bare number: `1.88`."""
    return fixed(value, _ratio_decimals(value))


def times_as_fast(ratio: Ratio) -> str:
    """A ratio for a sentence: `1.88×`."""
    return f"{fixed(ratio.value, _ratio_decimals(ratio.value))}×"


def interval(ratio: Ratio) -> str:
    """The interval of a ratio for a sentence, `[1.82, 1.95]`; empty when there is none."""
    if ratio.low is None or ratio.high is None:
        return ""
    decimals = _ratio_decimals(ratio.value)
    return f"[{fixed(ratio.low, decimals)},{SPACE}{fixed(ratio.high, decimals)}]"


def ratio_cell(value: float | None) -> str:
    """A ratio for a table: to three decimals below ten, to two digits where that takes more."""
    if value is None:
        return MISSING
    return fixed(value, max(3, significant_decimals(value, 2)) if value < 10 else 2)


def bounded(number: Bounded | None, show: Callable[[float], str]) -> str:
    """A number with its interval, where it has one: `2.1 [2.0, 2.2]`."""
    if number is None or number.value is None:
        return MISSING
    if number.low is None or number.high is None:
        return show(number.value)
    return f"{show(number.value)} [{show(number.low)},{SPACE}{show(number.high)}]"


def set_number(value: float) -> str:
    """A number that somebody set, without the digits of a measurement: `4 096`, `0.25`."""
    return fixed(value, 0) if value == int(value) else f"{value:g}"


def number(value: float | None) -> str:
    """A number without a unit, to two digits: `0.034`."""
    return MISSING if value is None else fixed(value, min(4, significant_decimals(value, 2)))


def whole(value: float | None) -> str:
    """A whole number for a table: `1 024`."""
    return MISSING if value is None else fixed(value, 0)


def percent(share: float | None, digits: int = 2) -> str:
    """A share as a percentage: `5 %`, `95 %`, `3.2 %`."""
    if share is None:
        return MISSING
    hundredths = share * 100
    text = fixed(hundredths, significant_decimals(hundredths, digits))
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{text}{SPACE}%"


def count(number: int, noun: str, plural: str = "") -> str:
    """A number of things: `1 block`, `12 blocks`."""
    return f"{fixed(number, 0)}{SPACE}{noun if number == 1 else plural or noun + 's'}"


def agreeing(number: int, verb: str) -> str:
    """A verb, given in its plural form, for so many things: `1 is`, `2 are`."""
    if number > 1:
        return verb
    irregular = {"are": "is", "have": "has", "vary": "varies", "were": "was"}
    return irregular.get(verb, f"{verb}s")


def part(number: int, of: int, noun: str, verb: str = "") -> str:
    """Some of a number of things: `3 of 24 times`, `all 24 times`, `none of 24 times`.

    With a verb in its plural form, one that agrees: `1 of 24 times is`.
    """
    whole = count(of, noun)
    if of == 1:
        some = f"the only {noun}" if number else f"no {noun}"
    elif number == of:
        some = f"both {noun}s" if of == 2 else f"all {whole}"
    else:
        some = f"{fixed(number, 0) if number else 'none'} of {whole}"
    return f"{some} {agreeing(number, verb)}" if verb else some


def between(low: int, high: int) -> str:
    """A range of whole numbers: `5`, or `5 to 9`."""
    return str(low) if low == high else f"{low} to {high}"


def quoted(name: str) -> str:
    """A name in a sentence, whatever words it has: `“Making slugs”`."""
    return f"“{name}”"


def listing(items: Sequence[str], last: str = "and") -> str:
    """Items as in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def _moment(unix_ns: int) -> datetime:
    return datetime.fromtimestamp(unix_ns // 10**9, tz=UTC)


def period(first_unix_ns: int, last_unix_ns: int) -> str:
    """From when to when: `22 November 2026, 21:14 to 21:32 UTC`."""
    first, last = _moment(first_unix_ns), _moment(last_unix_ns)
    if last_unix_ns - first_unix_ns < _MINUTE_NS:
        return f"{_minute(first)} UTC"
    if first.date() == last.date():
        return f"{_minute(first)} to {last:%H:%M} UTC"
    return f"{_minute(first)} to {_minute(last)} UTC"


def moment(unix_ns: int) -> str:
    """The minute: `22 November 2026, 21:14 UTC`."""
    return period(unix_ns, unix_ns)


def _minute(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M}"


def day(unix_ns: int) -> date:
    """The day (UTC)."""
    return _moment(unix_ns).date()


def size(bytes_: int) -> str:
    """A size in bytes, in kB."""
    kilobytes = bytes_ / 1000
    return f"{fixed(kilobytes, significant_decimals(kilobytes, 2))}{SPACE}kB"


def short_hash(sha256: str) -> str:
    """The first twelve digits: enough to compare by eye."""
    return sha256[:12]


def plain(text: str, limit: int = 200) -> str:
    """Text of unknown origin on one line: no control or direction marks, no endless length."""
    clean = "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"}
    )
    single = " ".join(clean.split())
    return single if len(single) <= limit else single[: limit - 1].rstrip() + ELLIPSIS
