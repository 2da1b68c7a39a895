"""The log of loans: one row for each thing that happens."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.lending.codes import ACCEPTED, NOBODY
from proteus.market.loans.codes import NO_NUMBER


@inline_kernel
def note(venue, lane, kind, account, amount):
    """Append an event.

    Returns
        Its row, in which the caller writes what else is to be said.
    """
    events = venue.events
    at = min(events.count[lane], events.capacity)
    events.count[lane] += 1
    events.kind[lane, at] = kind
    events.time[lane, at] = venue.clock[lane]
    events.account[lane, at] = account
    events.amount[lane, at] = amount
    events.other[lane, at] = NOBODY
    events.order[lane, at] = NO_NUMBER
    events.loan[lane, at] = NO_NUMBER
    events.rate[lane, at] = 0
    events.before[lane, at] = 0
    events.after[lane, at] = 0
    events.reason[lane, at] = ACCEPTED
    return at


@inline_kernel
def note_order(venue, lane, kind, slot, amount, reason):
    """Append what happens to an order; returns the row."""
    orders = venue.market.orders
    at = note(venue, lane, kind, orders.trader[lane, slot], amount)
    venue.events.order[lane, at] = orders.client_id[lane, slot] - 1
    venue.events.reason[lane, at] = reason
    return at


@inline_kernel
def note_loan(venue, lane, kind, loan, amount, before):
    """Append what happens to a loan: how the debt of its borrower was before, and is now."""
    loans, events = venue.loans, venue.events
    borrower = loans.borrower[lane, loan]
    at = note(venue, lane, kind, borrower, amount)
    events.other[lane, at] = loans.lender[lane, loan]
    events.loan[lane, at] = loan
    events.rate[lane, at] = loans.rate[lane, loan]
    events.before[lane, at] = before
    events.after[lane, at] = venue.accounts.debt[lane, borrower]
