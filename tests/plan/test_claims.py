"""Claims from their files to the plan: the form, the words for cells, what is not planned."""

from pathlib import Path
from typing import Any

import pytest
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.plan_file import plan_from, plan_json
from threads_or_processes.plan.claims import read_claim_files
from threads_or_processes.records.plan import Case, Claim

from .conftest import Config, planned

CLAIM = {
    "id": "one",
    "sentence": "Threads are faster.",
    "expects": "less",
    "cell": "count/threads/cpus/standard/warm",
    "baseline": "count/serial/1/standard/warm",
}


class Claims:
    """Plans the small config with claims."""

    def __init__(self, config: Config) -> None:
        self.config = config

    def __call__(self, *entries: Any) -> list[Claim]:
        files = {"my.yaml": {"source": "a book", "claims": list(entries)}}
        plan = planned(self.config, **files)
        assert plan_from(plan_json(plan)).claims == plan.claims
        return list(plan.claims)


@pytest.fixture
def claims(config: Config) -> Claims:
    return Claims(config)


def test_words_for_workers_and_arms_are_resolved(claims: Claims) -> None:
    found = claims(
        CLAIM,
        CLAIM | {"id": "two", "cell": "count/threads/1/free-threaded/warm"},
        CLAIM | {"id": "three", "cell": "count/processes-fork/cpus/3.13t/warm", "by": 1.5},
    )
    assert [claim.cases[0].cell for claim in found] == [
        "count/threads/4/3.13/warm",
        "count/threads/1/3.13t/warm",
        "count/processes-fork/4/3.13t/warm",
    ]
    assert found[0].cases[0].baseline == "count/serial/1/3.13/warm"
    assert [claim.by for claim in found] == [1.05, 1.05, 1.5]
    assert {case.untested for claim in found for case in claim.cases} == {None}
    assert (found[0].source, found[0].file, found[0].measure) == ("a book", "my.yaml", "time")


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("count/threads/3/standard/warm", "this sweep does not measure count/threads/3/3.13/warm"),
        ("append/processes-fork/cpus/standard/warm", "each would change its own copy"),
        (
            "count/threads/cpus/free-threaded-gil/warm",
            "the config has no free-threaded-gil build of Python 3.13",
        ),
        ("count/threads/cpus/3.14/warm", "the config has no build 3.14"),
    ],
)
def test_what_is_not_planned_is_untested_with_its_reason(
    claims: Claims, cell: str, reason: str
) -> None:
    assert claims(CLAIM | {"cell": cell})[0].cases[0].untested == reason


@pytest.mark.parametrize("key", ["sentence", "answer"])
def test_a_text_without_end_is_refused_and_not_repeated(claims: Claims, key: str) -> None:
    with pytest.raises(UserError, match="is too long") as caught:
        claims(CLAIM | {key: "w" * 200_000})
    assert len(caught.value.what) < 500


CASES = {
    **{key: CLAIM[key] for key in ("id", "sentence", "expects")},
    "cases": [
        {key: CLAIM[key] for key in ("cell", "baseline")},
        {"cell": "count/threads/3/standard/warm", "baseline": CLAIM["baseline"]},
    ],
}


def test_a_claim_has_the_cases_that_its_file_lists(claims: Claims) -> None:
    one, several = claims(CLAIM, CASES | {"id": "two"})
    assert several.cases[0] == one.cases[0]
    assert several.cases[1] == Case(
        cell="count/threads/3/3.13/warm",
        baseline="count/serial/1/3.13/warm",
        untested="this sweep does not measure count/threads/3/3.13/warm",
    )


def test_an_earlier_plan_has_a_claim_s_only_case_in_the_claim(config: Config) -> None:
    files = {"my.yaml": {"source": "a book", "claims": [CLAIM]}}
    plan = planned(config, **files)
    written = plan_json(plan)
    for claim in written["claims"]:
        (case,) = claim.pop("cases")
        claim |= case
        del claim["at_most"], claim["not_comparable"]
    assert plan_from(written).claims == plan.claims


def test_what_a_claim_states_besides_its_cells_is_kept(claims: Claims) -> None:
    published = CLAIM | {"expects": "as_published", "published": [1.2, 1.5]}
    kept = {"id": "three", "sentence": "None is lost.", "cell": CLAIM["cell"]}
    found = claims(
        published | {"not_comparable": "other work"},
        published | {"id": "two"},
        kept | {"expects": "keeps_updates", "at_most": 0.001},
        kept | {"id": "four", "expects": "gil_off"},
    )
    assert [claim.published for claim in found] == [(1.2, 1.5), (1.2, 1.5), None, None]
    assert [claim.not_comparable for claim in found] == ["other work", None, None, None]
    assert [claim.at_most for claim in found] == [None, None, 0.001, None]
    assert found[3].cases[0].baseline is None


@pytest.mark.parametrize(
    ("entry", "what", "where"),
    [
        (CLAIM | {"cell": "cuont/threads/1/3.13/warm"}, "workload 'cuont'", "claim one, cell"),
        (CLAIM | {"cell": "count/thread/1/3.13/warm"}, "model 'thread'", "claim one, cell"),
        (CLAIM | {"baseline": "count/serial/all/3.13/warm"}, "number of workers 'all'", "baseline"),
        (CLAIM | {"cell": "count/threads/1/3.x/warm"}, "arm '3.x'", "claim one, cell"),
        (
            CLAIM | {"cell": "count/threads/1/3.13/memory"},
            "timing for this measure 'memory'",
            "cell",
        ),
        (CLAIM | {"cell": "count/threads"}, "'count/threads' is not a cell", "claim one, cell"),
        (CLAIM | {"expects": "more"}, "expects: 'more' is not one of", "my.yaml, claim one"),
        (CLAIM | {"by": 0}, "by: 0 is less than", "my.yaml, claim one"),
        (CLAIM | {"cases": CASES["cases"]}, "'cell' is not allowed", "my.yaml, claim one"),
        (CASES | {"cases": []}, "cases: []", "my.yaml, claim one"),
        (CASES | {"cases": [CASES["cases"][0]] * 2}, "a case is there twice", "claim one"),
        (CASES | {"cases": [{"cell": CLAIM["cell"]}]}, "'baseline' is a required", "claim one"),
        (CLAIM | {"at_most": 0.1}, "'at_most' is not allowed", "my.yaml, claim one"),
        (CLAIM | {"expects": "as_published"}, "'published' is a required", "claim one"),
        (CLAIM | {"not_comparable": "other work"}, "'not_comparable' is not allowed", "claim one"),
        (CLAIM | {"published": [2, 1]}, "published is [2, 1]", "my.yaml, claim one"),
        (CLAIM | {"expects": "gil_off"}, "'baseline' is not allowed", "my.yaml, claim one"),
        (CLAIM | {"surprise": 1}, "'surprise' was unexpected", "my.yaml, claim one"),
        ({"sentence": "no id"}, "is a required property", "my.yaml, claim number 1"),
        ("text", "'text' is not of type 'object'", "my.yaml, claim number 1"),
        (
            {k: v for k, v in CLAIM.items() if k != "baseline"},
            "'baseline' is a required",
            "claim one",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_claim(
    claims: Claims, entry: Any, what: str, where: str
) -> None:
    with pytest.raises(UserError) as mistake:
        claims(entry)
    assert what in mistake.value.what
    assert where in mistake.value.where
    assert mistake.value.where.startswith("my.yaml")
    assert mistake.value.hint


def test_two_claims_of_one_name_are_refused(claims: Claims) -> None:
    with pytest.raises(UserError, match="two claims have the id 'one'"):
        claims(CLAIM, CLAIM)


@pytest.mark.parametrize(
    ("content", "what"), [(None, "can't be read"), ("a: [1", "not valid YAML")]
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: str | None, what: str
) -> None:
    file = tmp_path / "claims.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=what):
        read_claim_files([str(file)])
