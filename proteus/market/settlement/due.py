"""Delayed settlement: what is due is settled, each fill alone or one net amount per trader.

Rules
    gross  Fills in order of (due time, number). The giver of the cash needs it settled; a fill
           for which it is not there fails, and the next one is tried.
    net    One amount per trader against the cycle. Of those who cannot pay, the trader with the
           smallest agent_uid is taken out with all its fills, and the rest is netted again.

    Contracts can always be delivered, as a short is a negative balance, and traders without a limit
    of capital can always pay. So can who trades with itself: it owes nobody anything.

Source
    Bank for International Settlements (1992), Delivery versus Payment in Securities Settlement
    Systems: models 1 (gross) and 3 (simultaneous net); taking out who cannot pay is the unwind of
    its section 3.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import NO_TRADER
from proteus.market.events.queue import NEVER_NS
from proteus.market.settlement.failing import resolve_fails
from proteus.market.settlement.legs import (
    LEG_FAILED,
    LEG_PENDING,
    expect,
    fail_leg,
    settle_leg,
    settled_cash,
)
from proteus.market.settlement.sums import count_final


@deferred_kernel(int)
def settle_due(settlement, balance, lane, time, price):
    """Settle what is due, and decide what follows for what fails.

    Parameters
        balance: int64 [L, B, 2], economic; read. price: public price of a lot, nano, or NO_PRICE.

    Returns
        A time at which to call again, or NEVER_NS.

    Afterwards the statuses of the legs and the payments say what is to be posted.
    """
    legs = settlement.legs
    legs.expected_ns[lane] = 0
    if settlement.terms.nets:
        _settle_net(settlement, balance, lane, time)
    else:
        _settle_gross(settlement, balance, lane, time)
    resolve_fails(settlement, balance, lane, time, price)
    return expect(settlement.terms, legs, lane, _next_due(legs, lane))


@inline_kernel
def _next_due(legs, lane):
    """Return when anything is due next, what failed just now with it, or NEVER_NS."""
    due = np.int64(NEVER_NS)
    for at in range(legs.count[lane]):
        if legs.status[lane, at] == LEG_PENDING or legs.status[lane, at] == LEG_FAILED:
            due = min(due, legs.due_ns[lane, at])
    return due


@inline_kernel
def _settle_gross(settlement, balance, lane, time):
    legs = settlement.legs
    due = _earliest_due(legs, lane)
    while due <= time:
        for at in range(legs.count[lane]):
            if legs.status[lane, at] != LEG_PENDING or legs.due_ns[lane, at] != due:
                continue
            buyer = legs.buyer[lane, at]
            if buyer != legs.seller[lane, at] and _lacks(
                settlement, balance, lane, buyer, legs.cash[lane, at]
            ):
                fail_leg(legs, lane, at, buyer)
            else:
                _finish(settlement, lane, at, time)
        due = _earliest_due(legs, lane)


@inline_kernel
def _earliest_due(legs, lane):
    earliest = np.int64(NEVER_NS)
    for at in range(legs.count[lane]):
        if legs.status[lane, at] == LEG_PENDING:
            earliest = min(earliest, legs.due_ns[lane, at])
    return earliest


@inline_kernel
def _lacks(settlement, balance, lane, trader, amount):
    """Tell whether a trader has less settled cash than an amount."""
    if not settlement.parties.is_limited[trader]:
        return False
    return settled_cash(settlement.held, balance, lane, trader) < amount


@inline_kernel
def _finish(settlement, lane, at, time):
    count_final(settlement.sums, lane, time - settlement.legs.traded_ns[lane, at])
    settle_leg(settlement, lane, at, time)


@inline_kernel
def _settle_net(settlement, balance, lane, time):
    legs = settlement.legs
    trader = _first_short(settlement, balance, lane, time)
    while trader != NO_TRADER:
        for at in range(legs.count[lane]):
            is_party = legs.buyer[lane, at] == trader or legs.seller[lane, at] == trader
            if is_party and _is_in_cycle(legs, lane, at, time):
                fail_leg(legs, lane, at, trader)
        trader = _first_short(settlement, balance, lane, time)
    for at in range(legs.count[lane]):
        if _is_in_cycle(legs, lane, at, time):
            _finish(settlement, lane, at, time)


@inline_kernel
def _is_in_cycle(legs, lane, at, time):
    return legs.status[lane, at] == LEG_PENDING and legs.due_ns[lane, at] <= time


@inline_kernel
def _first_short(settlement, balance, lane, time):
    """Return the trader with the smallest agent_uid that cannot pay its net amount, or none."""
    legs, net = settlement.legs, settlement.sharing.cash
    for trader in range(net.shape[0]):
        net[trader] = 0
    for at in range(legs.count[lane]):
        if _is_in_cycle(legs, lane, at, time):
            net[legs.buyer[lane, at]] -= legs.cash[lane, at]
            net[legs.seller[lane, at]] += legs.cash[lane, at]
    for place in range(net.shape[0]):
        trader = settlement.parties.by_uid[place]
        if net[trader] < 0 and _lacks(settlement, balance, lane, trader, -net[trader]):
            return trader
    return np.int64(NO_TRADER)
