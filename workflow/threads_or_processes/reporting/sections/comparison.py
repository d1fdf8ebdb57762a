"""Where machines agree and where they differ: decisions, claims, speed-ups, and times last."""

from collections.abc import Callable, Iterator, Sequence

from threads_or_processes.records.tables.comparisons import ClaimRow, DecisionRow
from threads_or_processes.records.vocabulary import Family, Use, Verdict
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.comparison_data import ComparedMachines, Machines, work_of
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Column,
    Facts,
    Grid,
    Number,
    Page,
    Paragraph,
    Row,
    Section,
    Table,
    table_of,
)
from threads_or_processes.reporting.sections import comparison_curves
from threads_or_processes.reporting.sections.claims import STATUSES
from threads_or_processes.reporting.sections.decision_table import status_of
from threads_or_processes.reporting.sections.figure_builders import figure_block
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
    campaigns = list(dict.fromkeys(one.campaign.campaign for one in compared.machines.values()))
    named = f", {text.listing(campaigns)}" if campaigns != ["report"] else ""
    title = f"Threads or Processes: machines compared{named}"
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
    not_read = "These folders of results could not be read and are left out:"
    yield Section(
        anchor="machines",
        title="Which machines",
        nav_title="Machines",
        blocks=(
            _machines(compared.machines),
            *((Paragraph(not_read), Facts(compared.left_out)) if compared.left_out else ()),
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
    if figures := comparison_curves.build(compared.machines):
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


def _columns(
    machines: Machines,
    show: Callable[[Row, Evidence], str],
    column: type[Column[Row]] = Column,
) -> tuple[Column[Row], ...]:
    """What a row has to say of each machine, side by side."""

    def of_machine(name: str, evidence: Evidence) -> Column[Row]:
        return column(text.plain(name, 60), lambda row: show(row, evidence))

    return tuple(of_machine(name, evidence) for name, evidence in machines.items())


def _machines(machines: Machines) -> Table:
    def value(key: str, evidence: Evidence) -> str:
        found = evidence.campaign.machine.fingerprint.get(key)
        return text.MISSING if found in (None, "") else text.plain(str(found))

    measured: dict[str, Callable[[Evidence], str]] = {
        "Measured": lambda evidence: words.when(evidence.trials),
        "Blocks": lambda evidence: str(evidence.campaign.blocks),
        "Report id": lambda evidence: text.short_hash(evidence.report_id),
    }
    return table_of(
        (*_PROPERTIES, *measured),
        (
            Column("Property", lambda key: _PROPERTIES.get(key, key)),
            *_columns(
                machines,
                lambda key, one: measured[key](one) if key in measured else value(key, one),
            ),
        ),
        caption="The machines",
    )


def _decisions(machines: Machines) -> Table:
    places = dict.fromkeys(
        (row.workload, row.arm)
        for evidence in machines.values()
        for row in evidence.tables.decisions
        if row.arm in {arm.name for arm in evidence.campaign.decision_arms}
    )

    def of(place: tuple[str, str], evidence: Evidence) -> DecisionRow | None:
        rows = evidence.tables.decisions
        return next((row for row in rows if (row.workload, row.arm) == place), None)

    return table_of(
        places,
        (
            Column("Kind of work", lambda place: work_of(place[0], machines).title),
            Column("Arm", lambda place: place[1]),
            *_columns(machines, lambda place, one: _decision_text(of(place, one), one)),
            Column(
                "Machines",
                lambda place: agreement(
                    [_families_to_use(of(place, one), one) for one in machines.values()]
                ),
            ),
        ),
        caption="What to use: the best way and its speed-up over serial on the same arm",
        row_headers=2,
    )


def _status(row: DecisionRow, evidence: Evidence) -> Status:
    tables, place = evidence.tables, (row.workload, row.arm)
    return status_of(row, tables.families_of(*place), tables.failing(*place))


def _families_to_use(row: DecisionRow | None, evidence: Evidence) -> frozenset[str] | None:
    """The families to use; none where that is open, None where nothing was measured."""
    if row is None or row.best is None or _status(row, evidence) is Status.NO_DATA:
        return None
    return frozenset() if row.use is Use.INCONCLUSIVE else frozenset(row.families)


def _decision_text(row: DecisionRow | None, evidence: Evidence) -> str:
    if row is None:
        return text.MISSING
    status = _status(row, evidence)
    if status is Status.NO_DATA or row.best is None:
        return STATUS_WORDS[status]
    is_serial = row.best.family == Family.SERIAL
    way = words.choice(row.best.family, None if is_serial else row.best.workers)
    others = [family for family in row.families if family != row.best.family]
    way = " or ".join([way, *others])
    told = f"{STATUS_ICONS[status]} {STATUS_WORDS[status]}: {way}"
    if row.own_speedup is None or is_serial:
        return told
    return f"{told}, {words.compared_briefly(row.own_speedup)}"


def _claims(machines: Machines) -> Table:
    of_machine = {
        one.report_id: {(row.file, row.claim): row for row in one.tables.claims}
        for one in machines.values()
    }
    tested: dict[tuple[str, str], str] = {}  # to the sentence
    for place in dict.fromkeys(place for rows in of_machine.values() for place in rows):
        found = [rows[place] for rows in of_machine.values() if place in rows]
        if any(row.verdict is not Verdict.NOT_TESTED for row in found):
            tested[place] = text.plain(found[0].sentence, 300)

    def claim_text(place: tuple[str, str], evidence: Evidence) -> str:
        row = of_machine[evidence.report_id].get(place)
        if row is None:
            return text.MISSING
        _, icon, word = STATUSES[row.verdict]
        return f"{icon} {word}" + (f": {words.figures(row.estimate)}" if row.estimate else "")

    return table_of(
        tested,
        (
            Column("Sentence", tested.__getitem__),
            *_columns(machines, claim_text),
            Column(
                "Machines",
                lambda place: agreement(
                    [_verdict(rows.get(place)) for rows in of_machine.values()]
                ),
            ),
        ),
        caption="What was claimed, by machine: verdict and ratio",
    )


def _verdict(row: ClaimRow | None) -> frozenset[str] | None:
    """None where it was not tested, empty where it is open."""
    if row is None or row.verdict is Verdict.NOT_TESTED:
        return None
    return frozenset() if row.verdict is Verdict.INCONCLUSIVE else frozenset({row.verdict})


def _times(machines: Machines) -> Table:
    works = dict.fromkeys(
        row.workload
        for one in machines.values()
        for row in one.tables.cells
        if one.tables.serial(row.workload, one.campaign.reference_arm) == row
    )

    def unit_time(work: str, evidence: Evidence) -> str:
        row = evidence.tables.serial(work, evidence.campaign.reference_arm)
        if row is None or row.median_ns is None or not row.tasks:
            return text.MISSING
        return text.time(row.median_ns / (row.tasks * (row.size or 1)))

    return table_of(
        works,
        (
            Column("Kind of work", lambda work: work_of(work, machines).title),
            Column("Unit", lambda work: work_of(work, machines).unit or text.MISSING),
            *_columns(machines, unit_time, Number),
        ),
        caption="Serial time of a unit of work on the reference arm, by machine",
    )
