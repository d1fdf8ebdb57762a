"""What was planned, as the report needs it: the plan with texts that are safe on a page."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from threads_or_processes.common.plan_file import read_plan
from threads_or_processes.records import plan as planned
from threads_or_processes.records.plan import Arm, Cell, Experiment, Plan
from threads_or_processes.records.vocabulary import NOTEBOOK, SCALING, SERIAL
from threads_or_processes.reporting.formatting import SPACE, count, plain

#: Of what a workload is good for: longer than any sentence, shorter than what breaks a page.
MOST_CHARACTERS = 250

#: Of the varied parameters in a title; the tables have the whole values.
LONGEST_VARIED_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class Model(planned.Model):
    """A way to execute a batch, with its name."""

    name: str

    @property
    def leads_family(self) -> bool:
        """Whether it is the family's own (the pool, of any start method), not another interface."""
        return self.name.partition("-")[0] == self.family


@dataclass(frozen=True, kw_only=True)
class Workload(planned.Workload):
    """A kind of work; a `label` for each set of varied parameters.

    `plain_title` is the title without these.
    """

    label: str
    plain_title: str

    @property
    def varied(self) -> Mapping[str, Any]:
        """Those parameters that an experiment varies, in the order of the label."""
        names = (part.partition("=")[0] for part in self.label.split(",")[1:])
        return {name: self.params[name] for name in names if name in self.params}


@dataclass(frozen=True, kw_only=True)
class Campaign(Plan):
    """A plan whose works and models know their names."""

    workloads: Mapping[str, Workload]
    models: Mapping[str, Model]

    def experiment(self, name: str) -> Experiment | None:
        """An experiment by name, if it was planned."""
        return next((e for e in self.experiments if e.name == name), None)

    @cached_property
    def cells_by_place(self) -> Mapping[tuple[object, ...], Cell]:
        """Every planned cell by workload, model, workers, arm, timing and replicate."""
        return {
            (c.workload, c.model, c.workers, c.arm, c.timing, c.replicate): c for c in self.cells
        }

    def cells_of(self, experiment: Experiment | None) -> tuple[Cell, ...]:
        """The cells of an experiment in its order; none of one that was not planned."""
        return tuple(self.cells_by_id[cell] for cell in experiment.cells) if experiment else ()

    @property
    def scaled(self) -> tuple[Workload, ...]:
        """The workloads of the scaling experiment, each of which has a figure."""
        cells = self.cells_of(self.experiment(SCALING))
        return tuple(self.workloads[label] for label in dict.fromkeys(c.workload for c in cells))

    @property
    def drawn_models(self) -> tuple[Model, ...]:
        """The models that figures show."""
        drawn = (
            *self.cells_of(self.experiment(SCALING)),
            *self.cells_of(self.experiment(NOTEBOOK)),
        )
        return tuple(self.models[name] for name in dict.fromkeys(cell.model for cell in drawn))

    @property
    def decision_arms(self) -> tuple[Arm, ...]:
        """Arms somebody would choose: the free-threaded build with its lock on is a control."""
        return tuple(arm for arm in self.arms if not (arm.free_threaded and arm.gil))

    def title(self, workload: str) -> str:
        """The title of a workload by its label, which is all there is of one not planned."""
        known = self.workloads.get(workload)
        return known.title if known else plain(workload)

    def model_title(self, model: str) -> str:
        """A model as a reader calls it, or its name if it was not planned."""
        known = self.models.get(model)
        return known.title if known else plain(model)

    def way(self, model: str, workers: int, arm: str) -> str:
        """How a configuration works, its workers and its build in brackets."""
        details = arm if model == SERIAL else f"{count(workers, 'worker')}, {arm}"
        return f"{self.model_title(model)} ({details})"

    def described(self, cell_id: str) -> str:
        """A configuration by its id, planned or not: `Sleep: threads (2 workers, 3.13)`."""
        workload, *place = cell_id.split("/")
        match place:
            case (model, workers, arm, *_) if workers.isdecimal():
                return f"{self.title(workload)}: {self.way(model, int(workers), arm)}"
            case _:
                return plain(cell_id)


def _workload(label: str, work: planned.Workload) -> Workload:
    title = plain(work.title) or plain(work.name)
    varied = label.partition(",")[2].replace("=", SPACE + "=" + SPACE).replace(",", ", ")
    return Workload(
        label=label,
        name=work.name,
        function=work.function,
        params=work.params,
        plain_title=title,
        title=f"{title} ({plain(varied, LONGEST_VARIED_CHARACTERS)})" if varied else title,
        kind=plain(work.kind),
        unit=plain(work.unit),
        why=plain(work.why, MOST_CHARACTERS),
        expected=plain(work.expected, MOST_CHARACTERS),
        source=plain(work.source),
        remedy_of=plain(work.remedy_of),
    )


def _experiment(experiment: Experiment) -> Experiment:
    return replace(
        experiment,
        question=plain(experiment.question),
        not_applicable=tuple(
            replace(one, reason=plain(one.reason)) for one in experiment.not_applicable
        ),
    )


def campaign_of(plan: Plan) -> Campaign:
    """A plan as the report shows it."""
    cleaned: dict[str, Any] = {
        "machine": replace(plan.machine, name=plain(plan.machine.name)),
        "workloads": {label: _workload(label, work) for label, work in plan.workloads.items()},
        "models": {
            name: Model(
                name=name,
                title=plain(model.title) or plain(name),
                family=model.family,
                start_method=model.start_method,
                unpinned=model.unpinned,
                api=plain(model.api),
            )
            for name, model in plan.models.items()
        },
        "experiments": tuple(_experiment(one) for one in plan.experiments),
    }
    return Campaign(**{**{one.name: getattr(plan, one.name) for one in fields(plan)}, **cleaned})


def read_campaign(path: Path) -> Campaign:
    """Read plan.json; `UserError` names the file and what is wrong with it."""
    return campaign_of(read_plan(path))
