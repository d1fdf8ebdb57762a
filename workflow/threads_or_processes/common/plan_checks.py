"""What a plan may hold beyond the types of its fields, whoever wrote it.

A plan that was made here holds all this. One that comes with a data set may be anybody's, and what
is made from it relies on it: names become files, numbers become scales.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import get_type_hints

from threads_or_processes.common.decoding import MismatchError, decode
from threads_or_processes.records.plan import Case, Cell, Claim, Machine, Plan, Precision, Trial
from threads_or_processes.records.trial import Fingerprint
from threads_or_processes.records.vocabulary import Expects

#: Names that become those of folders and files.
FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
OWN_LABEL = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: Below the results.
RECORD = re.compile(r"trials/[^\0]+\.json")
CLAIM_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,199}")
LONGEST_TEXT_CHARACTERS = 10_000
MOST_BLOCKS = 999
MOST_WORKERS = MOST_REPETITIONS = 1_000_000

ABOUT_ONE_CELL = (Expects.GIL_OFF, Expects.KEEPS_UPDATES, Expects.LOSES_UPDATES)


def contradictions(plan: Plan) -> Iterator[str]:
    """What in a plan can't be, in words; nothing for a plan that can be used."""
    yield from _of_numbers(plan)
    yield from _of_machine(plan.machine)
    yield from _of_names(plan)
    for cell in plan.cells:
        yield from _of_cell(cell, plan)
    yield from _of_trials(plan.trials, plan)
    if plan.precision:
        yield from _of_precision(plan.precision, plan)
    for claim in plan.claims:
        yield from _of_claim(claim, plan)


def _of_numbers(plan: Plan) -> Iterator[str]:
    for name in ("margin", "quiet_threshold", "confidence"):
        if not 0 < (value := getattr(plan, name)) < 1:
            yield f"{name} is {value}, expected more than 0 and less than 1"
    yield from _outside("blocks", plan.blocks, 1, MOST_BLOCKS)
    yield from _outside("compilations", plan.compilations, 1, MOST_BLOCKS)
    for arm in plan.arms:
        yield from _outside(f"the compilation of {arm.name}", arm.compilation, 1, 1)
    yield from _outside("seed", plan.seed, 0, 2**63 - 1)


def _of_machine(machine: Machine) -> Iterator[str]:
    if not FILE_NAME.fullmatch(machine.name):
        yield f"machine.name is {machine.name!r}, expected a name for a folder"
    if machine.label is not None and not OWN_LABEL.fullmatch(machine.label):
        yield f"machine.label is {machine.label!r}, expected small letters, digits and hyphens"
    for name, kind in get_type_hints(Fingerprint).items():
        if name in machine.fingerprint:
            try:
                decode(machine.fingerprint[name], kind)
            except MismatchError as error:
                yield f"machine.fingerprint.{name}: {error}"
    least = {"logical_cpus": machine.fingerprint.get("logical_cpus", 0)}
    for name in ("physical_cores", "memory_gib"):
        least[name] = machine.fingerprint.get(name)
    for name, count in least.items():
        if type(count) is int:
            yield from _outside(f"machine.fingerprint.{name}", count, name != "memory_gib", 2**31)
    quota = machine.fingerprint.get("cpu_quota")
    if isinstance(quota, int | float) and not 0 < quota <= 2**31:
        yield f"machine.fingerprint.cpu_quota is {quota}, expected more than 0"


def _of_names(plan: Plan) -> Iterator[str]:
    arms = [arm.name for arm in plan.arms]
    cells = [cell.id for cell in plan.cells]
    if not NAME.fullmatch(plan.campaign):
        yield f"campaign is {plan.campaign!r}, expected small letters, digits and _"
    for name, reads, listed in (
        ("arms", {cell.arm for cell in plan.cells} | {plan.reference_arm}, arms),
        ("models", {cell.model for cell in plan.cells}, plan.models),
        ("workloads", {cell.workload for cell in plan.cells}, plan.workloads),
        ("cells", _named_cells(plan), cells),
    ):
        if unknown := sorted(set(reads) - set(listed)):
            yield f"it names {name} that it does not list: {unknown[:5]}"
    for name, all_of_them in (
        ("arm", arms),
        ("cell", cells),
        ("experiment", [one.name for one in plan.experiments]),
        ("claim", [one.id for one in plan.claims]),
    ):
        if twice := [one for one, count in Counter(all_of_them).items() if count > 1]:
            yield f"it lists the {name} {twice[0]!r} twice"
    for kind, pattern, names in (
        ("arm", FILE_NAME, arms),
        ("model", FILE_NAME, plan.models),
        ("workload", NAME, [work.name for work in plan.workloads.values()]),
        ("experiment", NAME, [one.name for one in plan.experiments]),
        ("claim", CLAIM_ID, [one.id for one in plan.claims]),
    ):
        for name in names:
            if not pattern.fullmatch(name):
                yield f"{name!r} can't be the name of a {kind}"
    for label, work in plan.workloads.items():
        if label != work.name and not label.startswith(f"{work.name},"):
            yield f"the workload {work.name} is listed as {label!r}"
        if not label.isprintable() or len(label) > LONGEST_TEXT_CHARACTERS:
            yield f"{label[:100]!r} can't be the name of a workload"
    for arm in plan.arms:
        if not re.fullmatch(r"3\.\d{1,3}", arm.version):
            yield f"the version of the arm {arm.name} is {arm.version!r}"


def _named_cells(plan: Plan) -> Iterable[str]:
    return (
        *(trial.cell for trial in plan.possible_trials),
        *(cell for experiment in plan.experiments for cell in experiment.cells),
    )


def _of_cell(cell: Cell, plan: Plan) -> Iterator[str]:
    made = replace(cell, id="").id
    if cell.id != made:
        yield f"the cell {made} has the id {cell.id!r}"
    for name, value, least, most in (
        ("workers", cell.workers, 1, MOST_WORKERS),
        ("replicate", cell.replicate, 1, MOST_BLOCKS),
        ("warmups", cell.warmups, 0, MOST_REPETITIONS),
        ("repetitions", cell.repetitions, 1, MOST_REPETITIONS),
        ("blocks", cell.blocks, 1, MOST_BLOCKS),
        *(("amounts", amount, 1, MOST_REPETITIONS) for amount in cell.amounts),
    ):
        yield from _outside(f"{name} of {cell.id}", value, least, most)
    if not 0 <= cell.patience_s < 2**31:
        yield f"patience_s of {cell.id} is {cell.patience_s}"
    if list(cell.amounts) != sorted(set(cell.amounts)) or not cell.amounts:
        yield f"amounts of {cell.id} are {list(cell.amounts)}, expected ascending whole numbers"
    work = plan.workloads.get(cell.workload)
    if work and cell.function != work.function:
        yield f"the function of {cell.id} is {cell.function!r}, of its workload {work.function!r}"


def _of_trials(trials: Iterable[Trial], plan: Plan) -> Iterator[str]:
    places = Counter((trial.cell, trial.block) for trial in plan.possible_trials)
    if twice := [place for place, count in places.items() if count > 1]:
        yield f"it has the trial of {twice[0][0]}, block {twice[0][1]} twice"
    for trial in plan.possible_trials:
        if not 1 <= trial.block <= MOST_BLOCKS or not 1 <= trial.position < 2**31:
            yield f"block {trial.block} of {trial.cell} has the position {trial.position}"
        if not RECORD.fullmatch(trial.record) or ".." in trial.record.split("/"):
            yield f"the record of {trial.cell}, block {trial.block} is {trial.record!r}"
    for trial in trials:
        cell = plan.cells_by_id.get(trial.cell)
        if cell and trial.block > cell.blocks:
            yield f"block {trial.block} of {trial.cell}, which has {cell.blocks}"


def _of_precision(precision: Precision, plan: Plan) -> Iterator[str]:
    if not 0 < precision.target < 2**31:
        yield f"precision.target is {precision.target}"
    yield from _outside("precision.max_blocks", precision.max_blocks, 1, MOST_BLOCKS)
    known = {cell.peers for cell in plan.cells}
    for peers in precision.peers:
        if peers.name not in known:
            yield f"precision names cells that it does not list: {peers.workload}, {peers.timing}"
        if not peers.blocks or list(peers.blocks) != sorted(set(peers.blocks)):
            yield f"precision looks at {peers.workload} after {list(peers.blocks)} blocks"


def _of_claim(claim: Claim, plan: Plan) -> Iterator[str]:
    if not claim.cases:
        yield f"the claim {claim.id} has no case"
    if not 0 < claim.by < 2**31:
        yield f"the claim {claim.id} has the factor {claim.by}"
    if claim.at_most is not None and not 0 < claim.at_most < 1:
        yield f"the claim {claim.id} allows the share {claim.at_most}"
    ends = claim.published
    if ends is not None and not (len(ends) == 2 and 0 < ends[0] <= ends[1] < 2**31):
        yield f"the claim {claim.id} has the published ratios {list(ends)}"
    if claim.expects is Expects.AS_PUBLISHED and ends is None:
        yield f"the claim {claim.id} has no published ratios"
    for case in claim.cases:
        yield from _of_case(case, claim, plan)


def _of_case(case: Case, claim: Claim, plan: Plan) -> Iterator[str]:
    if case.untested is not None:
        return
    for cell in (case.cell, case.baseline):
        if cell is not None and cell not in plan.cells_by_id:
            yield f"the claim {claim.id} is about {cell!r}, which is not planned"
    if (case.baseline is None) != (claim.expects in ABOUT_ONE_CELL):
        needs = "a baseline" if case.baseline is None else "no baseline"
        yield f"the claim {claim.id} needs {needs}"


def _outside(name: str, value: int, least: int, most: int) -> Iterator[str]:
    if not least <= value <= most:
        yield f"{name} is {value}, expected {int(least)} to {most}"
