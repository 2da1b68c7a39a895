"""The kernels that send to the door what a venue did, and list what traded there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.codes import BUY, SELL
from proteus.readers.following import (
    ADD,
    DELETE,
    EXECUTE,
    LEAST_ID,
    MODIFY,
    NO_ID,
    REDUCE,
    REPLACE,
    TRADE,
    UNKNOWN_ORDER,
)

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
