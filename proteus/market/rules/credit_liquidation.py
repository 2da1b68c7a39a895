"""Liquidation bound to a market: lots of an account that fails go to who pays for them.

The pool says what is seized and what it costs, by the policies of ``lending.liquidation``. A long
lot is handed over; with a short one goes the whole of its payoff, which its owner holds in cash.
``rules`` is written, and through ``posting`` the ledger and the log; the queue, and of ``private``
when links are free, as both sides are told. ``lane`` is the row, ``time`` is ns, ``event`` is the
number of the event.
"""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.book.codes import BUY, NO_TRADER, SELL
from proteus.market.constraints.chain import price_and_reserve
from proteus.market.events.envelopes import NOTICE_FILL
from proteus.market.events.log import SOURCE_RULES
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
from proteus.market.lending.collateral import worth
from proteus.market.lending.credit import DEBT
from proteus.market.lending.pool_actions import act_pool
from proteus.market.metrics.risk import change_inventory
from proteus.market.rules import posting
from proteus.market.rules.credit_books import (
    bear,
    book,
    book_all,
    health_of,
    means_of,
    note_liquidation,
)
from proteus.market.rules.credit_order import put_in_order
from proteus.market.rules.settlement import send_back
from proteus.market.settlement.legs import going_out, is_immediate

CASCADE_NS = 1_000_000_000  # of one cascade is what comes so soon after the one before
_DESK_MEANS = codes.LARGEST // 4  # what the treasury's desk can pay: no limit


# --- who fails ------------------------------------------------------------------------------------


@cold_kernel
def worst_of(credit, lane):
    """Return the account with lots of least health below 1 that is not done, or NO_TRADER.

    Of equals that with the smaller uid.
    """
    worst, least = np.int64(NO_TRADER), np.int64(NANO)
    held, pool = credit.liquidations, credit.pool
    if pool.price[lane] <= 0:
        return worst
    for side in range(2):
        for at in range(held.in_order[lane, side]):
            trader = held.order[lane, side, at]
            debt, lots = credit.booked[lane, trader, DEBT], pool.pledged[lane, trader]
            if held.is_done[lane, trader]:
                continue
            health = health_of(credit, lane, trader, lots, debt)
            if health > least or health >= NANO:
                break  # as have all behind it
            if worst == NO_TRADER or health < least or held.uid[trader] < held.uid[worst]:
                worst, least = np.int64(trader), health
    return worst


@cold_kernel
def fails(credit, lane, trader):
    """Tell whether an account is below a health of 1, at the price last read."""
    debt, lots = credit.booked[lane, trader, DEBT], credit.pool.pledged[lane, trader]
    if debt <= 0 or credit.pool.price[lane] <= 0:
        return False
    return health_of(credit, lane, trader, lots, debt) < NANO


@cold_kernel
def free_lots(rules, orders, lane, trader):
    """Return how many pledged lots may be seized: those that nothing is to give away yet.

    That is neither a live order, nor a fill that is not final.
    """
    pool = rules.credit.pool
    is_short, lots = pool.is_short[lane, trader], pool.pledged[lane, trader]
    gives, entered = BUY if is_short else SELL, rules.constraints.entered
    for slot in range(entered.shape[1]):
        is_own = orders.client_id[lane, slot] != 0 and orders.trader[lane, slot] == trader
        if is_own and entered[lane, slot] and orders.side[lane, slot] == gives:
            lots -= orders.lots[lane, slot]
    lots -= going_out(rules.settlement.legs, lane, trader, is_short)
    return max(lots, np.int64(0))


# --- the seizure ----------------------------------------------------------------------------------


@cold_kernel
def liquidate(
    rules, ledger, log, risk, lane, time, event, value, liquidator, borrower, lots
):  # fmt: skip
    """Let a liquidator take lots of an account that fails, and pay for them what the pool says.

    Parameters
        value: v now, nano. lots: at most so many.

    Returns
        ACCEPTED, or the refusal; then nothing has changed.
    """
    credit, pool = rules.credit, rules.credit.pool
    book_all(rules, ledger, log, lane, time, event)
    treasury, bad_debt = pool.treasury[lane], pool.bad_debt[lane]
    means = means_of(rules, ledger, lane, liquidator)
    if liquidator == credit.liquidations.desk:
        means = np.int64(_DESK_MEANS)
    pool.wallet[lane, liquidator, CASH], pool.wallet[lane, borrower, CASH] = max(means, 0), 0
    credit.is_stale[lane] = True
    refusal = act_pool(
        credit.terms, pool, lane, time, codes.LIQUIDATE, liquidator, lots, np.int64(0), borrower
    )
    if refusal == codes.AMOUNT_LEAVES_INT64:
        rules.refused[lane] = AMOUNT_TOO_LARGE
    if refusal != codes.ACCEPTED:
        return refusal
    taken, repaid = pool.result[lane, 0], pool.result[lane, 1]
    price = repaid + pool.wallet[lane, borrower, CASH]
    fee = max(means, 0) - pool.wallet[lane, liquidator, CASH] - price
    is_short = pool.is_short[lane, borrower]
    _hand_over(
        rules, ledger, log, risk, lane, time, event, value, liquidator, borrower, taken, is_short
    )
    _pay_for(rules, ledger, log, lane, time, event, liquidator, borrower, price, repaid, fee)
    lost = pool.bad_debt[lane] - bad_debt
    note_liquidation(
        rules, ledger, log, lane, time, event, SOURCE_RULES, borrower, liquidator, taken, repaid
    )
    if lost > 0:
        borne = treasury + fee - pool.treasury[lane]
        bear(rules, ledger, log, lane, time, event, borrower, lost, borne)
    book(rules, ledger, log, lane, time, event, borrower)
    put_in_order(credit, lane, borrower)
    each = worth(credit.terms.collateral, pool.price[lane], is_short)
    _count(credit.liquidations, lane, time, taken, multiply_divide(taken, each, 1, FLOOR))
    return refusal


@cold_kernel
def tell(rules, queue, keys, traders, private, lane, time, liquidator, borrower):
    """Tell both sides of the liquidation that was the last of which lots have changed hands."""
    taken, is_short = rules.credit.pool.result[lane, 0], rules.credit.pool.is_short[lane, borrower]
    number, bought = rules.credit.liquidations.count[lane], -taken if is_short else taken
    send_back(rules, queue, keys, traders, private, lane, time, borrower, bought, number, 0)
    send_back(rules, queue, keys, traders, private, lane, time, liquidator, -bought, number, 1)


@inline_kernel
def _hand_over(
    rules, ledger, log, risk, lane, time, event, value, liquidator, borrower, lots, is_short
):
    """Move the contracts, and with short ones their payoff."""
    giver, receiver = (liquidator, borrower) if is_short else (borrower, liquidator)
    posting.move(
        rules, ledger, log, lane, time, event, giver, receiver, lots, value, postings.SEIZE
    )
    if not is_immediate(rules.settlement):
        settled = rules.settlement.held.settled
        settled[lane, giver, CONTRACT] -= lots
        settled[lane, receiver, CONTRACT] += lots
    if is_short:
        payoff = lots * rules.credit.terms.collateral.payoff
        posting.pay(
            rules, ledger, log, lane, time, event, borrower, liquidator, payoff, postings.SEIZE
        )
    if rules.roles.is_maker[giver]:
        change_inventory(risk, lane, giver, -lots, time)
    if rules.roles.is_maker[receiver]:
        change_inventory(risk, lane, receiver, lots, time)


@inline_kernel
def _pay_for(rules, ledger, log, lane, time, event, liquidator, borrower, price, repaid, fee):
    """Pay the owner, who repays its debt with that, and the treasury its part of the bonus."""
    credit, lending = rules.credit, account_of(ledger, LENDING)
    treasury, code = account_of(ledger, TREASURY), postings.REPAY_BY_LIQUIDATOR
    posting.pay(rules, ledger, log, lane, time, event, liquidator, borrower, price, code)
    credit.booked[lane, borrower, DEBT] -= repaid
    posting.pay(rules, ledger, log, lane, time, event, borrower, lending, repaid, postings.REPAY)
    code = postings.LIQUIDATION_FEE
    posting.pay(rules, ledger, log, lane, time, event, liquidator, treasury, fee, code)
    posting.pay(rules, ledger, log, lane, time, event, treasury, lending, fee, postings.SUPPLY)
    credit.reserves[lane] += fee


@inline_kernel
def _count(held, lane, time, lots, value):
    """Count a liquidation, and those that follow each other."""
    follows = held.count[lane] > 0 and time - held.last[lane] <= CASCADE_NS
    held.run[lane] = held.run[lane] + 1 if follows else 1
    held.run_lots[lane] = held.run_lots[lane] + lots if follows else lots
    held.count[lane] += 1
    held.value[lane] += value
    held.last[lane] = time
    if held.run[lane] > held.most[lane]:
        held.most[lane], held.most_lots[lane] = held.run[lane], held.run_lots[lane]
    elif held.run[lane] == held.most[lane]:
        held.most_lots[lane] = max(held.most_lots[lane], held.run_lots[lane])


@inline_kernel
def forget(credit, lane):
    """Begin to look: no account is done."""
    for trader in range(credit.leverage.shape[0]):
        credit.liquidations.is_done[lane, trader] = False


# --- what a liquidator learns ---------------------------------------------------------------------


@deferred_kernel()
def learn_sale(rules, messages, lane, trader, envelope):
    """Let a liquidator learn from a fill of its own what selling costs, per lot and lot sold.

    That is the price it saw when it sent the order less that of the fill, less half of the spread
    it saw, over the lots; where it gained, nothing.
    """
    if messages.kind[lane, envelope] != NOTICE_FILL:
        return
    known, lots = rules.credit.liquidators, messages.lots[lane, envelope]
    # The rank of a report is the price seen from the buyers' side.
    price = price_and_reserve(rules.constraints, BUY, messages.rank[lane, envelope])[0]
    sign = 1 if messages.side[lane, envelope] == SELL else -1
    cost = sign * (known.reference[lane, trader] - price) - known.half_spread[lane, trader]
    shown = max(cost, 0) / NANO / lots
    memory = known.memory[trader]
    known.slope[lane, trader] += memory * (shown - known.slope[lane, trader])
