"""Lending as Morpho Blue has it: one market, its loan token and its collateral.

    accrual     before every action but ``supply`` of collateral; interest is floored each time
    shares      supply and repay by assets floor them, withdraw and borrow ceil them; by shares the
                assets are ceiled and floored: always for the pool
    health      collateral x price x lltv, floored twice, against the debt, ceiled; equal is healthy
    liquidation any part; when no collateral is left the rest of the debt is written off at once

Source
    Morpho Blue 1.0.0, Morpho.sol. Not here: callbacks, authorisation, several markets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, multiply_divide
from proteus.market.arithmetic.wide import (
    add,
    is_less,
    is_zero,
    multiply_divide_wide,
    narrow,
    subtract,
    widen,
)
from proteus.market.lending.accrual import growth, interest_on
from proteus.market.lending.codes import (
    ACCEPTED,
    ALREADY_SET,
    AMOUNT_LEAVES_INT64,
    DIVISION_BY_ZERO,
    HEALTHY,
    INSUFFICIENT_COLLATERAL,
    INSUFFICIENT_LIQUIDITY,
    LARGEST,
    MAX_FEE_EXCEEDED,
    POOL_SHORT,
    UNDERFLOW,
    WALLET_SHORT,
)
from proteus.market.lending.curves import (
    CURVE_ADAPTIVE,
    CURVE_FIXED,
    CURVE_UTILISATION,
    WAD,
    WAD_WIDE,
    YEAR_S,
    adaptive,
    utilisation_of,
)
from proteus.market.lending.shares import MORPHO_VIRTUAL_SHARES, to_assets, to_shares

MOST_FEE = WAD // 4
_CURSOR = 3 * 10**17
_MOST_INCENTIVE = 115 * 10**16


@state
class MorphoTerms(NamedTuple):
    """Parameters of a market, the same in every lane."""

    accrual: int  # accrual.SIMPLE, TAYLOR_3 or EXACT
    curve: int  # curves.CURVE_*
    rate: int  # 1e18 per second, of the fixed curve
    lltv: int  # 1e18, what a unit of collateral lets borrow and hold
    incentive: int  # 1e18, collateral seized per unit repaid
    fee_account: int  # who gets the fee


@state
class MorphoPool(NamedTuple):
    """A market. L lanes, A accounts; units of the loan and of the collateral token."""

    supply_assets: np.ndarray  # int64 [L]
    supply_shares: np.ndarray  # int64 [L]
    borrow_assets: np.ndarray  # int64 [L]
    borrow_shares: np.ndarray  # int64 [L]
    updated_s: np.ndarray  # int64 [L] time of the last accrual
    fee: np.ndarray  # int64 [L] 1e18, part of the interest
    at_target: np.ndarray  # int64 [L] 1e18 per second, height of the adaptive curve
    price: np.ndarray  # uint64 [L, 2] of a collateral unit in loan units, times price_unit
    price_unit: np.ndarray  # uint64 [2] high and low word
    cash: np.ndarray  # int64 [L] loan tokens held
    held: np.ndarray  # int64 [L] collateral tokens held
    supplied: np.ndarray  # int64 [L, A] shares
    borrowed: np.ndarray  # int64 [L, A] shares
    collateral: np.ndarray  # int64 [L, A]
    wallet: np.ndarray  # int64 [L, A, 2] of loan and of collateral tokens
    result: np.ndarray  # int64 [L, 2] what the last action returned


@inline_kernel
def incentive_of(lltv):
    """Return the collateral seized per unit repaid, in 1e18: dearer the less one may borrow."""
    cut = WAD - multiply_divide(_CURSOR, WAD - lltv, WAD, FLOOR)
    return min(np.int64(_MOST_INCENTIVE), multiply_divide(WAD, WAD, cut, FLOOR))


@inline_kernel
def rate_of(terms, pool, lane, seconds):
    """Return the rate per second over an interval, and the height of the adaptive curve after."""
    if terms.curve == CURVE_FIXED:
        return np.int64(terms.rate), pool.at_target[lane]
    used = utilisation_of(pool.borrow_assets[lane], pool.supply_assets[lane])
    if terms.curve == CURVE_UTILISATION:
        return used // YEAR_S, pool.at_target[lane]
    if terms.curve == CURVE_ADAPTIVE:
        return adaptive(pool.at_target[lane], used, seconds)
    return np.int64(0), pool.at_target[lane]


@inline_kernel
def accrue(terms, pool, lane, time_s):
    """Charge the interest since the last accrual, and give the fee in shares of it.

    Returns
        ACCEPTED, or AMOUNT_LEAVES_INT64.
    """
    seconds = time_s - pool.updated_s[lane]
    if seconds == 0:
        return ACCEPTED
    rate, at_target = rate_of(terms, pool, lane, seconds)
    interest = narrow(interest_on(pool.borrow_assets[lane], growth(terms.accrual, rate, seconds)))
    if interest < 0 or interest > LARGEST - pool.supply_assets[lane]:
        return AMOUNT_LEAVES_INT64
    pool.borrow_assets[lane] += interest
    pool.supply_assets[lane] += interest
    fee = multiply_divide(interest, pool.fee[lane], WAD, FLOOR)
    before = pool.supply_assets[lane] - fee
    shares = to_shares(fee, before, pool.supply_shares[lane], MORPHO_VIRTUAL_SHARES, FLOOR)
    if shares < 0 or shares > LARGEST - pool.supply_shares[lane]:
        return AMOUNT_LEAVES_INT64
    pool.supplied[lane, terms.fee_account] += shares
    pool.supply_shares[lane] += shares
    pool.at_target[lane] = at_target
    pool.updated_s[lane] = time_s
    return ACCEPTED


@inline_kernel
def debt_of(pool, lane, account):
    """Return what an account owes, rounded up."""
    return _borrow_assets(pool, lane, pool.borrowed[lane, account], CEIL)


@inline_kernel
def limit_of(terms, pool, lane, account):
    """Return what an account may owe; AMOUNT_OVERFLOW: more than fits, and so any debt."""
    price = (pool.price[lane, 0], pool.price[lane, 1])
    unit = (pool.price_unit[0], pool.price_unit[1])
    value = multiply_divide_wide(widen(pool.collateral[lane, account]), price, unit, FLOOR)
    return narrow(multiply_divide_wide(value, widen(terms.lltv), WAD_WIDE, FLOOR))


@inline_kernel
def is_healthy(terms, pool, lane, account):
    """Tell whether an account may owe what it owes; without debt the price is never read."""
    if pool.borrowed[lane, account] == 0:
        return True
    limit = limit_of(terms, pool, lane, account)
    return limit < 0 or limit >= debt_of(pool, lane, account)


@inline_kernel
def _supply_shares(pool, lane, assets, rounding):
    total, shares = pool.supply_assets[lane], pool.supply_shares[lane]
    return to_shares(assets, total, shares, MORPHO_VIRTUAL_SHARES, rounding)


@inline_kernel
def _supply_assets(pool, lane, shares, rounding):
    total, whole = pool.supply_assets[lane], pool.supply_shares[lane]
    return to_assets(shares, total, whole, MORPHO_VIRTUAL_SHARES, rounding)


@inline_kernel
def _borrow_shares(pool, lane, assets, rounding):
    total, shares = pool.borrow_assets[lane], pool.borrow_shares[lane]
    return to_shares(assets, total, shares, MORPHO_VIRTUAL_SHARES, rounding)


@inline_kernel
def _borrow_assets(pool, lane, shares, rounding):
    total, whole = pool.borrow_assets[lane], pool.borrow_shares[lane]
    return to_assets(shares, total, whole, MORPHO_VIRTUAL_SHARES, rounding)


@inline_kernel
def take_in(pool, lane, account, token, amount):
    """Move tokens from a wallet to the pool: ACCEPTED, or WALLET_SHORT."""
    if amount > pool.wallet[lane, account, token]:
        return WALLET_SHORT
    pool.wallet[lane, account, token] -= amount
    if token == 0:
        pool.cash[lane] += amount
    else:
        pool.held[lane] += amount
    return ACCEPTED


@inline_kernel
def pay_out(pool, lane, account, token, amount):
    """Move tokens from the pool to a wallet: ACCEPTED, or POOL_SHORT."""
    if amount > (pool.cash[lane] if token == 0 else pool.held[lane]):
        return POOL_SHORT
    pool.wallet[lane, account, token] += amount
    if token == 0:
        pool.cash[lane] -= amount
    else:
        pool.held[lane] -= amount
    return ACCEPTED


@inline_kernel
def supply(pool, lane, account, assets, shares):
    """Lend an amount, or as much as some shares are."""
    if assets > 0:
        shares = _supply_shares(pool, lane, assets, FLOOR)
    else:
        assets = _supply_assets(pool, lane, shares, CEIL)
    if assets > pool.wallet[lane, account, 0]:
        return WALLET_SHORT
    total = pool.supply_shares[lane]
    if assets < 0 or shares < 0 or shares > LARGEST - total:
        return AMOUNT_LEAVES_INT64
    pool.supplied[lane, account] += shares
    pool.supply_shares[lane] += shares
    pool.supply_assets[lane] += assets
    pool.result[lane, 0], pool.result[lane, 1] = assets, shares
    return take_in(pool, lane, account, 0, assets)


@inline_kernel
def withdraw(pool, lane, account, assets, shares):
    """Take back an amount, or what some shares are."""
    if assets > 0:
        shares = _supply_shares(pool, lane, assets, CEIL)
    else:
        assets = _supply_assets(pool, lane, shares, FLOOR)
    is_beyond = shares < 0 or shares > pool.supplied[lane, account]  # what leaves int64 is beyond
    if is_beyond or assets < 0 or assets > pool.supply_assets[lane]:
        return UNDERFLOW
    pool.supplied[lane, account] -= shares
    pool.supply_shares[lane] -= shares
    pool.supply_assets[lane] -= assets
    if pool.borrow_assets[lane] > pool.supply_assets[lane]:
        return INSUFFICIENT_LIQUIDITY
    pool.result[lane, 0], pool.result[lane, 1] = assets, shares
    return pay_out(pool, lane, account, 0, assets)


@inline_kernel
def borrow(terms, pool, lane, account, assets, shares):
    """Borrow an amount, or what some shares of the debt are."""
    if assets > 0:
        shares = _borrow_shares(pool, lane, assets, CEIL)
    else:
        assets = _borrow_assets(pool, lane, shares, FLOOR)
    room = LARGEST - MORPHO_VIRTUAL_SHARES - pool.borrow_shares[lane]
    is_beyond = assets > LARGEST - pool.borrow_assets[lane] or shares > room
    if assets < 0 or shares < 0 or is_beyond:
        return _why_not(terms, pool, lane, account, assets, shares)
    pool.borrowed[lane, account] += shares
    pool.borrow_shares[lane] += shares
    pool.borrow_assets[lane] += assets
    if not is_healthy(terms, pool, lane, account):
        return INSUFFICIENT_COLLATERAL
    if pool.borrow_assets[lane] > pool.supply_assets[lane]:
        return INSUFFICIENT_LIQUIDITY
    pool.result[lane, 0], pool.result[lane, 1] = assets, shares
    return pay_out(pool, lane, account, 0, assets)


@inline_kernel
def _why_not(terms, pool, lane, account, assets, shares):
    """Return why a loan that leaves int64 is refused: for what the contract would, or for that."""
    lent, whole = widen(pool.borrow_assets[lane] + 1), widen(pool.borrow_shares[lane])
    whole = add(whole, widen(MORPHO_VIRTUAL_SHARES))
    taken, given = widen(max(assets, 0)), widen(max(shares, 0))
    if shares < 0:
        given = multiply_divide_wide(taken, whole, lent, CEIL)
    if assets < 0:
        taken = multiply_divide_wide(given, lent, whole, FLOOR)
    owed = add(widen(pool.borrowed[lane, account]), given)
    lent, whole = add(lent, taken), add(whole, given)
    limit = limit_of(terms, pool, lane, account)
    debt = multiply_divide_wide(owed, lent, whole, CEIL)
    if limit >= 0 and is_less(widen(limit), debt):
        return INSUFFICIENT_COLLATERAL
    if is_less(widen(pool.supply_assets[lane]), subtract(lent, widen(1))):
        return INSUFFICIENT_LIQUIDITY
    return AMOUNT_LEAVES_INT64


@inline_kernel
def repay(pool, lane, account, assets, shares):
    """Repay an amount, or some shares of the debt; only by shares can all of it be repaid."""
    if assets > 0:
        shares = _borrow_shares(pool, lane, assets, FLOOR)
    else:
        assets = _borrow_assets(pool, lane, shares, CEIL)
    if assets < 0 or shares < 0 or shares > pool.borrowed[lane, account]:
        return UNDERFLOW
    _lower_debt(pool, lane, account, assets, shares)
    pool.result[lane, 0], pool.result[lane, 1] = assets, shares
    return take_in(pool, lane, account, 0, assets)


@inline_kernel
def _lower_debt(pool, lane, account, assets, shares):
    """Take shares from a debt; the assets are rounded up, so that the total stops at 0."""
    pool.borrowed[lane, account] -= shares
    pool.borrow_shares[lane] -= shares
    pool.borrow_assets[lane] = max(pool.borrow_assets[lane] - assets, 0)


@inline_kernel
def withdraw_collateral(terms, pool, lane, account, assets):
    """Take back collateral, if the account stays healthy."""
    if assets > pool.collateral[lane, account]:
        return UNDERFLOW
    pool.collateral[lane, account] -= assets
    if not is_healthy(terms, pool, lane, account):
        return INSUFFICIENT_COLLATERAL
    return pay_out(pool, lane, account, 1, assets)


@inline_kernel
def liquidate(terms, pool, lane, account, borrower, seized, shares):
    """Repay of another's debt, for collateral worth more: by what is seized, or by shares."""
    limit = limit_of(terms, pool, lane, borrower)
    if limit < 0 or limit >= debt_of(pool, lane, borrower):
        return HEALTHY
    price = (pool.price[lane, 0], pool.price[lane, 1])
    unit = (pool.price_unit[0], pool.price_unit[1])
    incentive = widen(terms.incentive)
    if seized > 0:
        quoted = multiply_divide_wide(widen(seized), price, unit, CEIL)
        repaid = narrow(multiply_divide_wide(quoted, WAD_WIDE, incentive, CEIL))
        shares = _borrow_shares(pool, lane, repaid, CEIL) if repaid >= 0 else repaid
    else:
        repaid = _borrow_assets(pool, lane, shares, FLOOR)
        if repaid < 0:
            return UNDERFLOW
        if is_zero(price):
            return DIVISION_BY_ZERO
        worth = multiply_divide_wide(widen(repaid), incentive, WAD_WIDE, FLOOR)
        seized = narrow(multiply_divide_wide(worth, unit, price, FLOOR))
    if shares < 0 or shares > pool.borrowed[lane, borrower]:
        return UNDERFLOW
    repaid = _borrow_assets(pool, lane, shares, CEIL)
    _lower_debt(pool, lane, borrower, repaid, shares)
    if seized < 0 or seized > pool.collateral[lane, borrower]:
        return UNDERFLOW
    pool.collateral[lane, borrower] -= seized
    if pool.collateral[lane, borrower] == 0:
        write_off(pool, lane, borrower)
    pool.result[lane, 0], pool.result[lane, 1] = seized, repaid
    refusal = pay_out(pool, lane, account, 1, seized)
    return refusal if refusal != ACCEPTED else take_in(pool, lane, account, 0, repaid)


@inline_kernel
def write_off(pool, lane, account):
    """Take a debt without collateral from both totals: lenders lose it at once."""
    lost = min(pool.borrow_assets[lane], debt_of(pool, lane, account))
    pool.borrow_assets[lane] -= lost
    pool.supply_assets[lane] -= lost
    pool.borrow_shares[lane] -= pool.borrowed[lane, account]
    pool.borrowed[lane, account] = 0


@inline_kernel
def set_fee(terms, pool, lane, time_s, fee):
    """Change the part of the interest that the fee account gets, after the old one has accrued."""
    if fee == pool.fee[lane]:
        return ALREADY_SET
    if fee > MOST_FEE:
        return MAX_FEE_EXCEEDED
    refusal = accrue(terms, pool, lane, time_s)
    pool.fee[lane] = fee
    return refusal
