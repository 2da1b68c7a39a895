"""What traders make of costs: by the functions that charge them, on an order that is new.

A trader knows its tier, the base fee and the schedule. It reckons with one fill of all its lots.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import BUY
from proteus.market.costs.charging import charges_nothing, cost_of_fill

_ROUNDING = 1e-9  # of a tick, as in ``agents.ticks``: what is equal but for binary fractions trades


@inline_kernel
def expected_cost(costs, lane, role, side, price, lots, anchor, gas, time):
    """Return what a lot of an order would cost, in currency; below 0: it earns.

    Parameters are those of ``cost_of_fill``; gas: nano, of the message.
    """
    if charges_nothing(costs):
        return 0.0
    cost = cost_of_fill(costs, lane, role, side, price, lots, anchor, time)
    return (cost + gas) / (lots * NANO)


@inline_kernel
def limit_with_costs(costs, lane, role, side, limit, worth, lots, anchor, gas, time):
    """Return the last tick, not beyond a limit, at which a fill is worth its price and its costs.

    A buyer gets the largest P up to ``limit`` with P + (cost(P) + gas) / lots <= worth, a seller
    the smallest P from ``limit`` on with P - (cost(P) + gas) / lots >= worth. Where nothing is
    charged that is ``limit``.

    Costs need not rise or fall with the price, as roundings do not. So this is no bisection but a
    descent that skips only ticks which cannot be worth it: from tick to tick a lot's cost changes
    by at most ``steepest``, and all roundings together by at most ``coarsest``.

    Parameters
        limit: ticks; it may lie outside of 1 .. n_ticks - 1. worth: currency. gas: nano, of the
            message. The rest is as in ``cost_of_fill``.

    Returns
        Ticks; 0 for a buyer, n_ticks for a seller, if no tick is worth it.
    """
    if charges_nothing(costs):
        return limit
    tables = costs.tables
    tick_nano, n_ticks = tables.tick_nano[0], tables.curves.shape[1] - 1
    step = -1 if side == BUY else 1
    price = min(limit, n_ticks - 1) if side == BUY else max(limit, 1)
    most = worth * NANO if side == BUY else -worth * NANO
    while 1 <= price < n_ticks:
        cost = cost_of_fill(costs, lane, role, side, price, lots, anchor, time) + gas
        too_much = -step * price * tick_nano + cost / lots - most
        if too_much <= _ROUNDING * tick_nano:
            return price
        surely = (too_much - tables.coarsest[0] / lots) / (tick_nano + tables.steepest[0])
        price += step * max(np.int64(min(surely, np.float64(n_ticks))), 1)
    return np.int64(0) if side == BUY else np.int64(n_ticks)
