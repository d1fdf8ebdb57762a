"""Which code measured. When it changes, its trials are measured again; others stay."""

import hashlib
import re
from collections.abc import Iterator
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
    joined = hashlib.sha256(MODELS[model].place.encode())
    for source in sources_of(workload, model):
        joined.update(hashlib.sha256(source.read_bytes()).digest())
    return joined.hexdigest()


def sources_of(workload: Workload, model: str) -> list[Path]:
    """The package's files that such a trial imports, and the workload's where it is a user's own.

    An `__init__` only lists what a folder holds, so it doesn't count; nor do declarations. What the
    table of models says of this one joins the digest.
    """
    entries = [*CORE, TRIAL / "models" / f"{MODELS[model].module}.py"]
    if not workload.file:
        entries.append(TRIAL / "workloads" / f"{workload.family}.py")
    found: set[Path] = set()
    while entries:
        source = entries.pop()
        if source not in found and source not in DECLARATIONS:
            found.add(source)
            entries += _imported_by(source)
    return [*sorted(found), *(sources_of_user_file(workload.file) if workload.file else ())]


def _imported_by(source: Path) -> Iterator[Path]:
    """The package's modules that a file imports, by its text: it is read for every trial."""
    for module, names in IMPORT.findall(source.read_text(encoding="utf-8")):
        place = PACKAGE.joinpath(*module.split("."))
        members = [place / name for name in re.findall(r"\w+", names)]
        yield from (
            file for path in (place, *members) if (file := path.with_suffix(".py")).is_file()
        )
