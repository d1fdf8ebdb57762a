"""Imports between the packages point one way, and what is measured needs no library of ours."""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "workflow" / "threads_or_processes"
NAME = PACKAGE.name

MIDDLE = ("plan", "interpreters", "trial", "analysis", "reporting")
MAY_IMPORT = {
    "records": set[str](),
    "common": {"records"},
    **{package: {"common", "records"} for package in MIDDLE},
    "exporting": {"common", "records", "analysis"},
    "pipeline": {"common", "records", *MIDDLE},
}
#: Runs inside the interpreter under test, where there are only the libraries of its own lock.
MEASURED = ("records", "trial/measured", "trial/models", "trial/workloads")
LIBRARIES_OF_TRIALS = {"multiprocess", "joblib", "numpy", "pandas", "PIL"}
#: Of tables and figures; a dry run has neither. pandas alone loads nearly as long as Snakemake.
SLOW = {"matplotlib", "numpy", "pandas", "pyarrow", "scipy", "seaborn"}


def sources(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def imported(source: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{source} has a relative import"
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                yield module if is_module(module) else str(node.module)


def is_module(name: str) -> bool:
    place = PACKAGE.parent / name.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def name_of(source: Path) -> str:
    parts = source.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_packages_import_one_way() -> None:
    found = {
        f"{source.relative_to(PACKAGE)} imports {module}"
        for source in sources(PACKAGE)
        for module in imported(source)
        if module.startswith(f"{NAME}.")
        and source.parent != PACKAGE
        and (package := source.relative_to(PACKAGE).parts[0]) != (other := module.split(".")[1])
        and other not in MAY_IMPORT[package]
    }
    assert not found


def test_no_module_imports_itself_through_others() -> None:
    graph = {
        name_of(source): {
            module
            for module in imported(source)
            if module.startswith(f"{NAME}.") and module != name_of(source)
        }
        for source in sources(PACKAGE)
    }
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_what_is_measured_imports_the_standard_library_and_what_trials_are_about() -> None:
    found = {
        f"{source.relative_to(PACKAGE)} imports {module}"
        for folder in MEASURED
        for source in sources(PACKAGE / folder)
        for module in imported(source)
        if (top := module.partition(".")[0]) not in sys.stdlib_module_names
        and top != NAME
        and not (folder in ("trial/models", "trial/workloads") and top in LIBRARIES_OF_TRIALS)
    }
    assert not found


def test_each_start_of_snakemake_is_spared_the_libraries_that_load_slowly() -> None:
    assert not SLOW & loaded_with(name_of(source) for source in sources(PACKAGE / "pipeline"))


def test_commands_that_estimate_nothing_are_spared_scipy() -> None:
    assert "scipy" not in loaded_with([f"{NAME}.analysis.__main__"])


def loaded_with(modules: Iterable[str]) -> set[str]:
    """All that a fresh interpreter has loaded with some modules."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True)
    return set(loaded.split())


def test_every_module_lies_in_a_package_that_is_known() -> None:
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(MAY_IMPORT)
