"""Results folders for the report: synthetic campaigns taken through the analysis."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import msgspec
from threads_or_processes.analysis.__main__ import compare
from threads_or_processes.records.plan import Cell
from threads_or_processes.reporting import drawing, render, report
from threads_or_processes.reporting.comparison_data import (
    ComparedMachines,
    named,
    read_machines,
)
from threads_or_processes.reporting.evidence import Evidence, read_evidence
from threads_or_processes.reporting.page import Page
from threads_or_processes.reporting.sections import comparison
from threads_or_processes.trial import deadline

from tests import factories
from tests.analysis.archives import collect_into, tables_of
from tests.machines import LAB, MACHINES, measured_on
from tests.shelf import Shelf

NOTEBOOK = "notebook"


@dataclass(frozen=True)
class World:
    """A folder of results as the pipeline leaves it before the report.

    It is compared with a baseline if it has the folder for that. What is made from it is kept;
    another `World` of the folder makes it again.
    """

    results: Path

    def evidence(self) -> Evidence:
        """All that the report is made from."""
        return self._evidence

    def page(self) -> Page:
        """The report as a value."""
        return self._page

    def drawings(self) -> dict[str, str]:
        """The figures by name."""
        return self._drawings

    def html(self) -> str:
        """The page."""
        return render.html(self.page(), self.drawings())

    @cached_property
    def _evidence(self) -> Evidence:
        return read_evidence(
            plan_path=self.results / "plan.json",
            tables_path=self.results / "tables",
            trials_path=self.results / "trials.csv.gz",
            package_path=self.results / "datapackage.json",
            interpreters_path=self.results / "interpreters",
            baseline_path=there if (there := self.results / "baseline").exists() else None,
        )

    @cached_property
    def _page(self) -> Page:
        return report.build(self.evidence())

    @cached_property
    def _drawings(self) -> dict[str, str]:
        return {one.name: drawing.draw_for_page(one) for one in self.page().figures}


def write_world(results: Path, campaign: factories.Campaign, **kept: Any) -> World:
    """Write a campaign's records and take them through the analysis; `kept` as `collect_into`."""
    collect_into(results, campaign, **kept)
    tables_of(results, "trials.parquet", results / "tables")
    return World(results)


def write_limited_world(
    results: Path, campaign: factories.Campaign, has_time: Callable[[dict[str, Any]], bool]
) -> World:
    """The same within a budget of 3 min, where only some records `has_time` for."""
    campaign.plan["config"]["budget"] = "3min"
    measured = {path: one for path, one in campaign.records.items() if has_time(one)}
    for path in campaign.records.keys() - measured.keys():
        (results / path).parent.mkdir(parents=True, exist_ok=True)
        deadline.leave_out(results / path)
    return write_world(results, replace(campaign, records=measured))


def campaign(**options: Any) -> factories.Campaign:
    """A campaign whose cells come from `factories.make_cells(**options)`."""
    return factories.make_campaign(factories.make_cells(**options))


def all_failed() -> factories.Campaign:
    """Every trial timed out."""
    cells = factories.make_cells(blocks=2)
    failures = {
        (cell.id, block): "timeout" for cell in cells for block in range(1, cell.blocks + 1)
    }
    claims = [factories.make_claim("mandelbrot/threads/2/3.13/warm", cells[0].id)]
    return factories.make_campaign(cells, claims=claims, failures=failures)


def some_failed() -> factories.Campaign:
    """One cell crashed in one block; every threads cell of a workload gave wrong results."""
    cells = factories.make_cells()
    failures = {
        (cell.id, block): "wrong_result"
        for cell in cells
        for block in range(1, cell.blocks + 1)
        if cell.workload == "compress" and cell.model == "threads"
    }
    failures["mandelbrot/processes-fork/2/3.13/warm", 1] = "crashed"
    return factories.make_campaign(cells, failures=failures)


def hostile() -> factories.Campaign:
    """Names and messages that try to leave their place in the page."""
    made = campaign(workloads=["json"], blocks=2)
    evil = "</style><script>alert(1)</script>\"'\n\u202e{{ 7 * 7 }} $x^2$ " + "long " * 2000
    made.plan["machine"]["fingerprint"]["cpu_model"] = evil
    made.plan["config"]["note"] = evil
    for about in made.plan["workloads"].values():
        about.update(title=evil, kind=evil, why=evil, expected=evil, source=evil)
    pair = ("json/threads/2/3.13/warm", "json/serial/1/3.13/warm")
    words = {"sentence": evil, "source": evil, "answer": evil, "file": evil}
    claims = (
        factories.make_claim(*pair, **words),
        factories.make_claim(*pair, **words, id="untested", untested=evil),
    )
    made.plan["claims"] = msgspec.to_builtins(claims)
    made.parity["verdict"] = "mismatch"
    made.parity["threats"] = [evil]
    for identity in made.identities.values():
        identity["compiler"] = evil
        identity["cflags"] = evil
    for record in list(made.records.values())[:3]:
        record["outcome"] = "raised"
        record["explanation"] = evil
        record["repetitions"] = []
        record["machine"] = made.plan["machine"]["fingerprint"]
    for record in made.records.values():
        record["machine"] = made.plan["machine"]["fingerprint"]
    return made


def plain_builds() -> factories.Campaign:
    """Interpreters without optimisation that do not match."""
    made = campaign(blocks=3)
    for identity in made.identities.values():
        identity.update(optimisation="plain", pgo=False)
    made.parity.update(
        verdict="mismatch", threats=["3.13t was built with another compiler than 3.13."]
    )
    return made


def added_experiments() -> factories.Campaign:
    """Experiments of somebody's own: one is weighed, one lives whole lives, one sends tasks."""
    ways = ("threads", "processes-fork")
    lives = [replace(one, warmups=1) for one in factories.grid(["empty"], ways, timing="cold")]
    asked = [
        ("weight", factories.grid(["json"], ways, timing="memory")),
        ("lives", lives),
        ("sending", factories.grid(["dispatch"], ("serial", *ways), arms=["3.13"])),
    ]
    return factories.make_campaign(
        [cell for _, cells in asked for cell in cells],
        experiments=[factories.make_experiment(name, f"{name}?", cells) for name, cells in asked],
    )


def pinned_workers() -> factories.Campaign:
    """Workers that stay on one CPU each, and free ones that share one in a block."""
    models = ("serial", "threads", "threads_pinned", "processes-fork", "processes_pinned-fork")
    cells = factories.grid(["json"], models, arms=("3.13", "3.13t"))
    made = factories.make_campaign(
        cells, experiments=[factories.make_experiment("placement", "Which CPU?", cells)]
    )
    for record in made.records.values():
        is_free = record["cell"]["model"] == "processes-fork"
        factories.tell_cpus(record, shared=is_free and record["block"] == 2)
    return made


def some_never_worked() -> factories.Campaign:
    """Every experiment, but those about sending, starting and sharing failed throughout."""
    failed = {"payload", "startup", "shared_state", "control"}
    failures = {
        (cell.id, block): "worker_died"
        for name, _, cells, _ in factories.every_experiment()
        for cell in cells
        for block in range(1, cell.blocks + 1)
        if name in failed
    }
    return factories.make_every_campaign(failures=failures)


def one_cpu() -> factories.Campaign:
    """A machine on which nothing can run side by side."""
    made = campaign(workloads=["json", "sleep"], workers=[1, 2], arms=["3.13", "3.13t"])
    made.plan["machine"]["fingerprint"].update(logical_cpus=1, physical_cores=1)
    for record in made.records.values():
        record["machine"] = made.plan["machine"]["fingerprint"]
    return made


def unwell() -> factories.Campaign:
    """Every experiment on a machine that is disturbed and says so."""
    made = factories.make_every_campaign(disturbed_ratio=0.2)
    for record in list(made.records.values())[::7]:
        record["health"]["flags"] = ["load", "steal"]
    return made


def several_amounts() -> factories.Campaign:
    """Three amounts of work; processes have an overhead, and one way's time is no straight line."""

    def overhead(cell: Cell) -> float:
        return 2.0 * factories.MS if "processes" in cell.model else 0.0

    cells = factories.make_cells(workers=[1, 2], arms=["3.13", "3.13t"], blocks=8)
    made = factories.make_campaign(
        [
            replace(cell, amounts=(1, 3, 8), repetitions=3) if cell.timing == "warm" else cell
            for cell in cells
        ],
        overhead=overhead,
        noise=factories.Noise(0.005, 0.002),
    )
    for record in made.records.values():
        if record["cell"]["id"] == BENT:
            for repetition in record["repetitions"]:
                repetition["wall_ns"] *= 2 if repetition["amount"] == 3 else 1
    return made


def edited() -> factories.Campaign:
    """A later session with another library: compression takes 1.5 times as long."""

    def truth(cell: Cell) -> float:
        return factories.plausible_truth(cell) * (1.5 if cell.workload == "compress" else 1.0)

    made = factories.make_campaign(factories.make_cells(blocks=8), truth=truth, seed=2)
    made.identities["3.13"]["libraries"]["numpy"] = "9.9"
    for record in made.records.values():
        record["trial_id"] = factories.sha256("edited", record["trial_id"])[:32]
        record["started_unix_ns"] += 10**14
    return made


def before_and_after(results: Path) -> World:
    """A campaign, and what it was like before its library changed."""
    states = results / "states"
    collect_into(results / "before", campaign(blocks=8), states=states)
    world = write_world(results, edited(), states=states)
    compare(
        Namespace(
            trials=results / "trials.parquet",
            package=results / "datapackage.json",
            states=states,
            name=None,
            out=results / "baseline",
        )
    )
    return world


def two_versions() -> factories.Campaign:
    """The newer version takes 0.8 times as long, but for compression, which takes 1.5 times."""

    def truth(cell: Cell) -> float:
        longer = 1.5 if cell.workload == "compress" else 0.8
        older = replace(cell, arm=cell.arm.replace("3.14", "3.13"))
        return factories.plausible_truth(older) * (longer if older != cell else 1.0)

    cells = factories.make_cells(
        workloads=["mandelbrot", "json", "compress"],
        arms=["3.13", "3.13t", "3.14", "3.14t"],
        blocks=8,
        notebook=False,
    )
    return factories.make_campaign(cells, truth=truth, noise=factories.Noise(0.005, 0.002))


BENT = "compress/processes-fork/2/3.13t/warm"

WORLDS: dict[str, Callable[[], factories.Campaign]] = {
    "several amounts": several_amounts,
    "two versions": two_versions,
    "every experiment": unwell,
    "some never worked": some_never_worked,
    "added experiments": added_experiments,
    "pinned workers": pinned_workers,
    "full": lambda: campaign(
        workloads=("sleep", "mandelbrot", "json", "compress", "shared_append"),
        workers=(1, 2, 4),
        blocks=6,
    ),
    "default": lambda: campaign(),
    "one block": lambda: campaign(blocks=1),
    "two blocks": lambda: campaign(blocks=2),
    "one workload": lambda: campaign(workloads=["json"]),
    "all failed": all_failed,
    "some failed": some_failed,
    "one arm": lambda: campaign(arms=["3.13"]),
    "no free-threaded build without its lock": lambda: campaign(arms=["3.13", "3.13t-gil"]),
    "no notebook": lambda: campaign(notebook=False),
    "only the notebook": lambda: campaign(workloads=[]),
    "one worker": lambda: campaign(workers=[1]),
    "only serial": lambda: campaign(models=["serial"]),
    "no serial": lambda: campaign(models=["threads", "processes-fork"]),
    "sixteen workers": lambda: campaign(workers=(1, 2, 4, 8, 16)),
    "quick": lambda: campaign(workers=[2], blocks=3),
    "three start methods": lambda: campaign(
        models=["serial", "threads", "raw_threads", "processes-fork", "processes-spawn"], blocks=3
    ),
    "an unknown model": lambda: campaign(models=["serial", "threads", "processes-forkserver"]),
    "plain builds": plain_builds,
    "one CPU": one_cpu,
    "forty workloads": lambda: campaign(
        workloads=[f"work_{number}" for number in range(40)],
        workers=[2],
        arms=["3.13", "3.13t"],
        blocks=6,
        notebook=False,
    ),
    "hostile": hostile,
    **{name: partial(measured_on, machine) for name, machine in MACHINES.items()},
}


def another_machine() -> factories.Campaign:
    """The same campaign on a machine with four CPUs, half of its work and another truth."""

    def truth(cell: Cell) -> float:
        return factories.plausible_truth(cell) * (0.6 if cell.model == "serial" else 0.5)

    cells = factories.make_cells(workloads=("compress", "json"), workers=(1, 2, 4))
    made = factories.make_campaign(cells, truth=truth)
    machine = made.plan["machine"]
    machine["name"] = "another-4cpu-11111111"
    machine["fingerprint"] = {**machine["fingerprint"], "logical_cpus": 4, "cpu_model": "Another"}
    for record in made.records.values():
        record["machine"] = machine["fingerprint"]
    return made


#: What else there is, to be compared with others.
OTHERS: dict[str, Callable[[], factories.Campaign]] = {
    "another machine": another_machine,
    **{f"lab {index}": known.measured for index, known in enumerate(LAB)},
}


def world_of(shelf: Shelf, name: str) -> World:
    """The world of a name."""
    if name == "before and after":
        return World(shelf.made(name, before_and_after))
    make = {**WORLDS, **OTHERS}[name]
    return World(shelf.made(name, lambda folder: write_world(folder, make())))


def compared(shelf: Shelf, *names: str) -> ComparedMachines:
    """Worlds beside each other."""
    return read_machines([world_of(shelf, name).results for name in names])


def lab(shelf: Shelf) -> ComparedMachines:
    """Ten machines with known differences."""
    return compared(shelf, *(f"lab {index}" for index in range(len(LAB))))


def thirty(shelf: Shelf) -> ComparedMachines:
    """The ten three times, each time with another memory."""
    ten = lab(shelf).machines.values()
    return ComparedMachines(
        machines=named(_with_memory(one, rack) for rack in range(3) for one in ten)
    )


def _with_memory(evidence: Evidence, rack: int) -> Evidence:
    machine = evidence.campaign.machine
    made = replace(
        machine,
        name=f"{machine.name}-{rack}",
        label=machine.label and f"rack{rack}-{machine.label}",
        fingerprint={**machine.fingerprint, "memory_gib": 64 * (rack + 1)},
    )
    return replace(
        evidence,
        campaign=replace(evidence.campaign, machine=made),
        report_id=factories.sha256(evidence.report_id, rack),
    )


def comparison_html(compared: ComparedMachines) -> str:
    """The page that compares them."""
    page = comparison.build(compared)
    return render.html(page, {one.name: drawing.draw_for_page(one) for one in page.figures})


COMPARISONS: dict[str, Callable[[Shelf], ComparedMachines]] = {
    "two machines": lambda shelf: compared(shelf, "default", "another machine"),
    "ten machines": lab,
    "thirty machines": thirty,
}


def page_file(shelf: Shelf, name: str) -> Path:
    """The page of a world, or of machines that are compared."""

    def write(file: Path) -> None:
        if name in COMPARISONS:
            html = comparison_html(COMPARISONS[name](shelf))
        else:
            html = world_of(shelf, name).html()
        file.write_text(html, encoding="utf-8")

    return shelf.made(f"{name}.html", write)
