"""A user's own work as the config describes it: a `function`, and keys about it.

Every other key sets one of the function's parameters, as it does for the built-in workloads.
"""

from collections.abc import Mapping
from typing import Any

ABOUT_KEYS = ("title", "kind", "unit", "why", "expected")
OWN_KEYS = ("function", "requirements", "shares_memory", *ABOUT_KEYS)


def own_works(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The settings of each workload that has a function of the user's, by the workload's name."""
    return {
        name: settings for name, settings in config["workloads"].items() if "function" in settings
    }


def function_of(config: Mapping[str, Any], workload: str) -> str:
    """A workload's task function: a built-in one has its name, a user's is `file.py:name`."""
    return str(own_works(config).get(workload, {}).get("function", workload))


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
