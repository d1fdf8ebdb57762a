"""Which code measured. When it changes, its trials are measured again; others stay."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from threads_or_processes.trial.models import MODELS
from threads_or_processes.trial.user_workloads import sources_of_user_file
from threads_or_processes.trial.workloads.registry import Workload

PACKAGE = Path(__file__).parents[2]
TRIAL = PACKAGE / "trial"
# What a trial's process runs, and what decides how it is started and judged.
CORE = (
    TRIAL / "measured" / "measure.py",
    TRIAL / "supervisor" / "environment.py",
    TRIAL / "supervisor" / "sentinel.py",
)
# A word of the report, or what a field means, changes no trial: these only declare.
DECLARATIONS = tuple(
    PACKAGE / "records" / f"{name}.py" for name in ("fields", "trial", "vocabulary")
)
IMPORT = re.compile(
    rf"^ *(?:import|from) {PACKAGE.name}\.([\w.]+)(?: import (\([^)]*\)|[^#\n]*))?", re.MULTILINE
)


def instrument_sha256(workload: Workload, model: str) -> str:
    """SHA-256 (hex) of the sources that a trial of this workload and model executes."""
    return _joined(MODELS[model].place, sources_of(workload, model))


def model_sha256(model: str) -> str:
    """The same for a model alone, whatever the workload."""
    return _joined(MODELS[model].place, _closure([*CORE, _module_of(model)]))


def function_sha256(workload: Workload) -> str:
    """SHA-256 (hex) of the sources of a workload's function alone."""
    own = workload.file
    return _joined("", sources_of_user_file(own) if own else _closure([_family_of(workload)]))


def _joined(beginning: str, sources: Iterable[Path]) -> str:
    joined = hashlib.sha256(beginning.encode())
    for source in sources:
        joined.update(hashlib.sha256(source.read_bytes()).digest())
    return joined.hexdigest()


def sources_of(workload: Workload, model: str) -> list[Path]:
    """The package's files that such a trial imports, and the workload's where it is a user's own.

    An `__init__` only lists what a folder holds, so it doesn't count; nor do declarations. What the
    table of models says of this one joins the digest.
    """
    if workload.file:
        return [*_closure([*CORE, _module_of(model)]), *sources_of_user_file(workload.file)]
    return _closure([*CORE, _module_of(model), _family_of(workload)])


def _module_of(model: str) -> Path:
    return TRIAL / "models" / f"{MODELS[model].module}.py"


def _family_of(workload: Workload) -> Path:
    return TRIAL / "workloads" / f"{workload.family}.py"


def _closure(entries: list[Path]) -> list[Path]:
    """These files of the package and those that they import, each once."""
    found: set[Path] = set()
    while entries:
        source = entries.pop()
        if source not in found and source not in DECLARATIONS:
            found.add(source)
            entries += _imported_by(source)
    return sorted(found)


def _imported_by(source: Path) -> Iterator[Path]:
    """The package's modules that a file imports, by its text: it is read for every trial."""
    for module, names in IMPORT.findall(source.read_text(encoding="utf-8")):
        place = PACKAGE.joinpath(*module.split("."))
        members = [place / name for name in re.findall(r"\w+", names)]
        yield from (
            file for path in (place, *members) if (file := path.with_suffix(".py")).is_file()
        )
