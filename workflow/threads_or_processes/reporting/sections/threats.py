"""Threats to validity: each named by a rule about what was measured, or because it always holds."""

from collections.abc import Iterator, Sequence
from statistics import median_low

from threads_or_processes.records.tables.measured import PairingRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    CellFlag,
    HealthFlag,
    Outcome,
    Timing,
    WorkerKind,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact, Facts, Heading, Paragraph, Section
from threads_or_processes.reporting.sections import quality
from threads_or_processes.reporting.sections.amounts import has_amounts

SURE_P = 0.01
"""Drift is named below this p; with many kinds of work some will drift by chance."""

NOISY_RATIO = 0.05


def build(evidence: Evidence) -> Iterator[Section]:
    """The threats of each kind (Cook and Campbell's four); each kind has at least one."""
    kinds = (
        ("Is the difference due to what was changed?", "internal validity", _internal),
        ("Is the statistical conclusion sound?", "conclusion validity", _conclusion),
        ("Do the workloads stand for the work that is meant?", "construct validity", _construct),
        ("Does it hold elsewhere?", "external validity", _external),
    )
    yield Section(
        anchor="threats",
        title="What may be wrong with it",
        nav_title="Threats",
        blocks=(
            Paragraph(
                "Threats to validity, found by rules in what was measured here; those that hold "
                "for every such report are named, too."
            ),
            *(
                block
                for question, kind, threats in kinds
                for block in (
                    Heading(text=question, note=kind),
                    Facts(tuple(threats(evidence))),
                )
            ),
        ),
    )


def _internal(evidence: Evidence) -> Iterator[Fact]:
    campaign, parity = evidence.campaign, evidence.parity
    for threat in (text.plain(one, 400) for one in parity["threats"]):
        yield Fact(term="Interpreters differ", text=threat)
    if len(evidence.identities) > 1 and parity["verdict"] == "match":
        yield Fact(
            term="Interpreters match",
            text="Version, compiler and flags were compared and are equal; what was not compared "
            "could still differ.",
        )
    flagged = {row.flag: row.trials for row in evidence.tables.health}
    for flag, (term, meaning) in _HEALTH_THREATS.items():
        if flagged.get(flag):
            yield Fact(term=term, text=f"{text.count(flagged[flag], 'trial')}: {meaning}")
    yield from _conditions(evidence)
    if not any(row.quiet_share_ratio is not None for row in evidence.tables.cells):
        yield Fact(
            term="No sentinel",
            text="Nothing watched the CPUs, so disturbed times can't be told from quiet ones.",
        )
    if disturbed := evidence.tables.disturbed:
        yield Fact(
            term="Busy neighbours",
            text=f"{text.count(disturbed, 'cell')} of "
            f"{text.fixed(len(evidence.tables.timed), 0)} saw too little quiet time and stand on "
            "typical times, which hold what neighbours did. Blocks and pairing spread that over "
            "all cells alike, but do not remove it.",
        )
    ended = evidence.tables.ended
    if failed := ended["planned"] - ended[Outcome.OK]:
        yield Fact(
            term="Trials that failed",
            text=f"{text.count(failed, 'trial')} left no usable time. If failing goes with being "
            "slow, what is left looks faster than it is; cells with a failure are recommended "
            "nowhere.",
        )
    if campaign.machine.logical_cpus == 1:
        yield Fact(
            term="One CPU",
            text="Nothing can run side by side here, so no way of working can gain by computing "
            "in parallel.",
        )


_HEALTH_THREATS: dict[str, tuple[str, str]] = {
    HealthFlag.STEAL: ("Stolen time", "the host gave CPU time to others while they ran."),
    HealthFlag.LOAD: ("Other programs", "something else used the CPUs while they ran."),
    HealthFlag.CPU_PRESSURE: (
        "Waiting for a CPU",
        "tasks waited for a CPU while they ran, including the trial's own workers.",
    ),
    HealthFlag.IO_PRESSURE: ("Waiting for a disk", "tasks waited for a disk while they ran."),
    HealthFlag.MEMORY_PRESSURE: ("Short of memory", "tasks waited for memory while they ran."),
    HealthFlag.CGROUP_THROTTLING: ("A quota", "the control group's CPU quota held them back."),
    HealthFlag.THERMAL_THROTTLING: ("Heat", "a CPU was slowed down for its heat."),
    HealthFlag.SWAPPING: ("Swapping", "memory was swapped while they ran."),
    HealthFlag.SLOW_CLOCK_SOURCE: ("A slow clock", "reading the clock took a system call."),
    HealthFlag.CLOCK_SOURCE_CHANGED: (
        "A changing clock",
        "the clock source changed while they ran.",
    ),
}


def _conditions(evidence: Evidence) -> Iterator[Fact]:
    """What the machine said of itself during the trials."""
    conditions = evidence.trials.conditions
    if True in conditions.boost:
        yield Fact(
            term="Turbo",
            text="The CPUs may raise their frequency: one busy worker can run faster than many, so "
            "that speed-ups come out lower than at a fixed frequency.",
        )
    if True in conditions.on_battery:
        yield Fact(
            term="On battery",
            text="The machine ran on its battery, which may have slowed it down, and not evenly.",
        )
    if set(conditions.governors) - {"performance"}:
        yield Fact(
            term="Frequency governor",
            text=f"The CPUs' frequency was governed by {text.listing(list(conditions.governors))}, "
            "and may have followed the load.",
        )


def _conclusion(evidence: Evidence) -> Iterator[Fact]:
    campaign, tables = evidence.campaign, evidence.tables
    timed = [row for row in tables.cells if row.timing is Timing.WARM]
    weak = [row for row in timed if row.ok < FEWEST_BLOCKS]
    if weak:
        yield Fact(
            term="Few blocks",
            text=f"{text.count(len(weak), 'cell')} of {text.fixed(len(timed), 0)} have fewer than "
            "six trials that count, so that nothing is called faster, slower or equal by them.",
        )
    drifting = [
        row for row in tables.pairing if row.drift is not None and row.drift.p_value < SURE_P
    ]
    if drifting:
        yield Fact(
            term="Drift",
            text="Times drift from block to block in "
            f"{text.listing(list(dict.fromkeys(_titles(drifting, campaign))))}. Ratios are taken "
            "within blocks, where drift cancels; absolute times are not.",
        )
    yield from _noise(evidence)
    varying = [row for row in tables.cells if CellFlag.UNSTABLE in row.flags]
    if varying:
        yield Fact(
            term="Unstable cells",
            text=f"{text.count(len(varying), 'cell')} vary much from trial to trial; their "
            "intervals are wide and lean on a log-normal spread more than others do.",
        )
    yield Fact(
        term="The best was chosen",
        text="The decision table names the fastest cell and judges it on the same data, which "
        "flatters it a little. Ratios outside the claims are not adjusted for their number.",
    )


def _titles(rows: Sequence[PairingRow], campaign: Campaign) -> Iterator[str]:
    return (campaign.title(row.workload) for row in rows)


def _noise(evidence: Evidence) -> Iterator[Fact]:
    """What A/A pairs say of all other differences."""
    differences = evidence.tables.differences_by_chance
    if not differences:
        yield Fact(term="Noise floor unknown", text=quality.NO_NOISE_FLOOR)
        return
    apart = median_low(differences)
    if apart > NOISY_RATIO:
        yield Fact(
            term="High noise floor",
            text=f"Two measurements of one cell differ by {text.percent(apart)} in the typical "
            "pair; smaller differences elsewhere mean nothing.",
        )


def _construct(evidence: Evidence) -> Iterator[Fact]:
    yield Fact(
        term="Small kernels",
        text="Each kind of work is one short function, executed over and over on warm caches. A "
        "program that mixes kinds, or works on more data than fits into the caches, can behave "
        "otherwise.",
    )
    longest_ns = max((row.work_ns or 0 for row in evidence.tables.overheads), default=0)
    if has_amounts(evidence.tables) and longest_ns:
        yield Fact(
            term="Amounts of work",
            text=f"The most work in a batch takes serial {text.about(longest_ns)}. A program that "
            "works for minutes also meets heat, memory that grows, and neighbours that come and "
            "go.",
        )
    kinds = {cell.worker_kind for cell in evidence.campaign.cells}
    yield from (fact for kind, fact in _BORDER_THREATS.items() if kind in kinds)


_BORDER_THREATS = {
    WorkerKind.OVERSUBSCRIBED: Fact(
        term="More workers than CPUs",
        text="Some cells have more workers than CPUs; for work that computes, these say what "
        "switching costs, not what more CPUs would give.",
    ),
    WorkerKind.SMT: Fact(
        term="Shared cores",
        text="Some cells have workers that share a core (SMT), which is not two cores.",
    ),
    WorkerKind.SLOWER_CORES: Fact(
        term="Slower cores",
        text="Some cells have more workers than P cores. Equal chunks then end when the slowest "
        "core is done, and which workers get the faster cores is the system's choice.",
    ),
    WorkerKind.NUMA: Fact(
        term="More than one NUMA node",
        text="Some cells have more workers than one NUMA node has cores. Memory of another node "
        "is slower, and where workers and data lie is the system's choice.",
    ),
}


def _external(evidence: Evidence) -> Iterator[Fact]:
    campaign = evidence.campaign
    yield Fact(
        term="One machine",
        text=f"Everything was measured on one machine with "
        f"{text.count(campaign.machine.logical_cpus, 'CPU')}. Ratios carry over to like hardware "
        "better than times do; neither must.",
    )
    fingerprint = campaign.machine.fingerprint
    if fingerprint.get("virtualisation"):
        yield Fact(
            term="A virtual machine",
            text="Its CPUs are those that the host lends; what they cost and when they pause is "
            "the host's to decide.",
        )
    quota = fingerprint.get("cpu_quota")
    if quota is not None and float(quota) < campaign.machine.logical_cpus:
        yield Fact(
            term="A CPU quota",
            text=f"The control group allows {quota:g} of "
            f"{text.count(campaign.machine.logical_cpus, 'CPU')}; more workers than that wait for "
            "each other.",
        )
    if plain := evidence.plain_arms:
        yield Fact(
            term="Plain builds",
            text=f"{text.listing(plain)} lack profile-guided optimisation; builds that people "
            "install have it.",
        )
