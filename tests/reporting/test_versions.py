"""Versions of Python, compared step by step."""

from collections.abc import Callable

from threads_or_processes.records.vocabulary import ComparisonResult, ContrastKind
from threads_or_processes.reporting.page import Table
from threads_or_processes.reporting.sections import versions

from tests.reporting.sentences import plain
from tests.reporting.worlds import World

Worlds = Callable[[str], World]
STEPS = {"3.14": "3.13", "3.14t": "3.13t"}


def test_each_build_is_judged_against_the_same_kind_of_the_next_lower_version(
    world: Worlds,
) -> None:
    tables = world("two versions").evidence().tables
    assert {(row.arm, row.baseline_arm) for row in tables.versions} == set(STEPS.items())
    found = {(row.workload, row.arm): row.speedup.reading for row in tables.versions}
    assert found == {
        (workload, arm): result
        for arm in STEPS
        for workload, result in (
            ("mandelbrot", ComparisonResult.FASTER),
            ("json", ComparisonResult.FASTER),
            ("compress", ComparisonResult.SLOWER),
        )
    }


def test_the_same_program_is_compared_cell_by_cell(world: Worlds) -> None:
    evidence = world("two versions").evidence()
    at = evidence.campaign.cells_by_id
    rows = [row for row in evidence.tables.ratios if row.contrast is ContrastKind.ARM_VERSION]
    assert {(at[row.cell].arm, at[row.baseline_cell].arm) for row in rows} == set(STEPS.items())
    for row in rows:
        assert at[row.cell].model == at[row.baseline_cell].model
        wanted = 1 / 1.5 if at[row.cell].workload == "compress" else 1 / 0.8
        assert row.estimate
        assert abs(row.estimate.value / wanted - 1) < 0.03


def test_the_answer_counts_what_each_step_does(world: Worlds) -> None:
    (section,) = versions.build(world("two versions").evidence())
    told = plain(str(section.answer))
    for arm, earlier in STEPS.items():
        assert f"{arm} over {earlier}, 3 workloads: 2 faster and 1 slower" in told
    (best, *_) = section.of(Table)
    assert len(best.rows) == 6


def test_one_version_has_no_such_section(world: Worlds) -> None:
    evidence = world("default").evidence()
    assert not list(versions.build(evidence))
    assert not evidence.tables.versions
