"""The compiled side of the message door: rows in, fills, cancels, rejects and clears out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.book import fill_in, ladder_of, rank_of
from proteus.market.book.codes import (
    EVENT_ACK,
    EVENT_REJECT,
    FOK,
    IOC,
    NO_ORDER,
    REJECT_DUPLICATE_ORDER_ID,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_UNKNOWN_ORDER,
)
from proteus.market.mechanisms.interface import (
    NEVER,
    amend,
    clear,
    enter,
    next_clear,
    skip_clears,
    withdraw,
)

KIND_LIMIT = 0
KIND_MARKET = 1
KIND_CANCEL = 2
KIND_AMEND = 3
UNCHANGED = np.iinfo(np.int64).min  # an amend without price or quantity
MAX_QUANTITY = 2**31 - 1  # a billion orders of this size still sum inside int64


@state
class Rows(NamedTuple):
    """Messages in time order. N rows; K distinct order ids; lane 0 of the market is used."""

    time_ns: np.ndarray  # int64 [N]
    kind: np.ndarray  # int8 [N] KIND_*
    order: np.ndarray  # int64 [N] dense order id, 0 .. K-1
    agent: np.ndarray  # int32 [N] dense agent id
    side: np.ndarray  # int8 [N]
    price: np.ndarray  # int64 [N] ticks, or UNCHANGED
    quantity: np.ndarray  # int64 [N] lots, or UNCHANGED
    lifetime: np.ndarray  # int8 [N]
    post_only: np.ndarray  # int8 [N]
    is_taker: np.ndarray  # int8 [N] role of the order
    slot_of: np.ndarray  # int64 [K] slot of the order with that id, or NO_ORDER


@state
class Output(NamedTuple):
    """What came out, in order. M entries; N row numbers stand for order slots."""

    kind: np.ndarray  # int8 [M] EVENT_FILL, EVENT_CANCEL, EVENT_REJECT
    time_ns: np.ndarray  # int64 [M]
    order: np.ndarray  # int64 [M] row of the earlier order; of a reject: row of the message
    other: np.ndarray  # int64 [M] row of the later order
    price: np.ndarray  # int64 [M] ticks
    lots: np.ndarray  # int64 [M]
    reason: np.ndarray  # int8 [M]
    clears: np.ndarray  # int64 [M, 7] time, price, volume, surplus, low, high, auction
    count: np.ndarray  # int64 [2] entries and clears in use


@kernel
def replay_rows(mechanism, market, rows, output, first):
    """Process rows from ``first`` on, then the clear that follows the last one.

    Returns
        The row to go on with after ``output`` has grown, or N + 1 when all is done.
    """
    n_rows = rows.kind.shape[0]
    for row in range(first, n_rows):
        time = rows.time_ns[row]
        if not has_room(market, output):
            return row
        if next_clear(mechanism, market, 0, time) <= time:
            close = next_clear(mechanism, market, 0, time)
            _clear_at(mechanism, market, output, close)
            # A cleared book does not cross: every clear until this message does nothing.
            skip_clears(mechanism, market, 0, time)
            if not has_room(market, output):
                return row
        _process(mechanism, market, rows, output, row)
        collect(market, output, time)
    close = next_clear(mechanism, market, 0, np.int64(0))
    if close != NEVER:
        if not has_room(market, output):
            return n_rows
        _clear_at(mechanism, market, output, close)
    return n_rows + 1


@inline_kernel
def has_room(market, output):
    """Tell whether the output can take all that one event may bring."""
    return output.count[0] + market.outbox.kind.shape[1] < output.kind.shape[0]


@inline_kernel
def _process(mechanism, market, rows, output, row):
    kind = rows.kind[row]
    if kind == KIND_LIMIT or kind == KIND_MARKET:
        reason = _new_order(mechanism, market, rows, row)
    elif kind == KIND_CANCEL:
        reason = _cancel(mechanism, market, rows, row)
    else:
        reason = _amend(mechanism, market, rows, row)
    if reason:
        append_row(output, EVENT_REJECT, rows.time_ns[row], row, row, 0, 0, reason)


@inline_kernel
def _new_order(mechanism, market, rows, row):
    n_ticks = market.book.n_ticks[0]
    identity, side, price = rows.order[row], rows.side[row], rows.price[row]
    is_market = rows.kind[row] == KIND_MARKET
    reason = 0 if is_market else check_price(price, n_ticks)
    reason = check_quantity(rows.quantity[row]) or reason
    if reason:
        return reason
    if rows.slot_of[identity] != NO_ORDER:
        return REJECT_DUPLICATE_ORDER_ID
    rank, lifetime = rank_of(price, side, n_ticks), rows.lifetime[row]
    if is_market:
        rank = n_ticks
        lifetime = FOK if lifetime == FOK else IOC
    fill_in(
        market.orders, 0, row, identity + 1, rows.agent[row], rows.agent[row], side, rank,
        rows.quantity[row], lifetime, rows.post_only[row],
    )  # fmt: skip
    market.orders.ladder[0, row] = ladder_of(market.book, side, rows.is_taker[row])
    enter(mechanism, market, 0, row)
    refused = market.outbox.kind[0, 0] == EVENT_REJECT
    if not refused:
        rows.slot_of[identity] = row
    return 0


@inline_kernel
def _cancel(mechanism, market, rows, row):
    slot = rows.slot_of[rows.order[row]]
    if slot == NO_ORDER or market.orders.lots[0, slot] == 0:
        return REJECT_UNKNOWN_ORDER
    withdraw(mechanism, market, 0, slot)
    return 0


@inline_kernel
def _amend(mechanism, market, rows, row):
    orders, n_ticks = market.orders, market.book.n_ticks[0]
    slot = rows.slot_of[rows.order[row]]
    if slot == NO_ORDER or orders.lots[0, slot] == 0:
        return REJECT_UNKNOWN_ORDER
    lots, rank = orders.lots[0, slot], np.int64(orders.rank[0, slot])
    if rows.quantity[row] != UNCHANGED:
        lots = rows.quantity[row]
    reason = 0
    if rows.price[row] != UNCHANGED:
        rank = rank_of(rows.price[row], orders.side[0, slot], n_ticks)
        reason = check_price(rows.price[row], n_ticks)
    reason = check_quantity(lots) or reason
    if reason:
        return reason
    amend(mechanism, market, 0, slot, rank, lots)
    return 0


@inline_kernel
def check_price(price, n_ticks):
    """Return 0, or why a price is wrong."""
    return 0 if 1 <= price < n_ticks else REJECT_INVALID_PRICE


@inline_kernel
def check_quantity(quantity):
    """Return 0, or why a quantity is wrong."""
    return 0 if 1 <= quantity <= MAX_QUANTITY else REJECT_INVALID_QUANTITY


@inline_kernel
def _clear_at(mechanism, market, output, time):
    clear(mechanism, market, 0)
    collect(market, output, time)
    for auction in range(market.volume.shape[1]):
        if market.volume[0, auction] > 0:
            at = output.count[1]
            output.clears[at, 0] = time
            output.clears[at, 1] = market.book.last_price[0, auction]
            output.clears[at, 2] = market.volume[0, auction]
            output.clears[at, 3] = market.surplus[0, auction]
            output.clears[at, 4] = market.low[0, auction]
            output.clears[at, 5] = market.high[0, auction]
            output.clears[at, 6] = auction
            output.count[1] = at + 1


@inline_kernel
def collect(market, output, time):
    """Move the outbox to the output; acknowledgements stay behind."""
    outbox = market.outbox
    for i in range(outbox.count[0]):
        kind = outbox.kind[0, i]
        if kind != EVENT_ACK:
            append_row(
                output, kind, time, outbox.order[0, i], outbox.other[0, i],
                outbox.price[0, i], outbox.lots[0, i], outbox.reason[0, i],
            )  # fmt: skip
    outbox.count[0] = 0


@inline_kernel
def append_row(output, kind, time, order, other, price, lots, reason):
    """Write one entry of the output; there is room."""
    at = output.count[0]
    output.kind[at] = kind
    output.time_ns[at] = time
    output.order[at] = order
    output.other[at] = other
    output.price[at] = price
    output.lots[at] = lots
    output.reason[at] = reason
    output.count[0] = at + 1
