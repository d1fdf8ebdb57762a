"""Every command of README.md and docs/ has a test, or a reason to have none.

A long sweep is planned here as it stands; the test named for it does the same in a small sweep.

In an indented block and a block of `sh`, each line is a command. Inline code is one if it begins
with `make` or `snakemake`. A file that a command names is the block of YAML before it.
"""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token
from snakemake import cli  # type: ignore[import-untyped]
from snakemake.utils import update_config  # type: ignore[import-untyped]
from threads_or_processes.pipeline.archive import Archive
from threads_or_processes.pipeline.campaign import Campaign

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

#: Commands that other tests run.
TESTED = {
    "make docs": "tests/project/test_site.py::site",
    "make env": "tests/project/test_surroundings.py::make_env",
    "make help": "tests/project/test_surroundings.py::test_make_help_names_every_command",
    "make platforms": "tests/project/test_environment.py::test_the_locks_resolve_for_each_platform",
    "tools/make-docs": (
        "tests/project/test_docs.py::test_the_pages_that_are_made_from_the_code_are_up_to_date"
    ),
    "tools/unpack <machine>.tar.gz": (
        "tests/pipeline/test_exporting.py"
        "::test_what_was_measured_is_packed_and_compared_on_another_machine"
    ),
    "snakemake --cores all --config campaign=nightly baseline=results/<machine>": (
        "tests/pipeline/test_own_work.py"
        "::test_an_edited_function_is_compared_with_the_state_before_without_a_name"
    ),
    "snakemake --cores all --config dataset=after/trials.csv.gz baseline=before/trials.csv.gz": (
        "tests/pipeline/test_archive.py::test_two_archived_data_sets_are_compared"
    ),
    "snakemake --cores all --config dataset=docs/example": (
        "tests/pipeline/test_exporting.py"
        "::test_the_example_in_the_docs_can_be_made_again_from_its_two_files"
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml primes.yaml": (
        "tests/pipeline/test_own_work.py::test_the_document_does_what_it_says"
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml primes.yaml "
    """--config 'claims=["claims.yaml"]' 'fail_on=["refuted"]'""": (
        "tests/pipeline/test_own_work.py::test_the_document_does_what_it_says"
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml primes.yaml "
    "--config baseline=previous": (
        "tests/pipeline/test_own_work.py"
        "::test_an_edited_function_is_compared_with_the_state_before_without_a_name"
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml primes.yaml "
    """--config baseline=main 'fail_on=["slower"]'""": (
        "tests/pipeline/test_own_work.py"
        "::test_an_edited_function_is_measured_anew_and_compared_with_its_baseline"
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml primes.yaml "
    """--config 'claims=["claims.yaml"]' baseline=main 'fail_on=["refuted", "slower"]'""": (
        "tests/pipeline/test_own_work.py::test_the_document_does_what_it_says"
    ),
    "snakemake --cores all pack": (
        "tests/pipeline/test_exporting.py"
        "::test_what_was_measured_is_packed_and_compared_on_another_machine"
    ),
    "snakemake --cores all measuring_report": (
        "tests/pipeline/test_as_a_module.py::test_what_was_lost_is_made_again"
    ),
    "snakemake --report provenance.zip": (
        "tests/pipeline/test_measuring.py"
        "::test_snakemake_s_own_report_shows_where_the_report_and_its_figures_are_from"
    ),
    "snakemake --workflow-profile profiles/slurm --configfile mine.yaml": (
        "tests/cluster/test_slurm.py"
    ),
    "snakemake --workflow-profile profiles/slurm --configfile overlays/machines.yaml": (
        "tests/cluster/test_slurm.py"
    ),
    "snakemake -n --workflow-profile profiles/slurm --configfile mine.yaml": (
        "tests/cluster/test_fleet.py::test_a_dry_run_says_what_is_ahead_instead_of_every_file"
    ),
    "snakemake --workflow-profile profiles/ssh --configfile mine.yaml": "tests/cluster/test_ssh.py",
}
#: Planned here as they are; the test that is named does the same in a small sweep of its own.
TESTED_SMALLER = {
    **dict.fromkeys(
        (
            "snakemake --cores all",
            "snakemake --cores all --configfile overlays/quick.yaml",
            "snakemake --cores all --configfile overlays/full.yaml",
        ),
        "tests/pipeline/test_measuring.py"
        "::test_every_planned_trial_left_a_record_that_passes_its_schema",
    ),
    **dict.fromkeys(
        ("snakemake -n", "snakemake -n -q"),
        "tests/pipeline/test_measuring.py::test_a_dry_run_measures_nothing",
    ),
    "snakemake --cores all --configfile docs/examples/only-yours.yaml two.yaml": (
        "tests/pipeline/test_own_work.py::test_the_document_does_what_it_says"
    ),
    "snakemake --cores all --configfile mine.yaml": (
        "tests/pipeline/test_measuring.py"
        "::test_another_interpreter_measures_everything_anew_and_at_once_on_one_core_too"
    ),
    **dict.fromkeys(
        ("snakemake --cores all --config blocks=12", "snakemake --cores all --config blocks=20"),
        "tests/pipeline/test_measuring.py::test_what_is_added_to_the_config_is_all_that_runs",
    ),
    "snakemake --cores all --configfile twice.yaml": (
        "tests/pipeline/test_measuring.py::test_blocks_take_turns_on_two_compilations"
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all --forcerun look_again",
            "snakemake --cores all --config baseline=v1 --forcerun measure_trial",
        ),
        "tests/pipeline/test_measuring.py"
        "::test_trials_and_the_retry_pass_run_again_where_a_command_forces_them",
    ),
    "snakemake --cores all --forcerun estimate_tables": (
        "tests/pipeline/test_measuring.py"
        "::test_tables_that_a_command_forces_are_made_again_and_nothing_is_measured"
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all --config budget=20min",
            "snakemake --cores all --configfile overlays/quick.yaml --config budget=3min",
        ),
        "tests/pipeline/test_budget.py"
        "::test_when_the_time_is_over_the_report_has_what_was_measured_and_the_rest_follows_later",
    ),
    "snakemake --cores all --configfile overlays/precise.yaml": (
        "tests/pipeline/test_precision.py::test_peers_get_more_blocks_until_they_are_precise_enough"
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all --configfile overlays/versions.yaml",
            "snakemake --cores all --configfile overlays/quick.yaml overlays/versions.yaml",
            "snakemake --cores all --configfile overlays/versions.yaml "
            """--config 'builds=["3.13", "3.13t", "3.15", "3.15t"]'""",
            *(
                f"snakemake --cores all {overlay}"
                """--config 'builds=["3.14", "3.14t"]' campaign=python314"""
                for overlay in ("", "--configfile overlays/quick.yaml ")
            ),
        ),
        "tests/pipeline/test_other_versions.py::test_every_trial_ran_on_its_version",
    ),
    "snakemake --cores all --configfile source.yaml "
    """--config 'builds=["3.14", "3.14t"]' campaign=python314""": (
        "tests/interpreters/test_source_build.py::test_both_builds_come_from_one_tarball_and_run"
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all --config baseline=v1",
            "snakemake --cores all --config baseline=NAME",
            "snakemake --cores all --configfile overlays/quick.yaml "
            """--config baseline=main 'fail_on=["slower"]'""",
        ),
        "tests/pipeline/test_own_work.py"
        "::test_an_edited_function_is_measured_anew_and_compared_with_its_baseline",
    ),
    "snakemake --cores all --config baseline=previous": (
        "tests/pipeline/test_own_work.py"
        "::test_an_edited_function_is_compared_with_the_state_before_without_a_name"
    ),
    **dict.fromkeys(
        (
            f"""snakemake --cores all --configfile overlays/quick.yaml {settings}"]'"""
            for settings in (
                """--config 'claims=["claims.yaml"]' 'fail_on=["refuted""",
                """--config 'claims=["claims.yaml"]' baseline=main 'fail_on=["refuted", "slower""",
            )
        ),
        "tests/pipeline/test_own_work.py::test_the_document_does_what_it_says",
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all --config dataset=PATH",
            "snakemake --cores all --config dataset=path/to/trials.csv.gz",
        ),
        "tests/pipeline/test_archive.py"
        "::test_an_archived_data_set_gives_the_same_tables_and_report",
    ),
    **dict.fromkeys(
        (
            "snakemake --cores all export",
            "snakemake --cores all export --config dataset=docs/example",
        ),
        "tests/pipeline/test_exporting.py"
        "::test_the_example_in_the_docs_can_be_made_again_from_its_two_files",
    ),
}
#: The same for each command of a program.
TESTED_PROGRAMS = dict.fromkeys(
    ("frictionless", "pyperf", "sha256sum"),
    "tests/pipeline/test_exporting.py::test_the_commands_of_the_how_to_work_in_the_folder",
)
#: Commands that no test runs, with the reason.
EXCUSED = {
    "git clone <this repository>": "the project's address is not known yet",
    "cd threads-or-processes": "the folder of that clone",
    ". .venv/bin/activate": "written by uv; the tests run programs of that folder by their path",
    "make env CLUSTER=1": "needs the network",
    "make test": "it is what runs these tests",
    "make check": "the first step of make test",
    "make faults": "takes twenty minutes or more; each test that it runs is in make test, too",
    "make audit": "needs the network",
    "make lock": "needs the network, and changes the locks",
    "make example": "measures for minutes and changes docs/; its sweep is planned here",
    'cat report/quick.md >> "$GITHUB_STEP_SUMMARY"': "the variable is GitHub's",
    "cp overlays/machines.yaml mine.yaml": "copies a template",
    "rsync -a other:threads-or-processes/results/ results/": "needs another machine",
}
#: What stands on a page for a file of the reader's.
PLACEHOLDERS = {
    "dataset=PATH": "dataset=docs/example",
    'claims=["claims.yaml"]': 'claims=["published"]',
    "path/to/trials.csv.gz": "docs/example/trials.csv.gz",
}


@dataclass(frozen=True)
class Command:
    """A command of a page, and the nearest block of YAML before it."""

    text: str
    page: str
    file: str = ""


def commands(page: Path) -> Iterator[Command]:
    """The commands of a page, in its order."""
    name, file = str(page.relative_to(ROOT)), ""
    parser = MarkdownIt("commonmark").enable("table")
    for token in parser.parse(page.read_text(encoding="utf-8")):
        if token.type == "fence" and token.info == "yaml":
            runs = list(steps(yaml.safe_load(token.content)))
            file = file if runs else token.content
        else:
            runs = lines(token)
        for run in runs:
            for part in run.split(" && "):
                yield Command(plain(part), name, file)


def steps(part: object) -> Iterator[str]:
    """The commands of a CI job, or of some steps: what stands under `run`."""
    if isinstance(part, dict) and isinstance(part.get("run"), str):
        yield part["run"]
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from steps(one)


def lines(token: Token) -> list[str]:
    """The command lines in a part of a page."""
    if token.type == "code_block" or (token.type == "fence" and token.info == "sh"):
        return [line for line in token.content.splitlines() if line.strip()]
    inline = [one.content for one in token.children or () if one.type == "code_inline"]
    return [code for code in inline if re.match(r"(?:\.venv/bin/)?(?:make|snakemake) ", code)]


def plain(line: str) -> str:
    """A command without a comment, and without the environment's folder."""
    text = " ".join(re.sub(r"\s+#\s.*", "", line).split())
    return re.sub(r"^\.venv/bin/(?:python (?=tools/))?", "", text)


ALL = [command for page in PAGES for command in commands(page)]
SWEEPS = {"make quick", "make report"}
PLANNED = {command.text: command for command in ALL if command.text in TESTED_SMALLER}


def test_every_command_is_run_or_says_why_not() -> None:
    accounted = {*TESTED, *TESTED_SMALLER, *EXCUSED, *SWEEPS}
    unknown = {
        f"{one.page}: {one.text}"
        for one in ALL
        if one.text not in accounted and one.text.split()[0] not in TESTED_PROGRAMS
    }
    assert not unknown, "let a test run it, or list it in EXCUSED with the reason"
    assert accounted <= {one.text for one in ALL}, "no page has these any more"


def test_the_tests_that_run_commands_are_there() -> None:
    for test in {*TESTED.values(), *TESTED_SMALLER.values(), *TESTED_PROGRAMS.values()}:
        file, _, name = test.partition("::")
        assert not name or f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_make_runs_the_sweeps_as_the_pages_do() -> None:
    for command in sorted(SWEEPS):
        told = subprocess.run(
            ["make", "--no-print-directory", "--dry-run", *command.split()[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert plain(told.splitlines()[-1]) in PLANNED


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project without results."""
    for entry in ("Snakefile", "docs", "overlays", "profiles", "workflow"):
        (tmp_path / entry).symlink_to(ROOT / entry)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", PLANNED.values(), ids=PLANNED)
def test_snakemake_and_the_rules_understand_a_command(command: Command, checkout: Path) -> None:
    text = command.text
    for placeholder, file in PLACEHOLDERS.items():
        text = text.replace(placeholder, file)
    _, *arguments = shlex.split(text)
    for name in arguments:
        if re.fullmatch(r"[\w-]+\.yaml", name):
            (checkout / name).write_text(command.file, encoding="utf-8")
    _, asked = cli.parse_args(arguments)
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for overlay in asked.configfile or ():
        update_config(config, yaml.safe_load(overlay.read_text(encoding="utf-8")))
    update_config(config, cli.parse_config(asked.config))
    assert (Archive if config["dataset"] else Campaign).of(config).plan.trials
    rules = "".join(path.read_text("utf-8") for path in (ROOT / "workflow/rules").glob("*.smk"))
    for rule in (*asked.targets, *(asked.forcerun or ())):
        assert re.search(rf"^ *(?:rule|checkpoint) {rule}:$", rules, re.MULTILINE)
