"""Taking mispriced liquidity: the decision that informed traders and snipers share."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.costs.expected import affordable


@inline_kernel
def take_edge(
    view, costs, intents, lane, trader, threshold, lots_per_edge, least_lots, max_lots, n_ticks
):  # fmt: skip
    """Buy if the signal exceeds the executable ask by more than the threshold, or sell likewise.

    The limit is the signal minus or plus the threshold, so that what trades keeps that edge, and
    nearer where a fill costs something. Where it then does not reach the executable price, nothing
    is sent. The size is ``least_lots`` plus ``lots_per_edge`` per currency of edge above the
    threshold, before costs.
    """
    signal = view.signal[lane]
    ask = view.executable[lane, SELL] / n_ticks
    bid = view.executable[lane, BUY] / n_ticks
    if signal - ask > threshold:
        excess = signal - ask - threshold
        limit = floor_ticks((signal - threshold) * n_ticks)
        side, worth = BUY, signal - threshold
    elif bid - signal > threshold:
        excess = bid - signal - threshold
        limit = ceil_ticks((signal + threshold) * n_ticks)
        side, worth = SELL, signal + threshold
    else:
        return
    if 1 <= limit < n_ticks:
        lots = min(max_lots, least_lots + np.int64(lots_per_edge * excess))
        anchor, met = view.reference_doubled[lane], view.executable[lane, 1 - side]
        price = affordable(
            costs, lane, trader, side, np.int64(limit), worth, lots, anchor, view.time[lane]
        )
        if price == limit or (price >= met if side == BUY else price <= met):
            intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, signal)
