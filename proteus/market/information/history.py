"""What is public: the history of the published book, and the tape of trades and clears.

The quotes, and so mid, spread and depth, are those that a taker can trade against: all of the book,
or its makers where they are kept apart from takers. There the best orders of the takers, which a
maker can trade against, are published beside them.

The history is complete; ``Disclosure`` says what of it is shown. A trader's view at t is the state
at t minus its market data delay and that of the table. It is looked up in a bounded history, not
delivered; a lookup that falls off the end is a capacity error.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.book import best_price, ladders_in
from proteus.market.book.codes import BUY, NO_PRICE, NO_RANK, SELL

# Who is shown the prices of prints.
TO_PUBLIC = 0
TO_PARTIES = 1  # those who took part
TO_NOBODY = 2


@state
class Disclosure(NamedTuple):
    """What of the history is shown: the leakage table of the cell."""

    shows_best: np.ndarray  # bool [2] best prices of a side are shown, BUY and SELL
    shows_mid: bool  # both are
    price_to: int  # TO_*: who is shown the prices of prints
    last_with_book: bool  # the last price is public, and as old as the book
    book_delay_ns: int  # how much later than it is the book is shown
    price_delay_ns: int  # how much later a print is shown
    price_to_asked: bool  # dealers who were asked are told the price of the trade
    cover_to_winner: bool  # the dealer who trades is told the best price of the others
    shows_size: bool  # the lots at the best prices are shown, to those who read them


@state
class MarketData(NamedTuple):
    """Public history. L lanes, H states, D ladders, K prints, W = ceil(traders / 64) words. Rings.

    The first two ladders hold the quotes.
    """

    time: np.ndarray  # int64 [L, H] ns from which the state holds
    best: np.ndarray  # int32 [L, H, D] best bid and ask, ticks up to MAX_TICKS, or NO_PRICE
    lots: np.ndarray  # int64 [L, H, D] displayed lots there
    last: np.ndarray  # int32 [L, H] last public trade or clear, ticks, or NO_PRICE
    count: np.ndarray  # int64 [L] states so far
    print_time: np.ndarray  # int64 [L, K] ns
    print_price: np.ndarray  # int32 [L, K] ticks
    parties: np.ndarray  # uint64 [L, K, W] bit i: trader i took part
    prints: np.ndarray  # int64 [L] prints so far
    overflow: np.ndarray  # int64 [L] 1: a lookup fell off a ring
    disclosure: Disclosure  # what of it is shown


def allocate_market_data(
    lanes: int, states: int, prints: int, traders: int, auctions: int, disclosure: Disclosure
) -> MarketData:
    """Allocate the history; it starts with an empty book and no trade."""
    return allocate(
        MarketData, L=lanes, H=states, D=2 * auctions, K=prints, W=(traders + 63) // 64,
        best=NO_PRICE, last=NO_PRICE, count=1, disclosure=disclosure,
    )  # fmt: skip


@inline_kernel
def newest(data, lane):
    """Return the ring position of the newest public state."""
    return (data.count[lane] - 1) & (data.time.shape[1] - 1)


@inline_kernel
def is_stale(data, book, lane, last):
    """Tell whether the book or the last price differ from the newest public state."""
    at = newest(data, lane)
    for first in range(0, ladders_in(book.layout), 2):
        for side in (BUY, SELL):
            if data.best[lane, at, first + side] != best_price(book, lane, first, side):
                return True
            if data.lots[lane, at, first + side] != _best_lots(book, lane, first + side):
                return True
    return data.last[lane, at] != last


@inline_kernel
def publish_book(data, book, lane, time, last):
    """Write the book as the newest public state; a state of the same nanosecond is replaced."""
    at = _next_state(data, lane, time)
    for first in range(0, ladders_in(book.layout), 2):
        for side in (BUY, SELL):
            data.best[lane, at, first + side] = best_price(book, lane, first, side)
            data.lots[lane, at, first + side] = _best_lots(book, lane, first + side)
    data.last[lane, at] = last


@inline_kernel
def publish_price(data, lane, time, last):
    """Write the last price as the newest public state of a market without a public book."""
    at = _next_state(data, lane, time)
    data.best[lane, at, :] = NO_PRICE
    data.lots[lane, at, :] = 0
    data.last[lane, at] = last


@inline_kernel
def _next_state(data, lane, time):
    """Return the ring position of the state that holds from ``time`` on."""
    at = newest(data, lane)
    if data.time[lane, at] != time:
        data.count[lane] += 1
        at = newest(data, lane)
    data.time[lane, at] = time
    return at


@inline_kernel
def _best_lots(book, lane, ladder):
    rank = book.best[lane, ladder]
    return book.lots[lane, ladder, rank] if rank != NO_RANK else np.int64(0)


@inline_kernel
def state_at(data, lane, time):
    """Return the ring position of the public state at a time."""
    mask = data.time.shape[1] - 1
    number = data.count[lane] - 1
    oldest = max(data.count[lane] - data.time.shape[1], 0)
    while number > oldest and data.time[lane, number & mask] > time:
        number -= 1
    if data.time[lane, number & mask] > time:
        data.overflow[lane] = 1
    return number & mask


@inline_kernel
def opposite_best(data, lane, at, side, is_maker):
    """Return the best price in ticks on one side that a maker or a taker can trade against.

    Returns
        NO_PRICE where there is none, or none is shown.
    """
    if not data.disclosure.shows_best[side]:
        return np.int64(NO_PRICE)
    first = data.best.shape[2] - 2 if is_maker else 0
    return np.int64(data.best[lane, at, first + side])


@inline_kernel
def reference_doubled(data, lane, at, initial_ticks):
    """Return twice the public reference price in ticks: bid + ask, or twice the last price.

    It is what everyone could know by a state, however late that was shown: measures take it, and
    what is hidden or shown to parties only is no part of it.
    """
    last = np.int64(data.last[lane, at])
    is_known = last != NO_PRICE and data.disclosure.price_to == TO_PUBLIC
    return mid_doubled(data, lane, at, last if is_known else initial_ticks)


@inline_kernel
def mid_doubled(data, lane, at, fallback_ticks):
    """Return bid + ask of the quotes shown, or twice the fallback without two sides."""
    bid, ask = data.best[lane, at, BUY], data.best[lane, at, SELL]
    if bid != NO_PRICE and ask != NO_PRICE and data.disclosure.shows_mid:
        return np.int64(bid) + ask
    return 2 * fallback_ticks


@inline_kernel
def start_print(data, lane, time, price):
    """Append a print without parties."""
    at = data.prints[lane] & (data.print_time.shape[1] - 1)
    data.prints[lane] += 1
    data.print_time[lane, at] = time
    data.print_price[lane, at] = price
    for word in range(data.parties.shape[2]):
        data.parties[lane, at, word] = 0


@inline_kernel
def add_party(data, lane, trader):
    """Add a trader to the newest print."""
    at = (data.prints[lane] - 1) & (data.print_time.shape[1] - 1)
    data.parties[lane, at, trader >> 6] |= np.uint64(1) << np.uint64(trader & 63)


@inline_kernel
def took_part(data, lane, at, trader):
    """Tell whether a print is the trader's own."""
    return (data.parties[lane, at, trader >> 6] >> np.uint64(trader & 63)) & np.uint64(1) != 0
