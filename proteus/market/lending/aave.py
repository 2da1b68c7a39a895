"""Lending as Aave v3.0 has it: reserves C (collateral) and D (lent), debts at variable rates.

    accrual     an index for lenders, linear, and one for debts, compounded, at every touch of the
                reserve, by the rates of the touch before; rates change after each action
    balances    scaled by the index, half up both ways: what is shown may round in one's favour
    health      half up in 1e18; exactly 1 is healthy, but may not borrow more
    liquidation half of a debt above a health of 0.95, else all of it
    bad debt    stays as debt of the account, and lenders' claims stay whole

Numbers in ray (1e27) are wide, so that nothing here differs from the contract by a unit.

Source
    @aave/core-v3 1.19.3, ReserveLogic, SupplyLogic, BorrowLogic, LiquidationLogic, GenericLogic,
    ValidationLogic. Not here: stable rates, e-mode, isolation, caps, flash loans, other reserves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import FLOOR, HALF_UP, multiply_divide
from proteus.market.arithmetic.wide import (
    OVERFLOW,
    is_overflow,
    is_zero,
    multiply_divide_wide,
    narrow,
    product_wide,
    subtract,
    widen,
)
from proteus.market.lending.accrual import compounded_ray, linear_ray
from proteus.market.lending.codes import (
    ACCEPTED,
    AMOUNT_LEAVES_INT64,
    ASSET_C,
    ASSET_D,
    DIVISION_BY_ZERO,
    LARGEST,
    UNDERFLOW,
)
from proteus.market.lending.curves import (
    FULL_BPS,
    PERCENT_WIDE,
    WAD_WIDE,
    KinkedRay,
    kinked_ray,
    ray_divide,
    ray_multiply,
)

NO_DEBT_HEALTH = OVERFLOW  # the health of who owes nothing


@state
class AaveTerms(NamedTuple):
    """Parameters of both reserves, the same in every lane; bps are 1e-4."""

    curve: KinkedRay
    unit: np.ndarray  # int64 [2] of C and of D, ten to the decimals
    reserve_factor_bps: int  # part of the interest that lenders do not get
    protocol_fee_bps: int  # part of a liquidation's bonus
    ltv_bps: int  # what a unit of C lets borrow
    threshold_bps: int  # and hold
    bonus_bps: int  # value seized per unit repaid
    treasury: int  # account


@state
class AavePool(NamedTuple):
    """Two reserves, C and D. L lanes, A accounts; words of ray: high, low."""

    income_index: np.ndarray  # uint64 [L, 2, 2] ray, of lenders
    debt_index: np.ndarray  # uint64 [L, 2, 2] ray
    income_rate: np.ndarray  # uint64 [L, 2, 2] ray a year
    debt_rate: np.ndarray  # uint64 [L, 2, 2] ray a year
    updated_s: np.ndarray  # int64 [L, 2] time of the last accrual, 0: none
    accrued: np.ndarray  # int64 [L, 2] scaled, of the treasury and not minted yet
    supply: np.ndarray  # int64 [L, 2] scaled claims in all
    debt: np.ndarray  # int64 [L, 2] scaled debts in all
    cash: np.ndarray  # int64 [L, 2] of the underlying
    price: np.ndarray  # int64 [L, 2] in base currency, 1e8
    supplied: np.ndarray  # int64 [L, A, 2] scaled
    owed: np.ndarray  # int64 [L, A, 2] scaled
    is_collateral: np.ndarray  # bool [L, A] its claims on C are
    is_borrowing: np.ndarray  # bool [L, A] of D; may be set without a debt
    wallet: np.ndarray  # int64 [L, A, 2] of the underlying
    result: np.ndarray  # int64 [L, 2] what the last action returned


@inline_kernel
def ray_at(rays, lane, reserve):
    """Read a ray as a wide number."""
    return rays[lane, reserve, 0], rays[lane, reserve, 1]


@inline_kernel
def write_ray(rays, lane, reserve, value):
    """Write a wide number as a ray."""
    rays[lane, reserve, 0], rays[lane, reserve, 1] = value


@inline_kernel
def scaled_down(amount, index):
    """Return an amount over an index, half up; AMOUNT_OVERFLOW beyond int64."""
    return narrow(ray_divide(widen(amount), index))


@inline_kernel
def scaled_up(scaled, index):
    """Return a scaled amount times an index, half up; AMOUNT_OVERFLOW beyond int64."""
    return narrow(ray_multiply(widen(scaled), index))


@inline_kernel
def percent(amount, bps):
    """Return part of an amount, half up."""
    return multiply_divide(amount, bps, FULL_BPS, HALF_UP)


@inline_kernel
def percent_divide(amount, bps):
    """Return an amount over a part, half up."""
    return multiply_divide(amount, FULL_BPS, bps, HALF_UP)


@inline_kernel
def income_at(pool, lane, reserve, time_s):
    """Return the index of lenders as it would be now, wide."""
    index = ray_at(pool.income_index, lane, reserve)
    seconds = time_s - pool.updated_s[lane, reserve]
    if seconds == 0:
        return index
    return ray_multiply(linear_ray(ray_at(pool.income_rate, lane, reserve), seconds), index)


@inline_kernel
def debt_index_at(pool, lane, reserve, time_s):
    """Return the index of debts as it would be now, wide."""
    index = ray_at(pool.debt_index, lane, reserve)
    seconds = time_s - pool.updated_s[lane, reserve]
    if seconds == 0:
        return index
    return ray_multiply(compounded_ray(ray_at(pool.debt_rate, lane, reserve), seconds), index)


@inline_kernel
def update(terms, pool, lane, reserve, time_s):
    """Bring both indexes to now, and give the treasury its part: ACCEPTED or a refusal."""
    if time_s == pool.updated_s[lane, reserve]:
        return ACCEPTED
    before = ray_at(pool.debt_index, lane, reserve)
    after = before
    if pool.debt[lane, reserve] != 0:
        after = debt_index_at(pool, lane, reserve, time_s)
    if not is_zero(ray_at(pool.income_rate, lane, reserve)):
        write_ray(pool.income_index, lane, reserve, income_at(pool, lane, reserve, time_s))
    write_ray(pool.debt_index, lane, reserve, after)
    pool.updated_s[lane, reserve] = time_s
    if is_overflow(after) or is_overflow(ray_at(pool.income_index, lane, reserve)):
        return AMOUNT_LEAVES_INT64
    if terms.reserve_factor_bps != 0:
        debt = widen(pool.debt[lane, reserve])
        grown = subtract(ray_multiply(debt, after), ray_multiply(debt, before))
        part = multiply_divide_wide(grown, widen(terms.reserve_factor_bps), PERCENT_WIDE, HALF_UP)
        minted = narrow(ray_divide(part, ray_at(pool.income_index, lane, reserve)))
        if minted < 0 or minted > LARGEST - pool.accrued[lane, reserve]:
            return AMOUNT_LEAVES_INT64
        pool.accrued[lane, reserve] += minted
    return ACCEPTED


@inline_kernel
def set_rates(terms, pool, lane, reserve, added, taken):
    """Set the rates for what the reserve will hold and has lent: ACCEPTED or a refusal."""
    index = ray_at(pool.debt_index, lane, reserve)
    debt = ray_multiply(widen(pool.debt[lane, reserve]), index)
    if added > LARGEST - pool.cash[lane, reserve]:
        return AMOUNT_LEAVES_INT64
    cash = pool.cash[lane, reserve] + added
    if not is_zero(debt):
        if cash < taken:
            return UNDERFLOW
        cash -= taken
    income, rate, exists = kinked_ray(terms.curve, widen(cash), debt, terms.reserve_factor_bps)
    if not exists:
        return DIVISION_BY_ZERO
    if is_overflow(income) or is_overflow(rate):
        return AMOUNT_LEAVES_INT64
    write_ray(pool.income_rate, lane, reserve, income)
    write_ray(pool.debt_rate, lane, reserve, rate)
    return ACCEPTED


@inline_kernel
def claim_of(pool, lane, account, reserve, time_s):
    """Return what an account could take out now, half up."""
    return scaled_up(pool.supplied[lane, account, reserve], income_at(pool, lane, reserve, time_s))


@inline_kernel
def debt_of(pool, lane, account, reserve, time_s):
    """Return what an account owes now, half up."""
    return scaled_up(pool.owed[lane, account, reserve], debt_index_at(pool, lane, reserve, time_s))


@inline_kernel
def base_value(terms, pool, lane, reserve, amount):
    """Return an amount in base currency, rounded down; AMOUNT_OVERFLOW beyond int64."""
    return multiply_divide(amount, pool.price[lane, reserve], terms.unit[reserve], FLOOR)


@inline_kernel
def values_of(terms, pool, lane, account, time_s):
    """Return the collateral and the debt of an account in base currency; negative: beyond int64."""
    collateral, debt = np.int64(0), np.int64(0)
    if pool.is_collateral[lane, account]:
        claim = claim_of(pool, lane, account, ASSET_C, time_s)
        collateral = base_value(terms, pool, lane, ASSET_C, claim) if claim >= 0 else claim
    if pool.is_borrowing[lane, account]:
        owed = debt_of(pool, lane, account, ASSET_D, time_s)
        debt = base_value(terms, pool, lane, ASSET_D, owed) if owed >= 0 else owed
    return collateral, debt


@inline_kernel
def health_of(terms, collateral, debt):
    """Return the health of these values in 1e18, wide; NO_DEBT_HEALTH where nothing is owed."""
    if debt == 0:
        return NO_DEBT_HEALTH
    counted = percent(collateral, terms.threshold_bps if collateral != 0 else 0)
    return multiply_divide_wide(widen(counted), WAD_WIDE, widen(debt), HALF_UP)


@inline_kernel
def mint_scaled(pool, lane, account, reserve, scaled):
    """Give an account scaled claims: whether they fit."""
    if scaled < 0 or scaled > LARGEST - pool.supply[lane, reserve]:
        return False
    pool.supplied[lane, account, reserve] += scaled
    pool.supply[lane, reserve] += scaled
    return True


@inline_kernel
def treasury_amount(pool, lane, reserve, time_s):
    """Return what the treasury is owed now, and the index: int64, wide."""
    index = income_at(pool, lane, reserve, time_s)
    return narrow(ray_multiply(widen(pool.accrued[lane, reserve]), index)), index


@inline_kernel
def seize_base(terms, pool, lane, amount, from_reserve, to_reserve):
    """Return what an amount of one reserve is in another at the prices, rounded down, int64."""
    value = product_wide(widen(pool.price[lane, from_reserve]), widen(amount))
    cost = product_wide(widen(pool.price[lane, to_reserve]), widen(terms.unit[from_reserve]))
    return narrow(multiply_divide_wide(value, widen(terms.unit[to_reserve]), cost, FLOOR))
