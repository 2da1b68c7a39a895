"""The actions of accounts in reserves by Aave's rules, in the order of checks of its code."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.wide import is_less, widen
from proteus.market.lending.aave import (
    base_value,
    claim_of,
    debt_of,
    health_of,
    income_at,
    mint_scaled,
    percent,
    percent_divide,
    ray_at,
    scaled_down,
    scaled_up,
    seize_base,
    set_rates,
    treasury_amount,
    update,
    values_of,
)
from proteus.market.lending.codes import (
    ACCEPTED,
    ALL,
    AMOUNT_LEAVES_INT64,
    ASSET_C,
    ASSET_D,
    BALANCE_SHORT,
    BORROWING_OFF,
    BURN_ROUNDS_TO_ZERO,
    CANNOT_COVER,
    COLLATERAL_ZERO,
    DEBT_NOT_OWED,
    DIVISION_BY_ZERO,
    HEALTH_NOT_BELOW,
    HEALTH_TOO_LOW,
    INVALID_AMOUNT,
    LARGEST,
    LTV_ZERO,
    MINT_ROUNDS_TO_ZERO,
    NO_DEBT,
    NOT_LIQUIDATABLE,
    POOL_SHORT,
    UNDERFLOW,
    WALLET_SHORT,
)
from proteus.market.lending.curves import FULL_BPS, WAD_WIDE

_HALF_BPS = FULL_BPS // 2
_CLOSE_FACTOR_HEALTH = 95 * 10**16  # above it only half of a debt may be repaid


@inline_kernel
def _take_in(pool, lane, account, reserve, amount):
    if amount > pool.wallet[lane, account, reserve]:
        return WALLET_SHORT
    pool.wallet[lane, account, reserve] -= amount
    pool.cash[lane, reserve] += amount
    return ACCEPTED


@inline_kernel
def _pay_out(pool, lane, account, reserve, amount):
    if amount > pool.cash[lane, reserve]:
        return POOL_SHORT
    pool.wallet[lane, account, reserve] += amount
    pool.cash[lane, reserve] -= amount
    return ACCEPTED


@inline_kernel
def supply(terms, pool, lane, account, reserve, amount):
    """Lend an amount; the first claim on C becomes collateral by itself."""
    if amount == 0:
        return INVALID_AMOUNT
    if amount == ALL:  # 2**256 - 1 and what is there leave 256 bits, or the wallet has less
        return UNDERFLOW if pool.debt[lane, reserve] != 0 else WALLET_SHORT
    refusal = set_rates(terms, pool, lane, reserve, amount, 0)
    if refusal != ACCEPTED:
        return refusal
    refusal = _take_in(pool, lane, account, reserve, amount)
    if refusal != ACCEPTED:
        return refusal
    scaled = scaled_down(amount, ray_at(pool.income_index, lane, reserve))
    if scaled == 0:
        return MINT_ROUNDS_TO_ZERO
    is_first = pool.supplied[lane, account, reserve] == 0
    if not mint_scaled(pool, lane, account, reserve, scaled):
        return AMOUNT_LEAVES_INT64
    if is_first and reserve == ASSET_C and terms.ltv_bps != 0:
        pool.is_collateral[lane, account] = True
    return ACCEPTED


@inline_kernel
def _burn_claim(pool, lane, account, reserve, amount):
    """Take an amount from a claim: ACCEPTED or a refusal."""
    scaled = scaled_down(amount, ray_at(pool.income_index, lane, reserve))
    if scaled == 0:
        return BURN_ROUNDS_TO_ZERO
    if scaled > pool.supply[lane, reserve] or scaled > pool.supplied[lane, account, reserve]:
        return UNDERFLOW
    pool.supply[lane, reserve] -= scaled
    pool.supplied[lane, account, reserve] -= scaled
    return ACCEPTED


@inline_kernel
def _burn_debt(pool, lane, account, reserve, amount):
    """Take an amount from a debt: ACCEPTED or a refusal."""
    scaled = scaled_down(amount, ray_at(pool.debt_index, lane, reserve))
    if scaled == 0:
        return BURN_ROUNDS_TO_ZERO
    if scaled > pool.debt[lane, reserve] or scaled > pool.owed[lane, account, reserve]:
        return UNDERFLOW
    pool.debt[lane, reserve] -= scaled
    pool.owed[lane, account, reserve] -= scaled
    return ACCEPTED


@inline_kernel
def withdraw(terms, pool, lane, account, reserve, amount, time_s):
    """Take back an amount, or everything; collateral only as far as the account stays healthy."""
    claim = claim_of(pool, lane, account, reserve, time_s)
    amount = claim if amount == ALL else amount
    if amount == 0:
        return INVALID_AMOUNT
    if amount > claim:
        return BALANCE_SHORT
    refusal = set_rates(terms, pool, lane, reserve, 0, amount)
    if refusal != ACCEPTED:
        return refusal
    was_collateral = reserve == ASSET_C and pool.is_collateral[lane, account]
    if was_collateral and amount == claim:
        pool.is_collateral[lane, account] = False
    refusal = _burn_claim(pool, lane, account, reserve, amount)
    if refusal != ACCEPTED:
        return refusal
    refusal = _pay_out(pool, lane, account, reserve, amount)
    if refusal != ACCEPTED:
        return refusal
    pool.result[lane, 0] = amount
    if was_collateral and pool.is_borrowing[lane, account]:
        collateral, debt = values_of(terms, pool, lane, account, time_s)
        if collateral < 0 or debt < 0:
            return AMOUNT_LEAVES_INT64
        if is_less(health_of(terms, collateral, debt), WAD_WIDE):
            return HEALTH_TOO_LOW
    return ACCEPTED


@inline_kernel
def _may_borrow(terms, pool, lane, account, reserve, amount, time_s):
    """Tell whether an account may borrow so much more: ACCEPTED or why not."""
    collateral, debt = values_of(terms, pool, lane, account, time_s)
    if collateral < 0 or debt < 0:
        return AMOUNT_LEAVES_INT64
    if collateral == 0:
        return COLLATERAL_ZERO
    if terms.ltv_bps == 0:
        return LTV_ZERO
    if not is_less(WAD_WIDE, health_of(terms, collateral, debt)):
        return HEALTH_TOO_LOW
    if amount == ALL:
        return UNDERFLOW
    added = base_value(terms, pool, lane, reserve, amount)
    if added < 0 or added > LARGEST - debt:
        return CANNOT_COVER
    needed = percent_divide(debt + added, terms.ltv_bps)
    return CANNOT_COVER if needed < 0 or needed > collateral else ACCEPTED


@inline_kernel
def borrow(terms, pool, lane, account, reserve, amount, time_s):
    """Borrow of D."""
    if amount == 0:
        return INVALID_AMOUNT
    if reserve != ASSET_D:
        return BORROWING_OFF
    refusal = _may_borrow(terms, pool, lane, account, reserve, amount, time_s)
    if refusal != ACCEPTED:
        return refusal
    scaled = scaled_down(amount, ray_at(pool.debt_index, lane, reserve))
    if scaled == 0:
        return MINT_ROUNDS_TO_ZERO
    if scaled < 0 or scaled > LARGEST - pool.debt[lane, reserve]:
        return AMOUNT_LEAVES_INT64
    if pool.owed[lane, account, reserve] == 0:
        pool.is_borrowing[lane, account] = True
    pool.debt[lane, reserve] += scaled
    pool.owed[lane, account, reserve] += scaled
    refusal = set_rates(terms, pool, lane, reserve, 0, amount)
    if refusal != ACCEPTED:
        return refusal
    return _pay_out(pool, lane, account, reserve, amount)


@inline_kernel
def repay(terms, pool, lane, account, reserve, amount, time_s):
    """Repay of a debt, at most what is shown of it."""
    debt = debt_of(pool, lane, account, reserve, time_s)
    if amount == 0:
        return INVALID_AMOUNT
    if debt == 0:
        return NO_DEBT
    repaid = debt if amount == ALL else min(amount, debt)
    refusal = _burn_debt(pool, lane, account, reserve, repaid)
    if refusal != ACCEPTED:
        return refusal
    refusal = set_rates(terms, pool, lane, reserve, repaid, 0)
    if refusal != ACCEPTED:
        return refusal
    if repaid == debt:
        pool.is_borrowing[lane, account] = False
    pool.result[lane, 0] = repaid
    return _take_in(pool, lane, account, reserve, repaid)


@inline_kernel
def mint_to_treasury(terms, pool, lane, time_s):
    """Turn what the treasury has accrued into claims; no reserve is updated."""
    for reserve in range(2):
        if pool.accrued[lane, reserve] != 0:
            amount, index = treasury_amount(pool, lane, reserve, time_s)
            pool.accrued[lane, reserve] = 0
            if amount != 0:
                scaled = scaled_down(amount, index)
                if scaled == 0:
                    return MINT_ROUNDS_TO_ZERO
                if not mint_scaled(pool, lane, terms.treasury, reserve, scaled):
                    return AMOUNT_LEAVES_INT64
    return ACCEPTED


@inline_kernel
def _what_is_taken(terms, pool, lane, claim, amount):
    """Return what a liquidation seizes, what is repaid for it and the protocol's part.

    Args:
        claim: int64 of C that there is. amount: int64 of D that is offered.

    Returns
        int64 each, the first without the last; the first is negative where they leave int64.
    """
    base = seize_base(terms, pool, lane, amount, ASSET_D, ASSET_C)
    seized = percent(base, terms.bonus_bps) if base >= 0 else base
    repaid = amount
    if seized < 0 or seized > claim:  # what leaves int64 is more than there is
        seized = claim
        worth = seize_base(terms, pool, lane, claim, ASSET_C, ASSET_D)
        if worth < 0:
            return worth, worth, worth
        repaid = percent_divide(worth, terms.bonus_bps)
    bonus = seized - percent_divide(seized, terms.bonus_bps)
    fee = percent(bonus, terms.protocol_fee_bps)
    return seized - fee, repaid, fee


@inline_kernel
def _transfer_claim(pool, lane, giver, receiver, amount, index):
    """Move an amount of claims on C: ACCEPTED or a refusal; none at all is accepted."""
    scaled = scaled_down(amount, index)
    if scaled > pool.supplied[lane, giver, ASSET_C]:
        return UNDERFLOW
    pool.supplied[lane, giver, ASSET_C] -= scaled
    pool.supplied[lane, receiver, ASSET_C] += scaled
    return ACCEPTED


@inline_kernel
def liquidate(terms, pool, lane, account, borrower, amount, takes_claims, time_s):
    """Repay of another's debt in D, for its claims on C, as claims or as the underlying."""
    collateral, value = values_of(terms, pool, lane, borrower, time_s)
    if collateral < 0 or value < 0:
        return AMOUNT_LEAVES_INT64
    health = health_of(terms, collateral, value)
    debt = debt_of(pool, lane, borrower, ASSET_D, time_s)
    is_half = is_less(widen(_CLOSE_FACTOR_HEALTH), health)
    most = percent(debt, _HALF_BPS if is_half else FULL_BPS)
    amount = most if amount == ALL else min(amount, most)
    if not is_less(health, WAD_WIDE):
        return HEALTH_NOT_BELOW
    if not pool.is_collateral[lane, borrower] or terms.threshold_bps == 0:
        return NOT_LIQUIDATABLE
    if debt == 0:
        return DEBT_NOT_OWED
    if pool.price[lane, ASSET_C] == 0:
        return DIVISION_BY_ZERO
    claim = claim_of(pool, lane, borrower, ASSET_C, time_s)
    seized, repaid, fee = _what_is_taken(terms, pool, lane, claim, amount)
    if seized < 0:
        return AMOUNT_LEAVES_INT64
    if repaid == debt:
        pool.is_borrowing[lane, borrower] = False
    if seized + fee == claim:
        pool.is_collateral[lane, borrower] = False
    if repaid > debt:
        return UNDERFLOW
    refusal = _burn_debt(pool, lane, borrower, ASSET_D, repaid)
    if refusal != ACCEPTED:
        return refusal
    refusal = set_rates(terms, pool, lane, ASSET_D, repaid, 0)
    if refusal != ACCEPTED:
        return refusal
    pool.result[lane, 0], pool.result[lane, 1] = seized, repaid
    refusal = _hand_over(terms, pool, lane, account, borrower, seized, fee, takes_claims, time_s)
    if refusal != ACCEPTED:
        return refusal
    return _take_in(pool, lane, account, ASSET_D, repaid)


@inline_kernel
def _hand_over(terms, pool, lane, account, borrower, seized, fee, takes_claims, time_s):
    """Give what is seized to the liquidator and the fee to the treasury."""
    if takes_claims:
        is_first = claim_of(pool, lane, account, ASSET_C, time_s) == 0
        index = income_at(pool, lane, ASSET_C, time_s)
        refusal = _transfer_claim(pool, lane, borrower, account, seized, index)
        if refusal == ACCEPTED and is_first and terms.ltv_bps != 0:
            pool.is_collateral[lane, account] = True
    else:
        refusal = _pay_collateral(terms, pool, lane, account, borrower, seized, time_s)
    if refusal != ACCEPTED or fee == 0:
        return refusal
    index = income_at(pool, lane, ASSET_C, time_s)
    left = pool.supplied[lane, borrower, ASSET_C]
    if scaled_down(fee, index) > left:
        fee = scaled_up(left, index)
    return _transfer_claim(pool, lane, borrower, terms.treasury, fee, index)


@inline_kernel
def _pay_collateral(terms, pool, lane, account, borrower, seized, time_s):
    """Pay what is seized out of C, which is updated for it."""
    refusal = update(terms, pool, lane, ASSET_C, time_s)
    if refusal != ACCEPTED:
        return refusal
    refusal = set_rates(terms, pool, lane, ASSET_C, 0, seized)
    if refusal != ACCEPTED:
        return refusal
    refusal = _burn_claim(pool, lane, borrower, ASSET_C, seized)
    if refusal != ACCEPTED:
        return refusal
    return _pay_out(pool, lane, account, ASSET_C, seized)
