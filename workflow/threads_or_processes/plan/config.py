"""The config: checked before anything else happens, and what it says of a user's own work.

A user's own work has a `function` and keys about it. Every other key sets one of the function's
parameters, as it does for the built-in workloads; so does `params`, whatever the parameter's name.
"""

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema.exceptions import ValidationError

from threads_or_processes.common.errors import UserError
from threads_or_processes.plan.catalogue import Catalogue
from threads_or_processes.plan.forms import check_plain, complaint
from threads_or_processes.plan.spelling import ROLES, parse_arm, role_of
from threads_or_processes.records.texts import shortened

ABOUT_KEYS = ("title", "kind", "unit", "why", "expected")
OWN_KEYS = ("function", "requirements", "shares_memory", "params", *ABOUT_KEYS)
#: In an experiment's list of workloads: every built-in one that no experiment names, but for those
#: that not every interpreter can run.
REST = "rest"
LONGEST_SHOWN_CHARACTERS = 200

#: Keys by the name that they had in the version before; it works for this version.
FORMER_KEYS = {
    "arms": "builds",
    "patience_s": "wait_s",
    "quiet_threshold": "undisturbed_threshold",
    "second_look_s": "retry_pass_s",
}


def former_keys(config: Mapping[str, Any]) -> list[str]:
    """A sentence for each key of the config that has a new name."""
    return [
        f"config key {place}{former} is now {place}{FORMER_KEYS[former]}; "
        "the former name works in this version only"
        for place, settings in _with_former_keys(config)
        for former in FORMER_KEYS
        if former in settings
    ]


def _with_former_keys(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts of a config whose keys were renamed, each with its place."""
    yield "", config
    places = {"trial.": config.get("trial")}
    if isinstance(experiments := config.get("experiments"), Mapping):
        places |= {f"experiments.{name}.": settings for name, settings in experiments.items()}
    for place, settings in places.items():
        if isinstance(settings, Mapping):
            yield place, settings


def _with_current_keys(settings: Any) -> Any:
    """Settings under today's names; an overlay's former key wins over the default's new one."""
    if not isinstance(settings, Mapping):
        return settings
    renamed = {FORMER_KEYS[key]: value for key, value in settings.items() if key in FORMER_KEYS}
    kept = {key: value for key, value in settings.items() if key not in FORMER_KEYS}
    return kept | renamed


def checked(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The config under today's keys, without the experiments that an overlay sets to null.

    Raises `UserError` for a key that is missing, unknown or of the wrong type.
    """
    check_plain(config, "config key")
    config = _with_current_keys(config)
    if "trial" in config:
        config = {**config, "trial": _with_current_keys(config["trial"])}
    experiments = config.get("experiments")
    if isinstance(experiments, Mapping):
        kept = {
            name: _with_current_keys(settings)
            for name, settings in experiments.items()
            if settings is not None
        }
        config = {**config, "experiments": kept}
    error = complaint(dict(config), "config.schema.yaml")
    if error is not None:
        raise _explained(error)
    return config


def completed(config: Mapping[str, Any], catalogue: Catalogue) -> Mapping[str, Any]:
    """A config that is `checked`, with `rest` and the roles of builds spelled out.

    Raises a `UserError` that names the first wrong key, its value and what would be right.
    """
    config = _with_rest(config, catalogue)
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
            _known(settings, [*allowed, *OWN_KEYS], "parameter or key", key)
        _check_params(params_of(settings), allowed, key)
    for name, experiment in config["experiments"].items():
        key = f"experiments.{name}"
        _known(experiment["workloads"], catalogue.workloads, "workload", f"{key}.workloads")
        _known(experiment["models"], catalogue.models, "model", f"{key}.models")
        _known(experiment.get("builds", ()), [*config["builds"], *ROLES], "build", f"{key}.builds")
        _check_grid(name, experiment, catalogue)
    return _with_builds(config)


def _with_builds(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The builds that experiments name by role, without experiments that these can't answer."""
    names = {build: {build, role_of(parse_arm(build))} for build in config["builds"]}
    experiments = {}
    for name, experiment in config["experiments"].items():
        asked = set(experiment.get("builds", config["builds"]))
        found = [build for build, own in names.items() if own & asked]
        there = asked & set().union(*names.values())
        if there == asked or (there and not _compares_builds_alone(experiment)):
            experiments[name] = (
                {**experiment, "builds": found} if "builds" in experiment else experiment
            )
    return {**config, "experiments": experiments}


def _compares_builds_alone(experiment: Mapping[str, Any]) -> bool:
    """Whether it measures each workload in one way, so that only builds tell its cells apart."""
    return all(len(experiment[key]) == 1 for key in ("models", "workers")) and not (
        {"params", "replicates"} & experiment.keys()
    )


def own_works(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The settings of each workload that has a function of the user's, by the workload's name."""
    return {
        name: settings for name, settings in config["workloads"].items() if "function" in settings
    }


def requirements_of(config: Mapping[str, Any]) -> list[str]:
    """What pip shall install for those of the user's works that an experiment names, in order."""
    used = {
        name for experiment in config["experiments"].values() for name in experiment["workloads"]
    }
    return sorted(
        {
            requirement
            for name, settings in own_works(config).items()
            if name in used
            for requirement in settings.get("requirements", ())
        }
    )


def _with_rest(config: Mapping[str, Any], catalogue: Catalogue) -> Mapping[str, Any]:
    """In each experiment's list, the workloads in place of `rest`, by name."""
    if REST in config["workloads"]:
        raise UserError(
            f"{REST!r} stands for the workloads that no experiment names",
            where=f"config key workloads.{REST}",
            hint="give yours another name",
        )
    experiments = config["experiments"]
    named = {name for experiment in experiments.values() for name in experiment["workloads"]}
    left_out = {name for name, entry in catalogue.workloads.items() if entry.only_by_name}
    rest = sorted(catalogue.workloads.keys() - named - left_out - own_works(config).keys())
    return {
        **config,
        "experiments": {
            name: experiment
            | {
                "workloads": [
                    workload
                    for listed in experiment["workloads"]
                    for workload in (rest if listed == REST else [listed])
                ]
            }
            for name, experiment in experiments.items()
        },
    }


def params_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters that a workload's settings set."""
    if "function" not in settings:
        return dict(settings)
    short = {name: value for name, value in settings.items() if name not in OWN_KEYS}
    return short | dict(settings.get("params", {}))


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
            hint="see config.yaml for valid keys",
        )
    return UserError(
        f"{shortened(repr(error.instance), LONGEST_SHOWN_CHARACTERS)} is not allowed here: "
        f"{_requirement(error)}",
        where=f"config key {key}",
        hint="see the key in config.yaml",
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
        "maxLength": f"it must have at most {asked} characters",
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
