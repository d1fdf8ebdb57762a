"""How to cite and reuse a report: notations, files with their hashes, licence."""

import base64

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.citation import cite
from threads_or_processes.reporting.evidence import Evidence
from threads_or_processes.reporting.page import CiteSection, Download
from threads_or_processes.reporting.trials import DataFile

EMBED_AT_MOST_BYTES = 1_000_000
LICENCE = (
    "Text, figures and data of this report may be used under the Creative Commons Attribution 4.0 "
    "licence (CC BY 4.0): use them freely, say where they are from. The programs that made it are "
    "under the MIT licence."
)


def build(evidence: Evidence) -> CiteSection:
    """Citation, files and licence."""
    citation = cite(
        machine=evidence.campaign.machine.name,
        report_id=evidence.report_id,
        first_unix_ns=evidence.trials.first_unix_ns,
    )
    return CiteSection(
        citation=citation.apa,
        bibtex=citation.bibtex,
        cff=citation.cff,
        downloads=(
            _download(
                evidence.trials.file,
                what="one row for each repetition",
                media_type="application/gzip",
            ),
            _download(
                evidence.package,
                what="the plan, the interpreters and the meaning of every column (Data Package); "
                "with both files, anybody can make this report again",
                media_type="application/json",
            ),
        ),
        licence=LICENCE,
    )


def _download(file: DataFile, *, what: str, media_type: str) -> Download:
    """A file inside the page when it is small, else its name among the results."""
    small = len(file.content) <= EMBED_AT_MOST_BYTES
    coded = base64.b64encode(file.content).decode("ascii")
    return Download(
        file_name=file.name,
        what=what,
        sha256=file.sha256,
        size=text.size(len(file.content)),
        address=f"data:{media_type};base64,{coded}" if small else "",
    )
