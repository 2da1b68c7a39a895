"""Offers and requests: in and out of the book, and what becomes of those that meet."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.book.book import fill_in, rank_of, release_slot, take_slot
from proteus.market.book.codes import BUY, EVENT_CANCEL, EVENT_FILL, GTC, NO_ORDER, SELL
from proteus.market.lending.codes import (
    ACCEPTED,
    AMOUNT_LEAVES_INT64,
    INSUFFICIENT_COLLATERAL,
    LARGEST,
    WALLET_SHORT,
)
from proteus.market.loans.codes import (
    CREDIT_ACCRUAL,
    CREDIT_EXPIRE,
    CREDIT_OFFER,
    CREDIT_OPEN,
    CREDIT_REQUEST,
    EXPIRED,
    RUNNING,
    UNKNOWN_ORDER,
    WITHDRAWN,
)
from proteus.market.loans.health import interest_for_term, may_owe, owed_at_most
from proteus.market.loans.noting import note_loan, note_order
from proteus.market.mechanisms.interface import enter, is_continuous, withdraw


@inline_kernel
def offer(terms, mechanism, venue, lane, message):
    """Offer cash, up to what is in the wallet, at a rate or more."""
    account, amount = message.account, message.amount
    accounts = venue.accounts
    if message.expires < message.time:
        return EXPIRED
    if amount > accounts.wallet[lane, account, 0]:
        return WALLET_SHORT
    accounts.wallet[lane, account, 0] -= amount
    accounts.offered[lane, account] += amount
    if is_continuous(mechanism):
        cancel_failing(terms, mechanism, venue, lane)
    _place(terms, mechanism, venue, lane, message, SELL)
    return ACCEPTED


@inline_kernel
def request(terms, mechanism, venue, lane, message):
    """Ask for cash at a rate or less, if the LTV of the pledged lots allows to owe it."""
    account, accounts = message.account, venue.accounts
    if message.expires < message.time:
        return EXPIRED
    more = owed_at_most(terms, message.amount, message.rate)
    owed = accounts.debt[lane, account] + accounts.reserved[lane, account]
    if more < 0 or more > LARGEST - owed:
        return AMOUNT_LEAVES_INT64
    if not may_owe(terms, venue, lane, account, accounts.pledged[lane, account], more):
        return INSUFFICIENT_COLLATERAL
    accounts.reserved[lane, account] += more
    _place(terms, mechanism, venue, lane, message, BUY)
    return ACCEPTED


@inline_kernel
def _place(terms, mechanism, venue, lane, message, side):
    """Enter an order; there is a free slot."""
    market, placed = venue.market, venue.placed
    slot = take_slot(market.orders, lane)
    rank = rank_of(message.rate, side, market.book.n_ticks[lane])
    fill_in(
        market.orders, lane, slot, message.number + 1, message.account, message.account, side,
        rank, message.amount, GTC, 0,
    )  # fmt: skip
    market.address[lane, slot] = message.number
    placed.open[lane, slot] = message.amount
    placed.expires[lane, slot] = message.expires
    placed.used[lane] = max(placed.used[lane], slot + 1)
    kind = CREDIT_REQUEST if side == BUY else CREDIT_OFFER
    at = note_order(venue, lane, kind, slot, message.amount, ACCEPTED)
    venue.events.rate[lane, at] = message.rate
    enter(mechanism, market, lane, slot, message.time)
    book_outbox(terms, venue, lane, ACCEPTED)
    left = placed.open[lane, slot]
    venue.result[lane, 0], venue.result[lane, 1] = message.amount - left, left


@inline_kernel
def cancel(terms, mechanism, venue, lane, message):
    """Withdraw an own order that is open."""
    slot = _find(venue, lane, message.number)
    if slot == NO_ORDER or venue.market.orders.trader[lane, slot] != message.account:
        return UNKNOWN_ORDER
    venue.result[lane, 0] = venue.placed.open[lane, slot]
    end_order(terms, mechanism, venue, lane, slot, WITHDRAWN)
    return ACCEPTED


@inline_kernel
def _find(venue, lane, number):
    """Return the slot of an open order, or NO_ORDER."""
    orders = venue.market.orders
    for slot in range(venue.placed.used[lane]):
        if venue.placed.open[lane, slot] > 0 and orders.client_id[lane, slot] == number + 1:
            return np.int64(slot)
    return np.int64(NO_ORDER)


@inline_kernel
def end_order(terms, mechanism, venue, lane, slot, reason):
    """Take an open order out of the book, and give back what is kept for it."""
    withdraw(mechanism, venue.market, lane, slot)
    book_outbox(terms, venue, lane, reason)


@inline_kernel
def end_orders_of(terms, mechanism, venue, lane, account, reason):
    """Take all open orders of an account out of the book."""
    orders = venue.market.orders
    for slot in range(venue.placed.used[lane]):
        if venue.placed.open[lane, slot] > 0 and orders.trader[lane, slot] == account:
            end_order(terms, mechanism, venue, lane, slot, reason)


@inline_kernel
def cancel_failing(terms, mechanism, venue, lane):
    """Cancel requests that their collateral no longer allows, the newest first."""
    slot = _newest_failing(terms, venue, lane)
    while slot != NO_ORDER:
        end_order(terms, mechanism, venue, lane, slot, INSUFFICIENT_COLLATERAL)
        slot = _newest_failing(terms, venue, lane)


@inline_kernel
def _newest_failing(terms, venue, lane):
    """Return the newest request of an account that may not owe all it asks for, or NO_ORDER."""
    orders, pledged = venue.market.orders, venue.accounts.pledged
    newest = np.int64(NO_ORDER)
    for slot in range(venue.placed.used[lane]):
        is_asked = venue.placed.open[lane, slot] > 0 and orders.side[lane, slot] == BUY
        is_newer = newest == NO_ORDER
        is_newer = is_newer or orders.arrival[lane, slot] > orders.arrival[lane, newest]
        account = orders.trader[lane, slot]
        lots = pledged[lane, account]
        if is_asked and is_newer and not may_owe(terms, venue, lane, account, lots, 0):
            newest = np.int64(slot)
    return newest


@inline_kernel
def book_outbox(terms, venue, lane, reason):
    """Make loans of what the mechanism says has met, and give back what it has cancelled.

    Args:
        reason: why it cancels.
    """
    outbox = venue.market.outbox
    for at in range(outbox.count[lane]):
        slot = np.int64(outbox.order[lane, at])
        if outbox.kind[lane, at] == EVENT_FILL:
            other = np.int64(outbox.other[lane, at])
            rate, amount = np.int64(outbox.price[lane, at]), outbox.lots[lane, at]
            if venue.market.orders.side[lane, slot] == BUY:
                _open_loan(terms, venue, lane, slot, other, rate, amount)
            else:
                _open_loan(terms, venue, lane, other, slot, rate, amount)
        elif outbox.kind[lane, at] == EVENT_CANCEL:
            left = venue.placed.open[lane, slot]
            note_order(venue, lane, CREDIT_EXPIRE, slot, left, reason)
            _give_back(terms, venue, lane, slot)
    outbox.count[lane] = 0


@inline_kernel
def _give_back(terms, venue, lane, slot):
    """Free what is kept for the open part of an order that ends."""
    orders, accounts = venue.market.orders, venue.accounts
    account, left = orders.trader[lane, slot], venue.placed.open[lane, slot]
    if orders.side[lane, slot] == BUY:
        limit = np.int64(orders.rank[lane, slot])
        accounts.reserved[lane, account] -= owed_at_most(terms, left, limit)
    else:
        accounts.offered[lane, account] -= left
        accounts.wallet[lane, account, 0] += left
    _lower(venue, lane, slot, left)


@inline_kernel
def _lower(venue, lane, slot, amount):
    """Lower what is open of an order; at nothing its slot is free."""
    venue.placed.open[lane, slot] -= amount
    if venue.placed.open[lane, slot] == 0:
        release_slot(venue.market.orders, lane, slot)


@inline_kernel
def _open_loan(terms, venue, lane, asked, offered, rate, amount):
    """Lend an amount between a request and an offer.

    The interest is rounded up, but never beyond what was reserved for it: so no fill ever makes a
    request fail, and at its own rate parts of it owe together what the whole would.
    """
    orders, accounts, loans = venue.market.orders, venue.accounts, venue.loans
    borrower, lender = orders.trader[lane, asked], orders.trader[lane, offered]
    limit, left = np.int64(orders.rank[lane, asked]), venue.placed.open[lane, asked]
    kept = owed_at_most(terms, left - amount, limit)
    freed = owed_at_most(terms, left, limit) - kept
    interest = min(interest_for_term(terms, amount, rate), freed - amount)
    loan = loans.count[lane]
    loans.count[lane] += 1
    loans.lender[lane, loan], loans.borrower[lane, loan] = lender, borrower
    loans.rate[lane, loan] = rate
    loans.principal[lane, loan], loans.interest[lane, loan] = amount, interest
    loans.owed[lane, loan] = amount + interest
    loans.start[lane, loan] = venue.clock[lane]
    loans.maturity[lane, loan] = venue.clock[lane] + terms.term
    loans.status[lane, loan] = RUNNING
    venue.rate[lane] = rate
    accounts.offered[lane, lender] -= amount
    accounts.wallet[lane, borrower, 0] += amount
    accounts.claims[lane, lender] += amount + interest
    accounts.reserved[lane, borrower] -= freed
    before = accounts.debt[lane, borrower]
    accounts.debt[lane, borrower] += amount
    note_loan(venue, lane, CREDIT_OPEN, loan, amount, before)
    accounts.debt[lane, borrower] += interest
    note_loan(venue, lane, CREDIT_ACCRUAL, loan, interest, before + amount)
    _lower(venue, lane, asked, amount)
    _lower(venue, lane, offered, amount)
