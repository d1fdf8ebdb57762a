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
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Model


def ratio(value: float, low: float, high: float, reading: ComparisonResult) -> Ratio:
    return Ratio(value=value, low=low, high=high, reading=reading)


FASTER = ratio(1.93, 1.81, 2.04, ComparisonResult.FASTER)
SLOWER = ratio(0.75, 0.70, 0.80, ComparisonResult.SLOWER)
EQUAL = ratio(1.01, 0.98, 1.03, ComparisonResult.EQUAL)
OPEN = ratio(1.12, 0.90, 1.40, ComparisonResult.UNRESOLVED)
SEEN_ONCE = Ratio(value=0.5)


def said(sentence: str) -> str:
    return sentence.replace(text.SPACE, " ")


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        (FASTER, "1.9× faster than serial [1.8, 2.0]"),
        (SLOWER, "1.33× slower than serial [1.25, 1.43]"),
        (EQUAL, "as fast as serial within 5 %: 1.01× [0.98, 1.03]"),
        (OPEN, "not settled against serial: 1.12× [0.90, 1.40]"),
        (SEEN_ONCE, "seen 2.0× slower than serial, with no interval"),
    ],
)
def test_every_reading_has_its_own_words(measured: Ratio, sentence: str) -> None:
    assert said(words.compared(measured, "serial", margin=0.05)) == sentence


@pytest.mark.parametrize(
    ("measured", "sentence"),
    [
        (FASTER, "threads gain 1.9× [1.8, 2.0]"),
        (SLOWER, "threads lose: 1.33× slower [1.25, 1.43]"),
        (EQUAL, "threads gain nothing (within 5 % of serial)"),
        (OPEN, "whether threads gain is not settled (1.12× [0.90, 1.40])"),
        (SEEN_ONCE, "whether threads gain is not settled (0.50×)"),
    ],
)
def test_a_family_gains_loses_or_does_nothing(measured: Ratio, sentence: str) -> None:
    assert said(words.against_serial("threads", measured, margin=0.05)) == sentence


@pytest.mark.parametrize(
    ("measured", "part"),
    [
        (FASTER, "faster than the runner-up, threads, 2 workers"),
        (SLOWER, "block by block the runner-up, threads, 2 workers, is 1.33×"),
        (EQUAL, "the same within 5 %"),
        (OPEN, "not settled against the runner-up"),
        (SEEN_ONCE, "one block can't tell them apart"),
    ],
)
def test_the_runner_up_is_named_with_what_is_known(measured: Ratio, part: str) -> None:
    other = words.choice("threads", 2)
    assert part in said(words.runner_up(measured, other, margin=0.05))


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
    shown = [said(words.workers(2, kind)) for kind in WorkerKind]
    assert shown == ["2", "2 (> cores)", "2 (> CPUs)", "2 (> quota)"]


def test_every_flag_of_a_trial_s_health_has_words_of_its_own() -> None:
    assert all(words.health_flag(flag) != flag.replace("_", " ") for flag in HealthFlag)


@pytest.mark.parametrize("flag", CellFlag)
def test_every_flag_of_a_cell_has_words_of_its_own(flag: CellFlag) -> None:
    assert words.flag_words([flag]) != flag.replace("_", " ")


def test_of_two_equal_ways_the_simpler_is_named_first() -> None:
    said_ = words.either(("processes", 2), ("threads", 2))
    assert said(said_) == "threads or processes, 2 workers"
    said_ = words.either(("processes", 4), ("threads", 2))
    assert said(said_) == "threads, 2 workers, or processes, 4 workers"


def test_lists_are_shown_as_python_prints_them() -> None:
    assert words.shown_list([]) == "[] (empty)"
    assert said(words.shown_list([0, 1])) == "[0, 1] (2 items, in order)"
    assert said(words.shown_list([1, 0])) == "[1, 0] (2 items, not in order)"
    assert said(words.shown_list(list(range(32)))) == "[0, 1, 2, …, 31] (32 items, in order)"


def test_few_blocks_come_with_a_caution_and_many_with_none() -> None:
    assert "one block only" in words.block_caution(1)
    assert "3\u00a0blocks only" in words.block_caution(3)
    assert words.block_caution(6) == ""
