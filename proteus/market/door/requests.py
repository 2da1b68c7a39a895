"""The compiled side of the message door for requests: rows in, fills, ends and rejects out.

A row arrives at the venue at its time; whatever had its last moment before that has ended by then.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.book import fill_in, rank_of
from proteus.market.book.codes import (
    BUY,
    EVENT_REJECT,
    EVENT_RFQ_REJECT,
    EXPIRE_WITHDRAWN,
    IOC,
    NO_ID,
    NO_ORDER,
    REJECT_DUPLICATE_ORDER_ID,
    REJECT_UNKNOWN_ORDER,
    RFQ_FIRM_QUOTE,
    RFQ_INVALID_TTL,
    RFQ_NO_QUOTE,
    RFQ_NOT_YOURS,
    RFQ_REQUEST_OVER,
    RFQ_UNKNOWN_REQUEST,
    SELL,
)
from proteus.market.door.orders import (
    NO_ROW,
    UNCHANGED,
    append_row,
    check_price,
    check_quantity,
    collect,
    has_room,
)
from proteus.market.mechanisms import requests

KIND_REQUEST = 0
KIND_QUOTE = 1
KIND_ACCEPT = 2
KIND_CANCEL = 3
NO_SIDE = -1  # of a quote: the side that its request needs
LONGEST_TTL = 2**62 - 1  # so that every last moment fits


@state
class RequestRows(NamedTuple):
    """Messages in time order. N rows, which are also order slots; K order ids, J request ids."""

    time_ns: np.ndarray  # int64 [N]
    kind: np.ndarray  # int8 [N] KIND_*
    order: np.ndarray  # int64 [N] number of the order id, or NO_ID
    request: np.ndarray  # int64 [N] number of the request id, or NO_ID
    agent: np.ndarray  # int32 [N] number of the agent, or NO_ID: anyone
    side: np.ndarray  # int8 [N] BUY, SELL or NO_SIDE
    price: np.ndarray  # int64 [N] a price of the book, 0: none of it; or UNCHANGED
    quantity: np.ndarray  # int64 [N] lots, or UNCHANGED
    ttl: np.ndarray  # int64 [N] ns
    slot_of: np.ndarray  # int32 [K] slot of the request or quote with that order id, or NO_ORDER
    request_slot_of: np.ndarray  # int32 [J] slot of the request with that request id, or NO_ORDER


@kernel
def replay_requests(mechanism, market, rows, output, first):
    """Process rows from ``first`` on.

    Returns
        The row to go on with after ``output`` has grown, or N + 1 when all is done.
    """
    for row in range(first, rows.kind.shape[0]):
        time = rows.time_ns[row]
        while requests.next_deadline(mechanism.alive, 0) < time:
            if not has_room(market, output):
                return row
            last = requests.next_deadline(mechanism.alive, 0)
            requests.expire(mechanism.alive, market, 0, last)
            collect(market, output, last, NO_ROW)
        if not has_room(market, output):
            return row
        event, reason = _process(mechanism, market, rows, row, time)
        collect(market, output, time, row)
        if reason != 0:
            append_row(output, event, time, row, row, row, 0, 0, reason)
    return rows.kind.shape[0] + 1


@inline_kernel
def _process(mechanism, market, rows, row, time):
    """Process one row; returns the event and the reason of its rejection, or 0."""
    kind = rows.kind[row]
    if kind == KIND_REQUEST:
        return _request(mechanism, market, rows, row, time)
    if kind == KIND_QUOTE:
        return _quote(mechanism, market, rows, row, time)
    if kind == KIND_ACCEPT:
        return _accept(mechanism, market, rows, row)
    return _cancel(mechanism, market, rows, row)


@inline_kernel
def _new_refusal(market, rows, row, may_lack_price):
    """Return the event and the reason why a new request or quote is wrong by itself, or 0."""
    price, ttl = rows.price[row], rows.ttl[row]
    reason = check_quantity(rows.quantity[row])
    if reason == 0 and not (may_lack_price and price == UNCHANGED):
        reason = check_price(price, market.book.n_ticks[0])
    if reason != 0:
        return EVENT_REJECT, reason
    if ttl < 0 or ttl > LONGEST_TTL:
        return EVENT_RFQ_REJECT, RFQ_INVALID_TTL
    if rows.slot_of[rows.order[row]] != NO_ORDER:
        return EVENT_REJECT, REJECT_DUPLICATE_ORDER_ID
    return EVENT_REJECT, 0


@inline_kernel
def _enter(market, rows, row, side):
    """Write a new request or quote into the slot of its row."""
    n_ticks, price = market.book.n_ticks[0], rows.price[row]
    rank = n_ticks if price == UNCHANGED else rank_of(price, side, n_ticks)
    agent, lots = rows.agent[row], rows.quantity[row]
    fill_in(market.orders, 0, row, row + 1, agent, agent, side, rank, lots, IOC, 0)


@inline_kernel
def _request(mechanism, market, rows, row, time):
    event, reason = _new_refusal(market, rows, row, True)
    if reason == 0 and rows.request_slot_of[rows.request[row]] != NO_ORDER:
        reason = REJECT_DUPLICATE_ORDER_ID
    if reason == 0:
        _enter(market, rows, row, rows.side[row])
        requests.open_request(mechanism.alive, market, 0, row, time, rows.ttl[row])
        rows.slot_of[rows.order[row]] = row
        rows.request_slot_of[rows.request[row]] = row
    return event, reason


@inline_kernel
def _quote(mechanism, market, rows, row, time):
    event, reason = _new_refusal(market, rows, row, False)
    if reason != 0:
        return event, reason
    request = np.int64(rows.request_slot_of[rows.request[row]])
    if request == NO_ORDER:
        return EVENT_RFQ_REJECT, RFQ_UNKNOWN_REQUEST
    side = rows.side[row]
    if side == NO_SIDE:
        side = np.int64(BUY if market.orders.side[0, request] == SELL else SELL)
    _enter(market, rows, row, side)
    mechanism.alive.request[0, row] = request
    mechanism.alive.request_id[0, row] = request + 1
    reason = RFQ_REQUEST_OVER
    if not _is_gone(market, request):
        reason = requests.quote_refusal(mechanism.alive, market, 0, row, time)
    if reason != 0:
        market.orders.lots[0, row] = 0
        return EVENT_RFQ_REJECT, reason
    tie = mechanism.terms.tie
    requests.add_quote(mechanism.alive, market, 0, row, time, rows.ttl[row], tie)
    rows.slot_of[rows.order[row]] = row
    return EVENT_RFQ_REJECT, 0


@inline_kernel
def _named(rows, row):
    """Return the slots of the request and of the quote that a row means, or NO_ORDER.

    A row may name a request by its order id too. A quote names its request.
    """
    request, named = np.int64(NO_ORDER), np.int64(NO_ORDER)
    if rows.request[row] != NO_ID:
        request = np.int64(rows.request_slot_of[rows.request[row]])
    if rows.order[row] != NO_ID:
        named = np.int64(rows.slot_of[rows.order[row]])
    return request, named


@inline_kernel
def _is_gone(market, slot):
    return market.orders.lots[0, slot] == 0


@inline_kernel
def _accept(mechanism, market, rows, row):
    alive, orders = mechanism.alive, market.orders
    request, quote = _named(rows, row)
    if rows.order[row] != NO_ID and quote == NO_ORDER:
        return EVENT_REJECT, REJECT_UNKNOWN_ORDER
    chooses = quote == NO_ORDER or alive.request[0, quote] == quote
    if rows.request[row] == NO_ID:
        request = np.int64(alive.request[0, quote])
    if request == NO_ORDER:
        return EVENT_RFQ_REJECT, RFQ_UNKNOWN_REQUEST
    if rows.agent[row] != NO_ID and rows.agent[row] != orders.trader[0, request]:
        return EVENT_RFQ_REJECT, RFQ_NOT_YOURS
    most, limit = rows.quantity[row], np.int64(orders.rank[0, request])
    n_ticks = market.book.n_ticks[0]
    reason = check_quantity(most) if most != UNCHANGED else 0
    if reason == 0 and rows.price[row] != UNCHANGED:
        reason = check_price(rows.price[row], n_ticks)
        limit = np.int64(rank_of(rows.price[row], orders.side[0, request], n_ticks))
    if reason != 0:
        return EVENT_REJECT, reason
    if _is_gone(market, request):
        return EVENT_RFQ_REJECT, RFQ_REQUEST_OVER
    if chooses:
        share = mechanism.terms.least_share
        quote = requests.best_quote(alive, market, 0, request, limit, share)
        if quote == NO_ORDER:
            return EVENT_RFQ_REJECT, RFQ_NO_QUOTE
    meant = np.int64(0) if _is_gone(market, quote) else quote + 1
    reason = requests.acceptance_refusal(
        alive, market, 0, request, request + 1, quote, meant, limit, mechanism.terms.least_share
    )
    if reason == 0:
        most = orders.lots[0, request] if most == UNCHANGED else most
        requests.execute(alive, market, 0, request, quote, most)
    return EVENT_RFQ_REJECT, reason


@inline_kernel
def _cancel(mechanism, market, rows, row):
    alive, orders = mechanism.alive, market.orders
    request, named = _named(rows, row)
    if rows.order[row] != NO_ID:
        if named == NO_ORDER or _is_gone(market, named):
            return EVENT_REJECT, REJECT_UNKNOWN_ORDER
        if alive.request[0, named] != named:
            return EVENT_RFQ_REJECT, RFQ_FIRM_QUOTE
        request = named
    if request == NO_ORDER:
        return EVENT_RFQ_REJECT, RFQ_UNKNOWN_REQUEST
    if rows.agent[row] != NO_ID and rows.agent[row] != orders.trader[0, request]:
        return EVENT_RFQ_REJECT, RFQ_NOT_YOURS
    if _is_gone(market, request):
        return EVENT_RFQ_REJECT, RFQ_REQUEST_OVER
    requests.close_request(alive, market, 0, request, EXPIRE_WITHDRAWN)
    return EVENT_RFQ_REJECT, 0
