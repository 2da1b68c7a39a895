"""Tables of integers: exact, small, and refused where 64 bits do not hold them."""

from fractions import Fraction

import numpy as np
import pytest

from proteus.basics.schema import MAX_LOTS, MAX_TICKS
from proteus.errors import ConfigError
from proteus.market.costs import codes, tables
from tests.helpers.charging import HORIZON_NS, cost, costs_of, model

pytestmark = pytest.mark.plain


def made(read, n_ticks=1000):
    return tables.make_tables(read, n_ticks, HORIZON_NS)


@pytest.mark.parametrize(
    ("name", "curves"),
    [("kalshi", 1), ("polymarket", 1), ("polymarket_us", 2), ("min_leg", 1), ("dydx", 1),
     ("maker_taker", 1), ("surplus", 0), ("gas", 0)],
)  # fmt: skip
def test_equal_curves_are_kept_once(name, curves):
    """Tiers, roles, sides and times share them; the first one, of nothing, is always there."""
    assert len(made(model(name)).curves) == 1 + curves
    assert len(made(model(name, scale=[[0, 1], [1, 2], [2, 3]])).curves) == 1 + curves


def test_a_curve_is_the_smallest_integers():
    """0.07 p (1 - p) on hundredths is 7 / 1e6 times t (100 - t), of which the divisor is 1."""
    kalshi = made(model("kalshi", round_to=None), 100)
    ticks = np.arange(1, 100)
    assert kalshi.curves[kalshi.curve[0], 1:-1].tolist() == (ticks * (100 - ticks)).tolist()
    numerator, denominator = kalshi.numerator[0], kalshi.denominator[0]
    assert Fraction(int(numerator), int(denominator)) == Fraction(7, 10**6) * 10**9


def test_equal_models_share_their_tables():
    assert made(model("kalshi")) is made(model("kalshi"))
    assert made(model("kalshi")) is not made(model("kalshi", scale=2))


def test_a_fine_tick_fits():
    """Of twenty thousand ticks p (1 - p) has 4e8 parts; those of the finest tick fit as well."""
    ticks = MAX_TICKS // 5
    kalshi = made(model("kalshi"), ticks)
    assert kalshi.curves.shape == (2, ticks + 1)
    assert kalshi.curves[1, ticks // 2] == (ticks // 2) ** 2
    assert (MAX_TICKS // 2) ** 2 * MAX_LOTS < tables.LARGEST


@pytest.mark.parametrize("name", ["kalshi", "kalshi_cent", "polymarket", "dydx", "polymarket_us"])
def test_the_largest_order_is_charged_exactly(name):
    """Of the most lots at the finest tick that products beyond 64 bits are needed for."""
    read = model(name, rounding="floor", round_to=None) if name != "kalshi" else model(name)
    exact = read.at(0).per_lot(codes.TAKER, 0, Fraction(4999, 10_000), 0) * MAX_LOTS
    taken = cost(read, 4999, MAX_LOTS, n_ticks=10_000)
    assert abs(taken - exact) <= (Fraction(1, 10**9) if name != "kalshi" else Fraction(2, 100))


@pytest.mark.parametrize(
    ("keys", "n_ticks"),
    [
        ({"model": "binary_quadratic", "taker_rate": 0.07, "exponent": 8}, 1000),  # 1000^16
        ({"model": "notional", "taker_ppm": 1e16}, 100),  # a charge beyond 2^62 nano
        ({"model": "notional", "maker_ppm": -1e16}, 100),
        ({"model": "notional", "taker_ppm": 0.123456789012345, "scale": 0.1234567}, 1000),
        ({"model": "surplus", "taker_share": 0.123456789012345, "scale": 0.12345678}, 1000),
        ({"model": "gas", "new_units": 1e30}, 100),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_a_sentence(keys, n_ticks):
    with pytest.raises(ConfigError) as caught:
        costs_of(model(**keys), n_ticks=n_ticks)
    assert str(caught.value).startswith("costs={")
    assert keys["model"] in str(caught.value)
    assert "do not fit 64 bits; take rates with fewer digits, or a coarser contract.tick" in str(
        caught.value
    )


def test_codes_have_the_names_of_their_keys():
    gas = model("gas")
    assert [f"{action}_units" in type(gas).model_fields for action in codes.ACTIONS] == [True] * 7
    assert codes.ACTIONS[codes.ACTION_CONFIRM] == "confirm"
    assert codes.COMPONENTS[codes.ROUNDING] == "rounding"
