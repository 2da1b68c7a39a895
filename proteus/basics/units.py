"""Exact conversions at the border: milliseconds, prices and money as written, to integers.

Inside Proteus time is int64 nanoseconds, a price is an integer number of ticks and money is an
integer number of nano-currency, so that a tick times a lot is exact. A number is converted from
the digits the user wrote (``0.1`` means one tenth, not the nearest binary fraction), and a value
that is not a whole number of the small unit is refused, never rounded.
"""

from __future__ import annotations

import functools
import numbers
from decimal import Decimal, InvalidOperation, localcontext

NANO = 10**9  # nano-currency in one unit of currency
NS_PER_MS = 10**6
NS_PER_S = 10**9
LARGEST = 2**62  # keeps sums of two converted values inside int64

Number = int | float | str | Decimal


class UnitError(ValueError):
    """Say which value cannot be converted, and what is allowed, in one sentence.

    Attributes
        key: the configuration key. value: what was given. allowed: what it must be.
    """

    def __init__(self, key: str, value: object, allowed: str) -> None:
        self.key: str = key
        self.value: object = value
        self.allowed: str = allowed
        super().__init__(f"{key}={value} is not allowed: {allowed}")


def milliseconds_to_ns(value: Number, key: str = "time") -> int:
    """Convert a time in milliseconds to whole nanoseconds, exactly.

    Parameters
        value: a number, or the text of one, >= 0.
        key: the configuration key, for the error.

    Returns
        Nanoseconds, 0 <= result <= 2**62.

    Raises
        UnitError: not a number, negative, too large, or finer than a nanosecond.
    """
    return _to_integer(value, NS_PER_MS, key, "a time in milliseconds", "0.000001")


def seconds_to_ns(value: Number, key: str = "time") -> int:
    """Convert a time in seconds to whole nanoseconds, exactly; errors as milliseconds_to_ns."""
    return _to_integer(value, NS_PER_S, key, "a time in seconds", "0.000000001")


def currency_to_nano(value: Number, key: str = "amount") -> int:
    """Convert an amount of currency to whole nano-currency, exactly; errors as the times."""
    return _to_integer(value, NANO, key, "an amount of currency", "0.000000001")


def tick_to_nano(tick: Number, key: str = "tick") -> int:
    """Convert the price step to nano-currency and check that it divides the payoff of 1.

    Parameters
        tick: price step in currency, 0 < tick <= 0.5.
        key: the configuration key, for the error.

    Returns
        Nano-currency per tick; ``NANO // result`` is the number of ticks in the payoff.

    Raises
        UnitError: as currency_to_nano, or the tick does not divide 1.
    """
    nano = currency_to_nano(tick, key)
    if nano == 0 or NANO % nano or nano == NANO:
        raise UnitError(key, tick, "the tick must divide 1 exactly, as 0.01 or 0.001 do")
    return nano


def price_to_ticks(price: Number, tick_nano: int, key: str = "price") -> int:
    """Convert a price in currency to ticks, exactly.

    Parameters
        price: strictly between 0 and 1, on a tick.
        tick_nano: nano-currency per tick.
        key: the configuration key, for the error.

    Returns
        Ticks, 1 .. NANO // tick_nano - 1.

    Raises
        UnitError: not a number, off the tick, or outside the open interval (0, 1).
    """
    nano = currency_to_nano(price, key)
    tick = Decimal(tick_nano) / NANO
    if nano % tick_nano or not 0 < nano < NANO:
        allowed = f"a price must be a multiple of the tick {tick.normalize():f} between 0 and 1"
        raise UnitError(key, price, allowed)
    return nano // tick_nano


def _to_integer(value: Number, scale: int, key: str, what: str, smallest: str) -> int:
    is_plain = isinstance(value, int | float | str)  # others may have no hash
    convert = _converted_once if is_plain else _converted
    return convert(value, scale, key, what, smallest)


def _converted(value: Number, scale: int, key: str, what: str, smallest: str) -> int:
    number = _as_decimal(value, key, what)
    if number < 0:
        raise UnitError(key, value, f"{what} must be at least 0")
    if number > Decimal(LARGEST) / scale:
        raise UnitError(key, value, f"{what} must be at most {LARGEST // scale}")
    with localcontext(prec=max(64, len(number.as_tuple().digits) + 32)):
        scaled = number * scale
        if scaled != scaled.to_integral_value():
            raise UnitError(key, value, f"{what} must be a multiple of {smallest}")
    return int(scaled)


# The same times and amounts are asked for again and again, by every cell of a sweep.
_converted_once = functools.lru_cache(maxsize=4096, typed=True)(_converted)


def _as_decimal(value: object, key: str, what: str) -> Decimal:
    """Read the digits as written; a float stands for its shortest text."""
    is_number = isinstance(value, (str, Decimal, numbers.Real)) and not isinstance(value, bool)
    if not is_number:
        raise UnitError(key, value, f"{what} must be a number")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise UnitError(key, value, f"{what} must be a number") from None
    if not number.is_finite():
        raise UnitError(key, value, f"{what} must be finite")
    return number
