"""Tables with keys down the side and groups across the top; what was left out."""

from collections.abc import Callable, Iterable, Sequence

from threads_or_processes.records.plan import Cell, Experiment
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.page import Column, Number, Table, table_of

Cells = Sequence[Cell]

#: Stands with tables that show both.
TWO_AVERAGES = (
    "Times are medians over trials. A ratio is that of geometric means over the blocks that both "
    "configurations have, so it can differ from the quotient of two medians."
)


def pivot(
    cells: Iterable[Cell],
    keys: Sequence[Column[Cell]],
    group: Callable[[Cell], str],
    measures: Sequence[Column[Cell]],
    *,
    caption: str,
) -> Table:
    """A row for each key and, for each group, a column for each measure.

    Keys and groups stand in the order in which cells name them. A column that would be empty in
    every row is left out; a key that is the same in every row stands in the caption.
    """
    at: dict[tuple[tuple[str, ...], str], Cell] = {}
    for cell in cells:
        at.setdefault((tuple(key.show(cell) for key in keys), group(cell)), cell)
    sides = list(dict.fromkeys(side for side, _ in at))
    shown = [
        (
            Number(f"{name} {measure.header}".strip(), measure.show, measure.unit),
            [
                measure.show(at[side, name]) if (side, name) in at else text.MISSING
                for side in sides
            ],
        )
        for name in dict.fromkeys(name for _, name in at)
        for measure in measures
    ]
    filled = [(c, values) for c, values in shown if any(v != text.MISSING for v in values)]
    varying = [place for place in range(len(keys)) if len({side[place] for side in sides}) > 1]
    varying = varying or [0]
    common = [
        f"{key.header}: {sides[0][place]}"
        for place, key in enumerate(keys)
        if sides and place not in varying and sides[0][place] != text.MISSING
    ]
    return Table(
        caption=f"{caption} ({'; '.join(common)})" if common else caption,
        columns=(*(keys[place] for place in varying), *(column for column, _ in filled)),
        rows=tuple(
            (*(side[place] for place in varying), *(values[row] for _, values in filled))
            for row, side in enumerate(sides)
        ),
        row_headers=len(varying),
    )


def left_out(experiments: Sequence[Experiment], campaign: Campaign) -> Table | None:
    """The impossible combinations, by reason; nothing where all are possible."""
    reasons: dict[tuple[str, str], list[list[str]]] = {}
    for experiment in experiments:
        for item in experiment.not_applicable:
            reasons.setdefault((experiment.name, item.reason), []).append(item.cell.rsplit("/", 4))
    if not reasons:
        return None

    def workload(label: str) -> str:
        known = campaign.workloads.get(label)
        return known.plain_title if known else text.plain(label)

    return table_of(
        reasons.items(),
        (
            Column("Experiment", lambda item: text.plain(item[0][0].replace("_", " "))),
            Column("Why", lambda item: item[0][1] or text.MISSING),
            Column("Work", lambda item: "; ".join(dict.fromkeys(workload(c[0]) for c in item[1]))),
            Column(
                "Models",
                lambda item: "; ".join(dict.fromkeys(campaign.model_title(c[1]) for c in item[1])),
            ),
            Number("Configurations", lambda item: str(len(item[1]))),
        ),
        caption="Combinations that are impossible and were left out",
    )
