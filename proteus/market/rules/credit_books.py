"""What the ledger has of a pool, and what the log is told of its accounts.

The pool has the truth: totals, shares and pledged lots. The ledger has of every account what it
owes and what it is owed (``booked``), which is brought up to the pool when the account acts and
when interest accrues. What it grew by is two entries: interest is paid, and borrowed; so cash moves
only when it does, and equity is net of interest at once.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR
from proteus.market.arithmetic.wide import narrow
from proteus.market.book.codes import EVENT_CREDIT_BAD_DEBT, EVENT_CREDIT_LIQUIDATION
from proteus.market.events.log import MISSING, NO_ROW, SOURCE_RULES, is_recorded, start_row
from proteus.market.ledger import codes as postings
from proteus.market.ledger.accounts import (
    AMOUNT_TOO_LARGE,
    CASH,
    CONTRACT,
    LENDING,
    TREASURY,
    account_of,
)
from proteus.market.lending import codes
from proteus.market.lending.collateral import health_order, worth
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.lending.pool import debt_of, supply_assets_of
from proteus.market.lending.pool_actions import act_pool
from proteus.market.rules import posting
from proteus.market.rules.credit_order import put_all_in_order, put_in_order
from proteus.market.settlement.legs import coming_in, is_immediate


@cold_kernel
def book_all(rules, ledger, log, lane, time, event):
    """Book what everybody and the treasury owe or have, if any of it may have changed."""
    credit = rules.credit
    if not credit.is_stale[lane]:
        return
    credit.is_stale[lane] = False
    owe = 0
    for trader in range(credit.leverage.shape[0]):
        _book(rules, ledger, log, lane, time, event, trader)
        if credit.booked[lane, trader, DEBT] != 0:
            credit.debtors[lane, owe] = trader
            owe += 1
    credit.n_debtors[lane] = owe
    put_all_in_order(credit, lane)
    grown = credit.pool.treasury[lane] - credit.reserves[lane]
    treasury, lending = account_of(ledger, TREASURY), account_of(ledger, LENDING)
    pay(rules, ledger, log, lane, time, event, lending, treasury, grown, postings.INTEREST)
    pay(rules, ledger, log, lane, time, event, treasury, lending, grown, postings.SUPPLY)
    credit.reserves[lane] += grown


@cold_kernel
def book(rules, ledger, log, lane, time, event, trader):
    """Book what an account owes, and what its claims are worth, as interest since the last time."""
    debt = rules.credit.booked[lane, trader, DEBT]
    _book(rules, ledger, log, lane, time, event, trader)
    if rules.credit.booked[lane, trader, DEBT] != debt:
        put_in_order(rules.credit, lane, trader)


@cold_kernel
def _book(rules, ledger, log, lane, time, event, trader):
    """Do what ``book`` says, and leave the order of accounts as it was."""
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    shares = pool.borrowed[lane, trader] + pool.supplied[lane, trader]
    booked = credit.booked[lane, trader, DEBT] + credit.booked[lane, trader, CLAIM]
    if shares == 0 and booked == 0:  # of both neither is ever below 0
        return
    grown = debt_of(pool, lane, trader) - credit.booked[lane, trader, DEBT]
    if grown != 0:
        credit.booked[lane, trader, DEBT] += grown
        pay(rules, ledger, log, lane, time, event, trader, lending, grown, postings.INTEREST)
        pay(rules, ledger, log, lane, time, event, lending, trader, grown, postings.BORROW)
    worth_now = claim_of(pool, lane, trader)
    grown = worth_now - credit.booked[lane, trader, CLAIM]
    if grown != 0:
        credit.booked[lane, trader, CLAIM] = worth_now
        pay(rules, ledger, log, lane, time, event, lending, trader, grown, postings.INTEREST)
        pay(rules, ledger, log, lane, time, event, trader, lending, grown, postings.SUPPLY)


@inline_kernel
def claim_of(pool, lane, trader):
    """Return what the claims of an account are worth, nano."""
    return supply_assets_of(pool, lane, pool.supplied[lane, trader], FLOOR)


@cold_kernel
def pay(rules, ledger, log, lane, time, event, giver, receiver, amount, code):
    """Move cash; what is negative, as rounding may make it, moves the other way."""
    if amount < 0:
        giver, receiver, amount = receiver, giver, -amount
    posting.pay(rules, ledger, log, lane, time, event, giver, receiver, amount, code)


@cold_kernel
def bear(rules, ledger, log, lane, time, event, trader, lost, borne):
    """Book a debt that the pool has written off: what the treasury bears, the rest by claims.

    Parameters
        lost: nano. borne: of these, by the treasury.
    """
    credit, lending = rules.credit, account_of(ledger, LENDING)
    credit.booked[lane, trader, DEBT] -= lost
    held = credit.liquidations
    if held.jump[lane, trader] > held.buffer[lane, trader]:
        held.by_jump[lane] += lost
    forgive(rules, ledger, log, lane, time, event, lending, trader, lost, postings.REPAY)
    bear_by_claims(rules, ledger, log, lane, time, event, lost - borne)
    credit.reserves[lane] -= borne
    treasury = account_of(ledger, TREASURY)
    forgive(rules, ledger, log, lane, time, event, treasury, lending, borne, postings.REDEEM)
    note(
        rules, ledger, log, lane, time, event, SOURCE_RULES, EVENT_CREDIT_BAD_DEBT, trader, lost,
        MISSING,
    )  # fmt: skip


@cold_kernel
def bear_by_claims(rules, ledger, log, lane, time, event, lost):
    """Book what the pool has taken of the claims of lenders."""
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    credit.lost[lane] += lost
    for lender in range(credit.leverage.shape[0]):
        fallen = credit.booked[lane, lender, CLAIM] - claim_of(pool, lane, lender)
        credit.booked[lane, lender, CLAIM] -= fallen
        forgive(rules, ledger, log, lane, time, event, lender, lending, fallen, postings.REDEEM)


@cold_kernel
def forgive(rules, ledger, log, lane, time, event, loser, winner, amount, code):
    """Post that ``loser`` gives up what ``winner`` owes it: a loss, and a claim less."""
    pay(rules, ledger, log, lane, time, event, loser, winner, amount, postings.BAD_DEBT)
    pay(rules, ledger, log, lane, time, event, winner, loser, amount, code)


@cold_kernel
def act(rules, ledger, lane, action, trader, amount):
    """Do one action with the cash that an account has; returns ACCEPTED or the refusal.

    No interest is charged: the grid does that, after what settles at the same time.
    """
    pool = rules.credit.pool
    pool.wallet[lane, trader, CASH] = max(ledger.balance[lane, trader, CASH], 0)
    rules.credit.is_stale[lane] = True
    refusal = act_pool(
        rules.credit.terms, pool, lane, pool.accrued_to[lane], action, trader, amount, np.int64(0),
        codes.NOBODY,
    )  # fmt: skip
    if refusal == codes.AMOUNT_LEAVES_INT64:
        rules.refused[lane] = AMOUNT_TOO_LARGE
    return refusal


@cold_kernel
def means_of(rules, ledger, lane, trader):
    """Return the cash that an account can give away for good, nano; below 0: none.

    What is to come of fills that are not final is none of it, what they take is gone, and so is
    what a short locks.
    """
    legs = rules.settlement.legs
    cash, lots = coming_in(legs, lane, trader, legs.fills[lane])
    held = ledger.balance[lane, trader, CONTRACT] - lots
    locked = min(held, 0) * rules.credit.terms.collateral.payoff
    return ledger.balance[lane, trader, CASH] - cash + locked


@deferred_kernel(bool)
def is_whole(rules, ledger, lane):
    """Tell whether pool, ledger and settlement agree: cash, claims, shares, lots pledged once."""
    credit, pool, lending = rules.credit, rules.credit.pool, account_of(ledger, LENDING)
    has = pool.cash[lane] + pool.borrow_assets[lane]
    if has != pool.supply_assets[lane] + pool.treasury[lane]:
        return False
    if pool.cash[lane] != ledger.balance[lane, lending, CASH] or pool.cash[lane] < 0:
        return False
    supplied, borrowed = pool.supply_shares[lane], pool.borrow_shares[lane]
    for trader in range(credit.leverage.shape[0]):
        supplied -= pool.supplied[lane, trader]
        borrowed -= pool.borrowed[lane, trader]
        owes = _posted(ledger, lane, trader, postings.BORROW, postings.REPAY)
        owns = -_posted(ledger, lane, trader, postings.SUPPLY, postings.REDEEM)
        if owes != credit.booked[lane, trader, DEBT] or owns != credit.booked[lane, trader, CLAIM]:
            return False
        held = ledger.balance[lane, trader, CONTRACT]
        if not is_immediate(rules.settlement):
            held -= rules.settlement.held.pending[lane, trader, CONTRACT]
            if rules.settlement.held.settled[lane, trader, CONTRACT] != held:
                return False
        if pool.pledged[lane, trader] != (abs(held) if credit.leverage[trader] > 0 else 0):
            return False
    return supplied == 0 and borrowed == 0


@inline_kernel
def _posted(ledger, lane, account, first, second):
    """Return the cash that an account got under two codes, nano."""
    total = ledger.total
    return (
        total[lane, account, ledger.place[first], CASH]
        + total[lane, account, ledger.place[second], CASH]
    )


@cold_kernel
def note(rules, ledger, log, lane, time, event, source, kind, trader, amount, code):
    """Record what happened to an account, and what it has then.

    Parameters
        amount: nano, or lots of collateral. code: of a refusal, else MISSING.
    """
    if not is_recorded(log):
        return
    at = start_row(log, lane, event, time, source, kind)
    if at != NO_ROW:
        _write_account(rules, ledger, log, lane, at, trader, amount, code)


@cold_kernel
def note_liquidation(rules, ledger, log, lane, time, event, source, trader, other, lots, amount):
    """Record that lots are seized or asked for, and what an account has then.

    Parameters
        source: SOURCE_RULES of the account that has lost lots to ``other``, SOURCE_TRADER of who
            asks for those of ``other``. amount: nano of the debt that this repays, or MISSING.
    """
    if not is_recorded(log):
        return
    at = start_row(log, lane, event, time, source, EVENT_CREDIT_LIQUIDATION)
    if at != NO_ROW:
        _write_account(rules, ledger, log, lane, at, trader, amount, MISSING)
        log.other[lane, at] = other
        log.lots[lane, at] = lots


@inline_kernel
def _write_account(rules, ledger, log, lane, at, trader, amount, code):
    """Write what a row says of an account."""
    pool, debt = rules.credit.pool, rules.credit.booked[lane, trader, DEBT]
    lots = pool.pledged[lane, trader]
    log.trader[lane, at] = trader
    log.value[lane, at] = amount
    log.code[lane, at] = code
    log.more[lane, at] = ledger.balance[lane, trader, CASH]
    log.low[lane, at] = -lots if pool.is_short[lane, trader] else lots
    log.high[lane, at] = debt
    log.reference[lane, at] = health_of(rules.credit, lane, trader, lots, debt)


# --- who can fail ---------------------------------------------------------------------------------


@cold_kernel
def note_debtor(credit, lane, trader):
    """Note a trader among those who owe something."""
    for at in range(credit.n_debtors[lane]):
        if credit.debtors[lane, at] == trader:
            return
    credit.debtors[lane, credit.n_debtors[lane]] = trader
    credit.n_debtors[lane] += 1


@inline_kernel
def note_buffer(credit, lane, trader, lots, debt):
    """Note how far the price may move before the lots of an account are worth less than its debt.

    Parameters
        lots: at least 1.
    """
    value = worth(
        credit.terms.collateral, credit.pool.price[lane], credit.pool.is_short[lane, trader]
    )
    credit.liquidations.buffer[lane, trader] = value - debt // lots
    credit.liquidations.jump[lane, trader] = 0


@deferred_kernel()
def note_jump(credit, lane, before, after):
    """Note a jump of v against those who owe something; before, after: nano."""
    for at in range(credit.n_debtors[lane]):
        trader = credit.debtors[lane, at]
        against = after - before if credit.pool.is_short[lane, trader] else before - after
        held = credit.liquidations
        held.jump[lane, trader] = max(held.jump[lane, trader], against)


@inline_kernel
def value_of(credit, lane, trader):
    """Return what a lot of an account is worth at the price last read, nano."""
    return worth(
        credit.terms.collateral, credit.pool.price[lane], credit.pool.is_short[lane, trader]
    )


@inline_kernel
def health_of(credit, lane, trader, lots, debt):
    """Return the health factor of 1e9, rounded down, at the price last read.

    MISSING without a debt, and before a price was read; more than int64 has is the largest.
    """
    price = credit.pool.price[lane]
    if debt <= 0 or price <= 0:
        return np.int64(MISSING)
    value = value_of(credit, lane, trader)
    health = narrow(health_order(credit.terms.collateral, lots, value, debt))
    return np.int64(codes.LARGEST) if health < 0 else health
