"""Synthetic campaigns that look measured: plan, identities and records from stated truths.

A trial's time is truth x (1 + trial effect) and a repetition's is that x (1 + its own noise). Trial
effects are skewed, as on shared machines: never faster than the truth, now and then much slower.
"""

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast, get_origin, is_typeddict

import msgspec
import numpy as np
from hypothesis.vendor.pretty import RepresentationPrinter
from threads_or_processes.common.files import canonical_json, write_json
from threads_or_processes.common.plan_file import plan_json
from threads_or_processes.common.signing import identity_digest
from threads_or_processes.plan.spelling import kind_of, parse_arm
from threads_or_processes.records.fields import Part, parts_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import (
    Arm,
    Cell,
    Claim,
    Experiment,
    Machine,
    Model,
    NotApplicable,
    Plan,
    Trial,
    Workload,
)
from threads_or_processes.records.trial import (
    Clock,
    Gil,
    Health,
    Interpreter,
    Memory,
    Repetition,
    TrialRecord,
    WorkerSpan,
)
from threads_or_processes.records.vocabulary import CONFIDENCE, Family, StartMethod, Timing
from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.needs import REASONS, Need

Json = dict[str, Any]
Truth = Callable[[Cell], float]

ARMS = ("3.13", "3.13t", "3.13t-gil")
GIL_WORKLOADS = ("mandelbrot", "json", "shared_append")
UNCALIBRATED = ("notebook", "empty", "dispatch")
COUNTERS = ("counter_locked", "counter_unlocked")
MS = 1_000_000
MIB = 1024 * 1024
QUIET_NS = 700_000
MEASURED_FROM_UNIX_NS = 1_790_000_000_123_456_789

FINGERPRINT: Json = {
    "cpu_model": "Synthetic CPU",
    "architecture": "x86_64",
    "logical_cpus": 2,
    "physical_cores": 1,
    "memory_gib": 8,
    "os": "Synthetic Linux 1",
    "kernel": "6.1.0",
    "virtualisation": None,
}
MACHINE = Machine(name="synthetic-2cpu-00000000", fingerprint=FINGERPRINT)


@dataclass(frozen=True)
class Noise:
    """Sizes of the two effects, relative to the truth."""

    trial_ratio: float = 0.02  # mean and standard deviation of the exponential trial effect
    repetition_ratio: float = 0.01  # standard deviation of the normal repetition noise


SILENCE = Noise(0.0, 0.0)


@dataclass(frozen=True)
class Campaign:
    """Everything a campaign leaves before the analysis; records by their planned path."""

    plan: Json = field(repr=False)
    identities: dict[str, Json] = field(repr=False)
    parity: Json
    records: dict[str, Any] = field(repr=False)

    def _repr_pretty_(self, printer: RepresentationPrinter, _cycle: bool) -> None:
        """Hypothesis prints every field otherwise, and fails as they have megabytes."""
        printer.text(f"a campaign of {len(self.records)} records")

    def _sign_identities(self) -> None:
        """A test may have changed what an interpreter is."""
        for arm, identity in self.identities.items():
            before = identity.get("identity_sha256")
            identity["identity_sha256"] = identity_digest(cast("Identity", identity))
            for record in self.records.values():
                interpreter = record["interpreter"]
                if (interpreter["arm"], interpreter["identity_sha256"]) == (arm, before):
                    interpreter["identity_sha256"] = identity["identity_sha256"]

    def write(self, results: Path) -> Path:
        """Write it as the pipeline would; returns the path of plan.json."""
        self._sign_identities()
        write_json(results / "plan.json", self.plan)
        for arm, identity in self.identities.items():
            write_json(results / "interpreters" / f"{arm}.json", identity)
        write_json(results / "interpreters" / "parity.json", self.parity)
        for path, record in self.records.items():
            # `write_json` is for people and safe from power cuts: most of a test's time.
            file = results / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(canonical_json(record), encoding="utf-8")
        return results / "plan.json"


def sha256(*parts: object) -> str:
    """A hash that stands for the thing described by `parts`."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def plausible_truth(cell: Cell) -> float:
    """Wall time in ns as published measurements would have it.

    Serial 20 ms; a GIL-holding workload gains nothing from threads while the GIL is on; whatever
    runs in parallel follows Amdahl's law with 5 % serial; a free-threaded build costs 10 %.
    """
    if cell.workload == "notebook":
        return 2000.0 * MS + (50 * MS if cell.start_method != "none" else 10 * MS)
    if cell.function in HARNESS_NS:
        return HARNESS_NS[cell.function] * _start_ratio(cell)
    workers: int = cell.workers
    serial_ns = 20.0 * MS * (1.1 if "t" in cell.arm else 1.0)
    in_threads = MODELS[cell.model].family in (Family.THREADS, Family.COROUTINES)
    held = in_threads and cell.workload in GIL_WORKLOADS and cell.arm != "3.13t"
    if cell.model == "serial" or held:
        return serial_ns
    params = params_of(cell.workload)
    if "kib" in params and not in_threads:
        serial_ns += 3000.0 * params["kib"]
    if "task_us" in params:
        serial_ns *= 1 + (5 if in_threads else 50) / params["task_us"]
    return serial_ns * (0.05 + 0.95 / workers)


HARNESS_NS = {"empty": 2.0 * MS, "dispatch": 6.0 * MS}


def _start_ratio(cell: Cell) -> float:
    """What starting the workers, or reaching them, costs; spawned processes the most."""
    ratios = {"fork": 4.0, "forkserver": 30.0, "spawn": 60.0}
    return ratios.get(cell.start_method, 1.0) * float(cell.workers)


def make_cell(
    workload: str,
    model: str,
    workers: int,
    arm: str,
    timing: str = "warm",
    blocks: int = 6,
    replicate: int = 1,
    amounts: tuple[int, ...] = (1,),
) -> Cell:
    """A cell; `timing` is warm, cold or memory."""
    return Cell(
        workload=workload,
        function=function_of(workload),
        model=model,
        start_method=MODELS[model].start_method,
        workers=workers,
        worker_kind=kind_of(workers, MACHINE),
        arm=arm,
        timing=Timing(timing),
        replicate=replicate,
        warmups=2 if timing == "warm" else 0,
        repetitions=5 if timing == "warm" else 1,
        patience_s=1.5,
        blocks=blocks,
        amounts=amounts,
    )


def function_of(workload: str) -> str:
    """The workload's name without its varied parameters."""
    return workload.partition(",")[0]


def params_of(workload: str) -> Json:
    """The varied parameters in a workload's label."""
    pairs = (part.partition("=") for part in workload.split(",")[1:])
    return {name: int(value) if value.isdigit() else value for name, _, value in pairs}


def make_cells(
    *,
    workloads: Sequence[str] = ("mandelbrot", "compress"),
    models: Sequence[str] = ("serial", "threads", "processes-fork"),
    workers: Sequence[int] = (1, 2),
    arms: Sequence[str] = ARMS,
    blocks: int = 6,
    notebook: bool = True,
) -> list[Cell]:
    """The grid of a scaling experiment and, if wanted, the notebook's replay with 3 blocks."""
    cells = [
        make_cell(workload, model, count, arm, blocks=blocks)
        for workload in workloads
        for arm in arms
        for model in models
        for count in ([1] if model == "serial" else workers)
    ]
    replay = [
        make_cell("notebook", model, 2, arm, "cold", blocks=min(blocks, 3))
        for arm in arms
        for model in ("processes-fork", "raw_threads")
    ]
    return cells + (replay if notebook else [])


def grid(
    workloads: Sequence[str],
    models: Sequence[str],
    *,
    workers: Sequence[int] = (2,),
    arms: Sequence[str] = ARMS,
    timing: str = "warm",
    blocks: int = 6,
    replicates: int = 1,
) -> list[Cell]:
    """The cells of one experiment."""
    return [
        make_cell(workload, model, count, arm, timing, blocks, replicate)
        for workload in workloads
        for model in models
        for count in ([1] if model == "serial" else workers)
        for arm in arms
        for replicate in range(1, replicates + 1)
    ]


def every_experiment() -> list[tuple[str, str, list[Cell], list[NotApplicable]]]:
    """Name, question, cells and left-out cells of one experiment of each kind."""
    pair, two = ("serial", "threads", "processes-fork"), ("3.13", "3.13t")
    ways = (
        *pair,
        *("raw_threads", "thread_executor", "processes-forkserver", "processes-spawn"),
        *("stdlib_processes-fork", "process_executor-fork", "joblib"),
    )
    senders = ("threads", "processes-fork", "stdlib_processes-fork", "shared_memory-fork", "joblib")
    sent = [f"send_{what},kib={kib}" for what in ("array", "objects") for kib in (1, 64, 4096)]
    counters = ["shared_append", *COUNTERS]
    grains = [f"grain,task_us={us}" for us in (10, 100, 1000, 10_000)]
    impossible = [
        NotApplicable(cell=f"{work}/{model}/2/{arm}/warm", reason=REASONS[Need.ONE_MEMORY])
        for work in counters
        for model in ("processes-fork", "joblib")
        for arm in two
    ]
    no_interpreters = [
        NotApplicable(
            cell=f"mandelbrot/interpreters/2/{arm}/warm",
            reason="Python 3.13 has no such thing; 3.14 is the first",
        )
        for arm in two
    ]
    kinds = ("mandelbrot", "json", "compress", "sleep", "pillow")
    asks = [
        ("notebook", grid(["notebook"], ["processes-fork", "raw_threads"], timing="cold"), []),
        ("scaling", grid(["mandelbrot", "json"], pair, workers=(1, 2, 4)), []),
        ("kinds", grid(kinds, pair, arms=two) + grid(["sleep"], ["asyncio"], arms=two), []),
        ("build_tax", grid(kinds, ["serial"]), []),
        ("startup", grid(["empty"], ways, workers=(2, 4), timing="cold"), []),
        ("memory", grid(["json"], ways[:5], workers=(2, 4), arms=two, timing="memory"), []),
        ("granularity", grid([*grains, "dispatch"], pair, arms=two), []),
        ("payload", grid(sent, senders, arms=("3.13",)), []),
        ("shared_state", grid(counters, ["serial", "threads"], arms=two), impossible),
        ("apis", grid(["mandelbrot"], ways, arms=two), no_interpreters),
        ("control", grid(["mandelbrot", "sleep"], pair, arms=("3.13",), replicates=2), []),
        ("mine", grid(["my_own_work"], pair, arms=two), []),
    ]
    return [(name, f"What about {name}?", cells, skipped) for name, cells, skipped in asks]


def make_every_campaign(**options: Any) -> Campaign:
    """A campaign with every experiment and claims; cells that they share are measured once."""
    asked = every_experiment()
    cells = {cell.id: cell for _, _, of_one, _ in asked for cell in of_one}
    experiments = [make_experiment(*one) for one in asked]
    options.setdefault("claims", every_claim())
    return make_campaign(list(cells.values()), experiments=experiments, **options)


def every_claim() -> list[Claim]:
    """A claim of each kind about the cells of every experiment."""
    serial, threads = "mandelbrot/serial/1/3.13/warm", "mandelbrot/threads/2/3.13/warm"
    return [
        make_claim(threads, serial, id="refuted", by=1.5, answer="They wait for one lock."),
        make_claim(threads, serial, id="supported", expects="not_less"),
        make_claim(
            *("mandelbrot/threads/2/3.13t/warm", threads),
            id="published",
            expects="as_published",
            published=[1.5, 1.95],
        ),
        make_claim(
            *("mandelbrot/threads/2/3.13t/warm", threads),
            id="not-comparable",
            expects="as_published",
            published=[1.5, 1.95],
            not_comparable="other work",
        ),
        make_claim(
            *("mandelbrot/threads/2/3.13t/warm", threads),
            (threads, serial),
            id="some-cases",
        ),
        make_claim(threads, expects="gil_off", id="gil"),
        make_claim(
            "json/threads/2/3.13/memory",
            "json/processes-fork/2/3.13/memory",
            id="memory",
            measure="memory",
        ),
        make_claim(
            "empty/threads/2/3.13/cold",
            "empty/processes-spawn/2/3.13/cold",
            id="first-result",
            measure="first_result",
        ),
        make_claim("counter_locked/threads/2/3.13t/warm", id="kept", expects="keeps_updates"),
        make_claim("counter_unlocked/threads/2/3.13t/warm", id="lost", expects="keeps_updates"),
        make_claim("sleep/threads/2/3.13/warm", "json/serial/1/3.13/warm", id="across"),
        make_claim("json/joblib/2/3.13/warm", serial, id="untested", untested="not planned here"),
        make_claim(threads, serial, id="a-team-s-own", file="our team's claims.yaml"),
    ]


def make_plan(
    cells: Sequence[Cell],
    *,
    experiments: Sequence[Experiment] | None = None,
    claims: Sequence[Claim] = (),
    seed: int = 1,
    campaign: str = "report",
    compilations: int = 1,
) -> Plan:
    """A plan for these cells: randomised complete blocks.

    Without `experiments` there is one for each timing.
    """
    rng = random.Random(seed)
    blocks = max(cell.blocks for cell in cells)
    trials: list[tuple[Cell, int]] = []
    for block in range(1, blocks + 1):
        of_block = [(cell, block) for cell in cells if block <= cell.blocks]
        rng.shuffle(of_block)
        trials += of_block
    questions = {
        "cold": ("notebook", "What does the teaching notebook print on this machine?"),
        "warm": ("scaling", "How much faster does the same work get with more workers?"),
        "memory": ("memory", "How much memory does each way of working take?"),
    }
    by_timing = [
        make_experiment(name, question, [cell for cell in cells if cell.timing == timing])
        for timing, (name, question) in questions.items()
        if any(cell.timing == timing for cell in cells)
    ]
    arms = list(dict.fromkeys(cell.arm for cell in cells))
    return Plan(
        campaign=campaign,
        machine=MACHINE,
        seed=seed,
        blocks=blocks,
        margin=0.05,
        quiet_threshold=0.12,
        confidence=CONFIDENCE,
        reference_arm=arms[0],
        config={
            "campaign": campaign,
            "seed": seed,
            "blocks": blocks,
            "builds": arms,
            "trial": {"timeout_s": 120},
        },
        arms=tuple(map(parse_arm, arms)),
        workloads={name: _about(name) for name in sorted({cell.workload for cell in cells})},
        models={name: _model(name) for name in dict.fromkeys(cell.model for cell in cells)},
        experiments=tuple(by_timing if experiments is None else experiments),
        cells=tuple(cells),
        trials=tuple(
            Trial(cell=cell.id, block=block, position=position)
            for position, (cell, block) in enumerate(trials, start=1)
        ),
        precision=None,
        claims=tuple(claims),
        compilations=compilations,
    )


def make_claim(
    cell: str,
    baseline: str | None = None,
    *more: tuple[str, str | None],
    untested: str | None = None,
    **changes: Any,
) -> Claim:
    """A claim: that the cell takes less than the baseline, and so in `more` cases."""
    stated = {
        "id": "claim",
        "file": "claims.yaml",
        "sentence": "One is faster than the other.",
        "source": "a book",
        "answer": None,
        "expects": "less",
        "measure": "time",
        "by": 1.05,
        "cases": [
            {"cell": one, "baseline": other, "untested": untested}
            for one, other in ((cell, baseline), *more)
        ],
        "published": None,
    }
    return msgspec.convert(stated | changes, Claim)


def make_experiment(
    name: str, question: str, cells: Sequence[Cell], not_applicable: Sequence[NotApplicable] = ()
) -> Experiment:
    """An experiment of these cells."""
    ids = tuple(cell.id for cell in cells)
    return Experiment(name=name, question=question, cells=ids, not_applicable=tuple(not_applicable))


def _model(name: str) -> Model:
    entry = MODELS[name]
    base, _, start_method = name.partition("-")
    title = base.replace("_", " ") + (f" ({start_method})" if start_method else "")
    return Model(
        title=title,
        family=entry.family,
        start_method=entry.start_method,
        unpinned=entry.unpinned,
        api=entry.api,
    )


def _about(workload: str) -> Workload:
    holds = workload in GIL_WORKLOADS
    return Workload(
        name=function_of(workload),
        function=function_of(workload),
        title=f"The {function_of(workload)} workload",
        kind="CPU, holds the GIL" if holds else "CPU, releases the GIL",
        unit="task",
        why=f"Stands for work like {workload}.",
        expected="Gains with processes." if holds else "Gains with threads and processes.",
        params=params_of(workload),
    )


def make_identity(arm: Arm) -> Json:
    """interpreters/<arm>.json of an invented, optimised build from source."""
    free_threaded = arm.free_threaded
    identity = {
        "schema_version": 1,
        "arm": arm.name,
        "provider": "source",
        "executable": f"/nowhere/{arm.name}/bin/python",
        "flags": ["-X", f"gil={int(arm.gil)}"] if free_threaded else [],
        "executable_sha256": sha256("executable", free_threaded, arm.compilation),
        "version": "3.13.5",
        "implementation": "CPython",
        "free_threaded_build": free_threaded,
        "gil_enabled": arm.gil,
        "compiler": "GCC 12.2.0",
        "config_args": "--enable-optimizations" + (" --disable-gil" if free_threaded else ""),
        "cflags": "-O3 -Wall",
        "optimisation": "optimised",
        "pgo": True,
        "lto": False,
        "debug": False,
        "libraries": {"multiprocess": "0.70.19", "dill": "0.4.1"},
        "lock_sha256": sha256("lock"),
    }
    return {**identity, "identity_sha256": identity_digest(cast("Identity", identity))}


def make_parity(arms: Sequence[str]) -> Json:
    """parity.json of builds that match."""
    fields = {"version": "3.13.5", "compiler": "GCC 12.2.0", "cflags": "-O3 -Wall", "pgo": True}
    return {
        "schema_version": 1,
        "verdict": "match",
        "checks": [
            {"field": name, "values": dict.fromkeys(arms, value), "equal": True}
            for name, value in fields.items()
        ],
        "threats": [],
    }


def make_campaign(
    cells: Sequence[Cell] | None = None,
    *,
    experiments: Sequence[Experiment] | None = None,
    claims: Sequence[Claim] = (),
    truth: Truth = plausible_truth,
    overhead: Truth = lambda cell: 0.0,
    noise: Noise = Noise(),
    failures: Mapping[tuple[str, int], str] | None = None,
    disturbed_ratio: float | None = None,
    seed: int = 1,
    campaign: str = "report",
    compilations: int = 1,
) -> Campaign:
    """A whole campaign; `failures` gives (cell id, block) an outcome other than ok.

    An amount of work takes the `overhead` and that many times the `truth`.

    With a `disturbed_ratio` a sentinel watches, and that share of the repetitions takes 1.6 times
    as long because of a neighbour. The same arguments give the same campaign.
    """
    plan = make_plan(
        make_cells() if cells is None else cells,
        experiments=experiments,
        claims=claims,
        seed=seed,
        campaign=campaign,
        compilations=compilations,
    )
    return measured(plan, truth, noise, failures, disturbed_ratio, overhead)


def measured(
    plan: Plan,
    truth: Truth = plausible_truth,
    noise: Noise = Noise(),
    failures: Mapping[tuple[str, int], str] | None = None,
    disturbed_ratio: float | None = None,
    overhead: Truth = lambda cell: 0.0,
) -> Campaign:
    """What a plan leaves when it is measured; see `make_campaign`."""
    identities = {one.name: make_identity(one) for one in plan.interpreters}
    rng = np.random.default_rng(plan.seed)
    records = {}
    for trial in plan.trials:
        cell = plan.cells_by_id[trial.cell]
        outcome = (failures or {}).get((cell.id, trial.block), "ok")
        effect = 1 + noise.trial_ratio * rng.exponential()
        amounts = amounts_of(cell)
        own = 1 + noise.repetition_ratio * rng.standard_normal(len(amounts))
        walls_ns = [
            max(1, round((overhead(cell) + amount * truth(cell)) * effect * factor))
            for amount, factor in zip(amounts, own, strict=True)
        ]
        identity = identities[plan.interpreter(cell.arm, trial.block)]
        record = make_record(plan, trial, identity, walls_ns, outcome)
        if disturbed_ratio is not None:
            watch(record, [rng.random() < disturbed_ratio for _ in walls_ns])
        records[trial.record] = record
    return Campaign(plan_json(plan), identities, make_parity([*identities]), records)


def amounts_of(cell: Cell) -> list[int]:
    """The amount of each repetition of a trial: warm-ups, then all amounts in turn."""
    return [1] * cell.warmups + list(cell.amounts) * cell.repetitions


def make_record(
    plan: Plan, trial: Trial, identity: Json, walls_ns: Sequence[int], outcome: str
) -> Json:
    """One trial's record with these wall times, warm-up first; none are kept if it failed."""
    cell = plan.cells_by_id[trial.cell]
    ok = outcome == "ok"
    start_ns = 1_000 * MS * trial.position
    lasted_ns = sum(walls_ns) + 100 * MS
    record = least(TrialRecord) | {
        "trial_id": sha256("trial", plan.seed, cell.id, trial.block)[:32],
        "cell": dict(plan.spec(trial)["cell"]),
        "block": trial.block,
        "position": trial.position,
        "machine": dict(plan.fingerprint),
        "interpreter": {name: identity[name] for name in Interpreter.__annotations__},
        "instrument_sha256": sha256("instrument"),
        "work": {
            "tasks": 2 if cell.workload == "notebook" else 64,
            "size": None if cell.function in UNCALIBRATED else 1000,
            "calibration_sha256": sha256("calibration", cell.workload),
            "expected_checksum": sha256("results", cell.workload),
        },
        "outcome": outcome,
        "explanation": "" if ok else f"the trial ended as {outcome}",
        "health": {"before": make_health(), "after": make_health(), "flags": []},
        "started_unix_ns": MEASURED_FROM_UNIX_NS + start_ns,
        "ended_unix_ns": MEASURED_FROM_UNIX_NS + start_ns + lasted_ns,
        "started_monotonic_ns": start_ns,
        "ended_monotonic_ns": start_ns + lasted_ns,
        "clock": least(Clock),
        "gil": least(Gil),
    }
    return record | found(cell, start_ns, walls_ns) if ok else record


def found(cell: Cell, start_ns: int, walls_ns: Sequence[int]) -> Json:
    """What a trial that is ok found, by the kind of its timing."""
    if cell.timing == "memory":
        return {"memory": make_memory(cell, walls_ns[0])}
    repetitions = _repetitions(cell, start_ns, walls_ns)
    if cell.timing == "warm":
        phases = {"setup_ns": 8 * MS, "first_result_ns": 5 * MS, "teardown_ns": 2 * MS}
        return {**phases, "repetitions": repetitions}
    names = list(range(cell.workers))
    output = {"results": names, "data": names} if cell.workload == "notebook" else None
    return {"repetitions": repetitions, "output": output}


def make_memory(cell: Cell, noise_bytes: int) -> Memory:
    """Weights of a process tree: 12 MiB for the parent, 5 MiB more for each process below it."""
    is_tree = MODELS[cell.model].family is Family.PROCESSES
    processes = 1 + (cell.workers if is_tree else 0)
    before_bytes = 12 * MIB + noise_bytes % 4096
    idle_bytes = before_bytes + 5 * MIB * (processes - 1)
    return Memory(
        before_bytes=before_bytes,
        idle_bytes=idle_bytes,
        peak_bytes=idle_bytes + 2 * MIB * processes,
        after_bytes=idle_bytes + MIB * processes,
        processes=processes,
    )


def make_health() -> Json:
    """One reading of a machine that tells nothing of itself."""
    return least(Health) | {"clock_source": "tsc", "clock_overhead_ns": 45}


def least(record: Any) -> Json:
    """The least that a typed dict may hold: null, nothing, or the smallest number."""
    return {name: _least(parts_of(record)[name]) for name in record.__required_keys__}


def _least(part: Part) -> Any:
    if not part.required:
        return None
    if is_typeddict(part.type):
        return least(part.type)
    if part.one_of:
        return part.one_of[0]
    if part.type in (int, float):
        return (part.field and part.field.minimum) or 0
    kind = get_origin(part.type) or part.type
    return {} if issubclass(kind, Mapping) else kind()


def tell_cpus(record: Json, *, shared: bool) -> None:
    """Have chunks tell their CPUs; where workers share one, they take twice as long."""
    for repetition in record["repetitions"]:
        repetition["wall_ns"] *= 2 if shared else 1
        for number, chunk in enumerate(repetition["workers"]):
            chunk["end_ns"] = repetition["started_monotonic_ns"] + repetition["wall_ns"]
            chunk["cpus"] = [0, 0] if shared else [number, number]
            chunk |= dict.fromkeys(("user_ns", "system_ns", "run_queue_ns"), 0)
            chunk |= dict.fromkeys(("voluntary_switches", "involuntary_switches"), 0)


def watch(record: Json, disturbed: Sequence[bool]) -> None:
    """Put a sentinel beside each repetition of a record, and slow the disturbed ones."""
    record["sentinel"] = {"cpus": [0, 1], "floor_ns": [QUIET_NS, QUIET_NS], "threshold": 0.12}
    for repetition, is_disturbed in zip(record["repetitions"], disturbed, strict=False):
        reading_ns = QUIET_NS * 16 // 10 if is_disturbed else QUIET_NS
        repetition["cpus"] = [0]
        # The other CPU's neighbour is no matter of this repetition's.
        repetition["sentinel_before_ns"] = [reading_ns, QUIET_NS * 2]
        repetition["sentinel_after_ns"] = [QUIET_NS, QUIET_NS * 2]
        if is_disturbed:
            repetition["wall_ns"] = repetition["wall_ns"] * 16 // 10


def beside_neighbours(
    campaign: Campaign, disturbed: Sequence[bool], *, waits: bool = False
) -> Campaign:
    """Give each chunk a CPU of its own; parallel ones at these places take 1.6 times as long.

    That is in every second batch; in those between, chunks at the next places do. The last CPU is
    the parent's. With `waits` a tenth of each chunk is neither on a CPU nor ready for one.
    """
    cpus = list(range(len(disturbed) + 1))
    for record in campaign.records.values():
        record["sentinel"] = {
            "cpus": cpus,
            "floor_ns": [QUIET_NS] * len(cpus),
            "threshold": 0.12,
        }
        for number, repetition in enumerate(record["repetitions"]):
            alone = record["cell"]["workers"] == 1
            slow: list[bool] = [] if alone else np.roll([*disturbed, False], number % 2).tolist()
            readings = [QUIET_NS * (16 if slow_now else 10) // 10 for slow_now in slow]
            quiet = [QUIET_NS] * len(cpus)
            repetition["cpus"], repetition["dispatch_cpus"] = cpus, [len(disturbed)]
            repetition["sentinel_before_ns"] = readings or quiet
            repetition["sentinel_after_ns"] = quiet
            for place, chunk in enumerate(repetition["workers"]):
                span_ns = chunk["end_ns"] - chunk["start_ns"]
                if slow and slow[place]:
                    span_ns = span_ns * 16 // 10
                chunk |= {
                    "end_ns": chunk["start_ns"] + span_ns,
                    "cpus": [place, place],
                    "user_ns": span_ns * (9 if waits else 10) // 10,
                    "system_ns": 0,
                    "run_queue_ns": 0,
                    "voluntary_switches": 0,
                    "involuntary_switches": 0,
                }
            last_ns = max(chunk["end_ns"] for chunk in repetition["workers"])
            repetition["wall_ns"] = last_ns - repetition["started_monotonic_ns"]
    return campaign


def _repetitions(cell: Cell, start_ns: int, walls_ns: Sequence[int]) -> list[Json]:
    """Only an unlocked counter loses updates, and only where threads run in parallel."""
    repetitions = []
    counts = cell.function in COUNTERS
    in_parallel = cell.workers > 1 and cell.arm.endswith("t")
    loses = cell.function == "counter_unlocked" and in_parallel
    cold = cell.timing == "cold"
    amounts = amounts_of(cell)
    family = MODELS[cell.model].family
    serial = replace(cell, model="serial", start_method=StartMethod.NONE, workers=1, id="")
    # What is longer than the work's own CPU time is waiting.
    busy = min(1.0, plausible_truth(serial) / (cell.workers * plausible_truth(cell)))
    for place, wall_ns in enumerate(walls_ns):
        warmup = place < cell.warmups
        repetitions.append(
            least(Repetition)
            | {
                "phase": "warmup" if warmup else "measure",
                "index": place if warmup else place - cell.warmups,
                **({"amount": amounts[place]} if len(cell.amounts) > 1 else {}),
                "started_monotonic_ns": start_ns,
                "wall_ns": wall_ns,
                "first_result_ns": wall_ns // 2 if cold else None,
                "teardown_ns": wall_ns // 4 if cold else None,
                "user_ns": wall_ns,
                "system_ns": wall_ns // 100,
                "parent_user_ns": wall_ns // 10,
                "parent_system_ns": wall_ns // 1000,
                "checksum": sha256("results", cell.workload),
                "updates": 64_000 if counts else None,
                "lost_updates": (6400 + place if loses else 0) if counts else None,
                "workers": [
                    WorkerSpan(
                        pid=100 + (worker if family is Family.PROCESSES else 0),
                        thread_id=200 + (worker if family is Family.THREADS else 0),
                        tasks=1,
                        start_ns=start_ns + 1000 * (worker + 1),
                        end_ns=start_ns + wall_ns,
                        cpus=[worker % 2, worker % 2],
                        user_ns=round(busy * (wall_ns - 1000 * (worker + 1))),
                        system_ns=0,
                        run_queue_ns=0,
                        voluntary_switches=3,
                        involuntary_switches=1,
                    )
                    for worker in range(cell.workers)
                ],
            }
        )
        start_ns += wall_ns
    return repetitions
