"""Lending by our own rules: one pool of cash, lent against pledged lots of the contract.

    accrual     on a grid of time and never between, its rest carried: how often others act changes
                nothing; the rate of an interval is that of the utilisation at its start
    shares      totals of cash and shares are the truth; shares are rounded for the pool
    conservation  cash + debt = supply + treasury, to the nano, after every event
    health      exact, by cross-multiplication; 1 is healthy. LTV limits borrowing, the threshold
                what may be held
    liquidation a liquidator names lots and pays what they are worth less the bonus
    bad debt    what is left without collateral: treasury first, then lenders, at once
    the last debt  who repays the last share repays all that is owed: no unit stays behind

Source
    Morpho Blue 1.0.0 (totals and shares), Aave v3 (liquidation policies), Compound v2 (the curve).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, multiply_divide
from proteus.market.arithmetic.wide import (
    add,
    is_less,
    is_overflow,
    multiply_divide_wide,
    narrow,
    product_rest_wide,
    product_wide,
    subtract,
    widen,
)
from proteus.market.lending.accrual import SIMPLE, growth
from proteus.market.lending.added import rate_added
from proteus.market.lending.base import FIRST_ADDED, NO_NUMBERS
from proteus.market.lending.codes import ACCEPTED, AMOUNT_LEAVES_INT64, LARGEST
from proteus.market.lending.collateral import Collateral, carries, worth
from proteus.market.lending.curves import (
    CURVE_ADAPTIVE,
    CURVE_FIXED,
    WAD,
    WAD_WIDE,
    YEAR_S,
    adaptive,
)
from proteus.market.lending.liquidation import Policy
from proteus.market.lending.shares import PROTEUS_VIRTUAL_SHARES, to_assets, to_shares

CURVE_KINKED = 4
POOL_CURVES = {"fixed": CURVE_FIXED, "kinked": CURVE_KINKED, "adaptive": CURVE_ADAPTIVE}


@state
class PoolTerms(NamedTuple):
    """Parameters of a pool, the same in every lane; shares and rates are of 1e18."""

    curve: int  # POOL_CURVES, or that of another package
    base: int  # a year; of the fixed curve the rate itself
    slope_1: int  # a year, up to the kink
    slope_2: int  # a year, beyond
    kink: int
    normalised: bool  # slopes are over the width of their branch (Aave), not per unit (Compound)
    accrual: int  # accrual.SIMPLE, TAYLOR_3 or EXACT
    grid: int  # units of time between accruals
    year: int  # units of time
    reserve_factor: int  # part of the interest that the treasury gets
    collateral: Collateral
    policy: Policy
    numbers: np.ndarray = NO_NUMBERS  # int64 [P] of a curve of another package


@state
class Pool(NamedTuple):
    """A pool. L lanes, A accounts; nano-currency, lots and shares."""

    cash: np.ndarray  # int64 [L] held, nano
    supply_assets: np.ndarray  # int64 [L] lenders' claims, nano
    supply_shares: np.ndarray  # int64 [L]
    borrow_assets: np.ndarray  # int64 [L] debts, nano
    borrow_shares: np.ndarray  # int64 [L]
    treasury: np.ndarray  # int64 [L] part of the interest, in the pool's cash, nano
    bad_debt: np.ndarray  # int64 [L] written off so far, nano
    interest: np.ndarray  # int64 [L] charged so far, nano
    rate: np.ndarray  # int64 [L] 1e18 a year, of the interval that runs
    at_target: np.ndarray  # int64 [L] 1e18 per second, height of the adaptive curve
    accrued_to: np.ndarray  # int64 [L] time of the last accrual
    rest: np.ndarray  # uint64 [L, 2] of interest below a nano, in the accrual's own unit
    price: np.ndarray  # int64 [L] nano, of the contract
    supplied: np.ndarray  # int64 [L, A] shares
    borrowed: np.ndarray  # int64 [L, A] shares
    pledged: np.ndarray  # int64 [L, A] lots
    is_short: np.ndarray  # bool [L, A] its lots are short ones
    wallet: np.ndarray  # int64 [L, A, 2] nano of cash, and lots that are not pledged
    seized: np.ndarray  # int64 [L, A, 2] long and short lots taken over as a liquidator
    result: np.ndarray  # int64 [L, 2] what the last action returned


@inline_kernel
def utilisation(pool, lane):
    """Return debt over cash and debt, 1e18 rounded down; 0 without debt."""
    debt = pool.borrow_assets[lane]
    if debt == 0:
        return np.int64(0)
    whole = add(widen(pool.cash[lane]), widen(debt))
    return narrow(multiply_divide_wide(widen(debt), WAD_WIDE, whole, FLOOR))


@inline_kernel
def kinked_rate(terms, used):
    """Return the rate a year of a utilisation; at the kink the lower branch."""
    if used <= terms.kink:
        width = terms.kink if terms.normalised else WAD
        if width == 0:
            return np.int64(terms.base)
        return terms.base + multiply_divide(terms.slope_1, used, width, FLOOR)
    width = WAD - terms.kink if terms.normalised else WAD
    low = terms.slope_1
    if not terms.normalised:
        low = multiply_divide(terms.slope_1, terms.kink, WAD, FLOOR)
    return terms.base + low + multiply_divide(terms.slope_2, used - terms.kink, width, FLOOR)


@inline_kernel
def set_rate(terms, pool, lane):
    """Set the rate of the interval that begins now."""
    used = utilisation(pool, lane)
    if terms.curve == CURVE_FIXED:
        pool.rate[lane] = terms.base
    elif terms.curve == CURVE_KINKED:
        pool.rate[lane] = kinked_rate(terms, used)
    elif terms.curve >= FIRST_ADDED:
        pool.rate[lane] = max(rate_added(terms.curve, terms.numbers, used), np.int64(0))
    else:
        seconds = multiply_divide(terms.grid, YEAR_S, terms.year, FLOOR)
        rate, end = adaptive(pool.at_target[lane], used, seconds)
        pool.rate[lane], pool.at_target[lane] = rate * YEAR_S, end


@inline_kernel
def interest_of(terms, pool, lane, elapsed):
    """Return the interest on all debts, int64, and carry what is below a nano.

    With the simple rule nothing at all is lost: the sum on a constant debt is that of one step.
    """
    debt, rest = widen(pool.borrow_assets[lane]), (pool.rest[lane, 0], pool.rest[lane, 1])
    if terms.accrual == SIMPLE:
        factor = product_wide(debt, widen(pool.rate[lane]))
        grown, unit = widen(elapsed), product_wide(WAD_WIDE, widen(terms.year))
    else:
        factor, unit = debt, WAD_WIDE
        yearly = multiply_divide(pool.rate[lane], elapsed, terms.year, FLOOR)
        grown = growth(terms.accrual, yearly, np.int64(1))
    interest = multiply_divide_wide(factor, grown, unit, FLOOR)
    if is_overflow(interest) or is_overflow(grown):
        return np.int64(-1)
    carried = add(product_rest_wide(factor, grown, unit), rest)
    if not is_less(carried, unit):
        carried = subtract(carried, unit)
        interest = add(interest, widen(np.int64(1)))
    pool.rest[lane, 0], pool.rest[lane, 1] = carried
    return narrow(interest)


@inline_kernel
def accrue(terms, pool, lane, time):
    """Charge the interest of the grid steps up to now: ACCEPTED, or AMOUNT_LEAVES_INT64."""
    while pool.accrued_to[lane] + terms.grid <= time:
        interest = fee = np.int64(0)
        if pool.borrow_assets[lane] > 0:
            interest = interest_of(terms, pool, lane, terms.grid)
            fee = multiply_divide(max(interest, 0), terms.reserve_factor, WAD, FLOOR)
        if interest < 0 or interest > LARGEST - pool.supply_assets[lane]:
            return AMOUNT_LEAVES_INT64
        pool.borrow_assets[lane] += interest
        pool.supply_assets[lane] += interest - fee
        pool.treasury[lane] += fee
        pool.interest[lane] += interest
        pool.accrued_to[lane] += terms.grid
        set_rate(terms, pool, lane)
        if pool.rate[lane] < 0:
            return AMOUNT_LEAVES_INT64
    return ACCEPTED


@inline_kernel
def supply_shares_of(pool, lane, assets, rounding):
    """Return how many shares of the supply an amount is."""
    total, shares = pool.supply_assets[lane], pool.supply_shares[lane]
    return to_shares(assets, total, shares, PROTEUS_VIRTUAL_SHARES, rounding)


@inline_kernel
def supply_assets_of(pool, lane, shares, rounding):
    """Return how much some shares of the supply are."""
    total, whole = pool.supply_assets[lane], pool.supply_shares[lane]
    return to_assets(shares, total, whole, PROTEUS_VIRTUAL_SHARES, rounding)


@inline_kernel
def borrow_shares_of(pool, lane, assets, rounding):
    """Return how many shares of the debt an amount is."""
    total, shares = pool.borrow_assets[lane], pool.borrow_shares[lane]
    return to_shares(assets, total, shares, PROTEUS_VIRTUAL_SHARES, rounding)


@inline_kernel
def debt_of_shares(pool, lane, shares):
    """Return what some shares of the debt owe, rounded up; the last ones owe all that is left."""
    if shares == pool.borrow_shares[lane]:
        return pool.borrow_assets[lane]
    total, whole = pool.borrow_assets[lane], pool.borrow_shares[lane]
    owed = to_assets(shares, total, whole, PROTEUS_VIRTUAL_SHARES, CEIL)
    return min(owed, total)


@inline_kernel
def debt_of(pool, lane, account):
    """Return what an account owes."""
    return debt_of_shares(pool, lane, pool.borrowed[lane, account])


@inline_kernel
def is_within(terms, pool, lane, account, share):
    """Tell whether this share of an account's collateral carries its debt; 1 is enough."""
    debt = debt_of(pool, lane, account)
    if debt == 0:
        return True
    value = worth(terms.collateral, pool.price[lane], pool.is_short[lane, account])
    return carries(pool.pledged[lane, account], value, share, debt)


@inline_kernel
def lower_debt(pool, lane, account, shares, assets):
    """Take shares from a debt, and an amount from the total."""
    pool.borrowed[lane, account] -= shares
    pool.borrow_shares[lane] -= shares
    pool.borrow_assets[lane] -= assets


@inline_kernel
def write_off(pool, lane, account):
    """Write off a debt without collateral: the treasury bears it first, then the lenders.

    Returns
        int64 nano.
    """
    shares = pool.borrowed[lane, account]
    lost = debt_of_shares(pool, lane, shares)
    lower_debt(pool, lane, account, shares, lost)
    borne = min(lost, pool.treasury[lane])
    pool.treasury[lane] -= borne
    pool.supply_assets[lane] -= lost - borne
    pool.bad_debt[lane] += lost
    return lost
