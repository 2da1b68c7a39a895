"""The actions of accounts in a pool by our own rules; each is whole or not at all."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR
from proteus.market.lending.codes import (
    ACCEPTED,
    ACCRUE,
    ADD_COLLATERAL,
    ALL,
    AMOUNT_LEAVES_INT64,
    BORROW,
    DUST_LEFT,
    HEALTHY,
    INCONSISTENT_INPUT,
    INSUFFICIENT_COLLATERAL,
    LARGEST,
    POOL_SHORT,
    PRICE,
    REPAY,
    REPAY_ZERO,
    SUPPLY,
    UNDERFLOW,
    WALLET_SHORT,
    WITHDRAW,
    WITHDRAW_COLLATERAL,
    ZERO_ASSETS,
)
from proteus.market.lending.collateral import bonus_of, worth
from proteus.market.lending.liquidation import leaves_dust, most_repaid, sale
from proteus.market.lending.pool import (
    accrue,
    borrow_shares_of,
    debt_of,
    debt_of_shares,
    is_within,
    lower_debt,
    supply_assets_of,
    supply_shares_of,
    write_off,
)


@inline_kernel
def supply(pool, lane, account, amount):
    """Lend an amount, for shares rounded down."""
    shares = supply_shares_of(pool, lane, amount, FLOOR)
    if amount > pool.wallet[lane, account, 0]:
        return WALLET_SHORT
    if shares < 0 or shares > LARGEST - pool.supply_shares[lane]:
        return AMOUNT_LEAVES_INT64
    if amount > LARGEST - max(pool.supply_assets[lane], pool.cash[lane]):
        return AMOUNT_LEAVES_INT64
    if shares == 0:
        return ZERO_ASSETS
    pool.wallet[lane, account, 0] -= amount
    pool.cash[lane] += amount
    pool.supply_assets[lane] += amount
    pool.supply_shares[lane] += shares
    pool.supplied[lane, account] += shares
    pool.result[lane, 0], pool.result[lane, 1] = amount, shares
    return ACCEPTED


@inline_kernel
def withdraw(pool, lane, account, amount, shares):
    """Take back an amount, what some shares are, or everything."""
    if amount == ALL:
        amount, shares = 0, pool.supplied[lane, account]
    if amount > 0:
        shares = supply_shares_of(pool, lane, amount, CEIL)
    else:
        amount = supply_assets_of(pool, lane, shares, FLOOR)
    if shares < 0 or shares > pool.supplied[lane, account]:
        return UNDERFLOW
    if amount == 0:
        return ZERO_ASSETS
    if amount > pool.cash[lane] - pool.treasury[lane] or amount > pool.supply_assets[lane]:
        return POOL_SHORT
    pool.wallet[lane, account, 0] += amount
    pool.cash[lane] -= amount
    pool.supply_assets[lane] -= amount
    pool.supply_shares[lane] -= shares
    pool.supplied[lane, account] -= shares
    pool.result[lane, 0], pool.result[lane, 1] = amount, shares
    return ACCEPTED


@inline_kernel
def borrow(terms, pool, lane, account, amount):
    """Borrow an amount, up to the LTV of the pledged lots; equal is enough."""
    shares = borrow_shares_of(pool, lane, amount, CEIL)
    if amount > pool.cash[lane] - pool.treasury[lane]:
        return POOL_SHORT
    if shares < 0 or shares > LARGEST - pool.borrow_shares[lane]:
        return AMOUNT_LEAVES_INT64
    if amount > LARGEST - pool.borrow_assets[lane]:
        return AMOUNT_LEAVES_INT64
    pool.borrow_assets[lane] += amount
    pool.borrow_shares[lane] += shares
    pool.borrowed[lane, account] += shares
    if not is_within(terms, pool, lane, account, terms.collateral.ltv):
        lower_debt(pool, lane, account, shares, amount)
        return INSUFFICIENT_COLLATERAL
    pool.cash[lane] -= amount
    pool.wallet[lane, account, 0] += amount
    pool.result[lane, 0], pool.result[lane, 1] = amount, shares
    return ACCEPTED


@inline_kernel
def repay(pool, lane, account, amount, shares):
    """Repay an amount, at most what is owed, some shares, or everything."""
    owed = debt_of(pool, lane, account)
    if amount == ALL or amount >= owed > 0:
        amount, shares = owed, pool.borrowed[lane, account]
    elif amount > 0:
        shares = borrow_shares_of(pool, lane, amount, FLOOR)
    else:
        if shares < 0 or shares > pool.borrowed[lane, account]:
            return UNDERFLOW
        amount = debt_of_shares(pool, lane, shares)
    if shares <= 0 or owed == 0:
        return REPAY_ZERO
    if amount > pool.wallet[lane, account, 0]:
        return WALLET_SHORT
    pool.wallet[lane, account, 0] -= amount
    pool.cash[lane] += amount
    lower_debt(pool, lane, account, shares, amount)
    pool.result[lane, 0], pool.result[lane, 1] = amount, shares
    return ACCEPTED


@inline_kernel
def add_collateral(pool, lane, account, lots):
    """Pledge lots."""
    if lots > pool.wallet[lane, account, 1]:
        return WALLET_SHORT
    pool.wallet[lane, account, 1] -= lots
    pool.pledged[lane, account] += lots
    return ACCEPTED


@inline_kernel
def withdraw_collateral(terms, pool, lane, account, lots):
    """Release lots, if the rest carries the debt by the threshold."""
    if lots > pool.pledged[lane, account]:
        return UNDERFLOW
    pool.pledged[lane, account] -= lots
    if not is_within(terms, pool, lane, account, terms.collateral.threshold):
        pool.pledged[lane, account] += lots
        return INSUFFICIENT_COLLATERAL
    pool.wallet[lane, account, 1] += lots
    return ACCEPTED


@inline_kernel
def liquidate(terms, pool, lane, account, borrower, lots):
    """Take lots of an account whose threshold does not carry its debt, for less than their worth.

    What a lot costs beyond the debt goes to its owner, part of the bonus to the treasury.
    """
    if is_within(terms, pool, lane, borrower, terms.collateral.threshold):
        return HEALTHY
    debt, held = debt_of(pool, lane, borrower), pool.pledged[lane, borrower]
    value = worth(terms.collateral, pool.price[lane], pool.is_short[lane, borrower])
    cost = value - bonus_of(terms.collateral, value)
    most = most_repaid(terms.policy, terms.collateral.threshold, held, value, cost, debt)
    lots, price, fee = sale(terms.policy, held, value, cost, lots, most)
    if price < 0:
        return AMOUNT_LEAVES_INT64
    repaid = min(price, most)
    if price + fee > pool.wallet[lane, account, 0]:
        return WALLET_SHORT
    if leaves_dust(terms.policy, debt - repaid, held - lots, value):
        return DUST_LEFT
    shares = pool.borrowed[lane, borrower]
    if repaid < debt:
        shares = borrow_shares_of(pool, lane, repaid, FLOOR)
    pool.wallet[lane, account, 0] -= price + fee
    pool.wallet[lane, borrower, 0] += price - repaid
    pool.cash[lane] += repaid + fee
    pool.treasury[lane] += fee
    lower_debt(pool, lane, borrower, shares, repaid)
    pool.pledged[lane, borrower] -= lots
    pool.seized[lane, account, 1 if pool.is_short[lane, borrower] else 0] += lots
    if pool.pledged[lane, borrower] == 0 and pool.borrowed[lane, borrower] > 0:
        write_off(pool, lane, borrower)
    pool.result[lane, 0], pool.result[lane, 1] = lots, repaid
    return ACCEPTED


@inline_kernel
def act_pool(terms, pool, lane, time, action, account, amount, shares, borrower):
    """Do one action, whole or not at all; the grid of accruals goes on whatever comes of it.

    Args:
        terms, pool: of the pool. time: int64, in the unit of ``terms.grid``. action: codes.*.
        account: who acts. amount: int64 nano or lots, a price in nano, or ALL. shares: int64.
        borrower: whose position is liquidated.

    Returns
        ACCEPTED, or the refusal.
    """
    pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    refusal = accrue(terms, pool, lane, time)
    if refusal != ACCEPTED or action == ACCRUE:
        return refusal
    if action == PRICE:
        pool.price[lane] = amount
        return ACCEPTED
    is_all = amount == ALL
    if is_all and action != WITHDRAW and action != REPAY:
        return INCONSISTENT_INPUT
    if amount != 0 and not is_all and shares != 0:
        return INCONSISTENT_INPUT
    if amount == 0 and shares == 0:
        return ZERO_ASSETS
    if action == SUPPLY:
        return supply(pool, lane, account, amount)
    if action == WITHDRAW:
        return withdraw(pool, lane, account, amount, shares)
    if action == BORROW:
        return borrow(terms, pool, lane, account, amount)
    if action == REPAY:
        return repay(pool, lane, account, amount, shares)
    if action == ADD_COLLATERAL:
        return add_collateral(pool, lane, account, amount)
    if action == WITHDRAW_COLLATERAL:
        return withdraw_collateral(terms, pool, lane, account, amount)
    return liquidate(terms, pool, lane, account, borrower, amount)
