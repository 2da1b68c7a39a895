"""Who met whom: the classes on the other side of a fill.

In a continuous market a fill has one counterparty. In a uniform-price clear it has none in
particular: it is split in proportion to the lots filled on the other side, by class.

Source
    MODEL 19.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus._jit import inline_kernel, state
from proteus.events import EVENT_FILL
from proteus.traders import CLASSES


@state
class ClearSplit(NamedTuple):
    """Lots of the clear being booked. L lanes, K classes."""

    lots: np.ndarray  # int64 [L] all of them
    by_class: np.ndarray  # int64 [L, 2, K] per side and class


def allocate_clear_split(lanes: int) -> ClearSplit:
    """Allocate a split of nothing."""
    return ClearSplit(
        lots=np.zeros(lanes, np.int64), by_class=np.zeros((lanes, 2, CLASSES), np.int64)
    )


@inline_kernel
def split_clear(split, outbox, orders, traders, lane):
    """Sum the lots of a clear per side and class."""
    split.lots[lane] = 0
    split.by_class[lane, :, :] = 0
    for i in range(outbox.count[lane]):
        if outbox.kind[lane, i] == EVENT_FILL:
            lots = outbox.lots[lane, i]
            split.lots[lane] += lots
            for slot in (outbox.order[lane, i], outbox.other[lane, i]):
                role = traders.role[orders.trader[lane, slot]]
                split.by_class[lane, orders.side[lane, slot], role] += lots


@inline_kernel
def lots_against(split, lane, side, lots, role, other_role, in_clear):
    """Return the lots, of a fill on ``side``, that count as filled against a class."""
    if in_clear:
        return lots * split.by_class[lane, 1 - side, role] / split.lots[lane]
    return np.float64(lots) if role == other_role else 0.0
