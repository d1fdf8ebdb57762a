"""Phrases that more than one package says."""

import pytest
from threads_or_processes.common.phrases import format_duration, limits_of_budget


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
def test_a_duration_is_written_for_people(seconds: float, words: str) -> None:
    assert format_duration(seconds) == words


def test_another_word_may_stand_before_a_duration() -> None:
    assert format_duration(2700, "up to") == "up to 45 min"
    assert format_duration(10, "up to") == "less than a minute"


def test_what_a_budget_left_says_what_measures_it() -> None:
    """What had no time is measured by the same command; what the plan leaves out never is."""
    assert limits_of_budget("3min", 82, ("experiments startup and memory",)) == (
        "A budget of 3min limited this sweep. There was no time for 82 planned trials: the same "
        "command goes on with them. The plan leaves out: experiments startup and memory. To "
        "measure what it leaves out to save time, run it with a larger budget or without one."
    )
    told = limits_of_budget("3min", 82, (), is_time_left=True)
    assert told.endswith(
        "goes on with them. Some time is left. A run takes up nothing that it left out before, and "
        "begins no block that would not end in time."
    )
    assert not limits_of_budget("3min", 0, (), is_time_left=True)
    told = limits_of_budget("3min", 82, (), places=("startup", "sleep in scaling"))
    assert "82 planned trials (startup; sleep in scaling): the same command" in told
    many = [f"workload number{number} in kinds" for number in range(20)]
    assert "number19" not in limits_of_budget("3min", 1, many)
    assert "number" not in limits_of_budget("3min", 1, (), places=many)
    assert "The plan leaves out much of the sweep" in limits_of_budget("3min", 1, many)
    assert "leaves out" not in limits_of_budget("3min", 1, ())
    assert "same command" not in limits_of_budget("3min", 0, ("experiment startup",))
    assert not limits_of_budget("3min", 0, ())
