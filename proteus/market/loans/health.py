"""What an account may borrow and hold: by the same functions as in a pool."""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import AMOUNT_OVERFLOW, CEIL
from proteus.market.arithmetic.wide import multiply_divide_wide, narrow, product_wide, widen
from proteus.market.lending.codes import LARGEST
from proteus.market.lending.collateral import carries, worth
from proteus.market.loans.codes import STEPS_A_YEAR


@inline_kernel
def interest_for_term(terms, amount, rate):
    """Return the interest of a whole term, int64 nano rounded up; AMOUNT_OVERFLOW beyond int64."""
    product = product_wide(widen(amount), widen(rate))
    unit = product_wide(widen(STEPS_A_YEAR), widen(terms.year))
    return narrow(multiply_divide_wide(product, widen(terms.term), unit, CEIL))


@inline_kernel
def owed_at_most(terms, amount, rate):
    """Return what an amount at a rate comes to owe, int64 nano; AMOUNT_OVERFLOW beyond int64."""
    interest = interest_for_term(terms, amount, rate)
    if interest < 0 or interest > LARGEST - amount:
        return AMOUNT_OVERFLOW
    return amount + interest


@inline_kernel
def value_of(terms, venue, lane, account):
    """Return what a lot of an account is worth now, int64 nano."""
    is_short = venue.accounts.is_short[lane, account]
    return worth(terms.collateral, venue.price[lane], is_short)


@inline_kernel
def may_owe(terms, venue, lane, account, lots, more):
    """Tell whether lots let an account owe its debt, what its requests may add, and more: by LTV.

    Args:
        lots: int64. more: int64 nano, so that the sum fits int64.
    """
    accounts = venue.accounts
    owed = accounts.debt[lane, account] + accounts.reserved[lane, account] + more
    value = value_of(terms, venue, lane, account)
    return carries(lots, value, terms.collateral.ltv, owed)


@inline_kernel
def is_healthy(terms, venue, lane, account, lots):
    """Tell whether lots carry the debt of an account by the threshold; 1 is enough."""
    value = value_of(terms, venue, lane, account)
    debt = venue.accounts.debt[lane, account]
    return carries(lots, value, terms.collateral.threshold, debt)
