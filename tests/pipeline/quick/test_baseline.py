"""Baselines by name and by path, and the gate for what got slower; what is compared, elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.analysis.package import CSV_FILE, GET_IT_AGAIN, PACKAGE_FILE, states_in
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_file import plan_from
from threads_or_processes.pipeline import gate
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.baseline import KEEP_NOW, Baseline
from threads_or_processes.pipeline.fleet import Fleet
from threads_or_processes.plan.config import checked
from threads_or_processes.records.plan import Plan

from tests.analysis.archives import collect_into
from tests.factories import FINGERPRINT, grid, make_campaign
from tests.pipeline.conftest import DEFAULTS


def plan_on(**changed: Any) -> Plan:
    """A plan for a machine that differs from the usual one."""
    made = make_campaign(grid(["json"], ["serial"], arms=["3.13"]))
    made.plan["machine"]["fingerprint"] = {**FINGERPRINT, **changed}
    return plan_from(made.plan)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a data set in the folder `old`."""
    monkeypatch.chdir(tmp_path)
    collect_into(tmp_path / "old", make_campaign(grid(["json"], ["serial"], arms=["3.13"])))
    return tmp_path


def keep(name: str) -> None:
    """Put the data set where a baseline of that name lies."""
    folder = Path("results/baselines/report") / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    Path("old").rename(folder)


def test_a_name_is_kept_first_and_compared_with_from_then_on(here: Path) -> None:
    asked, plan = {"baseline": "v1"}, plan_on()
    first = Baseline.of(asked, plan)
    assert first is not None
    assert not first.is_kept
    assert first.announcement.startswith("There is no baseline v1 yet")
    keep("v1")
    (first.package_file.parent / PACKAGE_FILE).rename(here / "package")
    half = Baseline.of(asked, plan)
    assert half is not None
    assert not half.is_kept  # a copy that was interrupted
    (here / "package").rename(first.package_file)
    then = Baseline.of(asked, plan)
    assert then is not None
    assert then.is_kept
    assert then.announcement.startswith("Compared with baseline v1")
    assert Baseline.of({}, plan) is None


@pytest.mark.parametrize(
    ("asked", "remedy"), [("v1", KEEP_NOW), ("./old", GET_IT_AGAIN)], ids=["kept", "path"]
)
def test_a_damaged_baseline_is_named_with_what_helps(here: Path, asked: str, remedy: str) -> None:
    package = Path("old") / PACKAGE_FILE
    if asked == "v1":
        keep(asked)
        package = Path("results/baselines/report") / asked / PACKAGE_FILE
    package.write_bytes(package.read_bytes()[:99])
    with pytest.raises(UserError) as caught:
        Baseline.of({"baseline": asked}, plan_on())
    assert (caught.value.where, caught.value.hint) == (str(package), remedy)


@pytest.mark.parametrize("path", ["./old", f"old/{CSV_FILE}", f"old/{PACKAGE_FILE}"])
def test_a_path_is_a_baseline_of_the_folder_s_name(here: Path, path: str) -> None:
    found = Baseline.of({"baseline": path}, plan_on())
    assert found is not None
    assert (found.name, found.is_kept, found.dataset) == ("old", True, Path("old") / CSV_FILE)
    archive = Archive.of(DEFAULTS | {"dataset": "old", "baseline": path})
    assert [file.name for file in archive.changes] == [
        *("changes.csv", "differences.csv", "baseline.json"),
    ]
    assert archive.to_keep == []


def test_the_states_that_runs_keep_are_named_beforehand(here: Path) -> None:
    asked, plan = {"baseline": "previous", "fail_on": ["slower"]}, plan_on()
    first = Baseline.of(asked, plan)
    assert first is not None
    assert first.announcement.startswith("There is no earlier state in results/baselines/report")
    assert not first.is_kept
    assert not first.to_keep
    (state,) = states_in(here / "old/baselines")
    keep("v1")  # a name of the user's is none of them
    assert states_in(Path("results/baselines/report")) == []
    (Path("results/baselines/report/v1/baselines") / state.name).rename(
        Path("results/baselines/report") / state.name
    )
    then = Baseline.of(asked, plan)
    assert then is not None
    assert then.is_kept
    assert then.announcement.endswith(f"Kept there: {state.name}")
    assert then.options == ["--states", "results/baselines/report"]
    assert then.files == then.to_keep == []


def test_a_kernel_may_change_and_the_machine_may_not(here: Path) -> None:
    asked = {"baseline": "./old"}
    Baseline.of(asked, plan_on(kernel="7.0", os="Another"))
    with pytest.raises(UserError, match="another machine: cpu_model is Other and was Synthetic"):
        Baseline.of(asked, plan_on(cpu_model="Other"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"baseline": "no/such/folder"}, "there is no data set at no/such/folder"),
        ({"fail_on": ["slower"]}, "slower needs a baseline, and none is named"),
    ],
)
def test_a_baseline_that_is_not_there(here: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        Baseline.of(settings, plan_on())


@pytest.mark.parametrize("name", ["", "..", "a b", "-x"])
def test_a_name_that_can_be_no_folder_s_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="must be null, previous, a name of letters"):
        checked(DEFAULTS | {"baseline": name})


def test_several_machines_have_no_baseline() -> None:
    with pytest.raises(UserError, match="a baseline is of one machine"):
        Fleet.of(DEFAULTS | {"machines": {"lab": {"cpus": 2}}, "baseline": "v1"})


def test_the_gate_names_what_got_slower(here: Path) -> None:
    results = Archive.of(DEFAULTS | {"dataset": "old", "baseline": "./old"})
    (changes, *_) = results.changes
    changes.parent.mkdir(parents=True)
    changes.write_text(
        "cell,ratio,ci_low_ratio,ci_high_ratio,reading\n"
        "json/serial/1/3.13/warm,2.01,1.8,2.25,slower\n"
        "json/threads/2/3.13/warm,1.04,1.01,1.07,slower_somewhat\n",
        encoding="utf-8",
    )
    assert gate.failing(results, ["slower"]) == [
        "slower than the baseline: json/serial/1/3.13/warm, 2.01 times the time (1.80 to 2.25)"
    ]
    assert not gate.failing(results, ["refuted"])


def test_a_pass_says_what_it_rests_on(here: Path) -> None:
    results = Archive.of(DEFAULTS | {"dataset": "old", "baseline": "./old"})
    (changes, *_) = results.changes
    changes.parent.mkdir(parents=True)
    told = "none is shown to be slower than the baseline by more than the margin"
    for readings, of, rest in (
        (["equal", "inconclusive"], "2 configurations", "; 1 inconclusive"),
        (
            ["slower_somewhat", "no_speedup"],
            "2 configurations",
            "; 1 perhaps slightly slower, 1 not faster",
        ),
        (["faster"], "1 configuration", ""),
    ):
        rows = "".join(f"cell,{one}\n" for one in readings)
        changes.write_text(f"cell,reading\n{rows}", encoding="utf-8")
        assert gate.passed(results, ["slower"]) == [f"of {of}, {told}{rest}"]
    changes.write_text("cell,reading\n", encoding="utf-8")
    (told,) = gate.passed(results, ["slower"])
    assert told.startswith("nothing was measured since the baseline")
    assert not gate.passed(results, [])


def test_a_run_that_nothing_can_fail_says_what_changed_since_the_baseline(here: Path) -> None:
    results = Archive.of(DEFAULTS | {"dataset": "old", "baseline": "./old"})
    (changes, *_) = results.changes
    changes.parent.mkdir(parents=True)
    for readings, told in (
        (["faster", "faster", "slower", "equal"], "of 4 configurations: 1 slower, 2 faster"),
        (["inconclusive"], "of 1 configuration: none is shown to have changed"),
    ):
        rows = "".join(f"cell,{one}\n" for one in readings)
        changes.write_text(f"cell,reading\n{rows}", encoding="utf-8")
        assert gate.passed(results, []) == [f"since the baseline, {told}"]


def test_the_gate_names_the_cases_that_decide_with_their_figures(here: Path) -> None:
    results = Archive.of(DEFAULTS | {"dataset": "old"})
    tables = results.results / "tables"
    tables.mkdir(parents=True)
    (tables / "claims.csv").write_text(
        "file,claim,sentence,verdict,case_verdict,baseline_cell,cell,ratio,ci_low_ratio,"
        "ci_high_ratio,expects,claimed_ratio,published_low_ratio,published_high_ratio\n"
        "own,pool,Faster.,refuted,supported,a,b,2,1.9,2.1,less,1.05,,\n"
        "own,pool,Faster.,refuted,refuted,a,c/1,0.5,0.4,0.6,less,1.05,,\n"
        "own,gil,Held.,inconclusive,inconclusive,a,d,1,0.5,2,not_less,1.05,,\n"
        "own,kept,No faster.,refuted,refuted,a,c,2,1.9,2.1,not_less,1.5,,\n"
        "own,same,Alike.,refuted,refuted,a,c,2,1.9,2.1,equal,,,\n"
        "own,ours,As theirs.,refuted,refuted,a,c,2,1.9,2.1,as_published,,3,3.2\n"
        "own,one,As theirs.,refuted,refuted,a,c,2,1.9,2.1,as_published,,3,3\n"
        "own,lost,None.,refuted,refuted,,e,,,,keeps_updates,,,\n",
        encoding="utf-8",
    )
    place = results.results.name
    assert gate.failing(results, ["refuted"]) == [
        f"refuted on {place}: Faster. (c/1 against a: 0.50, 0.40 to 0.60; claimed: above 1.05)",
        f"refuted on {place}: No faster. (c against a: 2.00, 1.90 to 2.10; claimed: at most 1.5)",
        f"refuted on {place}: Alike. (c against a: 2.00, 1.90 to 2.10; claimed: no difference)",
        f"refuted on {place}: As theirs. (c against a: 2.00, 1.90 to 2.10; claimed: 3 to 3.2)",
        f"refuted on {place}: As theirs. (c against a: 2.00, 1.90 to 2.10; claimed: about 3)",
        f"refuted on {place}: None.",
    ]


def test_the_gate_counts_claims_by_verdict(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = Archive.of(DEFAULTS | {"dataset": "old"})
    tables = results.results / "tables"
    tables.mkdir(parents=True)
    (tables / "claims.csv").write_text(
        "claim,file,sentence,verdict,case_verdict\n"
        "pool,notebook,A pool is faster.,inconclusive,inconclusive\n"
        "pool,notebook,A pool is faster.,inconclusive,supported\n"
        "pool,own,A pool is slower.,not_tested,not_tested\n"
        "gil,notebook,The GIL is held.,supported,supported\n",
        encoding="utf-8",
    )
    gate.close(results, ["refuted"])
    gate.close(results, ["slower"])
    assert capsys.readouterr().err == "Claims: 1 supported, 1 inconclusive, 1 not tested\n"
