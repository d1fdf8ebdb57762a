"""The report as a value: finished text in the order of the page. Templates only set it."""

from collections.abc import Mapping
from dataclasses import dataclass

from threads_or_processes.reporting.words import Status


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column; `unit` stands in its header."""

    header: str
    unit: str = ""
    numeric: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table; the first `row_headers` cells of a row name it."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    row_headers: int = 1

    def __post_init__(self) -> None:
        widths = {len(row) for row in self.rows} | {len(self.columns)}
        assert len(widths) == 1, f"ragged table: {self.caption}"


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A table that opens on demand."""

    summary: str
    note: str
    table: Table


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A term and what there is to say about it."""

    term: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A drawing by its name, what it shows, and the numbers in it."""

    name: str
    caption: str
    data: Fold


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What to use for one workload on one arm."""

    arm: str
    arm_title: str
    status: Status
    status_word: str
    icon: str
    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One workload of the decision table."""

    title: str
    kind: str
    baseline: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, kw_only=True)
class DecisionSection:
    """The first screen's answer; `sureness` says how far to trust it, links to why follow it."""

    question: str
    answer: str
    sureness: str
    figure: Figure | None
    arms: tuple[Fact, ...]
    decisions: tuple[Decision, ...]
    cautions: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence, its verdict, and the numbers behind it."""

    sentence: str
    source: str
    status: Status
    verdict: str
    icon: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Claims:
    """The claims of one file; those that were not tested apart."""

    title: str
    tested: tuple[Claim, ...]
    untested: tuple[Claim, ...]
    untested_summary: str


@dataclass(frozen=True, kw_only=True)
class ClaimsSection:
    """Every sentence that was put to the test."""

    paragraphs: tuple[str, ...]
    groups: tuple[Claims, ...]


@dataclass(frozen=True, kw_only=True)
class NotebookSection:
    """The notebook replay beside the notebook's own figures."""

    question: str
    answer: str
    limits: str
    paragraphs: tuple[str, ...]
    times: Table
    lists: Table | None
    figure: Figure


@dataclass(frozen=True, kw_only=True)
class ScalingSection:
    """Speed-up curves, one figure a workload; the laws that describe them, where there are any."""

    question: str
    answer: str
    limits: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...]
    laws: Table | None
    efficiency: Fold | None


@dataclass(frozen=True, kw_only=True)
class ExperimentSection:
    """What an experiment found: question and answer, how to read it, what it does not show."""

    anchor: str
    title: str
    question: str
    answer: str
    limits: str
    paragraphs: tuple[str, ...]
    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    folds: tuple[Fold, ...]


@dataclass(frozen=True, kw_only=True)
class Option:
    """Something that can be chosen, and whether it is at first."""

    term: str
    text: str
    checked: bool


@dataclass(frozen=True, kw_only=True)
class Explorer:
    """What a reader can choose from; `data` is JSON for the script, fit to stand in a page."""

    reference: str
    works: tuple[Fact, ...]
    arms: tuple[Fact, ...]
    models: tuple[Option, ...]
    data: str


@dataclass(frozen=True, kw_only=True)
class NumbersSection:
    """All absolute times and all ratios."""

    paragraphs: tuple[str, ...]
    cells: tuple[Fold, ...]
    ratios: tuple[Fold, ...]


@dataclass(frozen=True, kw_only=True)
class QualitySection:
    """What ran, what did not, and how much it varied."""

    paragraphs: tuple[str, ...]
    figure: Figure | None
    outcomes: Table
    health: Table | None
    not_applicable: Table | None
    folds: tuple[Fold, ...]


@dataclass(frozen=True, kw_only=True)
class Threats:
    """What may be wrong with one kind of conclusion from the data."""

    title: str
    meaning: str
    threats: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One of the twelve rules of good reporting, what is done about it here, and where."""

    rule: str
    met: str
    anchor: str
    place: str


@dataclass(frozen=True, kw_only=True)
class EnvironmentSection:
    """The machine and its interpreters."""

    machine: tuple[Fact, ...]
    verdict: str
    matches: bool
    threats: tuple[str, ...]
    builds: Table
    arms: tuple[Fact, ...]
    models: tuple[Fact, ...]
    workloads: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Download:
    """A file: inside the page as a data address, or only among the results."""

    file_name: str
    what: str
    sha256: str
    size: str
    address: str


@dataclass(frozen=True, kw_only=True)
class MethodsSection:
    """How it was measured and how to repeat it."""

    methods: tuple[Fact, ...]
    rules: tuple[Rule, ...]
    commands: str
    reproduce: str
    config: str


@dataclass(frozen=True, kw_only=True)
class CiteSection:
    """How to cite and reuse it: one citation in three notations, the files, the licence."""

    citation: str
    bibtex: str
    cff: str
    downloads: tuple[Download, ...]
    licence: str


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The page that compares machines."""

    title: str
    answer: str
    machines: Table
    decisions: Table
    claims: Table | None
    figures: tuple[Figure, ...]
    times: Table
    left_out: tuple[Fact, ...]


@dataclass(frozen=True, kw_only=True)
class Report:
    """The whole page. `svgs` maps a figure's name to its drawing."""

    title: str
    lead: str
    document_title: str
    report_id: str
    facts: tuple[Fact, ...]
    decision: DecisionSection
    claims: ClaimsSection | None
    notebook: NotebookSection | None
    scaling: ScalingSection | None
    experiments: tuple[ExperimentSection, ...]
    explorer: Explorer | None
    numbers: NumbersSection
    quality: QualitySection
    threats: tuple[Threats, ...]
    environment: EnvironmentSection
    methods: MethodsSection
    cite: CiteSection
    svgs: Mapping[str, str]
