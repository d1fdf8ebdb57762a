"""A user's own work, from the document about it to the report."""

import html
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from threads_or_processes.pipeline.campaign import catalogue
from threads_or_processes.plan.config import requirements_of
from threads_or_processes.trial.needs import Need

from tests.pipeline.conftest import PLANTED_TOKEN, ROOT, SWEEP, Checkout, new_checkout
from tests.trial.test_user_workloads import WITH_SETUP, noted

DOCUMENT = (ROOT / "docs/your-own-work.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "docs/how-to.md").read_text(encoding="utf-8")
ONLY_YOURS = yaml.safe_load((ROOT / "docs/examples/only-yours.yaml").read_text(encoding="utf-8"))
TINY = {
    "blocks": 1,
    "interpreters": SWEEP["interpreters"],
    "trial": SWEEP["trial"],
}


def block(language: str) -> str:
    """The document's one block of code in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, flags=re.DOTALL | re.MULTILINE)
    return str(found)


def sweep(**workloads: dict[str, Any]) -> dict[str, Any]:
    """A sweep of nothing but one's own, each in two cells."""
    experiments = dict.fromkeys(ONLY_YOURS["experiments"])
    own = {
        "question": "Threads or processes?",
        "workloads": [*workloads],
        "models": ["serial", "processes-spawn"],
        "workers": [2],
        "timing": "warm",
    }
    return {
        **TINY,
        "campaign": SWEEP["campaign"],
        "builds": ["3.13"],
        "workloads": workloads,
        "experiments": {**experiments, "own": own},
    }


@pytest.fixture
def own(tmp_path: Path, interpreters: Path) -> Checkout:
    """Two works of one's own, of which nothing is measured yet."""
    works = {name: {"function": f"{name}.py:work"} for name in ("first", "second")}
    checkout = new_checkout(tmp_path / "own", sweep(**works))
    for name in works:
        write(checkout, f"{name}.py", "def work(task): return task")
    return checkout


def write(checkout: Checkout, file: str, source: str) -> None:
    (checkout.folder / file).write_text(source + "\n", encoding="utf-8")


def test_the_example_overlay_leaves_out_every_question_of_the_default_sweep() -> None:
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert ONLY_YOURS["experiments"] == dict.fromkeys(default["experiments"])


def test_the_document_does_what_it_says(tmp_path: Path, interpreters: Path) -> None:
    (tmp_path / "primes.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "primes.yaml").write_text(block("yaml"), encoding="utf-8")
    shutil.copytree(ROOT / "docs/examples", tmp_path / "docs/examples")
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY), encoding="utf-8")
    program, *arguments = shlex.split(block("sh"))
    assert program == "snakemake"

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")),
                *(*arguments, "tiny.yaml", *more),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    done = run()
    assert "9 configurations, 9 trials planned" in done.stderr
    records = Checkout(tmp_path).records()
    assert len(records) == 9
    for record in records.values():
        assert (record["outcome"], record["explanation"]) == ("ok", "")
        assert record["cell"]["function"] == "primes.py:count_primes"
        assert record["cell"]["params"] == {"divisors": 200}
    page = (tmp_path / "report/primes.html").read_text(encoding="utf-8")
    assert "Counting primes by trial division" in html.unescape(page)

    (example,) = re.findall(
        r"^```yaml\n(source: our requirements\n.*?)^```", HOW_TO, re.DOTALL | re.M
    )
    (tmp_path / "claims.yaml").write_text(example, encoding="utf-8")
    (command,) = re.findall(r"^    snakemake (.*primes.yaml .*refuted.*slower.*)$", HOW_TO, re.M)
    asked = shlex.split(command)
    claimed = run(*asked[asked.index("--config") :])
    assert "none of them left to measure" in claimed.stderr
    assert "Claims: 1 inconclusive" in claimed.stderr  # tested; one block allows no verdict
    assert "There is no baseline main yet" in claimed.stderr


def before_and_after(page: Path) -> str:
    """The section of a report, as HTML."""
    text = html.unescape(page.read_text(encoding="utf-8"))
    (section,) = re.findall(r"<section[^>]*before-after.*?</section>", text, re.DOTALL)
    return str(section)


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Every file with the time it was written."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_an_edited_function_is_measured_anew_and_compared_with_its_baseline(own: Checkout) -> None:
    loop = "def work(task, size):\n    return sum(number % 7 for number in range({} * size))"
    write(own, "first.py", loop.format(1))
    works = {name: {"function": f"{name}.py:work"} for name in ("first", "second")}
    asked = sweep(**works) | {"blocks": 6, "baseline": "v1.0", "fail_on": ["slower"]}
    asked["experiments"]["own"]["models"] = ["serial"]
    own.configure(asked)
    place = f"results/baselines/{SWEEP['campaign']}/v1.0"
    done = own.run(f"{place}/datapackage.json")  # seconds less than to the report
    assert done.returncode == 0, done.stdout
    assert f"There is no baseline v1.0 yet: this run's data are kept in {place}" in done.stdout
    kept = contents(own.folder / place)
    assert {path.name for path in kept} == {"trials.csv.gz", "datapackage.json"}
    before = own.trial_ids()

    write(own, "first.py", loop.format(20))  # beyond the noise of any machine
    done = own.run()
    after = own.trial_ids()
    again = {place for place in before if before[place] != after[place]}
    assert again == {place for place in before if place.startswith("trials/first/")}
    assert done.returncode == 3, done.stdout
    assert "Compared with baseline v1.0" in done.stdout
    assert "slower than the baseline: first/serial/1/3.13/warm, " in done.stdout
    assert "Traceback" not in done.stdout
    summary = own.html.with_suffix(".md").read_text(encoding="utf-8")
    for told in (before_and_after(own.html), summary):
        assert "The two states differ in code: first.py:work" in told
        assert "Of 1\N{NO-BREAK SPACE}configuration measured again since baseline" in told
        assert ", 1 is slower" in told
        assert "1\N{NO-BREAK SPACE}configuration, not measured again" in told
    assert contents(own.folder / place) == kept


def test_an_edited_function_is_compared_with_the_state_before_without_a_name(
    own: Checkout,
) -> None:
    """Nothing was kept on purpose: the state before the edit is there all the same."""
    loop = "def work(task, size):\n    return sum(number % 7 for number in range({} * size))"
    write(own, "first.py", loop.format(1))
    asked = sweep(**{name: {"function": f"{name}.py:work"} for name in ("first", "second")})
    asked |= {"blocks": 6}
    asked["experiments"]["own"]["models"] = ["serial"]
    own.configure(asked)
    own.measure()
    write(own, "first.py", loop.format(20))  # beyond the noise of any machine
    own.configure(asked | {"baseline": "previous", "fail_on": ["slower"]})
    done = own.run()
    assert done.returncode == 3, done.stdout
    assert "slower than the baseline: first/serial/1/3.13/warm, " in done.stdout
    before, now = own.states
    assert f"Kept there: {before}" in done.stdout
    section = before_and_after(own.html)
    assert "Of 1\N{NO-BREAK SPACE}configuration measured again since the state of" in section
    assert "The two states differ in code: first.py:work" in section
    assert "1\N{NO-BREAK SPACE}configuration, not measured again" in section
    assert before in section
    assert now not in section
    changes = (own.results / "baseline/changes.csv").read_text(encoding="utf-8")
    header, *rows = changes.splitlines()
    assert header.startswith("workload,")
    assert [row.partition(",")[0] for row in rows] == ["first"]
    again = own.run()
    assert "none of them left to measure" in again.stdout
    assert again.returncode == 3  # as long as it is slower than that state

    # Another campaign of this machine is compared by its path.
    place = own.results.relative_to(own.folder)
    own.configure(asked | {"campaign": "another", "baseline": str(place)})
    assert f"Compared with baseline {place.name}" in own.report()
    section = before_and_after(own.folder / "report/another.html")
    assert "Of 2\N{NO-BREAK SPACE}configurations measured again since baseline" in section
    assert place.name in section


# A worker kills the parent of its parent, which guards the trial.
KILLER = """
import multiprocess, os, signal, time
def work(task):
    if multiprocess.parent_process() and task == 0:
        stat = open(f"/proc/{os.getppid()}/stat").read()
        os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)
        time.sleep(60)  # another parent would be next
    return task
"""
REMEMBERING = """
import functools
@functools.cache
def helper(task): return task
def work(task, pattern='plain', kind='a'): return helper(task)
"""
# Its exception can be pickled but not unpickled; the calibration runs it serially.
UNREADABLE = """
import multiprocess, threading
class AwkwardError(Exception):
    def __init__(self, one, other): super().__init__(f"{one} and {other}")
def work(task):
    if multiprocess.parent_process() or threading.current_thread() != threading.main_thread():
        raise AwkwardError(task, task)
    return task
"""
#: Values that neither a file's name nor one of Snakemake's patterns can hold.
ODD_VALUES = ["../a/b {workers}", "\\d+" + "x" * 300]


def test_a_work_that_cant_be_sent_is_an_outcome_and_the_sweep_goes_on(own: Checkout) -> None:
    write(own, "first.py", "def work(task): return memoryview(bytes(task))")
    write(own, "second.py", KILLER)
    write(own, "third.py", REMEMBERING)
    write(own, "connected.py", WITH_SETUP)
    write(own, "unreadable.py", UNREADABLE)
    names = ("first", "second", "third", "connected", "unreadable")
    asked = sweep(**{name: {"function": f"{name}.py:work"} for name in names})
    # A parameter may be called like a key about the work.
    asked["workloads"]["third"] |= {"kind": "odd", "params": {"kind": "b"}}
    in_threads = {"workloads": ["connected", "unreadable"], "models": ["threads"]}
    asked["experiments"]["in_threads"] = asked["experiments"]["own"] | in_threads
    asked["experiments"]["own"]["params"] = {"pattern": ODD_VALUES}
    own.configure(asked)
    said = own.report()
    varied = [one for one in own.records().values() if one["cell"]["function"] == "third.py:work"]
    assert [one["outcome"] for one in varied] == ["ok"] * 4
    assert {one["cell"]["params"]["kind"] for one in varied} == {"b"}
    assert sorted({one["cell"]["params"]["pattern"] for one in varied}) == ODD_VALUES
    told = noted(own.folder / "connected.log")
    unreadable = []
    for record in own.records().values():
        cell = record["cell"]
        if cell["function"] == "connected.py:work":
            assert record["outcome"] == "ok"
            begin, end = record["started_monotonic_ns"], record["ended_monotonic_ns"]
            for moments in told.values():  # all set up and all torn down, in its own process
                assert sum(begin < at < end for at in moments.values()) == cell["workers"]
        elif cell["function"] == "unreadable.py:work" and cell["model"] != "serial":
            unreadable.append(cell["model"])
            assert record["outcome"] == "raised"
            assert record["explanation"].startswith("unreadable.py:work raised AwkwardError: ")
    assert sorted(unreadable) == ["processes-spawn", "threads"]
    holders = [
        path
        for path in own.folder.rglob("*")
        if path.is_file() and PLANTED_TOKEN.encode() in path.read_bytes()
    ]
    assert not holders
    record = own.records()["trials/first/processes-spawn/2/3.13/warm/001.json"]
    assert record["outcome"] == "raised"
    explanation = "the result of first.py:work can't be sent back by a worker"
    assert record["explanation"].startswith(explanation)
    page = html.unescape(own.html.read_text(encoding="utf-8")).replace("’", "'")
    failed = [one for one in own.records().values() if one["outcome"] != "ok"]
    assert len(failed) == 4
    assert all(one["cell"]["id"] in page and one["explanation"][:50] in page for one in failed)
    killed = "second/processes-spawn/2/3.13/warm"
    assert own.records()[f"trials/{killed}/001.json"]["outcome"] == "harness_failed"
    assert f"warning: {killed} is tried once more: the process that guards a trial" in said
    assert "1 the measuring itself failed, twice" in page
    assert "warning: third.py:work: helper remembers its results: the first batch computed" in said


@pytest.mark.parametrize(
    ("source", "settings", "words"),
    [
        pytest.param("", {}, ["there is no `def work` in first.py"], id="no function"),
        pytest.param(
            "def work(task, limit=1): return task",
            {"limt": 2},
            ["unknown parameter or key 'limt'", "workloads.first", "did you mean 'limit'?"],
            id="unknown parameter",
        ),
        pytest.param(
            "def work(task, limit=1): return task",
            {"limit": "two"},
            ["'two' is not a int", "workloads.first.limit"],
            id="parameter of another kind",
        ),
        pytest.param(
            "def work(task, title='a'): return task",
            {"params": {"title": 2}},
            ["2 is not a str", "workloads.first.title"],
            id="parameter like a key",
        ),
        pytest.param(
            "def work(task): return task",
            {"function": "/somewhere/first.py:work"},
            ["workloads.first.function", "as seen from where snakemake runs"],
            id="absolute path",
        ),
        pytest.param(
            "def work(task): return task",
            {"requirements": "rapidfuzz"},
            ["workloads.first.requirements", "a list"],
            id="requirements that are no list",
        ),
        pytest.param(
            "KNOWN = {}\n"
            "def work(task): return KNOWN.setdefault(task, None) or KNOWN.update({task: "
            "sum(range(100_000))}) or KNOWN[task]",
            {},
            ["first.py:work: it remembers its results", "workload first.py:work, line 2"],
            id="remembers",
        ),
        pytest.param(
            "def work(task): pass",
            {},
            ["first.py:work has no result: it returned None", "workload first.py:work, line 1"],
            id="no result",
        ),
    ],
)
def test_a_mistake_is_one_clear_message(
    own: Checkout, source: str, settings: dict[str, Any], words: list[str]
) -> None:
    write(own, "first.py", source)
    own.configure(sweep(first={"function": "first.py:work"} | settings))
    done = own.run()
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert own.records() == {}
    for word in words:
        assert word in done.stdout


def test_a_name_that_is_taken_and_one_that_has_no_function(own: Checkout) -> None:
    own.configure(sweep(sleep={"function": "first.py:work"}))
    assert "sleep is a built-in workload" in own.run("--dry-run").stdout
    own.configure(sweep(first={"limit": 3}))
    assert "a function of your own needs a key workloads.first.function" in own.run("-n").stdout


def test_what_the_config_says_about_it_reaches_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Checkout(tmp_path), "first.py", "def work(task, limit=1):\n    'Its own title.'")
    settings: dict[str, Any] = {"function": "first.py:work", "limit": 2, "kind": "a kind"}
    alone = catalogue({"mine": settings}).workloads["mine"]
    assert (alone.title, alone.kind) == ("Its own title", "a kind")
    assert (alone.parameters, alone.requires) == ({"limit": 1}, frozenset())
    together = {**settings, "title": "Another", "shares_memory": True}
    entry = catalogue({"mine": together}).workloads["mine"]
    assert (entry.title, entry.requires) == ("Another", frozenset({Need.ONE_MEMORY}))


def test_the_requirements_of_works_that_are_used_are_asked_for_in_order() -> None:
    def work(*requirements: str) -> dict[str, Any]:
        return {"function": "first.py:work", "requirements": [*requirements]}

    config = sweep(first=work("b==1", "a"), second=work("c", "a"))
    config["workloads"]["third"] = work("not used")
    config["experiments"] = {"own": config["experiments"]["own"]}
    assert requirements_of(config) == ["a", "b==1", "c"]
