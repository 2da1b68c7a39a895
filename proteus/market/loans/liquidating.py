"""Collateral of loans: pledged, released, and sold to a liquidator."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.lending.codes import (
    ACCEPTED,
    AMOUNT_LEAVES_INT64,
    DUST_LEFT,
    HEALTHY,
    INSUFFICIENT_COLLATERAL,
    UNDERFLOW,
    WALLET_SHORT,
)
from proteus.market.lending.collateral import bonus_of
from proteus.market.lending.liquidation import leaves_dust, most_repaid, sale
from proteus.market.loans.codes import (
    CREDIT_COLLATERAL_IN,
    CREDIT_COLLATERAL_OUT,
    CREDIT_LIQUIDATION,
    LIQUIDATED,
)
from proteus.market.loans.health import is_healthy, may_owe, value_of
from proteus.market.loans.noting import note
from proteus.market.loans.orders import end_orders_of
from proteus.market.loans.repaying import pay_first_due, write_off


@inline_kernel
def add_collateral(venue, lane, account, lots):
    """Pledge lots."""
    accounts = venue.accounts
    if lots > accounts.wallet[lane, account, 1]:
        return WALLET_SHORT
    accounts.wallet[lane, account, 1] -= lots
    accounts.pledged[lane, account] += lots
    venue.result[lane, 0] = lots
    note(venue, lane, CREDIT_COLLATERAL_IN, account, lots)
    return ACCEPTED


@inline_kernel
def withdraw_collateral(terms, venue, lane, account, lots):
    """Release lots, if the rest carries the debt and what is reserved for open requests."""
    accounts = venue.accounts
    left = accounts.pledged[lane, account] - lots
    if left < 0:
        return UNDERFLOW
    is_free = accounts.reserved[lane, account] == 0
    if not is_healthy(terms, venue, lane, account, left):
        return INSUFFICIENT_COLLATERAL
    if not (is_free or may_owe(terms, venue, lane, account, left, 0)):
        return INSUFFICIENT_COLLATERAL
    accounts.pledged[lane, account] = left
    accounts.wallet[lane, account, 1] += lots
    venue.result[lane, 0] = lots
    note(venue, lane, CREDIT_COLLATERAL_OUT, account, lots)
    return ACCEPTED


@inline_kernel
def liquidate(terms, mechanism, venue, lane, message):
    """Take lots of an account that is unhealthy, or has a loan overdue, for less than their worth.

    What is paid goes to the lenders of its loans, the first due first; what lots cost beyond that
    goes to their owner, part of the bonus to the treasury.
    """
    account, borrower = message.account, message.borrower
    accounts, policy = venue.accounts, terms.policy
    held, debt = accounts.pledged[lane, borrower], accounts.debt[lane, borrower]
    most = accounts.overdue[lane, borrower]
    is_carried = is_healthy(terms, venue, lane, borrower, held)
    if is_carried and most == 0:
        return HEALTHY
    value = value_of(terms, venue, lane, borrower)
    cost = value - bonus_of(terms.collateral, value)
    if not is_carried:
        threshold = terms.collateral.threshold
        most = max(most, most_repaid(policy, threshold, held, value, cost, debt))
    lots, price, fee = sale(policy, held, value, cost, message.amount, most)
    if price < 0:
        return AMOUNT_LEAVES_INT64
    repaid = min(price, most)
    if price + fee > accounts.wallet[lane, account, 0]:
        return WALLET_SHORT
    if leaves_dust(policy, debt - repaid, held - lots, value):
        return DUST_LEFT
    end_orders_of(terms, mechanism, venue, lane, borrower, LIQUIDATED)
    _seize(venue, lane, account, borrower, lots, price - repaid, fee)
    pay_first_due(venue, lane, borrower, account, repaid)
    if accounts.pledged[lane, borrower] == 0:
        write_off(venue, lane, borrower)
    venue.result[lane, 0], venue.result[lane, 1] = lots, repaid
    return ACCEPTED


@inline_kernel
def _seize(venue, lane, account, borrower, lots, surplus, fee):
    """Move lots to a liquidator, and what it pays beyond the debt to their owner."""
    accounts = venue.accounts
    accounts.wallet[lane, account, 0] -= surplus + fee
    accounts.wallet[lane, borrower, 0] += surplus
    venue.treasury[lane] += fee
    accounts.pledged[lane, borrower] -= lots
    side = 1 if accounts.is_short[lane, borrower] else 0
    accounts.seized[lane, account, side] += lots
    at = note(venue, lane, CREDIT_LIQUIDATION, borrower, lots)
    venue.events.other[lane, at] = account
