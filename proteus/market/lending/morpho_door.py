"""One message to a market by Morpho's rules: which action it is, and what undoes a refusal."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.wide import widen
from proteus.market.lending.codes import (
    ACCEPTED,
    ACCRUE,
    ADD_COLLATERAL,
    BORROW,
    INCONSISTENT_INPUT,
    PRICE,
    REPAY,
    SET_FEE,
    SUPPLY,
    WITHDRAW,
    WITHDRAW_COLLATERAL,
    ZERO_ASSETS,
)
from proteus.market.lending.morpho import (
    accrue,
    borrow,
    liquidate,
    repay,
    set_fee,
    supply,
    take_in,
    withdraw,
    withdraw_collateral,
)


@inline_kernel
def copy_lane(source, target, lane):
    """Copy a lane of one pool to the same lane of another."""
    target.supply_assets[lane] = source.supply_assets[lane]
    target.supply_shares[lane] = source.supply_shares[lane]
    target.borrow_assets[lane] = source.borrow_assets[lane]
    target.borrow_shares[lane] = source.borrow_shares[lane]
    target.updated_s[lane] = source.updated_s[lane]
    target.fee[lane] = source.fee[lane]
    target.at_target[lane] = source.at_target[lane]
    target.cash[lane] = source.cash[lane]
    target.held[lane] = source.held[lane]
    for account in range(source.supplied.shape[1]):
        target.supplied[lane, account] = source.supplied[lane, account]
        target.borrowed[lane, account] = source.borrowed[lane, account]
        target.collateral[lane, account] = source.collateral[lane, account]
        target.wallet[lane, account, 0] = source.wallet[lane, account, 0]
        target.wallet[lane, account, 1] = source.wallet[lane, account, 1]


@inline_kernel
def act_morpho(terms, pool, kept, lane, time_s, action, account, amount, shares, borrower):
    """Do one action, whole or not at all.

    Args:
        terms, pool: of the market. kept: a MorphoPool as large, scratch. time_s: int64.
        action: codes.*. account: who acts. amount: int64 of assets, of collateral seized, a price
        in 1 / price_unit, or a fee. shares: int64. borrower: whose position is liquidated.

    Returns
        ACCEPTED, or the refusal; then the lane is as it was, and so is its last accrual.
    """
    pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    if action == PRICE:
        pool.price[lane, 0], pool.price[lane, 1] = widen(amount)
        return ACCEPTED
    copy_lane(pool, kept, lane)
    refusal = _do(terms, pool, lane, time_s, action, account, amount, shares, borrower)
    if refusal != ACCEPTED:
        copy_lane(kept, pool, lane)
        pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    return refusal


@inline_kernel
def _do(terms, pool, lane, time_s, action, account, amount, shares, borrower):
    if action == SET_FEE:
        return set_fee(terms, pool, lane, time_s, amount)
    if action == ADD_COLLATERAL:  # the one action before which nothing accrues
        if amount == 0:
            return ZERO_ASSETS
        refusal = take_in(pool, lane, account, 1, amount)
        if refusal == ACCEPTED:
            pool.collateral[lane, account] += amount
        return refusal
    if action == WITHDRAW_COLLATERAL:
        if amount == 0:
            return ZERO_ASSETS
    elif action != ACCRUE and (amount == 0) == (shares == 0):
        return INCONSISTENT_INPUT
    refusal = accrue(terms, pool, lane, time_s)
    if refusal != ACCEPTED or action == ACCRUE:
        return refusal
    if action == SUPPLY:
        return supply(pool, lane, account, amount, shares)
    if action == WITHDRAW:
        return withdraw(pool, lane, account, amount, shares)
    if action == BORROW:
        return borrow(terms, pool, lane, account, amount, shares)
    if action == REPAY:
        return repay(pool, lane, account, amount, shares)
    if action == WITHDRAW_COLLATERAL:
        return withdraw_collateral(terms, pool, lane, account, amount)
    return liquidate(terms, pool, lane, account, borrower, amount, shares)
