"""The codes of events, and the kernel that follows orders through them.

They stand in one file because the machine code of a kernel outside of ``market`` is named after the
source of its own file alone.
"""

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
    """Orders by number. K numbers."""

    lots: np.ndarray  # int64 [K] left; 0: not open
    price: np.ndarray  # int64 [K] nano-currency
    side: np.ndarray  # int8 [K]
    told: np.ndarray  # int64 [K] lots of fills that no later record has taken again
    chain: np.ndarray  # int64 [K] id under which it came first, of those that amend each other


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
def follow_rows(piece, number, other, orders, found):
    """Follow the orders of a piece.

    Parameters
        piece: Events. number, other: int64 [N] numbers of order_id and other_id.
        orders: Open, read and written. found: Found, written.
    """
    for row in range(piece.kind.shape[0]):
        kind, at, lots = piece.kind[row], number[row], piece.lots[row]
        found.kind[row], found.id[row], found.side[row] = kind, NO_ID, piece.side[row]
        found.limit[row], found.lots[row], found.fault[row] = NO_PRICE, lots, KNOWN
        if kind == ADD:
            if orders.lots[at] > 0:
                found.fault[row] = TWICE
            orders.lots[at], orders.price[at], orders.told[at] = lots, piece.price[row], 0
            orders.side[at], orders.chain[at] = piece.side[row], piece.order_id[row]
            found.id[row], found.limit[row] = piece.order_id[row], piece.price[row]
            found.left[row] = lots
        elif kind <= MODIFY or kind == FILL:
            if orders.lots[at] == 0 and kind != REPLACE and piece.other_id[row] != NO_ID:
                at = other[row]  # which stands for several orders: a deletion takes one of them
                found.kind[row] = REDUCE if kind == DELETE else kind
            _change(piece, row, at, other[row], orders, found)


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
