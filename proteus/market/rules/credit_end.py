"""The end of a pool: debts are repaid, what is missing is borne, and claims are paid.

It comes at the end of trading, before contracts pay. Where loans go on into the next episode only
those end there whose owner has less than it owes, and all others are opened again at its start.
``rules`` is written, and through ``posting`` the ledger and the log.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.codes import EVENT_CREDIT_REPAY, NO_TRADER
from proteus.market.events.log import MISSING, SOURCE_RULES
from proteus.market.ledger import codes as postings
from proteus.market.ledger.accounts import (
    AFTER_LAST,
    BEFORE_FIRST,
    CASH,
    CONTRACT,
    DUST_ACCOUNT,
    LENDING,
    TREASURY,
    account_of,
)
from proteus.market.lending import codes
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.lending.pool import debt_of, write_off
from proteus.market.lending.pool_actions import act_pool
from proteus.market.rules import posting
from proteus.market.rules.credit import charge_interest, mark
from proteus.market.rules.credit_books import (
    act,
    bear,
    bear_by_claims,
    book,
    book_all,
    claim_of,
    note,
    note_debtor,
    pay,
)
from proteus.market.rules.credit_liquidation import forget, liquidate, worst_of
from proteus.market.rules.credit_order import put_in_order


@deferred_kernel()
def end(rules, ledger, log, data, risk, initial_ticks, lane, time, value):
    """Close the pool before contracts pay: debts from all that their owners have, then claims.

    What is due at T comes first: interest, then lots of who fails, where the treasury liquidates.
    Where loans go on, those alone end whose owner has less than it owes, and the treasury's desk.

    Parameters
        value: v at the end, nano, at which lots count. What is missing is bad debt.
    """
    credit, pool = rules.credit, rules.credit.pool
    charge_interest(rules, ledger, log, lane, time, AFTER_LAST)
    book_all(rules, ledger, log, lane, time, AFTER_LAST)
    if credit.liquidations.is_auto:
        mark(rules, ledger, data, initial_ticks, lane)
        _seize_all(rules, ledger, log, risk, lane, time, value)
    traders = credit.leverage.shape[0]
    for trader in range(traders):
        if not credit.goes_on or _owes_more(credit, ledger, lane, trader, value):
            lots = ledger.balance[lane, trader, CONTRACT] * value
            _close(rules, ledger, log, lane, time, trader, lots)
    for trader in range(traders):
        is_over = not credit.goes_on or _owes_more(credit, ledger, lane, trader, value)
        if pool.borrowed[lane, trader] > 0 and is_over:
            _write_off(rules, ledger, log, lane, time, trader)
        pool.pledged[lane, trader] = 0
    _settle_desk(rules, ledger, log, lane, time, value)
    if credit.goes_on:
        book_all(rules, ledger, log, lane, time, AFTER_LAST)
        return
    for trader in range(traders):
        _give_back(rules, ledger, log, lane, time, trader)
    _empty(rules, ledger, log, lane, time)


@deferred_kernel()
def _seize_all(rules, ledger, log, risk, lane, time, value):
    """Let the treasury seize lots of every account that fails, that of least health first.

    Trading has ended: no order can be cancelled or give a lot away, no fill is pending, and nobody
    acts on what it might be told.
    """
    credit = rules.credit
    desk = np.int64(credit.liquidations.desk)
    forget(credit, lane)
    borrower = worst_of(credit, lane)
    while borrower != NO_TRADER:
        credit.liquidations.is_done[lane, borrower] = True
        lots = credit.pool.pledged[lane, borrower]
        liquidate(rules, ledger, log, risk, lane, time, AFTER_LAST, value, desk, borrower, lots)
        borrower = worst_of(credit, lane)


@inline_kernel
def _owes_more(credit, ledger, lane, trader, value):
    """Tell whether an account owes more than all that it has, its lots at ``value``."""
    means = ledger.balance[lane, trader, CASH] + ledger.balance[lane, trader, CONTRACT] * value
    return means < credit.booked[lane, trader, DEBT]


@cold_kernel
def _close(rules, ledger, log, lane, time, trader, lots_worth):
    """Let an account repay what it can, its lots counted as cash that comes right after."""
    credit, pool = rules.credit, rules.credit.pool
    book(rules, ledger, log, lane, time, AFTER_LAST, trader)
    debt = credit.booked[lane, trader, DEBT]
    means = ledger.balance[lane, trader, CASH] + lots_worth
    paid = min(debt, max(means, 0))
    if paid == 0:
        return
    pool.wallet[lane, trader, CASH] = paid
    amount = codes.ALL if paid == debt else paid
    credit.is_stale[lane] = True
    refusal = act_pool(
        credit.terms, pool, lane, time, codes.REPAY, trader, amount, np.int64(0), codes.NOBODY
    )
    if refusal != codes.ACCEPTED:
        return
    paid = pool.result[lane, 0]
    credit.booked[lane, trader, DEBT] -= paid
    lending = account_of(ledger, LENDING)
    posting.pay(rules, ledger, log, lane, time, AFTER_LAST, trader, lending, paid, postings.REPAY)
    book(rules, ledger, log, lane, time, AFTER_LAST, trader)
    note(
        rules, ledger, log, lane, time, AFTER_LAST, SOURCE_RULES, EVENT_CREDIT_REPAY, trader, paid,
        MISSING,
    )  # fmt: skip


@cold_kernel
def _write_off(rules, ledger, log, lane, time, trader):
    """Write off a debt: the treasury bears it first, then the lenders by their claims."""
    book_all(rules, ledger, log, lane, time, AFTER_LAST)
    pool = rules.credit.pool
    reserves = pool.treasury[lane]
    rules.credit.is_stale[lane] = True
    lost = write_off(pool, lane, trader)
    borne = reserves - pool.treasury[lane]
    bear(rules, ledger, log, lane, time, AFTER_LAST, trader, lost, borne)


@cold_kernel
def _settle_desk(rules, ledger, log, lane, time, value):
    """Pay what the treasury's desk gained or lost into or out of the reserves, then of claims.

    Its lots count at ``value``, as cash that comes right after.
    """
    credit, pool, desk = rules.credit, rules.credit.pool, rules.credit.liquidations.desk
    if desk == NO_TRADER:
        return
    lending, treasury = account_of(ledger, LENDING), account_of(ledger, TREASURY)
    gained = ledger.balance[lane, desk, CASH] + ledger.balance[lane, desk, CONTRACT] * value
    gained = max(gained, -pool.treasury[lane] - pool.supply_assets[lane])
    borne = max(gained, -pool.treasury[lane])
    code, event = postings.LIQUIDATION_FEE, AFTER_LAST
    pay(rules, ledger, log, lane, time, event, desk, treasury, borne, code)
    pay(rules, ledger, log, lane, time, event, treasury, lending, borne, postings.SUPPLY)
    pool.treasury[lane] += borne
    credit.reserves[lane] += borne
    pool.cash[lane] += gained
    if gained < borne:
        pay(rules, ledger, log, lane, time, event, desk, lending, gained - borne, code)
        pool.supply_assets[lane] += gained - borne
        bear_by_claims(rules, ledger, log, lane, time, event, borne - gained)


@cold_kernel
def _give_back(rules, ledger, log, lane, time, trader):
    """Pay a lender what its claims are worth."""
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    book(rules, ledger, log, lane, time, AFTER_LAST, trader)
    if credit.booked[lane, trader, CLAIM] == 0:
        return
    refusal = act(rules, ledger, lane, codes.WITHDRAW, trader, np.int64(codes.ALL))
    if refusal == codes.ACCEPTED:
        paid = pool.result[lane, 0]
        credit.booked[lane, trader, CLAIM] -= paid
        posting.pay(
            rules, ledger, log, lane, time, AFTER_LAST, lending, trader, paid, postings.REDEEM
        )


@inline_kernel
def _empty(rules, ledger, log, lane, time):
    """Pay the treasury; what rounding has left in the pool is dust."""
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    treasury, dust = account_of(ledger, TREASURY), account_of(ledger, DUST_ACCOUNT)
    paid, event = credit.reserves[lane], AFTER_LAST
    pay(rules, ledger, log, lane, time, event, lending, treasury, paid, postings.REDEEM)
    left = pool.cash[lane] - pool.treasury[lane]
    pay(rules, ledger, log, lane, time, event, lending, dust, left, postings.DUST)
    credit.reserves[lane] = pool.treasury[lane] = pool.cash[lane] = pool.supply_assets[lane] = 0


# --- loans that go on -----------------------------------------------------------------------------


@deferred_kernel()
def reopen(rules, ledger, log, lane):
    """Open the loans, claims and pledges that go on, before the first event.

    Each account gets its debt in cash and gives its claims, so it has as much wealth as before.
    What shares are worth together falls short of the pool by their rounding: that is dust.
    """
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    for trader in range(credit.leverage.shape[0]):
        if credit.leverage[trader] > 0:
            lots = rules.opening[lane, trader]
            pool.pledged[lane, trader], pool.is_short[lane, trader] = abs(lots), lots < 0
        debt, claim = debt_of(pool, lane, trader), claim_of(pool, lane, trader)
        credit.booked[lane, trader, DEBT], credit.booked[lane, trader, CLAIM] = debt, claim
        credit.opened[lane] += debt
        pay(rules, ledger, log, lane, 0, BEFORE_FIRST, lending, trader, debt, postings.BORROW)
        pay(rules, ledger, log, lane, 0, BEFORE_FIRST, trader, lending, claim, postings.SUPPLY)
        if debt > 0:
            note_debtor(credit, lane, trader)
            put_in_order(credit, lane, trader)
    reserves, treasury = pool.treasury[lane], account_of(ledger, TREASURY)
    credit.reserves[lane] = reserves
    pay(rules, ledger, log, lane, 0, BEFORE_FIRST, treasury, lending, reserves, postings.SUPPLY)
    pool.cash[lane] = pool.supply_assets[lane] + reserves - pool.borrow_assets[lane]
    left, dust = pool.cash[lane] - ledger.balance[lane, lending, CASH], DUST_ACCOUNT
    pay(
        rules, ledger, log, lane, 0, BEFORE_FIRST, account_of(ledger, dust), lending, left,
        postings.DUST,
    )  # fmt: skip
