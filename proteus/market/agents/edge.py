"""Taking mispriced liquidity: the decision that informed traders and snipers share."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL


@inline_kernel
def take_edge(view, intents, lane, threshold, lots_per_edge, least_lots, max_lots, n_ticks):
    """Buy if the signal exceeds the executable ask by more than the threshold, or sell likewise.

    The limit is the signal minus or plus the threshold, so that what trades keeps that edge. The
    size is ``least_lots`` plus ``lots_per_edge`` per currency of edge above the threshold.
    """
    signal = view.signal[lane]
    ask = view.executable[lane, SELL] / n_ticks
    bid = view.executable[lane, BUY] / n_ticks
    if signal - ask > threshold:
        excess = signal - ask - threshold
        limit = floor_ticks((signal - threshold) * n_ticks)
        side = BUY
    elif bid - signal > threshold:
        excess = bid - signal - threshold
        limit = ceil_ticks((signal + threshold) * n_ticks)
        side = SELL
    else:
        return
    if 1 <= limit < n_ticks:
        lots = min(max_lots, least_lots + np.int64(lots_per_edge * excess))
        intend(intents, lane, INTENT_ORDER, side, np.int64(limit), lots, IOC, 0, signal)
