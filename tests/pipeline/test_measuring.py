"""From nothing to a report, through Snakemake, on the real interpreters."""

import copy
import html
import itertools
import json
import re
import signal
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pandas as pd
import pytest
from snakemake.utils import update_config  # type: ignore[import-untyped]
from threads_or_processes.common.files import write_json
from threads_or_processes.common.signing import identity_digest
from threads_or_processes.interpreters.parity import compare
from threads_or_processes.pipeline.campaign import Campaign
from threads_or_processes.records.interpreter import Identity

from tests.pipeline.conftest import DEFAULTS, SMALL_SWEEP, Checkout, new_checkout

ROOT = Path(__file__).parents[2]


def test_every_planned_trial_left_a_record_that_passes_its_schema(measured: Checkout) -> None:
    schema = json.loads((ROOT / "workflow/schemas/trial.schema.json").read_text(encoding="utf-8"))
    records = measured.records()
    assert set(records) == {trial["record"] for trial in measured.plan()["trials"]}
    for record in records.values():
        jsonschema.validate(record, schema, cls=jsonschema.Draft202012Validator)
        assert (record["outcome"], record["explanation"]) == ("ok", "")


def test_the_notebook_s_replay_has_a_task_for_each_worker(measured: Checkout) -> None:
    replay = [r for r in measured.records().values() if r["cell"]["workload"] == "notebook"]
    assert 5 in {record["cell"]["workers"] for record in replay}
    for record in replay:
        assert record["output"]["results"] == list(range(record["cell"]["workers"]))


def test_trials_ran_in_the_planned_order(measured: Checkout) -> None:
    records = measured.records()
    planned = [trial["record"] for trial in measured.plan()["trials"]]
    assert sorted(records, key=lambda place: records[place]["started_unix_ns"]) == planned
    assert [records[place]["position"] for place in planned] == list(range(1, len(planned) + 1))


def test_no_two_trials_overlap(measured: Checkout) -> None:
    spans = sorted(
        (record["started_monotonic_ns"], record["ended_monotonic_ns"])
        for record in measured.records().values()
    )
    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


def test_each_arm_ran_on_its_own_interpreter_with_its_own_gil(measured: Checkout) -> None:
    seen = {
        (record["cell"]["arm"], record["interpreter"]["version"], record["gil"]["at_end"])
        for record in measured.records().values()
    }
    versions = {version for _, version, _ in seen}
    assert len(versions) == 1
    assert {(arm, gil) for arm, _, gil in seen} == {
        ("3.13", True),
        ("3.13t", False),
        ("3.13t-gil", True),
    }


def test_the_data_set_has_a_row_for_each_repetition_in_both_formats(measured: Checkout) -> None:
    parquet = pd.read_parquet(measured.results / "repetitions.parquet")
    csv = pd.read_csv(measured.results / "trials.csv.gz")
    # A trial that was weighed and not timed has one row too.
    rows = sum(len(record["repetitions"]) or 1 for record in measured.records().values())
    assert len(parquet) == len(csv) == rows
    assert parquet["wall_ns"].dropna().tolist() == csv["wall_ns"].dropna().tolist()


def test_the_report_stands_alone_and_speaks_of_every_workload(measured: Checkout) -> None:
    page = measured.html.read_text(encoding="utf-8")
    for experiment in measured.plan()["experiments"]:
        assert experiment["question"] in html.unescape(page) or experiment["name"] == "notebook"
    for workload in measured.plan()["workloads"].values():
        assert workload["title"] in html.unescape(page)
    fetched = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"']?(?!data:)", page)
    assert fetched == []


def test_a_second_run_does_nothing_and_says_so(measured: Checkout, tmp_path: Path) -> None:
    checkout = measured.copy(tmp_path / "copy")

    def written() -> dict[Path, int]:
        kept = [*checkout.results.rglob("*"), checkout.html]
        return {path: path.stat().st_mtime_ns for path in kept}

    before = written()
    assert "Nothing to be done" in checkout.report()
    assert written() == before


def test_trials_and_the_retry_pass_run_again_where_a_command_forces_them(small: Checkout) -> None:
    account = small.results / "second-look.json"
    before, looked_ns = small.trial_ids(), account.stat().st_mtime_ns
    small.measure("--forcerun", "look_again")
    assert account.stat().st_mtime_ns != looked_ns
    assert small.trial_ids() == before  # it has no time here
    small.measure("--forcerun", "measure_trial")
    after = small.trial_ids()
    assert before.keys() == after.keys()
    assert not before.items() & after.items()
    assert {*before.values(), *after.values()} == small.archived_ids()


def test_tables_that_a_command_forces_are_made_again_and_nothing_is_measured(
    measured: Checkout, tmp_path: Path
) -> None:
    checkout = measured.copy(tmp_path / "copy")

    def written_ns(places: str) -> list[int]:
        return [path.stat().st_mtime_ns for path in sorted(checkout.results.glob(places))]

    before, tables_ns = checkout.trial_ids(), written_ns("tables/*")
    assert checkout.run("--forcerun", "estimate_tables").returncode == 0
    after_ns = written_ns("tables/*")
    assert after_ns
    assert not {*after_ns} & {*tables_ns}
    assert checkout.trial_ids() == before


def test_one_core_runs_the_same_commands_as_all(fresh: Checkout) -> None:
    def commands(cores: str) -> list[str]:
        said = fresh.run("--dry-run", "--printshellcmds", "--cores", cores).stdout
        # A dry run lists jobs in no order; the positions are that of the trials.
        return sorted(line for line in said.splitlines() if re.search("python|position=", line))

    assert sum("position=" in line for line in commands("1")) > 1
    assert commands("1") == commands("all")


def test_a_dry_run_measures_nothing(fresh: Checkout) -> None:
    done = fresh.run("--dry-run")
    assert done.returncode == 0, done.stdout
    assert not (fresh.folder / "results").exists()


def grown(**scaling: Any) -> dict[str, Any]:
    """The small sweep with other settings for its scaling experiment."""
    sweep = copy.deepcopy(SMALL_SWEEP)
    sweep["experiments"]["scaling"] |= scaling
    return sweep


@pytest.mark.parametrize(
    ("sweep", "new_trials"),
    [
        pytest.param(SMALL_SWEEP | {"blocks": 3}, 3, id="a block"),
        pytest.param(grown(workers=[2, 3]), 4, id="a worker count"),
        pytest.param(grown(workloads=["mandelbrot", "compress"]), 6, id="a workload"),
    ],
)
def test_what_is_added_to_the_config_is_all_that_runs(
    small: Checkout, sweep: dict[str, Any], new_trials: int
) -> None:
    before = small.trial_ids()
    small.configure(sweep)
    small.measure()
    after = small.trial_ids()
    assert before.items() <= after.items()
    assert len(after) == len(before) + new_trials
    assert "Nothing to be done" in small.measure()


def test_a_changed_setting_measures_anew_and_loses_nothing(small: Checkout) -> None:
    before = small.trial_ids()
    small.configure(grown(repetitions=3))
    small.measure()
    after = small.trial_ids()
    again = {place for place in before if before[place] != after[place]}
    assert again == {place for place in before if place.startswith("trials/mandelbrot/")}
    assert set(before.values()) | set(after.values()) == small.archived_ids()


def test_an_arm_that_joins_leaves_the_others_as_they_are(small: Checkout) -> None:
    before = small.trial_ids()
    small.configure(grown(builds=["3.13", "3.13t"]) | {"builds": ["3.13", "3.13t"]})
    small.measure()
    after = small.trial_ids()
    assert before.items() <= after.items()
    assert {place.split("/")[4] for place in after.keys() - before.keys()} == {"3.13t"}


def test_another_interpreter_measures_everything_anew_and_at_once_on_one_core_too(
    small: Checkout, identities: dict[str, dict[str, Any]]
) -> None:
    before = small.trial_ids()
    assert {record["outcome"] for record in small.records().values()} == {"ok"}
    given = {"provider": "given", "paths": {"3.13": identities["3.13"]["executable"]}}
    small.configure(SMALL_SWEEP | {"interpreters": given})
    small.measure("--cores", "1")
    after = small.trial_ids()
    assert before.keys() == after.keys()
    assert {record["outcome"] for record in small.records().values()} == {"ok"}
    assert not before.items() & after.items()
    assert "Nothing to be done" in small.measure()


def with_compilations(number: int) -> dict[str, Any]:
    """A sweep of one serial cell, each interpreter compiled so many times."""
    sweep = copy.deepcopy(SMALL_SWEEP)
    sweep["experiments"]["notebook"] = None
    sweep["experiments"]["scaling"]["models"] = ["serial"]
    sweep["interpreters"]["compilations"] = number
    return sweep


def campaign_of(sweep: dict[str, Any]) -> Campaign:
    """What Snakemake makes of a sweep."""
    config = copy.deepcopy(DEFAULTS)
    update_config(config, sweep)
    return Campaign.of(config)


def test_blocks_take_turns_on_two_compilations(
    tmp_path: Path, identities: dict[str, Identity]
) -> None:
    """The second one is the first under another name: compiling takes minutes."""
    checkout = new_checkout(tmp_path, with_compilations(2))
    campaign = campaign_of(with_compilations(2))
    folder = tmp_path / campaign.results / "interpreters"
    first = identities["3.13"]
    second: Identity = {**first, "arm": "3.13-2"}
    second["identity_sha256"] = identity_digest(second)
    write_json(folder / "3.13.json", first)
    write_json(folder / "3.13-2.json", second)
    write_json(folder / "parity.json", compare([first, second]))
    write_json(folder / "made-for.json", campaign.interpreter_keys)
    checkout.measure()
    ran_on = {
        record["block"]: record["interpreter"]["arm"] for record in checkout.records().values()
    }
    assert ran_on == {1: "3.13", 2: "3.13-2"}


@pytest.mark.parametrize(("before", "now"), [(1, 2), (2, 1), (2, 3)])
def test_blocks_that_run_on_another_compilation_than_before_are_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int, now: int
) -> None:
    monkeypatch.chdir(tmp_path)
    provided = campaign_of(with_compilations(before))
    campaign = campaign_of(with_compilations(now))
    write_json(provided.results / "interpreters/made-for.json", provided.interpreter_keys)
    for block in range(1, 7):
        trial: Any = SimpleNamespace(arm="3.13", block=f"{block:03d}")
        stays = provided.interpreter(trial) == campaign.interpreter(trial)
        file = campaign.identity_file(campaign.interpreter(trial))
        marked = campaign.trial_identity(trial, lambda file: f"unchanged {file}")
        assert marked == (f"unchanged {file}" if stays else file)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_goes_on_where_it_stopped(
    fresh: Checkout, signal_number: signal.Signals
) -> None:
    said = fresh.stop_after(2, signal_number)
    if signal_number != signal.SIGKILL:
        assert said.endswith("the same command goes on from here.\n")
        assert "Error in rule" not in said
        assert "Traceback" not in said
    before = fresh.trial_ids()
    assert 2 <= len(before) < 8
    fresh.measure()
    after = fresh.trial_ids()
    assert set(after) == {trial["record"] for trial in fresh.plan()["trials"]}
    # The trial in hand at that moment may be measured again.
    assert len(before.items() - after.items()) <= 1
    assert set(before.values()) <= fresh.archived_ids()
    assert "Nothing to be done" in fresh.measure()


def test_snakemake_s_own_report_shows_where_the_report_and_its_figures_are_from(
    measured: Checkout, tmp_path: Path
) -> None:
    checkout = measured.copy(tmp_path / "copy")
    done = checkout.run("--report", str(tmp_path / "provenance.zip"))
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(tmp_path / "provenance.zip") as archive:
        names = [Path(name).name for name in archive.namelist()]
        pages = [archive.read(n).decode() for n in archive.namelist() if n.endswith("report.html")]
    assert "tiny.html" in names
    assert "amounts-mandelbrot.svg" in names
    assert any("whiskers are intervals" in page.lower() for page in pages)
