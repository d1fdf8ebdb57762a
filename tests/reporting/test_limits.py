"""A page of thousands of configurations is no larger than a reader can load, and says so."""

from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Kind, Mark, Series, Unit
from threads_or_processes.reporting.limits import MOST_FACTS, MOST_FIGURES, MOST_ROWS, limited
from threads_or_processes.reporting.page import (
    Column,
    Fact,
    Facts,
    Figure,
    Fold,
    Grid,
    Page,
    Paragraph,
    Section,
    Table,
    table_of,
)


def table(rows: int) -> Table:
    return table_of(range(rows), (Column("A", str),), caption="Rows", source="ratios")


def figure(ratio: float) -> Figure:
    series = Series(title="threads")
    return Figure(
        drawn=FigureSpec(
            name=f"ratio-{ratio}",
            kind=Kind.LINES,
            title="One",
            caption="One.",
            positions=Axis(label="workers", unit=Unit.COUNT),
            values=Axis(label="speedup", unit=Unit.RATIO),
            styles={},
            marks=(Mark(series=series, position=1, value=ratio),),
        ),
        data=Fold(summary="Numbers", content=(table(2),)),
    )


def page(*, rows: int, figures: int, facts: int) -> Page:
    """Figures in two directions, the least telling first; the table is in a fold."""
    ratios = [(1 + number) ** (-1) ** number for number in range(figures)]
    return Page(
        title="T",
        document_title="T",
        lead="L",
        start="one",
        sections=(
            Section(
                anchor="one",
                title="One",
                blocks=(
                    Grid(tuple(map(figure, ratios)), source="amounts"),
                    Fold(summary="Rows", content=(table(rows),)),
                    Facts(tuple(Fact(term=str(number), text="") for number in range(facts))),
                ),
            ),
        ),
    )


def test_a_page_at_the_limits_stays_as_it_is() -> None:
    at_most = page(rows=MOST_ROWS, figures=MOST_FIGURES, facts=MOST_FACTS)
    assert limited(at_most) == at_most


def test_more_is_left_out_the_largest_differences_stay_and_the_page_says_where_the_rest_is() -> (
    None
):
    full = page(rows=MOST_ROWS + 2000, figures=MOST_FIGURES + 9, facts=MOST_FACTS + 1)
    (section,) = limited(full).sections
    assert [one.drawn for one in section.of(Figure)] == list(full.figures[9:])
    (shown,) = section.of(Table)
    assert shown.rows == table(MOST_ROWS).rows
    (facts,) = section.of(Facts)
    assert len(facts.facts) == MOST_FACTS
    assert [one.words for one in section.of(Paragraph)] == [
        "Shown: 30 of 39 figures with the largest differences. tables/amounts.csv has all numbers.",
        "Shown: 300 of 2\u202f300 rows, the first. tables/ratios.csv has all numbers.",
        "Shown: the first 100 of 101.",
    ]
