"""The measured process's environment: an explicit list, never what happens to be set.

Environment size and hash seed shift memory layout and so times (Mytkowicz et al., ASPLOS 2009);
each trial draws both, from the campaign's seed, and recorded.
"""

import os
import random
from dataclasses import dataclass
from pathlib import Path

ONE_INNER_THREAD = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
MOST_PADDING_BYTES = 4096


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What a trial's process is given."""

    hash_seed: int
    padding_bytes: int
    variables: dict[str, str]

    def for_process(self, *import_folders: Path) -> dict[str, str]:
        """The complete mapping for the process, with the parts that the record leaves out."""
        return {
            **self.variables,
            "PYTHONHASHSEED": str(self.hash_seed),
            "PYTHONPATH": os.pathsep.join(map(str, import_folders)),
            "PADDING": "x" * self.padding_bytes,
        }


def draw_environment(seed: int, cell_id: str, block: int) -> Environment:
    """The environment of one trial: the same for the same seed, cell and block."""
    draw = random.Random(f"{seed} {cell_id} {block}")  # noqa: S311 - a design, not a secret
    return Environment(
        hash_seed=draw.randrange(1, 2**32),
        padding_bytes=draw.randrange(MOST_PADDING_BYTES),
        variables={
            "LC_ALL": "C.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONNOUSERSITE": "1",
            "PYTHONSAFEPATH": "1",
            **dict.fromkeys(ONE_INNER_THREAD, "1"),
        },
    )
