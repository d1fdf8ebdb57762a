"""What a test reads in a sentence whose words may change: its numbers, its names, its caution."""

import re

from threads_or_processes.reporting import formatting as text


def plain(words: str) -> str:
    """Words with ordinary spaces."""
    return words.replace(text.SPACE, " ")


def numbers(words: str) -> list[str]:
    """The numbers in a sentence, in order; those of a Python version are names."""
    return re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.]*\d)", re.sub(r"3\.13t?\b", "", words))


def arms(words: str) -> list[str]:
    """The arms that a sentence names, in order."""
    return re.findall(r"3\.13t-gil|3\.13t|3\.13", words)
