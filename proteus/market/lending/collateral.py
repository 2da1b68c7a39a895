"""What pledged lots are worth, and whether they carry a debt: exactly, and alike on both sides.

A long lot is worth its price, a short lot what the contract leaves of its payoff of 1: the same
number for mirrored prices, so that reflecting the market reflects every health to the bit. Health
is compared by cross-multiplication and never divided; 1 is healthy.
"""

from __future__ import annotations

from typing import NamedTuple

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.arithmetic.wide import (
    is_product_less,
    multiply_divide_wide,
    of_int,
    product_wide,
    widen,
)
from proteus.market.lending.curves import WAD, WAD_WIDE

_ONE = of_int(1)
NANO_WAD = of_int(10**9)


@state
class Collateral(NamedTuple):
    """What collateral counts; shares are of 1e18."""

    payoff: int  # nano, of a lot
    tick: int  # nano; a lot is worth at least this, and less than the payoff by as much
    ltv: int  # what value lets borrow
    threshold: int  # and hold
    bonus: int  # a liquidator's, of the value
    bonus_least: int  # nano a lot, where the value allows it


@inline_kernel
def worth(terms, price, is_short):
    """Return what a lot is worth, int64 nano, for a price of the contract."""
    clipped = min(max(price, terms.tick), terms.payoff - terms.tick)
    return terms.payoff - clipped if is_short else clipped


@inline_kernel
def carries(lots, value, share, debt):
    """Tell whether share of the value of some lots is at least a debt.

    Args:
        lots: int64. value: int64 nano a lot. share: int64 of 1e18. debt: int64 nano.
    """
    counted = product_wide(widen(lots), widen(value))
    return not is_product_less(counted, widen(share), widen(debt), WAD_WIDE)


@inline_kernel
def bonus_of(terms, value):
    """Return what a liquidator gains on a lot: never so much that health at 1 would fall."""
    most = multiply_divide(value, WAD, terms.threshold, FLOOR) - value
    part = multiply_divide(value, terms.bonus, WAD, FLOOR)
    return min(max(part, terms.bonus_least), most, value)


@inline_kernel
def health_order(terms, lots, value, debt):
    """Return the health by which accounts are ordered: floor(1e9 x counted value / debt), wide.

    Args:
        debt: int64, more than 0.
    """
    whole = product_wide(widen(lots), widen(value))
    counted = multiply_divide_wide(whole, widen(terms.threshold), NANO_WAD, FLOOR)
    return multiply_divide_wide(counted, _ONE, widen(debt), FLOOR)
