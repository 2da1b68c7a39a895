"""Continuous order book with a speed bump: an order that would trade on arrival waits first.

Rules
    An order that crosses the book when it arrives waits for a fixed time, in order of arrival; then
    it enters the continuous book as if it arrived then. All else enters at once, so makers can
    move a quote before those who have seen the same news reach it. A waiting order can be
    cancelled; amended, it gets its new limit and size and waits on. An amendment that would trade
    at once waits as a new order does.

What is not realistic
    Venues with a speed bump delay by class of member or of order, some at random.

Source
    Baldauf & Mollner (2020) Journal of Finance 75:1495, for the delay that is not for cancels.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from proteus.basics import units
from proteus.basics.schema import PositiveMilliseconds
from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.codes import CANCEL_REQUESTED, EVENT_ACK, EVENT_WAIT, NO_ORDER
from proteus.market.book.outbox import emit
from proteus.market.mechanisms import clob
from proteus.market.mechanisms.base import Mechanism, Sizes
from proteus.market.mechanisms.interface import (
    NEVER,
    amend,
    cancel_open,
    crosses,
    end_timer,
    enter,
    is_continuous,
    leaves_queue,
    next_timer,
    withdraw,
)


class SpeedBumpConfig(clob.ClobConfig):
    """Keys of ``conf/mechanism/speed_bump.yaml``."""

    name: Literal["speed_bump"]
    delay_ms: PositiveMilliseconds


@state
class SpeedBump(NamedTuple):
    """The continuous book, and the queue of those who wait. L lanes, C order slots."""

    inner: clob.Clob
    delay_ns: int
    due: np.ndarray  # int64 [L, C] when the order at the slot enters, ns; 0: it does not wait
    next: np.ndarray  # int32 [L, C] who waits behind it, or NO_ORDER
    previous: np.ndarray  # int32 [L, C] who waits before it, or NO_ORDER
    first: np.ndarray  # int64 [L] who waits longest, or NO_ORDER
    last: np.ndarray  # int64 [L] who came last, or NO_ORDER


def make(config: SpeedBumpConfig, sizes: Sizes) -> SpeedBump:
    """Build the mechanism for a block of lanes."""
    return allocate(
        SpeedBump, L=sizes.lanes, C=sizes.slots, inner=clob.make(config, sizes),
        delay_ns=np.int64(units.milliseconds_to_ns(config.delay_ms)),
        next=NO_ORDER, previous=NO_ORDER, first=NO_ORDER, last=NO_ORDER,
    )  # fmt: skip


MECHANISM = Mechanism(SpeedBumpConfig, make)


@enter.implement(SpeedBump)
@inline_kernel
def _enter(mechanism, market, lane, slot, now):
    orders = market.orders
    if orders.post_only[lane, slot] or not crosses(market, lane, slot, orders.rank[lane, slot]):
        enter(mechanism.inner, market, lane, slot, now)
    else:
        _wait(mechanism, market, lane, slot, now)


@amend.implement(SpeedBump)
@inline_kernel
def _amend(mechanism, market, lane, slot, rank, lots, now):
    orders = market.orders
    if mechanism.due[lane, slot] > 0:
        emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, orders.lots[lane, slot], 0)
        orders.submitted[lane, slot] += lots
        orders.rank[lane, slot] = rank
        orders.lots[lane, slot] = lots
    elif orders.post_only[lane, slot] or not crosses(market, lane, slot, rank):
        amend(mechanism.inner, market, lane, slot, rank, lots, now)
    elif leaves_queue(market, lane, slot, rank, lots):
        _wait(mechanism, market, lane, slot, now)


@withdraw.implement(SpeedBump)
@inline_kernel
def _withdraw(mechanism, market, lane, slot):
    if mechanism.due[lane, slot] > 0:
        _leave(mechanism, lane, slot)
    cancel_open(market, lane, slot, CANCEL_REQUESTED)


@is_continuous.implement(SpeedBump)
@inline_kernel
def _is_continuous(mechanism):
    return True


@next_timer.implement(SpeedBump)
@inline_kernel
def _next_timer(mechanism, market, lane):
    first = mechanism.first[lane]
    return mechanism.due[lane, first] if first != NO_ORDER else NEVER


@end_timer.implement(SpeedBump)
@inline_kernel
def _end_timer(mechanism, market, lane, now):
    slot = mechanism.first[lane]
    while slot != NO_ORDER and mechanism.due[lane, slot] <= now:
        _leave(mechanism, lane, slot)
        enter(mechanism.inner, market, lane, slot, now)
        slot = mechanism.first[lane]


@inline_kernel
def _wait(mechanism, market, lane, slot, now):
    """Put an order behind those who wait."""
    last = mechanism.last[lane]
    mechanism.due[lane, slot] = now + mechanism.delay_ns
    mechanism.next[lane, slot] = NO_ORDER
    mechanism.previous[lane, slot] = last
    if last != NO_ORDER:
        mechanism.next[lane, last] = slot
    else:
        mechanism.first[lane] = slot
    mechanism.last[lane] = slot
    emit(market.outbox, lane, EVENT_WAIT, slot, slot, 0, 0, 0)


@inline_kernel
def _leave(mechanism, lane, slot):
    """Take an order out of those who wait."""
    before, behind = mechanism.previous[lane, slot], mechanism.next[lane, slot]
    if before != NO_ORDER:
        mechanism.next[lane, before] = behind
    else:
        mechanism.first[lane] = behind
    if behind != NO_ORDER:
        mechanism.previous[lane, behind] = before
    else:
        mechanism.last[lane] = before
    mechanism.due[lane, slot] = 0
