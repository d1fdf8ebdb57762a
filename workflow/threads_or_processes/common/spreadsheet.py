"""Text in tables that people open in a spreadsheet."""

#: What a cell begins with that a spreadsheet computes instead of showing it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def harmless(text: str) -> str:
    """A text as a spreadsheet shows it: with `'` before what would be a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
