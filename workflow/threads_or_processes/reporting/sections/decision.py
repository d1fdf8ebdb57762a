"""The first screen: the bottom line, what limits it and how sure it is, and the heat-table."""

from collections.abc import Iterator, Sequence

from threads_or_processes.common.phrases import limits_of_budget
from threads_or_processes.records.tables.measured import LEFT_OUT
from threads_or_processes.records.vocabulary import (
    CellFlag,
    ComparisonResult,
    Family,
    Pays,
    Timing,
    Use,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Model
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.limits import told as told_limit
from threads_or_processes.reporting.page import (
    Block,
    Fold,
    Link,
    Own,
    Paragraph,
    Section,
    Strong,
    Words,
    filled,
)
from threads_or_processes.reporting.sections import before_after, experiments, glossary, quality
from threads_or_processes.reporting.sections.bottom_line import MOST_NAMES, bottom_line
from threads_or_processes.reporting.sections.decision_table import Decisions, heat_table, numbers
from threads_or_processes.reporting.sections.question import nearest_to_cpus

MOST_DIFFERENT = "workloads with the largest differences"
MOST_IN_LINE = 12
MORE_LIMITS = Link(text="More limits", address="#threats")
MORE_QUALITY = Link(text="Data quality", address="#quality")
MORE_LEFT_OUT = Link(text="Where trials were left out", address=f"#{quality.WITHOUT_TIMES}")


def build(evidence: Evidence) -> Iterator[Section]:
    """The recommendations of a campaign, with the cautions that change them."""
    decisions = Decisions(campaign=evidence.campaign, tables=evidence.tables)
    yield Section(
        anchor="decision",
        title="What to use",
        nav_title="Recommendations",
        cautions=_cautions(evidence),
        answer=_answer(evidence, decisions),
        blocks=_blocks(evidence, decisions) if decisions.workloads else (),
        script="decision.js" if decisions.workloads else "",
    )


def _blocks(evidence: Evidence, decisions: Decisions) -> tuple[Block, ...]:
    table = heat_table(decisions)
    return filled(
        *_line("Limits", limits(evidence, decisions), MORE_LIMITS),
        *_line("How sure", _confidence(decisions), MORE_QUALITY),
        *_line("Safety", safety(decisions)),
        *_line("Startup", startup(decisions)),
        Own(template="decisions.html", value=table),
        *told_limit(len(table.rows), len(decisions.workloads), MOST_DIFFERENT, "families"),
        Fold(summary="All numbers of this table", content=numbers(decisions)),
    )


def _line(term: str, told: str, *more: Link) -> tuple[Paragraph, ...]:
    """A line that its first word names; nothing where there is nothing to tell."""
    if not told:
        return ()
    linked = glossary.linked(
        told, batch="Batch", blocks="Block", intervals="Interval", disturbed="Undisturbed"
    )
    links = (part for link in more for part in (" ", link))
    return (Paragraph((Strong(text=f"{term}:"), " ", *linked, *links), style="scope"),)


def _answer(evidence: Evidence, decisions: Decisions) -> Words:
    """What changed since a baseline, for whoever names one; then what to use."""
    told = " ".join(_bottom_line(decisions))
    since = evidence.baseline
    changed = before_after.in_brief(since) if since else ()
    return (*changed, " ", told) if changed else told


def _bottom_line(decisions: Decisions) -> tuple[str, ...]:
    """For the workloads of the first group, on all builds."""
    titles = {workload.label: workload.title for workload in decisions.main}
    shown = {workload.label: workload.title for workload in decisions.workloads}
    return bottom_line(
        decisions.tables.moves,
        decisions.tables.decisions,
        titles=titles,
        reference=decisions.campaign.reference_arm,
        others=[arm.name for arm in decisions.others],
        noun="main workload" if len(decisions.groups) > 1 else "workload",
        more={label: title for label, title in shown.items() if label not in titles},
    )


def limits(evidence: Evidence, decisions: Decisions) -> str:
    """What the answers are about: amount of work, pools, workers, library, blocks, intervals."""
    shown = {workload.label for workload in decisions.workloads}
    amounts_ns = [
        row.work_ns
        for row in decisions.tables.decisions
        if row.workload in shown and row.work_ns is not None
    ]
    work = "a batch of one amount of work"
    if amounts_ns:
        ends = dict.fromkeys(text.about(end) for end in (min(amounts_ns), max(amounts_ns)))
        work = f"a batch of {' to '.join(ends)}"
    told = [f"{work}, on running pools", _workers(decisions)]
    if len(decisions.workloads) > 1:
        told.insert(1, "each workload ran alone")
    if library := _library(decisions):
        told.append(library)
    told += _intervals(evidence)
    if evidence.plain_arms:
        told.append("plain builds")
    return " ".join(words.sentence(one) for one in told)


def _intervals(evidence: Evidence) -> Iterator[str]:
    """From how many blocks intervals are, what they cover, and how many have too few for one."""
    campaign = evidence.campaign
    timed = [row.ok for row in evidence.tables.cells if row.timing is Timing.WARM]
    enough = [ok for ok in timed if ok > 1]
    if not enough:
        yield text.count(max(timed, default=campaign.blocks), "block")
        return
    blocks = f"{text.between(min(enough), max(enough))}{text.SPACE}blocks"
    covered = words.covered(campaign, len(evidence.tables.sessions))
    binaries = " and these binaries" if campaign.compilations < 2 else ""
    level = text.percent(campaign.confidence)
    yield f"{level} intervals from {blocks} cover {covered}{binaries}"
    if few := len(timed) - len(enough):
        some = text.part(few, len(timed), "configuration", "have")
        yield f"{some} no interval: it needs two blocks"


def _workers(decisions: Decisions) -> str:
    """The worker counts tried: `workers tried: 1, 2 and 4 for “Sleep”; else only 2`."""
    campaign = decisions.campaign
    tried: dict[str, set[int]] = {workload.label: set() for workload in decisions.workloads}
    for cell in campaign.cells:
        is_parallel = campaign.models[cell.model].family is not Family.SERIAL
        if is_parallel and cell.timing is Timing.WARM and cell.workload in tried:
            tried[cell.workload].add(cell.workers)
    groups: dict[tuple[int, ...], list[str]] = {}
    for workload in decisions.workloads:
        counts = tuple(sorted(tried[workload.label]))
        groups.setdefault(counts, []).append(words.short_title(workload.title))
    (most, _), *others = sorted(groups.items(), key=lambda item: -len(item[1]))

    def listed(counts: Sequence[int]) -> str:
        return text.listing([str(count) for count in counts]) or "none"

    some = [f"{listed(counts)} for {_several(titles)}" for counts, titles in others]
    rest = f"{'else ' if some else ''}{'only ' if len(most) == 1 else ''}{listed(most)}"
    return f"workers tried: {'; '.join([*some, rest])}"


def _several(titles: Sequence[str]) -> str:
    """A few workloads by name, more by number."""
    if len(titles) <= MOST_NAMES:
        return text.listing([text.quoted(title) for title in titles])
    return text.count(len(titles), "workload")


def _library(decisions: Decisions) -> str:
    """What the pools of processes are, and how they start; empty where there is none."""
    campaign = decisions.campaign
    shown = {workload.label for workload in decisions.workloads}
    models = {
        cell.model
        for cell in campaign.cells
        if cell.workload in shown and cell.timing is Timing.WARM
    }
    starts = [
        model.start_method
        for name, model in campaign.models.items()
        if name in models and model.family is Family.PROCESSES and model.leads_family
    ]
    if not starts:
        return ""
    told = f"processes: multiprocess with dill ({text.listing(starts, 'or')})"
    builds = {arm.name for arm in campaign.decision_arms}
    other_pools = {
        row.workload
        for row in decisions.tables.families
        if row.arm in builds and not campaign.models[row.model].leads_family
    }
    titles = [
        words.short_title(workload.title)
        for workload in decisions.workloads
        if workload.label in other_pools
    ]
    return f"{told}; the fastest of several for {_several(titles)}" if titles else told


def safety(decisions: Decisions) -> str:
    """Workloads that lost updates, and on which builds; empty where none did."""
    campaign = decisions.campaign
    told = []
    for workload in campaign.workloads.values():
        if workload.label not in decisions.unsafe:
            continue
        lost: dict[str, float] = {}
        for row in decisions.tables.updates:
            if row.workload == workload.label and row.model != Family.SERIAL:
                lost[row.arm] = max(lost.get(row.arm, 0.0), row.lost_ratio or 0.0)
        builds = [arm.name for arm in campaign.decision_arms if arm.name in lost]
        if any(lost[arm] for arm in builds):
            shares = [
                f"{text.percent(lost[arm])} of all on {arm}" if lost[arm] else f"none seen on {arm}"
                for arm in builds
            ]
            told.append(f"{workload.title}: threads lost updates ({', '.join(shares)}).")
    if len(told) > MOST_IN_LINE:
        more = text.count(len(told) - MOST_IN_LINE, "more workload")
        told[MOST_IN_LINE:] = [f"So they did in {more} (tables/updates.csv)."]
    return " ".join(told)


def startup(decisions: Decisions) -> str:
    """How long pools take until their first result, and from how much work a started one pays."""
    campaign = decisions.campaign
    cells = [
        cell
        for name in experiments.OF_WORKERS
        for cell in campaign.cells_of(campaign.experiment(name))
        if campaign.models[cell.model].leads_family
    ]
    first_ns = {
        row.cell: row.first_result.value
        for row in decisions.tables.startup
        if row.first_result.value is not None
    }
    started = [cell for cell in cells if cell.id in first_ns]
    told = []
    if started:
        workers = nearest_to_cpus(started, campaign)
        shown = {cell.id for cell in started if cell.workers == workers}
        ever = [
            row.first_ever.value / first_ns[row.cell]
            for row in decisions.tables.startup
            if row.cell in shown and row.first_ever.value
        ]
        for arm in campaign.decision_arms:
            times = [
                f"{_pool(campaign.models[cell.model])} {text.time(first_ns[cell.id])}"
                for cell in started
                if (cell.workers, cell.arm) == (workers, arm.name)
            ]
            if times:
                more = [text.ELLIPSIS] if len(times) > MOST_IN_LINE else []
                told.append(f"on {arm.name}: {', '.join([*times[:MOST_IN_LINE], *more])}")
        pool = f"first result of {text.count(workers, 'new worker')}"
        told = [f"{pool} {'; '.join(told)}"] if told else []
        if told and ever:
            ends = dict.fromkeys(text.fixed(end(ever), 1) for end in (min, max))
            told.append(f"the first ever takes {' to '.join(ends)} times as long")
    if pays := _pays(decisions):
        told.append(pays)
    return " ".join(words.sentence(one) for one in told)


def _pool(model: Model) -> str:
    """A pool in a word: how its processes start, or what it is."""
    return model.start_method if model.family is Family.PROCESSES else model.family


def _pays(decisions: Decisions) -> str:
    """From how much work the recommended ways pay once they are up; empty where not measured.

    The upper end of the interval: the best estimate may be far below anything that was measured.
    """
    main = {workload.label for workload in decisions.main}
    found = [
        (latest_ns, amount.work_ns or 0.0)
        for row in decisions.tables.decisions
        if row.workload in main
        and row.best is not None
        and (line := decisions.tables.overhead(row.best.cell)) is not None
        and line.pays is Pays.FROM
        and (latest_ns := line.break_even.high or line.break_even.value) is not None
        and (amount := decisions.tables.at_amount(line.cell, line.least_amount)) is not None
    ]
    if not found:
        return ""
    work_ns, measured_ns = zip(*found, strict=True)
    least, most = (text.about(end(work_ns)) for end in (min, max))
    span = least if least == most else f"{least} (best) to {most} (worst)"
    smallest = text.about(min(measured_ns))
    beyond = f", extrapolated from {smallest} and more" if max(work_ns) < min(measured_ns) else ""
    return f"once up, recommended workers pay at the latest from a batch of {span}{beyond}"


def _cautions(evidence: Evidence) -> tuple[Words, ...]:
    """What changes a decision, or leaves it without data."""
    campaign = evidence.campaign
    trials = [row.ok for row in evidence.tables.cells if row.timing is Timing.WARM and row.ok]
    cautions: list[Words] = []
    if few := words.block_caution(max(trials, default=campaign.blocks)):
        cautions.append((few, *words.more_blocks(evidence, " For narrower intervals, add ")))
    if plain := evidence.plain_arms:
        cautions.append(
            (
                f"Plain builds ({text.listing(plain)}): optimised ones have other ratios. Before "
                "you decide to move, add ",
                words.option("interpreters={build: optimised}"),
                " to the command and measure again.",
            )
        )
    if evidence.parity["verdict"] == "mismatch":
        cautions.append("The builds differ in more than the GIL: see “Machine and interpreters”.")
    if not any(arm.free_threaded for arm in campaign.decision_arms):
        cautions.append("The free-threaded build was not measured without its GIL.")
    if budget := campaign.config.get("budget"):
        no_time = evidence.tables.ended[LEFT_OUT]
        cells = {row.cell for row in evidence.tables.failures if row.outcome == LEFT_OUT}
        told = limits_of_budget(
            text.plain(budget),
            no_time,
            [text.plain(one) for one in campaign.left_out],
            places=[text.plain(one) for one in campaign.places(cells)],
        )
        cautions.append((told, " ", MORE_LEFT_OUT) if no_time else told)
    if reason := campaign.machine.no_semaphores:
        cautions.append(
            "Processes can't be started on this machine, so none are recommended. "
            + words.sentence(reason)
        )
    if all(row.best is None for row in evidence.tables.decisions):
        cautions.append("No workload has a successful trial, so nothing is recommended.")
    return tuple(caution for caution in cautions if caution)


def _confidence(decisions: Decisions) -> str:
    """How many recommendations chance may have spoilt, and which numbers hold disturbed times."""
    campaign, tables = decisions.campaign, decisions.tables
    shown = {workload.label for workload in decisions.workloads}
    builds = {arm.name for arm in campaign.decision_arms}
    rows = [
        row
        for row in tables.decisions
        if row.workload in shown and row.arm in builds and row.use.is_judged
    ]
    judged = [row for row in rows if row.use is not Use.INCONCLUSIVE]
    # Serial where every parallel model failed has no q: nothing was tested.
    q_values = [row.q_value for row in judged if row.q_value is not None]
    moves = [row for row in tables.moves if row.workload in shown and row.arm in builds]
    sure = sum(row.speedup.reading is not ComparisonResult.INCONCLUSIVE for row in moves)
    of_moves = f"{text.part(sure, len(moves), 'move')} and " if moves else ""
    sentences = []
    if judged:
        wrong = len(q_values) * max(q_values, default=0.0)
        wrongly = "less than one is" if wrong < 1 else f"at most {text.number(wrong)} are"
        each = "row and build" if len(decisions.workloads) > 1 else "build"
        of_choices = text.part(len(judged), len(rows), "choice")
        sentences.append(
            f"Conclusive: {of_moves}{of_choices} (per {each}); by chance, {wrongly} expected to be "
            "wrong."
        )
    cells = [
        cell
        for row in tables.families
        if row.workload in shown
        and row.arm in builds
        and (cell := tables.cell(row.cell)) is not None
    ]
    disturbed = sum(CellFlag.DISTURBED in cell.flags for cell in cells)
    if not any(row.quiet_share_ratio is not None for row in tables.timed):
        sentences.append("Nothing distinguished undisturbed repetitions from disturbed ones.")
    elif disturbed:
        some = text.part(disturbed, len(cells), "time") + " behind this table"
        told = f"{some} {text.agreeing(disturbed, 'include')} disturbed repetitions"
        sentences.append(words.sentence(f"{told}, which makes intervals wider"))
    return " ".join(sentences)
