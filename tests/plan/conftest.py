"""A small catalogue and config for the plan's tests; no code of the trial room is needed."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.records.vocabulary import Family, StartMethod

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    text = (ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@dataclass(frozen=True, kw_only=True)
class Work:
    """A workload, as far as a plan looks at it."""

    title: str
    kind: str = ""
    unit: str = ""
    why: str = ""
    expected: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    requires: frozenset[str] = frozenset()
    provides: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A model, as far as a plan looks at it."""

    title: str = "a model"
    family: Family
    start_method: StartMethod = StartMethod.NONE
    provides: frozenset[str] = frozenset()
    requires: frozenset[str] = frozenset()
    since: tuple[int, int] = (3, 0)

    @property
    def is_parallel(self) -> bool:
        return self.family is not Family.SERIAL


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    one_memory = frozenset({"one_memory"})
    forked = Mode(family=Family.PROCESSES, start_method=StartMethod.FORK)
    return Catalogue(
        workloads={
            "count": Work(title="Counting", parameters={"seconds": 0.5, "n": 3}),
            "append": Work(title="Appending", requires=one_memory),
        },
        models={
            "serial": Mode(family=Family.SERIAL, provides=one_memory),
            "threads": Mode(family=Family.THREADS, provides=one_memory),
            "processes-fork": forked,
            "arrays-fork": replace(forked, requires=frozenset({"arrays"})),
            "interpreters": Mode(family=Family.INTERPRETERS, since=(3, 14)),
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
