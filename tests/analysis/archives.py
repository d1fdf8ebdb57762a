"""Campaigns as they are archived: the folder of results after `collect`."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from threads_or_processes.analysis.__main__ import collect, tables

from tests.factories import Campaign


def collect_into(
    results: Path,
    campaign: Campaign,
    *,
    code: Mapping[str, Mapping[str, str]] | None = None,
    states: Path | None = None,
) -> Path:
    """Write a campaign's results as far as the data set and its package; returns the folder.

    `code`: hashes of the functions and models, where they matter; `states`: where it is kept.
    """
    campaign.write(results)
    collect(
        Namespace(
            plan=results / "plan.json",
            interpreters=results / "interpreters",
            records=results,
            out=results,
            rounds=[],
            states=states or results / "baselines",
            code=code or {},
        )
    )
    return results


def tables_of(results: Path, trials: str, out: Path) -> dict[str, bytes]:
    """Every table made from a file of results, by name."""
    folders = {"plan": results / "plan.json", "interpreters": results / "interpreters"}
    tables(Namespace(**folders, trials=results / trials, out=out))
    return {path.name: path.read_bytes() for path in out.iterdir()}
