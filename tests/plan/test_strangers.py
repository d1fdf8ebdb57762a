"""Configs and claims of any kind: a plan, or one message that names the key."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from threads_or_processes.common.errors import UserError
from threads_or_processes.common.files import digest
from threads_or_processes.common.plan_file import plan_from, plan_json
from threads_or_processes.plan.claims import read_claim_files
from threads_or_processes.plan.config import checked
from threads_or_processes.plan.plan import make_plan
from threads_or_processes.records.paths import path_key

from tests.conftest import ROOT
from tests.plan.conftest import CATALOGUE, CONFIG, MACHINE
from tests.strangers import more_or_fewer, tampered

CLAIMS = {
    "source": "a book",
    "claims": [
        {
            "id": "faster",
            "sentence": "One is faster.",
            "expects": "less",
            "by": 1.5,
            "cell": "count/threads/2/standard/warm",
            "baseline": "count/serial/1/standard/warm",
        },
        {
            "id": "as-published",
            "sentence": "So much faster.",
            "expects": "as_published",
            "published": [1.5, 2],
            "cases": [
                {
                    "cell": "count/threads/cpus/3.13/warm",
                    "baseline": "count/serial/1/standard/warm",
                }
            ],
        },
    ],
}


def plan(config: Any, claims: Any = CLAIMS) -> None:
    """Plan a config: a `UserError`, or a plan that can be written and read."""
    with contextlib.suppress(UserError):
        made = make_plan(checked(config), CATALOGUE, MACHINE, {"claims.yaml": claims})
        assert plan_from(plan_json(made)) == made
        assert digest(plan_json(made))


@more_or_fewer(150)
@given(tampered(CONFIG, most=3))
def test_any_config_is_planned_or_refused(config: Any) -> None:
    if isinstance(config, dict):  # Snakemake lets nothing else through
        plan(config)


@more_or_fewer(100)
@given(tampered(CLAIMS, most=3))
def test_any_claims_are_taken_or_refused(claims: Any) -> None:
    plan(CONFIG, claims)


@more_or_fewer(100)
@given(text=st.binary() | st.text().map(str.encode))
def test_any_file_of_claims_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, text: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "claims.yaml"
    file.write_bytes(text)
    with contextlib.suppress(UserError):
        plan(CONFIG, read_claim_files([str(file)])[str(file)])


LAUGHS = "\n".join(
    [
        'a0: &a0 ["x"]',
        *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)),
    ]
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LAUGHS, "there is no end to it"),
        ("source: &a [*a]", "there is no end to it"),
        ("!!python/object/apply:os.system [touch owned]", "not valid YAML"),
        ("[" * 5000, "not valid YAML"),
        ("2020-01-01", "is a date"),
        ("1: x", "can't be a key"),
        ("source: .nan", "nan is no finite number"),
        (f"source: {'9' * 400}", "a whole number is larger than"),
    ],
)
def test_claims_that_only_yaml_can_say_are_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "claims.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=said):
        make_plan(checked(CONFIG), CATALOGUE, MACHINE, read_claim_files([str(file)]))
    assert list(tmp_path.iterdir()) == [file]


def test_a_name_that_is_no_file_s_is_refused() -> None:
    with pytest.raises(UserError, match="can't be read"):
        read_claim_files(["a\0b"])


@pytest.mark.parametrize("value", [6.0, True, "6", float("inf"), 10**400])
def test_a_whole_number_is_a_whole_number(value: Any) -> None:
    with pytest.raises(UserError) as caught:
        checked(CONFIG | {"blocks": value})
    assert "blocks" in caught.value.where


@more_or_fewer(300)
@given(name=st.text(), other=st.text())
def test_the_key_of_a_name_is_a_file_s_and_no_other_s(name: str, other: str) -> None:
    key = path_key(name)
    assert set(key).isdisjoint("/\\{}*?\"'<>|$ \0\n")
    assert 0 < len(key) <= 100
    assert key.strip(".")
    assert (path_key(other) == key) == (other == name)


def test_every_file_of_claims_and_every_config_here_is_plain() -> None:
    for file in [*ROOT.glob("workflow/claims/*.yaml"), ROOT / "config.yaml"]:
        yaml.safe_load(file.read_text(encoding="utf-8"))
