"""Which blocks each bootstrap resample takes: drawn once for a number of blocks, then fixed.

Same trials in, same tables out: the draw depends on nothing but how many blocks there are, so that
neither the order of cells nor their number plays a part. (scipy's `bootstrap` draws for each call.)
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 703


@cache
def block_resamples(blocks: int, *, stream: int = 0) -> NDArray[np.intp]:
    """Indices of blocks, drawn with replacement; shape (RESAMPLES, blocks). Read-only.

    Another `stream` is another draw, for what must be drawn independently.
    """
    rng = np.random.default_rng((SEED, blocks, stream))
    drawn = rng.integers(blocks, size=(RESAMPLES, blocks))
    drawn.flags.writeable = False
    return drawn
