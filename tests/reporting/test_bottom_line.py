from collections.abc import Mapping, Sequence
from itertools import product

import pytest
from threads_or_processes.records.tables.comparisons import DecisionRow, MoveRow
from threads_or_processes.records.tables.groups import Candidate, Ratio
from threads_or_processes.records.vocabulary import ComparisonResult, Family, Use
from threads_or_processes.reporting.sections.bottom_line import (
    DOWN,
    MOST_WORDS,
    NOTHING,
    UP,
    bottom_line,
    length,
)

from tests.reporting.sentences import plain

TITLES = {
    "mandelbrot": "Mandelbrot, floats in pure Python",
    "zlib": "zlib compression",
    "json": "JSON, parse and write",
    "sleep": "Sleep (I/O wait)",
}
SLIGHTLY = ComparisonResult.FASTER_SOMEWHAT
SERIAL, THREADS, PROCESSES = Family.SERIAL, Family.THREADS, Family.PROCESSES
ANY = Candidate(cell="", model="threads", family=THREADS, workers=2)


def move(workload: str, value: float, result: ComparisonResult, arm: str = "3.13t") -> MoveRow:
    return MoveRow(
        workload=workload,
        arm=arm,
        basis=None,
        best=ANY,
        baseline=ANY,
        best_ns=1.0,
        baseline_ns=value,
        blocks=10,
        speedup=Ratio(value=value, low=value - 0.01, high=value + 0.01, reading=result),
    )


def decision(
    workload: str, *families: Family, arm: str = "3.13", use: Use | None = None
) -> DecisionRow:
    is_serial = SERIAL in families
    return DecisionRow(
        workload=workload,
        arm=arm,
        use=use or (Use.SERIAL if is_serial else Use.PARALLEL),
        families=families,
    )


def said(
    moves: list[MoveRow],
    decisions: list[DecisionRow],
    titles: Mapping[str, str] = TITLES,
    others: Sequence[str] = ("3.13t",),
) -> list[str]:
    told = bottom_line(moves, decisions, titles=titles, reference="3.13", others=others)
    return [plain(sentence) for sentence in told]


def test_it_says_what_a_move_does_and_what_to_use_on_each_build() -> None:
    moves = [
        move("mandelbrot", 0.69, ComparisonResult.SLOWER),
        move("zlib", 0.88, ComparisonResult.SLOWER_SOMEWHAT),
        move("json", 1.3, ComparisonResult.FASTER),
        move("sleep", 1.0, ComparisonResult.EQUAL),
    ]
    decisions = [
        decision("mandelbrot", PROCESSES),
        decision("json", PROCESSES),
        decision("zlib", THREADS, PROCESSES),
        decision("sleep", THREADS),
        *(decision(name, THREADS, arm="3.13t") for name in TITLES),
    ]
    assert said(moves, decisions) == [
        "Move to 3.13t? It depends: it speeds up 1 of the 4 workloads (JSON 1.30×).",
        "It slows 2 (Mandelbrot 0.69×, zlib compression 0.88×), 1 of them perhaps only slightly.",
        "1 shows no difference.",
        "On 3.13, use processes for 2 (Mandelbrot, JSON), "
        "threads or processes for “zlib compression” and threads for “Sleep”.",
        "On 3.13t, use threads for 4 (Mandelbrot, zlib compression, JSON, Sleep).",
    ]


def test_what_a_move_speeds_up_apart_from_the_main_workloads_is_told() -> None:
    moves = [
        move("json", 0.8, ComparisonResult.SLOWER),
        move("blocks", 1.13, ComparisonResult.FASTER_SOMEWHAT),
        move("regex", 0.9, ComparisonResult.SLOWER),
    ]
    more = {"blocks": "NumPy in blocks", "regex": "Regular expressions"}
    told = bottom_line(moves, [], titles=TITLES, reference="3.13", others=["3.13t"], more=more)
    assert [plain(sentence) for sentence in told] == [
        "Move to 3.13t? No: it slows “JSON” (0.80×).",
        "Of 2 other rows, it speeds up 1 (NumPy in blocks 1.13×), perhaps only slightly.",
    ]
    slower = [moves[0], moves[2]]
    told = bottom_line(slower, [], titles=TITLES, reference="3.13", others=["3.13t"], more=more)
    assert len(told) == 1


def test_the_most_extreme_are_named_first() -> None:
    values = {"mandelbrot": 0.9, "zlib": 0.5, "json": 0.8, "sleep": 0.7}
    moves = [move(name, value, ComparisonResult.SLOWER) for name, value in values.items()]
    _, sentence = said(moves, [])
    assert sentence == (
        "It slows 4 (zlib compression 0.50×, Sleep 0.70×, JSON 0.80×, Mandelbrot 0.90×)."
    )


@pytest.mark.parametrize(
    ("many", "names"),
    [(2, "A, B"), (4, "A, B, C, D"), (5, "A, B, C, …"), (6, "A, B, C, …")],
)
def test_a_single_name_is_never_what_is_cut(many: int, names: str) -> None:
    titles = {name: name for name in "ABCDEF"[:many]}
    assert said([], [decision(name, THREADS) for name in titles], titles) == [
        f"On 3.13, use threads for {many} ({names})."
    ]


def test_where_the_last_two_are_too_long_both_are_cut() -> None:
    titles = {name: f"{name} and many more words" for name in "ABCD"}
    assert said([], [decision(name, THREADS) for name in titles], titles) == [
        "On 3.13, use threads for 4 (A and many more words, B and many more words, …)."
    ]


def test_each_result_has_the_word_of_the_table() -> None:
    moves = [
        move("json", 1.2, ComparisonResult.INCONCLUSIVE),
        move("zlib", 1.1, ComparisonResult.NO_SLOWDOWN),
        move("mandelbrot", 1.0, ComparisonResult.EQUAL),
        move("sleep", 1.0, ComparisonResult.NO_SPEEDUP),
    ]
    assert said(moves, []) == [
        "Move to 3.13t? No: none of the 4 workloads is shown to be faster.",
        "It slows none.",
        "1 shows no difference, 1 shows no speedup, 1 shows no slowdown and 1 is inconclusive.",
    ]
    may_be_faster = [*moves[:2], moves[3]]
    assert said(may_be_faster, [])[0].startswith("Move to 3.13t? Unclear: none")
    assert said(moves[:1] * 2 + moves[3:], [])[2] == "1 shows no speedup and 2 are inconclusive."


def test_all_inconclusive() -> None:
    moves = [move(name, 1.2, ComparisonResult.INCONCLUSIVE) for name in TITLES]
    decisions = [decision(name, SERIAL, THREADS, use=Use.INCONCLUSIVE) for name in TITLES]
    assert said(moves, decisions) == [
        "Move to 3.13t? No verdict yet for any of the 4 workloads.",
        "On 3.13, no verdict yet on what to use for any of the 4 workloads.",
    ]


def test_what_is_the_same_for_several_builds_is_told_once() -> None:
    others = ("3.13t", "3.14", "3.14t")
    results = (
        ComparisonResult.INCONCLUSIVE,
        ComparisonResult.FASTER,
        ComparisonResult.INCONCLUSIVE,
    )
    moves = [
        move(name, 1.2, result, arm)
        for arm, result in zip(others, results, strict=True)
        for name in TITLES
    ]
    decisions = [
        decision(name, PROCESSES, arm=arm) for arm in ("3.13", *others) for name in ("json", "zlib")
    ]
    assert said(moves, decisions, others=others) == [
        "Move to 3.13t or 3.14t? No verdict yet for any of the 4 workloads.",
        "Move to 3.14? Yes: it speeds up all 4 workloads (Mandelbrot 1.20×, zlib compression "
        "1.20×, JSON 1.20×, Sleep 1.20×).",
        "It slows none.",
        "On 3.13, 3.13t, 3.14 and 3.14t, use processes for 2 (JSON, zlib compression).",
    ]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (ComparisonResult.INCONCLUSIVE, "No verdict yet for “JSON” (1.20×)."),
        (ComparisonResult.NO_SLOWDOWN, "Unclear: no slowdown for “JSON” (1.20×)."),
        (ComparisonResult.EQUAL, "No: no difference for “JSON” (1.20×)."),
        (SLIGHTLY, "Yes: it speeds up “JSON” (1.20×), perhaps only slightly."),
    ],
)
def test_the_only_workload_is_named_once(result: ComparisonResult, words: str) -> None:
    titles = {"json": TITLES["json"]}
    decisions = [
        decision("json", SERIAL, THREADS, use=Use.INCONCLUSIVE),
        decision("json", THREADS, arm="3.13t"),
    ]
    assert said([move("json", 1.2, result)], decisions, titles) == [
        f"Move to 3.13t? {words}",
        "On 3.13, no verdict yet on what to use.",
        "On 3.13t, use threads.",
    ]
    assert said([], decisions, titles)[1] == "On 3.13t, use threads for “JSON”."


def test_a_title_that_is_too_long_for_a_sentence_is_left_out() -> None:
    titles = {"json": " ".join(["word"] * 20)}
    (told,) = said([move("json", 1.2, ComparisonResult.FASTER)], [], titles)
    assert told == "Move to 3.13t? Yes: it speeds up the workload (1.20×)."


def test_serial_and_open_recommendations_are_told_apart() -> None:
    decisions = [
        decision("json", SERIAL, THREADS),
        decision("zlib", THREADS),
        decision("sleep", SERIAL, THREADS, use=Use.INCONCLUSIVE),
    ]
    assert said([], decisions) == [
        "On 3.13, use serial for “JSON” and threads for “zlib compression”; 1 inconclusive."
    ]


@pytest.mark.parametrize(
    "decisions",
    [[], *([decision("json", use=use)] for use in (Use.NO_DATA, Use.INCOMPLETE))],
)
def test_without_anything_to_decide_it_says_so(decisions: list[DecisionRow]) -> None:
    assert said([], decisions) == [NOTHING]


def test_only_the_workloads_and_builds_asked_for_count() -> None:
    moves = [
        move("json", 1.3, ComparisonResult.FASTER, arm="3.14t"),
        move("libraries", 1.3, ComparisonResult.FASTER),
    ]
    decisions = [decision("json", THREADS, arm="3.14t"), decision("libraries", THREADS)]
    assert said(moves, decisions) == [NOTHING]
    assert said(moves, [decision("json", THREADS)], others=()) == [
        "On 3.13, use threads for “JSON”."
    ]


def test_every_build_that_could_be_moved_to_has_its_sentences() -> None:
    moves = [
        move("json", 0.8, ComparisonResult.SLOWER),
        move("json", 1.3, ComparisonResult.FASTER, arm="3.14t"),
    ]
    decisions = [decision("json", THREADS, arm=arm) for arm in ("3.13", "3.13t", "3.14t")]
    assert said(moves, decisions, others=("3.13t", "3.14t")) == [
        "Move to 3.13t? No: it slows “JSON” (0.80×).",
        "Move to 3.14t? Yes: it speeds up “JSON” (1.30×).",
        "On 3.13, 3.13t and 3.14t, use threads for “JSON”.",
    ]


def test_a_sentence_is_never_longer_than_a_reader_s_breath() -> None:
    titles = {f"work {i}": f"A workload with a long name {i}" for i in range(8)}
    results = list(ComparisonResult)
    sets = [(THREADS,), (PROCESSES,), (THREADS, PROCESSES), (SERIAL,)]
    for shift, step in product(range(8), (0, 1)):
        moves = [
            move(name, 0.5 + i / 10, results[(shift + step * i) % len(results)])
            for i, name in enumerate(titles)
        ]
        decisions = [
            decision(name, *sets[(shift + off + i) % len(sets)], arm=arm)
            for off, arm in enumerate(("3.13", "3.13t"))
            for i, name in enumerate(titles)
        ]
        sentences = said(moves, decisions, titles)
        found = {row.speedup.reading for row in moves}
        of_move = 1 if found == {ComparisonResult.INCONCLUSIVE} else 2 + bool(found - {*UP, *DOWN})
        assert len(sentences) == of_move + 2
        assert all(length(sentence) <= MOST_WORDS for sentence in sentences), sentences
