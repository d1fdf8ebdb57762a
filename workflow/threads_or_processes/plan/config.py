"""The config, checked before anything else happens."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError, best_match

from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.own import OWN_KEYS, own_works


def check_shape(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Raise a `UserError` for a key that is missing, unknown or of the wrong type."""
    error = best_match(jsonschema.Draft202012Validator(schema).iter_errors(dict(config)))
    if error is not None:
        raise _explained(error)


def check_config(
    config: Mapping[str, Any], schema: Mapping[str, Any], catalogue: Catalogue
) -> None:
    """Raise a `UserError` that names the first wrong key, its value and what would be right."""
    check_shape(config, schema)
    own = own_works(config)
    for name, settings in config["workloads"].items():
        key = f"workloads.{name}"
        _known(
            [name],
            catalogue.workloads,
            "workload",
            "workloads",
            f"a function of your own needs a key {key}.function",
        )
        allowed = catalogue.workloads[name].parameters
        if name in own:
            _check_own(settings, allowed, key)
        _check_params(_without_own_keys(settings) if name in own else settings, allowed, key)
    for name, experiment in config["experiments"].items():
        _known(
            experiment["workloads"],
            catalogue.workloads,
            "workload",
            f"experiments.{name}.workloads",
        )
        _known(experiment["models"], catalogue.models, "model", f"experiments.{name}.models")
        _known(experiment.get("arms", ()), config["arms"], "arm", f"experiments.{name}.arms")
        _check_grid(name, experiment, catalogue)


def _check_own(settings: Mapping[str, Any], params: Mapping[str, Any], key: str) -> None:
    """A user's own function must leave the keys about it alone; others are its parameters."""
    for name in params:
        if name in OWN_KEYS:
            raise UserError(
                f"the parameter {name!r} has the name of a key of the config",
                where=f"config key {key}.function: {settings['function']}",
                hint="rename the parameter",
            )
    _known(settings, [*params, *OWN_KEYS], "parameter or key", key)


def _without_own_keys(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in OWN_KEYS}


def _check_grid(name: str, experiment: Mapping[str, Any], catalogue: Catalogue) -> None:
    """Each varied parameter must belong to a workload of the experiment, each value be its kind."""
    params = {
        key: default
        for workload in experiment["workloads"]
        for key, default in catalogue.workloads[workload].parameters.items()
    }
    for key, values in experiment.get("params", {}).items():
        for value in values:
            _check_params({key: value}, params, f"experiments.{name}.params")


def _check_params(params: Mapping[str, Any], allowed: Mapping[str, Any], key: str) -> None:
    _known(params, allowed, "parameter", key)
    for name, value in params.items():
        if not _same_kind(value, allowed[name]):
            raise UserError(
                f"{value!r} is not a {type(allowed[name]).__name__}",
                where=f"config key {key}.{name}",
                hint=f"write a value like its default, {allowed[name]!r}",
            )


def _same_kind(value: object, default: object) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)


def _known(
    names: Iterable[str], known: Collection[str], kind: str, key: str, or_else: str = ""
) -> None:
    for name in names:
        if name not in known:
            raise UserError(
                f"unknown {kind} {name!r}",
                where=f"config key {key}",
                hint="; ".join(filter(None, [hint(name, list(known)), or_else])),
            )


def hint(seen: str, allowed: Sequence[str]) -> str:
    """What may have been meant, and all that could be."""
    close = difflib.get_close_matches(seen, allowed, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}known: {', '.join(allowed) or 'none'}"


def _explained(error: ValidationError) -> UserError:
    """Turn a schema's complaint into words about the config."""
    key = ".".join(str(part) for part in error.absolute_path)
    rule = error.validator
    schema = error.schema if isinstance(error.schema, dict) else {}
    if rule == "additionalProperties" and isinstance(error.instance, dict):
        allowed = list(schema.get("properties", {}))
        unknown = next(name for name in error.instance if name not in allowed)
        inside = f" inside {key}" if key else ""
        return UserError(
            f"unknown config key {unknown!r}{inside}",
            where=f"config key {f'{key}.' if key else ''}{unknown}",
            hint=hint(str(unknown), allowed),
        )
    if rule == "required" and isinstance(error.instance, dict):
        missing = [name for name in schema["required"] if name not in error.instance]
        return UserError(
            f"missing config key {missing[0]!r}",
            where=f"config key {key}" if key else "the config",
            hint="take it from config.yaml, where every key is explained",
        )
    return UserError(
        f"{error.instance!r} is not allowed here: {_requirement(error)}",
        where=f"config key {key}",
        hint="see the key in config.yaml, where it is explained",
    )


def _requirement(error: ValidationError) -> str:
    """What the schema asked for, in a few words."""
    blamed: ValidationError | None = error
    while blamed is not None:
        if isinstance(blamed.schema, dict) and "description" in blamed.schema:
            return f"it must be {blamed.schema['description']}"
        blamed = blamed.parent  # type: ignore[assignment]  # stubs name the base class
    asked = error.validator_value
    one_of = ", ".join(map(str, asked)) if isinstance(asked, list) else asked
    words = {
        "type": f"it must be {_type_words(asked)}",
        "enum": f"it must be one of {one_of}",
        "minimum": f"it must be at least {asked}",
        "maximum": f"it must be at most {asked}",
        "exclusiveMinimum": f"it must be more than {asked}",
        "exclusiveMaximum": f"it must be less than {asked}",
        "minItems": "it must not be empty",
        "minProperties": "it must not be empty",
        "minLength": "it must not be empty",
        "uniqueItems": "it names something twice",
        "pattern": f"it must match {asked}",
    }
    return words.get(str(error.validator), error.message)


def _type_words(asked: object) -> str:
    names = asked if isinstance(asked, list) else [asked]
    spelled = {
        "integer": "a whole number",
        "number": "a number",
        "string": "text in quotes",
        "array": "a list",
        "object": "a mapping of keys",
        "null": "null",
    }
    return " or ".join(spelled.get(str(name), str(name)) for name in names)
