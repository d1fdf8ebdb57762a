import datetime
from pathlib import Path

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.reporting.citation import Programs, cite, read_programs

from tests.conftest import ROOT

MEASURED_NS = 1_795_381_200 * 10**9  # 22 November 2026
ID = "ab" * 32
PROGRAMS = Programs(authors="The Threads or Processes authors")


def test_a_citation_names_machine_date_and_content() -> None:
    citation = cite(PROGRAMS, machine="box_1 & co", report_id=ID, first_unix_ns=MEASURED_NS)
    assert citation.apa == (
        "The Threads or Processes authors. (2026, November 22). Threads or Processes: report on "
        f"box_1 & co [Data set]. Report id {ID}."
    )
    assert citation.bibtex.splitlines() == [
        "@misc{threads-or-processes-abababababab,",
        "  author = {{The Threads or Processes authors}},",
        "  title = {{Threads or Processes: report on box\\_1 \\& co}},",
        "  year = {2026},",
        "  month = {11},",
        "  day = {22},",
        f"  note = {{Report id {ID}}}",
        "}",
    ]


def test_a_citation_names_the_programs_where_they_are_known() -> None:
    citation = cite(PROGRAMS, machine="m", report_id=ID, first_unix_ns=MEASURED_NS, commit="0a1b2c")
    assert "commit 0a1b2c" in citation.apa
    assert "commit 0a1b2c" in citation.bibtex
    assert yaml.safe_load(citation.cff)["commit"] == "0a1b2c"
    unknown = cite(PROGRAMS, machine="m", report_id=ID, first_unix_ns=MEASURED_NS, commit="unknown")
    assert unknown == cite(PROGRAMS, machine="m", report_id=ID, first_unix_ns=MEASURED_NS)


def test_a_citation_file_has_the_fields_that_its_format_asks_for() -> None:
    name = "a: 'box' # 1\u00fc"
    found = yaml.safe_load(
        cite(PROGRAMS, machine=name, report_id=ID, first_unix_ns=MEASURED_NS).cff
    )
    assert {"cff-version", "message", "title", "authors"} <= set(found)
    assert found["cff-version"] == "1.2.0"
    assert found["title"] == f"Threads or Processes: report on {name}"
    assert found["date-released"] == datetime.date(2026, 11, 22)
    assert found["identifiers"][0]["value"] == f"sha256:{ID}"


def test_without_trials_there_is_no_date() -> None:
    citation = cite(PROGRAMS, machine="m", report_id="0" * 64, first_unix_ns=None)
    assert "year" not in citation.bibtex
    assert "date-released" not in citation.cff
    assert citation.apa.startswith("The Threads or Processes authors. (n.d.). ")


def test_authors_and_address_are_those_that_the_programs_declare(tmp_path: Path) -> None:
    file = tmp_path / "CITATION.cff"
    address = "https://example.org/a/programs"
    people = [{"given-names": "Ada", "family-names": "Lovelace"}, {"name": "Others"}]
    file.write_text(yaml.safe_dump({"authors": people, "repository-code": address}))
    programs = read_programs(file)
    citation = cite(programs, machine="m", report_id=ID, first_unix_ns=MEASURED_NS, commit="0a1b2c")
    assert citation.apa.startswith("Ada Lovelace and Others. (2026, November 22). ")
    for notation in (citation.apa, citation.bibtex):
        assert f"measured with {address}, commit 0a1b2c" in notation
    assert yaml.safe_load(citation.cff)["repository-code"] == address


def test_without_an_address_a_citation_has_none() -> None:
    declared = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert read_programs().authors == declared["authors"][0]["name"]
    citation = cite(PROGRAMS, machine="m", report_id=ID, first_unix_ns=MEASURED_NS)
    assert "repository-code" not in citation.cff
    assert citation.apa.endswith(f"Report id {ID}.")


@pytest.mark.parametrize("content", [None, "", "authors: 3", "authors: [", "title: T"])
def test_a_broken_declaration_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "CITATION.cff"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match="CITATION"):
        read_programs(file)
