"""The codes of events, and the kernel that follows orders through them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state

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
