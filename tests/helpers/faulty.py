"""Mechanisms that go wrong in one way, in one replicate: for tests of the accounting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from proteus.market.book.book import dequeue, enqueue, rests
from proteus.market.book.codes import BUY, EVENT_ACK, EVENT_CANCEL, EVENT_FILL, NO_ORDER, NO_RANK
from proteus.market.mechanisms.interface import (
    Market,
    amend,
    clear,
    enter,
    is_continuous,
    next_clear,
    withdraw,
)
from proteus.market.mechanisms.table import MECHANISMS, Mechanism
from proteus.market.rng import replicate_key
from proteus.market.trading import booking, protocol
from tests.helpers.cells import ROOT

Fault = Callable[[Market, int], bool]
_STORM = 30  # first arrivals, in which the makers find each other and no state stays for long

_NO_ENTRY = -1  # of the outbox


class FaultyParts(NamedTuple):
    """A mechanism, and what corrupts its state after each message or clear; plain Python only."""

    inner: Any
    corrupt: Fault
    key: np.ndarray  # uint32 [2] of the replicate that goes wrong
    done: np.ndarray  # bool [1] the fault has happened: once is enough


class Faulty(FaultyParts):
    """One to which traders send orders."""


class FaultyRequests(FaultyParts):
    """One with requests for quotes."""


def with_fault(name: str, corrupt: Fault, replicate: int) -> Mechanism:
    """Return a row for the table of mechanisms."""
    sound, key = MECHANISMS[name], replicate_key(ROOT, replicate)

    kind = FaultyRequests if name == "rfq" else Faulty

    def make(config: Any, sizes: Any) -> FaultyParts:
        return kind(sound.make(config, sizes), corrupt, np.array(key), np.zeros(1, np.bool_))

    return Mechanism(sound.config, make)


def _go_wrong(mechanism: FaultyParts, market: Market, lane: int) -> None:
    is_calm = market.book.arrivals[lane] > _STORM
    if is_calm and not mechanism.done[0] and np.array_equal(market.keys[lane], mechanism.key):
        mechanism.done[0] = mechanism.corrupt(market, lane)


@enter.implement(Faulty)
def _enter(mechanism, market, lane, slot, now):
    enter(mechanism.inner, market, lane, slot, now)
    _go_wrong(mechanism, market, lane)


@amend.implement(Faulty)
def _amend(mechanism, market, lane, slot, rank, lots, now):
    amend(mechanism.inner, market, lane, slot, rank, lots, now)
    _go_wrong(mechanism, market, lane)


@withdraw.implement(Faulty)
def _withdraw(mechanism, market, lane, slot):
    withdraw(mechanism.inner, market, lane, slot)
    _go_wrong(mechanism, market, lane)


@clear.implement(Faulty)
def _clear(mechanism, market, lane):
    clear(mechanism.inner, market, lane)
    _go_wrong(mechanism, market, lane)


def _as_the_inner_one(faulty_type: type, function: Any) -> None:
    """Leave a function to the mechanism inside."""
    function.implement(faulty_type)(lambda mechanism, *rest: function(mechanism.inner, *rest))


for function in (is_continuous, next_clear):
    _as_the_inner_one(Faulty, function)
for function in (
    is_continuous, next_clear, booking.tell, booking.publish, protocol.act, protocol.read_notice,
    protocol.run_timer, protocol.next_deadline, protocol.expire, protocol.close,
):  # fmt: skip
    _as_the_inner_one(FaultyRequests, function)


@protocol.receive.implement(FaultyRequests)
def _receive(mechanism, world, lane, time, envelope):
    meant = protocol.receive(mechanism.inner, world, lane, time, envelope)
    _go_wrong(mechanism, world.market, lane)
    return meant


# --- faults: each corrupts the first event it can and tells whether it did ------------------------


def _find(market: Market, lane: int, kind: int) -> int:
    """Return the place of the first entry of a kind in the outbox, or -1."""
    for at in range(market.outbox.count[lane]):
        if market.outbox.kind[lane, at] == kind:
            return at
    return _NO_ENTRY


def in_fill(change: Callable[[Market, int, int], None]) -> Fault:
    """Make a fault of a change to the first fill."""

    def corrupt(market: Market, lane: int) -> bool:
        at = _find(market, lane, EVENT_FILL)
        if at != _NO_ENTRY:
            change(market, lane, at)
        return at != _NO_ENTRY

    return corrupt


def one_lot_more(market, lane, at):
    market.outbox.lots[lane, at] += 1


def one_lot_less(market, lane, at):
    """The fill keeps at least one lot: an order of one lot is left alone by adding instead."""
    market.outbox.lots[lane, at] += -1 if market.outbox.lots[lane, at] > 1 else 1


def no_lots(market, lane, at):
    market.outbox.lots[lane, at] = 0


def negative_lots(market, lane, at):
    market.outbox.lots[lane, at] *= -1


def swap_side(market, lane, at):
    slot = market.outbox.other[lane, at]
    market.orders.side[lane, slot] = 1 - market.orders.side[lane, slot]


def swap_both_sides(market, lane, at):
    """Buyer and seller change places, as if the sign of the fill were wrong."""
    for slot in (market.outbox.order[lane, at], market.outbox.other[lane, at]):
        market.orders.side[lane, slot] = 1 - market.orders.side[lane, slot]


def same_trader(market, lane, at):
    """Both sides of the fill are of one trader, and so of one role."""
    order, other = market.outbox.order[lane, at], market.outbox.other[lane, at]
    market.orders.trader[lane, other] = market.orders.trader[lane, order]


def price_at(ticks: int) -> Callable[[Market, int, int], None]:
    def change(market, lane, at):
        market.outbox.price[lane, at] = ticks

    return change


def beyond_limit(resting: bool) -> Callable[[Market, int, int], None]:
    """Move the price one tick beyond the limit of one of the two orders."""

    def change(market, lane, at):
        slot = (market.outbox.order if resting else market.outbox.other)[lane, at]
        rank, n_ticks = market.orders.rank[lane, slot], market.book.n_ticks[lane]
        buys = market.orders.side[lane, slot] == BUY
        market.outbox.price[lane, at] = rank + 1 if buys else n_ticks - rank - 1

    return change


def lose_entry(kind: int) -> Fault:
    """Drop the first entry of a kind from the outbox: the mechanism did it and told nobody."""

    def corrupt(market: Market, lane: int) -> bool:
        at = _find(market, lane, kind)
        if at != _NO_ENTRY:
            outbox = market.outbox
            for field in (outbox.kind, outbox.order, outbox.other, outbox.price, outbox.lots):
                field[lane, at:-1] = field[lane, at + 1 :]
            outbox.count[lane] -= 1
        return at != _NO_ENTRY

    return corrupt


lose_fill = lose_entry(EVENT_FILL)
lose_cancel = lose_entry(EVENT_CANCEL)


def lose_requested_cancel(market: Market, lane: int) -> bool:
    """The same for a cancel that was asked for: then no other entry names the order."""
    alone = market.outbox.count[lane] == 1
    return bool(alone) and lose_cancel(market, lane)


def lose_acknowledged_replace(market: Market, lane: int) -> bool:
    at = _find(market, lane, EVENT_ACK)
    is_replace = at != _NO_ENTRY and market.outbox.lots[lane, at] > 0
    return bool(is_replace) and lose_entry(EVENT_ACK)(market, lane)


def _first_resting(market: Market, lane: int) -> int:
    orders = market.orders
    for slot in range(orders.lots.shape[1]):
        if orders.client_id[lane, slot] != 0 and rests(orders, lane, slot):
            return slot
    return NO_ORDER


def forget_resting_order(market: Market, lane: int) -> bool:
    """Take an order out of the book, but leave its lots open and its links in place."""
    slot = _first_resting(market, lane)
    if slot != NO_ORDER:
        previous = market.orders.previous[lane, slot]
        dequeue(market.book, market.orders, lane, slot)
        market.orders.previous[lane, slot] = previous
    return slot != NO_ORDER


def lots_of_level(market: Market, lane: int) -> bool:
    side = int(market.book.best[lane, BUY] == NO_RANK)
    rank = market.book.best[lane, side]
    if rank != NO_RANK:
        market.book.lots[lane, side, rank] += 1
    return bool(rank != NO_RANK)


def cross_book(market: Market, lane: int) -> bool:
    """Lift a resting bid to the best ask without a trade."""
    ask, bid = market.book.best[lane, 1], market.book.best[lane, BUY]
    if ask == NO_RANK or bid == NO_RANK:
        return False
    slot = market.book.head[lane, BUY, bid]
    dequeue(market.book, market.orders, lane, slot)
    market.orders.rank[lane, slot] = market.book.n_ticks[lane] - ask
    enqueue(market.book, market.orders, lane, slot, 0)
    return True
