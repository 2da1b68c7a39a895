"""The outbox: what a mechanism did with the current message or clear, in order.

The recorder notes it first, then the venue books it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first


@written_first("kind", "order", "other", "price", "lots", "reason")
@state
class Outbox(NamedTuple):
    """What the mechanism did in the event being processed. L lanes, E entries."""

    kind: np.ndarray  # int8 [L, E] EVENT_ACK, _REJECT, _CANCEL, _FILL, _WAIT, _RFQ_*
    order: np.ndarray  # int32 [L, E] order slot; of a fill: the earlier order, or the maker's
    other: np.ndarray  # int32 [L, E] of a fill: the later (incoming) order
    price: np.ndarray  # int32 [L, E] ticks, of a fill; at most MAX_TICKS
    lots: np.ndarray  # int64 [L, E] lots filled, cancelled, or removed by an acknowledged replace
    reason: np.ndarray  # int8 [L, E] REJECT_*, CANCEL_*, RFQ_* or EXPIRE_*, by kind
    count: np.ndarray  # int64 [L] entries in use; a count above E means overflow


def allocate_outbox(lanes: int, entries: int) -> Outbox:
    """Allocate an empty outbox of ``entries`` per lane."""
    return allocate(Outbox, L=lanes, E=entries)


@inline_kernel
def emit(outbox, lane, kind, order, other, price, lots, reason):
    """Append one entry; beyond capacity only the count grows, and the engine stops the lane."""
    at = outbox.count[lane]
    outbox.count[lane] = at + 1
    if at < outbox.kind.shape[1]:
        outbox.kind[lane, at] = kind
        outbox.order[lane, at] = order
        outbox.other[lane, at] = other
        outbox.price[lane, at] = price
        outbox.lots[lane, at] = lots
        outbox.reason[lane, at] = reason
