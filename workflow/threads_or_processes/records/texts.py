"""Texts that come from the measured work: in a record they have a stated length."""

LONGEST_TEXT_CHARACTERS = 2000


def shortened(text: str, longest: int = LONGEST_TEXT_CHARACTERS) -> str:
    """The text, or its beginning and its end with a note between that it was cut."""
    if len(text) <= longest:
        return text
    end = longest // 4
    note = f" […cut: {len(text):,} characters in all…] "
    return f"{text[: longest - end - len(note)]}{note}{text[-end:]}"
