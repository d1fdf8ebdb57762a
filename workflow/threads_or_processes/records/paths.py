"""Names of files and folders for what people named."""

import hashlib
import re

#: What every file system, Snakemake's patterns and addresses inside a page take as it is.
_SAFE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,=+-]{0,99}")
_SHOWN_CHARACTERS = 40


def path_key(name: str) -> str:
    """A name for files and folders, short and without special characters; another for each `name`.

    A plain name is its own key. Of another the key shows the beginning, and a digest of it all.
    """
    if _SAFE.fullmatch(name) and not name.endswith("."):
        return name
    shown = re.sub(r"[^A-Za-z0-9_.,=+-]+", "_", name)[:_SHOWN_CHARACTERS].strip(".")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{shown or '_'}~{digest[:12]}"
