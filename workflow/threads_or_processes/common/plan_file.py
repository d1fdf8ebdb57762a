"""plan.json: the plan encoded and decoded, each by one call."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from threads_or_processes.common.decoding import MismatchError, decode
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import MAKE_IT_ANEW, read_json
from threads_or_processes.common.plan_checks import contradictions
from threads_or_processes.records.plan import Plan
from threads_or_processes.records.vocabulary import PLAN_SCHEMA_VERSION


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as it stands in plan.json."""
    encoded: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan))
    return encoded


def plan_from(value: Any) -> Plan:
    """A plan from its JSON.

    Raises ValueError for a plan that contradicts itself or has another schema version, and
    `MismatchError`, which is one, for a plan that lacks a part.
    """
    is_object = isinstance(value, Mapping)
    version = value.get("schema_version", PLAN_SCHEMA_VERSION) if is_object else PLAN_SCHEMA_VERSION
    if version != PLAN_SCHEMA_VERSION:
        raise ValueError(f"schema_version is {version!r}, this code reads {PLAN_SCHEMA_VERSION}")
    plan = decode(_with_cases(value), Plan)
    if "schema_version" not in value:
        raise MismatchError("schema_version is missing")
    for problem in contradictions(plan):
        raise ValueError(problem)
    return plan


def _with_cases(value: Any) -> Any:
    """The plan with the cases of its claims; earlier versions wrote a claim's only case into it."""
    if not isinstance(value, Mapping) or not isinstance(value.get("claims"), list):
        return value
    return {**value, "claims": [_claim_with_cases(claim) for claim in value["claims"]]}


def _claim_with_cases(claim: Any) -> Any:
    if not isinstance(claim, Mapping) or "cases" in claim:
        return claim
    of_case = {"cell", "baseline", "untested"}
    kept = {name: one for name, one in claim.items() if name not in of_case}
    case = {name: one for name, one in claim.items() if name in of_case}
    return {**kept, "cases": [case]} if case else claim


def read_plan(path: Path) -> Plan:
    """Read plan.json; `UserError` names the file and what is wrong with it."""
    value = read_json(path)
    try:
        return plan_from(value)
    except MismatchError as error:
        what, hint = f"the plan is not complete ({error})", MAKE_IT_ANEW
    except ValueError as error:
        what, hint = str(error), "run snakemake again with this version of the code"
    raise UserError(what, where=str(path), hint=hint)
