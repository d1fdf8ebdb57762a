"""Claims: sentences stated before the measurement, each with the cells that test it.

The form is explained in docs/claims.md and checked by workflow/schemas/claims.schema.yaml.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import yaml

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import check_ends
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.cells import Grid
from threads_or_processes.plan.config import LONGEST_SHOWN_CHARACTERS, hint
from threads_or_processes.plan.forms import check_plain, complaint
from threads_or_processes.plan.pyperf_figures import KEY, named_results, with_published
from threads_or_processes.plan.spelling import ROLES, parse_arm, role_of, worker_counts
from threads_or_processes.records.plan import Arm, Case, Claim, Machine
from threads_or_processes.records.texts import shortened
from threads_or_processes.records.vocabulary import (
    BUILT_IN_CLAIMS,
    NOT_PLANNED,
    Expects,
    Measure,
)

BUILT_IN = {name: Path(__file__).parents[2] / "claims" / f"{name}.yaml" for name in BUILT_IN_CLAIMS}
WORKER_WORDS = ("cores", "cpus", "2x")
#: What can be measured in cells of which timing.
MEASURES = {
    Measure.TIME: ("warm", "cold"),
    Measure.FIRST_RESULT: ("cold",),
    Measure.TEARDOWN: ("cold",),
    Measure.MEMORY: ("memory",),
    Measure.MEMORY_PEAK: ("memory",),
}


@dataclass(frozen=True, kw_only=True)
class ClaimContext:
    """What claims are looked up in: all that the config plans on a machine."""

    catalogue: Catalogue
    arms: Sequence[Arm]
    grids: Sequence[Grid]
    machine: Machine
    margin: float


def claim_file(name: str) -> Path:
    """A file of claims by the name of a built-in one, or by its path."""
    return BUILT_IN.get(name, Path(name))


def read_claim_files(names: Sequence[str]) -> dict[str, Any]:
    """What the files hold that a config names, by name; `UserError` for one that can't be read."""
    return {name: _with_figures(_read(name), name) for name in names}


def files_behind(name: str) -> list[Path]:
    """A file of claims, and the results of pyperf that it names."""
    file = claim_file(name)
    return [file, *named_results(_read(name)["claims"], file.parent)]


def _with_figures(content: Any, name: str) -> Any:
    """What a file of claims holds, with the figures of the results of pyperf that it names."""
    if not _names_results(content):
        return content
    _check_form(content, name)
    folder = claim_file(name).parent
    claims = [
        with_published(entry, folder, f"{name}, claim {entry['id']}") for entry in content["claims"]
    ]
    return {**content, "claims": claims}


def _names_results(content: Any) -> bool:
    """Whether a file, of any form, has a claim that names results of pyperf."""
    claims = content.get("claims") if isinstance(content, dict) else None
    return isinstance(claims, list) and any(isinstance(one, dict) and KEY in one for one in claims)


def _read(name: str) -> Any:
    try:
        check_ends(claim_file(name))
        return yaml.safe_load(claim_file(name).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeDecodeError):
            raise _no_yaml(name, error) from None
        raise UserError(
            f"{name} can't be read ({getattr(error, 'strerror', None) or error})",
            where="config key claims",
            hint=f"write the path of a file of claims, or one of {', '.join(BUILT_IN)}",
        ) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise _no_yaml(name, error) from None


def _no_yaml(name: str, error: Exception) -> UserError:
    return UserError(
        f"a file of claims is not valid YAML ({' '.join(str(error).split())})",
        where=name,
        hint="docs/claims.md explains the form",
    )


def planned_claims(files: Mapping[str, Any], context: ClaimContext) -> list[Claim]:
    """Check the claims of files, by name, and find their cells.

    Raises `UserError`, naming file and claim, for a claim that is not in the form, that names what
    there is not, or whose id is taken. A claim about what the config doesn't measure is no mistake:
    it is `untested`, with the reason.
    """
    reasons = {
        skipped.cell: skipped.reason for grid in context.grids for skipped in grid.not_applicable
    }
    planned = {cell.id for grid in context.grids for cell in grid.cells}
    claims: dict[str, Claim] = {}
    for file, content in files.items():
        _check_form(content, file)
        for entry in content["claims"]:
            claim = _claim(entry, content["source"], file, context, planned, reasons)
            if claim.id in claims:
                raise UserError(
                    f"two claims have the id {claim.id!r}",
                    where=f"{claims[claim.id].file}, {file}",
                    hint="give one of them another id",
                )
            claims[claim.id] = claim
    return list(claims.values())


def _claim(
    entry: Mapping[str, Any],
    source: str,
    file: str,
    context: ClaimContext,
    planned: Collection[str],
    reasons: Mapping[str, str],
) -> Claim:
    where = f"{file}, claim {entry['id']}"
    measure = Measure(entry.get("measure", Measure.TIME))
    written = entry.get("cases") or [entry]
    cases = tuple(_case(case, context, where, measure, planned, reasons) for case in written)
    if len(set(cases)) < len(cases):
        raise UserError("a case is there twice", where=where, hint="leave one of them out")
    return Claim(
        id=entry["id"],
        file=file,
        sentence=entry["sentence"],
        source=entry.get("source", source),
        answer=entry.get("answer"),
        expects=Expects(entry["expects"]),
        measure=measure,
        by=entry.get("by", 1 + context.margin),
        cases=cases,
        published=_published(entry.get("published"), where),
        at_most=entry.get("at_most"),
        not_comparable=entry.get("not_comparable"),
    )


def _case(
    written: Mapping[str, Any],
    context: ClaimContext,
    where: str,
    measure: Measure,
    planned: Collection[str],
    reasons: Mapping[str, str],
) -> Case:
    found = {
        role: _cell(written[role], context, f"{where}, {role}", MEASURES[measure])
        for role in ("cell", "baseline")
        if role in written
    }
    ids = {
        role: written[role] if isinstance(cell, _NoArm) else cell for role, cell in found.items()
    }
    return Case(
        cell=ids["cell"],
        baseline=ids.get("baseline"),
        untested=next(_why_untested(found.values(), planned, reasons), None),
    )


def _published(ends: Sequence[float] | None, where: str) -> tuple[float, ...] | None:
    if ends is None:
        return None
    low, high = ends
    if low > high:
        raise UserError(
            f"published is [{low}, {high}]", where=where, hint="write the smaller ratio first"
        )
    return low, high


@dataclass(frozen=True)
class _NoArm:
    """Stands for a cell on an arm that the config doesn't have."""

    reason: str


def _why_untested(
    cells: "Collection[str | _NoArm]", planned: Collection[str], reasons: Mapping[str, str]
) -> Iterator[str]:
    for cell in cells:
        if isinstance(cell, _NoArm):
            yield cell.reason
        elif cell not in planned:
            yield reasons.get(cell, f"{NOT_PLANNED}{cell}")


def _cell(written: str, context: ClaimContext, where: str, timings: Sequence[str]) -> str | _NoArm:
    """The id of a cell written as workload/model/workers/arm/timing, its words resolved."""
    parts = written.rsplit("/", 4)
    if len(parts) != 5:
        raise UserError(
            f"{written!r} is not a cell",
            where=where,
            hint="write workload/model/workers/arm/timing, such as json/threads/cpus/standard/warm",
        )
    workload, model, workers, arm, timing = parts
    _known(workload.partition(",")[0], context.catalogue.workloads, "workload", where)
    _known(model, context.catalogue.models, "model", where)
    _known(timing, timings, "timing for this measure", where)
    if not workers.isdigit():
        _known(workers, WORKER_WORDS, "number of workers", where)
    found = _arm(arm, context.arms, where)
    if isinstance(found, _NoArm):
        return found
    count = worker_counts([workers], context.machine)[0]
    return f"{workload}/{model}/{count}/{found}/{timing}"


def _arm(written: str, arms: Sequence[Arm], where: str) -> str | _NoArm:
    """An arm by its name, or by its role among those of the reference's version."""
    if written not in ROLES:
        try:
            parse_arm(written)
        except UserError:
            _known(written, [*ROLES, *(arm.name for arm in arms)], "arm", where)
        names = [arm.name for arm in arms if arm.name == written]
        return names[0] if names else _NoArm(f"the config has no build {written}")
    for arm in arms:
        if role_of(arm) == written and arm.version == arms[0].version:
            return arm.name
    return _NoArm(f"the config has no {written} build of Python {arms[0].version}")


def _known(name: str, known: Collection[str], kind: str, where: str) -> None:
    if name not in known:
        raise UserError(f"unknown {kind} {name!r}", where=where, hint=hint(name, list(known)))


def _check_form(content: Any, file: str) -> None:
    check_plain(content, f"{file}, key")
    error = complaint(content, "claims.schema.yaml")
    if error is None:
        return
    path = list(error.absolute_path)
    where = file
    if len(path) >= 2 and path[0] == "claims":
        entry = content["claims"][path[1]]
        name = entry.get("id") if isinstance(entry, dict) else None
        where += f", claim {name or f'number {int(path[1]) + 1}'}"
        path = path[2:]
    key = ".".join(map(str, path))
    message = shortened(error.message, LONGEST_SHOWN_CHARACTERS)
    problem = f"{f'{key}: ' if key else ''}{message}"
    if error.schema is False:  # jsonschema doesn't say which key it is
        around = reduce(getitem, error.absolute_path, content)
        refused = next(name for name, value in around.items() if value is error.instance)
        problem = f"{refused!r} is not allowed with what else is there"
    raise UserError(
        f"the claims are not in the form: {problem}",
        where=where,
        hint="docs/claims.md explains the form",
    )
