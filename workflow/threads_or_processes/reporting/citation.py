"""How to cite a report: APA, BibTeX and CFF, identified by what was measured."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from threads_or_processes.reporting import formatting as text

AUTHORS = "The Threads or Processes authors"

_BIBTEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "#": r"\#",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


@dataclass(frozen=True, kw_only=True)
class Citation:
    """One report, in three notations: APA, BibTeX, and Citation File Format."""

    apa: str
    bibtex: str
    cff: str


def _bibtex(words: str) -> str:
    return "".join(_BIBTEX_ESCAPES.get(char, char) for char in words)


def cite(*, machine: str, report_id: str, first_unix_ns: int | None) -> Citation:
    """Cite the report on `machine`; the date is that of the first trial, absent without trials."""
    title = f"Threads or Processes: report on {machine}"
    day = None if first_unix_ns is None else text.day(first_unix_ns)
    return Citation(
        apa=_apa(title, report_id, day),
        bibtex=_entry(title, report_id, day),
        cff=_cff(title, report_id, day),
    )


def _apa(title: str, report_id: str, day: date | None) -> str:
    """As the seventh edition has it for a data set without a DOI."""
    when = "n.d." if day is None else f"{day.year}, {day:%B} {day.day}"
    return f"{AUTHORS}. ({when}). {title} [Data set]. Report id {report_id}."


def _entry(title: str, report_id: str, day: date | None) -> str:
    fields = {"author": f"{{{AUTHORS}}}", "title": "{" + _bibtex(title) + "}"}
    if day is not None:
        fields |= {"year": str(day.year), "month": str(day.month), "day": str(day.day)}
    fields["note"] = f"Report id {report_id}"
    body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    return f"@misc{{threads-or-processes-{text.short_hash(report_id)},\n{body}\n}}"


def _cff(title: str, report_id: str, day: date | None) -> str:
    """CITATION.cff, version 1.2.0."""
    citation: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this report, cite it like this.",
        "type": "dataset",
        "title": title,
        "authors": [{"name": AUTHORS}],
        "license": "CC-BY-4.0",
        "identifiers": [
            {
                "type": "other",
                "value": f"sha256:{report_id}",
                "description": "Report id: the hash of plan, interpreters and measured data",
            }
        ],
    }
    if day is not None:
        citation["date-released"] = day
    return yaml.safe_dump(citation, sort_keys=False, allow_unicode=True, width=10_000)
