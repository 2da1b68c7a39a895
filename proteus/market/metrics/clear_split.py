"""Who met whom: the classes on the other side of a fill.

In a continuous market a fill has one counterparty. In a uniform-price clear it has none in
particular: it is split in proportion to the lots filled on the other side of its auction, by class.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import EVENT_FILL


@state
class ClearSplit(NamedTuple):
    """Lots of the clear being booked. L lanes, D ladders of the book, K classes."""

    lots: np.ndarray  # int64 [L, D] all that fill on a ladder
    by_class: np.ndarray  # int64 [L, D, K] those of a class


def allocate_clear_split(lanes: int, auctions: int, classes: int) -> ClearSplit:
    """Allocate a split of nothing, for so many classes."""
    return allocate(ClearSplit, L=lanes, D=2 * auctions, K=classes)


@inline_kernel
def split_clear(split, outbox, orders, traders, lane):
    """Sum the lots of a clear per ladder and class."""
    split.lots[lane, :] = 0
    split.by_class[lane, :, :] = 0
    for i in range(outbox.count[lane]):
        if outbox.kind[lane, i] == EVENT_FILL:
            lots = outbox.lots[lane, i]
            for slot in (outbox.order[lane, i], outbox.other[lane, i]):
                role = traders.role[orders.trader[lane, slot]]
                ladder = orders.ladder[lane, slot]
                split.lots[lane, ladder] += lots
                split.by_class[lane, ladder, role] += lots


@inline_kernel
def lots_against(split, lane, ladder, lots, role, other_role, in_clear):
    """Return the lots, of a fill on a ladder, that count as filled against a class."""
    if in_clear:
        opposite = split.lots.shape[1] - 1 - ladder
        return lots * split.by_class[lane, opposite, role] / split.lots[lane, opposite]
    return np.float64(lots) if role == other_role else 0.0
