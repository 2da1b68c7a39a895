"""Laws of symmetry (MODEL2 B3): a contract and its complement are one market."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.codes import MAKER, TAKER
from tests.helpers.charging import charge, costs_of, model

pytestmark = pytest.mark.plain
N_TICKS = 50
ROLES = st.sampled_from([TAKER, MAKER])
AMOUNTS = st.sampled_from([None, 0.0001, 0.01])
ROUNDINGS = st.sampled_from(["floor", "ceil", "half_up", "half_even", "against_payer"])
LOTS = st.integers(1, 10**6)
PRICES = st.integers(1, N_TICKS - 1)
PPM = st.integers(-100_000, 100_000)


def both(read, price, lots, role):
    """What buying at p costs, and selling the complement at 1 - p."""
    buys = charge(costs_of(read, N_TICKS), price, lots, role=role, side=BUY)
    sells = charge(costs_of(read, N_TICKS), N_TICKS - price, lots, role=role, side=SELL)
    return buys, sells


@pytest.mark.parametrize("name", ["binary_quadratic", "smaller_leg", "risk_notional"])
@settings(max_examples=60, deadline=None)
@given(price=PRICES, lots=LOTS, role=ROLES, rounding=ROUNDINGS, unit=AMOUNTS, rate=PPM)
def test_complements_cost_the_same(name, price, lots, role, rounding, unit, rate):
    key, number = ("rate", rate / 10**6) if name == "binary_quadratic" else ("ppm", rate)
    keys = {f"taker_{key}": number, f"maker_{key}": -number}
    read = model(model=name, rounding=rounding, round_to=unit, **keys)
    buys, sells = both(read, price, lots, role)
    assert buys == sells


@settings(max_examples=60, deadline=None)
@given(price=PRICES, lots=LOTS, rate=st.integers(1, 100_000))
def test_complements_differ_under_plain_notional(price, lots, rate):
    buys, sells = both(model("notional", taker_ppm=rate), price, lots, TAKER)
    assert (buys == sells) == (2 * price == N_TICKS)


@settings(max_examples=60, deadline=None)
@given(price=PRICES, lots=LOTS, ppm=st.integers(-100_000, 100_000))
def test_both_legs_together_risk_one_unit(price, lots, ppm):
    """A buyer and a seller at one price can lose p and 1 - p: together ppm of a lot, exactly."""
    read = model("polymarket_us", taker_ppm=ppm, round_to=None)
    takes = [charge(costs_of(read, N_TICKS), price, lots, side=side) for side in (BUY, SELL)]
    total = sum(each.get("fee", 0) - each.get("rebate", 0) for each in takes)
    assert total == Fraction(ppm * lots, 10**6)


@settings(max_examples=60, deadline=None)
@given(price=PRICES, lots=LOTS, rounding=ROUNDINGS, unit=AMOUNTS, times=st.integers(2, 9))
def test_scaled_rates_are_larger_rates(price, lots, rounding, unit, times):
    one = model("notional", taker_ppm=500 * times, rounding=rounding, round_to=unit)
    other = model("notional", taker_ppm=500, scale=times, rounding=rounding, round_to=unit)
    charges = [charge(costs_of(read, N_TICKS), price, lots) for read in (one, other)]
    assert charges[0] == charges[1]


@settings(max_examples=60, deadline=None)
@given(
    fills=st.lists(st.tuples(PRICES, st.integers(1, 50), ROLES), min_size=1, max_size=12),
    rate=st.sampled_from([0.0701, 0.0033, 0.9999]),
)
def test_rounding_fees_of_an_order_stay_below_a_cent_and_balances_are_whole_cents(fills, rate):
    """What the accumulator is for: an order never owes more than a cent of rounding."""
    read = model("kalshi", taker_rate=rate, maker_rate=round(rate / 3, 6))
    costs, cash, kept = costs_of(read, N_TICKS), Fraction(0), Fraction(0)
    for price, lots, role in fills:
        due = charge(costs, price, lots, role=role)
        net = due.get("fee", 0) + due.get("rounding", 0) - due.get("rebate", 0)
        assert net >= 0
        cash -= Fraction(price * lots, N_TICKS) + net
        kept += due.get("rounding", 0) - due.get("rebate", 0)
        assert cash % Fraction(1, 100) == 0
        assert 0 <= kept <= Fraction(1, 100)
