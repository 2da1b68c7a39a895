"""Vectors from running contracts: curves, accrual, roundings, shares; every one to the unit."""

import numpy as np
import pytest

from proteus.market.arithmetic.fixed_point import CEIL, FLOOR, HALF_UP
from proteus.market.arithmetic.wide import is_overflow, multiply_divide_wide, of_int, to_int
from proteus.market.lending import curves
from proteus.market.lending.accrual import compounded_ray, linear_ray, taylor_3
from proteus.market.lending.compound import borrow_rate, whole_of
from proteus.market.lending.shares import MORPHO_VIRTUAL_SHARES, to_assets, to_shares
from tests.helpers.lending import RAY, VECTORS, WAD, compound_pool, ray_curve

pytestmark = pytest.mark.plain


def of_group(name):
    found = [vector for vector in VECTORS if vector["group"] == name]
    return pytest.mark.parametrize("vector", found, ids=lambda each: each["id"])


def inputs(vector):
    return {key: int(value) for key, value in vector["inputs"].items() if value.isdigit()}


@of_group("kinked-rate")
def test_the_kinked_curve_of_aave(vector):
    parts = vector["inputs"]["curve"].split()
    curve = ray_curve(*(float(part) for part in parts[1::2]))
    given = inputs(vector)
    cash, debt = of_int(given["cash"]), of_int(given["variableDebt"])
    income, rate, exists = curves.kinked_ray(curve, cash, debt, given["reserveFactorBps"])
    assert exists
    assert str(to_int(income)) == vector["output"]["liquidityRateRay"]
    assert str(to_int(rate)) == vector["output"]["variableBorrowRateRay"]


@of_group("linear-accrual")
def test_linear_factors_of_aave(vector):
    given = inputs(vector)
    assert str(to_int(linear_ray(of_int(given["rateRay"]), given["seconds"]))) == vector["output"]


@of_group("compounded-accrual")
def test_compounded_factors_of_aave(vector):
    given = inputs(vector)
    factor = compounded_ray(of_int(given["rateRay"]), given["seconds"])
    assert str(to_int(factor)) == vector["output"]


@of_group("taylor-accrual")
def test_growth_of_morpho(vector):
    given = inputs(vector)
    grown = taylor_3(of_int(given["ratePerSecondWad"] * given["seconds"]))
    assert str(to_int(grown)) == vector["output"]


ROUNDED = {
    "rayMul": lambda a, b: (a, b, RAY, HALF_UP),
    "rayDiv": lambda a, b: (a, RAY, b, HALF_UP),
    "wadDiv": lambda a, b: (a, WAD, b, HALF_UP),
    "percentMul": lambda a, b: (a, b, 10_000, HALF_UP),
    "percentDiv": lambda a, b: (a, 10_000, b, HALF_UP),
    "rayToWad": lambda a: (a, 1, 10**9, HALF_UP),
    "wDivDown": lambda a, b: (a, WAD, b, FLOOR),
    "wDivUp": lambda a, b: (a, WAD, b, CEIL),
    "mulDivDown": lambda a, b, c: (a, b, c, FLOOR),
    "mulDivUp": lambda a, b, c: (a, b, c, CEIL),
}


@of_group("rounding")
def test_roundings_of_both_contracts(vector):
    a, b, c, rounding = ROUNDED[vector["call"]](*inputs(vector).values())
    found = multiply_divide_wide(of_int(a), of_int(b), of_int(c), rounding)
    if vector["output"] == "REVERT Panic(0x12)":
        assert is_overflow(found)
    else:
        assert str(to_int(found)) == vector["output"]


SHARED = {
    "toSharesUp": (to_shares, CEIL),
    "toSharesDown": (to_shares, FLOOR),
    "toAssetsUp": (to_assets, CEIL),
    "toAssetsDown": (to_assets, FLOOR),
}


@of_group("shares")
def test_shares_of_morpho(vector):
    convert, rounding = SHARED[vector["call"]]
    amounts = [np.int64(value) for value in inputs(vector).values()]
    assert str(convert(*amounts, MORPHO_VIRTUAL_SHARES, rounding)) == vector["output"]


@of_group("kinked-rate-venus")
def test_the_jump_curve_of_venus(vector):
    """Its supply rate follows from the borrow rate; we charge, and do not publish it."""
    year = curves.YEAR_S
    curve = curves.KinkedWad(0, WAD // 20 // year, WAD // year, 8 * WAD // 10)
    given = inputs(vector)
    terms, pool, _ = compound_pool(
        curve, cash=given["cash"], borrows=given["borrows"], reserves=given["reserves"],
        bad_debt=given["badDebt"],
    )  # fmt: skip
    rate, refusal = borrow_rate(terms, pool, 0, 1)
    lent = given["borrows"] + given["badDebt"]
    used = min(lent * WAD // int(whole_of(pool, 0, 1)), WAD) if lent else 0
    assert refusal == 0
    assert str(used) == vector["output"]["utilizationWad"]
    assert str(rate) == vector["output"]["borrowRatePerSecondWad"]


def test_every_vector_is_tested_here_or_with_the_pools():
    ours = {
        "kinked-rate", "linear-accrual", "compounded-accrual", "taylor-accrual", "rounding",
        "shares", "kinked-rate-venus",
    }  # fmt: skip
    pools = {
        "scaled-balance", "health-close-factor", "half-close", "seize-aave", "bad-debt-aave",
        "seize-morpho", "liq-incentive", "fee-shares", "health-morpho", "bad-debt-morpho",
        "accrual-venus", "redeem-venus",
    }  # fmt: skip
    assert {vector["group"] for vector in VECTORS} == ours | pools
    assert len(VECTORS) == 256
