"""Read the logs of a finished block: which rows, and what stands in them.

``recorder.Log`` has an array [L, E] per column; a row is chosen by its source and kind.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.market.trading.world import World
from proteus.recording.columns import Kind

Integers = NDArray[np.int64]


class LaneRows(NamedTuple):
    """The rows of one kind in one lane, in order; n rows."""

    time: Integers  # [n] ns
    trader: Integers  # [n]
    order: Integers  # [n]
    other: Integers  # [n]
    side: Integers  # [n]
    price: Integers  # [n] ticks
    lots: Integers  # [n]
    more: Integers  # [n] of a book: lots at the best ask
    value: Integers  # [n] nano


def is_row(world: World, kind: Kind) -> NDArray[np.bool_]:
    """Tell which rows are of a kind, bool [L, E]."""
    log = world.log
    written = np.arange(log.kind.shape[1]) < log.count[:, None]
    return np.asarray(written & (log.source == kind[0]) & (log.kind == kind[1]))


def rows(world: World, kind: Kind) -> list[LaneRows]:
    """Return the rows of one kind, lane by lane."""
    chosen, log = is_row(world, kind), world.log
    return [
        LaneRows._make(getattr(log, name)[lane, chosen[lane]] for name in LaneRows._fields)
        for lane in range(len(chosen))
    ]
