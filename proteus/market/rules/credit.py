"""Lending bound to a market: what the kernels of a pool do is posted, and told to the log.

``rules`` is written, and through ``posting`` the ledger and the log; the rest is read. ``lane`` is
the row, ``time`` is ns, ``event`` is the number of the event.

Collateral is a count of the owner's own lots, and no posting. Who may borrow pledges all lots it
holds, when their fill is final; one that gives some of them back repays with what they bring.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.book.codes import (
    EVENT_CREDIT_COLLATERAL_IN,
    EVENT_CREDIT_COLLATERAL_OUT,
    EVENT_CREDIT_OFFER,
    EVENT_CREDIT_OPEN,
    EVENT_CREDIT_REJECT,
    EVENT_CREDIT_REPAY,
    EVENT_CREDIT_REQUEST,
)
from proteus.market.events.envelopes import release_envelope
from proteus.market.events.log import (
    MISSING,
    SOURCE_RULES,
    SOURCE_TRADER,
    is_recorded,
    record_accrual,
)
from proteus.market.events.queue import KIND_ACCRUAL, KIND_LIQUIDATION, push
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger import codes as postings
from proteus.market.ledger.accounts import AMOUNT_TOO_LARGE, LENDING, account_of
from proteus.market.lending import codes
from proteus.market.lending.credit import CLAIM, DEBT
from proteus.market.lending.pool import accrue as accrue_pool
from proteus.market.lending.pool import set_rate, utilisation
from proteus.market.rules import posting
from proteus.market.rules.credit_books import (
    act,
    book,
    book_all,
    health_of,
    means_of,
    note,
    note_buffer,
    note_debtor,
    value_of,
)
from proteus.market.rules.credit_order import put_in_order
from proteus.market.settlement.legs import LEG_SETTLED


@deferred_kernel()
def start(rules, queue, lane):
    """Set the first rate, unless the one before the start goes on, and expect the first accrual."""
    if rules.credit.pool.rate[lane] == 0:
        set_rate(rules.credit.terms, rules.credit.pool, lane)
    _expect(rules.credit, queue, lane)


@inline_kernel
def _expect(credit, queue, lane):
    due = credit.pool.accrued_to[lane] + credit.terms.grid
    if due < credit.horizon_ns:
        push(queue, lane, due, KIND_ACCRUAL, 0)


# --- interest -------------------------------------------------------------------------------------


@deferred_kernel()
def accrue(rules, ledger, log, queue, data, initial_ticks, lane, time, event):
    """Charge the interest of a step of the grid, look at who owes it, and expect the next."""
    charge_interest(rules, ledger, log, lane, time, event)
    if rules.credit.pool.borrow_assets[lane] > 0:
        mark(rules, ledger, data, initial_ticks, lane)
    fail = watch_health(rules.credit, lane)
    if fail > 0 and rules.credit.liquidations.is_auto and time < rules.credit.horizon_ns:
        push(queue, lane, time, KIND_LIQUIDATION, 0)
    _expect(rules.credit, queue, lane)


@cold_kernel
def watch_health(credit, lane):
    """Note of those who owe what they hold and owe, the least health, and what fails them.

    Returns
        How many of them are below 1 and have lots that could be seized.
    """
    fail = 0
    credit.looks[lane] += 1
    if credit.pool.borrow_assets[lane] == 0:
        return fail
    for at in range(credit.n_debtors[lane]):
        trader = credit.debtors[lane, at]
        lots, debt = credit.pool.pledged[lane, trader], credit.booked[lane, trader, DEBT]
        if debt > 0 and credit.pool.price[lane] > 0:
            health = health_of(credit, lane, trader, lots, debt)
            credit.least[lane] = min(credit.least[lane], health)
            credit.unhealthy[lane] += health < NANO
            credit.held_area[lane] += np.float64(lots) * value_of(credit, lane, trader)
            credit.owed_area[lane] += np.float64(debt)
            if health >= NANO:
                note_buffer(credit, lane, trader, lots, debt)
            fail += health < NANO and lots > 0
    return fail


@cold_kernel
def charge_interest(rules, ledger, log, lane, time, event):
    """Charge the interest of the step that ends now, if one does, and book what everybody owes."""
    credit, pool = rules.credit, rules.credit.pool
    if pool.accrued_to[lane] + credit.terms.grid > time:
        return
    before, claims, rate = pool.borrow_assets[lane], pool.supply_assets[lane], pool.rate[lane]
    used = utilisation(pool, lane)
    if accrue_pool(credit.terms, pool, lane, time) != codes.ACCEPTED:
        rules.refused[lane] = AMOUNT_TOO_LARGE
        return
    credit.debt_area[lane] += np.float64(before)
    credit.claim_area[lane] += np.float64(claims)
    credit.used_area[lane] += used // NANO
    credit.rate_area[lane] += rate // NANO
    credit.steps[lane] += 1
    after = pool.borrow_assets[lane]
    credit.is_stale[lane] |= after != before
    if before > 0:
        index = multiply_divide(credit.index[lane], after, before, FLOOR)
        if index < 0:
            rules.refused[lane] = AMOUNT_TOO_LARGE
        credit.index[lane] = index
    if is_recorded(log):
        record_accrual(log, lane, event, time, before, after, rate, credit.index[lane])
    book_all(rules, ledger, log, lane, time, event)


# --- messages -------------------------------------------------------------------------------------


@deferred_kernel()
def receive(rules, ledger, log, messages, data, initial_ticks, lane, envelope, time, event):
    """Do what a message asks of the pool: supply an amount, or lend one."""
    trader = np.int64(messages.trader[lane, envelope])
    action, amount = messages.new_id[lane, envelope], messages.lots[lane, envelope]
    under_way = rules.credit.under_way[lane, trader] - amount
    rules.credit.under_way[lane, trader] = max(under_way, 0)
    release_envelope(messages, lane, envelope)
    mark(rules, ledger, data, initial_ticks, lane)
    do(rules, ledger, log, lane, time, event, trader, action, amount)


@cold_kernel
def do(rules, ledger, log, lane, time, event, trader, action, amount):
    """Supply an amount of an account's cash, or lend it one; a refusal changes nothing.

    Parameters
        action: SUPPLY or BORROW. amount: nano.
    """
    is_offer = action == codes.SUPPLY
    asked = EVENT_CREDIT_OFFER if is_offer else EVENT_CREDIT_REQUEST
    note(rules, ledger, log, lane, time, event, SOURCE_TRADER, asked, trader, amount, MISSING)
    refusal = act(rules, ledger, lane, action, trader, amount)
    if refusal != codes.ACCEPTED:
        note(
            rules, ledger, log, lane, time, event, SOURCE_RULES, EVENT_CREDIT_REJECT, trader,
            amount, refusal,
        )  # fmt: skip
        return
    lending = account_of(ledger, LENDING)
    if is_offer:
        rules.credit.booked[lane, trader, CLAIM] += amount
        posting.pay(rules, ledger, log, lane, time, event, trader, lending, amount, postings.SUPPLY)
    else:
        rules.credit.booked[lane, trader, DEBT] += amount
        note_debtor(rules.credit, lane, trader)
        put_in_order(rules.credit, lane, trader)
        posting.pay(rules, ledger, log, lane, time, event, lending, trader, amount, postings.BORROW)
    book(rules, ledger, log, lane, time, event, trader)
    if not is_offer:
        lots, debt = (
            rules.credit.pool.pledged[lane, trader],
            rules.credit.booked[lane, trader, DEBT],
        )
        note_buffer(rules.credit, lane, trader, lots, debt)
        note(
            rules, ledger, log, lane, time, event, SOURCE_RULES, EVENT_CREDIT_OPEN, trader,
            amount, MISSING,
        )  # fmt: skip


@inline_kernel
def mark(rules, ledger, data, initial_ticks, lane):
    """Read the price of collateral: the oracle's last report, or the public reference."""
    if rules.credit.reads_oracle:
        rules.credit.pool.price[lane] = rules.environment.oracle.arrived[lane]
        return
    doubled = reference_doubled(data, lane, newest(data, lane), initial_ticks)
    rules.credit.pool.price[lane] = doubled * ledger.tick_nano[0] // 2


# --- collateral -----------------------------------------------------------------------------------


@deferred_kernel()
def at_fill(rules, ledger, log, orders, lane, buy, sell, price, lots, time, event):
    """Change the collateral of both sides of a fill; its price is in ticks.

    Parameters
        buy, sell: slots of the orders.
    """
    buyer, seller = np.int64(orders.trader[lane, buy]), np.int64(orders.trader[lane, sell])
    paid = price * ledger.tick_nano[0]
    _change_both(rules, ledger, log, lane, buyer, seller, paid, lots, time, event)


@deferred_kernel()
def at_final(rules, ledger, log, lane, time, event):
    """Change the collateral of both sides of every fill that is final now, the oldest first."""
    legs = rules.settlement.legs
    for at in range(legs.count[lane]):
        if legs.status[lane, at] == LEG_SETTLED:
            buyer, seller = np.int64(legs.buyer[lane, at]), np.int64(legs.seller[lane, at])
            lots = np.int64(legs.lots[lane, at])
            paid = legs.cash[lane, at] // lots
            _change_both(rules, ledger, log, lane, buyer, seller, paid, lots, time, event)


@cold_kernel
def _change_both(rules, ledger, log, lane, buyer, seller, paid, lots, time, event):
    """Change the collateral of who bought lots and who sold them; ``paid``: for a lot, nano."""
    if buyer == seller:
        return
    if rules.credit.leverage[buyer] > 0:
        change(rules, ledger, log, lane, buyer, 1, paid, lots, time, event)
    if rules.credit.leverage[seller] > 0:
        change(rules, ledger, log, lane, seller, -1, paid, lots, time, event)


@cold_kernel
def change(rules, ledger, log, lane, trader, sign, price, lots, time, event):
    """Pledge what a borrower got by a fill, or repay with what the lots bring that it gave back.

    Parameters
        trader: that may borrow. sign: 1 if it bought, else -1. price: of a lot, nano.
    """
    credit, pool = rules.credit, rules.credit.pool
    pledged, payoff = pool.pledged[lane, trader], credit.terms.collateral.payoff
    before = -pledged if pool.is_short[lane, trader] else pledged
    after = before + sign * lots
    given = min(lots, abs(before)) if sign * before < 0 else np.int64(0)
    if given > 0:
        brings = given * (price if sign < 0 else payoff - price)
        free = means_of(rules, ledger, lane, trader)
        _repay(rules, ledger, log, lane, time, event, trader, min(brings, free))
    pool.pledged[lane, trader], pool.is_short[lane, trader] = abs(after), after < 0
    put_in_order(credit, lane, trader)
    _note_moved(rules, ledger, log, lane, time, event, EVENT_CREDIT_COLLATERAL_OUT, trader, given)
    more = lots - given
    _note_moved(rules, ledger, log, lane, time, event, EVENT_CREDIT_COLLATERAL_IN, trader, more)


@inline_kernel
def _note_moved(rules, ledger, log, lane, time, event, kind, trader, lots):
    if lots > 0:
        note(rules, ledger, log, lane, time, event, SOURCE_RULES, kind, trader, lots, MISSING)


@cold_kernel
def _repay(rules, ledger, log, lane, time, event, trader, amount):
    """Repay at most an amount."""
    credit = rules.credit
    book(rules, ledger, log, lane, time, event, trader)
    amount = min(amount, credit.booked[lane, trader, DEBT])
    if amount <= 0:
        return
    if act(rules, ledger, lane, codes.REPAY, trader, amount) != codes.ACCEPTED:
        return  # less than a share
    paid, lending = credit.pool.result[lane, 0], account_of(ledger, LENDING)
    credit.booked[lane, trader, DEBT] -= paid
    posting.pay(rules, ledger, log, lane, time, event, trader, lending, paid, postings.REPAY)
    book(rules, ledger, log, lane, time, event, trader)
    note(
        rules, ledger, log, lane, time, event, SOURCE_RULES, EVENT_CREDIT_REPAY, trader, paid,
        MISSING,
    )  # fmt: skip
