"""A small catalogue and config for the plan's tests; no code of the trial room is needed."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.plan.catalogue import Catalogue, ModelEntry, WorkloadEntry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    text = (ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    def model(shares_memory: bool = True, is_parallel: bool = True) -> ModelEntry:
        return ModelEntry(
            title="a model",
            start_method="none" if shares_memory else "fork",
            shares_memory=shares_memory,
            is_parallel=is_parallel,
        )

    return Catalogue(
        workloads={
            "count": WorkloadEntry(about={"title": "Counting"}, params={"seconds": 0.5, "n": 3}),
            "append": WorkloadEntry(about={"title": "Appending"}, needs_shared_memory=True),
        },
        models={
            "serial": model(is_parallel=False),
            "threads": model(),
            "processes-fork": model(shares_memory=False),
        },
    )


@pytest.fixture
def config() -> dict[str, Any]:
    return copy.deepcopy(CONFIG)


CONFIG: dict[str, Any] = {
    "campaign": "report",
    "seed": 1,
    "blocks": 3,
    "margin": 0.05,
    "arms": ["3.13", "3.13t"],
    "interpreters": {"provider": "auto", "build": "plain", "paths": {}, "tarball": None},
    "trial": {
        "warmups": 1,
        "repetitions": 2,
        "patience_s": 0,
        "quiet_threshold": 0.1,
        "tries": 1,
        "batch_ms": 5,
        "timeout_s": 30,
    },
    "workloads": {},
    "experiments": {
        "scaling": {
            "question": "How fast?",
            "workloads": ["count", "append"],
            "models": ["serial", "threads", "processes-fork"],
            "workers": [1, "cpus"],
            "timing": "warm",
        }
    },
}
