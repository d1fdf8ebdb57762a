"""How to cite a report: BibTeX and plain text, identified by what was measured."""

from dataclasses import dataclass

from workflow.reporting import formatting as text

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
    """One report, in two notations."""

    bibtex: str
    plain: str


def _bibtex(words: str) -> str:
    return "".join(_BIBTEX_ESCAPES.get(char, char) for char in words)


def cite(*, machine: str, report_id: str, first_unix_ns: int | None) -> Citation:
    """Cite the report on `machine`; the date is that of the first trial, absent without trials."""
    title = f"Threads or Processes: report on {machine}"
    note = f"Report id {report_id}"
    fields = {
        "author": "{The Threads or Processes authors}",
        "title": "{" + _bibtex(title) + "}",
    }
    dated = ""
    if first_unix_ns is not None:
        year, month, day = text.date(first_unix_ns)
        fields |= {"year": str(year), "month": str(month), "day": str(day)}
        dated = f" ({year}-{month:02d}-{day:02d})"
    fields["note"] = note
    body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
    key = f"threads-or-processes-{text.short_hash(report_id)}"
    return Citation(
        bibtex=f"@misc{{{key},\n{body}\n}}",
        plain=f"The Threads or Processes authors{dated}. {title}. {note}.",
    )
