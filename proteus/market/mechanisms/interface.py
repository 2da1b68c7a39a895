"""What every mechanism works on, and the functions every mechanism implements.

A mechanism is one file: a NamedTuple of its parameters and scratch arrays, and an implementation
of each function declared here with ``interface``. The engine and the message door call these
functions and know nothing else about a mechanism.

In every function ``mechanism`` is the mechanism's own state and ``market`` the venue's, both
written; ``lane`` is their row, ``slot`` the slot of an order, ``rank`` its limit counted from the
worst price of its side (``book.rank_of``), ``lots`` and ``price`` whole lots and ticks, ``now`` a
time in ns, ``reason`` a code of ``codes``. What a mechanism does it says in ``market.outbox``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, interface, state
from proteus.market.book.book import (
    Book,
    Orders,
    allocate_book,
    allocate_orders,
    dequeue,
    keeps_priority,
    reduce_resting,
    rests,
)
from proteus.market.book.codes import EVENT_ACK, EVENT_CANCEL, EVENT_FILL, EVENT_REJECT, NO_RANK
from proteus.market.book.outbox import Outbox, allocate_outbox, emit

NEVER = np.iinfo(np.int64).max


@state
class Market(NamedTuple):
    """The venue's state for L lanes. D / 2 auctions: 2 where makers and takers are kept apart."""

    orders: Orders
    book: Book
    outbox: Outbox
    address: np.ndarray  # int64 [L, C] address of each order's random key; an order id in replay
    keys: np.ndarray  # uint32 [L, 2] replicate keys
    clears: np.ndarray  # int64 [L] clears so far
    low: np.ndarray  # int64 [L, D/2] ends of the Walrasian interval of the last clear, ticks
    high: np.ndarray  # int64 [L, D/2]
    volume: np.ndarray  # int64 [L, D/2] lots executed in the last clear
    surplus: np.ndarray  # int64 [L, D/2] demand minus supply at the last clearing price, lots


@interface
def enter(mechanism, market, lane, slot, now):
    """Take a new order that stands filled in at ``slot``: acknowledge or reject, match or rest.

    It may also wait: say EVENT_WAIT, and take it when a timer ends (``next_timer``).
    """


@interface
def amend(mechanism, market, lane, slot, rank, lots, now):
    """Give the open order at ``slot`` a new rank and new open lots, or reject."""


@interface
def withdraw(mechanism, market, lane, slot):
    """Cancel the open order at ``slot``."""


@interface
def clear(mechanism, market, lane):
    """Clear the batch; by default there are no batches, and no clear ever comes."""


@interface
def is_continuous(mechanism):
    """Tell whether every change of the book is public at once; if not, only clears are."""


@interface
def next_clear(mechanism, market, lane, now):
    """Return the time in ns of the first clear after ``now``, or NEVER."""


@interface
def skip_clears(mechanism, market, lane, now):
    """Count the clears up to ``now`` as done, when nothing can trade in them."""


@interface
def next_timer(mechanism, market, lane):
    """Return when ``end_timer`` is to be called next, ns, or NEVER: by default there is no timer.

    It is asked after whatever the mechanism has done, and later than that; a timer ends before the
    messages of its nanosecond. Only a continuous mechanism may have one.
    """


@interface
def end_timer(mechanism, market, lane, now):
    """Do what the timer that ends ``now`` was set for; the next one ends later."""


@clear.otherwise
@inline_kernel
def _clear(mechanism, market, lane):
    pass


@next_clear.otherwise
@inline_kernel
def _next_clear(mechanism, market, lane, now):
    return NEVER


@skip_clears.otherwise
@inline_kernel
def _skip_clears(mechanism, market, lane, now):
    pass


@next_timer.otherwise
@inline_kernel
def _next_timer(mechanism, market, lane):
    return NEVER


@end_timer.otherwise
@inline_kernel
def _end_timer(mechanism, market, lane, now):
    pass


def allocate_market(
    lanes: int, slots: int, n_ticks: int, reference_ticks: int, entries: int, keys: np.ndarray,
    auctions: int = 1, prices: np.ndarray | None = None,
) -> Market:  # fmt: skip
    """Allocate an empty market.

    Parameters
        lanes, slots: number of lanes and of order slots per lane.
        n_ticks, reference_ticks: prices are 1 .. n_ticks-1; the price before the first trade.
        entries: outbox entries per lane.
        keys: uint32 [lanes, 2], replicate keys.
        auctions: 1, or 2 where makers and takers are kept apart.
        prices: int64 [P], ticks in ascending order, the only ones that orders will have; None: all.
    """
    return allocate(
        Market, L=lanes, C=slots, D=2 * auctions,
        orders=allocate_orders(lanes, slots),
        book=allocate_book(lanes, n_ticks, reference_ticks, auctions, prices),
        outbox=allocate_outbox(lanes, entries),
        keys=keys,
    )  # fmt: skip


@inline_kernel
def reject(market, lane, slot, reason):
    """Refuse a message about the order at ``slot``."""
    emit(market.outbox, lane, EVENT_REJECT, slot, slot, 0, market.orders.lots[lane, slot], reason)


@inline_kernel
def refuse_order(market, lane, slot, reason):
    """Refuse a new order; it is dead."""
    reject(market, lane, slot, reason)
    market.orders.submitted[lane, slot] = 0
    market.orders.lots[lane, slot] = 0


@inline_kernel
def crosses(market, lane, slot, rank):
    """Tell whether the order at ``slot`` would trade at once with a limit of this rank."""
    opposite = market.book.best[lane, 1 - market.orders.side[lane, slot]]
    return opposite != NO_RANK and opposite + rank >= market.book.n_ticks[lane]


@inline_kernel
def cancel_open(market, lane, slot, reason):
    """Cancel all open lots of an order, resting or not."""
    orders = market.orders
    emit(market.outbox, lane, EVENT_CANCEL, slot, slot, 0, orders.lots[lane, slot], reason)
    if rests(orders, lane, slot):
        dequeue(market.book, orders, lane, slot)
    orders.lots[lane, slot] = 0


@inline_kernel
def leaves_queue(market, lane, slot, rank, lots):
    """Acknowledge an amend and give the order its new rank and open lots.

    Returns
        False if it keeps its place: the price is the same and the lots are no more.
    """
    orders, book = market.orders, market.book
    open_lots = orders.lots[lane, slot]
    emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, open_lots, 0)
    orders.submitted[lane, slot] += lots
    keeps = keeps_priority(orders, lane, slot, rank, lots)
    if keeps:
        book.lots[lane, orders.ladder[lane, slot], rank] -= open_lots - lots
    else:
        dequeue(book, orders, lane, slot)
        orders.rank[lane, slot] = rank
    orders.lots[lane, slot] = lots
    return not keeps


@inline_kernel
def take_lots(market, lane, slot, lots):
    """Take lots from an order, resting or not."""
    if rests(market.orders, lane, slot):
        reduce_resting(market.book, market.orders, lane, slot, lots)
    else:
        market.orders.lots[lane, slot] -= lots


@inline_kernel
def trade(market, lane, earlier, later, price, lots):
    """Execute lots between two orders; the ledger books it from the outbox."""
    emit(market.outbox, lane, EVENT_FILL, earlier, later, price, lots, 0)
    take_lots(market, lane, earlier, lots)
    take_lots(market, lane, later, lots)
