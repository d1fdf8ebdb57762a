"""The report as a whole: every section of the page from the evidence. Pure."""

from collections.abc import Mapping

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Report
from threads_or_processes.reporting.sections import (
    cite,
    claims,
    decision,
    environment,
    experiments,
    explorer,
    facts,
    methods,
    notebook,
    numbers,
    quality,
    scaling,
    threats,
)


def build(evidence: Evidence, svgs: Mapping[str, str]) -> Report:
    """The value of a report; `svgs` maps the name of each figure to its drawing."""
    return Report(
        title="Threads or Processes",
        lead=facts.LEAD,
        document_title=f"Threads or Processes: {evidence.campaign.machine.name}, "
        f"{text.short_hash(evidence.report_id)}",
        report_id=evidence.report_id,
        facts=facts.build(evidence),
        decision=decision.build(evidence),
        claims=claims.build(evidence),
        notebook=notebook.build(evidence),
        scaling=scaling.build(evidence),
        experiments=experiments.build(evidence),
        explorer=explorer.build(evidence),
        numbers=numbers.build(evidence),
        quality=quality.build(evidence),
        threats=threats.build(evidence),
        environment=environment.build(evidence),
        methods=methods.build(evidence),
        cite=cite.build(evidence),
        svgs=svgs,
    )
