"""The machine and its interpreters, side by side."""

from collections.abc import Iterator
from typing import Any

from threads_or_processes.records.interpreter import Identity, Parity
from threads_or_processes.records.plan import Machine
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.campaign import Campaign, Model
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Column,
    Fact,
    Facts,
    Heading,
    Items,
    Paragraph,
    Section,
    Table,
    table_of,
)

_MACHINE_TERMS = {
    "cpu_model": "CPU",
    "architecture": "Architecture",
    "logical_cpus": "Logical CPUs",
    "physical_cores": "Physical cores",
    "cpu_quota": "CPU quota (CPUs)",
    "memory_gib": "Memory (GiB)",
    "os": "Operating system",
    "kernel": "Kernel",
    "virtualisation": "Virtualisation",
}

_BUILD_TERMS = {
    "implementation": "Implementation",
    "version": "Version",
    "optimisation": "Optimisation",
    "free_threaded_build": "Free-threaded build",
    "gil_enabled": "GIL on",
    "flags": "Started with",
    "pgo": "Profile-guided optimisation",
    "lto": "Link-time optimisation",
    "debug": "Debug build",
    "compiler": "Compiler",
    "cflags": "Compiler flags",
    "config_args": "Configured with",
    "libraries": "Libraries",
    "provider": "Came from",
    "executable_sha256": "Executable (sha256)",
    "lock_sha256": "Library lock (sha256)",
    "identity_sha256": "Identity (sha256)",
}

_ABSENT = {"flags": "no flags", "virtualisation": "none found", "cpu_quota": "none"}

_PROVIDERS = {
    "given": "the paths in the config",
    "uv": "uv's managed builds",
    "conda": "conda-forge's builds",
    "source": "built from source",
}


def build(evidence: Evidence) -> Iterator[Section]:
    """Machine, interpreters, parity."""
    campaign, parity = evidence.campaign, evidence.parity
    threats = tuple(text.plain(threat, 400) for threat in parity["threats"])
    yield Section(
        anchor="environment",
        title="Machine and interpreters",
        blocks=(
            Facts((*_machine(campaign.machine), _programs(evidence))),
            Heading(text="Interpreters"),
            Paragraph(_verdict(parity, len(evidence.identities))),
            *([Items(items=threats)] if threats else []),
            _builds(evidence.identities, parity),
        ),
    )


def value_text(key: str, value: Any) -> str:
    """A property of a machine or build for a reader."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value in ("", [], {}):
        return _ABSENT.get(key, "not known")
    if isinstance(value, dict):
        return ", ".join(f"{text.plain(str(k))} {text.plain(str(v))}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(text.plain(str(item)) for item in value)
    if key == "provider":
        return _PROVIDERS.get(value, text.plain(str(value)))
    if key == "optimisation" and value == "plain":
        return "plain (not optimised)"
    if key.endswith("_sha256"):
        return text.short_hash(str(value))
    return text.plain(str(value), 900)


def _machine(machine: Machine) -> tuple[Fact, ...]:
    known = machine.fingerprint
    extra = [key for key in known if key not in _MACHINE_TERMS]
    terms = _MACHINE_TERMS | {key: words.capital(key.replace("_", " ")) for key in extra}
    return (
        Fact(term="Name", text=machine.name),
        *(
            Fact(term=term, text=value_text(key, known.get(key)))
            for key, term in terms.items()
            if key in known
        ),
        *_topology(machine),
    )


def _topology(machine: Machine) -> Iterator[Fact]:
    """How the CPUs are built, as far as the system told."""
    topology = machine.topology
    fast = topology.fast_cores
    if fast is not None:
        slower = len(topology.cores) - fast
        yield Fact(
            term="Kinds of cores",
            text=f"{fast} of the fastest kind (P cores), {text.count(slower, 'slower one')}",
        )
    if topology.nodes:
        sizes = text.listing([str(size) for size in sorted(set(map(len, topology.nodes)))])
        yield Fact(term="NUMA nodes", text=f"{len(topology.nodes)}, of {sizes} CPUs")
    if machine.usable_cpus < machine.logical_cpus:
        yield Fact(term="CPUs that can work at a time", text=str(machine.usable_cpus))


def _programs(evidence: Evidence) -> Fact:
    """The version of this project that collected the data."""
    programs = evidence.programs
    version = f"version {programs.version}" if programs.version else ""
    commit = f"git commit {programs.commit}" if programs.commit else "not known (no git checkout)"
    return Fact(term="Programs", text=", ".join(filter(None, (version, commit))))


def _verdict(parity: Parity, arms: int) -> str:
    if arms < 2:
        return "There is one arm only, so there is nothing to compare."
    if parity["verdict"] == "match":
        return (
            "The interpreters match: they differ in the property that is being studied and in "
            "nothing else that was checked."
        )
    return "The interpreters do not match. What differs may explain part of what the arms show:"


def _builds(identities: tuple[Identity, ...], parity: Parity) -> Table:
    equal = {check["field"]: check["equal"] for check in parity["checks"]}

    def verdict(key: str) -> str:
        return text.MISSING if key not in equal else "equal" if equal[key] else "differs"

    def arm(identity: Identity) -> Column[str]:
        return Column(identity["arm"], lambda key: value_text(key, identity.get(key)))

    return table_of(
        [key for key in _BUILD_TERMS if any(key in one for one in identities)],
        (
            Column("Property", lambda key: _BUILD_TERMS[key]),
            *map(arm, identities),
            Column("Parity", verdict),
        ),
        caption="The interpreters side by side",
    )


def models(campaign: Campaign) -> tuple[Fact, ...]:
    """Models that share a meaning share a line."""
    alike: dict[str, list[Model]] = {}
    for model in campaign.models.values():
        alike.setdefault(words.model_meaning(model), []).append(model)
    return tuple(
        Fact(
            term=words.capital(words.model_kind(models[0])),
            text=f"{words.sentence(meaning)} Here: {'; '.join(map(_named, models))}.",
        )
        for meaning, models in alike.items()
    )


def _named(model: Model) -> str:
    return f"{model.title} ({model.api})" if model.api else model.title


def workloads(campaign: Campaign) -> tuple[Fact, ...]:
    """Each kind of work once, whatever its varied parameters."""
    facts = []
    works = {w.name: w for w in campaign.workloads.values()}
    for workload in works.values():
        about = [words.sentence(part) for part in (workload.kind, workload.why) if part]
        if workload.remedy_of in works:
            about.append(f"A remedy for: {works[workload.remedy_of].plain_title}.")
        if workload.expected:
            about.append(words.sentence(f"Expected before measuring: {workload.expected}"))
        if workload.source:
            about.append(f"Published: {workload.source}.")
        if about:
            # Names of code are marked as such for the catalogue, which is Markdown.
            meaning = " ".join(about).replace("`", "")
            facts.append(Fact(term=workload.plain_title, text=meaning))
    return tuple(facts)
