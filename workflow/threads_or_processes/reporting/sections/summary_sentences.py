"""Parts of the sentence that answers an experiment's question, put together from its numbers."""

from collections.abc import Callable, Iterable, Sequence
from statistics import median_low

from threads_or_processes.records.tables.experiments import CrossoverRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import CrossoverState
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words

NO_RATIO = "No two of its configurations can be compared."


def extent(named: Sequence[tuple[str, float]], show: Callable[[float], str]) -> str:
    """The minimum and the maximum with their names: `0.3 ms (threads) to 61 ms (spawn)`."""
    least, most = (pick(named, key=lambda one: one[1]) for pick in (min, max))
    if len(named) == 1:
        return f"{show(least[1])} ({least[0]})"
    return f"{show(least[1])} ({least[0]}) to {show(most[1])} ({most[0]})"


def spread(named: Sequence[tuple[str, Ratio]]) -> str:
    """The middle ratio and the extremes: `median 0.93×, from 0.78× (json) to 1.02× (image)`."""
    values = [(name, ratio.value) for name, ratio in named]
    reach = extent(values, lambda value: text.times_as_fast(Ratio(value=value)))
    if len(values) < 3:
        return reach
    middle = median_low(value for _, value in values)
    return f"median {text.times_as_fast(Ratio(value=middle))}, from {reach}"


def span(ratios: Iterable[Ratio]) -> str:
    """The least and the largest ratio, `0.58× to 2.05×`, or the only one."""
    ordered = sorted(ratios, key=lambda ratio: ratio.value)
    return " to ".join(dict.fromkeys(map(text.times_as_fast, (ordered[0], ordered[-1]))))


def bracket(row: CrossoverRow, show: Callable[[float], str], size: str) -> str:
    """Between which sizes a way begins to be faster: `10 µs to 100 µs`, `not faster at any size`.

    `size` is the word for them.
    """
    if row.baseline_to_size is not None and row.faster_from_size is not None:
        return f"{show(row.baseline_to_size)} to {show(row.faster_from_size)}"
    return {
        CrossoverState.ALWAYS_FASTER: f"faster at every {size}",
        CrossoverState.NOT_REACHED: f"not faster at any {size}",
        CrossoverState.FASTER_BELOW: f"faster at the smaller {size}s only",
    }.get(row.state, "inconclusive")


def readings(ratios: Iterable[Ratio]) -> str:
    """How many are faster, slower, equal or open: `3 faster, 1 slower and 2 inconclusive`."""
    known = list(ratios)
    counted = [
        (sum(ratio.reading is reading for ratio in known), word)
        for reading, word in words.RESULTS.items()
    ]
    return text.listing([f"{text.fixed(number, 0)} {word}" for number, word in counted if number])
