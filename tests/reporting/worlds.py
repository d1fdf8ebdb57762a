"""Results folders for the report: synthetic campaigns taken through the analysis."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import factories
from workflow.analysis.dataset import dataset, write_dataset
from workflow.analysis.planned import read_plan
from workflow.analysis.records import read_identities, read_records
from workflow.analysis.tables import all_tables, write_tables
from workflow.reporting import drawing, render, report, traces
from workflow.reporting.evidence import Evidence, read_evidence

NOTEBOOK = "notebook"


@dataclass(frozen=True)
class World:
    """A folder of results as the pipeline leaves it before the report."""

    results: Path

    def evidence(self) -> Evidence:
        """All that the report is made from."""
        return read_evidence(
            plan_path=self.results / "plan.json",
            tables_path=self.results / "tables",
            trials_path=self.results / "trials.csv.gz",
            interpreters_path=self.results / "interpreters",
        )

    def drawings(self) -> dict[str, str]:
        """The figures by name."""
        e = self.evidence()
        figures = traces.figures(e.campaign, e.tables)
        return {figure.name: drawing.draw(figure, e.campaign) for figure in figures}

    def html(self) -> str:
        """The page."""
        return render.html(report.build(self.evidence(), self.drawings()))


def write_world(results: Path, campaign: factories.Campaign) -> World:
    """Write a campaign's records and take them through the analysis."""
    plan_path = campaign.write(results)
    plan = read_plan(plan_path)
    identities = read_identities(results / "interpreters", plan)
    records = read_records(plan, results=results, identities=identities)
    trials = dataset(records, plan)
    write_dataset(trials, parquet=results / "trials.parquet", csv=results / "trials.csv.gz")
    write_tables(all_tables(plan, trials), results / "tables")
    return World(results)


def campaign(**options: Any) -> factories.Campaign:
    """A campaign whose cells come from `factories.make_cells(**options)`."""
    return factories.make_campaign(factories.make_cells(**options))


def all_failed() -> factories.Campaign:
    """Every trial timed out."""
    cells = factories.make_cells(blocks=2)
    failures = {
        (cell["id"], block): "timeout" for cell in cells for block in range(1, cell["blocks"] + 1)
    }
    claims = [factories.make_claim("mandelbrot/threads/2/3.13/warm", cells[0]["id"])]
    return factories.make_campaign(cells, claims=claims, failures=failures)


def some_failed() -> factories.Campaign:
    """One cell crashed in one block; every threads cell of a workload gave wrong results."""
    cells = factories.make_cells()
    failures = {
        (cell["id"], block): "wrong_result"
        for cell in cells
        for block in range(1, cell["blocks"] + 1)
        if cell["workload"] == "compress" and cell["model"] == "threads"
    }
    failures["mandelbrot/processes-fork/2/3.13/warm", 1] = "crashed"
    return factories.make_campaign(cells, failures=failures)


def hostile() -> factories.Campaign:
    """Names and messages that try to leave their place in the page."""
    made = campaign(workloads=["json"], blocks=2)
    evil = "</style><script>alert(1)</script>\"'\n\u202e{{ 7 * 7 }} $x^2$ " + "long " * 2000
    made.plan["machine"]["name"] = evil
    made.plan["machine"]["fingerprint"]["cpu_model"] = evil
    made.plan["config"]["note"] = evil
    for about in made.plan["workloads"].values():
        about.update(title=evil, kind=evil, why=evil, expected=evil)
    pair = ("json/threads/2/3.13/warm", "json/serial/1/3.13/warm")
    words = {"sentence": evil, "source": evil, "answer": evil, "file": evil}
    made.plan["claims"] = [
        factories.make_claim(*pair, **words),
        factories.make_claim(*pair, **words, untested=evil),
    ]
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


def some_never_worked() -> factories.Campaign:
    """Every experiment, but those about sending, starting and sharing failed throughout."""
    failed = {"payload", "startup", "shared_state", "control"}
    failures = {
        (cell["id"], block): "worker_died"
        for name, _, cells, _ in factories.every_experiment()
        for cell in cells
        for block in range(1, cell["blocks"] + 1)
        if name in failed
    }
    return factories.make_every_campaign(failures=failures)


def unwell() -> factories.Campaign:
    """Every experiment on a machine that is disturbed and says so."""
    made = factories.make_every_campaign(disturbed_ratio=0.2)
    for record in list(made.records.values())[::7]:
        record["health"]["flags"] = ["load", "steal"]
    return made


WORLDS = {
    "every experiment": unwell,
    "some never worked": some_never_worked,
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
    "hostile": hostile,
}
