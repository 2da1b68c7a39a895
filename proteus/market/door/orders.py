"""The compiled side of the message door: rows in, fills, cancels, rejects and clears out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.book import fill_in, ladder_of, next_occupied, price_of, rank_of
from proteus.market.book.codes import (
    BUY,
    CANCEL_REQUESTED,
    EVENT_ACK,
    EVENT_CANCEL,
    EVENT_REJECT,
    EVENT_WAIT,
    GTC,
    IOC,
    NO_ORDER,
    NO_OWNER,
    NO_RANK,
    REJECT_DUPLICATE_ORDER_ID,
    REJECT_INVALID_PRICE,
    REJECT_INVALID_QUANTITY,
    REJECT_UNKNOWN_ORDER,
    SELL,
)
from proteus.market.mechanisms.interface import (
    NEVER,
    amend,
    clear,
    end_timer,
    enter,
    is_continuous,
    next_clear,
    next_timer,
    skip_clears,
    withdraw,
)

KIND_LIMIT = 0
KIND_MARKET = 1
KIND_CANCEL = 2
KIND_AMEND = 3
UNCHANGED = np.iinfo(np.int64).min  # a price or quantity that a row does not give
NOT_GIVEN = -1  # a name that a row does not give
NO_ROW = -1  # what happens in a clear, or by itself
STALLED = -1  # a mechanism whose next timer is not later than its last
MAX_QUANTITY = 2**62

# Why the door itself rejects a message, besides the reasons of ``codes``: no log has these.
REJECT_ANOTHER_AGENT = 101
REJECT_DIFFERS_FROM_ORDER = 102
REJECT_INVALID_TIF = 103
DOOR_REJECT_NAMES = {
    REJECT_ANOTHER_AGENT: "another_agent",
    REJECT_DIFFERS_FROM_ORDER: "differs_from_order",
    REJECT_INVALID_TIF: "invalid_tif",
}


@state
class Rows(NamedTuple):
    """Messages in time order. N rows; K distinct order ids; lane 0 of the market is used."""

    time_ns: np.ndarray  # int64 [N]
    kind: np.ndarray  # int8 [N] KIND_*
    order: np.ndarray  # int64 [N] number of the order id, 0 .. K-1
    agent: np.ndarray  # int32 [N] number of the agent, or NO_OWNER
    side: np.ndarray  # int8 [N] BUY, SELL or NOT_GIVEN
    price: np.ndarray  # int64 [N] a price of the book, 0: none of it; or UNCHANGED
    quantity: np.ndarray  # int64 [N] lots, or UNCHANGED
    lifetime: np.ndarray  # int8 [N] GTC, IOC, FOK or NOT_GIVEN: GTC, of a market order IOC
    post_only: np.ndarray  # int8 [N] 0, 1 or NOT_GIVEN, which is 0
    is_taker: np.ndarray  # int8 [N] role of the order, 0, 1 or NOT_GIVEN, which is 1
    slot_of: np.ndarray  # int32 [K] slot of the order with that id, or NO_ORDER


@state
class Output(NamedTuple):
    """What came out, in order. M entries; N rows, whose numbers stand for order slots.

    V clears; Q times at which P numbers about the best levels were noted, four for each level.
    """

    kind: np.ndarray  # int8 [M] EVENT_FILL, EVENT_CANCEL, EVENT_REJECT
    time_ns: np.ndarray  # int64 [M]
    row: np.ndarray  # int32 [M] row of the message that caused it, or NO_ROW
    order: np.ndarray  # int32 [M] row of the earlier order; of a reject: row of the message
    other: np.ndarray  # int32 [M] row of the later order
    price: np.ndarray  # int32 [M] ticks
    lots: np.ndarray  # int64 [M]
    reason: np.ndarray  # int8 [M]
    clears: np.ndarray  # int64 [V, 7] time, price, volume, surplus, low, high, auction
    depth_ns: np.ndarray  # int64 [Q]
    depth_row: np.ndarray  # int32 [Q] row of the message that changed it, or NO_ROW
    depth: np.ndarray  # int64 [Q, P] of each level bid price, bid lots, ask price, ask lots
    count: np.ndarray  # int64 [3] entries, clears and times in use


@kernel
def replay_rows(mechanism, market, rows, output, first):
    """Process rows from ``first`` on, then the clear that follows the last one.

    Timers after the last row end one by one, until one does nothing.

    Returns
        The row to go on with after ``output`` has grown, N + 1 when all is done, or STALLED when
        the mechanism makes no progress.
    """
    n_rows = rows.kind.shape[0]
    for row in range(first, n_rows):
        time = rows.time_ns[row]
        if not has_room(market, output):
            return row
        due = next_timer(mechanism, market, 0)
        while due != NEVER and due <= time:
            _end_timer(mechanism, market, output, due)
            if next_timer(mechanism, market, 0) <= due:
                return STALLED
            if not has_room(market, output):
                return row
            due = next_timer(mechanism, market, 0)
        if next_clear(mechanism, market, 0, time) <= time:
            close = next_clear(mechanism, market, 0, time)
            _clear_at(mechanism, market, output, close)
            # A cleared book does not cross: every clear until this message does nothing.
            skip_clears(mechanism, market, 0, time)
            if not has_room(market, output):
                return row
        _process(mechanism, market, rows, output, row)
        collect(market, output, time, row)
        if is_continuous(mechanism):
            note_depth(market, output, time, row)
    due = next_timer(mechanism, market, 0)
    has_done = True
    while due != NEVER and has_done:
        if not has_room(market, output):
            return n_rows
        has_done = _end_timer(mechanism, market, output, due)
        if next_timer(mechanism, market, 0) <= due:
            return STALLED
        due = next_timer(mechanism, market, 0)
    close = next_clear(mechanism, market, 0, np.int64(0))
    if close != NEVER:
        if not has_room(market, output):
            return n_rows
        _clear_at(mechanism, market, output, close)
    return n_rows + 1


@inline_kernel
def _end_timer(mechanism, market, output, due):
    """End the timer of a continuous mechanism; tells whether it did anything."""
    end_timer(mechanism, market, 0, due)
    has_done = market.outbox.count[0] > 0
    collect(market, output, due, NO_ROW)
    note_depth(market, output, due, NO_ROW)
    return has_done


@inline_kernel
def has_room(market, output):
    """Tell whether the output can take all that one event may bring."""
    is_listed = output.depth.shape[1] > 0
    return output.count[0] + market.outbox.kind.shape[1] < output.kind.shape[0] and not (
        is_listed and output.count[2] + 1 >= output.depth.shape[0]
    )


@inline_kernel
def _process(mechanism, market, rows, output, row):
    kind = rows.kind[row]
    if kind == KIND_LIMIT or kind == KIND_MARKET:
        reason = _new_order(mechanism, market, rows, row)
    elif kind == KIND_CANCEL:
        reason = _cancel(mechanism, market, rows, output, row)
    else:
        reason = _amend(mechanism, market, rows, row)
    if reason:
        append_row(output, EVENT_REJECT, rows.time_ns[row], row, row, row, 0, 0, reason)


@inline_kernel
def _new_order(mechanism, market, rows, row):
    n_ticks = market.book.n_ticks[0]
    identity, side, price = rows.order[row], rows.side[row], rows.price[row]
    is_market = rows.kind[row] == KIND_MARKET
    reason = check_price(price, n_ticks)
    if is_market:
        reason = REJECT_INVALID_TIF if rows.lifetime[row] == GTC else 0
        reason = reason if price == UNCHANGED else REJECT_INVALID_PRICE
    reason = check_quantity(rows.quantity[row]) or reason
    if reason:
        return reason
    if rows.slot_of[identity] != NO_ORDER:
        return REJECT_DUPLICATE_ORDER_ID
    rank = n_ticks if is_market else rank_of(price, side, n_ticks)
    fill_in(
        market.orders, 0, row, identity + 1, rows.agent[row], rows.agent[row], side, rank,
        rows.quantity[row], _lifetime(rows, row), _is_post_only(rows, row),
    )  # fmt: skip
    market.orders.ladder[0, row] = ladder_of(market.book, side, _is_taker(rows, row))
    enter(mechanism, market, 0, row, rows.time_ns[row])
    refused = market.outbox.kind[0, 0] == EVENT_REJECT
    if not refused:
        rows.slot_of[identity] = row
    return 0


@inline_kernel
def _lifetime(rows, row):
    if rows.lifetime[row] != NOT_GIVEN:
        return np.int64(rows.lifetime[row])
    return np.int64(IOC if rows.kind[row] == KIND_MARKET else GTC)


@inline_kernel
def _is_post_only(rows, row):
    return np.int64(rows.post_only[row] == 1)


@inline_kernel
def _is_taker(rows, row):
    return np.int64(rows.is_taker[row] != 0)


@inline_kernel
def _change_refusal(market, rows, row):
    """Return why a cancel or an amend does not mean an open order of its sender, or 0."""
    slot = rows.slot_of[rows.order[row]]
    if slot == NO_ORDER or market.orders.lots[0, slot] == 0:
        return REJECT_UNKNOWN_ORDER
    if rows.agent[row] != NO_OWNER and rows.agent[row] != rows.agent[slot]:
        return REJECT_ANOTHER_AGENT
    if rows.side[row] != NOT_GIVEN and rows.side[row] != rows.side[slot]:
        return REJECT_DIFFERS_FROM_ORDER
    if rows.lifetime[row] != NOT_GIVEN and rows.lifetime[row] != _lifetime(rows, slot):
        return REJECT_DIFFERS_FROM_ORDER
    if rows.post_only[row] != NOT_GIVEN and rows.post_only[row] != _is_post_only(rows, slot):
        return REJECT_DIFFERS_FROM_ORDER
    if rows.is_taker[row] != NOT_GIVEN and rows.is_taker[row] != _is_taker(rows, slot):
        return REJECT_DIFFERS_FROM_ORDER
    return 0


@inline_kernel
def _cancel(mechanism, market, rows, output, row):
    """Cancel an order, or as many of its lots as the row says."""
    orders, n_ticks, price = market.orders, market.book.n_ticks[0], rows.price[row]
    reason = _change_refusal(market, rows, row)
    if reason:
        return reason
    slot = np.int64(rows.slot_of[rows.order[row]])
    rank, lots = np.int64(orders.rank[0, slot]), rows.quantity[row]
    if price != UNCHANGED:
        is_its = check_price(price, n_ticks) == 0
        if not (is_its and rank_of(price, orders.side[0, slot], n_ticks) == rank):
            return REJECT_DIFFERS_FROM_ORDER
    if lots != UNCHANGED and check_quantity(lots):
        return REJECT_INVALID_QUANTITY
    if lots == UNCHANGED or lots >= orders.lots[0, slot]:
        withdraw(mechanism, market, 0, slot)
    else:
        time = rows.time_ns[row]
        amend(mechanism, market, 0, slot, rank, orders.lots[0, slot] - lots, time)
        append_row(output, EVENT_CANCEL, time, row, slot, slot, 0, lots, CANCEL_REQUESTED)
    return 0


@inline_kernel
def _amend(mechanism, market, rows, row):
    orders, n_ticks = market.orders, market.book.n_ticks[0]
    reason = _change_refusal(market, rows, row)
    if reason:
        return reason
    slot = np.int64(rows.slot_of[rows.order[row]])
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
    amend(mechanism, market, 0, slot, rank, lots, rows.time_ns[row])
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
    collect(market, output, time, NO_ROW)
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
    note_depth(market, output, time, NO_ROW)


@inline_kernel
def note_depth(market, output, time, row):
    """Note the best levels of both sides, where they are not as they were noted last."""
    numbers = output.depth.shape[1]
    at = output.count[2]
    if numbers > 0:
        has_changed = _write_levels(market.book, output, at, 0, BUY)
        has_changed |= _write_levels(market.book, output, at, 2, SELL)
        if has_changed:
            output.depth_ns[at] = time
            output.depth_row[at] = row
            output.count[2] = at + 1


@inline_kernel
def _write_levels(book, output, at, first, side):
    """Write the best levels of a side, and tell whether they differ from those noted last."""
    has_changed, rank = False, np.int64(book.best[0, side])
    for column in range(first, output.depth.shape[1], 4):
        price, lots = np.int64(0), np.int64(0)
        if rank != NO_RANK:
            price = price_of(book, 0, side, rank)
            lots = book.lots[0, side, rank]
            rank = next_occupied(book, 0, side, rank)
        output.depth[at, column] = price
        output.depth[at, column + 1] = lots
        before = at - 1 if at > 0 else at
        was_price = output.depth[before, column] if at > 0 else 0
        was_lots = output.depth[before, column + 1] if at > 0 else 0
        has_changed |= price != was_price or lots != was_lots
    return has_changed


@inline_kernel
def collect(market, output, time, row):
    """Move the outbox to the output; acknowledgements and waits stay behind.

    Parameters
        row: the row whose message caused it, or NO_ROW.
    """
    outbox = market.outbox
    for i in range(outbox.count[0]):
        kind = outbox.kind[0, i]
        if kind != EVENT_ACK and kind != EVENT_WAIT:
            append_row(
                output, kind, time, row, outbox.order[0, i], outbox.other[0, i],
                outbox.price[0, i], outbox.lots[0, i], outbox.reason[0, i],
            )  # fmt: skip
    outbox.count[0] = 0


@inline_kernel
def append_row(output, kind, time, row, order, other, price, lots, reason):
    """Write one entry of the output; there is room."""
    at = output.count[0]
    output.kind[at] = kind
    output.time_ns[at] = time
    output.row[at] = row
    output.order[at] = order
    output.other[at] = other
    output.price[at] = price
    output.lots[at] = lots
    output.reason[at] = reason
    output.count[0] = at + 1
