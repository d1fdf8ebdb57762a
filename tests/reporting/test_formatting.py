import pytest
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.reporting import formatting as text

MS = 1_000_000


@pytest.mark.parametrize(
    ("value_ns", "shown"),
    [
        (103.4 * MS, "103 ms"),
        (1.234 * MS, "1.23 ms"),
        (2_050_000_000, "2.05 s"),
        (870_000_000, "870 ms"),
        (4_321, "4.32 µs"),
        (12, "12.0 ns"),
        (None, "–"),
    ],
)
def test_a_time_takes_its_own_unit(value_ns: float | None, shown: str) -> None:
    assert text.time(value_ns).replace(text.SPACE, " ") == shown


def test_one_typical_value_chooses_the_unit_of_a_column() -> None:
    column = [900_000, 12 * MS, 13 * MS, None]
    unit = text.unit_for(column)
    assert unit.symbol == "ms"
    assert text.times_in(column, unit) == ["0.90", "12.00", "13.00", "–"]


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [
        (Ratio(value=1.93, low=1.81, high=2.04), "1.93× [1.81, 2.04]"),
        (Ratio(value=1.93, low=1.91, high=1.95), "1.93× [1.91, 1.95]"),
        (Ratio(value=1.02, low=0.97, high=1.07), "1.02× [0.97, 1.07]"),
        (Ratio(value=31.6, low=30.1, high=32.4), "31.6× [30.1, 32.4]"),
        (Ratio(value=0.00483, low=0.00462, high=0.0051), "0.0048× [0.0046, 0.0051]"),
        (Ratio(value=0.0432, low=0.0398, high=0.047), "0.043× [0.040, 0.047]"),
        (Ratio(value=1.93), "1.93×"),
    ],
)
def test_a_ratio_has_two_decimals_wherever_it_stands(ratio: Ratio, shown: str) -> None:
    words = f"{text.times_as_fast(ratio)} {text.interval(ratio)}".strip()
    assert words.replace(text.SPACE, " ") == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0.05, "5 %"), (0.95, "95 %"), (0.0321, "3.2 %"), (0.9785, "97.9 %")]
)
def test_percentages_drop_what_says_nothing(share: float, shown: str) -> None:
    assert text.percent(share, 3 if share > 0.96 else 2).replace(text.SPACE, " ") == shown


def test_a_period_within_a_day_names_the_day_once() -> None:
    start_ns = 1_795_381_200 * 10**9  # 22 November 2026, 21:00 UTC
    assert text.period(start_ns, start_ns + 32 * 60 * 10**9) == (
        "22 November 2026, 21:00 to 21:32 UTC"
    )
    assert text.period(start_ns, start_ns) == "22 November 2026, 21:00 UTC"
    assert text.moment(start_ns) == "22 November 2026, 21:00 UTC"
    assert text.period(start_ns, start_ns + 86_400 * 10**9) == (
        "22 November 2026, 21:00 to 23 November 2026, 21:00 UTC"
    )


def test_text_of_unknown_origin_stays_on_one_short_line() -> None:
    assert text.plain("a\n\tb\u202ec\x00d") == "a bcd"
    assert len(text.plain("x" * 10_000, limit=50)) == 50


def test_a_negative_number_has_a_proper_minus() -> None:
    assert text.fixed(-1234.5, 1) == "\u22121\u202f234.5"


def test_a_time_that_is_indicative_may_be_nothing_or_less() -> None:
    shown = [text.about(value_ns).replace(text.SPACE, " ") for value_ns in (0, -1_234_567, 987.0)]
    assert shown == ["0 ns", "\u22121.2 ms", "990 ns"]


def test_a_time_is_rounded_before_its_unit_is_chosen() -> None:
    assert text.time(999_700) == "1.00\u00a0ms"
    assert text.about(999_700) == "1.0\u00a0ms"
    assert text.about(994_000) == "990\u00a0µs"
    assert text.about(0) == text.time(0)
