from workflow.reporting.citation import cite

MEASURED_NS = 1_795_381_200 * 10**9  # 22 November 2026


def test_a_citation_names_machine_date_and_content() -> None:
    citation = cite(machine="box_1 & co", report_id="ab" * 32, first_unix_ns=MEASURED_NS)
    assert citation.plain == (
        "The Threads or Processes authors (2026-11-22). Threads or Processes: report on "
        f"box_1 & co. Report id {'ab' * 32}."
    )
    assert citation.bibtex.splitlines() == [
        "@misc{threads-or-processes-abababababab,",
        "  author = {{The Threads or Processes authors}},",
        "  title = {{Threads or Processes: report on box\\_1 \\& co}},",
        "  year = {2026},",
        "  month = {11},",
        "  day = {22},",
        f"  note = {{Report id {'ab' * 32}}}",
        "}",
    ]


def test_without_trials_there_is_no_date() -> None:
    citation = cite(machine="m", report_id="0" * 64, first_unix_ns=None)
    assert "year" not in citation.bibtex
    assert citation.plain.startswith("The Threads or Processes authors. ")
