"""The limit order book that every mechanism shares: an order pool and price levels.

Rank
    A level is addressed by its *rank*: the price in ticks for a bid, n_ticks - price for an ask.
    A higher rank is a better price on either side, so one piece of code serves both, and the
    mirror law (swap sides, reflect prices) holds by construction. Two orders cross when
    bid rank + ask rank >= n_ticks. A market order has rank n_ticks: no limit.

Levels
    Each level is a doubly linked queue in arrival order, with its lots. A bitmap of occupied
    levels finds the next best one in a word or two, however sparse the book is.

Ladders
    A book has one ladder of levels per side, BUY and SELL. Where makers and takers are kept apart
    it has two more, and those of the takers come after those of the makers: BUY, SELL, 2 + BUY,
    2 + SELL. Orders on ladder d can trade with those on ladder D - 1 - d and with no others. So the
    ladders BUY and SELL are in both cases the quotes: what a taker can trade against. How many
    there are is a type, so that a book with two pays nothing for those that have four.

Scale
    The levels of a simulated book are all ticks. Where there are too many of them, and it is known
    beforehand which prices will come, as at the message door, the levels are those prices alone,
    numbered from 1 in order; then ``n_ticks`` is one more than there are, and a rank is counted in
    numbers. Comparisons are the same; what is a price, and what does arithmetic with prices, asks
    the scale. It is a type too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.bits import highest_bit
from proteus.compiler.jit import inline_kernel, interface, state, written_first
from proteus.market.book.codes import BUY, GTC, NO_ORDER, NO_PRICE, NO_RANK

_WORD = 64


@written_first(
    "trader", "owner", "side", "ladder", "rank", "submitted", "filled", "cancelled", "lifetime",
    "post_only", "arrival", "batch", "next", "previous",
)  # fmt: skip
@state
class Orders(NamedTuple):
    """A pool of orders. L lanes, C slots; a slot is an order's address while it is alive.

    What is narrow fits: slots and traders are counted by arrays in memory, far below 2^31, and
    ranks end at MAX_TICKS. Lots and what counts events stay wide.
    """

    client_id: np.ndarray  # int64 [L, C] identity of the order version in the slot; 0: free
    trader: np.ndarray  # int32 [L, C]
    owner: np.ndarray  # int32 [L, C] whose orders must not trade with it; NO_OWNER: nobody's
    side: np.ndarray  # int8 [L, C] BUY or SELL
    ladder: np.ndarray  # int8 [L, C] ladder of the book that the order belongs to, 0 .. 3
    rank: np.ndarray  # int32 [L, C] limit as a rank; n_ticks: no limit
    lots: np.ndarray  # int64 [L, C] open
    submitted: np.ndarray  # int64 [L, C] ever entered; = lots + filled + cancelled
    filled: np.ndarray  # int64 [L, C] booked by the ledger
    cancelled: np.ndarray  # int64 [L, C] booked as answers are
    lifetime: np.ndarray  # int8 [L, C] GTC, IOC or FOK
    post_only: np.ndarray  # int8 [L, C] 1: never takes
    arrival: np.ndarray  # int64 [L, C] arrival number at the venue: time priority
    batch: np.ndarray  # int64 [L, C] batch the order joined
    next: np.ndarray  # int32 [L, C] next in the queue of its level
    previous: np.ndarray  # int32 [L, C] previous in the queue; itself when it does not rest
    free: np.ndarray  # int32 [L, C] stack of free slots
    n_free: np.ndarray  # int64 [L]


@state
class SharedLadders(NamedTuple):
    """Makers and takers share the ladders."""


@state
class LaddersByRole(NamedTuple):
    """Makers and takers have ladders of their own."""


@interface
def ladders_in(layout):
    """Return the number of ladders of a book; the compiler takes it for a constant."""


@ladders_in.implement(SharedLadders)
@inline_kernel
def _two_ladders(layout):
    return 2


@ladders_in.implement(LaddersByRole)
@inline_kernel
def _four_ladders(layout):
    return 4


@state
class EveryTick(NamedTuple):
    """Every tick is a level."""


@state
class ListedPrices(NamedTuple):
    """The levels are P prices that were listed beforehand."""

    ticks: np.ndarray  # int64 [P + 2] 0, the prices in ascending order, the number of ticks


@interface
def ticks_of(scale, number):
    """Return the price in ticks of a level; of 0 and of one beyond the last, 0 and n_ticks."""


@interface
def last_within(scale, ticks):
    """Return the number of the highest level of at most so many ticks; below all 0."""


@ticks_of.implement(EveryTick)
@inline_kernel
def _its_number(scale, number):
    return number


@ticks_of.implement(ListedPrices)
@inline_kernel
def _listed(scale, number):
    return scale.ticks[number]


@last_within.implement(EveryTick)
@inline_kernel
def _its_ticks(scale, ticks):
    return ticks


@last_within.implement(ListedPrices)
@inline_kernel
def _search(scale, ticks):
    least, most = np.int64(0), np.int64(scale.ticks.shape[0] - 1)
    while least < most:
        middle = (least + most + 1) >> 1
        if scale.ticks[middle] <= ticks:
            least = middle
        else:
            most = middle - 1
    return least


@written_first("head", "tail")
@state
class Book(NamedTuple):
    """Price levels. L lanes, D ladders, R = n_ticks + 1 ranks, W words of the bitmap."""

    head: np.ndarray  # int32 [L, D, R] first order of the level, a slot; valid where occupied
    tail: np.ndarray  # int32 [L, D, R] last order of the level
    lots: np.ndarray  # int64 [L, D, R] open lots of the level; 2148 orders of MAX_LOTS pass 2^31
    occupied: np.ndarray  # uint64 [L, D, W] bit r: level r has orders
    best: np.ndarray  # int64 [L, D] best occupied rank, or NO_RANK
    arrivals: np.ndarray  # int64 [L] arrivals so far
    last_price: np.ndarray  # int64 [L, D/2] ticks, last clear of each auction; first: the reference
    n_ticks: np.ndarray  # int64 [L] levels of a side and one
    layout: SharedLadders | LaddersByRole
    scale: EveryTick | ListedPrices


def allocate_orders(lanes: int, slots: int) -> Orders:
    """Allocate a pool of free slots, handed out from slot 0 upwards."""
    stack = np.arange(slots - 1, -1, -1, dtype=np.int64)
    return allocate(Orders, L=lanes, C=slots, free=stack, n_free=slots)


def allocate_book(
    lanes: int, n_ticks: int, reference_ticks: int,
    auctions: int = 1, prices: np.ndarray | None = None,
) -> Book:  # fmt: skip
    """Allocate an empty book of prices 1 .. n_ticks-1 whose last price is the reference.

    Parameters
        auctions: 1, or 2 where makers and takers are kept apart; each has two ladders.
        prices: int64 [P], ticks in ascending order, the only ones that orders will have; None: all.
    """
    levels = n_ticks if prices is None else len(prices) + 1
    ranks = levels + 1
    return allocate(
        Book, L=lanes, D=2 * auctions, R=ranks, W=ranks // _WORD + 1,
        best=NO_RANK, last_price=reference_ticks, n_ticks=levels,
        layout=SharedLadders() if auctions == 1 else LaddersByRole(),
        scale=EveryTick() if prices is None else _list_prices(prices, n_ticks),
    )  # fmt: skip


def _list_prices(prices: np.ndarray, n_ticks: int) -> ListedPrices:
    return allocate(ListedPrices, P=len(prices), ticks=np.array([0, *prices, n_ticks]))


@inline_kernel
def rank_of(price, side, n_ticks):
    """Return the rank of a price in ticks; its own inverse."""
    return price if side == BUY else n_ticks - price


@inline_kernel
def price_of(book, lane, side, rank):
    """Return the price in ticks of a rank."""
    return ticks_of(book.scale, rank_of(rank, side, book.n_ticks[lane]))


@inline_kernel
def ladder_of(book, side, is_taker):
    """Return the ladder of a side for a maker or a taker; one for both if they are not apart."""
    return side + is_taker * (ladders_in(book.layout) - 2)


@inline_kernel
def opposite_ladder(book, ladder):
    """Return the ladder whose orders those on ``ladder`` can trade with."""
    return ladders_in(book.layout) - 1 - ladder


@inline_kernel
def auction_of(book, ladder):
    """Return the number of the auction that a ladder trades in: its bids stand on twice that."""
    bids = ladder if ladder & 1 == BUY else opposite_ladder(book, ladder)
    return bids >> 1


@inline_kernel
def keeps_roles_apart(book):
    """Tell whether makers and takers have ladders of their own."""
    return ladders_in(book.layout) > 2


@inline_kernel
def best_price(book, lane, first, side):
    """Return the best price in ticks of a side on the ladders from ``first`` on, or NO_PRICE."""
    rank = book.best[lane, first + side]
    return NO_PRICE if rank == NO_RANK else price_of(book, lane, side, rank)


@inline_kernel
def next_occupied(book, lane, ladder, rank):
    """Return the best occupied rank below ``rank``, or NO_RANK."""
    below = rank - 1
    if below < 0:
        return NO_RANK
    word = below >> 6
    mask = ~np.uint64(0) >> np.uint64(63 - (below & 63))
    bits = book.occupied[lane, ladder, word] & mask
    while bits == 0:
        word -= 1
        if word < 0:
            return NO_RANK
        bits = book.occupied[lane, ladder, word]
    return (word << 6) + highest_bit(bits)


@inline_kernel
def next_better(book, lane, ladder, rank):
    """Return the worst occupied rank above ``rank``, or NO_RANK."""
    above = rank + 1
    word = above >> 6
    words = book.occupied.shape[2]
    if word >= words:
        return NO_RANK
    bits = book.occupied[lane, ladder, word] & (~np.uint64(0) << np.uint64(above & 63))
    while bits == 0:
        word += 1
        if word == words:
            return NO_RANK
        bits = book.occupied[lane, ladder, word]
    lowest = bits & (~bits + np.uint64(1))
    return (word << 6) + highest_bit(lowest)


@inline_kernel
def take_slot(orders, lane):
    """Take a free slot, or return NO_ORDER when the pool is exhausted."""
    n_free = orders.n_free[lane]
    if n_free == 0:
        return NO_ORDER
    orders.n_free[lane] = n_free - 1
    return np.int64(orders.free[lane, n_free - 1])


@inline_kernel
def release_slot(orders, lane, slot):
    """Give a slot back; its client id no longer names an order."""
    orders.client_id[lane, slot] = 0
    orders.free[lane, orders.n_free[lane]] = slot
    orders.n_free[lane] += 1


@inline_kernel
def fill_in(orders, lane, slot, client_id, trader, owner, side, rank, lots, lifetime, post_only):
    """Write a new order into a slot that ``take_slot`` gave. It does not rest yet.

    Its ladder is that of its side; where takers have their own, ``ladder_of`` says which.
    """
    orders.client_id[lane, slot] = client_id
    orders.trader[lane, slot] = trader
    orders.owner[lane, slot] = owner
    orders.side[lane, slot] = side
    orders.ladder[lane, slot] = side
    orders.rank[lane, slot] = rank
    orders.lots[lane, slot] = lots
    orders.submitted[lane, slot] = lots
    orders.filled[lane, slot] = 0
    orders.cancelled[lane, slot] = 0
    orders.lifetime[lane, slot] = lifetime
    orders.post_only[lane, slot] = post_only
    orders.previous[lane, slot] = slot


@inline_kernel
def rests(orders, lane, slot):
    """Tell whether the order stands in the queue of a level."""
    return orders.previous[lane, slot] != slot


@inline_kernel
def enqueue(book, orders, lane, slot, batch):
    """Put an order at the end of the queue of its level, with a new arrival number."""
    ladder = orders.ladder[lane, slot]
    rank = orders.rank[lane, slot]
    orders.arrival[lane, slot] = book.arrivals[lane]
    orders.batch[lane, slot] = batch
    book.arrivals[lane] += 1
    orders.next[lane, slot] = NO_ORDER
    bit = np.uint64(1) << np.uint64(rank & 63)
    word = rank >> 6
    if book.occupied[lane, ladder, word] & bit:
        last = book.tail[lane, ladder, rank]
        orders.next[lane, last] = slot
        orders.previous[lane, slot] = last
        book.lots[lane, ladder, rank] += orders.lots[lane, slot]
    else:
        book.occupied[lane, ladder, word] |= bit
        book.head[lane, ladder, rank] = slot
        orders.previous[lane, slot] = NO_ORDER
        book.lots[lane, ladder, rank] = orders.lots[lane, slot]
        book.best[lane, ladder] = max(book.best[lane, ladder], rank)
    book.tail[lane, ladder, rank] = slot


@inline_kernel
def dequeue(book, orders, lane, slot):
    """Take an order out of the queue of its level; its lots stay as they are."""
    ladder = orders.ladder[lane, slot]
    rank = orders.rank[lane, slot]
    before = orders.previous[lane, slot]
    after = orders.next[lane, slot]
    orders.previous[lane, slot] = slot
    book.lots[lane, ladder, rank] -= orders.lots[lane, slot]
    if after != NO_ORDER:
        orders.previous[lane, after] = before
    else:
        book.tail[lane, ladder, rank] = before
    if before != NO_ORDER:
        orders.next[lane, before] = after
    else:
        book.head[lane, ladder, rank] = after
        if after == NO_ORDER:
            _vacate(book, lane, ladder, rank)


@inline_kernel
def _vacate(book, lane, ladder, rank):
    book.occupied[lane, ladder, rank >> 6] &= ~(np.uint64(1) << np.uint64(rank & 63))
    if book.best[lane, ladder] == rank:
        book.best[lane, ladder] = next_occupied(book, lane, ladder, rank)


@inline_kernel
def reduce_resting(book, orders, lane, slot, lots):
    """Take lots from a resting order; at zero it leaves its queue."""
    book.lots[lane, orders.ladder[lane, slot], orders.rank[lane, slot]] -= lots
    orders.lots[lane, slot] -= lots
    if orders.lots[lane, slot] == 0:
        dequeue(book, orders, lane, slot)


@inline_kernel
def keeps_priority(orders, lane, slot, rank, lots):
    """Tell whether an amendment keeps the place in the queue: same price, no more lots."""
    return rank == orders.rank[lane, slot] and lots <= orders.lots[lane, slot]


@inline_kernel
def is_immediate(orders, lane, slot):
    """Tell whether what does not trade at once is cancelled."""
    return orders.lifetime[lane, slot] != GTC
