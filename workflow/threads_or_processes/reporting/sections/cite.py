"""How to cite and reuse a report: notations, files with their hashes, licence."""

import base64
import gzip
from collections.abc import Iterator

from threads_or_processes.records.interpreter import Identity
from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting import words
from threads_or_processes.reporting.citation import cite
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import (
    Code,
    Fact,
    Facts,
    Fold,
    Heading,
    Items,
    Link,
    Paragraph,
    Preformatted,
    Section,
    Words,
)
from threads_or_processes.reporting.trials import DataFile

EMBED_AT_MOST_BYTES = 500_000
"""So that the page of a default sweep is no larger than 2 MB."""

LICENCE = (
    "Text, figures and data: Creative Commons Attribution 4.0 (CC BY 4.0). Programs: MIT licence."
)
ARCHIVE = (
    "For a permanent citation, deposit this page and its data in an archive that assigns a DOI, "
    "such as Zenodo, and the programs in Software Heritage. Add the DOI to the citation: "
    "doi = {…} in BibTeX, doi: … in CITATION.cff."
)


def build(evidence: Evidence) -> Iterator[Section]:
    """Citation, files and licence."""
    citation = cite(
        evidence.programs,
        machine=evidence.campaign.machine.name,
        report_id=evidence.report_id,
        first_unix_ns=evidence.trials.first_unix_ns,
    )
    results = str(evidence.prefix / "results" / evidence.campaign.machine.name)
    trials = _file(evidence.trials.file, results, what="one row for each repetition")
    package = _file(
        _compressed(evidence.package),
        results,
        what="plan, interpreters and the meaning of every column (Data Package, compressed)",
    )
    yield Section(
        anchor="cite",
        title="Cite and reuse",
        nav_title="Cite",
        blocks=(
            Paragraph(citation.apa, style="citation"),
            Paragraph(ARCHIVE),
            Fold(
                summary="BibTeX, CITATION.cff, report id",
                content=(
                    Preformatted(citation.bibtex),
                    Preformatted(citation.cff),
                    Facts(_facts(evidence)),
                    Paragraph(
                        "The report id is the SHA-256 of the plan, the interpreters’ identities "
                        "and the measured data. It changes if any of them does."
                    ),
                ),
            ),
            Heading(text="Data and licence", anchor="data"),
            Items(items=(trials, package), style="files"),
            Fold(
                summary="Hashes and other files",
                content=(
                    Items(
                        items=tuple(
                            (f"{file.name}, SHA-256: ", Code(text=file.sha256))
                            for file in (evidence.trials.file, evidence.package)
                        ),
                        style="files",
                    ),
                    Paragraph(
                        (
                            Code(text=f"{results}/figures/"),
                            " has each figure as SVG and PNG, with its numbers as CSV. ",
                            Code(text=f"{results}/tables/"),
                            " has every table as CSV.",
                        )
                    ),
                ),
            ),
            Paragraph(LICENCE),
        ),
    )


def _facts(evidence: Evidence) -> tuple[Fact, ...]:
    """Machine, interpreters, time, trials and id of a campaign."""
    campaign, ended = evidence.campaign, evidence.tables.ended
    more = " and more where intervals were wide" if campaign.precision else ""
    return (
        Fact(term="Machine", text=campaign.machine.name),
        Fact(term="Interpreters", text=_interpreters(evidence)),
        Fact(term="Measured", text=words.when(evidence.trials)),
        Fact(
            term="Trials",
            text=f"{text.whole(ended['ok'])} ok of {text.whole(ended['planned'])} planned, "
            f"in {text.count(campaign.blocks, 'block')}{more}",
        ),
        Fact(term="Report id", text=text.short_hash(evidence.report_id)),
    )


def _interpreters(evidence: Evidence) -> str:
    """Every executable once, whatever the builds that run it."""
    seen = dict.fromkeys(
        f"{text.plain(one['implementation'], 40)} {text.plain(one['version'], 40)} {_kind(one)}"
        for one in evidence.identities
    )
    return "; ".join(seen) or "none"


def _kind(identity: Identity) -> str:
    """How a build was made, in a word or two."""
    kind = "optimised" if identity["optimisation"] == "optimised" else "plain (not optimised)"
    return f"free-threaded, {kind}" if identity["free_threaded_build"] else kind


def _compressed(file: DataFile) -> DataFile:
    """The same file, gzipped; the same bytes from the same content."""
    return DataFile(name=f"{file.name}.gz", content=gzip.compress(file.content, 9, mtime=0))


def _file(file: DataFile, results: str, *, what: str) -> Words:
    """A gzipped file inside the page when it is small, else where it is among the results."""
    size = text.size(len(file.content))
    if len(file.content) > EMBED_AT_MOST_BYTES:
        path = Code(text=f"{results}/{file.name}")
        return path, f" ({size}): {what}. It is too large to be inside this page."
    coded = base64.b64encode(file.content).decode("ascii")
    link = Link(
        text=f"Download {file.name}",
        address=f"data:application/gzip;base64,{coded}",
        download=file.name,
    )
    return link, f" ({size}): {what}."
