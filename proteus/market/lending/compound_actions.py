"""The actions of accounts in markets by Compound's rules, in the order of checks of its code."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.arithmetic.wide import (
    is_less,
    is_overflow,
    multiply_divide_wide,
    narrow,
    widen,
)
from proteus.market.lending.codes import (
    ABOVE_THRESHOLD,
    ACCEPTED,
    ALL,
    AMOUNT_LEAVES_INT64,
    ASSET_C,
    ASSET_D,
    BELOW_MINIMAL_COLLATERAL,
    BORROW_NO_CASH,
    CLOSE_ZERO,
    DIVISION_BY_ZERO,
    LARGEST,
    NO_SHORTFALL,
    NOBODY,
    NOT_COLLATERAL,
    OWN_LIQUIDATION,
    OWN_SEIZURE,
    POOL_SHORT,
    REDEEM_NO_CASH,
    REDEEM_ZERO,
    SEIZE_TOO_MUCH,
    SHORT_OF_LIQUIDITY,
    TOO_MUCH_REPAY,
    UNDERFLOW,
    WALLET_SHORT,
)
from proteus.market.lending.compound import (
    accrue,
    debt_of,
    exchange_rate,
    has_shortfall,
    set_debt,
    snapshot,
)
from proteus.market.lending.curves import WAD, WAD_WIDE


@inline_kernel
def _take_in(pool, lane, account, market, amount):
    if amount > pool.wallet[lane, account, market]:
        return WALLET_SHORT
    pool.wallet[lane, account, market] -= amount
    pool.cash[lane, market] += amount
    return ACCEPTED


@inline_kernel
def _pay_out(pool, lane, account, market, amount):
    if amount > pool.cash[lane, market]:
        return POOL_SHORT
    pool.wallet[lane, account, market] += amount
    pool.cash[lane, market] -= amount
    return ACCEPTED


@inline_kernel
def mint(terms, pool, lane, account, market, amount):
    """Lend an amount, for tokens rounded down; none at all are accepted."""
    rate = exchange_rate(terms, pool, lane, market)
    if rate < 0:
        return UNDERFLOW
    if amount == ALL:
        return WALLET_SHORT
    refusal = _take_in(pool, lane, account, market, amount)
    if refusal != ACCEPTED:
        return refusal
    if rate == 0:
        return DIVISION_BY_ZERO
    tokens = multiply_divide(amount, WAD, rate, FLOOR)
    if tokens < 0 or tokens > LARGEST - pool.tokens[lane, market]:
        return AMOUNT_LEAVES_INT64
    pool.tokens[lane, market] += tokens
    pool.claims[lane, account, market] += tokens
    pool.result[lane, 0], pool.result[lane, 1] = amount, tokens
    return ACCEPTED


@inline_kernel
def redeem(terms, pool, lane, account, market, tokens, amount):
    """Give up tokens, or as many as an amount takes: then rounded up to whole ones."""
    if tokens == ALL or amount == ALL:
        return UNDERFLOW  # of the product with 1e18
    rate = exchange_rate(terms, pool, lane, market)
    if rate < 0:
        return UNDERFLOW
    if tokens == 0:
        if rate == 0:
            return DIVISION_BY_ZERO
        tokens = multiply_divide(amount, WAD, rate, FLOOR)
        exact = multiply_divide_wide(widen(max(tokens, 0)), widen(rate), WAD_WIDE, FLOOR)
        if tokens > 0 and narrow(exact) != 0 and narrow(exact) != amount:
            tokens += 1
    if tokens < 0:
        return UNDERFLOW
    amount = multiply_divide(tokens, rate, WAD, FLOOR)
    if amount == 0:
        return REDEEM_ZERO
    if pool.entered[lane, account, market]:
        weighted, _, owed, _ = snapshot(
            terms, pool, lane, account, terms.collateral_factor, market, tokens, 0
        )
        if has_shortfall(weighted, owed):
            return SHORT_OF_LIQUIDITY
    free = pool.cash[lane, market] - pool.reserves[lane, market]
    if free < 0:
        return UNDERFLOW
    if amount < 0 or free < amount:
        return REDEEM_NO_CASH
    if tokens > pool.tokens[lane, market] or tokens > pool.claims[lane, account, market]:
        return UNDERFLOW
    pool.tokens[lane, market] -= tokens
    pool.claims[lane, account, market] -= tokens
    pool.result[lane, 0], pool.result[lane, 1] = amount, tokens
    return _pay_out(pool, lane, account, market, amount)


@inline_kernel
def borrow(terms, pool, lane, account, market, amount):
    """Borrow; nothing at all is accepted, and enters the market."""
    if amount == ALL:
        return UNDERFLOW
    pool.entered[lane, account, market] = True
    weighted, _, owed, _ = snapshot(
        terms, pool, lane, account, terms.collateral_factor, market, 0, amount
    )
    if is_overflow(weighted):
        return UNDERFLOW
    if has_shortfall(weighted, owed):
        return SHORT_OF_LIQUIDITY
    free = pool.cash[lane, market] - pool.reserves[lane, market]
    if free < 0:
        return UNDERFLOW
    if free < amount:
        return BORROW_NO_CASH
    debt = debt_of(pool, lane, account, market)
    if debt < 0 or amount > LARGEST - max(debt, pool.borrows[lane, market]):
        return AMOUNT_LEAVES_INT64
    set_debt(pool, lane, account, market, debt + amount)
    pool.borrows[lane, market] += amount
    pool.result[lane, 0] = amount
    return _pay_out(pool, lane, account, market, amount)


@inline_kernel
def repay(pool, lane, payer, account, market, amount):
    """Repay of a debt, at most all of it; the total may not go below 0."""
    debt = debt_of(pool, lane, account, market)
    if debt < 0:
        return AMOUNT_LEAVES_INT64
    repaid = debt if amount == ALL or amount >= debt else amount
    refusal = _take_in(pool, lane, payer, market, repaid)
    if refusal != ACCEPTED:
        return refusal
    if repaid > pool.borrows[lane, market]:
        return UNDERFLOW
    set_debt(pool, lane, account, market, debt - repaid)
    pool.borrows[lane, market] -= repaid
    pool.result[lane, 0] = repaid
    return ACCEPTED


@inline_kernel
def liquidate(terms, pool, lane, account, borrower, amount, time_s):
    """Repay of another's debt in D, for tokens of C; both markets accrue first."""
    for market in (ASSET_D, ASSET_C):
        refusal = accrue(terms, pool, lane, market, time_s)
        if refusal != ACCEPTED:
            return refusal
    weighted, collateral, owed, _ = snapshot(
        terms, pool, lane, borrower, terms.threshold, NOBODY, 0, 0
    )
    if is_overflow(weighted) or is_overflow(owed):
        return AMOUNT_LEAVES_INT64
    if not is_less(widen(terms.minimal_collateral), collateral):
        pool.result[lane, 0] = terms.minimal_collateral
        pool.result[lane, 1] = narrow(collateral)
        return BELOW_MINIMAL_COLLATERAL
    if not has_shortfall(weighted, owed):
        return NO_SHORTFALL
    debt = debt_of(pool, lane, borrower, ASSET_D)
    if amount == ALL or amount > multiply_divide(debt, terms.close_factor, WAD, FLOOR):
        return TOO_MUCH_REPAY
    if account == borrower:
        return OWN_LIQUIDATION
    if amount == 0:
        return CLOSE_ZERO
    refusal = repay(pool, lane, account, borrower, ASSET_D, amount)
    if refusal != ACCEPTED:
        return refusal
    tokens = _tokens_for(terms, pool, lane, amount)
    if tokens < 0 or tokens > pool.claims[lane, borrower, ASSET_C]:
        return SEIZE_TOO_MUCH
    pool.result[lane, 1] = tokens
    return seize(terms, pool, lane, account, borrower, ASSET_C, tokens)


@inline_kernel
def _tokens_for(terms, pool, lane, repaid):
    """Return the tokens of C that a repayment in D buys, rounded down at every step."""
    rate = exchange_rate(terms, pool, lane, ASSET_C)
    incentive, price_d = widen(terms.incentive), widen(pool.price[lane, ASSET_D])
    value = multiply_divide_wide(incentive, price_d, WAD_WIDE, FLOOR)
    price_c = widen(pool.price[lane, ASSET_C])
    token = multiply_divide_wide(price_c, widen(max(rate, 0)), WAD_WIDE, FLOOR)
    ratio = multiply_divide_wide(value, WAD_WIDE, token, FLOOR)
    return narrow(multiply_divide_wide(ratio, widen(repaid), WAD_WIDE, FLOOR))


@inline_kernel
def seize(terms, pool, lane, account, borrower, market, tokens):
    """Move tokens to a liquidator, but for the protocol's part, which is paid out at once."""
    if not pool.entered[lane, borrower, market]:
        return NOT_COLLATERAL
    if account == borrower:
        return OWN_SEIZURE
    share = multiply_divide(tokens, terms.seize_share, WAD, FLOOR)
    kept = multiply_divide(share, WAD, terms.incentive, FLOOR)
    rate = exchange_rate(terms, pool, lane, market)
    if rate < 0 or tokens > pool.claims[lane, borrower, market]:
        return UNDERFLOW
    amount = multiply_divide(kept, rate, WAD, FLOOR)
    pool.tokens[lane, market] -= kept
    pool.claims[lane, borrower, market] -= tokens
    pool.claims[lane, account, market] += tokens - kept
    if amount < 0 or amount > pool.cash[lane, market]:
        return POOL_SHORT
    pool.cash[lane, market] -= amount
    pool.paid[lane, market] += amount
    return ACCEPTED


@inline_kernel
def heal(terms, pool, lane, account, borrower, time_s):
    """Take all of a small account's collateral, pay what it covers, and name the rest bad debt."""
    for market in (ASSET_C, ASSET_D):
        if pool.entered[lane, borrower, market]:
            refusal = accrue(terms, pool, lane, market, time_s)
            if refusal != ACCEPTED:
                return refusal
    weighted, collateral, owed, debts = snapshot(
        terms, pool, lane, borrower, terms.threshold, NOBODY, 0, 0
    )
    if is_overflow(weighted) or is_overflow(owed):
        return AMOUNT_LEAVES_INT64
    if is_less(widen(terms.minimal_collateral), collateral):
        pool.result[lane, 0] = terms.minimal_collateral
        pool.result[lane, 1] = narrow(collateral)
        return ABOVE_THRESHOLD
    if not has_shortfall(weighted, owed):
        return NO_SHORTFALL
    scaled = multiply_divide_wide(debts, widen(terms.incentive), WAD_WIDE, FLOOR)
    covered = multiply_divide_wide(collateral, WAD_WIDE, scaled, FLOOR)
    if is_less(WAD_WIDE, covered):
        pool.result[lane, 0], pool.result[lane, 1] = narrow(scaled), narrow(collateral)
        return ABOVE_THRESHOLD
    part = narrow(covered)
    for market in (ASSET_C, ASSET_D):
        if pool.entered[lane, borrower, market]:
            refusal = _heal_market(terms, pool, lane, account, borrower, market, part)
            if refusal != ACCEPTED:
                return refusal
    return ACCEPTED


@inline_kernel
def _heal_market(terms, pool, lane, account, borrower, market, part):
    debt = debt_of(pool, lane, borrower, market)
    repaid = multiply_divide(debt, part, WAD, FLOOR)
    tokens = pool.claims[lane, borrower, market]
    if tokens != 0:
        refusal = seize(terms, pool, lane, account, borrower, market, tokens)
        if refusal != ACCEPTED:
            return refusal
    if debt == 0:
        return ACCEPTED
    refusal = _take_in(pool, lane, account, market, repaid)
    if refusal != ACCEPTED:
        return refusal
    if debt > pool.borrows[lane, market]:
        return UNDERFLOW
    pool.borrows[lane, market] -= debt
    pool.bad_debt[lane, market] += debt - repaid
    pool.result[lane, 0] += repaid
    pool.result[lane, 1] += debt - repaid
    set_debt(pool, lane, borrower, market, 0)
    return ACCEPTED
