"""Filters against other packages: pandas for both EWMAs, filterpy for the Kalman filter."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logit

from proteus.market.makers.filters import ewma, imbalance, kalman, microprice, oracle

pytestmark = pytest.mark.plain

# filterpy 2.0.0, KalmanFilter(dim_x=1, dim_z=1), predict() then update(z): z, level, variance
FILTERPY_UNIT_STEPS = [  # q = 0.01, r = 1, from 0 with P = 1
    (1.0, 0.5024875621890548, 0.5024875621890547),
    (0.5, 0.5016446827406994, 0.33883753823887375),
    (0.8, 0.5788055945945485, 0.25862087045289217),
    (1.2, 0.7103388097472433, 0.21174243362163486),
]
FILTERPY_GAPS = [  # q dt with q = 0.04 and these dt, r = 0.25, from -0.3 with P = 0.5
    (0.5, 0.1, -0.029870129870129825, 0.16883116883116883),
    (0.0, -0.4, -0.17906976744186046, 0.1007751937984496),
    (2.0, 0.6, 0.14786755443585657, 0.10491272269210006),
    (0.25, 0.2, 0.16428430531309476, 0.07872616898935803),
    (1.0, 0.9, 0.40117746137775545, 0.08049752022942576),
]


def ewma_of(values, gain, is_corrected):
    mean, weight = ewma.init()
    means = []
    for value in values:
        mean, weight = ewma.update(mean, weight, value, gain, is_corrected)
        means.append(mean)
    return means


@pytest.mark.parametrize("is_corrected", [False, True])
@settings(deadline=None)
@given(
    values=st.lists(st.floats(0, 1), min_size=1, max_size=30),
    gain=st.floats(0.01, 1),
)
def test_ewma_has_both_conventions_of_pandas(is_corrected, values, gain):
    theirs = pd.Series(values).ewm(alpha=gain, adjust=is_corrected).mean()
    np.testing.assert_allclose(ewma_of(values, gain, is_corrected), theirs, rtol=1e-9, atol=1e-12)


def test_ewma_conventions_differ_as_published():
    assert ewma_of([1, 2, 3, 4], 0.5, False) == [1, 1.5, 2.25, 3.125]
    np.testing.assert_allclose(ewma_of([1, 2, 3, 4], 0.5, True), [1, 5 / 3, 17 / 7, 49 / 15])


def test_ewma_is_ready_after_one_observation():
    mean, weight = ewma.init()
    assert not ewma.ready(weight)
    assert ewma.ready(ewma.update(mean, weight, 0.0, 0.1, False)[1])


def test_kalman_predicts_then_updates_as_filterpy():
    level, variance = kalman.init(0.0, 1.0)
    for observed, wanted, its_variance in FILTERPY_UNIT_STEPS:
        variance = kalman.predict(variance, 0.01, 1.0)
        level, variance = kalman.update(level, variance, observed, 1.0)
        np.testing.assert_allclose((level, variance), (wanted, its_variance), rtol=1e-12)


def test_kalman_takes_gaps_of_any_length_as_filterpy():
    level, variance = kalman.init(-0.3, 0.5)
    for gap, observed, wanted, its_variance in FILTERPY_GAPS:
        variance = kalman.predict(variance, 0.04, gap)
        level, variance = kalman.update(level, variance, observed, 0.25)
        np.testing.assert_allclose((level, variance), (wanted, its_variance), rtol=1e-12)


def test_kalman_settles_at_the_root_of_the_riccati_equation():
    level, variance = kalman.init(0.0, 1.0)
    for _ in range(2_000):
        prior = kalman.predict(variance, 0.01, 1.0)
        level, variance = kalman.update(level, prior, 0.5, 1.0)
    root = (0.01 + (0.01**2 + 4 * 0.01) ** 0.5) / 2
    assert prior == pytest.approx(root, rel=1e-12)
    assert prior == pytest.approx(0.1051249220, abs=1e-10)
    assert level == pytest.approx(0.5)


@settings(deadline=None)
@given(st.floats(-0.5, 1.5), st.floats(0.0001, 0.4))
def test_log_odds_never_leave_the_prices(price, least):
    level = kalman.log_odds(price, least)
    clipped = min(max(price, least), 1 - least)
    assert level == pytest.approx(logit(clipped), rel=1e-12, abs=1e-12)
    assert kalman.price_of(level, least) == pytest.approx(clipped, rel=1e-9)


@settings(deadline=None)
@given(st.floats(-1000, 1000))
def test_prices_of_any_log_odds_stay_inside(level):
    assert 0.001 <= kalman.price_of(level, 0.001) <= 0.999
    both = kalman.price_of(level, 0.001) + kalman.price_of(-level, 0.001)
    assert both == pytest.approx(1.0)


def test_noise_is_turned_into_that_of_log_odds():
    # A standard deviation of 0.01 at p = 0.2 is one of 0.01 / 0.16 = 0.0625 of the log-odds.
    assert kalman.noise_in_log_odds(0.01**2, 0.2) == pytest.approx(0.0625**2)
    slope = (logit(0.2 + 1e-6) - logit(0.2 - 1e-6)) / 2e-6
    assert kalman.noise_in_log_odds(1.0, 0.2) == pytest.approx(slope**2, rel=1e-6)


@pytest.mark.parametrize(
    ("bid", "ask", "bid_lots", "ask_lots", "wanted"),
    [
        (40, 60, 10, 10, 50),  # the mid
        (40, 60, 30, 10, 55),  # (40 x 10 + 60 x 30) / 40: up, towards the thin side
        (40, 60, 10, 30, 45),
        (49, 50, 1, 0, 50),  # nothing at the ask
    ],
)
def test_microprice_by_hand(bid, ask, bid_lots, ask_lots, wanted):
    assert microprice.update(bid, ask, bid_lots, ask_lots) == wanted
    slope = (ask - bid) / 2  # then imbalance is the same thing
    assert imbalance.update(bid, ask, bid_lots, ask_lots, slope) == pytest.approx(wanted)


def test_imbalance_by_hand():
    assert imbalance.update(40, 60, 30, 10, 8) == 54  # 50 + 8 x (30 - 10) / 40
    assert imbalance.update(40, 60, 30, 10, 0) == 50


@pytest.mark.parametrize(
    ("has_bid", "has_ask", "lots", "wanted"),
    [(True, True, 1, True), (True, False, 1, False), (False, True, 1, False),
     (True, True, 0, False)],
)  # fmt: skip
def test_one_sided_markets_are_not_ready(has_bid, has_ask, lots, wanted):
    assert microprice.ready(has_bid, has_ask, lots) == wanted


def test_oracle_is_its_report():
    assert oracle.update(345_000_000) == 0.345
    assert oracle.ready(0)
    assert not oracle.ready(oracle.NO_REPORT)
