"""Liquidation policies: how much of a debt may be repaid for its collateral at once.

    full           all of it
    close_factor   half of it, rounded up, above the close-factor health, else all of it
    target_health  what lifts the health to a target, rounded up; all of it where nothing does

Other packages add rules (``base.LiquidationKind``).

Source
    Aave v3 (close factor), v4 (target health): repay = (T D - C t) / (T - b t) for a debt D, the
    collateral C, the threshold t and b = 1 + bonus. It lifts the health only where T > b t.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import (
    AMOUNT_OVERFLOW,
    CEIL,
    FLOOR,
    multiply_divide,
)
from proteus.market.arithmetic.wide import (
    is_less,
    is_product_less,
    multiply_divide_wide,
    narrow,
    product_wide,
    subtract,
    widen,
)
from proteus.market.lending.added import most_repaid_added
from proteus.market.lending.base import FIRST_ADDED, NO_NUMBERS
from proteus.market.lending.curves import WAD, WAD_WIDE

FULL = 0
CLOSE_FACTOR = 1
TARGET_HEALTH = 2
POLICIES = {"full": FULL, "close_factor": CLOSE_FACTOR, "target_health": TARGET_HEALTH}


@state
class Policy(NamedTuple):
    """A liquidation policy; shares are of 1e18."""

    kind: int  # FULL, CLOSE_FACTOR, TARGET_HEALTH, or that of another package
    close_factor: int  # part of the debt
    close_health: int  # above it only that part
    target: int  # health
    protocol_share: int  # of the bonus, which the treasury gets
    dust: int  # nano: debt and collateral that are left are at least so much, or one is none
    numbers: np.ndarray = NO_NUMBERS  # int64 [P] of a rule of another package


@inline_kernel
def most_repaid(policy, threshold, lots, value, cost, debt):
    """Return how much of a debt one liquidation may repay, int64 nano.

    Args:
        threshold: of 1e18. lots: int64 of collateral. value, cost: int64 nano a lot, and what a
        liquidator pays for it. debt: int64 nano, more than 0.
    """
    if policy.kind == CLOSE_FACTOR:
        held = product_wide(widen(lots), widen(value))
        limit = widen(policy.close_health)
        if is_product_less(widen(debt), limit, held, widen(threshold)):
            return multiply_divide(debt, policy.close_factor, WAD, CEIL)
        return debt
    if policy.kind == TARGET_HEALTH:
        return _to_target(policy, threshold, lots, value, cost, debt)
    if policy.kind >= FIRST_ADDED:
        most = most_repaid_added(policy.kind, policy.numbers, threshold, lots, value, cost, debt)
        return min(max(most, np.int64(1)), debt)
    return debt


@inline_kernel
def _to_target(policy, threshold, lots, value, cost, debt):
    """Return what lifts the health to the target, at most all of the debt."""
    owed = multiply_divide_wide(widen(debt), widen(policy.target), WAD_WIDE, CEIL)
    held = product_wide(widen(lots), widen(value))
    counted = multiply_divide_wide(held, widen(threshold), WAD_WIDE, FLOOR)
    # A unit repaid takes value / cost of collateral with it.
    taken = multiply_divide(threshold, value, cost, CEIL)
    if taken < 0 or taken >= policy.target or is_less(owed, counted):
        return debt
    missing = subtract(owed, counted)
    room = widen(policy.target - taken)
    repaid = narrow(multiply_divide_wide(missing, WAD_WIDE, room, CEIL))
    return debt if repaid < 0 else min(repaid, debt)


@inline_kernel
def leaves_dust(policy, debt, lots, value):
    """Tell whether a liquidation would leave a debt, or collateral, too small to be worth one."""
    if debt == 0 or lots == 0:
        return False
    left = multiply_divide(lots, value, 1, FLOOR)
    return debt < policy.dust or 0 <= left < policy.dust


@inline_kernel
def sale(policy, held, value, cost, lots, most):
    """Return what a liquidator takes and pays for it: lots, their price, and the treasury's part.

    Args:
        held, lots: int64, of collateral, and those that are asked for. value, cost: int64 nano a
        lot. most: int64 nano that may be repaid.

    Returns
        int64 lots, nano and nano; the price is AMOUNT_OVERFLOW where an amount leaves int64.
    """
    lots = min(lots, held)
    if cost > 0:
        lots = min(lots, multiply_divide(most, 1, cost, CEIL))
    price = multiply_divide(lots, cost, 1, FLOOR)
    bonus = multiply_divide(lots, value - cost, 1, FLOOR)
    if bonus < 0:
        return lots, np.int64(AMOUNT_OVERFLOW), bonus
    return lots, price, multiply_divide(bonus, policy.protocol_share, WAD, FLOOR)
