"""The head of the page: what it is, where, with what, when, under which name."""

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.builds import Build
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact

LEAD = (
    "For each kind of work, measured on one machine: threads or processes, how many, "
    "and whether the free-threaded interpreter changes the answer."
)


def build(evidence: Evidence) -> tuple[Fact, ...]:
    """Machine, interpreters, time, size and name of a campaign."""
    return (
        Fact(term="Machine", text=_machine(evidence)),
        Fact(term="Interpreters", text=_interpreters(evidence)),
        Fact(term="Measured", text=when(evidence)),
        Fact(term="Trials", text=_trials(evidence)),
        Fact(term="Report id", text=text.short_hash(evidence.report_id)),
    )


def _machine(evidence: Evidence) -> str:
    machine = evidence.campaign.machine
    cpu = text.plain(str(machine.fingerprint.get("cpu_model") or "unknown CPU"), 80)
    virtual = ", virtual machine" if machine.fingerprint.get("virtualisation") else ""
    return f"{machine.name}: {cpu}, {text.count(machine.logical_cpus, 'CPU')}{virtual}"


def build_kind(build: Build) -> str:
    """How a build was made, in a word or two."""
    kind = "optimised" if build.optimised else "plain (not optimised)"
    return f"free-threaded, {kind}" if build.free_threaded else kind


def _interpreters(evidence: Evidence) -> str:
    """Every executable once, whatever the arms that run it."""
    seen = dict.fromkeys(
        f"{build.implementation} {build.version} {build_kind(build)}"
        for build in evidence.builds.builds
    )
    return "; ".join(seen) or "none"


def when(evidence: Evidence) -> str:
    """From the first trial's start to the last one's."""
    trials = evidence.trials
    if trials.first_unix_ns is None or trials.last_unix_ns is None:
        return "no trial has been recorded"
    return text.period(trials.first_unix_ns, trials.last_unix_ns)


def _trials(evidence: Evidence) -> str:
    planned, good = (
        sum(row.trials for row in evidence.tables.outcomes if row.outcome == outcome)
        for outcome in ("planned", "ok")
    )
    campaign = evidence.campaign
    more = " and more where intervals were wide" if campaign.precision else ""
    return (
        f"{text.fixed(good, 0)} ok of {text.fixed(planned, 0)} planned, "
        f"in {text.count(campaign.blocks, 'block')}{more}"
    )
