"""What takes long to make and nobody changes: made once for all workers of a test run."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock


@dataclass(frozen=True)
class Shelf:
    """A folder that all workers share; what lies in it is read only."""

    folder: Path

    def made(self, name: str, make: Callable[[Path], object]) -> Path:
        """The file or folder of a name; the first worker that asks makes it, others wait."""
        place = self.folder / name
        with FileLock(f"{place}.lock"):
            if not place.exists():
                # Half-made things have another name, should `make` fail.
                unfinished = Path(tempfile.mkdtemp(dir=self.folder)) / name
                make(unfinished)
                unfinished.rename(place)
        return place
