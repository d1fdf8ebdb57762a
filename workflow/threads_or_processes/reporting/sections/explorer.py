"""A reader's own question: the numbers that a small script shows on demand."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from threads_or_processes.records.tables.measured import CellRow
from threads_or_processes.records.vocabulary import SERIAL, THREADS, Family, Timing
from threads_or_processes.reporting import palette, words
from threads_or_processes.reporting.campaign import Campaign
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import Fact, Own, Paragraph, Section
from threads_or_processes.reporting.tables import Tables

MOST_CHECKED = (SERIAL, THREADS, "processes-fork")
"""Models that are chosen at first; a reader adds others."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something that can be chosen, and whether it is at first."""

    term: str
    text: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """What a reader can choose from."""

    reference: str
    works: tuple[Fact, ...]
    arms: tuple[Fact, ...]
    models: tuple[Option, ...]


def build(evidence: Evidence) -> Iterator[Section]:
    """Works, arms and models to choose from, and the numbers; no section without any time."""
    campaign, tables = evidence.campaign, evidence.tables
    cells = [
        row
        for row in tables.cells
        if row.timing is Timing.WARM and row.replicate == 1 and row.median_ns is not None
    ]
    if not cells:
        return
    # Those that can be compared with serial first, in the order in which experiments name them.
    named = [c.workload for e in campaign.experiments for c in campaign.cells_of(e)]
    known = {row.workload for row in cells}
    compared = {row.workload for row in cells if row.model == SERIAL}
    works = sorted(
        (work for work in dict.fromkeys(named) if work in known), key=lambda w: w not in compared
    )
    models = [m for m in campaign.models.values() if any(row.model == m.name for row in cells)]
    arms = [arm for arm in campaign.arms if any(row.arm == arm.name for row in cells)]
    first = {model.name for model in models if model.name in MOST_CHECKED}
    choices = Explorer(
        reference=campaign.reference_arm,
        works=tuple(Fact(term=work, text=campaign.title(work)) for work in works),
        arms=tuple(Fact(term=arm.name, text=arm.name) for arm in arms),
        models=tuple(
            Option(term=m.name, text=m.title, checked=m.name in first or not first) for m in models
        ),
    )
    data = {
        "reference": campaign.reference_arm,
        "works": {work: campaign.title(work) for work in works},
        "models": _models(campaign),
        "arms": _arms(campaign),
        "cells": [_cell(row, campaign, tables) for row in cells],
    }
    yield Section(
        anchor="explorer",
        title="Ask your own question",
        nav_title="Explorer",
        blocks=(
            Paragraph(
                "Pick a kind of work and what to compare. The numbers are those of this report; "
                "without scripts the same stand in the tables above and under “All numbers”."
            ),
            Own(template="explorer.html", value=choices),
        ),
        script_data=_json_for_page(data),
    )


def _json_for_page(value: Any) -> str:
    """JSON that can stand in a page: nothing in it can end the element that holds it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _models(campaign: Campaign) -> dict[str, Any]:
    colours = palette.model_colours(list(campaign.models.values()))
    return {
        model.name: {
            "title": model.title,
            "isSerial": model.family is Family.SERIAL,
            "colour": palette.PALETTE.index(colours[model.name]),
        }
        for model in campaign.models.values()
    }


def _arms(campaign: Campaign) -> dict[str, Any]:
    return {
        arm: {"marker": line.marker, "dashes": " ".join(f"{dash * 1.6:g}" for dash in line.dashes)}
        for arm, line in palette.arm_lines(campaign.arms).items()
    }


def _cell(row: CellRow, campaign: Campaign, tables: Tables) -> dict[str, Any]:
    """What is known of a cell; times in whole nanoseconds, ratios to six digits."""
    return {
        "work": row.workload,
        "model": row.model,
        "workers": row.workers,
        "shown": words.workers(row.workers, row.worker_kind),
        "arm": row.arm,
        "basis": row.basis,
        "typical_ns": _whole(row.typical_ns),
        "median_ns": _whole(row.median_ns),
        "low_ns": _whole(row.ci_low_ns),
        "high_ns": _whole(row.ci_high_ns),
        "reference": _ratio(row, campaign.reference_arm, tables),
        "own": _ratio(row, row.arm, tables),
    }


def _whole(value_ns: float | None) -> int | None:
    return None if value_ns is None else round(value_ns)


def _ratio(row: CellRow, arm: str, tables: Tables) -> dict[str, Any] | None:
    """The cell against serial on an arm; serial itself is 1."""
    serial = tables.serial(row.workload, arm)
    if serial is None:
        return None
    if serial.cell == row.cell:
        return {"value": 1.0, "low": None, "high": None, "basis": row.basis}
    found = tables.ratio_row(row.cell, serial.cell)
    if found is None or found.estimate is None:
        return None
    ratio = found.estimate
    ends = {"value": ratio.value, "low": ratio.low, "high": ratio.high}
    shown = {end: None if value is None else float(f"{value:.6g}") for end, value in ends.items()}
    return {**shown, "basis": found.basis}
