"""A small catalogue and config for the plan's tests; no code of the trial package is needed."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.config import checked
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.records.plan import Cell, Machine, Plan
from threads_or_processes.records.vocabulary import Family, StartMethod, Timing, WorkerKind


@dataclass(frozen=True, kw_only=True)
class Work:
    """A workload, as far as a plan looks at it."""

    title: str
    kind: str = ""
    unit: str = ""
    why: str = ""
    expected: str = ""
    source: str = ""
    remedy_of: str = ""
    only_by_name: bool = False
    contended: bool = False
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
    unpinned: str = ""
    api: str = ""
    needs_semaphores: bool = False

    @property
    def is_parallel(self) -> bool:
        return self.family is not Family.SERIAL


ONE_MEMORY = frozenset({"one_memory"})
FORKED = Mode(family=Family.PROCESSES, start_method=StartMethod.FORK)
CATALOGUE = Catalogue(
    workloads={
        "count": Work(title="Counting", parameters={"seconds": 0.5, "n": 3}),
        "append": Work(title="Appending", requires=ONE_MEMORY),
    },
    models={
        "serial": Mode(family=Family.SERIAL, provides=ONE_MEMORY),
        "threads": Mode(family=Family.THREADS, provides=ONE_MEMORY),
        "processes-fork": FORKED,
        "arrays-fork": replace(FORKED, requires=frozenset({"arrays"})),
        "interpreters": Mode(family=Family.INTERPRETERS, since=(3, 14)),
    },
    reasons={"one_memory": "each would change its own copy", "arrays": "it takes no arrays"},
)


Config = dict[str, Any]

MACHINE = Machine(
    name="here", fingerprint={"logical_cpus": 4, "physical_cores": 2, "cpu_quota": None}
)


def planned(config: Config, **claims: Any) -> Plan:
    """The plan of a config and of the contents of its files of claims."""
    return make_plan(checked(config), CATALOGUE, MACHINE, claims)


def a_cell(workload: str, blocks: int, workers: int = 1, timing: str = "warm") -> Cell:
    """A cell of threads."""
    return Cell(
        workload=workload,
        function=workload,
        model="threads",
        start_method=StartMethod.NONE,
        workers=workers,
        worker_kind=WorkerKind.WITHIN_CORES,
        arm="3.13",
        timing=Timing(timing),
        replicate=1,
        warmups=0,
        repetitions=1,
        patience_s=0,
        blocks=blocks,
    )


@pytest.fixture
def config() -> Config:
    return copy.deepcopy(CONFIG)


CONFIG: Config = {
    "campaign": "report",
    "seed": 1,
    "blocks": 3,
    "margin": 0.05,
    "builds": ["3.13", "3.13t"],
    "claims": [],
    "interpreters": {"provider": "auto", "build": "plain", "paths": {}, "tarball": None},
    "trial": {
        "warmups": 1,
        "repetitions": 2,
        "wait_s": 0,
        "undisturbed_threshold": 0.1,
        "retry_pass_s": 0,
        "chunk_ms": 2.5,
        "amounts": [1, 2],
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
