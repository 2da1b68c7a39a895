"""What a trader may pay: the last tick worth its price and its costs, by trying them all."""

from fractions import Fraction

import numpy as np
import pytest

from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.codes import MAKER, TAKER
from proteus.market.costs.expected import expected_cost, limit_with_costs
from tests.helpers.charging import cost, costs_of, model

pytestmark = pytest.mark.plain
N_TICKS = 500


def best(read, side, limit, worth, lots, gas=0, anchor=0, role=TAKER):
    """Try every tick, in fractions."""
    ticks = range(limit, 0, -1) if side == BUY else range(limit, N_TICKS)
    sign = 1 if side == BUY else -1
    for tick in ticks:
        each = cost(read, tick, lots, N_TICKS, role=role, side=side, anchor=anchor)
        total = Fraction(tick, N_TICKS) + sign * (each + Fraction(gas, 10**9)) / lots
        if sign * (total - worth) <= 0:
            return tick
    return 0 if side == BUY else N_TICKS


MODELS = {
    "kalshi": model("kalshi"),
    "kalshi_cent": model("kalshi_cent"),
    "steep": model("kalshi", scale=12),  # falls faster than the price rises
    "polymarket_us": model("polymarket_us"),
    "minimum": model("notional", taker_ppm=20_000, minimum=0.1),
    "rebate": model("notional", taker_ppm=-30_000, taker_per_lot=0.004),
    "surplus": model("surplus", taker_share=0.8, cap_ppm=50_000),
    "parts": model("parts", parts=[
        {"model": "smaller_leg", "taker_ppm": 90_000, "round_to": 0.05},
        {"model": "binary_quadratic", "taker_rate": -0.3, "exponent": 2, "round_to": 0.01}]),
}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_it_is_the_best_of_all_ticks(name):
    draw = np.random.default_rng(5)
    costs = costs_of(MODELS[name], N_TICKS)
    for _ in range(25):
        lots, side = int(draw.choice([1, 3, 20, 400])), int(draw.integers(2))
        worth = Fraction(int(draw.integers(-5, 1010)), 1000)
        gas, anchor = int(draw.integers(0, 10**7)), int(draw.integers(0, 2 * N_TICKS))
        near = int(worth * N_TICKS) + int(draw.integers(-3, 60))
        limit = min(max(near, 1), N_TICKS - 1)
        found = limit_with_costs(
            costs, 0, TAKER, side, limit, float(worth), lots, anchor, gas, 0
        )  # fmt: skip
        assert found == best(MODELS[name], side, limit, worth, lots, gas, anchor)


@pytest.mark.parametrize(("side", "limit"), [(BUY, 400), (SELL, 100)])
def test_equality_trades(side, limit):
    """0.5 and a cent of fee are worth 0.51 to a buyer, 0.49 to a seller; a nano less is not."""
    costs = costs_of(model("notional", taker_per_lot=0.01), N_TICKS)
    worth, less = (0.51, 0.51 - 1e-9) if side == BUY else (0.49, 0.49 + 1e-9)
    further = 249 if side == BUY else 251
    for value, wanted in ((worth, 250), (less, further)):
        assert limit_with_costs(costs, 0, TAKER, side, limit, value, 7, 0, 0, 0) == wanted


def test_gas_is_spread_over_the_lots():
    costs = costs_of(model("gas"), N_TICKS)
    gas = 10**7  # a cent: five ticks for one lot, one tick for five
    for lots, wanted in ((1, 245), (5, 249), (100, 249), (10**6, 249)):
        assert limit_with_costs(costs, 0, TAKER, BUY, 250, 0.5, lots, 0, gas, 0) == wanted


@pytest.mark.parametrize("limit", [-7, 0, 3, 250, 499, 500, 612])
def test_without_costs_a_limit_is_what_it_was(limit):
    costs = costs_of(model("none"), N_TICKS)
    for side in (BUY, SELL):
        assert limit_with_costs(costs, 0, TAKER, side, limit, 0.5, 1, 0, 0, 0) == limit
    assert expected_cost(costs, 0, TAKER, BUY, 250, 3, 0, 0, 0) == 0.0


def test_a_limit_beyond_all_prices_is_none():
    costs = costs_of(model("kalshi"), N_TICKS)
    assert limit_with_costs(costs, 0, TAKER, BUY, 0, 0.5, 1, 0, 0, 0) == 0
    assert limit_with_costs(costs, 0, TAKER, SELL, N_TICKS, 0.5, 1, 0, 0, 0) == N_TICKS
    assert limit_with_costs(costs, 0, TAKER, BUY, 400, 0.001, 1, 0, 0, 0) == 0
    assert limit_with_costs(costs, 0, TAKER, SELL, 100, 0.999, 1, 0, 0, 0) == N_TICKS


def test_what_a_lot_is_expected_to_cost():
    costs = costs_of(model("polymarket"), 100)
    assert expected_cost(costs, 0, TAKER, BUY, 50, 100, 0, 0, 0) == 0.0175
    assert expected_cost(costs, 0, MAKER, BUY, 50, 100, 0, 0, 0) == -0.0035
    assert expected_cost(costs, 0, TAKER, BUY, 50, 100, 0, 2 * 10**8, 0) == 0.0195


def test_it_descends_in_a_few_steps(monkeypatch):
    """17 ticks of a fee that is smooth take three looks; what skips too little would take 17."""
    from proteus.market.costs import expected

    looks = []
    real = expected.cost_of_fill
    monkeypatch.setattr(
        expected, "cost_of_fill", lambda *given: looks.append(given[4]) or real(*given)
    )
    costs = costs_of(model("kalshi_cent", round_to=None), 1000)
    assert limit_with_costs(costs, 0, TAKER, BUY, 500, 0.5, 10, 0, 0, 0) == 482
    assert len(looks) <= 4
