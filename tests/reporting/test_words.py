import re

import pytest
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import (
    CellFlag,
    ComparisonResult,
    Family,
    HealthFlag,
    StartMethod,
    WorkerKind,
)
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Model

from tests.reporting.sentences import numbers, plain


def ratio(value: float, low: float, high: float, reading: ComparisonResult) -> Ratio:
    return Ratio(value=value, low=low, high=high, reading=reading)


RATIOS = [
    ratio(1.93, 1.81, 2.04, ComparisonResult.FASTER),
    ratio(0.75, 0.70, 0.80, ComparisonResult.SLOWER),
    ratio(1.01, 0.98, 1.03, ComparisonResult.EQUAL),
    ratio(1.10, 1.02, 1.18, ComparisonResult.FASTER_SOMEWHAT),
    ratio(0.90, 0.84, 0.98, ComparisonResult.SLOWER_SOMEWHAT),
    ratio(0.95, 0.88, 1.02, ComparisonResult.NO_SPEEDUP),
    ratio(1.04, 0.98, 1.12, ComparisonResult.NO_SLOWDOWN),
    ratio(1.12, 0.90, 1.40, ComparisonResult.INCONCLUSIVE),
]
FASTER = RATIOS[0]
SEEN_ONCE = Ratio(value=0.5)


def test_the_ratios_above_have_every_result() -> None:
    assert {one.reading for one in RATIOS} == set(ComparisonResult)


@pytest.mark.parametrize("measured", RATIOS)
def test_the_figures_of_a_ratio_are_its_value_and_its_interval(measured: Ratio) -> None:
    expected = [f"{end:.2f}" for end in (measured.value, measured.low, measured.high)]
    assert numbers(words.figures(measured)) == expected


def test_without_an_interval_it_is_only_what_was_seen() -> None:
    assert numbers(words.figures(SEEN_ONCE)) == ["0.50"]
    assert SEEN_ONCE.reading is ComparisonResult.INCONCLUSIVE


@pytest.mark.parametrize(
    ("speedup", "workers", "told"),
    [
        (Ratio(value=2.04, low=1.97, high=2.11), 2, ["2", "2"]),
        (Ratio(value=2.04, low=2.01, high=2.07), 2, ["2"]),
        (Ratio(value=2.04), 2, ["2"]),
        (Ratio(value=2.004, low=2.001, high=2.01), 2, []),
        (Ratio(value=1.90, low=1.81, high=1.98), 2, []),
        (Ratio(value=1.10, low=1.05, high=1.16), 1, []),
        (None, 2, []),
    ],
)
def test_a_speedup_beyond_the_workers_is_noise_only_where_its_interval_says_so(
    speedup: Ratio | None, workers: int, told: list[str]
) -> None:
    words_of_it = words.beyond_workers(speedup, workers)
    assert numbers(words_of_it) == told
    beyond_noise = speedup is not None and (speedup.low or 0) > workers and bool(told)
    assert ("beyond noise" in words_of_it) == beyond_noise


def test_no_two_results_read_alike() -> None:
    assert set(words.RESULTS) == set(words.RESULT_SYMBOLS) == set(ComparisonResult)
    assert len(set(words.RESULTS.values())) == len(ComparisonResult)
    assert len(set(words.RESULT_SYMBOLS.values())) == len(ComparisonResult)


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("JSON, parse and write", "JSON"),
        ("Sleep (I/O wait)", "Sleep"),
        ("Recursive calls", "Recursive calls"),
    ],
)
def test_a_short_title_leaves_out_what_explains_it(title: str, short: str) -> None:
    assert words.short_title(title) == short


def test_a_single_bound_is_no_interval() -> None:
    assert not Ratio(value=2.0, low=1.5).has_interval


def test_turning_a_ratio_round_turns_its_interval_and_reading() -> None:
    turned = FASTER.inverted()
    assert turned.reading is ComparisonResult.SLOWER
    assert turned.low == pytest.approx(1 / 2.04)
    assert turned.high == pytest.approx(1 / 1.81)


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("start_method", StartMethod)
def test_every_family_and_start_method_has_a_meaning(
    family: Family, start_method: StartMethod
) -> None:
    model = Model(name="m", title="m", family=family, start_method=start_method)
    meaning = words.model_meaning(model)
    assert meaning
    assert ("started" in meaning) == (start_method != "none")


def test_workers_say_what_they_exceed() -> None:
    exceeded = {
        WorkerKind.WITHIN_CORES: "",
        WorkerKind.NUMA: "node",
        WorkerKind.SLOWER_CORES: "Pcores",
        WorkerKind.SMT: "cores",
        WorkerKind.OVERSUBSCRIBED: "CPUs",
        WorkerKind.OVER_QUOTA: "quota",
    }
    for kind in WorkerKind:
        shown = words.workers(2, kind)
        assert numbers(shown) == ["2"]
        assert "".join(re.findall(r"[^\W\d_]+", shown)) == exceeded[kind]


def test_every_flag_of_a_trial_s_health_has_words_of_its_own() -> None:
    assert all(words.health_flag(flag) != flag.replace("_", " ") for flag in HealthFlag)


@pytest.mark.parametrize("flag", CellFlag)
def test_every_flag_of_a_cell_has_words_of_its_own(flag: CellFlag) -> None:
    assert words.flag_words([flag]) != flag.replace("_", " ")


def test_lists_are_shown_as_python_prints_them() -> None:
    lists: tuple[list[object], ...] = ([], [0, 1], [1, 0], list(range(32)))
    shown = [plain(words.shown_list(one)) for one in lists]
    starts = ("[] ", "[0, 1] ", "[1, 0] ", "[0, 1, 2, …, 31] ")
    assert all(one.startswith(start) for one, start in zip(shown, starts, strict=True))
    after = [one.partition("]")[2] for one in shown]
    assert [numbers(one) for one in after] == [[], ["2"], ["2"], ["32"]]
    assert after[1] != after[2]  # in order, and not
    assert after[1] == after[3].replace("32", "2")


def test_few_blocks_come_with_a_caution_and_many_with_none() -> None:
    assert numbers(words.block_caution(1)) == []
    assert numbers(words.block_caution(3))[0] == "3"
    assert words.block_caution(1)
    assert words.block_caution(6) == ""
