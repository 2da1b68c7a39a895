"""One message to reserves by Aave's rules: which action it is, and what undoes a refusal."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.lending.aave import update
from proteus.market.lending.aave_actions import (
    borrow,
    liquidate,
    mint_to_treasury,
    repay,
    supply,
    withdraw,
)
from proteus.market.lending.codes import (
    ACCEPTED,
    ASSET_D,
    BORROW,
    LIQUIDATE,
    MINT_TO_TREASURY,
    PRICE,
    SUPPLY,
    WITHDRAW,
)


@inline_kernel
def copy_lane(source, target, lane):
    """Copy a lane of some reserves to the same lane of others."""
    for reserve in range(2):
        for word in range(2):
            target.income_index[lane, reserve, word] = source.income_index[lane, reserve, word]
            target.debt_index[lane, reserve, word] = source.debt_index[lane, reserve, word]
            target.income_rate[lane, reserve, word] = source.income_rate[lane, reserve, word]
            target.debt_rate[lane, reserve, word] = source.debt_rate[lane, reserve, word]
        target.updated_s[lane, reserve] = source.updated_s[lane, reserve]
        target.accrued[lane, reserve] = source.accrued[lane, reserve]
        target.supply[lane, reserve] = source.supply[lane, reserve]
        target.debt[lane, reserve] = source.debt[lane, reserve]
        target.cash[lane, reserve] = source.cash[lane, reserve]
        for account in range(source.supplied.shape[1]):
            target.supplied[lane, account, reserve] = source.supplied[lane, account, reserve]
            target.owed[lane, account, reserve] = source.owed[lane, account, reserve]
            target.wallet[lane, account, reserve] = source.wallet[lane, account, reserve]
    for account in range(source.supplied.shape[1]):
        target.is_collateral[lane, account] = source.is_collateral[lane, account]
        target.is_borrowing[lane, account] = source.is_borrowing[lane, account]


@inline_kernel
def act_aave(
    terms, pool, kept, lane, time_s, action, account, reserve, amount, borrower, takes_claims
):
    """Do one action, whole or not at all.

    Args:
        terms, pool: of the reserves. kept: an AavePool as large, scratch. time_s: int64.
        action: codes.*. account: who acts. reserve: ASSET_C or ASSET_D. amount: int64 of the
        underlying, a price in 1e8, or ALL. borrower: whose debt is liquidated. takes_claims: the
        liquidator gets claims on C, not C.

    Returns
        ACCEPTED, or the refusal; then the lane is as it was, and so are its accruals.
    """
    pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    if action == PRICE:
        pool.price[lane, reserve] = amount
        return ACCEPTED
    copy_lane(pool, kept, lane)
    if action == MINT_TO_TREASURY:
        refusal = mint_to_treasury(terms, pool, lane, time_s)
    elif action == LIQUIDATE:
        refusal = update(terms, pool, lane, ASSET_D, time_s)
        if refusal == ACCEPTED:
            refusal = liquidate(terms, pool, lane, account, borrower, amount, takes_claims, time_s)
    else:
        refusal = update(terms, pool, lane, reserve, time_s)
        if refusal == ACCEPTED:
            refusal = _do(terms, pool, lane, time_s, action, account, reserve, amount)
    if refusal != ACCEPTED:
        copy_lane(kept, pool, lane)
        pool.result[lane, 0], pool.result[lane, 1] = 0, 0
    return refusal


@inline_kernel
def _do(terms, pool, lane, time_s, action, account, reserve, amount):
    if action == SUPPLY:
        return supply(terms, pool, lane, account, reserve, amount)
    if action == WITHDRAW:
        return withdraw(terms, pool, lane, account, reserve, amount, time_s)
    if action == BORROW:
        return borrow(terms, pool, lane, account, reserve, amount, time_s)
    return repay(terms, pool, lane, account, reserve, amount, time_s)
