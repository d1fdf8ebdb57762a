"""What a test reads in a sentence whose words may change: its numbers, its names, its caution."""

import re

from threads_or_processes.reporting import formatting as text
from threads_or_processes.reporting.page import Words


def plain(words: Words) -> str:
    """Words with ordinary spaces, and nothing but words."""
    parts = (words,) if isinstance(words, str) else words
    told = "".join(part if isinstance(part, str) else part.text for part in parts)
    return told.replace(text.SPACE, " ")


def numbers(words: Words) -> list[str]:
    """The numbers in a sentence, in order; those of a Python version are names."""
    named = re.sub(r"3\.13t?\b", "", plain(words))
    return re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)", named)


def arms(words: str) -> list[str]:
    """The arms that a sentence names, in order."""
    return re.findall(r"3\.13t-gil|3\.13t|3\.13", words)
