"""Asked of an interpreter under test: `python -I [flags] probe.py [import]` prints JSON facts.

Runs inside that interpreter, so it uses the standard library only. With `import`, everything
installed in its environment is imported, to see whether the GIL stays as it was.
"""

import importlib.metadata
import json
import platform
import sys
import sysconfig
import warnings


def gil_enabled() -> bool:
    """Whether the GIL is on now; interpreters before 3.13 cannot be without it."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def import_everything() -> list[str]:
    """Import every installed top-level module; the names of those that switched the GIL on."""
    culprits = []
    for module in sorted(importlib.metadata.packages_distributions()):
        before = gil_enabled()
        importlib.import_module(module)
        if gil_enabled() and not before:
            culprits.append(module)
    return culprits


def libraries() -> dict[str, str]:
    """Installed distributions and their versions."""
    return {d.metadata["Name"].lower(): d.version for d in importlib.metadata.distributions()}


def main() -> None:
    """Print the facts."""
    variable = sysconfig.get_config_var
    before = gil_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the GIL's return is reported as a fact
        culprits = import_everything() if sys.argv[1:] == ["import"] else []
    facts = {
        "base_executable": getattr(sys, "_base_executable", sys.executable),
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "free_threaded_build": bool(variable("Py_GIL_DISABLED")),
        "gil_before_imports": before,
        "gil_after_imports": gil_enabled(),
        "gil_culprits": culprits,
        "compiler": platform.python_compiler().strip(),
        "config_args": variable("CONFIG_ARGS") or "",
        "cflags": variable("PY_CFLAGS") or "",
        "core_cflags": variable("PY_CORE_CFLAGS") or "",
        "debug": bool(variable("Py_DEBUG")),
        "libraries": libraries(),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
