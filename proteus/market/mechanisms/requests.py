"""Requests and quotes at the venue: how they live, are accepted, and end.

A request is an order that never rests; a quote is an order of the other side (or of both) that
rests in the book while it lives, for its requester alone. Both have a deadline, which is their
last moment: inclusive, to the nanosecond. Accepting a quote trades at its price; then the request
is closed, and what is left of it and all its quotes ends. Nobody can take a quote back.

These kernels know neither traders nor links. The simulator, the replay of logs and the message
door call them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state
from proteus.market.book.book import dequeue, enqueue, price_of, rests
from proteus.market.book.codes import (
    EVENT_ACK,
    EVENT_RFQ_EXPIRE,
    EVENT_RFQ_REJECT,
    EXPIRE_LAST_LOOK,
    EXPIRE_QUOTE_TTL,
    EXPIRE_REQUEST_CLOSED,
    EXPIRE_REQUEST_TTL,
    EXPIRE_REST,
    NO_ORDER,
    RFQ_ALREADY_QUOTED,
    RFQ_BEYOND_LIMIT,
    RFQ_IN_LAST_LOOK,
    RFQ_OWN_REQUEST,
    RFQ_PART_TOO_SMALL,
    RFQ_QUOTE_OVER,
    RFQ_REQUEST_OVER,
    RFQ_WRONG_SIDE,
)
from proteus.market.book.outbox import emit
from proteus.market.mechanisms.interface import NEVER, trade
from proteus.market.rng import STREAM_RFQ_TIE, words_at

TIE_TIME = 0
TIE_SIZE = 1
TIE_RANDOM = 2
TIE_CODES = {"time": TIE_TIME, "size": TIE_SIZE, "random": TIE_RANDOM}
_NO_BATCH = 0


@state
class LiveRequests(NamedTuple):
    """Requests and quotes that live. L lanes, C order slots."""

    request: np.ndarray  # int32 [L, C] of a quote: slot of its request; of a request: its own
    request_id: np.ndarray  # int64 [L, C] client id of that request
    deadline: np.ndarray  # int64 [L, C] last moment, ns; NEVER while in last look
    request_deadline: np.ndarray  # int64 [L, C] of a request, whether in last look or not, ns
    held: np.ndarray  # int32 [L, C] of a request: the quote in last look, or NO_ORDER
    held_lots: np.ndarray  # int64 [L, C] lots that its acceptance asked for, at most
    first: np.ndarray  # int32 [L, C] of a request: its earliest quote, or NO_ORDER
    next: np.ndarray  # int32 [L, C] next quote of the same request, or NO_ORDER
    tie: np.ndarray  # int64 [L, C] breaks ties of price, larger first; then the earlier quote
    number: np.ndarray  # int64 [L, C] arrival number
    arrivals: np.ndarray  # int64 [L] arrivals so far
    live: np.ndarray  # int32 [L, C] slots of all that lives, a heap: what ends first stands first
    place: np.ndarray  # int32 [L, C] place of a slot there
    n_live: np.ndarray  # int64 [L]
    asked: np.ndarray  # uint64 [L, C, W] bit i: trader i was asked for the request; W words


def allocate_live_requests(lanes: int, slots: int, traders: int) -> LiveRequests:
    """Allocate a venue without requests."""
    return allocate(LiveRequests, L=lanes, C=slots, W=(traders + 63) // 64)


@inline_kernel
def open_request(alive, market, lane, slot, time, ttl_ns):
    """Take the request that stands filled in at ``slot``."""
    emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, 0, 0)
    alive.request[lane, slot] = slot
    alive.request_id[lane, slot] = market.orders.client_id[lane, slot]
    alive.request_deadline[lane, slot] = time + ttl_ns
    alive.held[lane, slot] = NO_ORDER
    alive.first[lane, slot] = NO_ORDER
    alive.asked[lane, slot, :] = 0
    _come_alive(alive, lane, slot, time + ttl_ns)


@inline_kernel
def lives(market, lane, slot, client_id):
    """Tell whether a slot still holds what a message means."""
    return slot != NO_ORDER and market.orders.client_id[lane, slot] == client_id


@inline_kernel
def quote_refusal(alive, market, lane, slot, time):
    """Return why the quote that stands filled in at ``slot`` cannot be taken, or 0.

    A request outlives its last moment while one of its quotes is in last look; others come too late
    all the same.
    """
    orders, request = market.orders, alive.request[lane, slot]
    if not lives(market, lane, request, alive.request_id[lane, slot]):
        return RFQ_REQUEST_OVER
    if alive.request_deadline[lane, request] < time:
        return RFQ_REQUEST_OVER
    if orders.trader[lane, request] == orders.trader[lane, slot]:
        return RFQ_OWN_REQUEST
    quote = np.int64(alive.first[lane, request])
    while quote != NO_ORDER:
        same_trader = orders.trader[lane, quote] == orders.trader[lane, slot]
        if same_trader and orders.side[lane, quote] == orders.side[lane, slot]:
            return RFQ_ALREADY_QUOTED
        quote = np.int64(alive.next[lane, quote])
    return 0


@inline_kernel
def add_quote(alive, market, lane, slot, time, ttl_ns, tie):
    """Take the quote that stands filled in at ``slot``; nothing speaks against it."""
    orders = market.orders
    emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, 0, 0)
    request = np.int64(alive.request[lane, slot])
    enqueue(market.book, orders, lane, slot, _NO_BATCH)
    _come_alive(alive, lane, slot, min(time + ttl_ns, alive.request_deadline[lane, request]))
    alive.tie[lane, slot] = _tie(market, lane, slot, tie)
    alive.next[lane, slot] = NO_ORDER
    last = np.int64(alive.first[lane, request])
    if last == NO_ORDER:
        alive.first[lane, request] = slot
        return
    while alive.next[lane, last] != NO_ORDER:
        last = np.int64(alive.next[lane, last])
    alive.next[lane, last] = slot


@inline_kernel
def _tie(market, lane, slot, rule):
    """Return what breaks ties of price: nothing (the earlier comes first), lots, or a word."""
    if rule == TIE_SIZE:
        return market.orders.lots[lane, slot]
    if rule == TIE_RANDOM:
        address = market.address[lane, slot]
        return np.int64(words_at(market.keys, lane, STREAM_RFQ_TIE, address >> 32, address, 0)[0])
    return np.int64(0)


@inline_kernel
def refuse(market, lane, slot, reason):
    """Refuse a new request or quote; it is dead."""
    orders = market.orders
    emit(market.outbox, lane, EVENT_RFQ_REJECT, slot, slot, 0, orders.lots[lane, slot], reason)
    orders.submitted[lane, slot] = 0
    orders.lots[lane, slot] = 0


@inline_kernel
def acceptance_refusal(alive, market, lane, request, request_id, quote, quote_id, limit, share):
    """Return why a quote cannot be accepted now, or 0.

    Parameters
        request, quote: slots. request_id, quote_id: what they must hold.
        limit: rank of the taker's limit. share: smallest part of the request a quote must offer.
    """
    orders = market.orders
    if not lives(market, lane, request, request_id):
        return RFQ_REQUEST_OVER
    if alive.held[lane, request] != NO_ORDER:
        return RFQ_IN_LAST_LOOK
    if not lives(market, lane, quote, quote_id) or alive.request[lane, quote] != request:
        return RFQ_QUOTE_OVER
    if orders.side[lane, quote] == orders.side[lane, request]:
        return RFQ_WRONG_SIDE
    if orders.rank[lane, quote] + limit < market.book.n_ticks[lane]:
        return RFQ_BEYOND_LIMIT
    if orders.lots[lane, quote] < share * orders.lots[lane, request]:
        return RFQ_PART_TOO_SMALL
    return 0


@cold_kernel
def execute(alive, market, lane, request, quote, most):
    """Trade a request with a quote at its price, at most ``most`` lots, and close the request."""
    orders = market.orders
    side = orders.side[lane, quote]
    price = price_of(market.book, lane, side, orders.rank[lane, quote])
    lots = min(orders.lots[lane, quote], orders.lots[lane, request], most)
    trade(market, lane, quote, request, price, lots)
    if orders.lots[lane, quote] > 0:
        _end(alive, market, lane, quote, EXPIRE_REST)
    else:
        _leave(alive, lane, quote)
    close_request(alive, market, lane, request, EXPIRE_REST)


@inline_kernel
def hold(alive, lane, request, quote, lots):
    """Keep a request and its accepted quote alive until the dealer's last look ends.

    Parameters
        lots: how many the acceptance asked for, at most.
    """
    alive.held[lane, request] = quote
    alive.held_lots[lane, request] = lots
    _move_deadline(alive, lane, request, NEVER)
    _move_deadline(alive, lane, quote, NEVER)


@inline_kernel
def end_last_look(alive, market, lane, quote, confirms, time):
    """Trade the quote in last look, or end it and let its request go on if it still may."""
    request = np.int64(alive.request[lane, quote])
    if confirms:
        execute(alive, market, lane, request, quote, alive.held_lots[lane, request])
        return
    _end(alive, market, lane, quote, EXPIRE_LAST_LOOK)
    alive.held[lane, request] = NO_ORDER
    _move_deadline(alive, lane, request, alive.request_deadline[lane, request])
    if alive.request_deadline[lane, request] < time:
        close_request(alive, market, lane, request, EXPIRE_REQUEST_TTL)


@cold_kernel
def close_request(alive, market, lane, request, reason):
    """End what is left of a request, and then its quotes, in order of arrival."""
    quote = np.int64(alive.first[lane, request])
    if market.orders.lots[lane, request] > 0:
        _end(alive, market, lane, request, reason)
    else:
        _leave(alive, lane, request)
    while quote != NO_ORDER:
        following = np.int64(alive.next[lane, quote])
        _end(alive, market, lane, quote, EXPIRE_REQUEST_CLOSED)
        quote = following


@inline_kernel
def next_deadline(alive, lane):
    """Return the last moment of what ends first, ns, or NEVER."""
    if alive.n_live[lane] == 0:
        return np.int64(NEVER)
    return np.int64(alive.deadline[lane, alive.live[lane, 0]])


@cold_kernel
def expire(alive, market, lane, time):
    """End all whose last moment has come, the earliest deadline first, then by arrival."""
    while next_deadline(alive, lane) <= time:
        due = np.int64(alive.live[lane, 0])
        if alive.request[lane, due] == due:
            close_request(alive, market, lane, due, EXPIRE_REQUEST_TTL)
        else:
            _end(alive, market, lane, due, EXPIRE_QUOTE_TTL)


@inline_kernel
def best_quote(alive, market, lane, request, limit, share):
    """Return the best quote that a request can accept inside a limit, or NO_ORDER.

    Parameters
        limit: rank. share: smallest part of the request that a quote must offer.
    """
    orders, best = market.orders, np.int64(NO_ORDER)
    least = share * orders.lots[lane, request]
    quote = np.int64(alive.first[lane, request])
    while quote != NO_ORDER:
        is_inside = orders.rank[lane, quote] + limit >= market.book.n_ticks[lane]
        is_opposite = orders.side[lane, quote] != orders.side[lane, request]
        if is_opposite and is_inside and orders.lots[lane, quote] >= least:
            is_better = best == NO_ORDER or orders.rank[lane, quote] > orders.rank[lane, best]
            if not is_better and orders.rank[lane, quote] == orders.rank[lane, best]:
                is_better = alive.tie[lane, quote] > alive.tie[lane, best]
            if is_better:
                best = quote
        quote = np.int64(alive.next[lane, quote])
    return best


@inline_kernel
def _come_alive(alive, lane, slot, deadline):
    alive.deadline[lane, slot] = deadline
    alive.number[lane, slot] = alive.arrivals[lane]
    alive.arrivals[lane] += 1
    at = alive.n_live[lane]
    alive.n_live[lane] = at + 1
    _put(alive, lane, at, slot)
    _rise(alive, lane, at)


@inline_kernel
def _move_deadline(alive, lane, slot, deadline):
    alive.deadline[lane, slot] = deadline
    _rise(alive, lane, np.int64(alive.place[lane, slot]))
    _sink(alive, lane, np.int64(alive.place[lane, slot]))


@inline_kernel
def _put(alive, lane, at, slot):
    alive.live[lane, at] = slot
    alive.place[lane, slot] = at


@inline_kernel
def _ends_before(alive, lane, at, other):
    """Tell whether what stands at one place of the heap ends before what stands at another."""
    slot, rival = alive.live[lane, at], alive.live[lane, other]
    deadline, other_deadline = alive.deadline[lane, slot], alive.deadline[lane, rival]
    if deadline != other_deadline:
        return deadline < other_deadline
    return alive.number[lane, slot] < alive.number[lane, rival]


@inline_kernel
def _swap(alive, lane, at, other):
    slot, rival = np.int64(alive.live[lane, at]), np.int64(alive.live[lane, other])
    _put(alive, lane, at, rival)
    _put(alive, lane, other, slot)


@inline_kernel
def _rise(alive, lane, at):
    while at > 0 and _ends_before(alive, lane, at, (at - 1) >> 1):
        _swap(alive, lane, at, (at - 1) >> 1)
        at = (at - 1) >> 1


@inline_kernel
def _sink(alive, lane, at):
    count = alive.n_live[lane]
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and _ends_before(alive, lane, child + 1, child):
            child += 1
        if not _ends_before(alive, lane, child, at):
            return
        _swap(alive, lane, at, child)
        at = child


@cold_kernel
def _end(alive, market, lane, slot, reason):
    """End a request or quote without a trade."""
    orders = market.orders
    lots = orders.lots[lane, slot]
    emit(market.outbox, lane, EVENT_RFQ_EXPIRE, slot, slot, 0, lots, reason)
    if rests(orders, lane, slot):
        dequeue(market.book, orders, lane, slot)
    orders.lots[lane, slot] = 0
    _leave(alive, lane, slot)


@inline_kernel
def _leave(alive, lane, slot):
    """Remove a slot from those alive, and a quote from the list of its request."""
    last = alive.n_live[lane] - 1
    place = np.int64(alive.place[lane, slot])
    _put(alive, lane, place, np.int64(alive.live[lane, last]))
    alive.n_live[lane] = last
    if place < last:
        _rise(alive, lane, place)
        _sink(alive, lane, place)
    request = np.int64(alive.request[lane, slot])
    if request == slot:
        return
    following = alive.next[lane, slot]
    if alive.first[lane, request] == slot:
        alive.first[lane, request] = following
        return
    quote = np.int64(alive.first[lane, request])
    while quote != NO_ORDER:
        if alive.next[lane, quote] == slot:
            alive.next[lane, quote] = following
            return
        quote = np.int64(alive.next[lane, quote])
