"""Every figure of the report, in the order of the page. Pure."""

from threads_or_processes.reporting import traces
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Tables
from threads_or_processes.reporting.sections import decision, experiments, quality
from threads_or_processes.reporting.traces import AnyFigure


def figures(campaign: Campaign, tables: Tables) -> tuple[AnyFigure, ...]:
    """All figures; each has a name of its own."""
    drawn: list[AnyFigure] = []
    if key_figure := decision.key_figure(campaign, tables):
        drawn.append(key_figure)
    if campaign.has_notebook:
        drawn.append(traces.timeline(campaign, tables))
    drawn += [traces.speedup(workload, campaign, tables) for workload in campaign.scaled]
    drawn += experiments.figures(campaign, tables)
    if order := quality.order_figure(campaign, tables):
        drawn.append(order)
    return tuple(drawn)
