"""How to cite a report: APA, BibTeX and CFF, identified by what was measured."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from threads_or_processes.common.provenance import UNKNOWN
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


def cite(
    *, machine: str, report_id: str, first_unix_ns: int | None, commit: str = UNKNOWN
) -> Citation:
    """Cite the report on `machine`; the date is that of the first trial, absent without trials.

    `commit`: of the programs that measured.
    """
    title = f"Threads or Processes: report on {machine}"
    day = None if first_unix_ns is None else text.day(first_unix_ns)
    return Citation(
        apa=_apa(title, _note(report_id, commit), day),
        bibtex=_entry(title, report_id, _note(report_id, commit), day),
        cff=_cff(title, report_id, commit, day),
    )


def _note(report_id: str, commit: str) -> str:
    """What identifies the data, and the programs that collected them."""
    programs = "" if commit == UNKNOWN else f", measured with commit {text.plain(commit, 80)}"
    return f"Report id {report_id}{programs}"


def _apa(title: str, note: str, day: date | None) -> str:
    """As the seventh edition has it for a data set without a DOI."""
    when = "n.d." if day is None else f"{day.year}, {day:%B} {day.day}"
    return f"{AUTHORS}. ({when}). {title} [Data set]. {note}."


def _entry(title: str, report_id: str, note: str, day: date | None) -> str:
    fields = {"author": f"{{{AUTHORS}}}", "title": "{" + _bibtex(title) + "}"}
    if day is not None:
        fields |= {"year": str(day.year), "month": str(day.month), "day": str(day.day)}
    fields["note"] = note
    body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    return f"@misc{{threads-or-processes-{text.short_hash(report_id)},\n{body}\n}}"


def _cff(title: str, report_id: str, commit: str, day: date | None) -> str:
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
    if commit != UNKNOWN:
        citation["commit"] = text.plain(commit, 80)
    if day is not None:
        citation["date-released"] = day
    return yaml.safe_dump(citation, sort_keys=False, allow_unicode=True, width=10_000)
