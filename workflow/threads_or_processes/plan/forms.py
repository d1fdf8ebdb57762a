"""Config and claims against their schemas, and against what YAML allows and programs can't use."""

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import LARGEST, fits

SCHEMAS = Path(__file__).parents[2] / "schemas"
#: More than any config has; a few lines of YAML aliases can stand for billions of parts.
MOST_PARTS = 100_000
DEEPEST = 50

#: `1.0` and `true` are whole numbers to JSON Schema; to the code that reads a config they aren't.
_VALIDATOR = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: type(value) is int
    ),
)


def complaint(value: Any, schema: str) -> ValidationError | None:
    """What in a value is not in the form of a schema, by the schema's file; None if nothing is."""
    found: ValidationError | None = best_match(_validator(schema).iter_errors(value))
    return found


@cache
def _validator(schema: str) -> Draft202012Validator:
    read = yaml.safe_load((SCHEMAS / schema).read_text(encoding="utf-8"))
    validator: Draft202012Validator = _VALIDATOR(read)
    return validator


def check_plain(value: Any, where: str) -> None:
    """Refuse what no JSON could say: `UserError` names the key, below `where`."""
    left = MOST_PARTS

    def check(part: Any, path: tuple[str, ...]) -> None:
        nonlocal left
        left -= 1
        key = ".".join(path)
        if left < 0 or len(path) > DEEPEST:
            what, key = "there is no end to it", path[0] if path else ""
        else:
            what = _unusable(part)
        if what:
            place = f"{where} {key[:200]}".rstrip()
            raise UserError(what, where=place, hint="write numbers, text, lists and mappings")
        if isinstance(part, Mapping):
            for name, inner in part.items():
                if not isinstance(name, str) or _unusable(name):
                    raise UserError(
                        f"{str(name)[:60]!r} can't be a key",
                        where=f"{where} {key}".rstrip(),
                        hint="write it in quotes",
                    )
                check(inner, (*path, name))
        elif isinstance(part, list | tuple):
            for number, inner in enumerate(part):
                check(inner, (*path, str(number)))

    check(value, ())


def _unusable(part: Any) -> str:
    """Why a value, without what it contains, can't be used; empty if it can."""
    if isinstance(part, float) and not math.isfinite(part):
        return f"{part} is no finite number"
    if type(part) is int and not fits(part):
        return f"a whole number is larger than {LARGEST}"
    if isinstance(part, str) and ("\0" in part or not _is_whole(part)):
        return f"{part[:60]!r} is no text: it holds a character that no file can hold"
    if isinstance(part, Mapping | list | tuple | str | int | float | None):
        return ""
    return f"{str(part)[:60]!r} is a {type(part).__name__}, which YAML made of it"


def _is_whole(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # a half of a character
        return False
    return True
