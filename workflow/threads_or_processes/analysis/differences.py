"""What two data sets were not measured alike with: interpreters, machine, code and settings."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from threads_or_processes.analysis.package import Package
from threads_or_processes.analysis.stored import Batches
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import Arm, Cell, Plan
from threads_or_processes.records.tables.changes import DifferenceRow

#: What the identity of an interpreter says of it, in the order of the table.
OF_INTERPRETER = (
    *("version", "implementation", "compiler", "optimisation", "pgo", "lto", "debug"),
    *("config_args", "cflags", "flags", "provider"),
)
#: Keys of the config that decide how a configuration is measured, or by what it is read.
OF_CONFIG = frozenset({"blocks", "interpreters", "margin", "precision", "trial", "workloads"})


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a data set was measured with; `code`: the identity of what measured each cell.

    `functions`: the same of each task function alone, where it is known.
    """

    plan: Plan
    interpreters: Mapping[str, Identity]
    git_commit: str
    code: Mapping[str, str]
    functions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package, code: Mapping[str, str]) -> "Made":
        """What a package says, with the identity of what measured each cell."""
        return cls(
            plan=package.plan,
            interpreters=package.interpreters,
            git_commit=package.git_commit,
            code=code,
            functions=package.functions,
        )

    @property
    def roles(self) -> Mapping[tuple[bool, bool] | str, str]:
        """The names of the builds by their role, or by name where several have one role."""
        by_role: dict[tuple[bool, bool], list[Arm]] = {}
        for arm in self.plan.arms:
            by_role.setdefault((arm.free_threaded, arm.gil), []).append(arm)
        return {
            **{role: arms[0].name for role, arms in by_role.items() if len(arms) == 1},
            **{arm.name: arm.name for arms in by_role.values() if len(arms) > 1 for arm in arms},
        }


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What both data sets were measured with."""

    before: Made
    after: Made


def made_of(package: Package, batches: Batches) -> Made:
    """What a data set says of its making."""
    code: dict[str, str] = {}
    for part in batches(["cell", "instrument_sha256"]):
        first = part.drop_duplicates("cell")
        code |= dict(zip(map(str, first["cell"]), first["instrument_sha256"], strict=True))
    return Made.of(package, code)


def is_unchanged(before: Cell, after: Cell, measured: Measured) -> bool:
    """Whether a configuration's code, interpreter and machine are the same in both."""
    was, now = measured.before, measured.after
    return (
        was.plan.fingerprint == now.plan.fingerprint
        and was.code.get(before.id) == now.code.get(after.id)
        and was.plan.workloads[before.workload].params == now.plan.workloads[after.workload].params
        and _identities(was, before.arm) == _identities(now, after.arm)
    )


def _identities(made: Made, arm: str) -> list[str]:
    return [
        made.interpreters[one.name]["identity_sha256"]
        for one in made.plan.interpreters
        if made.plan.arms_by_name[arm].compiled(one.compilation) == one
    ]


def differences(measured: Measured) -> list[DifferenceRow]:
    """Everything that differs, most important first; empty if both were measured alike."""
    return [
        *_of_code(measured),
        *_of_interpreters(measured),
        *_of_machine(measured),
        *_of_config(measured),
    ]


def _of_code(measured: Measured) -> Iterator[DifferenceRow]:
    """The user's own functions whose code changed, and whether the instrument did."""
    was, now = measured.before, measured.after
    changed = {
        now.plan.workloads[cell.workload].function
        for cell in now.plan.cells
        if cell.id in was.code and was.code[cell.id] != now.code.get(cell.id, was.code[cell.id])
    }
    own = {function for function in changed if ":" in function and not _is_same(was, now, function)}
    for function in sorted(own):
        yield DifferenceRow(
            kind="code",
            what=function,
            before=_short(_code_of(was, function)),
            after=_short(_code_of(now, function)),
        )
    if changed - own:
        yield DifferenceRow(
            kind="instrument",
            what="the code that measures, by commit",
            before=_short(was.git_commit),
            after=_short(now.git_commit),
        )


def _is_same(was: Made, now: Made, function: str) -> bool:
    """Whether the function itself is known to be the same: then what changed is the instrument."""
    return function in was.functions and was.functions[function] == now.functions.get(function)


def _code_of(made: Made, function: str) -> str:
    """The function's own identity; where that is unknown, that of its first cell by id."""
    return (
        made.functions.get(function)
        or min(
            (cell.id, made.code[cell.id])
            for cell in made.plan.cells
            if cell.id in made.code and made.plan.workloads[cell.workload].function == function
        )[1]
    )


def _short(identity: str) -> str:
    return identity[:8]


def _of_interpreters(measured: Measured) -> Iterator[DifferenceRow]:
    was, now = measured.before, measured.after
    for role, name in now.roles.items():
        if role not in was.roles:
            continue
        old: Mapping[str, Any] = was.interpreters[was.roles[role]]
        new: Mapping[str, Any] = now.interpreters[name]
        if old["identity_sha256"] == new["identity_sha256"]:
            continue
        found = [
            DifferenceRow(kind="interpreter", what=f"{name}: {key}", before=one, after=other)
            for key, one, other in _apart(
                {key: old.get(key) for key in OF_INTERPRETER},
                {key: new.get(key) for key in OF_INTERPRETER},
            )
        ]
        if not found and old["executable_sha256"] != new["executable_sha256"]:
            found.append(
                DifferenceRow(
                    kind="interpreter",
                    what=f"{name}: executable, by hash",
                    before=_short(old["executable_sha256"]),
                    after=_short(new["executable_sha256"]),
                )
            )
        yield from found
        for key, one, other in _apart(old["libraries"], new["libraries"]):
            yield DifferenceRow(kind="library", what=f"{name}: {key}", before=one, after=other)


def _of_machine(measured: Measured) -> Iterator[DifferenceRow]:
    old, new = measured.before.plan.fingerprint, measured.after.plan.fingerprint
    for key, one, other in _apart(old, new):
        yield DifferenceRow(kind="machine", what=key, before=one, after=other)


def _of_config(measured: Measured) -> Iterator[DifferenceRow]:
    old, new = (
        {key: value for key, value in _flat(made.plan.config) if key.partition(".")[0] in OF_CONFIG}
        for made in (measured.before, measured.after)
    )
    for key, one, other in _apart(old, new):
        yield DifferenceRow(kind="config", what=key, before=one, after=other)


def _flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{place}.{key}" if place else str(key))
    else:
        yield place, value


def _apart(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[tuple[str, str | None, str | None]]:
    """Each key with two values, as text; None where there is no such key."""
    for key in dict.fromkeys((*old, *new)):
        one, other = (_text(of[key]) if key in of else None for of in (old, new))
        if one != other:
            yield key, one, other


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=list)
