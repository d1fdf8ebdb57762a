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


FASTER = ratio(1.93, 1.81, 2.04, ComparisonResult.FASTER)
SLOWER = ratio(0.75, 0.70, 0.80, ComparisonResult.SLOWER)
EQUAL = ratio(1.01, 0.98, 1.03, ComparisonResult.EQUAL)
OPEN = ratio(1.12, 0.90, 1.40, ComparisonResult.UNRESOLVED)
SEEN_ONCE = Ratio(value=0.5)


def direction(sentence: str) -> set[str]:
    return {word for word in ("faster", "slower") if word in sentence}


@pytest.mark.parametrize(
    ("measured", "way", "figures"),
    [
        (FASTER, {"faster"}, {"1.9", "1.8", "2.0"}),
        (SLOWER, {"slower"}, {"1.33", "1.25", "1.43"}),
        (EQUAL, set(), {"5", "1.01", "0.98", "1.03"}),
        (OPEN, set(), {"1.12", "0.90", "1.40"}),
        (SEEN_ONCE, {"slower"}, {"2.0"}),
    ],
)
def test_every_reading_has_its_own_words(measured: Ratio, way: set[str], figures: set[str]) -> None:
    sentence = words.compared(measured, "serial", margin=0.05)
    assert "serial" in sentence
    assert (direction(sentence), set(numbers(sentence))) == (way, figures)
    assert ("settled" in sentence) == (measured is OPEN)


@pytest.mark.parametrize(
    ("measured", "figures"),
    [
        (FASTER, {"1.9", "1.8", "2.0"}),
        (SLOWER, {"1.33", "1.25", "1.43"}),
        (EQUAL, {"5"}),
        (OPEN, {"1.12", "0.90", "1.40"}),
        (SEEN_ONCE, {"0.50"}),
    ],
)
def test_a_family_gains_loses_or_does_nothing(measured: Ratio, figures: set[str]) -> None:
    sentence = words.against_serial("threads", measured, margin=0.05)
    assert "threads" in sentence
    assert set(numbers(sentence)) == figures
    assert ("lose" in sentence) == (measured is SLOWER)
    assert ("settled" in sentence) == (measured in (OPEN, SEEN_ONCE))


@pytest.mark.parametrize(
    ("measured", "figures"),
    [
        (FASTER, {"1.9", "1.8", "2.0"}),
        (SLOWER, {"1.33", "1.25", "1.43"}),
        (EQUAL, {"5", "1.01", "0.98", "1.03"}),
        (OPEN, {"1.12", "0.90", "1.40"}),
        (SEEN_ONCE, set()),
    ],
)
def test_the_runner_up_is_named_with_what_is_known(measured: Ratio, figures: set[str]) -> None:
    other = words.choice("threads", 2)
    sentence = words.runner_up(measured, other, margin=0.05)
    assert other in sentence
    assert set(numbers(sentence.replace(other, ""))) == figures
    assert ("settled" in sentence) == (measured is OPEN)


def test_no_two_readings_read_alike() -> None:
    ratios = (FASTER, SLOWER, EQUAL, OPEN, SEEN_ONCE)

    def differ(sentences: list[str]) -> int:
        return len({re.sub(r"[\d.,×\[\]\s]", "", sentence) for sentence in sentences})

    assert differ([words.compared(one, "serial", margin=0.05) for one in ratios]) == 5
    assert differ([words.runner_up(one, "threads", margin=0.05) for one in ratios]) == 5
    # Seen once and not settled are the same for a family.
    assert differ([words.against_serial("threads", one, margin=0.05) for one in ratios]) == 4


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


@pytest.mark.parametrize(("workers", "said"), [(2, ["2"]), (4, ["2", "4"])])
def test_of_two_equal_ways_the_simpler_is_named_first(workers: int, said: list[str]) -> None:
    sentence = words.either(("processes", workers), ("threads", 2))
    assert sentence.index("threads") < sentence.index("processes")
    assert numbers(sentence) == said


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
