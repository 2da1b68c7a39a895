"""One message to markets by Compound's rules: which action it is, and what undoes a refusal."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.lending.codes import (
    ABOVE_THRESHOLD,
    ACCEPTED,
    BELOW_MINIMAL_COLLATERAL,
    BORROW,
    HEAL,
    LIQUIDATE,
    PRICE,
    REDEEM,
    REPAY,
    SUPPLY,
    WITHDRAW,
)
from proteus.market.lending.compound import accrue
from proteus.market.lending.compound_actions import borrow, heal, liquidate, mint, redeem, repay


@inline_kernel
def copy_lane(source, target, lane):
    """Copy a lane of some markets to the same lane of others."""
    for market in range(2):
        target.cash[lane, market] = source.cash[lane, market]
        target.borrows[lane, market] = source.borrows[lane, market]
        target.reserves[lane, market] = source.reserves[lane, market]
        target.bad_debt[lane, market] = source.bad_debt[lane, market]
        target.tokens[lane, market] = source.tokens[lane, market]
        target.index[lane, market] = source.index[lane, market]
        target.updated_s[lane, market] = source.updated_s[lane, market]
        target.swept_s[lane, market] = source.swept_s[lane, market]
        target.paid[lane, market] = source.paid[lane, market]
        for account in range(source.claims.shape[1]):
            target.claims[lane, account, market] = source.claims[lane, account, market]
            target.principal[lane, account, market] = source.principal[lane, account, market]
            target.noted[lane, account, market] = source.noted[lane, account, market]
            target.entered[lane, account, market] = source.entered[lane, account, market]
            target.wallet[lane, account, market] = source.wallet[lane, account, market]


@inline_kernel
def act_compound(terms, pool, kept, lane, time_s, action, account, market, amount, borrower):
    """Do one action, whole or not at all.

    Args:
        terms, pool: of the markets. kept: a CompoundPool as large, scratch. time_s: int64.
        action: codes.*. account: who acts. market: ASSET_C or ASSET_D. amount: int64 of the
        underlying, of tokens (REDEEM), a price in 1e18, or ALL. borrower: whose debt it is.

    Returns
        ACCEPTED, or the refusal; then the lane is as it was, and so are its accruals.
    """
    pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    if action == PRICE:
        pool.price[lane, market] = amount
        return ACCEPTED
    copy_lane(pool, kept, lane)
    refusal = _do(terms, pool, lane, time_s, action, account, market, amount, borrower)
    if refusal != ACCEPTED:
        copy_lane(kept, pool, lane)
        if refusal != BELOW_MINIMAL_COLLATERAL and refusal != ABOVE_THRESHOLD:
            pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    return refusal


@inline_kernel
def _do(terms, pool, lane, time_s, action, account, market, amount, borrower):
    if action == LIQUIDATE:
        return liquidate(terms, pool, lane, account, borrower, amount, time_s)
    if action == HEAL:
        return heal(terms, pool, lane, account, borrower, time_s)
    refusal = accrue(terms, pool, lane, market, time_s)
    if refusal != ACCEPTED:
        return refusal
    if action == SUPPLY:
        return mint(terms, pool, lane, account, market, amount)
    if action == REDEEM:
        return redeem(terms, pool, lane, account, market, amount, 0)
    if action == WITHDRAW:
        return redeem(terms, pool, lane, account, market, 0, amount)
    if action == BORROW:
        return borrow(terms, pool, lane, account, market, amount)
    if action == REPAY:
        return repay(pool, lane, account, account, market, amount)
    return ACCEPTED  # of ACCRUE
