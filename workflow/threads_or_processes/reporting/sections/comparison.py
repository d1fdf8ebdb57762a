"""Where machines agree and where they differ: recommendations, moves, claims, times and curves."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from threads_or_processes.records.tables.comparisons import ClaimRow
from threads_or_processes.records.vocabulary import ComparisonResult, Family, Use, Verdict
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.comparison_data import ComparedMachines, Machines, work_of
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Block,
    Column,
    Facts,
    Fold,
    Grid,
    Number,
    Own,
    Page,
    Paragraph,
    Section,
    Table,
    table_of,
)
from threads_or_processes.reporting.sections import comparison_curves, same_hardware
from threads_or_processes.reporting.sections.bottom_line import DOWN, LEFT, UP
from threads_or_processes.reporting.sections.claims import (
    STATUSES,
    badge,
    cases_of_claims,
    in_brief,
)
from threads_or_processes.reporting.sections.decision_table import (
    CROSS,
    Decisions,
    HeatCell,
    family_cell,
    move_cell,
    steepest_of,
    use_on,
)
from threads_or_processes.reporting.sections.figure_builders import figure_block
from threads_or_processes.reporting.sections.machine_table import (
    MachineCell,
    MachineTable,
    in_a_sentence,
    machine_table,
)

#: A workload on a build.
OnBuild = tuple[str, str]

#: Claims on which a machine has nothing to say.
NO_VERDICT = {Verdict.NOT_TESTED, Verdict.NOT_COMPARABLE}

#: What a move does; the results that are not here leave it open.
DIRECTIONS: Mapping[ComparisonResult, str] = {
    **dict.fromkeys(UP, "faster"),
    **dict.fromkeys(DOWN, "slower"),
    **dict.fromkeys(LEFT, "no faster"),
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
    campaigns = list(dict.fromkeys(one.campaign.campaign for one in compared.machines.values()))
    named = f", {text.listing(campaigns)}" if campaigns != ["report"] else ""
    title = f"Threads or Processes: {text.count(len(compared.machines), 'machine')} compared{named}"
    return Page(
        title=title,
        document_title=title,
        lead="What holds on all machines, and what depends on the machine.",
        start="decision",
        sections=tuple(_sections(compared)),
    )


def _sections(compared: ComparedMachines) -> Iterator[Section]:
    machines = compared.machines
    decided = {
        name: Decisions(campaign=one.campaign, tables=one.tables) for name, one in machines.items()
    }
    uses, moves = use_table(compared, decided), moves_table(compared, decided)
    yield Section(
        anchor="decision",
        title="What to use",
        nav_title="Recommendations",
        answer=_use_sentence(uses),
        blocks=(_own(uses),) if uses.rows else (),
        script="decision.js",
    )
    if moves.rows:
        yield Section(
            anchor="moves",
            title="Moving to another build",
            nav_title="Moving",
            answer=_move_sentence(moves),
            blocks=(_own(moves),),
            script="decision.js",
        )
    yield from same_hardware.build(compared)
    not_read = "These folders of results could not be read and are left out:"
    yield Section(
        anchor="machines",
        title="Which machines",
        nav_title="Machines",
        blocks=(
            _machines(machines),
            Fold(summary="Their hardware and software", content=(_properties(machines),)),
            *((Paragraph(not_read), Facts(compared.left_out)) if compared.left_out else ()),
        ),
    )
    claims = claims_table(compared)
    if claims.rows:
        yield Section(
            anchor="claims",
            title="Claims tested",
            nav_title="Claims",
            blocks=(_own(claims),),
            script="decision.js",
        )
    if figures := comparison_curves.build(machines):
        yield Section(
            anchor="curves",
            title="Speedup curves of all machines",
            nav_title="Speedup",
            blocks=(
                Paragraph(comparison_curves.reading(machines)),
                Grid(tuple(figure_block(figure, numbers) for figure, numbers in figures)),
            ),
        )
    yield Section(
        anchor="times",
        title="Absolute times",
        nav_title="Times",
        cautions=(
            "times of different machines differ for many reasons that have nothing to do with "
            "threads or processes: clock rates, caches, builds, neighbours. Compare ratios. These "
            "are here so that you know what the ratios are of.",
        ),
        blocks=(_own(times_table(compared)),),
        script="decision.js",
    )


def _own(table: MachineTable) -> Block:
    return Own(template="machines.html", value=table)


def _use_sentence(table: MachineTable) -> str:
    if not table.rows:
        return "No machine has a recommendation."
    return in_a_sentence(table, opening="use", none="no recommendation is the same")


def _move_sentence(table: MachineTable) -> str:
    arms = {row.note for row in table.rows}
    moving = f"moving to {arms.pop()}" if len(arms) == 1 else "moving"
    return in_a_sentence(table, opening=f"{moving} is", none=f"no result of {moving} is the same")


def use_table(compared: ComparedMachines, decided: Mapping[str, Decisions]) -> MachineTable:
    """What to use for each workload on each build, on each machine."""
    places = {
        (workload.label, arm.name): heading
        for decisions in decided.values()
        for heading, workloads in decisions.groups
        for workload in workloads
        for arm in decisions.campaign.decision_arms
    }
    steepest = steepest_of(*decided.values())

    def cell(place: OnBuild, name: str, _: Evidence) -> MachineCell:
        return _use_cell(place, name, decided[name], steepest)

    return machine_table(
        places,
        compared,
        anchor="decision",
        caption="What to use, with its speedup over serial on the reference build of the same "
        "machine (1.00)",
        first="Workload",
        row=partial(_row_of, machines=compared.machines),
        cell=cell,
    )


def _row_of(place: OnBuild, machines: Machines) -> tuple[str, str, str]:
    workload, arm = place
    title = work_of(workload, machines).title
    return title, arm, f"{words.short_title(title)} on {arm}"


def _use_cell(place: OnBuild, name: str, decisions: Decisions, steepest: float) -> MachineCell:
    workload, arm = place
    row = decisions.rows.get(place)
    if workload in decisions.unsafe:
        lost = "Updates were lost: this workload is about correctness, and has no recommendation"
        return MachineCell(
            figure=HeatCell(place=name, shown=CROSS, result="left out", details=(lost,))
        )
    if row is None or row.use is Use.NO_DATA or row.best is None:
        return _unmeasured(name)
    family = Family.SERIAL if row.use is Use.SERIAL else row.best.family
    found = family_cell(decisions.campaign.workloads[workload], arm, family, decisions, steepest)
    return MachineCell(
        figure=replace(
            found,
            place=name,
            is_recommended=False,
            details=(f"On {arm}: {use_on(workload, arm, decisions)}", *found.details),
        ),
        word="inconclusive" if row.use is Use.INCONCLUSIVE else words.use(row.use, row.families),
        says=frozenset(words.recommended(row.use, row.families)),
    )


def _unmeasured(name: str) -> MachineCell:
    return MachineCell(figure=HeatCell(place=name, shown=text.MISSING, result="not measured"))


def moves_table(compared: ComparedMachines, decided: Mapping[str, Decisions]) -> MachineTable:
    """Best against best: what moving to another build does on each machine."""
    places = {
        (workload.label, arm.name): heading
        for decisions in decided.values()
        for heading, workloads in decisions.groups
        for workload in workloads
        for arm in decisions.others
        if (workload.label, arm.name) in decisions.moves
    }
    steepest = steepest_of(*decided.values())

    def cell(place: OnBuild, name: str, _: Evidence) -> MachineCell:
        workload, arm = place
        decisions = decided[name]
        row = decisions.moves.get(place)
        if row is None or workload in decisions.unsafe:
            return _unmeasured(name)
        found = move_cell(decisions.campaign.workloads[workload], arm, decisions, steepest)
        direction = DIRECTIONS.get(row.speedup.reading)
        return MachineCell(
            figure=replace(found, place=name),
            word=found.result.partition(",")[0],
            says=frozenset({direction} if direction else ()),
        )

    arms = {arm for _, arm in places}

    def row(place: OnBuild) -> tuple[str, str, str]:
        title, arm, short = _row_of(place, compared.machines)
        return title, arm, short if len(arms) > 1 else words.short_title(title)

    return machine_table(
        places,
        compared,
        anchor="moves",
        caption="The fastest on the other build against the fastest on the reference build",
        first="Workload and build",
        row=row,
        cell=cell,
    )


def claims_table(compared: ComparedMachines) -> MachineTable:
    """The verdict of each claim that any machine could test."""
    of_machine = {
        name: {
            (cases[0].file, cases[0].claim): cases for cases in cases_of_claims(one.tables.claims)
        }
        for name, one in compared.machines.items()
    }
    tested: dict[tuple[str, str], str] = {}  # to the sentence
    for place in dict.fromkeys(place for claims in of_machine.values() for place in claims):
        found = [claims[place][0] for claims in of_machine.values() if place in claims]
        if any(row.verdict not in NO_VERDICT for row in found):
            tested[place] = text.plain(found[0].sentence, 300)

    def cell(place: tuple[str, str], name: str, evidence: Evidence) -> MachineCell:
        cases = of_machine[name].get(place)
        if cases is None:
            return _unmeasured(name)
        _, icon, word = badge(cases[0].verdict, evidence.campaign)
        brief = "" if cases[0].verdict is Verdict.NOT_TESTED else in_brief(cases, evidence.campaign)
        return MachineCell(
            figure=HeatCell(
                place=name, shown=icon, result=word, details=(word, *((brief,) if brief else ()))
            ),
            word=word,
            says=_verdict(cases),
        )

    return machine_table(
        dict.fromkeys(tested, ""),
        compared,
        anchor="claims",
        caption="Verdict on each claim",
        first="Claim",
        row=lambda place: (tested[place], "", tested[place]),
        cell=cell,
    )


def _verdict(cases: Sequence[ClaimRow]) -> frozenset[str] | None:
    """The verdict; None where the data can't give one, empty where it is open."""
    verdict = cases[0].verdict
    if verdict in NO_VERDICT:
        return None
    return (
        frozenset()
        if verdict is Verdict.INCONCLUSIVE
        else frozenset({STATUSES[verdict][2].lower()})
    )


def times_table(compared: ComparedMachines) -> MachineTable:
    """How long serial takes for a unit of work on the reference build of each machine."""
    machines = compared.machines
    works = dict.fromkeys(
        (
            row.workload
            for one in machines.values()
            for row in one.tables.cells
            if one.tables.serial(row.workload, one.campaign.reference_arm) == row
        ),
        "",
    )

    def cell(work: str, name: str, evidence: Evidence) -> MachineCell:
        row = evidence.tables.serial(work, evidence.campaign.reference_arm)
        if row is None or row.median_ns is None or not row.tasks:
            return _unmeasured(name)
        unit_ns = row.median_ns / (row.tasks * (row.size or 1))
        shown = text.time(unit_ns)
        return MachineCell(figure=HeatCell(place=name, shown=shown, result=shown, ratio=unit_ns))

    def row(work: str) -> tuple[str, str, str]:
        about = work_of(work, machines)
        return about.title, about.unit or "", about.title

    return machine_table(
        works,
        compared,
        anchor="times",
        caption="Serial time of a unit of work on the reference build",
        first="Workload",
        row=row,
        cell=cell,
        has_agreement=False,
    )


def _machines(machines: Machines) -> Table:
    """A row for each machine: when and how often it was measured."""
    return table_of(
        machines.items(),
        (
            Column("Machine", lambda row: row[0]),
            Column("Measured", lambda row: words.when(row[1].trials)),
            Number("Blocks", lambda row: str(row[1].campaign.blocks)),
            Column("Report id", lambda row: text.short_hash(row[1].report_id)),
        ),
        caption="The machines",
    )


def _properties(machines: Machines) -> Table:
    """A row for each machine: what it is."""

    def of(key: str) -> Callable[[tuple[str, Evidence]], str]:
        def shown(row: tuple[str, Evidence]) -> str:
            found = row[1].campaign.machine.fingerprint.get(key)
            return text.MISSING if found in (None, "") else text.plain(str(found))

        return shown

    return table_of(
        machines.items(),
        (
            Column("Machine", lambda row: row[0]),
            *(Column(title, of(key)) for key, title in _PROPERTIES.items()),
        ),
        caption="Hardware and software of the machines",
    )
