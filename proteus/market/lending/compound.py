"""Lending as Compound v2 has it, in the version of Venus isolated pools: markets C and D.

    accrual     simple, floored for borrows, reserves and index each by itself; when a market is
                touched. What others have accrued is not seen: health uses stored balances
    claims      tokens at a rate that is floored; taking out an amount burns whole tokens
    health      a shortfall, sum by sum rounded down; none is healthy
    liquidation at most the close factor, floored; more tokens than the debt buys by the incentive
    bad debt    stays in the rate of the tokens; only ``heal`` of a small account names it

Source
    @venusprotocol/isolated-pools 4.4.0, VToken.sol, Comptroller.sol, ExponentialNoError.sol.
    Not here: caps, pauses, rewards, forced liquidation, liquidateAccount, more than two markets.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, FLOOR, multiply_divide
from proteus.market.arithmetic.wide import (
    OVERFLOW,
    ZERO,
    add,
    is_less,
    is_overflow,
    multiply_divide_wide,
    narrow,
    product_wide,
    subtract,
    widen,
)
from proteus.market.lending.codes import (
    ACCEPTED,
    AMOUNT_LEAVES_INT64,
    DIVISION_BY_ZERO,
    LARGEST,
    NOBODY,
    UNDERFLOW,
)
from proteus.market.lending.curves import WAD, WAD_WIDE, KinkedWad, kinked_wad


@state
class CompoundTerms(NamedTuple):
    """Parameters of both markets, the same in every lane; numbers of 1e18."""

    curve: KinkedWad
    reserve_factor: int  # part of the interest that lenders do not get
    collateral_factor: int  # what a unit of collateral lets borrow
    threshold: int  # and hold
    incentive: int  # value seized per unit repaid
    close_factor: int  # part of a debt that one liquidation may repay
    seize_share: int  # part of what is seized that the protocol gets, over the incentive
    minimal_collateral: int  # value up to which an account is healed, and not liquidated
    first_rate: int  # of tokens, where there are none
    sweep_s: int  # seconds after which reserves leave the market


@state
class CompoundPool(NamedTuple):
    """Two markets, C and D. L lanes, A accounts."""

    cash: np.ndarray  # int64 [L, 2] of the underlying
    borrows: np.ndarray  # int64 [L, 2]
    reserves: np.ndarray  # int64 [L, 2]
    bad_debt: np.ndarray  # int64 [L, 2]
    tokens: np.ndarray  # int64 [L, 2] claims in all
    index: np.ndarray  # int64 [L, 2] of debts, 1e18 at the start
    updated_s: np.ndarray  # int64 [L, 2] time of the last accrual
    swept_s: np.ndarray  # int64 [L, 2] time at which reserves left last
    paid: np.ndarray  # int64 [L, 2] to the protocol so far
    price: np.ndarray  # int64 [L, 2] 1e18
    claims: np.ndarray  # int64 [L, A, 2] tokens
    principal: np.ndarray  # int64 [L, A, 2] debt when its index was noted
    noted: np.ndarray  # int64 [L, A, 2] that index
    entered: np.ndarray  # bool [L, A, 2] the market counts for the account
    wallet: np.ndarray  # int64 [L, A, 2] of the underlying
    result: np.ndarray  # int64 [L, 2] what the last action returned, or what it was refused for


@inline_kernel
def whole_of(pool, lane, market):
    """Return cash + borrows + bad debt - reserves; UNDERFLOW as -1, beyond int64 as -2."""
    lent = pool.borrows[lane, market] + pool.bad_debt[lane, market]
    if pool.cash[lane, market] > LARGEST - lent:
        return np.int64(-2)
    return max(pool.cash[lane, market] + lent - pool.reserves[lane, market], np.int64(-1))


@inline_kernel
def exchange_rate(terms, pool, lane, market):
    """Return what a token is worth, 1e18 and rounded down; negative: it cannot be said."""
    if pool.tokens[lane, market] == 0:
        return np.int64(terms.first_rate)
    whole = whole_of(pool, lane, market)
    if whole < 0:
        return np.int64(AMOUNT_OVERFLOW)
    return multiply_divide(whole, WAD, pool.tokens[lane, market], FLOOR)


@inline_kernel
def borrow_rate(terms, pool, lane, market):
    """Return the rate per second, and why there is none."""
    lent = pool.borrows[lane, market] + pool.bad_debt[lane, market]
    used = np.int64(0)
    if lent != 0:
        whole = whole_of(pool, lane, market)
        if whole < 0:
            return np.int64(0), UNDERFLOW
        if whole == 0:
            return np.int64(0), DIVISION_BY_ZERO
        used = multiply_divide(lent, WAD, whole, FLOOR)
        if used < 0 or used > WAD:
            used = np.int64(WAD)
    return kinked_wad(terms.curve, used), ACCEPTED


@inline_kernel
def accrue(terms, pool, lane, market, time_s):
    """Charge simple interest since the last accrual, and send reserves away when that is due."""
    seconds = time_s - pool.updated_s[lane, market]
    if seconds == 0:
        return ACCEPTED
    rate, refusal = borrow_rate(terms, pool, lane, market)
    if refusal != ACCEPTED:
        return refusal
    factor = product_wide(widen(rate), widen(seconds))
    borrows, index = pool.borrows[lane, market], pool.index[lane, market]
    interest = narrow(multiply_divide_wide(factor, widen(borrows), WAD_WIDE, FLOOR))
    grown = narrow(multiply_divide_wide(factor, widen(index), WAD_WIDE, FLOOR))
    if interest < 0 or grown < 0 or interest > LARGEST - borrows:
        return AMOUNT_LEAVES_INT64
    if grown > LARGEST - index:
        return AMOUNT_LEAVES_INT64
    cash = pool.cash[lane, market]
    pool.borrows[lane, market] += interest
    pool.reserves[lane, market] += multiply_divide(interest, terms.reserve_factor, WAD, FLOOR)
    pool.index[lane, market] += grown
    pool.updated_s[lane, market] = time_s
    if time_s - pool.swept_s[lane, market] >= terms.sweep_s:
        pool.swept_s[lane, market] = time_s
        swept = min(cash, pool.reserves[lane, market])
        pool.reserves[lane, market] -= swept
        pool.cash[lane, market] -= swept
        pool.paid[lane, market] += swept
    return ACCEPTED


@inline_kernel
def debt_of(pool, lane, account, market):
    """Return a debt as of the last accrual, rounded down; AMOUNT_OVERFLOW beyond int64."""
    principal = pool.principal[lane, account, market]
    if principal == 0:
        return np.int64(0)
    index, noted = pool.index[lane, market], pool.noted[lane, account, market]
    return multiply_divide(principal, index, noted, FLOOR)


@inline_kernel
def set_debt(pool, lane, account, market, debt):
    """Write a debt as of now."""
    pool.principal[lane, account, market] = debt
    pool.noted[lane, account, market] = pool.index[lane, market]


@inline_kernel
def _value(price, amount, total):
    """Return total + price * amount / 1e18, rounded down, wide."""
    return add(multiply_divide_wide(price, widen(amount), WAD_WIDE, FLOOR), total)


@inline_kernel
def snapshot(terms, pool, lane, account, factor, modified, tokens, borrowed):
    """Return the values of an account after it gives up tokens and borrows more of a market.

    Args:
        factor: 1e18, what collateral counts. modified: a market, or NOBODY.
        tokens, borrowed: int64, of that market.

    Returns
        wide each: collateral by the factor, collateral, debts with what is borrowed and given up,
        debts; OVERFLOW in what leaves 128 bits.
    """
    weighted, collateral, debts, effects = ZERO, ZERO, ZERO, ZERO
    for market in range(2):
        if not pool.entered[lane, account, market]:
            continue
        rate = exchange_rate(terms, pool, lane, market)
        debt = debt_of(pool, lane, account, market)
        if rate < 0 or debt < 0:
            return OVERFLOW, OVERFLOW, OVERFLOW, OVERFLOW
        price = widen(pool.price[lane, market])
        token = multiply_divide_wide(widen(rate), price, WAD_WIDE, FLOOR)
        counted = multiply_divide_wide(widen(factor), token, WAD_WIDE, FLOOR)
        weighted = _value(counted, pool.claims[lane, account, market], weighted)
        collateral = _value(token, pool.claims[lane, account, market], collateral)
        debts = _value(price, debt, debts)
        if market == modified:
            effects = _value(price, borrowed, _value(counted, tokens, effects))
    return weighted, collateral, add(debts, effects), debts


@inline_kernel
def has_shortfall(weighted, owed):
    """Tell whether debts are more than the collateral counts: equal is enough."""
    return is_less(weighted, owed)


@inline_kernel
def liquidity_of(terms, pool, lane, account):
    """Return what an account could still owe by the threshold, and what it is short of: int64."""
    weighted, _, owed, _ = snapshot(terms, pool, lane, account, terms.threshold, NOBODY, 0, 0)
    if is_overflow(weighted) or is_overflow(owed):
        return np.int64(AMOUNT_OVERFLOW), np.int64(AMOUNT_OVERFLOW)
    if is_less(owed, weighted):
        return narrow(subtract(weighted, owed)), np.int64(0)
    return np.int64(0), narrow(subtract(owed, weighted))
