"""Where machines agree and where they differ: decisions, claims, speed-ups, and times last."""

from collections.abc import Iterator, Mapping, Sequence

from threads_or_processes.records.vocabulary import SCALING, ComparisonResult, Family
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.comparing import Side, Sides
from threads_or_processes.reporting.figure_spec import Axis, LinesFigure, Mark, Scale, Series
from threads_or_processes.reporting.page import (
    Column,
    Fact,
    Facts,
    Grid,
    Page,
    Paragraph,
    Section,
    Table,
)
from threads_or_processes.reporting.rows import ClaimRow, DecisionRow
from threads_or_processes.reporting.sections import figure_builders
from threads_or_processes.reporting.sections.claims import STATUSES
from threads_or_processes.reporting.sections.decision import status_of
from threads_or_processes.reporting.words import STATUS_ICONS, STATUS_WORDS, Status

AGREE, DIFFER, OPEN = "agree", "differ", "not settled"
ALONE, NOWHERE = "one machine only", "not measured"
_MEANINGS = {
    AGREE: "the same wherever measured",
    DIFFER: "not the same",
    OPEN: "not settled",
    ALONE: "known of one machine only",
    NOWHERE: "measured nowhere",
}


_PROPERTIES = {
    "cpu_model": "CPU",
    "logical_cpus": "Logical CPUs",
    "physical_cores": "Physical cores",
    "cpu_quota": "CPU quota",
    "memory_gib": "Memory (GiB)",
    "os": "System",
    "kernel": "Kernel",
    "virtualisation": "Virtualisation",
}


def build(sides: Sides) -> Page:
    """The page that compares machines."""
    decisions, claims = _decisions(sides.sides), _claims(sides.sides)
    title = f"Threads or Processes: machines compared{_campaign(sides.sides)}"
    return Page(
        title=title,
        document_title=title,
        lead="The same campaign on several machines: what holds on all of them, and what depends "
        "on where it runs.",
        answer=_answer(decisions, claims),
        start="decisions",
        sections=tuple(_sections(sides, decisions, claims)),
    )


def _sections(sides: Sides, decisions: Table, claims: Table) -> Iterator[Section]:
    left_out = tuple(Fact(term=one.folder, text=one.reason) for one in sides.left_out)
    not_read = "These folders of results could not be read and are left out:"
    yield Section(
        anchor="machines",
        title="Which machines",
        nav_title="Machines",
        blocks=(
            _machines(sides.sides),
            *((Paragraph(not_read), Facts(left_out)) if left_out else ()),
        ),
    )
    yield Section(
        anchor="decisions",
        title="What to use",
        nav_title="Decisions",
        blocks=(
            Paragraph(
                "Machines agree when the same family of models (serial, threads, processes …) is "
                "to be used on all of them; what is not settled on one of them, the second best "
                "included, is not settled here."
            ),
            decisions if decisions.rows else Paragraph("No machine has anything to decide."),
        ),
    )
    if claims.rows:
        yield Section(
            anchor="claims", title="What was claimed", nav_title="Claims", blocks=(claims,)
        )
    if figures := curves(sides.sides):
        yield Section(
            anchor="curves",
            title="Speed-up curves over each other",
            nav_title="Speed-up",
            blocks=(
                Paragraph(
                    "Each machine against its own serial on the reference arm. Colour tells the "
                    "model, line and marker the machine."
                ),
                Grid(tuple(figure_builders.figure_block(figure) for figure in figures)),
            ),
        )
    yield Section(
        anchor="times",
        title="Absolute times",
        nav_title="Times",
        cautions=(
            "times of different machines differ for many reasons that have nothing to do with "
            "threads or processes: clock rates, caches, builds, neighbours. Compare ratios; these "
            "are here so that you know what the ratios are of.",
        ),
        blocks=(_times(sides.sides),),
    )


def _campaign(sides: Sequence[Side]) -> str:
    """The campaign, unless it is the default one."""
    names = dict.fromkeys(side.evidence.campaign.name for side in sides)
    return f", {text.listing(list(names))}" if list(names) != ["report"] else ""


def _answer(decisions: Table, claims: Table) -> str:
    """How many decisions and verdicts are the same everywhere."""
    told = []
    for name, table in (("decisions", decisions), ("verdicts", claims)):
        found = [row[-1] for row in table.rows]
        counted = [
            f"{text.fixed(found.count(word), 0)} {meaning}"
            for word, meaning in _MEANINGS.items()
            if word in found
        ]
        if counted:
            told.append(
                f"of {text.count(len(found), name.removesuffix('s'))}, {text.listing(counted)}"
            )
    return words.sentence("; ".join(told)) if told else "There is nothing to compare."


def agreement(found: Sequence[frozenset[str] | None]) -> str:
    """Whether machines say the same: what each would use, empty if open, None if not measured."""
    known = [one for one in found if one is not None]
    if len(known) < 2:
        return ALONE if known else NOWHERE
    if not all(known):
        return OPEN
    return AGREE if frozenset.intersection(*known) else DIFFER


def _machines(sides: Sequence[Side]) -> Table:
    def of(side: Side, key: str) -> str:
        value = side.evidence.campaign.machine.fingerprint.get(key)
        return text.MISSING if value in (None, "") else text.plain(str(value))

    return Table(
        caption="The machines",
        columns=(Column(header="Property"), *_per_side(sides)),
        rows=(
            *((title, *(of(side, key) for side in sides)) for key, title in _PROPERTIES.items()),
            ("Measured", *(words.when(side.evidence.trials) for side in sides)),
            ("Blocks", *(str(side.evidence.campaign.blocks) for side in sides)),
            ("Report id", *(text.short_hash(side.evidence.report_id) for side in sides)),
        ),
    )


def _per_side(sides: Sequence[Side]) -> tuple[Column, ...]:
    return tuple(Column(header=text.plain(side.name, 60)) for side in sides)


def _decisions(sides: Sequence[Side]) -> Table:
    of_side = [
        {(row.workload, row.arm): row for row in side.evidence.tables.decisions} for side in sides
    ]
    arms = [{arm.name for arm in side.evidence.campaign.decision_arms} for side in sides]
    places = dict.fromkeys(
        place
        for rows, names in zip(of_side, arms, strict=True)
        for place in rows
        if place[1] in names
    )
    return Table(
        caption="What to use: the best way and its speed-up over serial on the same arm",
        columns=(
            Column(header="Kind of work"),
            Column(header="Arm"),
            *_per_side(sides),
            Column(header="Machines"),
        ),
        rows=tuple(
            (
                _title(workload, sides),
                arm,
                *(
                    _shown(rows.get((workload, arm)), side)
                    for rows, side in zip(of_side, sides, strict=True)
                ),
                agreement(
                    [
                        _said(rows.get((workload, arm)), side)
                        for rows, side in zip(of_side, sides, strict=True)
                    ]
                ),
            )
            for workload, arm in places
        ),
        row_headers=2,
    )


def _title(workload: str, sides: Sequence[Side]) -> str:
    return next(
        side.evidence.campaign.title(workload)
        for side in sides
        if workload in side.evidence.campaign.workloads
    )


def _unit(workload: str, sides: Sequence[Side]) -> str:
    """What one piece of the work is; sizes differ from machine to machine, a unit does not."""
    return next(
        known.unit or text.MISSING
        for side in sides
        if (known := side.evidence.campaign.workloads.get(workload)) is not None
    )


def _status(row: DecisionRow, side: Side) -> Status:
    return status_of(row, side.evidence.tables.failing(row.workload, row.arm))


def _said(row: DecisionRow | None, side: Side) -> frozenset[str] | None:
    """The families to use; none where that is open, None where nothing was measured."""
    if row is None or _status(row, side) is Status.NO_DATA:
        return None
    status = _status(row, side)
    if status is Status.NO_GAIN:
        return frozenset({str(Family.SERIAL)})
    rival = row.advantage.reading if row.advantage is not None else ComparisonResult.FASTER
    if status is Status.OPEN or rival is ComparisonResult.UNRESOLVED:
        return frozenset()
    if rival is ComparisonResult.EQUAL:
        return frozenset({row.best_family, row.runner_up_family})
    return frozenset({row.best_family})


def _shown(row: DecisionRow | None, side: Side) -> str:
    if row is None:
        return text.MISSING
    status = _status(row, side)
    if status is Status.NO_DATA:
        return STATUS_WORDS[status]
    way = words.choice(
        row.best_family, None if row.best_family == Family.SERIAL else row.best_workers
    )
    if row.advantage is not None and row.advantage.reading in (
        ComparisonResult.EQUAL,
        ComparisonResult.UNRESOLVED,
    ):
        way += f" or {row.runner_up_family}"
    told = f"{STATUS_ICONS[status]} {STATUS_WORDS[status]}: {way}"
    if row.own_speedup is None or row.best_family == Family.SERIAL:
        return told
    return f"{told}, {words.compared_briefly(row.own_speedup)}"


def _claims(sides: Sequence[Side]) -> Table:
    of_side = [
        {(row.file, row.claim): row for row in side.evidence.tables.claims} for side in sides
    ]
    places = dict.fromkeys(place for rows in of_side for place in rows)

    def verdict(row: ClaimRow | None) -> frozenset[str] | None:
        """None where it was not tested, empty where it is open."""
        if row is None or row.verdict == "not_tested":
            return None
        return frozenset() if row.verdict == "inconclusive" else frozenset({row.verdict})

    def shown(row: ClaimRow | None) -> str:
        if row is None:
            return text.MISSING
        _, icon, word = STATUSES[row.verdict]
        figures = words.compared_briefly(row.estimate) if row.estimate else ""
        return f"{icon} {word}{': ' if figures else ''}{figures}"

    return Table(
        caption="What was claimed, by machine: verdict and ratio",
        columns=(Column(header="Sentence"), *_per_side(sides), Column(header="Machines")),
        rows=tuple(
            (
                text.plain(next(rows[place] for rows in of_side if place in rows).sentence, 300),
                *(shown(rows.get(place)) for rows in of_side),
                agreement([verdict(rows.get(place)) for rows in of_side]),
            )
            for place in places
            if any(place in rows and rows[place].verdict != "not_tested" for rows in of_side)
        ),
    )


def curves(sides: Sequence[Side]) -> tuple[LinesFigure, ...]:
    """Speed-up over the machine's own serial, one figure for each work and arm, machines over it.

    A series is a machine (as its `arm`, which has the line) with a model (which has the colour).
    """
    lines: dict[tuple[str, str], dict[Series, list[Mark]]] = {}
    for side in sides:
        campaign = side.evidence.campaign
        cells = {cell.id for cell in campaign.cells_of(campaign.experiment(SCALING))}
        for row in side.evidence.tables.ratios:
            if row.contrast != "speedup_reference" or row.cell not in cells or row.estimate is None:
                continue
            if campaign.models[row.model].family is Family.SERIAL:
                continue
            title = f"{campaign.model_title(row.model)}, {text.plain(side.name, 40)}"
            series = Series(title=title, model=row.model, arm=side.name)
            mark = figure_builders.ratio_mark(row.estimate, series, row.workers)
            lines.setdefault((row.workload, row.arm), {}).setdefault(series, []).append(mark)
    return tuple(
        LinesFigure(
            name=f"compare-{workload}-{arm}",
            title=f"{_title(workload, sides)} on {arm}",
            finding=_furthest(of),
            caption=_furthest(of),
            sizes=Axis(label="workers (number)", scale=Scale.COUNT),
            axis=Axis(label="speed-up over the machine's own serial", scale=Scale.RATIO),
            lines=tuple(tuple(sorted(marks, key=lambda mark: mark.x)) for marks in of.values()),
        )
        for (workload, arm), of in lines.items()
        if len({series.arm for series in of}) > 1
    )


def _furthest(lines: Mapping[Series, Sequence[Mark]]) -> str:
    told = []
    for series, marks in lines.items():
        best = max(marks, key=lambda mark: mark.value)
        figure = f"{text.fixed(best.value, 2)}× with {text.count(int(best.x), 'worker')}"
        told.append(f"{series.title}: {figure}")
    return words.sentence(f"furthest over serial – {'; '.join(told)}")


def _times(sides: Sequence[Side]) -> Table:
    serials = [
        {
            row.workload: row
            for row in side.evidence.tables.cells
            if (row.model, row.timing, row.replicate) == ("serial", "warm", 1)
            and row.arm == side.evidence.campaign.reference_arm
        }
        for side in sides
    ]
    works = dict.fromkeys(work for of_side in serials for work in of_side)
    return Table(
        caption="Serial time of a unit of work on the reference arm, by machine",
        columns=(Column(header="Kind of work"), Column(header="Unit"), *_numeric(sides)),
        rows=tuple(
            (
                _title(work, sides),
                _unit(work, sides),
                *(
                    text.time(row.median_ns / (row.tasks * (row.size or 1)))
                    if (row := of_side.get(work)) and row.median_ns is not None and row.tasks
                    else text.MISSING
                    for of_side in serials
                ),
            )
            for work in works
        ),
    )


def _numeric(sides: Sequence[Side]) -> tuple[Column, ...]:
    return tuple(Column(header=text.plain(side.name, 60), numeric=True) for side in sides)
