import datetime

import yaml
from threads_or_processes.reporting.citation import cite

MEASURED_NS = 1_795_381_200 * 10**9  # 22 November 2026
ID = "ab" * 32


def test_a_citation_names_machine_date_and_content() -> None:
    citation = cite(machine="box_1 & co", report_id=ID, first_unix_ns=MEASURED_NS)
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
    citation = cite(machine="m", report_id=ID, first_unix_ns=MEASURED_NS, commit="0a1b2c")
    assert "commit 0a1b2c" in citation.apa
    assert "commit 0a1b2c" in citation.bibtex
    assert yaml.safe_load(citation.cff)["commit"] == "0a1b2c"
    unknown = cite(machine="m", report_id=ID, first_unix_ns=MEASURED_NS, commit="unknown")
    assert unknown == cite(machine="m", report_id=ID, first_unix_ns=MEASURED_NS)


def test_a_citation_file_has_the_fields_that_its_format_asks_for() -> None:
    name = "a: 'box' # 1\u00fc"
    found = yaml.safe_load(cite(machine=name, report_id=ID, first_unix_ns=MEASURED_NS).cff)
    assert {"cff-version", "message", "title", "authors"} <= set(found)
    assert found["cff-version"] == "1.2.0"
    assert found["title"] == f"Threads or Processes: report on {name}"
    assert found["date-released"] == datetime.date(2026, 11, 22)
    assert found["identifiers"][0]["value"] == f"sha256:{ID}"


def test_without_trials_there_is_no_date() -> None:
    citation = cite(machine="m", report_id="0" * 64, first_unix_ns=None)
    assert "year" not in citation.bibtex
    assert "date-released" not in citation.cff
    assert citation.apa.startswith("The Threads or Processes authors. (n.d.). ")
