"""Logarithm and exponential of decisions: additions, products and quotients only.

A library's ``log`` may differ by a bit between processors and versions, and a decision taken on it
would then differ too. These two are made of operations that IEEE 754 fixes, so their results are
the same everywhere. Error at most 2 units in the last place (``tests/unit/market/arithmetic``).

Method
    log: x = 2**k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); with s = f / (2 + f),
    log(1 + f) = 2 artanh(s) = f - s (f - 2 s**2 / 3 - 2 s**4 / 5 - ...), a sum whose first term is
    exact. exp: x = k log(2) + r with |r| at most log(2) / 2, and the series of exp(r). The parts
    of log(2) add up to it with 86 bits; the first has zeros for any k to be multiplied exactly.
"""

from __future__ import annotations

import math

import numpy as np

from proteus.compiler.jit import inline_kernel

_LOG_2_HIGH = float.fromhex("0x1.62e42fefa3800p-1")  # the first 42 bits of log(2)
_LOG_2_LOW = float.fromhex("0x1.ef35793c76730p-45")  # what is left of it
_PER_LOG_2 = float.fromhex("0x1.71547652b82fep+0")  # 1 / log(2)
_SQRT_2 = float.fromhex("0x1.6a09e667f3bcdp+0")
_LARGEST_EXPONENT = 709.782712893384  # exp of anything above leaves float64
_SMALLEST_EXPONENT = -745.1332191019412  # exp of anything below is nearer to 0 than to 2**-1074
_SUBNORMAL = 2.0**54
_SMALLEST_NORMAL = 2.0**-1022

_FRACTION_BITS = np.int64(52)
_FRACTION = np.int64(2**52 - 1)
_EXPONENT_BIAS = np.int64(1023)


@inline_kernel
def portable_log(x):
    """Return the natural logarithm of a float64; minus infinity at 0, NaN below.

    Source: the series of artanh; method above.
    """
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    if x == math.inf:
        return x
    k = np.int64(0)
    if x < _SMALLEST_NORMAL:
        x *= _SUBNORMAL
        k -= np.int64(54)
    word = np.float64(x).view(np.int64)
    k += (word >> _FRACTION_BITS) - _EXPONENT_BIAS
    word = (word & _FRACTION) | (_EXPONENT_BIAS << _FRACTION_BITS)
    mantissa = np.int64(word).view(np.float64)
    if mantissa > _SQRT_2:
        mantissa *= 0.5
        k += np.int64(1)
    f = mantissa - 1.0
    s = f / (2.0 + f)
    rest = s * (f - _artanh_rest(s * s)) - k * _LOG_2_LOW
    return k * _LOG_2_HIGH + (f - rest)


@inline_kernel
def _artanh_rest(z):
    """Return 2 z / 3 + 2 z**2 / 5 + ... for z = s**2 at most 0.0295, to 1e-18 of s."""
    total = 2.0 / 23.0
    total = total * z + 2.0 / 21.0
    total = total * z + 2.0 / 19.0
    total = total * z + 2.0 / 17.0
    total = total * z + 2.0 / 15.0
    total = total * z + 2.0 / 13.0
    total = total * z + 2.0 / 11.0
    total = total * z + 2.0 / 9.0
    total = total * z + 2.0 / 7.0
    total = total * z + 2.0 / 5.0
    total = total * z + 2.0 / 3.0
    return total * z


@inline_kernel
def portable_exp(x):
    """Return e to the power of a float64; infinity above 709.78, 0 below -745.13.

    Source: the series of exp; method above.
    """
    if x != x:
        return x
    if x > _LARGEST_EXPONENT:
        return math.inf
    if x < _SMALLEST_EXPONENT:
        return 0.0
    k = np.int64(math.floor(x * _PER_LOG_2 + 0.5))
    high = x - k * _LOG_2_HIGH
    low = k * _LOG_2_LOW
    r = high - low
    value = 1.0 + (high - (low - r * r * _exp_rest(r)))
    half = k // np.int64(2)  # twice, since 2**k itself may leave float64
    return value * _power_of_2(half) * _power_of_2(k - half)


@inline_kernel
def _exp_rest(r):
    """Return 1 / 2! + r / 3! + r**2 / 4! + ... for |r| at most 0.347, to 1e-17."""
    total = 1.0 / 87178291200.0
    total = total * r + 1.0 / 6227020800.0
    total = total * r + 1.0 / 479001600.0
    total = total * r + 1.0 / 39916800.0
    total = total * r + 1.0 / 3628800.0
    total = total * r + 1.0 / 362880.0
    total = total * r + 1.0 / 40320.0
    total = total * r + 1.0 / 5040.0
    total = total * r + 1.0 / 720.0
    total = total * r + 1.0 / 120.0
    total = total * r + 1.0 / 24.0
    total = total * r + 1.0 / 6.0
    return total * r + 0.5


@inline_kernel
def _power_of_2(k):
    """Return 2**k for k between -1022 and 1023."""
    word = (k + _EXPONENT_BIAS) << _FRACTION_BITS
    return np.int64(word).view(np.float64)


@inline_kernel
def portable_log1p(x):
    """Return log(1 + x) for x >= 0, to a few units in the last place also where x is tiny.

    Source: Kahan's correction log(u) x / (u - 1), u = 1 + x; Goldberg (1991) ACM Computing Surveys
    23:5, theorem 4.
    """
    u = 1.0 + x
    if u == 1.0:
        return x
    if u == math.inf:
        return u
    return portable_log(u) * (x / (u - 1.0))
