"""What traders make of costs: by the functions that charge them, on an order that is new.

A trader knows its tiers, the schedule and, where it is shown, the base fee. It reckons with one
fill of all its lots, and with one message. Where there can be no costs (``Uncharged``) all of this
compiles to nothing.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel, interface
from proteus.market.book.codes import BUY
from proteus.market.costs.charging import (
    OF_THE_MODEL,
    charges_nothing,
    cost_of_fill,
    gas_of_action,
    has_gas,
)
from proteus.market.costs.codes import MAKER, TAKER
from proteus.market.costs.state import Costs, Uncharged
from proteus.market.rng import STREAM_RESERVATION, exponential, words_at

_ROUNDING = 1e-9  # of a tick, as in ``agents.ticks``: what is equal but for binary fractions trades


@interface
def affordable(costs, lane, trader, side, limit, worth, lots, anchor, time):
    """Return the last tick at which a taker's fill is worth its price and costs.

    Parameters
        side: BUY or SELL. limit: that tick if nothing is charged. worth: what a lot is worth to
            it, currency. lots: its order's. anchor: twice the public reference, ticks. time: ns.

    Returns
        Ticks, as ``limit_with_costs``; ``limit`` for a trader who does not know costs. A rebate
        may carry it beyond ``limit``.
    """


@interface
def edge_after_costs(
    costs, lane, trader, side, price, edge, least_lots, lots_per_edge, max_lots, anchor, time
):  # fmt: skip
    """Return what is left of a taker's edge after what a fill at a price would cost a lot.

    Parameters
        price: ticks, 1 .. n_ticks - 1. edge: currency. least_lots, lots_per_edge, max_lots: what
            its order would have for that edge. The rest is as in ``affordable``.
    """


@interface
def with_costs(costs, lane, trader, half_spread, side, price, lots, time):
    """Return a half-spread that is wider by what a maker's fill at a price would cost a lot.

    Parameters
        half_spread: currency, at least 0. side: of the quote. price: ticks; outside of
            1 .. n_ticks - 1 the nearest inside counts. lots: of the quote, at least 1.

    Returns
        Currency, at least 0: a rebate cannot make a maker pay for trading.
    """


@interface
def is_worth(costs, lane, trader, role, side, price, lots, anchor, mean, word, time):
    """Tell whether a fill would cost a lot at most what trading is worth to a trader by itself.

    Parameters
        role: TAKER or MAKER. price: ticks, 1 .. n_ticks - 1. mean: of that private value, which is
            exponential, currency; 0: it is worth any cost. word: random. The rest is as in
            ``affordable``.
    """


@interface
def worth_of_lot(costs, mean, word):
    """Return what trading a lot is worth by itself to a trader, currency; 0: nothing is said.

    Parameters are those of ``is_worth``.
    """


@interface
def draw_value(costs, keys, lane, words, entity, number, cause):
    """Write the random word of a private value behind those of an intent.

    Parameters
        keys: of the lanes. words: uint32 [L, 6], written. entity, number, cause: its address.
    """


draw_value.empty_for(Uncharged)


@affordable.implement(Uncharged)
@inline_kernel
def _limit(costs, lane, trader, side, limit, worth, lots, anchor, time):
    return limit


@edge_after_costs.implement(Uncharged)
@inline_kernel
def _edge(
    costs, lane, trader, side, price, edge, least_lots, lots_per_edge, max_lots, anchor, time
):  # fmt: skip
    return edge


@with_costs.implement(Uncharged)
@inline_kernel
def _half_spread(costs, lane, trader, half_spread, side, price, lots, time):
    return half_spread


@is_worth.implement(Uncharged)
@inline_kernel
def _is_free(costs, lane, trader, role, side, price, lots, anchor, mean, word, time):
    return True


@worth_of_lot.implement(Uncharged)
@inline_kernel
def _unsaid(costs, mean, word):
    return 0.0


@inline_kernel
def _knows(costs, trader):
    """Tell whether a trader reckons with costs; one test where nobody does."""
    return costs.is_known and costs.payers.knows[trader]


@affordable.implement(Costs)
@inline_kernel
def _affordable(costs, lane, trader, side, limit, worth, lots, anchor, time):
    if not _knows(costs, trader):
        return limit
    return _limit_of_taker(costs, lane, side, worth, lots, anchor, time)


@deferred_kernel(int)
def _limit_of_taker(costs, lane, side, worth, lots, anchor, time):
    furthest = costs.tables.curves.shape[1] - 2 if side == BUY else 1
    gas = _gas(costs, lane, time)
    return limit_with_costs(costs, lane, TAKER, side, furthest, worth, lots, anchor, gas, time)


@edge_after_costs.implement(Costs)
@inline_kernel
def _edge_after_costs(
    costs, lane, trader, side, price, edge, least_lots, lots_per_edge, max_lots, anchor, time
):  # fmt: skip
    if not _knows(costs, trader):
        return edge
    lots = min(max_lots, least_lots + np.int64(lots_per_edge * max(edge, 0.0)))
    return edge - _with_gas(costs, lane, TAKER, side, price, lots, anchor, time)


@with_costs.implement(Costs)
@inline_kernel
def _with_costs(costs, lane, trader, half_spread, side, price, lots, time):
    if not _knows(costs, trader):
        return half_spread
    inside = min(max(price, 1), costs.tables.curves.shape[1] - 2)
    anchor = 2 * inside  # it trades at its own price
    return max(half_spread + _with_gas(costs, lane, MAKER, side, inside, lots, anchor, time), 0.0)


@is_worth.implement(Costs)
@inline_kernel
def _is_worth(costs, lane, trader, role, side, price, lots, anchor, mean, word, time):
    if mean == 0.0 or not _knows(costs, trader):
        return True
    cost = _with_gas(costs, lane, role, side, price, lots, anchor, time)
    return cost <= _worth_of_lot(costs, mean, word)


@deferred_kernel(float)
def _with_gas(costs, lane, role, side, price, lots, anchor, time):
    """Return what a lot of an order would cost, with the message by which it trades, currency."""
    gas = _gas(costs, lane, time)
    return expected_cost(costs, lane, role, side, price, lots, anchor, gas, time)


@worth_of_lot.implement(Costs)
@inline_kernel
def _worth_of_lot(costs, mean, word):
    return exponential(word) * mean if mean != 0.0 else 0.0


@draw_value.implement(Costs)
@inline_kernel
def _draw_value(costs, keys, lane, words, entity, number, cause):
    if costs.has_worth:
        words[lane, 5] = words_at(keys, lane, STREAM_RESERVATION, entity, number, cause)[0]


@inline_kernel
def _gas(costs, lane, time):
    """Return what the message costs by which a trader trades, nano."""
    if not has_gas(costs):
        return np.int64(0)
    action = costs.payers.trading_action[0]
    return gas_of_action(costs, action, costs.known_fee[lane], OF_THE_MODEL, time)


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
