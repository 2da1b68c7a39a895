"""Worked examples of the protocol's rules, and what Proteus asks of any."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.codes import MAKER, TAKER
from proteus.testing import (
    check_channel,
    check_constraint,
    check_costs,
    check_incentives,
    check_liquidation,
    check_rates,
    check_settlement,
)
from proteus_protocol.constraints import fits
from proteus_protocol.costs import CappedCosts
from proteus_protocol.incentives import linear_points, taken_points
from proteus_protocol.liquidation import GradualRule, most_repaid
from proteus_protocol.rates import ParabolicCurve, rate
from proteus_protocol.settlement import SessionSettlement, due
from pydantic import ValidationError

MS = 1_000_000
WAD = 10**18
PARABOLIC = {"base": 0.01, "height": 0.5}
GRADUAL = {"part": 0.1, "speed": 3.0}
KEYS = {"mode": "session", "netting": "net", "retries": 1, "fail_penalty_ppm": 100}


@pytest.mark.parametrize(("price", "fee"), [(0.1, "0.002"), (0.25, "0.005"), (0.9, "0.005")])
def test_the_fee_is_two_percent_up_to_half_a_cent(price, fee):
    costs = CappedCosts(model="capped", taker_ppm=20_000, cap=0.005)
    for side in (BUY, SELL):
        assert costs.per_lot(TAKER, side, Fraction(str(price)), 0) == Fraction(fee)
        assert costs.per_lot(MAKER, side, Fraction(str(price)), 0) == 0


@pytest.mark.parametrize(
    ("traded_ms", "due_ms"), [(0, 1000), (699, 1000), (700, 2000), (999, 2000), (1000, 2000)]
)
def test_a_fill_is_due_at_the_end_of_its_day_or_of_the_next(traded_ms, due_ms):
    assert due(np.array([1000 * MS, 700 * MS]), traded_ms * MS) == due_ms * MS


def test_a_cutoff_lies_in_the_day():
    with pytest.raises(ValidationError, match="must be at most day_ms=5"):
        SessionSettlement(**KEYS, day_ms=5, cutoff_ms=6)


def test_what_an_order_and_a_fill_score():
    """A bid of 3 lots one tick and a half below the mid, of 4 ticks: (8 - 3) x 3."""
    numbers = np.array([8])
    assert linear_points(numbers, BUY, 500, 3, 1003) == 15
    assert linear_points(numbers, SELL, 503, 3, 1003) == 15
    assert linear_points(numbers, SELL, 500, 3, 1003) == 24  # beyond the mid
    assert linear_points(numbers, BUY, 496, 3, 1003) == 0
    assert taken_points(numbers, BUY, False, 500, 3) == 3
    assert taken_points(numbers, BUY, True, 500, 3) == 0


def test_an_order_beyond_the_price_is_not_sent():
    """20 ticks beyond 500.5: 520 for a buy and 481 for a sell are the last ones."""
    numbers, known = np.array([40]), (0, 0, 0, 0, 1001)
    assert [fits(numbers, BUY, price, 3, *known) for price in (520, 521, 300)] == [3, 0, 3]
    assert [fits(numbers, SELL, price, 3, *known) for price in (481, 480, 700)] == [3, 0, 3]


def test_the_constraint_keeps_the_contract():
    words = ("population.maker.risk.stay_near.ticks=0", "population.maker.policy.half_spread=0.001")
    check_constraint("stay_near", mechanisms=("clob",), words=words)


def test_costs_keep_the_contract():
    check_costs("capped", mechanisms=("clob",))


def test_settlement_keeps_the_contract():
    check_settlement("session", words=("settlement.day_ms=400", "settlement.cutoff_ms=250"))


def test_incentives_keep_the_contract():
    check_incentives("depth", mechanisms=("clob",))


def test_the_oracle_keeps_the_contract():
    check_channel("blend", mechanisms=("clob",))


@pytest.mark.parametrize(("used", "expected"), [(0, "0.01"), (0.5, "0.135"), (1, "0.51")])
def test_the_rate_grows_with_the_square_of_what_is_lent(used, expected):
    numbers = np.array(ParabolicCurve(name="parabolic", **PARABOLIC).numbers)
    found = rate(numbers, np.int64(used * WAD))
    assert Fraction(int(found), WAD) == Fraction(expected)


@pytest.mark.parametrize(
    ("lots", "debt", "repaid"), [(90, 65, 26), (100, 81.25, 56.875), (100, 100, 100)]
)
def test_more_is_closed_the_worse_a_loan_stands(lots, debt, repaid):
    """90 lots at 1 and 0.65 are 58.5: of 65 the health is 0.9, and 0.1 + 3 x 0.1 may go."""
    numbers, nano = np.array(GradualRule(name="gradual", **GRADUAL).numbers), 10**9
    about = (65 * WAD // 100, lots, nano, 9 * nano // 10, int(debt * nano))
    assert most_repaid(numbers, *map(np.int64, about)) == repaid * nano


def test_the_curve_keeps_the_contract():
    check_rates("parabolic", PARABOLIC)


def test_the_liquidation_keeps_the_contract():
    check_liquidation("gradual", GRADUAL)
