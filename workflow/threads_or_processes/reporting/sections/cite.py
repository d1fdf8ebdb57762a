"""How to cite and reuse a report: notations, files with their hashes, licence."""

import base64
from collections.abc import Iterator

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.citation import cite
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Code,
    Heading,
    Items,
    Link,
    Paragraph,
    Preformatted,
    Section,
    Words,
)
from threads_or_processes.reporting.trials import DataFile

EMBED_AT_MOST_BYTES = 1_000_000
LICENCE = (
    "Text, figures and data of this report may be used under the Creative Commons Attribution 4.0 "
    "licence (CC BY 4.0): use them freely, say where they are from. The programs that made it are "
    "under the MIT licence."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """Citation, files and licence."""
    citation = cite(
        machine=evidence.campaign.machine.name,
        report_id=evidence.report_id,
        first_unix_ns=evidence.trials.first_unix_ns,
    )
    trials = _file(
        evidence.trials.file,
        what="one row for each repetition",
        media_type="application/gzip",
    )
    package = _file(
        evidence.package,
        what="the plan, the interpreters and the meaning of every column (Data Package); "
        "with both files, anybody can make this report again",
        media_type="application/json",
    )
    yield Section(
        anchor="cite",
        title="Cite and reuse",
        nav_title="Cite",
        blocks=(
            Paragraph(citation.apa),
            Heading(text="BibTeX"),
            Preformatted(citation.bibtex),
            Heading(text="CITATION.cff"),
            Preformatted(citation.cff),
            Paragraph(
                "The report id is the SHA-256 of the plan, the interpreters’ identities and the "
                "measured data: change any measured number and it changes."
            ),
            Heading(text="The data", anchor="data"),
            Items(items=(trials, package), style="files"),
            Paragraph(
                (
                    "Where it was measured, ",
                    Code(text="results/…/figures/"),
                    " has each figure as SVG and PNG for papers, with its numbers as CSV.",
                )
            ),
            Heading(text="Licence"),
            Paragraph(LICENCE),
        ),
    )


def _file(file: DataFile, *, what: str, media_type: str) -> Words:
    """A file inside the page when it is small, else its name among the results."""
    size, sha256 = text.size(len(file.content)), Code(text=file.sha256)
    if len(file.content) > EMBED_AT_MOST_BYTES:
        return (
            f"{file.name} ({size}) is too large to be inside this page and lies among the "
            f"results: {what}. SHA-256: ",
            sha256,
        )
    coded = base64.b64encode(file.content).decode("ascii")
    link = Link(
        text=f"Download {file.name}",
        address=f"data:{media_type};base64,{coded}",
        download=file.name,
    )
    return link, f" ({size}, inside this page): {what}. SHA-256: ", sha256
