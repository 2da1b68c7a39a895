"""Figures of ``facts/lending``: recomputed there by running each rule, or derived by hand."""

import math

import numpy as np
import pytest

from proteus.market.arithmetic.wide import of_int, to_int
from proteus.market.lending import collateral, curves, liquidation, morpho, pool
from proteus.market.lending.accrual import (
    EXACT,
    SIMPLE,
    TAYLOR_3,
    compounded_ray,
    growth,
    linear_ray,
    taylor_3,
)
from proteus.market.lending.compound import borrow_rate
from tests.helpers.lending import RAY, WAD, compound_pool, morpho_pool, ray_curve

pytestmark = pytest.mark.plain

YEAR = curves.YEAR_S
FIVE_PERCENT = RAY // 20


@pytest.mark.parametrize(
    ("cash", "debt", "borrow", "supply"),
    [
        (1, 0, "0.01", "0"), (992, 8, "0.0104", "0.00007488"), (80, 20, "0.02", "0.0036"),
        (50, 50, "0.035", "0.01575"), (20, 80, "0.05", "0.036"), (10, 90, "0.35", "0.2835"),
        (0, 100, "0.65", "0.585"),
    ],
)  # fmt: skip
def test_curve_of_the_aave_tests(cash, debt, borrow, supply):
    curve = ray_curve(0.8, 0.01, 0.04, 0.6)
    income, rate, _ = curves.kinked_ray(curve, of_int(cash * WAD), of_int(debt * WAD), 1000)
    assert to_int(rate) == round(float(borrow) * 10**8) * 10**19
    assert abs(to_int(income) - round(float(supply) * 10**8) * 10**19) <= 10**9


@pytest.mark.parametrize(
    ("jump", "kink", "base", "slope", "points"),
    [
        (100, 90, 10, 20, {0: 10, 10: 12, 89: 27.8, 90: 28, 91: 29, 100: 38}),
        (20, 90, 10, 20, {100: 30}), (0, 90, 10, 20, {100: 28}), (100, 110, 10, 20, {100: 30}),
        (2000, 0, 10, 20, {10: 210, 100: 2010}),
    ],
)  # fmt: skip
def test_table_of_the_compound_jump_model(jump, kink, base, slope, points):
    blocks = 2_102_400
    parts = (base * WAD // 100 // blocks, slope * WAD // 100 // blocks, jump * WAD // 100 // blocks)
    curve = curves.KinkedWad(*parts, kink * WAD // 100)
    for used, rate in points.items():
        found = int(curves.kinked_wad(curve, np.int64(used * WAD // 100)))
        assert found * blocks / WAD * 100 == pytest.approx(rate, rel=1e-9)


def test_rates_of_compound_per_block():
    blocks = 2_102_400
    curve = curves.KinkedWad(WAD // 10 // blocks, WAD // 5 // blocks, WAD // blocks, 9 * WAD // 10)
    rates = [int(curves.kinked_wad(curve, np.int64(used * WAD // 100))) for used in (0, 90, 100)]
    assert rates == [47564687975, 133181126330, 180745814305]


def test_reserves_beyond_cash_are_clamped_as_later_forks_do():
    """Cash 10, borrows 100, reserves 20: 1.111 of what there is is lent; we stop at 1."""
    terms, markets, _ = compound_pool(
        curves.KinkedWad(0, WAD, WAD, WAD), cash=10, borrows=100, reserves=20
    )
    assert borrow_rate(terms, markets, 0, 1)[0] == WAD


def test_first_touch_of_the_adaptive_curve():
    for used, rate in {0: 0.01, 45: 0.025, 90: 0.04, 95: 0.10, 100: 0.16}.items():
        found, _ = curves.adaptive(np.int64(0), np.int64(used * WAD // 100), np.int64(0))
        assert int(found) * YEAR / WAD == pytest.approx(rate, rel=1e-7)


@pytest.mark.parametrize(
    ("used", "days", "average", "end"),
    [(100, 5, 0.23201873, 0.07934544), (0, 5, 0.00731040, 0.02016499), (95, 45, None, 0.87224577)],
)
def test_drift_of_the_adaptive_curve(used, days, average, end):
    """Within 3 %: its exponential is a parabola; facts are of the exact one."""
    start = np.int64(curves.RATE_AT_START)
    rate, after = curves.adaptive(start, np.int64(used * WAD // 100), np.int64(days * 86_400))
    assert int(after) * YEAR / WAD == pytest.approx(end, rel=0.03)
    assert average is None or int(rate) * YEAR / WAD == pytest.approx(average, rel=0.03)


def test_the_exponential_of_the_adaptive_curve_has_the_recorded_jump():
    half = 693_147_180_559_945_309 // 2
    found = [
        int(curves.grown(np.int64(10**10), np.int64(x), False))
        for x in (half, half + 2, 693_147_180_559_945_309, WAD)
    ]
    assert [round(each / 10**10, 5) for each in found] == [1.40663, 1.42697, 2.0, 2.70786]


def test_long_drifts_stop_at_the_bounds():
    start, ages = np.int64(curves.RATE_AT_START), np.int64(50 * YEAR)
    assert curves.adaptive(start, np.int64(WAD), ages)[1] == curves.MOST_AT_TARGET
    assert curves.adaptive(start, np.int64(0), ages)[1] == curves.LEAST_AT_TARGET


def test_factors_of_aave():
    assert to_int(linear_ray(of_int(8 * RAY // 100), 7 * YEAR)) == 156 * RAY // 100
    five = to_int(compounded_ray(of_int(FIVE_PERCENT), YEAR))
    assert five == 1051265681539063650421944000
    assert to_int(compounded_ray(of_int(FIVE_PERCENT), 0)) == RAY
    second, two = (to_int(compounded_ray(of_int(RAY), each)) for each in (1, 2))
    assert (second, two) == (1000000031709791983764586504, 1000000063419584973040080661)
    again = to_int(curves.ray_multiply(of_int(second), of_int(second)))
    assert again == two + 1  # two touches are not one


def test_growth_of_morpho_and_the_exact_one():
    assert to_int(taylor_3(of_int(1585489599 * YEAR))) == 51270833327093113
    assert to_int(taylor_3(of_int(31709791983 * YEAR))) // 10**6 == 1666666666606
    for x in (0, 1, 10**9, WAD // 20, WAD, 5 * WAD, 20 * WAD):
        exact = to_int(growth(EXACT, np.int64(1), np.int64(min(x, 2**63 - 1))))
        real = math.expm1(min(x, 2**63 - 1) / WAD) * WAD
        assert exact == pytest.approx(real, rel=1e-14, abs=1)
    parts = [to_int(growth(rule, np.int64(WAD // 10), np.int64(1)))
             for rule in (SIMPLE, TAYLOR_3, EXACT)]  # fmt: skip
    assert parts == [10**17, 105166666666666666, 105170918075647624]


@pytest.mark.parametrize(
    ("lltv", "incentive"),
    [
        (385, 1.15), (625, 1.1267605634), (770, 1.0741138561), (860, 1.0438413361),
        (915, 1.0261672653), (945, 1.0167768175), (980, 1.0060362173),
    ],
)  # fmt: skip
def test_incentives_of_morpho(lltv, incentive):
    found = int(morpho.incentive_of(np.int64(lltv * WAD // 1000)))
    assert found / WAD == pytest.approx(incentive, abs=1e-9)


def test_a_liquidation_and_a_loss_of_morpho():
    """Collateral 10 at 900, LLTV 0.86, debt 8000: at most 7740; 5 seized repay 4311."""
    unit = 10**6
    lender = {"supply_assets": 10**10, "supply_shares": 10**16, "held": 10 * unit}
    for price, seized, repaid, lost in ((900, 5, 4311, 0), (700, 10, 6706, 1294)):
        debt = 8000 * unit
        terms, market, _ = morpho_pool(
            86 * WAD // 100, price, 1, borrow_assets=debt, borrow_shares=debt * unit,
            borrowed=np.array([[debt * unit, 0, 0]]), collateral=np.array([[10 * unit, 0, 0]]),
            **lender,
        )  # fmt: skip
        assert int(morpho.limit_of(terms, market, 0, 0)) == price * 10 * unit * 86 // 100
        assert morpho.liquidate(terms, market, 0, 1, 0, np.int64(seized * unit), np.int64(0)) == 0
        assert round(int(market.result[0, 1]) / unit) == repaid
        assert round((10**10 - int(market.supply_assets[0])) / unit) == lost


CENT = 10**7  # nano: values below are of a currency with nine decimals
POLICY = liquidation.Policy(liquidation.CLOSE_FACTOR, WAD // 2, 95 * WAD // 100, 0, 0, 0)


@pytest.mark.parametrize(
    ("lots", "debt", "most"),
    [
        (10, "8200", "4100"), (10, "8500", "8500"), (10, "9800", "9800"), (9.5, "8000", "8000"),
        (10, "8421.0525", "4210.52625"),
    ],
)  # fmt: skip
def test_the_close_factor_at_its_boundary(lots, debt, most):
    """Threshold 0.8 at a price of 1000; health of exactly 0.95 is repaid whole."""
    nano = [round(float(each) * 10**9) for each in (debt, most)]
    tenths, value = np.int64(lots * 10), np.int64(100 * 10**9)
    found = liquidation.most_repaid(POLICY, 8 * WAD // 10, tenths, value, value, np.int64(nano[0]))
    assert int(found) == nano[1]


def test_the_target_health_of_aave_4():
    """(1.05 x 8200 - 8000) / (1.05 - 1.05 x 0.8) = 2904.7619."""
    policy = liquidation.Policy(liquidation.TARGET_HEALTH, 0, 0, 105 * WAD // 100, 0, 0)
    value = np.int64(1050 * 10**9)
    cost = np.int64(1000 * 10**9)
    lots, threshold = np.int64(10), 8 * WAD // 10
    debt = np.int64(8610 * 10**9)  # the same position, with a lot of 1,050
    found = int(liquidation.most_repaid(policy, threshold, lots, value, cost, debt))
    assert found / 10**9 == pytest.approx(2904.7619 * 1.05, rel=1e-8)


def test_no_target_is_reached_where_a_liquidation_lowers_the_health():
    policy = liquidation.Policy(liquidation.TARGET_HEALTH, 0, 0, 105 * WAD // 100, 0, 0)
    debt = np.int64(8200)
    found = liquidation.most_repaid(
        policy, 8 * WAD // 10, np.int64(10), np.int64(1400), np.int64(1000), debt
    )
    assert found == debt


def test_kinked_curves_of_our_own_rules():
    """Normalised as Aave's L1 to L7, and not as Compound's table."""
    for normalised, slopes, points in (
        (True, (4, 60), {0: 1, 20: 2, 50: 3.5, 80: 5, 90: 35, 100: 65}),
        (False, (5, 300), {0: 1, 80: 5, 90: 35, 100: 65}),
    ):
        low, high = (each * WAD // 100 for each in slopes)
        terms = pool.PoolTerms(
            pool.CURVE_KINKED, WAD // 100, low, high, 8 * WAD // 10, normalised, SIMPLE, 1, YEAR, 0,
            None, None,
        )  # fmt: skip
        for used, rate in points.items():
            found = int(pool.kinked_rate(terms, np.int64(used * WAD // 100)))
            assert found == round(rate * 10) * WAD // 1000


def test_bonus_of_a_lot():
    """min(max(0.08 value, 0.02), value (1/0.65 - 1)): dear lots, cheap ones and the cheapest."""
    terms = collateral.Collateral(10**9, 10**6, WAD // 2, 65 * WAD // 100, 8 * WAD // 100, 2 * CENT)
    bonuses = [int(collateral.bonus_of(terms, np.int64(value * CENT))) for value in (80, 10, 1)]
    assert bonuses == [64 * 10**6, 20 * 10**6, 10**16 * 100 // 65 // 10**9 - 10**7]
