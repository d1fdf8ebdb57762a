"""Durations in words."""

import pytest
from threads_or_processes.common.durations import spelled


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (29, "less than a minute"),
        (95, "about 2 min"),
        (3599, "about 1 h 0 min"),
        (100_000, "about 27 h 47 min"),
    ],
)
def test_a_duration_is_spelled_for_people(seconds: float, words: str) -> None:
    assert spelled(seconds) == words


def test_another_word_may_stand_before_it() -> None:
    assert spelled(2700, "up to") == "up to 45 min"
    assert spelled(10, "up to") == "less than a minute"
