"""Where machines agree and where they differ: recommendations, claims, speedups, and times last."""

from collections.abc import Callable, Iterator, Sequence

from threads_or_processes.records.tables.comparisons import ClaimRow, DecisionRow
from threads_or_processes.records.tables.groups import Ratio
from threads_or_processes.records.vocabulary import ComparisonResult, Use, Verdict
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
from threads_or_processes.reporting.sections.claims import badge, cases_of_claims, in_brief
from threads_or_processes.reporting.sections.decision_table import Decisions, use_on
from threads_or_processes.reporting.sections.figure_builders import figure_block

AGREE, DIFFER, OPEN = "agree", "differ", "inconclusive"
ALONE, NOWHERE = "one machine only", "not measured"
_MEANINGS = {
    AGREE: "the same wherever measured",
    DIFFER: "not the same",
    OPEN: "inconclusive",
    ALONE: "known of one machine only",
    NOWHERE: "measured nowhere",
}

#: Claims on which a machine has nothing to say.
NO_VERDICT = {Verdict.NOT_TESTED, Verdict.NOT_COMPARABLE}

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
    moves = _moves(compared.machines)
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
        nav_title="Recommendations",
        blocks=(
            Paragraph(
                "Machines agree when one way (serial, threads, processes …) is recommended on all "
                "of them. What is inconclusive on one of them is inconclusive here."
            ),
            decisions if decisions.rows else Paragraph("No machine has a recommendation."),
            *((moves,) if moves.rows else ()),
        ),
    )
    if claims.rows:
        yield Section(anchor="claims", title="Claims tested", nav_title="Claims", blocks=(claims,))
    if figures := comparison_curves.build(compared.machines):
        yield Section(
            anchor="curves",
            title="Speedup curves of all machines",
            nav_title="Speedup",
            blocks=(
                Paragraph(
                    "Each machine against its own serial on the reference build. Colour tells the "
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
    for name, table in (("recommendations", decisions), ("verdicts", claims)):
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
            Column("Workload", lambda place: work_of(place[0], machines).title),
            Column("Build", lambda place: place[1]),
            *_columns(machines, _decision_text),
            Column(
                "Machines",
                lambda place: agreement(
                    [_families_to_use(of(place, one)) for one in machines.values()]
                ),
            ),
        ),
        caption="What to use, with the speedup of the fastest way over serial on the same build",
        row_headers=2,
    )


def _families_to_use(row: DecisionRow | None) -> frozenset[str] | None:
    """The families to use; none where that is open, None where nothing was measured."""
    if row is None or row.use is Use.NO_DATA:
        return None
    return frozenset(words.recommended(row.use, row.families))


def _decision_text(place: tuple[str, str], evidence: Evidence) -> str:
    decisions = Decisions(campaign=evidence.campaign, tables=evidence.tables)
    row = decisions.rows.get(place)
    if row is None:
        return text.MISSING
    told = use_on(*place, decisions)
    if row.use is not Use.PARALLEL or row.own_speedup is None:
        return told
    return f"{told}: {words.compared_briefly(row.own_speedup)}"


def _moves(machines: Machines) -> Table:
    """Best against best: what moving to another build does on each machine."""
    of_machine = {
        one.report_id: {(row.workload, row.arm): row.speedup for row in one.tables.moves}
        for one in machines.values()
    }
    places = dict.fromkeys(
        place
        for evidence in machines.values()
        for place in of_machine[evidence.report_id]
        if place[1] in {arm.name for arm in evidence.campaign.decision_arms}
    )

    def shown(place: tuple[str, str], evidence: Evidence) -> str:
        ratio = of_machine[evidence.report_id].get(place)
        if ratio is None:
            return text.MISSING
        symbol, result = words.RESULT_SYMBOLS[ratio.reading], words.RESULTS[ratio.reading]
        return f"{symbol} {words.figures(ratio)} {result}"

    def direction(ratio: Ratio | None) -> frozenset[str] | None:
        if ratio is None:
            return None
        is_open = ratio.reading is ComparisonResult.INCONCLUSIVE
        return frozenset() if is_open else frozenset({ratio.reading})

    return table_of(
        places,
        (
            Column("Workload", lambda place: work_of(place[0], machines).title),
            Column("Move to", lambda place: place[1]),
            *_columns(machines, shown),
            Column(
                "Machines",
                lambda place: agreement(
                    [direction(rows.get(place)) for rows in of_machine.values()]
                ),
            ),
        ),
        caption="Best way on another build against the best way on the reference build",
        row_headers=2,
    )


def _claims(machines: Machines) -> Table:
    of_machine = {
        one.report_id: {
            (cases[0].file, cases[0].claim): cases for cases in cases_of_claims(one.tables.claims)
        }
        for one in machines.values()
    }
    tested: dict[tuple[str, str], str] = {}  # to the sentence
    for place in dict.fromkeys(place for claims in of_machine.values() for place in claims):
        found = [claims[place][0] for claims in of_machine.values() if place in claims]
        if any(row.verdict not in NO_VERDICT for row in found):
            tested[place] = text.plain(found[0].sentence, 300)

    def claim_text(place: tuple[str, str], evidence: Evidence) -> str:
        cases = of_machine[evidence.report_id].get(place)
        if cases is None:
            return text.MISSING
        _, icon, word = badge(cases[0].verdict, evidence.campaign)
        if cases[0].verdict is Verdict.NOT_TESTED:
            return f"{icon} {word}"
        return f"{icon} {word}: {in_brief(cases, evidence.campaign)}"

    return table_of(
        tested,
        (
            Column("Sentence", tested.__getitem__),
            *_columns(machines, claim_text),
            Column(
                "Machines",
                lambda place: agreement(
                    [_verdict(claims.get(place)) for claims in of_machine.values()]
                ),
            ),
        ),
        caption="Claims by machine: verdict and ratio",
    )


def _verdict(cases: Sequence[ClaimRow] | None) -> frozenset[str] | None:
    """The verdict; None where the data can't give one, empty where it is open."""
    if not cases or cases[0].verdict in NO_VERDICT:
        return None
    verdict = cases[0].verdict
    return frozenset() if verdict is Verdict.INCONCLUSIVE else frozenset({verdict})


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
            Column("Workload", lambda work: work_of(work, machines).title),
            Column("Unit", lambda work: work_of(work, machines).unit or text.MISSING),
            *_columns(machines, unit_time, Number),
        ),
        caption="Serial time of a unit of work on the reference build, by machine",
    )
