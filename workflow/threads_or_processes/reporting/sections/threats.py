"""Threats to validity: each named by a rule about what was measured, or because it always holds."""

from collections.abc import Iterator, Sequence
from statistics import median_low

from threads_or_processes.records.tables.measured import LEFT_OUT, MISSING, PairingRow
from threads_or_processes.records.vocabulary import (
    FEWEST_BLOCKS,
    CellFlag,
    HealthFlag,
    Outcome,
    Timing,
    WorkerKind,
)
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact, Facts, Heading, Link, Paragraph, Section
from threads_or_processes.reporting.sections import quality
from threads_or_processes.reporting.sections.amounts import has_amounts

SURE_P = 0.01
"""Drift is named below this p; with many kinds of work some will drift by chance."""

NOISY_RATIO = 0.05
RARE_RATIO = 0.01
"""Of all trials."""


def build(evidence: Evidence) -> Iterator[Section]:
    """The threats of each kind (Cook and Campbell's four); each kind has at least one."""
    kinds = (
        ("Does it hold for other work?", "construct validity", _construct),
        ("Does it hold elsewhere?", "external validity", _external),
        ("Is the difference due to what was changed?", "internal validity", _internal),
        ("Is the statistical conclusion sound?", "conclusion validity", _conclusion),
    )
    yield Section(
        anchor="threats",
        title="Threats to validity",
        nav_title="Threats",
        blocks=(
            Paragraph(
                (
                    "What these results do not cover, in addition to the ",
                    Link(text="limits of the recommendations", address="#decision"),
                    ".",
                )
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
            text="Version, compiler and flags are equal. What was not compared could differ.",
        )
    yield from _health(evidence)
    yield from _conditions(evidence)
    for lack in campaign.machine.lacks:
        yield Fact(term="Left out here", text=f"This system {lack.meaning}.")
    if not any(row.quiet_share_ratio is not None for row in evidence.tables.cells):
        yield Fact(
            term="No sentinel",
            text="Disturbed repetitions can't be distinguished from undisturbed ones.",
        )
    if disturbed := evidence.tables.disturbed:
        yield Fact(
            term="Busy neighbours",
            text=words.capital(
                text.part(disturbed, len(evidence.tables.timed), "timed configuration", "use")
            )
            + " all repetitions, which include interference, because too few are undisturbed.",
        )
    ended = evidence.tables.ended
    if failed := ended["planned"] - ended[Outcome.OK] - evidence.tables.unrecorded:
        yield Fact(
            term="Trials that failed",
            text=f"{text.count(failed, 'trial')} {text.agreeing(failed, 'have')} no usable time. "
            "If slow trials fail more often, the rest look too fast. Configurations with a failure "
            "are never recommended.",
        )
    if left_out := ended[LEFT_OUT]:
        yield Fact(
            term="Trials left out",
            text=f"Within the budget there was no time for {text.count(left_out, 'trial')}. No "
            "result decided which, but some configurations have fewer blocks than others.",
        )
    if missing := ended[MISSING]:
        yield Fact(
            term="Trials without a record",
            text=f"{text.count(missing, 'trial')} of the plan {text.agreeing(missing, 'are')} not "
            "in the data set. If slow trials are missing more often, the rest look too fast.",
        )
    if campaign.machine.logical_cpus == 1:
        yield Fact(
            term="One CPU",
            text="Nothing can run in parallel here, so CPU-bound work can't have a speedup.",
        )


def _health(evidence: Evidence) -> Iterator[Fact]:
    """What was odd with the machine; what touched hardly any trial is counted together."""
    flagged = {row.flag: row.trials for row in evidence.tables.health}
    few = RARE_RATIO * evidence.tables.ended["planned"]
    rare = []
    for flag, (term, meaning) in _HEALTH_THREATS.items():
        trials = flagged.get(flag, 0)
        if trials > few:
            yield Fact(term=term, text=f"{text.count(trials, 'trial')}: {meaning}")
        elif trials:
            rare.append(f"{term[0].lower()}{term[1:]} ({trials})")
    if rare:
        yield Fact(
            term="Rare events",
            text=f"Each in at most {text.percent(RARE_RATIO)} of all trials: {text.listing(rare)}.",
        )


_HEALTH_THREATS: dict[str, tuple[str, str]] = {
    HealthFlag.STEAL: ("Stolen time", "the host gave CPU time to others."),
    HealthFlag.LOAD: ("Other programs", "something else used the CPUs."),
    HealthFlag.CPU_PRESSURE: (
        "Waiting for a CPU",
        "tasks waited for a CPU, including the benchmark's own workers.",
    ),
    HealthFlag.IO_PRESSURE: ("Waiting for a disk", "tasks waited for a disk."),
    HealthFlag.MEMORY_PRESSURE: ("Short of memory", "tasks waited for memory while they ran."),
    HealthFlag.CGROUP_THROTTLING: ("A quota", "the control group's CPU quota was used up."),
    HealthFlag.THERMAL_THROTTLING: ("Heat", "a CPU was slowed down for its heat."),
    HealthFlag.SWAPPING: ("Swapping", "memory was swapped."),
    HealthFlag.SLOW_CLOCK_SOURCE: ("A slow clock", "reading the clock took a system call."),
    HealthFlag.UNLOCKED: (
        "No lock",
        "the system gave no lock, so trials of other runs may have run meanwhile.",
    ),
    HealthFlag.HARNESS_FAULT: (
        "Measuring failed once",
        "the measuring itself failed, and the trial was tried again.",
    ),
    HealthFlag.CLOCK_SOURCE_CHANGED: (
        "A changing clock",
        "the clock source changed.",
    ),
}


def _conditions(evidence: Evidence) -> Iterator[Fact]:
    """What the machine said of itself during the trials."""
    conditions = evidence.trials.conditions
    if True in conditions.boost:
        yield Fact(
            term="Turbo",
            text="One busy CPU may run at a higher frequency than many, which lowers speedups.",
        )
    if True in conditions.on_battery:
        yield Fact(
            term="On battery",
            text="The machine ran on battery, which may have slowed it down unevenly.",
        )
    if set(conditions.governors) - {"performance"}:
        yield Fact(
            term="Frequency governor",
            text=f"The frequency governor ({text.listing(list(conditions.governors))}) may have "
            "changed frequencies with the load.",
        )


def _conclusion(evidence: Evidence) -> Iterator[Fact]:
    campaign, tables = evidence.campaign, evidence.tables
    timed = [row for row in tables.cells if row.timing is Timing.WARM]
    weak = [row for row in timed if row.ok < FEWEST_BLOCKS]
    if weak:
        yield Fact(
            term="Few blocks",
            text=words.capital(text.part(len(weak), len(timed), "configuration", "have"))
            + " fewer than six successful trials, so all comparisons with them are inconclusive.",
        )
    drifting = [
        row for row in tables.pairing if row.drift is not None and row.drift.p_value < SURE_P
    ]
    if drifting:
        yield Fact(
            term="Drift",
            text="Times drift from block to block in "
            f"{_several(list(dict.fromkeys(_titles(drifting, campaign))))}. Drift cancels in "
            "ratios, which are paired by block, but not in absolute times.",
        )
    yield from _noise(evidence)
    varying = [row for row in tables.cells if CellFlag.UNSTABLE in row.flags]
    if varying:
        yield Fact(
            term="Unstable times",
            text=f"{text.count(len(varying), 'configuration')} "
            f"{text.agreeing(len(varying), 'vary')} strongly between trials. Such intervals are "
            "wide and depend more on the log-normal assumption.",
        )
    yield Fact(
        term="The best was chosen",
        text="The fastest of several looks faster than it is (winner's curse). The results of a "
        "move allow for that. Single ratios are not adjusted for their number.",
    )


MOST_NAMED = 3


def _several(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - MOST_NAMED
    rest = [text.count(more, "more workload")] if more > 0 else []
    return text.listing([*names[:MOST_NAMED], *rest])


def _titles(rows: Sequence[PairingRow], campaign: Campaign) -> Iterator[str]:
    return (text.quoted(campaign.title(row.workload)) for row in rows)


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
            text=f"Two measurements of one configuration differ by {text.percent(apart)} (median). "
            "Smaller differences elsewhere are noise.",
        )


def _construct(evidence: Evidence) -> Iterator[Fact]:
    yield Fact(
        term="Small kernels",
        text="Most workloads are one short function on warm caches. Programs that mix workloads or "
        "exceed the caches can behave differently.",
    )
    longest_ns = max((row.work_ns or 0 for row in evidence.tables.overheads), default=0)
    if has_amounts(evidence.tables) and longest_ns:
        yield Fact(
            term="Amounts of work",
            text=f"Run serially, the largest batch takes {text.about(longest_ns)}. Programs that "
            "run for minutes also meet heat and growing memory.",
        )
    kinds = {cell.worker_kind for cell in evidence.campaign.cells}
    yield from (fact for kind, fact in _BORDER_THREATS.items() if kind in kinds)


_BORDER_THREATS = {
    WorkerKind.OVERSUBSCRIBED: Fact(
        term="More workers than CPUs",
        text="Some configurations have more workers than CPUs. They show the cost of switching, "
        "not the speedup on more CPUs.",
    ),
    WorkerKind.SMT: Fact(
        term="Shared cores",
        text="In some configurations workers share a core (SMT), which is slower than two cores.",
    ),
    WorkerKind.SLOWER_CORES: Fact(
        term="Slower cores",
        text="Some configurations have more workers than P cores. Equal chunks then end with the "
        "slowest core; the system chooses which workers get the fast ones.",
    ),
    WorkerKind.NUMA: Fact(
        term="More than one NUMA node",
        text="Some configurations have more workers than a NUMA node has cores. Remote memory is "
        "slower; the system places workers and data.",
    ),
}


def _external(evidence: Evidence) -> Iterator[Fact]:
    campaign = evidence.campaign
    yield Fact(
        term="One machine",
        text=f"One machine with {text.count(campaign.machine.logical_cpus, 'CPU')}. On similar "
        "hardware ratios transfer better than times. Nothing here shows how more CPUs scale.",
    )
    covered = words.covered(campaign, len(evidence.tables.sessions))
    is_one = campaign.compilations < 2
    yield Fact(
        term="One compilation" if is_one else "Few compilations",
        text=f"Intervals cover {covered}{' and one compilation' if is_one else ''} "
        "of each interpreter. Other days and compilations can differ by more.",
    )
    fingerprint = campaign.machine.fingerprint
    if fingerprint.get("virtualisation"):
        yield Fact(
            term="A virtual machine",
            text="The host can slow down or pause its CPUs.",
        )
    if campaign.machine.is_shared:
        yield Fact(
            term="A part of a machine",
            text=f"The campaign could use {campaign.machine.logical_cpus} of the machine's "
            f"{campaign.machine.online_cpus} CPUs. Programs on the rest share its caches, memory "
            "and clock rate.",
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
            text=f"{text.listing(plain)} lack profile-guided optimisation, which installed builds "
            "have.",
        )
