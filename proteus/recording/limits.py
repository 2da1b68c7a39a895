"""What the engine is told to record in a cell, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.results.outcome import LaneLog

LARGEST_RECORDED_BLOCK = 8  # lanes; a log is larger than the rest of a lane's state
BLOCKS_AHEAD = 2  # blocks per worker whose results may wait for those before them


class Recording(NamedTuple):
    """Which lanes of a cell are recorded, and who takes their logs."""

    always: NDArray[np.bool_]  # [R]
    if_violated: NDArray[np.bool_]  # [R] recorded when the lane is run again and stays violated
    take: Callable[[LaneLog], None]  # called by one thread: the chosen by place, then violated ones


def logs_in_memory(workers: int) -> int:
    """Return how many lanes' logs are in memory at once, at most."""
    return (BLOCKS_AHEAD + 1) * workers * LARGEST_RECORDED_BLOCK
