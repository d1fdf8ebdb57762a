"""Speed-up curves, one figure for each workload."""

from collections.abc import Iterator

from threads_or_processes.records.vocabulary import SCALING
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import traces, words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Column,
    Figure,
    Fold,
    Grid,
    Paragraph,
    Section,
    Table,
    filled,
)
from threads_or_processes.reporting.sections import laws
from threads_or_processes.reporting.traces import Curve, SpeedupFigure

LIMITS = (
    "More workers than were tried, batches that grow with the workers (weak scaling), and machines "
    "with more CPUs than this one."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """The section with every speed-up figure and the numbers in it; nothing if not planned."""
    campaign = evidence.campaign
    experiment = campaign.experiment(SCALING)
    if experiment is None:
        return
    figures = tuple(
        traces.speedup(workload, campaign, evidence.tables) for workload in campaign.scaled
    )
    yield Section(
        anchor="scaling",
        title="How much more workers bring",
        nav_title="Speed-up",
        question=experiment.question,
        answer=_answer(figures),
        limits=LIMITS,
        blocks=filled(
            *map(Paragraph, _paragraphs(campaign, figures)),
            *map(Paragraph, laws.why_none(evidence)),
            Grid(tuple(_figure(figure) for figure in figures)),
            laws.table(evidence),
            laws.efficiency(evidence),
        ),
    )


def _answer(figures: tuple[SpeedupFigure, ...]) -> str:
    """How far each kind of work gets, and with what."""
    furthest = [
        (figure.workload.title, max(figure.curves, key=lambda curve: curve.best.speedup.value))
        for figure in figures
        if figure.curves
    ]
    if not furthest:
        return "No cell can be compared with serial."
    told = "; ".join(f"{title}: {_reach(curve)}" for title, curve in furthest)
    return words.sentence(f"furthest over serial – {told}")


def _paragraphs(campaign: Campaign, figures: tuple[SpeedupFigure, ...]) -> tuple[str, ...]:
    if not any(figure.curves for figure in figures):
        return ("No cell can be compared with serial, so there are no speed-ups.",)
    cpus = text.count(campaign.machine.logical_cpus, "CPU")
    reading = (
        f"How many times faster than the plain loop on {campaign.reference_arm}, by number of "
        "workers. The batch of work is the same for every number of workers (strong scaling). "
        "Colour tells the model; line and marker tell the interpreter. Small points are single "
        f"blocks, whiskers {text.percent(campaign.confidence)} confidence intervals. The slanted "
        "line is perfect sharing; the dotted one is the number of CPUs here "
        f"({cpus}), a bound for work that computes but not for work that waits. "
        "Lines between worker counts only guide the eye."
    )
    counts = sorted({workers for figure in figures for workers in figure.worker_counts})
    if len(counts) == 1:
        tried = text.count(counts[0], "worker")
        return (reading, f"Only {tried} were tried, so the figures can't show scaling.")
    return (reading,)


def _reach(curve: Curve) -> str:
    best = curve.best
    figures = f"{text.times_as_fast(best.speedup)} {text.interval(best.speedup)}".strip()
    return f"{curve.title} on {curve.arm} {figures} with {text.count(best.workers, 'worker')}"


def caption(figure: SpeedupFigure) -> str:
    """The baseline's absolute time, and how far the highest and the lowest curve reach."""
    if not figure.curves:
        return f"{figure.workload.title}: no cell can be compared with serial."
    ranked = sorted(figure.curves, key=lambda curve: curve.best.speedup.value, reverse=True)
    baseline = (
        f"1× is {text.time(figure.baseline_ns)}"
        if figure.baseline_ns is not None
        else "1× is serial"
    )
    words_ = f"{figure.workload.title}: {baseline}. Furthest: {_reach(ranked[0])}"
    if len(ranked) > 1:
        words_ += f"; least far: {_reach(ranked[-1])}, which is its best"
    return f"{words_}."


def _figure(figure: SpeedupFigure) -> Figure:
    return Figure(
        drawn=figure,
        caption=caption(figure),
        data=Fold(
            summary="The numbers in this figure",
            note=f"Speed-up over serial on {figure.reference_arm}, with its interval and the "
            "value in each block.",
            content=Table(
                caption=f"Speed-up of {figure.workload.title}",
                columns=(
                    Column(header="Model"),
                    Column(header="Arm"),
                    Column(header="Workers", numeric=True),
                    Column(header="Speed-up", unit="×", numeric=True),
                    Column(header="Low", unit="×", numeric=True),
                    Column(header="High", unit="×", numeric=True),
                    Column(header="Blocks, in order", unit="×"),
                ),
                rows=tuple(row for curve in figure.curves for row in _rows(curve)),
                row_headers=3,
            ),
        ),
    )


def _rows(curve: Curve) -> list[tuple[str, ...]]:
    return [
        (
            curve.title,
            curve.arm,
            words.workers(estimate.workers, estimate.worker_kind),
            text.ratio_cell(estimate.speedup.value),
            text.ratio_cell(estimate.speedup.low),
            text.ratio_cell(estimate.speedup.high),
            ", ".join(
                text.fixed(point.speedup_ratio, 2)
                for point in curve.points
                if point.workers == estimate.workers
            )
            or text.MISSING,
        )
        for estimate in curve.estimates
    ]
