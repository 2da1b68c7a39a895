"""Taking mispriced liquidity: the decision that informed traders and snipers share."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.costs.expected import affordable, edge_after_costs


@inline_kernel
def take_edge(
    view, costs, intents, lane, trader, threshold, lots_per_edge, least_lots, max_lots, n_ticks
):  # fmt: skip
    """Buy if the signal exceeds the executable ask by more than the threshold, or sell likewise.

    The limit is the signal minus or plus the threshold, so that what trades keeps that edge. The
    size is ``least_lots`` plus ``lots_per_edge`` per currency of edge above the threshold. What a
    fill costs counts as more threshold: the edge is smaller, and the limit nearer; where it does
    not reach the executable price, nothing is sent.
    """
    signal, now = view.signal[lane], view.time[lane]
    ask, bid = view.executable[lane, SELL], view.executable[lane, BUY]
    anchor = view.reference_doubled[lane]
    buying = edge_after_costs(
        costs, lane, trader, BUY, ask, signal - ask / n_ticks - threshold, least_lots,
        lots_per_edge, max_lots, anchor, now,
    )  # fmt: skip
    selling = edge_after_costs(
        costs, lane, trader, SELL, bid, bid / n_ticks - signal - threshold, least_lots,
        lots_per_edge, max_lots, anchor, now,
    )  # fmt: skip
    if buying > 0.0:
        side, excess, worth = BUY, buying, signal - threshold
        limit = floor_ticks(worth * n_ticks)
    elif selling > 0.0:
        side, excess, worth = SELL, selling, signal + threshold
        limit = ceil_ticks(worth * n_ticks)
    else:
        return
    if 1 <= limit < n_ticks:
        lots = min(max_lots, least_lots + np.int64(lots_per_edge * excess))
        price = affordable(costs, lane, trader, side, np.int64(limit), worth, lots, anchor, now)
        if price == limit or (price >= ask if side == BUY else price <= bid):
            intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, signal)
