import datetime
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from threads_or_processes.common.errors import UserError
from threads_or_processes.interpreters.environment import find_uv
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
    measured = {"git_commit": "0a1b2c", "version": "1.2.0-3-g0a1b2c"}
    citation = cite(
        read_programs(measured=measured), machine="m", report_id=ID, first_unix_ns=MEASURED_NS
    )
    for notation in (citation.apa, citation.bibtex):
        assert "measured with version 1.2.0-3-g0a1b2c, commit 0a1b2c" in notation
    [software] = yaml.safe_load(citation.cff)["references"]
    assert software["commit"] == "0a1b2c"
    assert software["version"] == "1.2.0-3-g0a1b2c"
    unknown = {"git_commit": "unknown", "version": "unknown"}
    assert read_programs(measured=unknown) == read_programs(measured={})
    assert not read_programs(measured={}).known


def test_citation_files_are_valid(tmp_path: Path) -> None:
    measured = {"git_commit": "0a1b2c", "version": "1.2.0-3-g0a1b2c"}
    programs = replace(
        read_programs(measured=measured), repository="https://example.org/a", doi="10.5281/zenodo.1"
    )
    report = tmp_path / "CITATION.cff"
    citation = cite(programs, machine="m: 1", report_id=ID, first_unix_ns=MEASURED_NS)
    report.write_text(citation.cff)
    validate = (find_uv(), "tool", "run", "--from", "cffconvert==2.0.0", "cffconvert", "--validate")
    for file in (ROOT / "CITATION.cff", report):
        subprocess.run([*validate, "--infile", str(file)], check=True)


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
    doi = "10.5281/zenodo.1"
    file.write_text(yaml.safe_dump({"authors": people, "repository-code": address, "doi": doi}))
    programs = read_programs(file, measured={"git_commit": "0a1b2c"})
    citation = cite(programs, machine="m", report_id=ID, first_unix_ns=MEASURED_NS)
    assert citation.apa.startswith("Ada Lovelace and Others. (2026, November 22). ")
    for notation in (citation.apa, citation.bibtex):
        assert f"measured with {address}, https://doi.org/{doi}, commit 0a1b2c" in notation
    [software] = yaml.safe_load(citation.cff)["references"]
    assert software["repository-code"] == address
    assert software["doi"] == doi


def test_without_an_address_a_citation_has_none() -> None:
    declared = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert read_programs(measured={}).authors == declared["authors"][0]["name"]
    citation = cite(PROGRAMS, machine="m", report_id=ID, first_unix_ns=MEASURED_NS)
    assert "references" not in citation.cff
    assert citation.apa.endswith(f"Report id {ID}.")


@pytest.mark.parametrize("content", [None, "", "authors: 3", "authors: [", "title: T"])
def test_a_broken_declaration_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "CITATION.cff"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match="CITATION"):
        read_programs(file, measured={})
