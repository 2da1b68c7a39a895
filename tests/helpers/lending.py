"""Pools by each preset, for tests: made directly, without the door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.market.arithmetic.wide import of_int
from proteus.market.lending import aave, compound, curves, morpho
from proteus.market.lending.accrual import TAYLOR_3

FIXTURES = Path(__file__).parents[1] / "fixtures" / "lending"
RECORDINGS = sorted(FIXTURES.glob("*/*.json"))
VECTORS = json.loads((FIXTURES / "vectors.json").read_text())["vectors"]
WAD = 10**18
RAY = 10**27
ENOUGH = 10**14


def words(value: int) -> Any:
    return np.array(of_int(value), np.uint64)


def ray_curve(optimal: float, base: float, slope_1: float, slope_2: float) -> curves.KinkedRay:
    parts = (optimal, base, slope_1, slope_2)
    return curves.KinkedRay(*(words(round(part * 10_000) * 10**23) for part in parts))


def morpho_pool(lltv: int, price: int, unit: int, **given: Any) -> tuple[Any, Any, Any]:
    """Terms, state and scratch of a market of three accounts; the last gets the fees."""
    rate = given.pop("rate", 0)
    incentive = int(morpho.incentive_of(np.int64(lltv)))
    terms = morpho.MorphoTerms(TAYLOR_3, curves.CURVE_FIXED, rate, lltv, incentive, 2)
    given = {"wallet": ENOUGH, **given}
    pool = allocate(
        morpho.MorphoPool, L=1, A=3, price=words(price), price_unit=words(unit), **given
    )
    return terms, pool, allocate(morpho.MorphoPool, L=1, A=3)


def compound_pool(curve: curves.KinkedWad, **given: Any) -> tuple[Any, Any, Any]:
    """Terms, state and scratch of two markets and two accounts, inside both."""
    terms = compound.CompoundTerms(
        curve, given.pop("reserve_factor", WAD // 10), 75 * WAD // 100, 80 * WAD // 100,
        11 * WAD // 10, WAD // 2, WAD // 20, 0, WAD, curves.YEAR_S,
    )  # fmt: skip
    given = {"index": WAD, "wallet": ENOUGH, "entered": True, "price": WAD, **given}
    pool = allocate(compound.CompoundPool, L=1, A=2, **given)
    return terms, pool, allocate(compound.CompoundPool, L=1, A=2)


def aave_pool(
    decimals: tuple[int, int], prices: tuple[int, int], fee: int = 0, **given: Any
) -> tuple[Any, Any, Any]:
    """Terms, state and scratch of two reserves and three accounts: borrower, other, treasury."""
    units = np.array([10**each for each in decimals], np.int64)
    curve = ray_curve(0.8, 0, 0.04, 0.75)
    terms = aave.AaveTerms(curve, units, 1000, fee, 7500, 8000, 10_500, 2)
    given = {"wallet": 10**18, "income_index": words(RAY), "debt_index": words(RAY), **given}
    pool = allocate(aave.AavePool, L=1, A=3, price=np.array([prices]), **given)
    return terms, pool, allocate(aave.AavePool, L=1, A=3)


def at(account: int, value: Any, shape: tuple[int, ...]) -> Any:
    """An array [1, A, ...] with one account's value."""
    array = np.zeros(shape, np.int64)
    array[0, account] = value
    return array
