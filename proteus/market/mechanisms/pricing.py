"""The uniform price of a batch: how much trades, between which prices, and at which of them.

The executable volume at p is min(D(p), S(p)) with D(p) = market buys + buys with limit >= p and
S(p) = market sells + sells with limit <= p. The prices at which nobody with a strictly better
limit is left unfilled form the Walrasian interval

    W = [max(worst filled ask, best unfilled bid), min(worst filled bid, best unfilled ask)].

The volume is maximal everywhere in W; the point inside W is policy (``price_rule``). The bids and
asks of an auction stand on two ladders of the book, named by ``bids`` and ``asks``.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII; Xetra/T7 Market Model, Release 10,
    section 11.1.1 for ``t7``.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.book import last_within, next_better, next_occupied, ticks_of
from proteus.market.book.codes import NO_PRICE, NO_RANK

MIDPOINT = 0
REFERENCE = 1
LOWER = 2
UPPER = 3
T7 = 4
_LARGEST = np.iinfo(np.int64).max
PRICE_RULE_CODES = {
    "midpoint": MIDPOINT,
    "reference": REFERENCE,
    "lower": LOWER,
    "upper": UPPER,
    "t7": T7,
}


@inline_kernel
def cross(book, lane, bids, asks):
    """Walk both sides from the best level until they no longer cross.

    Returns
        volume: lots that trade.
        filled_bid, filled_ask: ranks of the worst filled level of each side.
        open_bid, open_ask: ranks of the best level with unfilled lots, or NO_RANK.
        left_bid, left_ask: unfilled lots of those levels.
    """
    n_ticks = book.n_ticks[lane]
    bid, ask = np.int64(book.best[lane, bids]), np.int64(book.best[lane, asks])
    left_bid = book.lots[lane, bids, bid] if bid != NO_RANK else 0
    left_ask = book.lots[lane, asks, ask] if ask != NO_RANK else 0
    filled_bid, filled_ask = np.int64(NO_RANK), np.int64(NO_RANK)
    volume = np.int64(0)
    while bid != NO_RANK and ask != NO_RANK and bid + ask >= n_ticks:
        lots = min(left_bid, left_ask)
        volume += lots
        left_bid -= lots
        left_ask -= lots
        filled_bid, filled_ask = bid, ask
        if left_bid == 0:
            bid = next_occupied(book, lane, bids, bid)
            left_bid = book.lots[lane, bids, bid] if bid != NO_RANK else 0
        if left_ask == 0:
            ask = next_occupied(book, lane, asks, ask)
            left_ask = book.lots[lane, asks, ask] if ask != NO_RANK else 0
    return volume, filled_bid, filled_ask, bid, ask, left_bid, left_ask


@inline_kernel
def walrasian_interval(book, lane, bids, asks, filled_bid, filled_ask, open_bid, open_ask):
    """Return the ends of W as levels; 0 and n_ticks stand for an infinite end.

    Only limits bound W. A market order, filled or not, accepts every price; if one is left
    unfilled, so is every limit of its side, and the best of those counts.
    """
    n_ticks = book.n_ticks[lane]
    if open_bid == n_ticks:
        open_bid = next_occupied(book, lane, bids, open_bid)
    if open_ask == n_ticks:
        open_ask = next_occupied(book, lane, asks, open_ask)
    low = max(n_ticks - filled_ask, open_bid if open_bid != NO_RANK else 0)
    high = min(filled_bid, n_ticks - open_ask if open_ask != NO_RANK else n_ticks)
    return low, high


@inline_kernel
def price_in_interval(rule, low, high, n_ticks, reference):
    """Return the clearing price in ticks that ``rule`` picks in W, for all rules but ``t7``.

    If one end of W is infinite the price is the finite end; if both are, the reference. An odd
    midpoint goes to the tick nearer the reference; as the reference is a whole tick, the two
    candidates are never equally near.
    """
    if low == 0:
        return reference if high == n_ticks else high
    if high == n_ticks or rule == LOWER:
        return low
    if rule == UPPER:
        return high
    if rule == REFERENCE:
        return min(max(reference, low), high)
    middle = (low + high) // 2
    return middle + 1 if (low + high) % 2 == 1 and reference > middle else middle


@cold_kernel
def t7_price(book, lane, bids, asks, filled_bid, filled_ask, reference):
    """Return the price of the exchange ladder over the order limits, in ticks.

    Most volume; least surplus; market pressure (all surplus on the bid side: highest, on the ask
    side: lowest); otherwise the reference clamped between the survivors. Only market orders:
    the reference.
    """
    n_ticks = book.n_ticks[lane]
    ceiling = min(filled_bid, n_ticks - 1)
    floor = max(n_ticks - filled_ask, 1) - 1
    level = _next_limit(book, lane, bids, asks, floor, ceiling)
    if level == NO_PRICE:
        return reference
    demand = _lots_at_or_better(book, lane, bids, level)
    supply = _lots_at_or_better(book, lane, asks, n_ticks - level)
    least = _LARGEST
    lowest, highest, ask_surplus_seen = level, level, False
    while level != NO_PRICE:
        surplus = demand - supply  # never grows with the price
        if abs(surplus) < least:
            least = abs(surplus)
            lowest, highest = level, level
            ask_surplus_seen = surplus < 0
        elif abs(surplus) == least and surplus >= 0:
            highest = level
            lowest = level if surplus > 0 else lowest
        elif abs(surplus) == least and not ask_surplus_seen:
            highest = level
            ask_surplus_seen = True
        demand -= _level_lots(book, lane, bids, level)
        level = _next_limit(book, lane, bids, asks, level, ceiling)
        if level != NO_PRICE:
            supply += _level_lots(book, lane, asks, n_ticks - level)
    return min(max(reference, ticks_of(book.scale, lowest)), ticks_of(book.scale, highest))


@inline_kernel
def surplus_at(book, lane, bids, asks, price):
    """Return demand minus supply at a price in ticks, in lots.

    Parameters
        bids, asks: the ladders that meet.
    """
    level = last_within(book.scale, price)
    above = level if ticks_of(book.scale, level) == price else level + 1
    demand = _lots_at_or_better(book, lane, bids, above)
    return demand - _lots_at_or_better(book, lane, asks, book.n_ticks[lane] - level)


@inline_kernel
def _next_limit(book, lane, bids, asks, price, ceiling):
    """Return the lowest price above ``price`` up to ``ceiling`` that carries a limit order."""
    n_ticks = book.n_ticks[lane]
    bid = next_better(book, lane, bids, price)
    ask = next_occupied(book, lane, asks, n_ticks - price)
    found = n_ticks
    if bid != NO_RANK:
        found = min(found, bid)
    if ask != NO_RANK:
        found = min(found, n_ticks - ask)
    return found if found <= ceiling else NO_PRICE


@inline_kernel
def _level_lots(book, lane, ladder, rank):
    word = book.occupied[lane, ladder, rank >> 6]
    occupied = word & (np.uint64(1) << np.uint64(rank & 63))
    return book.lots[lane, ladder, rank] if occupied else np.int64(0)


@inline_kernel
def _lots_at_or_better(book, lane, ladder, rank):
    total = np.int64(0)
    level = np.int64(book.best[lane, ladder])
    while level != NO_RANK and level >= rank:
        total += book.lots[lane, ladder, level]
        level = next_occupied(book, lane, ladder, level)
    return total
