"""A small catalogue and config for the plan's tests; no code of the trial room is needed."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.plan.catalogue import Catalogue, ModelEntry, WorkloadEntry

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    text = (ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    def model(family: str, start_method: str = "none", **about: Any) -> ModelEntry:
        return ModelEntry(
            title="a model",
            family=family,
            start_method=start_method,
            is_parallel=family != "serial",
            **about,
        )

    one_memory = frozenset({"one_memory"})
    return Catalogue(
        workloads={
            "count": WorkloadEntry(
                about={"title": "Counting"}, function="count", params={"seconds": 0.5, "n": 3}
            ),
            "append": WorkloadEntry(
                about={"title": "Appending"}, function="append", wants=one_memory
            ),
        },
        models={
            "serial": model("serial", meets=one_memory),
            "threads": model("threads", meets=one_memory),
            "processes-fork": model("processes", "fork"),
            "arrays-fork": model("processes", "fork", asks=frozenset({"arrays"})),
            "interpreters": model("interpreters", since=(3, 14)),
        },
        reasons={"one_memory": "each would change its own copy", "arrays": "it takes no arrays"},
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
    "claims": [],
    "interpreters": {"provider": "auto", "build": "plain", "paths": {}, "tarball": None},
    "trial": {
        "warmups": 1,
        "repetitions": 2,
        "patience_s": 0,
        "quiet_threshold": 0.1,
        "second_look_s": 0,
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
