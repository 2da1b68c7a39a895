"""One message to a market of loans, and all that is due before it."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import NO_ORDER
from proteus.market.lending.codes import (
    ACCEPTED,
    ACCRUE,
    ADD_COLLATERAL,
    PRICE,
    REPAY,
    WITHDRAW_COLLATERAL,
    ZERO_ASSETS,
)
from proteus.market.loans.codes import CANCEL, CREDIT_REJECT, EXPIRED, OFFER, REQUEST
from proteus.market.loans.liquidating import add_collateral, liquidate, withdraw_collateral
from proteus.market.loans.noting import note
from proteus.market.loans.orders import (
    book_outbox,
    cancel,
    cancel_failing,
    end_order,
    offer,
    request,
)
from proteus.market.loans.repaying import mature, next_maturity, repay
from proteus.market.mechanisms.interface import NEVER, clear, next_clear, skip_clears


@inline_kernel
def act_loans(terms, mechanism, venue, lane, message):
    """Do all that is due by the time of a message, then the message, whole or not at all.

    Args:
        terms: LoanTerms. mechanism: a continuous book, or an auction in batches.
        venue: LoanMarket, written; there is room for what one message does.
        message: Message, not before the last one.

    Returns
        ACCEPTED, or the refusal.
    """
    advance(terms, mechanism, venue, lane, message.time)
    venue.result[lane, 0], venue.result[lane, 1] = 0, 0
    refusal = _act(terms, mechanism, venue, lane, message)
    if refusal != ACCEPTED:
        at = note(venue, lane, CREDIT_REJECT, message.account, 0)
        venue.events.reason[lane, at] = refusal
    return refusal


@inline_kernel
def _act(terms, mechanism, venue, lane, message):
    action, account, amount = message.action, message.account, message.amount
    if action == ACCRUE:
        return ACCEPTED
    if action == PRICE:
        venue.price[lane] = amount
        return ACCEPTED
    if action == CANCEL:
        return cancel(terms, mechanism, venue, lane, message)
    if amount == 0:
        return ZERO_ASSETS
    if action == OFFER:
        return offer(terms, mechanism, venue, lane, message)
    if action == REQUEST:
        return request(terms, mechanism, venue, lane, message)
    if action == REPAY:
        return repay(venue, lane, message)
    if action == ADD_COLLATERAL:
        return add_collateral(venue, lane, account, amount)
    if action == WITHDRAW_COLLATERAL:
        return withdraw_collateral(terms, venue, lane, account, amount)
    return liquidate(terms, mechanism, venue, lane, message)


@inline_kernel
def advance(terms, mechanism, venue, lane, now):
    """Do what is due: at one time loans mature, then a batch clears, then orders expire.

    Orders that expire now wait for the messages of now. A batch after the first has no new orders,
    so nothing trades in it.
    """
    while True:
        slot = _first_to_expire(venue, lane)
        expires = venue.placed.expires[lane, slot] if slot != NO_ORDER else np.int64(NEVER)
        matures = next_maturity(venue, lane)
        closes = next_clear(mechanism, venue.market, lane, venue.clock[lane])
        if matures <= now and matures <= closes and matures <= expires:
            venue.clock[lane] = matures
            mature(venue, lane)
        elif closes <= now and closes <= expires:
            venue.clock[lane] = closes
            _clear(terms, mechanism, venue, lane)
            skip_clears(mechanism, venue.market, lane, now)
        elif expires < now:
            venue.clock[lane] = expires
            end_order(terms, mechanism, venue, lane, slot, EXPIRED)
        else:
            break
    venue.clock[lane] = now


@inline_kernel
def _clear(terms, mechanism, venue, lane):
    """Clear a batch, without the requests that their collateral no longer allows."""
    cancel_failing(terms, mechanism, venue, lane)
    clear(mechanism, venue.market, lane)
    book_outbox(terms, venue, lane, ACCEPTED)


@inline_kernel
def _first_to_expire(venue, lane):
    """Return the slot of the open order that expires first, the older one at one time."""
    orders, placed = venue.market.orders, venue.placed
    first = np.int64(NO_ORDER)
    for slot in range(placed.used[lane]):
        if placed.open[lane, slot] > 0:
            later = np.int64(0)
            if first != NO_ORDER:
                later = placed.expires[lane, slot] - placed.expires[lane, first]
            is_older = first == NO_ORDER
            is_older = is_older or orders.arrival[lane, slot] < orders.arrival[lane, first]
            if later < 0 or (later == 0 and is_older):
                first = np.int64(slot)
    return first
