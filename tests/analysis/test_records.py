"""A record that does not belong is refused by one message: file, field, fix."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.analysis.dataset import batches_of, dataset
from threads_or_processes.analysis.records import (
    HEALTH_STATES,
    Record,
    check_form,
    read_identities,
    read_records,
    rows,
    spans,
)
from threads_or_processes.common.decoding import problem_with
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import read_json, write_json
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.common.signing import signed
from threads_or_processes.plan.spelling import parse_arm
from threads_or_processes.records.fields import parts_of
from threads_or_processes.records.interpreter import Identity, Parity
from threads_or_processes.records.texts import LONGEST_TEXT_CHARACTERS
from threads_or_processes.records.trial import Health, HealthCounters
from threads_or_processes.records.vocabulary import WorkerKind

from tests.analysis.shortcuts import plan_of
from tests.conftest import ROOT
from tests.factories import Campaign, make_campaign, make_cell, make_identity, watch

CELL = "json/threads/2/3.13/warm"
SCHEMAS = ROOT / "workflow" / "schemas"
RECORD = f"trials/{CELL}/002.json"
IDENTITY_SHA256 = make_identity(parse_arm("3.13"))["identity_sha256"]

Break = Callable[[dict[str, Any]], object]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(
        [
            make_cell("json", "serial", 1, "3.13", blocks=2),
            make_cell("json", "threads", 2, "3.13", blocks=2),
            make_cell("json", "threads", 2, "3.13t", blocks=2),
        ]
    )


def edit(path: Path, **changes: Any) -> None:
    """Change a file that is there."""
    write_json(path, read_json(path) | changes)


def test_an_edited_record_is_refused_by_name(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    write_json(tmp_path / RECORD, signed(campaign.records[RECORD]))
    assert len(read(tmp_path)) == 6
    edit(tmp_path / RECORD, started_unix_ns=1)
    with pytest.raises(UserError, match="was edited") as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / RECORD)


def test_an_edited_identity_is_refused_by_name(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    edit(tmp_path / "interpreters" / "3.13.json", version="3.13.99")
    with pytest.raises(UserError, match="was edited") as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / "interpreters" / "3.13.json")


def test_a_folder_in_a_record_s_place_is_named(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    (tmp_path / RECORD).unlink()
    (tmp_path / RECORD).mkdir()
    with pytest.raises(UserError, match="a folder in the place of a file") as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / RECORD)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda r: r["repetitions"].append(r["repetitions"][-1]), "same repetition .* twice"),
        (lambda r: r.update(ended_monotonic_ns=0), "-.* is less than 0"),
        (lambda r: r["repetitions"][0].update(sentinel_before_ns=[1]), "not the JSON object"),
        (lambda r: r["repetitions"][0].update(lost_updates=1), "updates"),
        (lambda r: r["repetitions"][0]["workers"][0].pop("cpus"), "what they used"),
        (
            lambda r: r["repetitions"][0].update(wall_ns=2**63),
            "expected int <= 9223372036854775807",
        ),
    ],
)
def test_values_that_can_t_be_are_refused_with_the_record_s_name(
    campaign: Campaign, tmp_path: Path, break_it: Break, said: str
) -> None:
    campaign.write(tmp_path)
    record = deepcopy(campaign.records[RECORD])
    watch(record, [False] * len(record["repetitions"]))
    break_it(record)
    write_json(tmp_path / RECORD, record)
    with pytest.raises(UserError, match=said) as caught:
        dataset(read(tmp_path), plan_of(campaign))
    assert caught.value.where.startswith(str(tmp_path / RECORD))


def test_a_trial_s_name_in_two_records_is_refused(campaign: Campaign) -> None:
    first, second = [Record(Path(path), value) for path, value in campaign.records.items()][:2]
    copied = Record(second.path, {**second.value, "trial_id": first.value["trial_id"]})
    with pytest.raises(UserError, match=f"trial_id: it is that of {first.path}, too") as caught:
        list(batches_of([first, copied], plan_of(campaign)))
    assert caught.value.where == str(second.path)


def read(results: Path) -> list[Record]:
    plan = plan_from(read_json(results / "plan.json"))
    identities = read_identities(results / "interpreters", plan)
    return list(read_records(plan, results=results, identities=identities))


def test_synthetic_records_are_as_the_schema_has_them() -> None:
    campaign = make_campaign(failures={("compress/threads/2/3.13t/warm", 3): "crashed"})
    for path, value in campaign.records.items():
        check_form(Record(Path(path), value))


def test_synthetic_identities_and_parity_are_as_declared() -> None:
    campaign = make_campaign()
    for identity in campaign.identities.values():
        assert problem_with(identity, Identity) is None
    assert problem_with(campaign.parity, Parity) is None


def test_every_planned_record_is_read_by_cell_and_block(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    records = read(tmp_path)
    assert [str(record.path.relative_to(tmp_path)) for record in records] == [
        trial["record"]
        for trial in sorted(campaign.plan["trials"], key=lambda one: (one["cell"], one["block"]))
    ]


def test_a_record_that_is_not_planned_is_left_alone(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    (tmp_path / "trials" / CELL / "003.json").write_text("of a larger campaign")
    assert len(read(tmp_path)) == 6


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (
            lambda r: r["machine"].update(cpu_model="Another CPU"),
            "measured on another machine: machine.cpu_model is 'Another CPU' there "
            "and 'Synthetic CPU' here",
        ),
        (
            lambda r: (r["machine"].pop("kernel"), r["machine"].update(logical_cpus=4)),
            "measured on another machine: machine.kernel is None there and '6.1.0' here, "
            "machine.logical_cpus is 4 there and 2 here",
        ),
        (
            lambda r: r["interpreter"].update(identity_sha256="0" * 64),
            "measured with another interpreter: interpreter.identity_sha256 is "
            f"'{'0' * 64}', the arm's identity has '{IDENTITY_SHA256}'",
        ),
        (
            lambda r: r["interpreter"].update(arm="3.13t"),
            "measured with another interpreter: interpreter.arm is '3.13t', "
            "the arm's identity has '3.13'",
        ),
        (lambda r: r.update(schema_version=2), "schema_version is 2, this code reads 1"),
        (
            lambda r: r["cell"].update(id="json/threads/4/3.13/warm"),
            "cell.id is 'json/threads/4/3.13/warm', but the plan has "
            "'json/threads/2/3.13/warm' at this place",
        ),
        (
            lambda r: r["cell"].update(workers=4),
            "cell.workers is 4, but the plan has 2 at this place",
        ),
        (
            lambda r: r["cell"].update(replicate=2),
            "cell.replicate is 2, but the plan has 1 at this place",
        ),
        (lambda r: r.update(block=1), "block is 1, but the plan has 2 at this place"),
        (
            lambda r: r["work"].update(size=999),
            "work.size is 999, but 1000 in ",
        ),
        (
            lambda r: r["repetitions"][3].update(wall_ns=0),
            "repetitions[3].wall_ns is 0, expected int >= 1",
        ),
        (
            lambda r: r["repetitions"][0].update(wall_ns=1.5),
            "repetitions[0].wall_ns is 1.5, expected int",
        ),
        (
            lambda r: r["repetitions"][0]["cpus"].append(-1),
            "repetitions[0].cpus[0] is -1, expected int >= 0",
        ),
        (lambda r: r["repetitions"][0].pop("wall_ns"), "repetitions[0].wall_ns is missing"),
        (lambda r: r.pop("gil"), "gil is missing"),
        (lambda r: r.update(mood="fine"), "mood is not a field of it"),
        (lambda r: r.update(outcome="fine"), "outcome is 'fine', expected one of ok, timeout, "),
        (
            lambda r: r["health"]["flags"].append("tired"),
            "health.flags[0] is 'tired', expected one of cgroup_throttling, ",
        ),
        (
            lambda r: r["health"].update(flags=["load", "load"]),
            "health.flags is not as the schema of records has it: ['load', 'load'] has",
        ),
        (
            lambda r: r["health"]["before"].update(load_averages=[0.5, "?"]),
            "health.before.load_averages[1] is '?', expected float",
        ),
        (
            lambda r: r["environment"]["variables"].update(LANG=1),
            "environment.variables.LANG is 1, expected str",
        ),
        (lambda r: r.update(trial_id="mine"), "trial_id is 'mine', expected str matching regex"),
        (lambda r: r.update(repetitions=[]), "repetitions is not as the schema of records has it"),
        (lambda r: r.update(gil=None), "gil is not as the schema of records has it: None"),
        (lambda r: r.update(outcome="raised"), "explanation is not as the schema of records has"),
    ],
)
def test_a_record_that_does_not_belong_is_refused_by_name(
    campaign: Campaign, tmp_path: Path, break_it: Break, said: str
) -> None:
    campaign.write(tmp_path)
    record = deepcopy(campaign.records[RECORD])
    break_it(record)
    write_json(tmp_path / RECORD, record)
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert said in caught.value.what
    assert caught.value.where == str(tmp_path / RECORD)
    assert caught.value.hint


@pytest.mark.parametrize(
    "left_out",
    [
        pytest.param([], id="as of the version before the types"),
        pytest.param(["manner"], id="before there were manners"),
        pytest.param(["manner", "on_battery", "clock_overhead_ns"], id="the first"),
    ],
)
def test_a_record_of_an_earlier_version_is_read(left_out: list[str]) -> None:
    path = Path(__file__).parent / "record_of_an_earlier_version.json"
    record = read_json(path)
    for part in (record["sentinel"], record["health"]["before"], record["health"]["after"]):
        for name in left_out:
            part.pop(name, None)
    check_form(Record(path, record))
    warm_up, measured = flat(record)
    assert (warm_up["phase"], measured["phase"]) == ("warmup", "measure")
    assert (measured["wall_ns"], measured["workers"], measured["try_"]) == (3_496_434, 2, 1)
    assert json.loads(measured["sentinel_json"])["manner"] == "at_once"


@pytest.mark.parametrize(
    "content", [b"", b'{"schema_version": 1,', b"\xff\xfe", b"[]", b"null", b'"text"']
)
def test_an_unreadable_record_is_refused_by_name(
    campaign: Campaign, tmp_path: Path, content: bytes
) -> None:
    campaign.write(tmp_path)
    (tmp_path / RECORD).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / RECORD)
    assert "delete the file and run snakemake again" in caught.value.hint


def test_a_long_complaint_is_cut(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    write_json(tmp_path / RECORD, {**campaign.records[RECORD], "outcome": "x" * 10_000})
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert len(caught.value.what) < 400


def test_missing_records_are_counted(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    (tmp_path / RECORD).unlink()
    (tmp_path / "trials/json/serial/1/3.13/warm/001.json").unlink()
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert caught.value.what == "2 of 6 planned trials have no record yet"
    assert "run snakemake again" in caught.value.hint


def test_a_missing_identity_is_named(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    (tmp_path / "interpreters" / "3.13t.json").unlink()
    with pytest.raises(UserError) as caught:
        read(tmp_path)
    assert caught.value.where == str(tmp_path / "interpreters" / "3.13t.json")


def test_an_identity_without_its_hash_is_named(campaign: Campaign, tmp_path: Path) -> None:
    campaign.write(tmp_path)
    without = dict(campaign.identities["3.13t"])
    del without["identity_sha256"]
    write_json(tmp_path / "interpreters" / "3.13t.json", without)
    with pytest.raises(UserError, match="identity_sha256"):
        read(tmp_path)


# --- rows


def flat(record: Any) -> list[dict[str, Any]]:
    return [vars(row) for row in rows(record, campaign="report", worker_kind=WorkerKind.SMT)]


def test_a_record_gives_a_row_for_each_repetition() -> None:
    campaign = make_campaign([make_cell("json", "processes-fork", 2, "3.13", blocks=1)])
    (record,) = campaign.records.values()
    found = flat(record)
    assert [(row["phase"], row["repetition"]) for row in found] == [
        ("warmup", 0),
        ("warmup", 1),
        *(("measure", index) for index in range(5)),
    ]
    assert {row["workers_used"] for row in found} == {2}
    assert {row["trial_wall_ns"] for row in found} == {
        record["ended_monotonic_ns"] - record["started_monotonic_ns"]
    }
    assert {row["spans_json"] for row in found} == {None}


@pytest.mark.parametrize(
    ("said", "manner"),
    [
        pytest.param({"manner": "in_turn"}, "in_turn", id="as the record says"),
        pytest.param({}, "at_once", id="a record of before there were manners"),
    ],
)
def test_a_row_says_how_the_sentinel_read_the_cpus(said: dict[str, str], manner: str) -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=1)
    (record,) = make_campaign([cell], disturbed_ratio=0.5).records.values()
    record["sentinel"] |= said
    check_form(Record(Path("record"), record))
    for row in flat(record):
        assert json.loads(row["sentinel_json"])["manner"] == manner


def test_what_a_cold_repetition_and_a_machine_s_health_say_is_in_the_row() -> None:
    campaign = make_campaign([make_cell("empty", "threads", 2, "3.13", "cold", blocks=1)])
    (record,) = campaign.records.values()
    (repetition,) = record["repetitions"]
    repetition.update(first_result_ns=11, teardown_ns=22, lost_updates=33)
    record["health"]["flags"] = ["load", "steal"]
    record["health"]["before"].update(steal_ticks=5, busy_ticks=7, clock_source="tsc", boost=None)
    record["health"]["after"].update(steal_ticks=9, busy_ticks=7, clock_source="hpet", boost=True)
    (row,) = flat(record)
    assert (row["cold_first_result_ns"], row["cold_teardown_ns"]) == (11, 22)
    assert (row["first_result_ns"], row["teardown_ns"]) == (None, None)
    assert (row["lost_updates"], row["worker_kind"], row["replicate"]) == (33, "smt", 1)
    assert row["health_flags"] == "load steal"
    health = json.loads(row["health_json"])
    assert health["grown"] == {"steal_ticks": 4}
    assert (health["before"]["clock_source"], health["after"]["clock_source"]) == ("tsc", "hpet")
    assert "boost" not in health["after"]


def test_every_field_of_a_reading_of_health_is_a_state_or_a_whole_number() -> None:
    assert HEALTH_STATES | parts_of(HealthCounters).keys() == parts_of(Health).keys()
    assert {part.type for part in parts_of(HealthCounters).values()} == {int}


def test_a_weighed_trial_is_one_row_without_times() -> None:
    campaign = make_campaign([make_cell("json", "processes-fork", 2, "3.13", "memory", blocks=1)])
    (record,) = campaign.records.values()
    check_form(Record(Path("record"), record))
    (row,) = flat(record)
    assert row["memory_idle_bytes"] == record["memory"]["idle_bytes"]
    assert (row["processes"], row["outcome"]) == (3, "ok")
    assert row["wall_ns"] is None
    record["memory"] = None
    with pytest.raises(UserError, match="memory is not as the schema of records has it"):
        check_form(Record(Path("record"), record))


def test_a_failed_trial_is_one_row_without_times() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=1)
    campaign = make_campaign([cell], failures={(cell.id, 1): "timeout"})
    (record,) = campaign.records.values()
    (row,) = flat(record)
    assert (row["outcome"], row["explanation"]) == ("timeout", "the trial ended as timeout")
    assert row["wall_ns"] is None


def test_text_that_a_file_cannot_hold_is_replaced() -> None:
    cell = make_cell("json", "serial", 1, "3.13", blocks=1)
    campaign = make_campaign([cell], failures={(cell.id, 1): "raised"})
    (record,) = campaign.records.values()
    (row,) = flat({**record, "explanation": "a\0b\ud800c"})
    assert row["explanation"] == "a�b?c"
    # One of an earlier version, which cut nothing: no CSV reader takes so long a field.
    (row,) = flat({**record, "explanation": "w" * 200_000})
    assert len(row["explanation"]) == LONGEST_TEXT_CHARACTERS


def test_spans_number_workers_as_they_start() -> None:
    def chunk(pid: int, start_ns: int, end_ns: int) -> dict[str, int]:
        return {"pid": pid, "thread_id": 1, "tasks": 1, "start_ns": start_ns, "end_ns": end_ns}

    repetition: Any = {
        "started_monotonic_ns": 1000,
        "workers": [chunk(8, 1300, 1400), chunk(9, 1100, 1200), chunk(9, 1250, 1350)],
    }
    assert spans(repetition) == [
        {"worker": 0, "start_ns": 100, "end_ns": 200},
        {"worker": 0, "start_ns": 250, "end_ns": 350},
        {"worker": 1, "start_ns": 300, "end_ns": 400},
    ]
