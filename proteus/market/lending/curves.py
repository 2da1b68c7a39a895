"""Rate curves: what a borrower pays for a share of the pool that is lent.

    fixed     the same rate whatever is lent
    kinked    one slope up to a kink and another beyond; the kink itself is on the lower one.
              Aave divides each slope by the width of its branch (*normalised*); Compound does not
    adaptive  Morpho's: a curve whose height drifts, up where more than 90 % is lent, down below

Each protocol rounds as its contract does: Aave's numbers are wide and in ray (1e27), the others
int64 and in 1e18.

Source
    Aave v3 core 1.19.3, DefaultReserveInterestRateStrategy; Venus isolated pools 4.4.0,
    JumpRateModelV2; Morpho Blue 1.0.0, IrmMock; morpho-blue-irm a1a87fd, AdaptiveCurveIrm, ExpLib.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.arithmetic.fixed_point import FLOOR, HALF_UP, multiply_divide
from proteus.market.arithmetic.wide import (
    ZERO,
    add,
    is_less,
    is_zero,
    multiply_divide_wide,
    narrow,
    of_int,
    product_wide,
    subtract,
    widen,
)

CURVE_NONE = 0
CURVE_FIXED = 1
CURVE_UTILISATION = 2  # a year's rate is the share that is lent
CURVE_ADAPTIVE = 3
CURVES = {
    "none": CURVE_NONE,
    "fixed": CURVE_FIXED,
    "mock": CURVE_UTILISATION,
    "adaptive": CURVE_ADAPTIVE,
}

WAD = 10**18
YEAR_S = 31_536_000
RAY_WIDE = of_int(10**27)
WAD_WIDE = of_int(WAD)
BILLION_WIDE = of_int(10**9)
PERCENT_WIDE = of_int(10_000)
FULL_BPS = 10_000

# The adaptive curve, in 1e18 and per second.
TARGET = 9 * 10**17
STEEPNESS = 4 * WAD
SPEED = 50 * WAD // YEAR_S
RATE_AT_START = 4 * 10**16 // YEAR_S
LEAST_AT_TARGET = 10**15 // YEAR_S
MOST_AT_TARGET = 2 * WAD // YEAR_S
_LN_2 = 693_147_180_559_945_309
# From here on its exponential is more than 2,000 = MOST_AT_TARGET / LEAST_AT_TARGET: every rate is
# at its bound, above or below, so that longer drifts need not be told apart.
_LONGEST_DRIFT = 8 * WAD
_DROP = WAD - WAD * WAD // STEEPNESS  # of the curve, from the target down to no loans


@state
class KinkedRay(NamedTuple):
    """Aave's curve. R reserves share it; ray as high and low word."""

    optimal: np.ndarray  # uint64 [2] share that is lent at the kink
    base: np.ndarray  # uint64 [2] a year
    slope_1: np.ndarray  # uint64 [2] a year, over the whole of the lower branch
    slope_2: np.ndarray  # uint64 [2] a year, over the whole of the upper one


@state
class KinkedWad(NamedTuple):
    """Compound's curve: numbers of 1e18, rates per second."""

    base: int
    multiplier: int  # per unit of utilisation up to the kink
    jump: int  # and beyond
    kink: int


@inline_kernel
def ray_multiply(a, b):
    """Return a * b in ray, half up."""
    return multiply_divide_wide(a, b, RAY_WIDE, HALF_UP)


@inline_kernel
def ray_divide(a, b):
    """Return a / b in ray, half up."""
    return multiply_divide_wide(a, RAY_WIDE, b, HALF_UP)


@inline_kernel
def kinked_ray(curve, cash, debt, reserve_factor_bps):
    """Return Aave's rates of a year, for lenders and for borrowers, and whether they exist.

    Args:
        curve: KinkedRay. cash, debt: wide, what the pool holds and has lent.
        reserve_factor_bps: int64, part of the interest that lenders do not get.

    Returns
        wide ray, wide ray, and True; False where the curve divides by zero.
    """
    optimal = (curve.optimal[0], curve.optimal[1])
    usage = ZERO
    if not is_zero(debt):
        usage = ray_divide(debt, add(cash, debt))
    rate = (curve.base[0], curve.base[1])
    slope_1, slope_2 = (curve.slope_1[0], curve.slope_1[1]), (curve.slope_2[0], curve.slope_2[1])
    if is_less(optimal, usage):
        excess = ray_divide(subtract(usage, optimal), subtract(RAY_WIDE, optimal))
        rate = add(rate, add(slope_1, ray_multiply(slope_2, excess)))
    elif is_zero(optimal):
        return ZERO, ZERO, False
    else:
        rate = add(rate, ray_divide(ray_multiply(slope_1, usage), optimal))
    if is_zero(debt):
        return ZERO, rate, True
    debt_ray = product_wide(debt, BILLION_WIDE)
    average = ray_divide(ray_multiply(debt_ray, rate), debt_ray)
    whole = ray_multiply(average, usage)
    lenders = multiply_divide_wide(
        whole, widen(FULL_BPS - reserve_factor_bps), PERCENT_WIDE, HALF_UP
    )
    return lenders, rate, True


@inline_kernel
def kinked_wad(curve, utilisation):
    """Return Compound's rate per second of a utilisation, both in 1e18."""
    if utilisation <= curve.kink:
        return multiply_divide(utilisation, curve.multiplier, WAD, FLOOR) + curve.base
    low = multiply_divide(curve.kink, curve.multiplier, WAD, FLOOR) + curve.base
    return multiply_divide(utilisation - curve.kink, curve.jump, WAD, FLOOR) + low


@inline_kernel
def utilisation_of(debt, whole):
    """Return debt over all that there is, in 1e18 rounded down; 0 where there is nothing."""
    if whole == 0:
        return np.int64(0)
    return multiply_divide(debt, WAD, whole, FLOOR)


@inline_kernel
def grown(rate, drift, is_down):
    """Return rate * e**drift as the contract has it: a parabola around the next power of 2.

    Args:
        rate: int64, at most 2**47. drift: int64 in 1e18, 0 .. 2**63 - 1. is_down: it is negative.
    """
    powers = (drift + _LN_2 // 2) // _LN_2
    rest = drift - powers * _LN_2
    square = multiply_divide(abs(rest), abs(rest), WAD, FLOOR) // 2
    if is_down:
        return multiply_divide(rate, (WAD - rest + square) >> powers, WAD, FLOOR)
    return multiply_divide(rate << powers, WAD + rest + square, WAD, FLOOR)


@inline_kernel
def adaptive(at_target, utilisation, seconds):
    """Return Morpho's average rate over an interval, and its height at the end of it.

    Args:
        at_target: int64, rate per second at the target, 0: never touched. utilisation: in 1e18.
        seconds: int64, since the last touch.
    """
    is_below = utilisation < TARGET
    width = TARGET if utilisation <= TARGET else WAD - TARGET
    error = multiply_divide(abs(utilisation - TARGET), WAD, width, FLOOR)
    if at_target == 0:
        return _on_curve(RATE_AT_START, error, is_below), np.int64(RATE_AT_START)
    speed = multiply_divide(SPEED, error, WAD, FLOOR)
    drift = product_wide(widen(speed), widen(seconds))
    if is_zero(drift):
        return _on_curve(at_target, error, is_below), np.int64(at_target)
    half = multiply_divide_wide(drift, widen(1), widen(2), FLOOR)
    end = _moved(at_target, drift, is_below)
    middle = _moved(at_target, half, is_below)
    average = (at_target + end + 2 * middle) // 4
    return _on_curve(average, error, is_below), end


@inline_kernel
def _moved(at_target, drift, is_down):
    """Return the rate at the target after a drift, wide, within its bounds."""
    if is_less(widen(_LONGEST_DRIFT), drift):
        return np.int64(LEAST_AT_TARGET) if is_down else np.int64(MOST_AT_TARGET)
    moved = grown(at_target, narrow(drift), is_down)
    return min(max(moved, np.int64(LEAST_AT_TARGET)), np.int64(MOST_AT_TARGET))


@inline_kernel
def _on_curve(at_target, error, is_below):
    """Return the rate of a distance from the target: a quarter of the height at no loans."""
    if is_below:
        cut = multiply_divide(_DROP, error, WAD, FLOOR)
        return multiply_divide(WAD - cut, at_target, WAD, FLOOR)
    more = multiply_divide(STEEPNESS - WAD, error, WAD, FLOOR)
    return multiply_divide(more + WAD, at_target, WAD, FLOOR)
