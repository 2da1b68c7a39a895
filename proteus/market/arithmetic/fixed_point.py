"""Fixed-point arithmetic of amounts: a product over a divisor, exactly, with a named rounding.

Every fee, rate, share and penalty is ``a * b / c`` in integers. The product is held in 128 bits, so
that nothing is lost before the one rounding at the end. Arguments are magnitudes: signs stay with
the caller, who knows which way an amount goes.

Roundings
    floor         towards zero
    ceil          away from zero
    half_up       to the nearest; a half goes away from zero
    half_even     to the nearest; a half goes to the even neighbour
    against_payer what a trader owes is rounded up, what it is owed is rounded down
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel

FLOOR = 0
CEIL = 1
HALF_UP = 2
HALF_EVEN = 3
AGAINST_PAYER = 4
ROUNDINGS = {
    "floor": FLOOR,
    "ceil": CEIL,
    "half_up": HALF_UP,
    "half_even": HALF_EVEN,
    "against_payer": AGAINST_PAYER,
}
AMOUNT_OVERFLOW = -1  # of multiply_divide: the result leaves int64

_LARGEST = np.uint64(2**63 - 1)
_LOW_WORD = np.uint64(2**32 - 1)
_WORD = np.uint64(32)
_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_BITS = np.uint64(64)


@inline_kernel
def rounding_of(rounding, is_owed):
    """Return a rounding of magnitudes for an amount that a trader owes, or is owed.

    Args:
        rounding: one of ``ROUNDINGS``. is_owed: the trader pays the amount.
    """
    if rounding != AGAINST_PAYER:
        return rounding
    return CEIL if is_owed else FLOOR


@inline_kernel
def multiply_divide(a, b, c, rounding):
    """Return a * b / c, exact before it is rounded.

    Args:
        a, b: int64, at least 0. c: int64, at least 1. rounding: FLOOR, CEIL, HALF_UP or HALF_EVEN.

    Returns
        int64; AMOUNT_OVERFLOW where the result would be 2**63 or more.
    """
    high, low = full_product(np.uint64(a), np.uint64(b))
    divisor = np.uint64(c)
    if high >= divisor:
        return np.int64(AMOUNT_OVERFLOW)
    if high == 0:
        quotient, rest = low // divisor, low % divisor
    else:
        quotient, rest = divide(high, low, divisor)
    if quotient > _LARGEST:
        return np.int64(AMOUNT_OVERFLOW)
    if _rounds_up(quotient, rest, divisor, rounding):
        if quotient == _LARGEST:
            return np.int64(AMOUNT_OVERFLOW)
        quotient += _ONE
    return np.int64(quotient)


@inline_kernel
def product_rest(a, b, c):
    """Return the rest of a * b over c: int64, for arguments as in ``multiply_divide``."""
    high, low = full_product(np.uint64(a), np.uint64(b))
    divisor = np.uint64(c)
    if high == 0:
        return np.int64(low % divisor)
    return np.int64(divide(high % divisor, low, divisor)[1])


@inline_kernel
def full_product(a, b):
    """Return the high and the low half of a product of uint64."""
    a_low, a_high = a & _LOW_WORD, a >> _WORD
    b_low, b_high = b & _LOW_WORD, b >> _WORD
    lowest, highest = a_low * b_low, a_high * b_high
    cross, other = a_low * b_high, a_high * b_low
    middle = (lowest >> _WORD) + (cross & _LOW_WORD) + (other & _LOW_WORD)
    high = highest + (cross >> _WORD) + (other >> _WORD) + (middle >> _WORD)
    return high, (lowest & _LOW_WORD) | ((middle & _LOW_WORD) << _WORD)


@cold_kernel
def divide(high, low, divisor):
    """Return quotient and rest of high * 2**64 + low, where high < divisor < 2**63, all uint64.

    By two digits of 32 bits, so that nothing wraps on the way.

    Source
        Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D.
    """
    shift, step = _ZERO, _WORD
    while step > _ZERO:  # the divisor gets its top bit
        if (divisor << shift) >> (_BITS - step) == _ZERO:
            shift += step
        step >>= _ONE
    divisor <<= shift
    high = (high << shift) | (low >> (_BITS - shift))
    low <<= shift
    first, rest = _divide_digit(high, low >> _WORD, divisor)
    second, rest = _divide_digit(rest, low & _LOW_WORD, divisor)
    return (first << _WORD) | second, rest >> shift


@inline_kernel
def _divide_digit(high, digit, divisor):
    """Return quotient and rest of high * 2**32 + digit; the divisor has its top bit."""
    upper, lower = divisor >> _WORD, divisor & _LOW_WORD
    quotient = high // upper
    rest = high - quotient * upper
    while quotient > _LOW_WORD or quotient * lower > ((rest << _WORD) | digit):
        quotient -= _ONE
        rest += upper
        if rest > _LOW_WORD:
            break
    taken = quotient * lower
    rest -= taken >> _WORD
    taken &= _LOW_WORD
    if digit < taken:
        rest -= _ONE
        digit += _LOW_WORD + _ONE
    return quotient, (rest << _WORD) + (digit - taken)


@inline_kernel
def _rounds_up(quotient, rest, divisor, rounding):
    """Tell whether a quotient with this rest is rounded away from zero."""
    if rounding == FLOOR or rest == 0:
        return False
    if rounding == CEIL:
        return True
    other = divisor - rest
    if rest != other:
        return rest > other
    return rounding == HALF_UP or (quotient & _ONE) == _ONE
