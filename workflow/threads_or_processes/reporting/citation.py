"""How to cite a report: APA, BibTeX and CFF, identified by what was measured."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from threads_or_processes.common.errors import UserError
from threads_or_processes.common.provenance import ROOT, UNKNOWN
from threads_or_processes.reporting import formatting as text

CITATION_FILE = ROOT / "CITATION.cff"
"""Declares who wrote the programs and where they are published, if they are."""

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
class Programs:
    """Who wrote the programs, where they are published, and which of them collected the data.

    A text is empty where nothing is known: before publication, or outside a checkout.
    """

    authors: str
    repository: str = ""
    doi: str = ""
    version: str = ""
    commit: str = ""

    @property
    def known(self) -> dict[str, str]:
        """What tells these programs from others, by its name in CITATION.cff."""
        found = {
            "repository-code": self.repository,
            "doi": self.doi,
            "version": self.version,
            "commit": self.commit,
        }
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, kw_only=True)
class Citation:
    """One report, in three notations: APA, BibTeX, and Citation File Format."""

    apa: str
    bibtex: str
    cff: str


def read_programs(path: Path = CITATION_FILE, *, measured: Mapping[str, Any]) -> Programs:
    """What CITATION.cff says of the programs; `UserError` for one that can't be read.

    `measured`: what a data set's package says of the programs that collected it.
    """
    version, commit = (
        text.plain(str(measured.get(name, UNKNOWN)), 80) for name in ("version", "git_commit")
    )
    try:
        declared = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Programs(
            authors=text.listing([_author(one) for one in declared["authors"]]),
            repository=text.plain(declared.get("repository-code", "")),
            doi=text.plain(declared.get("doi", "")),
            version=version if version != UNKNOWN else "",
            commit=commit if commit != UNKNOWN else "",
        )
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        what = f"the programs' own citation can't be read ({error!r})"
        hint = "restore it: git checkout CITATION.cff"
        raise UserError(what, where=str(path), hint=hint) from None


def _author(author: Mapping[str, str]) -> str:
    """A person or an organisation."""
    names = (author.get(part) for part in ("given-names", "family-names"))
    return text.plain(author.get("name") or " ".join(filter(None, names)))


def cite(
    programs: Programs,
    *,
    machine: str,
    report_id: str,
    first_unix_ns: int | None,
) -> Citation:
    """Cite the report on `machine`; the date is that of the first trial, absent without trials."""
    title = f"Threads or Processes: report on {machine}"
    day = None if first_unix_ns is None else text.day(first_unix_ns)
    note = _note(report_id, programs.known)
    return Citation(
        apa=_apa(programs.authors, title, note, day),
        bibtex=_entry(programs.authors, title, report_id, note, day),
        cff=_cff(programs, title, report_id, day),
    )


def _note(report_id: str, programs: Mapping[str, str]) -> str:
    """What identifies the data, and the programs that collected them."""
    forms = {"repository-code": "{}", "doi": "https://doi.org/{}"}
    known = [forms.get(name, name + " {}").format(value) for name, value in programs.items()]
    return f"Report id {report_id}" + (f", measured with {', '.join(known)}" if known else "")


def _apa(authors: str, title: str, note: str, day: date | None) -> str:
    """As the seventh edition has it for a data set without a DOI."""
    when = "n.d." if day is None else f"{day.year}, {day:%B} {day.day}"
    return f"{authors}. ({when}). {title} [Data set]. {note}."


def _entry(authors: str, title: str, report_id: str, note: str, day: date | None) -> str:
    fields = {"author": f"{{{_bibtex(authors)}}}", "title": "{" + _bibtex(title) + "}"}
    if day is not None:
        fields |= {"year": str(day.year), "month": str(day.month), "day": str(day.day)}
    fields["note"] = _bibtex(note)
    body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    return f"@misc{{threads-or-processes-{text.short_hash(report_id)},\n{body}\n}}"


def _bibtex(words: str) -> str:
    return "".join(_BIBTEX_ESCAPES.get(char, char) for char in words)


def _cff(programs: Programs, title: str, report_id: str, day: date | None) -> str:
    """CITATION.cff, version 1.2.0; the programs are what the data set refers to."""
    citation: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this report, cite it like this.",
        "type": "dataset",
        "title": title,
        "authors": [{"name": programs.authors}],
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
    if programs.known:
        name = {"type": "software", "title": "Threads or Processes"}
        authors = {"authors": [{"name": programs.authors}]}
        citation["references"] = [name | authors | programs.known]
    return yaml.safe_dump(citation, sort_keys=False, allow_unicode=True, width=10_000)
