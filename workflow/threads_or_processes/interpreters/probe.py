"""Asked of an interpreter under test: `python -I [flags] probe.py [import]` prints JSON facts.

Runs inside that interpreter, so it uses the standard library only. With `import`, everything
installed in its environment is imported, to see that it can be and whether the GIL stays as it was.
"""

import importlib.metadata
import json
import os
import platform
import re
import sys
import sysconfig
import warnings

# Compiled modules that importing their package leaves out.
_DEEPER = ("PIL.Image",)
COMPILED_HERE = " (compiled here)"


def gil_enabled() -> bool:
    """Whether the GIL is on now; interpreters before 3.13 cannot be without it."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def import_everything() -> tuple[dict[str, list[str]], dict[str, str]]:
    """Import every installed top-level module.

    Returns the modules that switched the GIL on, with their distributions, and, by name, the
    distributions of which nothing can be imported, with the reason. One module that fails
    is none: some distributions leave their tests there, which need what is not installed.
    """
    culprits = {}
    reasons: dict[str, str] = {}
    imported: set[str] = set()
    distributions_of = importlib.metadata.packages_distributions()
    for module in [*sorted(distributions_of), *_DEEPER]:
        distributions = distributions_of.get(module.partition(".")[0], [])
        if not distributions:
            continue
        before = gil_enabled()
        try:
            importlib.import_module(module)
            imported.update(distributions)
        except (Exception, SystemExit) as error:
            for name in distributions:
                reasons.setdefault(name, f"{type(error).__name__}: {error}")
        if gil_enabled() and not before:
            culprits[module] = distributions
    return culprits, {name: why for name, why in reasons.items() if name not in imported}


def is_compiled_here(distribution: importlib.metadata.Distribution) -> bool:
    """Whether a wheel was made on this Linux: a published one names the libc that it needs."""
    return re.search(r"^Tag: .*-linux_", distribution.read_text("WHEEL") or "", re.M) is not None


def libraries() -> dict[str, str]:
    """Installed distributions and their versions, and that of the BLAS inside an imported numpy."""
    found = {
        distribution.metadata["Name"].lower(): distribution.version
        + (COMPILED_HERE if is_compiled_here(distribution) else "")
        for distribution in importlib.metadata.distributions()
    }
    numpy = sys.modules.get("numpy")
    if numpy:
        blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
        found[blas["name"]] = blas["version"]
    return found


def main() -> None:
    """Print the facts, and nothing else: what a module prints goes to stderr."""
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    variable = sysconfig.get_config_var
    before = gil_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the GIL's return is reported as a fact
        culprits, broken = import_everything() if sys.argv[1:] == ["import"] else ({}, {})
    facts = {
        "base_executable": getattr(sys, "_base_executable", sys.executable),
        "implementation": platform.python_implementation(),
        "version": platform.python_version(),
        "free_threaded_build": bool(variable("Py_GIL_DISABLED")),
        "gil_before_imports": before,
        "gil_after_imports": gil_enabled(),
        "gil_culprits": [*culprits],
        "gil_distributions": sorted({name for names in culprits.values() for name in names}),
        "broken": broken,
        "compiler": platform.python_compiler().strip(),
        "config_args": variable("CONFIG_ARGS") or "",
        "cflags": variable("PY_CFLAGS") or "",
        "core_cflags": variable("PY_CORE_CFLAGS") or "",
        "debug": bool(variable("Py_DEBUG")),
        "libraries": libraries(),
    }
    with answer:
        json.dump(facts, answer)


if __name__ == "__main__":
    main()
