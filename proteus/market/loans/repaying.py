"""How loans end: repaid early, at maturity, out of a liquidation, or not at all."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.lending.codes import ACCEPTED, ALL, REPAY_ZERO, WALLET_SHORT
from proteus.market.loans.codes import (
    CREDIT_BAD_DEBT,
    CREDIT_EXPIRE,
    CREDIT_REPAY,
    NO_NUMBER,
    OVERDUE,
    REPAID,
    UNKNOWN_LOAN,
    WRITTEN_OFF,
)
from proteus.market.loans.noting import note_loan
from proteus.market.mechanisms.interface import NEVER


@inline_kernel
def repay(venue, lane, message):
    """Repay an amount, at most what is owed, or everything: of one loan, or of the first due."""
    account, loan, loans = message.account, message.number, venue.loans
    if loan == NO_NUMBER:
        owed = venue.accounts.debt[lane, account]
    elif loan >= loans.count[lane] or loans.borrower[lane, loan] != account:
        return UNKNOWN_LOAN
    else:
        owed = loans.owed[lane, loan]
    if owed == 0:
        return REPAY_ZERO
    amount = owed if message.amount == ALL else min(message.amount, owed)
    if amount > venue.accounts.wallet[lane, account, 0]:
        return WALLET_SHORT
    if loan == NO_NUMBER:
        pay_first_due(venue, lane, account, account, amount)
    else:
        pay(venue, lane, loan, account, amount)
    venue.result[lane, 0], venue.result[lane, 1] = amount, owed - amount
    return ACCEPTED


@inline_kernel
def pay(venue, lane, loan, payer, amount):
    """Pay a part of a loan, or all of it, out of a wallet to its lender."""
    accounts, loans = venue.accounts, venue.loans
    before = accounts.debt[lane, loans.borrower[lane, loan]]
    accounts.wallet[lane, payer, 0] -= amount
    accounts.wallet[lane, loans.lender[lane, loan], 0] += amount
    _lower(venue, lane, loan, amount)
    if loans.owed[lane, loan] == 0:
        loans.status[lane, loan] = REPAID
    note_loan(venue, lane, CREDIT_REPAY, loan, amount, before)


@inline_kernel
def pay_first_due(venue, lane, borrower, payer, amount):
    """Pay the loans of a borrower, the first due first: as they are due in their order, in that."""
    loans = venue.loans
    for loan in range(loans.count[lane]):
        if amount > 0 and loans.borrower[lane, loan] == borrower and loans.owed[lane, loan] > 0:
            part = min(amount, loans.owed[lane, loan])
            pay(venue, lane, loan, payer, part)
            amount -= part


@inline_kernel
def _lower(venue, lane, loan, amount):
    """Lower what is owed of a loan, the debt of the one and the claim of the other."""
    accounts, loans = venue.accounts, venue.loans
    borrower = loans.borrower[lane, loan]
    loans.owed[lane, loan] -= amount
    accounts.debt[lane, borrower] -= amount
    accounts.claims[lane, loans.lender[lane, loan]] -= amount
    if loans.status[lane, loan] == OVERDUE:
        accounts.overdue[lane, borrower] -= amount


@inline_kernel
def next_maturity(venue, lane):
    """Return when the next loan matures that is not paid, or NEVER."""
    loans = venue.loans
    while loans.matured[lane] < loans.count[lane]:
        loan = loans.matured[lane]
        if loans.owed[lane, loan] > 0:
            return loans.maturity[lane, loan]
        loans.matured[lane] += 1
    return np.int64(NEVER)


@inline_kernel
def mature(venue, lane):
    """Let the next loan be due: it is paid as far as the borrower's cash goes."""
    accounts, loans = venue.accounts, venue.loans
    loan = loans.matured[lane]
    loans.matured[lane] += 1
    borrower = loans.borrower[lane, loan]
    amount = min(accounts.wallet[lane, borrower, 0], loans.owed[lane, loan])
    if amount > 0:
        pay(venue, lane, loan, borrower, amount)
    left = loans.owed[lane, loan]
    if left > 0:
        loans.status[lane, loan] = OVERDUE
        accounts.overdue[lane, borrower] += left
        note_loan(venue, lane, CREDIT_EXPIRE, loan, left, accounts.debt[lane, borrower])


@inline_kernel
def write_off(venue, lane, borrower):
    """Write off what an account without collateral owes: the treasury bears it, then the lender."""
    accounts, loans = venue.accounts, venue.loans
    for loan in range(loans.count[lane]):
        lost = loans.owed[lane, loan]
        if loans.borrower[lane, loan] == borrower and lost > 0:
            borne = min(lost, venue.treasury[lane])
            venue.treasury[lane] -= borne
            accounts.wallet[lane, loans.lender[lane, loan], 0] += borne
            before = accounts.debt[lane, borrower]
            _lower(venue, lane, loan, lost)
            loans.status[lane, loan] = WRITTEN_OFF
            venue.bad_debt[lane] += lost
            note_loan(venue, lane, CREDIT_BAD_DEBT, loan, lost, before)
