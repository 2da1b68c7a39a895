"""What a rate makes of a debt over an interval.

    simple            rate times time
    compound_taylor3  x + x**2/2 + x**3/6 of it (Morpho); Aave's binomial in whole seconds
    exact             the exponential, as an integer series

Growth is in 1e18 and wide, factors of Aave in ray and wide: a long interval at a high rate leaves
64 bits before the interest does.

Source
    Morpho Blue 1.0.0, MathLib.wTaylorCompounded; Aave v3 core 1.19.3, MathUtils, whose rate**2 and
    rate**3 lose their digits below one ray of a second: the third term is 0 below 3.154 % a year.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, HALF_UP
from proteus.market.arithmetic.wide import (
    OVERFLOW,
    ZERO,
    add,
    is_less,
    is_overflow,
    is_zero,
    multiply_divide_wide,
    of_int,
    product_wide,
    widen,
)
from proteus.market.lending.curves import RAY_WIDE, WAD_WIDE, YEAR_S, ray_multiply

SIMPLE = 0
TAYLOR_3 = 1
EXACT = 2
ACCRUALS = {"simple": SIMPLE, "compound_taylor3": TAYLOR_3, "exact": EXACT}

_TWO_WAD = of_int(2 * 10**18)
_THREE_WAD = of_int(3 * 10**18)
_YEAR_WIDE = of_int(YEAR_S)
_YEAR_SQUARED = of_int(YEAR_S**2)
_TWO = of_int(2)
_SIX = of_int(6)
_GUARD = of_int(10**27)  # of the series: nine more digits than its result
_GUARD_OF_WAD = of_int(10**9)
_LARGEST_EXPONENT = of_int(25 * 10**18)  # beyond it the series leaves 128 bits
_TERMS = 200


@inline_kernel
def growth(rule, rate, elapsed):
    """Return what one unit of debt grows by, in 1e18, wide; OVERFLOW where it leaves 128 bits.

    Args:
        rule: SIMPLE, TAYLOR_3 or EXACT. rate: int64 in 1e18 a unit of time. elapsed: int64 of them.
    """
    x = product_wide(widen(rate), widen(elapsed))
    if rule == SIMPLE:
        return x
    if rule == TAYLOR_3:
        return taylor_3(x)
    return exponential_growth(x)


@inline_kernel
def taylor_3(x):
    """Return x + x**2/2 + x**3/6 in 1e18, each term rounded down from the one before it."""
    second = multiply_divide_wide(x, x, _TWO_WAD, FLOOR)
    third = multiply_divide_wide(second, x, _THREE_WAD, FLOOR)
    return add(add(x, second), third)


@inline_kernel
def exponential_growth(x):
    """Return e**x - 1 in 1e18, rounded down from a series of 27 digits: at most one unit low."""
    if is_less(_LARGEST_EXPONENT, x):
        return OVERFLOW
    exponent = product_wide(x, _GUARD_OF_WAD)
    total, term = ZERO, _GUARD
    for place in range(1, _TERMS):
        term = multiply_divide_wide(term, exponent, product_wide(_GUARD, widen(place)), HALF_UP)
        if is_zero(term) or is_overflow(term):
            break
        total = add(total, term)
    return multiply_divide_wide(total, widen(1), _GUARD_OF_WAD, FLOOR)


@inline_kernel
def linear_ray(rate, seconds):
    """Return Aave's factor for lenders: 1 + rate * seconds / year, in ray."""
    gained = multiply_divide_wide(rate, widen(seconds), _YEAR_WIDE, FLOOR)
    return add(RAY_WIDE, gained)


@inline_kernel
def compounded_ray(rate, seconds):
    """Return Aave's factor for debt: three terms of (1 + rate / year) ** seconds, in ray."""
    if seconds == 0:
        return RAY_WIDE
    square = multiply_divide_wide(ray_multiply(rate, rate), widen(1), _YEAR_SQUARED, FLOOR)
    cube = multiply_divide_wide(ray_multiply(square, rate), widen(1), _YEAR_WIDE, FLOOR)
    pairs = product_wide(widen(seconds), widen(seconds - 1))
    triples = product_wide(pairs, widen(max(seconds - 2, 0)))
    first = multiply_divide_wide(rate, widen(seconds), _YEAR_WIDE, FLOOR)
    second = multiply_divide_wide(pairs, square, _TWO, FLOOR)
    third = multiply_divide_wide(triples, cube, _SIX, FLOOR)
    return add(add(RAY_WIDE, first), add(second, third))


@inline_kernel
def interest_on(debt, grown):
    """Return the interest on a debt, wide, rounded down, for a growth in 1e18."""
    return multiply_divide_wide(widen(debt), grown, WAD_WIDE, FLOOR)
