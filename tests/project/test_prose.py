"""What a user reads is plain English: no words of the deny-list, one spelling, short sentences.

Covers the documents, comments of configs, and the strings of the package, which hold the words of
the report, of errors and of the terminal.
"""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HAS_GIT = (ROOT / ".git").exists()
PACKAGE = "workflow/threads_or_processes"
LONGEST_SENTENCE = 22  # words

#: A pattern, and what to write instead.
DENIED = {
    r"speed-ups?|speed ups?": "speedup",
    r"start-up": "startup",
    r"tear-down|tear down|tearing down": "teardown, shut down",
    r"anew": "again",
    r"surely": "with 95 % confidence, or nothing",
    r"be it": "including",
    r"beside": "next to, during",
    r"foretold|foretell|reckon(?:ed|s)?": "estimate",
    r"dearer": "costs more",
    r"told from|tells? apart|told apart": "distinguished from",
    r"told of|asked of|be had": "plain verbs",
    r"not settled|unsettled|settles?": "inconclusive",
    r"gains? nothing|no gains?|may gain": "no speedup",
    r"what (?:\w+ ){1,4}comes? to": "the result",
    r"comes to": "is",
    r"those that|those of which|whatever becomes": "name the things",
    r"as far as": "up to, until",
    r"lies? (?:in|below|above|beyond|beside)": "is in",
    r"the least|the greatest": "min, max, the smallest, the largest",
    r"plain loop": "serial baseline",
    r"second looks?": "retry pass",
    r"kinds? of work": "workload",
    r"ways? of (?:working|executing)": "execution model",
    r"worth talking about": "of practical importance",
    r"\d+(?:[.]\d+)?x": "×: 1.84× [1.80, 1.87]",
    r"\d+,\d{1,2}": "a decimal point",
    r"the price of": "the cost of",
    r"(?:its|the) lock (?:on|off|still on)|(?:lets?|leaves?|removing) (?:the|its) lock": "the GIL",
    r"(?:quiet|typical) (?:times?|values?|repetitions?|ones?)": "undisturbed, all repetitions",
    r"(?<!noise )floors?": "best-case reading",
    r"patience": "time limit",
    r"(?:machine|interpreter|kernel|sentinel|page|report|program|reader|host)s? "
    r"(?:asks?|wants?|sees?|knows?)": "a verb for things",
    r"whoever|nobody's|yet never|luck|cheaply|thus|hence|wherein|whereof|lest": "present-day words",
}
#: In documents also; tables and code may keep the data's own words.
DENIED_IN_DOCUMENTS = {r"arms?": "build"}
#: On pages for users.
DENIED_ON_USERS_PAGES = {r"cells?": "configuration"}
USERS_PAGES = {
    "README.md",
    "docs/README.md",
    "docs/tutorial.md",
    "docs/how-to.md",
    "docs/reading.md",
    "docs/your-own-work.md",
    "docs/command-line.md",
    "config.yaml",
}
#: Made from the declarations, so they have the data's own words, and fragments for sentences.
GENERATED = {"docs/tables.md", "docs/catalogue.md", "docs/example/summary.md"}


def findings(text: str, denied: dict[str, str]) -> list[str]:
    """Each denied word in a text, with what to write instead."""
    return [
        f"“{found.group()}”: write {instead}"
        for pattern, instead in denied.items()
        for found in re.finditer(rf"(?<![\w-])(?:{pattern})(?![\w-])", text, re.IGNORECASE)
    ]


def prose_of_markdown(text: str) -> str:
    """The words of a page: without code, addresses and markup; a table's row is a line."""
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?:(?<=\n\n)|(?<=\A))(?: {4}.*\n|\n)+", "\n", text)
    text = re.sub(r"`[^`]*`", "X", text)
    text = re.sub(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"</?\w[^>]*>|\*\*", "", text)


def prose_of_comments(text: str) -> str:
    """The comments of a YAML file; a line that begins a paragraph or an item begins one here."""
    lines = re.findall(r"^ *#(.*)$|^.*?( )# .*$|^()", text, re.MULTILINE)
    joined = "\n".join(comment.removeprefix(" ") for comment, *_ in lines)
    return re.sub(r"`[^`]*`|\{[^}]*\}", "X", joined)


def sentences(prose: str) -> Iterator[str]:
    """The sentences of running text; headings and rows of tables are none."""
    for paragraph in re.split(r"\n\s*\n|\n(?= *(?:[*-]|\d+\.|#+|\|) )|\n(?=  \S)", prose):
        text = " ".join(paragraph.split())
        if not text.startswith(("|", "#")):
            text = re.sub(r"^(?:[*-]|\d+\.) ", "", text)
            yield from re.split(r"(?<=[.?!:])[)”\"]* (?=[\"“(\[]?[A-Z0-9`X])", text)


def too_long(prose: str) -> list[str]:
    """Sentences with too many words; numbers and signs are none."""
    return [
        f"{count} words: {sentence}"
        for sentence in sentences(prose)
        if (count := len(re.findall(r"[^\W\d_][\w’'./-]*", sentence))) > LONGEST_SENTENCE
    ]


def strings_of_python(text: str) -> str:
    """The strings of a module that people may read: those with a space, docstrings left out."""
    tree = ast.parse(text)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return "\n".join(
        re.sub(r"`[^`]*`", "X", node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and " " in node.value
        and id(node) not in docstrings
    )


def words_of_template(text: str) -> str:
    """The words of a template between its tags and expressions."""
    return re.sub(r"\{[{%#].*?[%#}]\}|<[^>]*>", " ", text, flags=re.DOTALL)


def words_of_script(text: str) -> str:
    """The strings of a script."""
    return "\n".join(re.findall(r"[\"'`]([^\"'`\n]* [^\"'`\n]*)[\"'`]", text))


def words_of_captions(text: str) -> str:
    """The words of a caption, without code."""
    return re.sub(r"``[^`]*``", "X", text)


def tracked(*patterns: str) -> list[str]:
    """The files of the project that match; none in an unpacked archive."""
    if not HAS_GIT:
        return []
    command = ["git", "-C", str(ROOT), "ls-files", *patterns]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return listed.splitlines()


DOCUMENTS = tracked("*.md")
CONFIGS = tracked("*.yaml", "environment.yml", "CITATION.cff")
TEXTS = tracked(f"{PACKAGE}/*.py", f"{PACKAGE}/*.html", f"{PACKAGE}/*.js", "*.rst")


def prose(name: str) -> str:
    """What a user reads of a file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    extract = {
        ".md": prose_of_markdown,
        ".yaml": prose_of_comments,
        ".yml": prose_of_comments,
        ".cff": prose_of_comments,
        ".py": strings_of_python,
        ".html": words_of_template,
        ".js": words_of_script,
        ".rst": words_of_captions,
    }
    return extract[Path(name).suffix](text)


def denied_in(name: str) -> dict[str, str]:
    """The deny-list of a file."""
    denied = dict(DENIED)
    if name in {*DOCUMENTS, *CONFIGS} - GENERATED:
        denied |= DENIED_IN_DOCUMENTS
    if name in USERS_PAGES:
        denied |= DENIED_ON_USERS_PAGES
    return denied


@pytest.mark.parametrize("name", [*DOCUMENTS, *CONFIGS, *TEXTS])
def test_no_word_of_the_deny_list_is_used(name: str) -> None:
    assert not findings(prose(name), denied_in(name))


@pytest.mark.parametrize("name", sorted({*DOCUMENTS, *CONFIGS} - GENERATED))
def test_sentences_are_short(name: str) -> None:
    assert not too_long(prose(name))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It is measured anew.", ["anew"]),
        ("The speed-up of a start-up", ["speed-up", "start-up"]),
        ("A speedup at startup", []),
        ("Threads gain nothing; beside them", ["beside", "gain nothing"]),
        ("nothing but `beside` code", []),
        ("The machine wants it", ["machine wants"]),
        ("the noise floor and another floor", ["floor"]),
        ("a renewal, besides", []),
    ],
)
def test_the_matcher_finds_words_and_not_parts_of_words(text: str, found: list[str]) -> None:
    told = findings(prose_of_markdown(text), DENIED)
    assert sorted(re.findall("“(.*?)”", " ".join(told))) == sorted(found)


def test_the_matcher_counts_words_of_sentences() -> None:
    words = " ".join(["word"] * LONGEST_SENTENCE)
    assert not too_long(f"{words}. {words.capitalize()} 12 345.\n\n* {words}\n* {words}\n")
    assert len(too_long(f"{words} more.\n\n| {words} more |\n\n# {words} more\n")) == 1
    assert too_long(f"* First {words}\n")
    assert too_long(f"{words}\n[and a link](address)\n")


def test_code_of_a_page_is_no_prose() -> None:
    page = "Text.\n\n    anew code\n\n```sh\nanew\n```\n\n* item\n  continued `anew`\n"
    assert "anew" not in prose_of_markdown(page)
    assert "anew" in prose_of_markdown("Text\n    that is anew.\n")


def test_comments_and_strings_are_prose() -> None:
    assert "anew" in prose_of_comments("# Made anew.\nkey: value\n")
    assert "anew" not in prose_of_comments("anew: value\n")
    module = '"""Made anew."""\nerror = f"run {1} anew"\nname = "anew"\n'
    assert strings_of_python(module).split() == ["run", "anew"]
    assert "anew" in words_of_template('<p class="a">made anew {{ it }}</p>')
    assert "anew" not in words_of_template("{{ anew }}{# anew #}<p id='anew'>")
    assert words_of_script("say('made anew'); anew") == "made anew"
