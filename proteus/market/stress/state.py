"""The state of stress: the windows of a cell, and what is expected on top in each lane."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import state
from proteus.market.events.windows import Windows


@state
class Stress(NamedTuple):
    """Windows, and what they have added so far. L lanes, A traders."""

    windows: Windows
    entity: np.ndarray  # int64 [A] of random addresses
    further: np.ndarray  # int64 [L, A] wake-ups on top so far
    amount: np.ndarray  # float64 [L, A] expected number of them up to the next one
    reported_ns: np.ndarray  # int64 [L] arrival of the oracle's last report: none overtakes it


def allocate_stress(windows: Windows, lanes: int, entities: NDArray[np.int64]) -> Stress:
    """Allocate the state of lanes that have not started."""
    return allocate(Stress, L=lanes, A=len(entities), windows=windows, entity=entities)
