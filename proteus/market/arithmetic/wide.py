"""Whole numbers of 128 bits, for what contracts reckon in and 64 bits do not hold.

A wide number is a pair (high, low) of uint64. Products are held in 256 bits before the one
rounding at the end. What leaves 128 bits is OVERFLOW, and so is whatever is reckoned from it.
Nothing wraps on the way, so that plain Python computes the same without a warning.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.arithmetic.fixed_point import (
    AMOUNT_OVERFLOW,
    CEIL,
    FLOOR,
    HALF_UP,
    divide,
    full_product,
)

_ZERO = np.uint64(0)
_ONE = np.uint64(1)
_FULL = np.uint64(2**64 - 1)
_TOP_BIT = np.uint64(63)
_LARGEST = np.uint64(2**63 - 1)
OVERFLOW = (_FULL, _FULL)
ZERO = (_ZERO, _ZERO)


def of_int(value: int) -> tuple[np.uint64, np.uint64]:
    """Make a wide number of a Python integer, 0 .. 2**128 - 2; for hosts and constants."""
    return np.uint64(value >> 64), np.uint64(value & (2**64 - 1))


def to_int(number: tuple[np.uint64, np.uint64]) -> int:
    """Return a wide number as a Python integer; for hosts."""
    return (int(number[0]) << 64) | int(number[1])


@inline_kernel
def widen(value):
    """Make a wide number of an int64, at least 0."""
    return np.uint64(0), np.uint64(value)


@inline_kernel
def narrow(number):
    """Return a wide number as int64; AMOUNT_OVERFLOW where it does not fit."""
    if number[0] != _ZERO or number[1] > _LARGEST:
        return np.int64(AMOUNT_OVERFLOW)
    return np.int64(number[1])


@inline_kernel
def is_overflow(number):
    """Tell whether a number has left 128 bits."""
    return number[0] == _FULL and number[1] == _FULL


@inline_kernel
def is_zero(number):
    """Tell whether a number is 0."""
    return number[0] == _ZERO and number[1] == _ZERO


@inline_kernel
def is_less(a, b):
    """Tell whether a < b."""
    return a[0] < b[0] or (a[0] == b[0] and a[1] < b[1])


@inline_kernel
def _add_word(a, b):
    """Return the sum of two words and what is carried."""
    room = _FULL - b
    if a > room:
        return a - room - _ONE, _ONE
    return a + b, _ZERO


@inline_kernel
def add(a, b):
    """Return a + b, or OVERFLOW."""
    low, carry = _add_word(a[1], b[1])
    high, lost = _add_word(a[0], b[0])
    high, again = _add_word(high, carry)
    if is_overflow(a) or is_overflow(b) or lost != _ZERO or again != _ZERO:
        return _FULL, _FULL
    return high, low


@inline_kernel
def subtract(a, b):
    """Return a - b, for b at most a."""
    if a[1] >= b[1]:
        return a[0] - b[0], a[1] - b[1]
    return a[0] - b[0] - _ONE, a[1] + (_FULL - b[1]) + _ONE


@cold_kernel
def multiply_divide_wide(a, b, c, rounding):
    """Return a * b / c of wide numbers, exact before it is rounded.

    Args:
        a, b: wide. c: wide, below 2**127. rounding: FLOOR, CEIL or HALF_UP.

    Returns
        wide; OVERFLOW where it leaves 128 bits, c is 0, or a or b is OVERFLOW.
    """
    if is_overflow(a) or is_overflow(b) or is_zero(c) or c[0] > _LARGEST:
        return _FULL, _FULL
    if is_zero(a) or is_zero(b):
        return _ZERO, _ZERO
    top, upper, lower, bottom = _product_words(a, b)
    rest = (top, upper)
    if not is_less(rest, c):
        return _FULL, _FULL
    high, rest = _divide_word(rest, lower, c)
    low, rest = _divide_word(rest, bottom, c)
    quotient = (high, low)
    if rounding == FLOOR or is_zero(rest):
        return quotient
    if rounding == CEIL or not is_less(rest, subtract(c, rest)):
        return add(quotient, (_ZERO, _ONE))
    return quotient


@inline_kernel
def _product_words(a, b):
    """Return the four words of a product of wide numbers, the highest first."""
    carry, bottom = full_product(a[1], b[1])
    if a[0] == _ZERO and b[0] == _ZERO:
        return _ZERO, _ZERO, carry, bottom
    high_1, low_1 = full_product(a[1], b[0])
    high_2, low_2 = full_product(a[0], b[1])
    top, low_3 = full_product(a[0], b[0])
    lower, over_1 = _add_word(carry, low_1)
    lower, over_2 = _add_word(lower, low_2)
    upper, over_3 = _add_word(high_1, over_1)
    upper, over_4 = _add_word(upper, over_2)
    upper, over_5 = _add_word(upper, high_2)
    upper, over_6 = _add_word(upper, low_3)
    return top + over_3 + over_4 + over_5 + over_6, upper, lower, bottom


@inline_kernel
def _divide_word(rest, word, divisor):
    """Return the quotient of rest * 2**64 + word, one word, and the rest; rest < divisor."""
    if rest[0] == _ZERO and rest[1] == _ZERO and is_less((_ZERO, word), divisor):
        return _ZERO, (_ZERO, word)
    if divisor[0] == _ZERO and divisor[1] <= _LARGEST:
        whole, left = divide(rest[1], word, divisor[1])
        return whole, (_ZERO, left)
    quotient = _ZERO
    high, low = rest
    for _ in range(64):
        high = (high << _ONE) | (low >> _TOP_BIT)
        low = (low << _ONE) | (word >> _TOP_BIT)
        word <<= _ONE
        quotient <<= _ONE
        if high > divisor[0] or (high == divisor[0] and low >= divisor[1]):
            high, low = subtract((high, low), divisor)
            quotient |= _ONE
    return quotient, (high, low)


@inline_kernel
def product_wide(a, b):
    """Return a * b, or OVERFLOW."""
    return multiply_divide_wide(a, b, (_ZERO, _ONE), FLOOR)


assert (FLOOR, CEIL, HALF_UP) == (0, 1, 2)  # the last is what neither of the others is


@inline_kernel
def product_rest_wide(a, b, c):
    """Return the rest of a * b over c, wide, for a * b / c below 2**128 and c below 2**127."""
    top, upper, lower, bottom = _product_words(a, b)
    _, rest = _divide_word((top, upper), lower, c)
    return _divide_word(rest, bottom, c)[1]


@inline_kernel
def is_product_less(a, b, c, d):
    """Tell whether a * b < c * d, of wide numbers, exactly."""
    ours, theirs = _product_words(a, b), _product_words(c, d)
    for place in range(4):
        if ours[place] != theirs[place]:
            return ours[place] < theirs[place]
    return False
