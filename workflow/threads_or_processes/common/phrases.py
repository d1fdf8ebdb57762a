"""Phrases that more than one package says."""

from collections.abc import Sequence

#: A longer list is not told in a sentence.
MOST_CHARACTERS = 300


def counted(number: int, thing: str) -> str:
    """A number of things, such as `1 CPU` and `1,200 trials`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def format_duration(seconds: float, before: str = "about") -> str:
    """A duration in hours and minutes, after a word such as `about` or `up to`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{before} {hours} h {minutes} min"
    return f"{before} {minutes} min" if minutes else "less than a minute"


def limits_of_budget(
    budget: str,
    trials: int,
    left_out: Sequence[str],
    *,
    places: Sequence[str] = (),
    is_time_left: bool = False,
) -> str:
    """What a budget kept a sweep from, and what measures it; empty where it kept it from nothing.

    `trials` counts those of the plan that were not measured, `places` says where they are, and
    `left_out` what the plan itself leaves out, both in phrases. `is_time_left` where
    measuring ended before its time.
    """
    told = []
    if trials:
        listed = f" ({'; '.join(places)})" if places else ""
        if len(listed) > MOST_CHARACTERS:
            listed = ""
        told.append(
            f"There was no time for {counted(trials, 'planned trial')}{listed}: the same command "
            "goes on with them."
        )
        if is_time_left:
            told.append(
                "Some time is left. A run takes up nothing that it left out before, and begins no "
                "block that would not end in time."
            )
    if left_out:
        listed = f": {'; '.join(left_out)}"
        if len(listed) > MOST_CHARACTERS:
            listed = " much of the sweep, which the report's section on methods lists"
        told.append(
            f"The plan leaves out{listed}. To measure what it leaves out to save time, run it with "
            "a larger budget or without one."
        )
    return " ".join([f"A budget of {budget} limited this sweep.", *told]) if told else ""
