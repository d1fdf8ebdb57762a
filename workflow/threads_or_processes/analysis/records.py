"""Trial records: read, refuse what doesn't belong to the plan, flatten to rows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from threads_or_processes.common.decoding import json_schema, problem_with
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import canonical_json, is_left_out, read_json
from threads_or_processes.common.signing import edited, is_intact, read_identity
from threads_or_processes.common.spreadsheet import harmless
from threads_or_processes.records.fields import columns_of
from threads_or_processes.records.interpreter import Identity
from threads_or_processes.records.plan import Cell, Plan, Trial
from threads_or_processes.records.quiet import ProbeMode
from threads_or_processes.records.tables.dataset import RepetitionRow
from threads_or_processes.records.texts import shortened
from threads_or_processes.records.trial import (
    RULES,
    HealthStates,
    Repetition,
    Sentinel,
    TrialFile,
    TrialHealth,
    TrialRecord,
    differing,
)
from threads_or_processes.records.vocabulary import (
    NOTEBOOK_WORKLOAD,
    TRIAL_SCHEMA_VERSION,
    WorkerKind,
)

MEASURE_ANEW = "delete the file and run snakemake again; the trial will be measured again"
LONGEST_COMPLAINT_CHARACTERS = 200

#: The field of a row that is behind each column of the data set.
FIELDS = {column.name: column.path[0] for column in columns_of(RepetitionRow)}

#: The fields of a reading of the machine's health that are no counters.
HEALTH_STATES = frozenset(HealthStates.__annotations__)

Json = Mapping[str, Any]

_RULES = Draft202012Validator({"allOf": RULES})


@dataclass(frozen=True)
class Record:
    """A trial's record, of that type once its form is checked, and the file it came from."""

    path: Path
    value: TrialRecord


def read_records(
    plan: Plan, *, results: Path, identities: Mapping[str, Identity]
) -> Iterator[Record]:
    """Every planned record below `results`, by cell and block, each read and checked when it comes.

    Trials that were left out have none. `identities` are by the interpreter's name. Raises
    `UserError` at once for records that are missing (how many), later for those that are unreadable
    or not of this plan (which file, which field).
    """
    paths = [results / trial.record for trial in plan.trials]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(paths)} planned trials have no record yet",
            where=str(missing[0]),
            hint="run snakemake again; it measures only what is missing",
        )
    trials = [trial for trial in plan.trials if not is_left_out(results / trial.record)]
    if not trials:
        raise UserError(
            "the budget was over before the first trial, so nothing was measured",
            where="config key budget",
            hint="run the same command again; what was prepared is there, or give it more time",
        )
    in_order = sorted(trials, key=lambda trial: (trial.cell, trial.block))
    return of_equal_work(_of_plan(plan, in_order, results, identities))


def _of_plan(
    plan: Plan, trials: Iterable[Trial], results: Path, identities: Mapping[str, Identity]
) -> Iterator[Record]:
    """The record of each trial, checked by itself."""
    for trial in trials:
        path = results / trial.record
        record = Record(path, read_json(path, hint=MEASURE_ANEW))
        check_form(record)
        check_place(record, trial, plan.cells_by_id[trial.cell])
        check_machine(record, plan.fingerprint)
        interpreter = plan.interpreter(record.value["cell"]["arm"], record.value["block"])
        check_interpreter(record, identities[interpreter])
        yield record


def read_identities(directory: Path, plan: Plan) -> dict[str, Identity]:
    """The identity of every interpreter of the plan, by its name."""
    names = sorted(one.name for one in plan.interpreters)
    return {name: read_identity(directory / f"{name}.json") for name in names}


def check_form(record: Record) -> None:
    """Refuse another schema version and whatever the schema of records does not allow."""
    value = record.value
    version = value.get("schema_version") if isinstance(value, dict) else None
    if version is not None and version != TRIAL_SCHEMA_VERSION:
        raise refused(
            record.path, f"schema_version is {version!r}, this code reads {TRIAL_SCHEMA_VERSION}"
        )
    problem = problem_with(value, TrialFile)
    if problem is not None:
        raise refused(record.path, problem)
    for number, repetition in enumerate(value["repetitions"]):
        told = {len(chunk.keys() & set(CHUNK_USAGE)) for chunk in repetition["workers"]}
        if told not in (set(), {0}, {len(CHUNK_USAGE)}):
            what = f"repetitions[{number}]: some chunks say what they used, and some only a part"
            raise refused(record.path, what)
    if not is_intact(value):
        raise edited(record.path, MEASURE_ANEW)
    complaint = best_match(_RULES.iter_errors(value))
    if complaint is not None:
        field = complaint.json_path.removeprefix("$").removeprefix(".") or "the record"
        message = complaint.message[:LONGEST_COMPLAINT_CHARACTERS]
        raise refused(record.path, f"{field} is not as the schema of records has it: {message}")


def record_schema() -> dict[str, Any]:
    """The JSON schema of trial records, as it is published."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Trial record",
        **json_schema(TrialFile),
        "allOf": RULES,
    }


def check_place(record: Record, trial: Trial, cell: Cell) -> None:
    """Refuse a record that lies where another trial's record belongs."""
    cell_found = {f"cell.{name}": value for name, value in record.value["cell"].items()}
    for field, found in {**cell_found, "block": record.value["block"]}.items():
        # A cell of the plan doesn't repeat its workload's parameters.
        of_cell = getattr(cell, field.removeprefix("cell."), found)
        planned = trial.block if field == "block" else of_cell
        if found != planned:
            shown = repr(str(planned)) if isinstance(planned, str) else planned
            raise refused(
                record.path, f"{field} is {found!r}, but the plan has {shown} at this place"
            )


def check_machine(record: Record, fingerprint: Json) -> None:
    """Refuse a record of a machine with another fingerprint, naming each field that differs."""
    machine = record.value["machine"]
    found = [
        f"machine.{field} is {machine.get(field)!r} there and {fingerprint.get(field)!r} here"
        for field in differing(machine, fingerprint)
    ]
    if found:
        raise refused(
            record.path,
            f"measured on another machine: {', '.join(found)}",
            hint="keep each machine's results in a folder of their own under results/; "
            "move this file away and run snakemake again",
        )


def check_interpreter(record: Record, identity: Identity) -> None:
    """Refuse a record of another interpreter than the one its arm has now, in that block."""
    for field in ("arm", "identity_sha256"):
        found, expected = record.value["interpreter"][field], identity[field]
        if found != expected:
            raise refused(
                record.path,
                f"measured with another interpreter: interpreter.{field} is {found!r}, "
                f"the arm's identity has {expected!r}",
            )


def of_equal_work(records: Iterable[Record]) -> Iterator[Record]:
    """The same records, if all trials of one workload did the same work.

    Raises `UserError` for the first that did not: no ratio of them means much.
    """
    first: dict[tuple[str, int], Record] = {}
    for record in records:
        cell = record.value["cell"]
        workload = cell["workload"]
        # The notebook's replay has a task for each worker.
        is_replay = workload.partition(",")[0] == NOTEBOOK_WORKLOAD
        reference = first.setdefault((workload, cell["workers"] if is_replay else 0), record)
        for field in ("tasks", "size", "calibration_sha256"):
            found, expected = record.value["work"][field], reference.value["work"][field]
            if found != expected:
                raise refused(
                    record.path,
                    f"work.{field} is {found!r}, but {expected!r} in {reference.path}: "
                    f"trials of {workload} must do the same work",
                    hint="delete the file that is out of date and run snakemake again",
                )
        yield record


def rows(record: TrialRecord, *, campaign: str, worker_kind: WorkerKind) -> list[RepetitionRow]:
    """Flatten a checked record to a row a repetition; one row if no repetition was finished.

    A field that has the name of a column is that column. `worker_kind` is what the plan says of the
    cell's number of workers.
    """
    cell, health, output = record["cell"], record["health"], record["output"]
    memory: Json = record["memory"] or {}
    trial = {
        # Of an interpreter that is compiled again, `arm` is what the cell says.
        **_fields_in(record, record["interpreter"], cell, record["work"], memory),
        **_fields_in(memory, prefix="memory_"),
        "campaign": campaign,
        "cell": cell["id"],
        "worker_kind": worker_kind,
        "params_json": canonical_json(cell["params"]),
        "explanation": _storable(shortened(record["explanation"])),
        "trial_wall_ns": record["ended_monotonic_ns"] - record["started_monotonic_ns"],
        "health_flags": " ".join(health["flags"]) or None,
        "health_json": canonical_json({**health_between(health), "clock": record["clock"]}),
        "results_json": None if output is None else canonical_json(output["results"]),
        "data_json": None if output is None else canonical_json(output["data"]),
    }
    keeps_spans = cell["workload"] == NOTEBOOK_WORKLOAD
    of_repetitions = [
        {
            **_fields_in(repetition),
            **_fields_in(repetition, prefix="cold_"),
            **trial,  # its fields win where a repetition has one of the same name
            "repetition": repetition["index"],
            "amount": repetition.get("amount", 1),
            "chunks_json": _chunks_json(repetition),
            "sentinel_json": _sentinel_json(repetition, record["sentinel"]),
            "workers_used": len({(w["pid"], w["thread_id"]) for w in repetition["workers"]}),
            "spans_json": canonical_json(spans(repetition)) if keeps_spans else None,
        }
        for repetition in record["repetitions"]
    ]
    missing: dict[str, Any] = dict.fromkeys(FIELDS.values())
    nothing = missing | {"amount": 1}
    return [RepetitionRow(**nothing | fields) for fields in of_repetitions or [trial]]


def _fields_in(*parts: Json, prefix: str = "") -> dict[str, Any]:
    """The fields of a row that parts of a record have under the name of a column."""
    return {
        FIELDS[f"{prefix}{name}"]: value
        for part in parts
        for name, value in part.items()
        if f"{prefix}{name}" in FIELDS
    }


def health_between(health: TrialHealth) -> dict[str, Any]:
    """What the machine's counters grew by from one reading to the other, and its states at both.

    What the system doesn't say is left out, and so is a counter that stood still.
    """
    before: Json = health["before"]
    after: Json = health["after"]
    known = [name for name in after if before.get(name) is not None and after[name] is not None]
    counters = [name for name in known if name not in HEALTH_STATES]
    states = [name for name in known if name in HEALTH_STATES]
    return {
        "before": {name: before[name] for name in states},
        "after": {name: after[name] for name in states},
        "grown": {
            name: after[name] - before[name] for name in counters if after[name] != before[name]
        },
    }


def _sentinel_json(repetition: Repetition, sentinel: Sentinel | None) -> str | None:
    if sentinel is None:
        return None
    return canonical_json(
        {
            "cpus": sentinel["cpus"],
            "used": repetition["cpus"],
            "before_ns": repetition["sentinel_before_ns"],
            "after_ns": repetition["sentinel_after_ns"],
            "manner": sentinel.get("manner", ProbeMode.SIMULTANEOUS),
            **(
                {"dispatch_cpus": repetition["dispatch_cpus"]}
                if "dispatch_cpus" in repetition
                else {}
            ),
        }
    )


#: What of a chunk goes into the data set as the record has it.
CHUNK_USAGE = (
    *("cpus", "user_ns", "system_ns", "run_queue_ns"),
    *("voluntary_switches", "involuntary_switches"),
)


def _chunks_json(repetition: Repetition) -> str | None:
    """The chunks column by column; None where there are none, and in records without their use."""
    chunks: list[Json] = [chunk for chunk in repetition["workers"] if "user_ns" in chunk]
    if not chunks:
        return None
    origin_ns = repetition["started_monotonic_ns"]
    numbers = _numbered(chunks)
    return canonical_json(
        {
            "worker": [numbers[chunk["pid"], chunk["thread_id"]] for chunk in chunks],
            **{
                f"{end}_ns": [c[f"{end}_ns"] - origin_ns for c in chunks]
                for end in ("start", "end")
            },
            **{name: [chunk[name] for chunk in chunks] for name in CHUNK_USAGE},
        }
    )


def _numbered(chunks: Iterable[Json]) -> dict[tuple[int, int], int]:
    """Each worker's number, from 0 in the order in which they begin."""
    in_order = sorted(chunks, key=lambda c: (c["start_ns"], c["end_ns"], c["pid"], c["thread_id"]))
    workers = dict.fromkeys((chunk["pid"], chunk["thread_id"]) for chunk in in_order)
    return {worker: number for number, worker in enumerate(workers)}


def spans(repetition: Repetition) -> list[dict[str, int]]:
    """When each chunk ran, in ns since the repetition's start; workers numbered as they start."""
    origin_ns = repetition["started_monotonic_ns"]
    numbers: dict[tuple[int, int], int] = {}
    chunks = sorted(
        repetition["workers"],
        key=lambda chunk: (chunk["start_ns"], chunk["end_ns"], chunk["pid"], chunk["thread_id"]),
    )
    return [
        {
            "worker": numbers.setdefault((chunk["pid"], chunk["thread_id"]), len(numbers)),
            "start_ns": chunk["start_ns"] - origin_ns,
            "end_ns": chunk["end_ns"] - origin_ns,
        }
        for chunk in chunks
    ]


def _storable(text: str) -> str | None:
    r"""Text that comes back from CSV as it went: `\n` ends lines, no NUL, no half characters.

    Nor is it a formula of a spreadsheet's.

    Empty text is missing, as CSV can't tell the two apart.
    """
    whole = text.encode("utf-8", "replace").decode().replace("\0", "�")
    return harmless(whole.replace("\r\n", "\n").replace("\r", "\n")) or None


def refused(path: Path, what: str, *, hint: str = MEASURE_ANEW) -> UserError:
    """The message for a record that can't be used."""
    return UserError(f"a trial's record is refused: {what}", where=str(path), hint=hint)
