"""Where machines agree and where they differ: decisions, claims, speed-ups, and times last."""

from collections.abc import Iterator, Mapping, Sequence

from threads_or_processes.records.tables.comparisons import ClaimRow, DecisionRow
from threads_or_processes.records.vocabulary import ComparisonResult, Family
from threads_or_processes.reporting import comparison_data, words
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.comparison_data import ComparedMachine, ComparedMachines
from threads_or_processes.reporting.figure_spec import Axis, FigureSpec, Kind, Mark, Series, Unit
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
from threads_or_processes.reporting.palette import machine_styles
from threads_or_processes.reporting.sections.claims import STATUSES
from threads_or_processes.reporting.sections.decision_table import status_of
from threads_or_processes.reporting.sections.figure_builders import figure_block, ratio_mark
from threads_or_processes.reporting.sections.scaling import speedup_rows
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


def build(compared: ComparedMachines) -> Page:
    """The page that compares machines."""
    decisions, claims = _decisions(compared.machines), _claims(compared.machines)
    title = f"Threads or Processes: machines compared{_campaign(compared.machines)}"
    return Page(
        title=title,
        document_title=title,
        lead="The same campaign on several machines: what holds on all of them, and what depends "
        "on where it runs.",
        answer=_answer(decisions, claims),
        start="decisions",
        sections=tuple(_sections(compared, decisions, claims)),
    )


def _sections(compared: ComparedMachines, decisions: Table, claims: Table) -> Iterator[Section]:
    left_out = tuple(Fact(term=one.folder, text=one.reason) for one in compared.left_out)
    not_read = "These folders of results could not be read and are left out:"
    yield Section(
        anchor="machines",
        title="Which machines",
        nav_title="Machines",
        blocks=(
            _machines(compared.machines),
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
    if figures := curves(compared):
        yield Section(
            anchor="curves",
            title="Speed-up curves over each other",
            nav_title="Speed-up",
            blocks=(
                Paragraph(
                    "Each machine against its own serial on the reference arm. Colour tells the "
                    "model, line and marker the machine."
                ),
                Grid(tuple(figure_block(figure) for figure in figures)),
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
        blocks=(_times(compared.machines),),
    )


def _campaign(machines: Sequence[ComparedMachine]) -> str:
    """The campaign, unless it is the default one."""
    names = dict.fromkeys(machine.evidence.campaign.name for machine in machines)
    return f", {text.listing(list(names))}" if list(names) != ["report"] else ""


def _answer(decisions: Table, claims: Table) -> str:
    """How many decisions and verdicts are the same everywhere."""
    parts = []
    for name, table in (("decisions", decisions), ("verdicts", claims)):
        found = [row[-1] for row in table.rows]
        counted = [
            f"{text.fixed(found.count(word), 0)} {meaning}"
            for word, meaning in _MEANINGS.items()
            if word in found
        ]
        if counted:
            parts.append(
                f"of {text.count(len(found), name.removesuffix('s'))}, {text.listing(counted)}"
            )
    return words.sentence("; ".join(parts)) if parts else "There is nothing to compare."


def agreement(found: Sequence[frozenset[str] | None]) -> str:
    """Whether machines say the same: what each would use, empty if open, None if not measured."""
    known = [one for one in found if one is not None]
    if len(known) < 2:
        return ALONE if known else NOWHERE
    if not all(known):
        return OPEN
    return AGREE if frozenset.intersection(*known) else DIFFER


def _machines(machines: Sequence[ComparedMachine]) -> Table:
    def of(machine: ComparedMachine, key: str) -> str:
        value = machine.evidence.campaign.machine.fingerprint.get(key)
        return text.MISSING if value in (None, "") else text.plain(str(value))

    return Table(
        caption="The machines",
        columns=(Column(header="Property"), *_per_machine(machines)),
        rows=(
            *(
                (title, *(of(machine, key) for machine in machines))
                for key, title in _PROPERTIES.items()
            ),
            ("Measured", *(words.when(machine.evidence.trials) for machine in machines)),
            ("Blocks", *(str(machine.evidence.campaign.blocks) for machine in machines)),
            ("Report id", *(text.short_hash(machine.evidence.report_id) for machine in machines)),
        ),
    )


def _per_machine(machines: Sequence[ComparedMachine]) -> tuple[Column, ...]:
    return tuple(Column(header=text.plain(machine.name, 60)) for machine in machines)


def _decisions(machines: Sequence[ComparedMachine]) -> Table:
    of_machine = [
        {(row.workload, row.arm): row for row in machine.evidence.tables.decisions}
        for machine in machines
    ]
    arms = [{arm.name for arm in machine.evidence.campaign.decision_arms} for machine in machines]
    places = dict.fromkeys(
        place
        for rows, names in zip(of_machine, arms, strict=True)
        for place in rows
        if place[1] in names
    )
    return Table(
        caption="What to use: the best way and its speed-up over serial on the same arm",
        columns=(
            Column(header="Kind of work"),
            Column(header="Arm"),
            *_per_machine(machines),
            Column(header="Machines"),
        ),
        rows=tuple(
            (
                _title(workload, machines),
                arm,
                *(
                    _decision_text(rows.get((workload, arm)), machine)
                    for rows, machine in zip(of_machine, machines, strict=True)
                ),
                agreement(
                    [
                        _families_to_use(rows.get((workload, arm)), machine)
                        for rows, machine in zip(of_machine, machines, strict=True)
                    ]
                ),
            )
            for workload, arm in places
        ),
        row_headers=2,
    )


def _title(workload: str, machines: Sequence[ComparedMachine]) -> str:
    return next(
        machine.evidence.campaign.title(workload)
        for machine in machines
        if workload in machine.evidence.campaign.workloads
    )


def _unit(workload: str, machines: Sequence[ComparedMachine]) -> str:
    """What one piece of the work is; sizes differ from machine to machine, a unit does not."""
    return next(
        known.unit or text.MISSING
        for machine in machines
        if (known := machine.evidence.campaign.workloads.get(workload)) is not None
    )


def _status(row: DecisionRow, machine: ComparedMachine) -> Status:
    tables, place = machine.evidence.tables, (row.workload, row.arm)
    return status_of(row, tables.families_of(*place), tables.failing(*place))


def _families_to_use(row: DecisionRow | None, machine: ComparedMachine) -> frozenset[str] | None:
    """The families to use; none where that is open, None where nothing was measured."""
    if row is None or row.best is None or _status(row, machine) is Status.NO_DATA:
        return None
    status = _status(row, machine)
    if status is Status.NO_GAIN:
        return frozenset({str(Family.SERIAL)})
    rival = row.advantage.reading if row.advantage is not None else ComparisonResult.FASTER
    if status is Status.OPEN or rival is ComparisonResult.UNRESOLVED:
        return frozenset()
    if rival is ComparisonResult.EQUAL and row.runner_up is not None:
        return frozenset({row.best.family, row.runner_up.family})
    return frozenset({row.best.family})


def _decision_text(row: DecisionRow | None, machine: ComparedMachine) -> str:
    if row is None:
        return text.MISSING
    status = _status(row, machine)
    if status is Status.NO_DATA or row.best is None:
        return STATUS_WORDS[status]
    is_serial = row.best.family == Family.SERIAL
    way = words.choice(row.best.family, None if is_serial else row.best.workers)
    undecided = (ComparisonResult.EQUAL, ComparisonResult.UNRESOLVED)
    if row.runner_up and row.advantage and row.advantage.reading in undecided:
        way += f" or {row.runner_up.family}"
    told = f"{STATUS_ICONS[status]} {STATUS_WORDS[status]}: {way}"
    if row.own_speedup is None or is_serial:
        return told
    return f"{told}, {words.compared_briefly(row.own_speedup)}"


def _claims(machines: Sequence[ComparedMachine]) -> Table:
    of_machine = [
        {(row.file, row.claim): row for row in machine.evidence.tables.claims}
        for machine in machines
    ]
    places = dict.fromkeys(place for rows in of_machine for place in rows)

    def verdict(row: ClaimRow | None) -> frozenset[str] | None:
        """None where it was not tested, empty where it is open."""
        if row is None or row.verdict == "not_tested":
            return None
        return frozenset() if row.verdict == "inconclusive" else frozenset({row.verdict})

    def claim_text(row: ClaimRow | None) -> str:
        if row is None:
            return text.MISSING
        _, icon, word = STATUSES[row.verdict]
        figures = words.compared_briefly(row.estimate) if row.estimate else ""
        return f"{icon} {word}{': ' if figures else ''}{figures}"

    return Table(
        caption="What was claimed, by machine: verdict and ratio",
        columns=(Column(header="Sentence"), *_per_machine(machines), Column(header="Machines")),
        rows=tuple(
            (
                text.plain(next(rows[place] for rows in of_machine if place in rows).sentence, 300),
                *(claim_text(rows.get(place)) for rows in of_machine),
                agreement([verdict(rows.get(place)) for rows in of_machine]),
            )
            for place in places
            if any(place in rows and rows[place].verdict != "not_tested" for rows in of_machine)
        ),
    )


def curves(compared: ComparedMachines) -> tuple[FigureSpec, ...]:
    """Speed-up over the machine's own serial, one figure for each work and arm, machines over it.

    A series is a machine (as its `arm`, which has the line) with a model (which has the colour).
    """
    lines: dict[tuple[str, str], dict[Series, list[Mark]]] = {}
    for machine in compared.machines:
        campaign = machine.evidence.campaign
        for row, ratio in speedup_rows(campaign, machine.evidence.tables):
            title = f"{campaign.model_title(row.model)}, {text.plain(machine.name, 40)}"
            series = Series(title=title, model=row.model, arm=machine.name)
            mark = ratio_mark(ratio, series, row.workers)
            lines.setdefault((row.workload, row.arm), {}).setdefault(series, []).append(mark)
    return tuple(
        _curves(workload, arm, of, compared)
        for (workload, arm), of in lines.items()
        if len({series.arm for series in of}) > 1
    )


def _curves(
    workload: str, arm: str, lines: Mapping[Series, Sequence[Mark]], compared: ComparedMachines
) -> FigureSpec:
    marks = tuple(
        mark for of in lines.values() for mark in sorted(of, key=lambda mark: mark.position)
    )
    furthest = _furthest(lines)
    return FigureSpec(
        name=f"compare-{workload}-{arm}",
        kind=Kind.LINES,
        title=f"{_title(workload, compared.machines)} on {arm}",
        finding=furthest,
        caption=furthest,
        positions=Axis(label="workers (number)", unit=Unit.COUNT),
        values=Axis(label="speed-up over the machine's own serial", unit=Unit.RATIO),
        styles=machine_styles(
            marks, comparison_data.models(compared), [machine.name for machine in compared.machines]
        ),
        marks=marks,
    )


def _furthest(lines: Mapping[Series, Sequence[Mark]]) -> str:
    parts = []
    for series, marks in lines.items():
        best = max(marks, key=lambda mark: mark.value)
        figure = f"{text.fixed(best.value, 2)}× with {text.count(int(best.position), 'worker')}"
        parts.append(f"{series.title}: {figure}")
    return words.sentence(f"furthest over serial – {'; '.join(parts)}")


def _times(machines: Sequence[ComparedMachine]) -> Table:
    serials = [
        {
            row.workload: row
            for row in machine.evidence.tables.cells
            if (row.model, row.timing, row.replicate) == ("serial", "warm", 1)
            and row.arm == machine.evidence.campaign.reference_arm
        }
        for machine in machines
    ]
    works = dict.fromkeys(work for of_machine in serials for work in of_machine)
    return Table(
        caption="Serial time of a unit of work on the reference arm, by machine",
        columns=(Column(header="Kind of work"), Column(header="Unit"), *_numeric(machines)),
        rows=tuple(
            (
                _title(work, machines),
                _unit(work, machines),
                *(
                    text.time(row.median_ns / (row.tasks * (row.size or 1)))
                    if (row := of_machine.get(work)) and row.median_ns is not None and row.tasks
                    else text.MISSING
                    for of_machine in serials
                ),
            )
            for work in works
        ),
    )


def _numeric(machines: Sequence[ComparedMachine]) -> tuple[Column, ...]:
    return tuple(Column(header=text.plain(machine.name, 60), numeric=True) for machine in machines)
