"""The codes of events, and the kernels that follow orders through them and send them to the door.

They stand in one file because the machine code of a kernel outside of ``market`` is named after the
source of its own file alone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.codes import BUY, SELL

ADD = 0  # an order rests
REDUCE = 1  # some of its lots are cancelled: it keeps its place
DELETE = 2  # all that is left of it is cancelled
EXECUTE = 3  # some of its lots trade with an order that came
REPLACE = 4  # it is cancelled, and other_id takes its place at the end of a queue
MODIFY = 5  # it has another price or another number of open lots, under the same id
TRADE = 6  # outside of the visible book: hidden orders, prints
CROSS = 7  # an auction of the venue
BREAK = 8  # an earlier trade is taken back; the book is not
CLEAR = 9  # the book is empty from here on
STATUS = 10  # trading halts or goes on; or a record that says nothing new
FILL = 11  # an execution whose lots a later record takes from the order again
KIND_NAMES = (
    "add", "reduce", "delete", "execute", "replace", "modify", "trade", "cross", "break", "clear",
    "status", "fill",
)  # fmt: skip

NO_TIME = np.iinfo(np.int64).min
NO_PRICE = np.iinfo(np.int64).min
NO_LOTS = -1
NO_ID = np.iinfo(np.int64).min
NO_SIDE = -1
LEAST_ID = -(2**61)  # lower ids are for orders that no file names

_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # an odd 2**64 / golden ratio
_NEAR = 10  # bits of ids that stay together

KNOWN = 0
UNKNOWN_ORDER = 1  # its beginning is not in the file
TWICE = 2  # an order comes under the id of one that is open
TOO_MANY = 3  # more lots go than are left
NOT_ALL = 4  # a deletion says fewer lots than are left

LIMIT, CANCEL, AMEND = 0, 1, 2  # what is sent to the door
NOTHING = -1
CAME = 2 * LEAST_ID  # ids of orders that came to trade: this and the record
LEVELS = 2**32  # ids from LEAST_ID on that stand for all orders of a level
MOST_TICKS = 2**31 - 2

ALLOWED = 0
NO_SIDE_SAID = 1  # an order does not say its side
NO_LOTS_SAID = 2  # an order has no lots
LOW_ID = 3
OFF_TICK = 4
LOW_PRICE = 5
HIGH_PRICE = 6


@state
class Events(NamedTuple):
    """Records of one instrument in the order of the file. N rows."""

    record: np.ndarray  # int64 [N] number of the record in its file, from 0
    time_ns: np.ndarray  # int64 [N] at the venue
    recv_ns: np.ndarray  # int64 [N] when it was captured, or NO_TIME
    kind: np.ndarray  # int8 [N] ADD .. STATUS
    order_id: np.ndarray  # int64 [N] of the resting order, or NO_ID
    other_id: np.ndarray  # int64 [N] REPLACE: the id after it; else what is meant where order_id
    # is not known, or NO_ID
    side: np.ndarray  # int8 [N] of the resting order, or NO_SIDE where the record does not say
    price: np.ndarray  # int64 [N] nano-currency, or NO_PRICE: that of the order
    lots: np.ndarray  # int64 [N] or NO_LOTS: all that are left
    is_printed: np.ndarray  # bool [N] counts as volume of the continuous market


@state
class Open(NamedTuple):
    """Orders by number. K numbers, of which the first is for what has no id."""

    id: np.ndarray  # int64 [K] that has the number
    lots: np.ndarray  # int64 [K] left; 0: not open
    price: np.ndarray  # int64 [K] nano-currency
    side: np.ndarray  # int8 [K]
    told: np.ndarray  # int64 [K] lots of fills that no later record has taken again
    chain: np.ndarray  # int64 [K] id under which it came first, of those that amend each other


@state
class Index(NamedTuple):
    """Where the number of an id is. T places, a power of 2, at least twice the numbers."""

    number: np.ndarray  # int32 [T] found by multiplicative hashing and steps of one; 0: free
    used: np.ndarray  # int64 [1] numbers in use


@state
class Found(NamedTuple):
    """What an event meant. N rows."""

    kind: np.ndarray  # int8 [N] ADD .. STATUS: a deletion of a part is REDUCE
    id: np.ndarray  # int64 [N] id of the chain of the order, or NO_ID
    side: np.ndarray  # int8 [N] of the order, or NO_SIDE
    limit: np.ndarray  # int64 [N] price of the order before the event, nano-currency, or NO_PRICE
    lots: np.ndarray  # int64 [N] lots that went, or came
    left: np.ndarray  # int64 [N] lots left after it
    fault: np.ndarray  # int8 [N] KNOWN .. NOT_ALL
    is_back: np.ndarray  # bool [N] a replacement that is no larger, at the same price: a new order


@kernel
def keep_open(orders, kept, index):
    """Number the orders that are open, or have fills that no record took again, anew and in order.

    Parameters
        orders: Open, K numbers, all in use. kept: Open, written, with room for them.
        index: Index, empty; written.
    """
    for old in range(1, orders.id.shape[0]):
        if orders.lots[old] > 0 or orders.told[old] > 0:
            number = _number_of(orders.id[old], kept, index)
            kept.lots[number], kept.price[number] = orders.lots[old], orders.price[old]
            kept.side[number], kept.told[number] = orders.side[old], orders.told[old]
            kept.chain[number] = orders.chain[old]


@inline_kernel
def _number_of(identity, orders, index):
    """Return the number of an id; one that has none gets the next.

    Ids that are near each other lie near each other, as orders of one time mostly do.

    Source
        Knuth (1998), The Art of Computer Programming 3, 6.4: multiplicative hashing, algorithm L.
    """
    if identity == NO_ID:
        return np.int64(0)
    last = index.number.shape[0] - 1
    mixed = (np.uint64(identity >> _NEAR) * _SPREAD) >> np.uint64(32)
    at = (identity ^ np.int64(mixed)) & last
    while index.number[at] != 0:
        if orders.id[index.number[at]] == identity:
            return np.int64(index.number[at])
        at = (at + 1) & last
    number = index.used[0]
    index.number[at] = number
    index.used[0] = number + 1
    orders.id[number], orders.lots[number], orders.told[number] = identity, 0, 0
    return number


@kernel
def follow_rows(piece, orders, index, found):
    """Follow the orders of a piece.

    Parameters
        piece: Events. orders, index: read and written; there is room for a number for each id.
        found: Found, written.
    """
    for row in range(piece.kind.shape[0]):
        kind, lots = piece.kind[row], piece.lots[row]
        found.kind[row], found.id[row], found.side[row] = kind, NO_ID, piece.side[row]
        found.limit[row], found.lots[row], found.fault[row] = NO_PRICE, lots, KNOWN
        if kind > MODIFY and kind != FILL:
            continue
        at = _number_of(piece.order_id[row], orders, index)
        if kind == ADD:
            if orders.lots[at] > 0:
                found.fault[row] = TWICE
            orders.lots[at], orders.price[at], orders.told[at] = lots, piece.price[row], 0
            orders.side[at], orders.chain[at] = piece.side[row], piece.order_id[row]
            found.id[row], found.limit[row] = piece.order_id[row], piece.price[row]
            found.left[row] = lots
            continue
        other = _number_of(piece.other_id[row], orders, index)
        if orders.lots[at] == 0 and kind != REPLACE and other != 0:
            at = other  # which stands for several orders: a deletion takes one of them
            found.kind[row] = REDUCE if kind == DELETE else kind
        _change(piece, row, at, other, orders, found)


@inline_kernel
def _change(piece, row, at, other, orders, found):
    """Follow a change of an order that should be open."""
    kind, lots, left = found.kind[row], piece.lots[row], orders.lots[at]
    if kind == FILL:
        orders.told[at] += lots
        kind = found.kind[row] = EXECUTE
    elif orders.told[at] > 0 and (kind == REDUCE or kind == DELETE):
        again = min(orders.told[at], lots) if lots != NO_LOTS else 0
        orders.told[at] -= again
        lots = lots - again if lots != NO_LOTS else lots
        found.lots[row], found.left[row] = lots, left
        if lots == 0 or left == 0:
            found.kind[row] = STATUS
            return
    if left == 0:
        found.fault[row] = UNKNOWN_ORDER
        if kind == MODIFY or kind == REPLACE:
            _begin(piece, row, at if kind == MODIFY else other, orders, found)
        return
    found.id[row], found.side[row] = orders.chain[at], orders.side[at]
    found.limit[row] = orders.price[at]
    if kind == MODIFY:
        orders.told[at] = 0
        is_same = piece.price[row] == NO_PRICE or piece.price[row] == orders.price[at]
        if lots == left and is_same:
            found.kind[row] = STATUS
        orders.lots[at] = lots
        orders.price[at] = orders.price[at] if piece.price[row] == NO_PRICE else piece.price[row]
    elif kind == REPLACE:
        price = orders.price[at] if piece.price[row] == NO_PRICE else piece.price[row]
        found.is_back[row] = price == orders.price[at] and lots <= left
        side = orders.side[at]
        chain = piece.other_id[row] if found.is_back[row] else orders.chain[at]
        orders.lots[at] = 0
        orders.lots[other], orders.price[other] = lots, price
        orders.side[other], orders.chain[other] = side, chain
    else:
        gone = left if lots == NO_LOTS else lots
        if gone > left:
            found.fault[row] = TOO_MANY
        elif kind == DELETE and gone < left:
            found.fault[row] = NOT_ALL
        orders.lots[at] = 0 if kind == DELETE else max(left - gone, 0)
        found.lots[row] = min(gone, left)
    found.left[row] = orders.lots[other if kind == REPLACE else at]


@inline_kernel
def _begin(piece, row, at, orders, found):
    """Begin an order of which only what it became is known; it must say its side."""
    if piece.side[row] == NO_SIDE or piece.price[row] == NO_PRICE:
        return
    identity = piece.other_id[row] if piece.kind[row] == REPLACE else piece.order_id[row]
    orders.lots[at], orders.price[at] = piece.lots[row], piece.price[row]
    orders.side[at], orders.chain[at] = piece.side[row], identity
    found.left[row] = piece.lots[row]


@state
class Orders(NamedTuple):
    """Rows of the door in the order of the file. N rows."""

    time_ns: np.ndarray  # int64 [N]
    kind: np.ndarray  # int8 [N] LIMIT, CANCEL, AMEND
    order_id: np.ndarray  # int64 [N]
    side: np.ndarray  # int8 [N]
    price: np.ndarray  # int64 [N] ticks; NOTHING in a cancel
    lots: np.ndarray  # int64 [N] NOTHING: all
    is_taker: np.ndarray  # bool [N] it came to trade


@state
class Trades(NamedTuple):
    """What traded at the venue itself, also outside of its visible book. N rows."""

    time_ns: np.ndarray  # int64 [N]
    came: np.ndarray  # int64 [N] id of the order that came, or NO_ID: not of the visible book
    rested: np.ndarray  # int64 [N] id of the order that rested, or NO_ID
    side: np.ndarray  # int8 [N] of the order that rested
    price: np.ndarray  # int64 [N] nano-currency
    lots: np.ndarray  # int64 [N]


@inline_kernel
def _goes_on(piece, found, before, row):
    """Tell whether an execution is of the order that came in an earlier one, if there is one."""
    is_then = before != NOTHING and piece.time_ns[before] == piece.time_ns[row]
    return is_then and found.side[before] == found.side[row]


@kernel
def trade_rows(piece, found, trades):
    """Write the printed trades of a piece; auctions of the venue are none. Returns how many.

    Parameters
        piece: Events. found: Found, what they meant. trades: Trades, written.
    """
    count, before, came = 0, NOTHING, NO_ID
    for row in range(piece.kind.shape[0]):
        is_execution = found.kind[row] == EXECUTE
        if is_execution and piece.is_printed[row]:
            came = came if _goes_on(piece, found, before, row) else CAME + piece.record[row]
            before = row
        elif found.kind[row] < TRADE:
            before = NOTHING
        if piece.is_printed[row] and (is_execution or piece.kind[row] == TRADE):
            price = piece.price[row] if piece.price[row] >= 0 else found.limit[row]
            if price > 0:
                trades.time_ns[count], trades.side[count] = piece.time_ns[row], found.side[row]
                trades.came[count] = came if is_execution else NO_ID
                trades.rested[count], trades.price[count] = found.id[row], price
                trades.lots[count] = piece.lots[row]
                count += 1
    return count


@kernel
def send_rows(piece, found, tick_nano, orders):
    """Write what each record sends to the door, until one may not.

    Parameters
        piece: Events. found: Found, what they meant. tick_nano: nano-currency per tick.
        orders: Orders, written; a replacement may be two rows.

    Returns
        How many rows were written, and of the record that may not send its row and why; of none
        the row behind the last and ALLOWED.
    """
    count, before, comes, why = 0, NOTHING, 0, ALLOWED
    for row in range(piece.kind.shape[0]):
        kind = found.kind[row]
        if kind == EXECUTE and piece.is_printed[row]:
            if not _goes_on(piece, found, before, row):
                comes, count = count, count + 1
                _come(piece, found, row, orders, comes)
            why = _trade(piece, found, row, tick_nano, orders, comes)
            before = row
        elif kind < TRADE:
            before = NOTHING  # what else changes the book ends the order that came
            is_known = found.fault[row] != UNKNOWN_ORDER
            is_back = kind == REPLACE and found.is_back[row]
            if is_back or (is_known and (kind == REDUCE or kind == DELETE or kind == EXECUTE)):
                _cancel(piece, found, row, orders, count)
                count += 1
            if kind == ADD or kind == REPLACE or kind == MODIFY:
                is_new = kind == ADD or is_back or not is_known
                why = _rest(piece, found, row, tick_nano, is_new, orders, count)
                count += 1
        if why != ALLOWED:
            return count, row, why
    return count, piece.kind.shape[0], ALLOWED


@inline_kernel
def _why_price(price, tick_nano):
    """Return why a price is none of the door, or ALLOWED."""
    if price % tick_nano != 0:
        return OFF_TICK
    if price < tick_nano:
        return LOW_PRICE
    return HIGH_PRICE if price // tick_nano > MOST_TICKS else ALLOWED


@inline_kernel
def _come(piece, found, row, orders, at):
    """Begin an order that came, by its first execution."""
    side = BUY if found.side[row] == SELL else SELL
    orders.time_ns[at], orders.kind[at], orders.side[at] = piece.time_ns[row], LIMIT, side
    orders.order_id[at], orders.is_taker[at] = CAME + piece.record[row], True
    orders.price[at], orders.lots[at] = 0 if side == BUY else MOST_TICKS, 0


@inline_kernel
def _trade(piece, found, row, tick_nano, orders, at):
    """Add an execution to the order that came: its price is the worst. Returns why not."""
    price = found.limit[row] if found.limit[row] >= 0 else piece.price[row]
    ticks, best = price // tick_nano, orders.price[at]
    orders.price[at] = max(best, ticks) if orders.side[at] == BUY else min(best, ticks)
    orders.lots[at] += piece.lots[row]
    return _why_price(price, tick_nano)


@inline_kernel
def _cancel(piece, found, row, orders, at):
    """Cancel so many lots, or all that are left, also where none would be."""
    kind, is_of_level = found.kind[row], found.id[row] < LEAST_ID + LEVELS
    is_part = kind == EXECUTE or (kind == REDUCE and (found.left[row] > 0 or is_of_level))
    orders.time_ns[at], orders.kind[at] = piece.time_ns[row], CANCEL
    orders.order_id[at], orders.side[at] = found.id[row], found.side[row]
    orders.lots[at] = found.lots[row] if is_part else NOTHING
    orders.price[at], orders.is_taker[at] = NOTHING, False


@inline_kernel
def _rest(piece, found, row, tick_nano, is_new, orders, at):
    """Send an order that rests, or amend one. Returns why not."""
    price = piece.price[row] if piece.price[row] >= 0 else found.limit[row]
    identity = found.id[row]
    if is_new:
        identity = piece.other_id[row] if piece.kind[row] == REPLACE else piece.order_id[row]
    orders.time_ns[at], orders.kind[at] = piece.time_ns[row], LIMIT if is_new else AMEND
    orders.order_id[at], orders.side[at] = identity, found.side[row]
    orders.price[at], orders.lots[at] = price // tick_nano, piece.lots[row]
    orders.is_taker[at] = False
    if found.side[row] < 0:
        return NO_SIDE_SAID
    if piece.lots[row] < 1:
        return NO_LOTS_SAID
    return LOW_ID if identity < LEAST_ID else _why_price(price, tick_nano)
