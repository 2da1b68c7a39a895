"""Fill rate and volatility that a maker fits itself, against statsmodels and by hand."""

import math

import numpy as np
import pytest
import statsmodels.api as sm

from proteus.market.makers import intensity, volatility

pytestmark = pytest.mark.plain


def fit(exposure, fills, *numbers):
    return intensity.fit(exposure[None, None], fills[None, None], 0, 0, *numbers)


def test_fit_is_that_of_a_poisson_regression():
    generator, width = np.random.default_rng(3), 0.004
    middles = (np.arange(intensity.CLASSES) + 0.5) * width
    exposure = generator.uniform(5, 50, intensity.CLASSES)
    exposure[11:] = 0.0
    fills = generator.poisson(8 * np.exp(-40 * middles) * exposure).astype(float)
    rate, decay, is_fit = fit(exposure, fills, width, 0.1, 1e4)
    seen = exposure > 0
    model = sm.GLM(
        fills[seen], sm.add_constant(middles[seen]), family=sm.families.Poisson(),
        offset=np.log(exposure[seen]),
    )  # fmt: skip
    constant, slope = model.fit(tol=1e-12).params
    assert is_fit
    assert (rate, decay) == pytest.approx((math.exp(constant), -slope), rel=1e-6)


def test_fit_returns_what_the_fills_were_made_of():
    width = 0.01
    middles = (np.arange(intensity.CLASSES) + 0.5) * width
    exposure = np.full(intensity.CLASSES, 100.0)
    fills = 5 * np.exp(-30 * middles) * exposure
    assert fit(exposure, fills, width, 0.1, 1e4)[:2] == pytest.approx((5, 30))


def test_unit_of_distance_is_that_of_the_decay():
    """A public package fits in half ticks by mistake, and keeps it."""
    exposure, fills = np.full(intensity.CLASSES, 10.0), np.zeros(intensity.CLASSES)
    fills[:3] = 30, 20, 10
    in_currency = fit(exposure, fills, 0.002, 0.001, 1e5)
    in_ticks = fit(exposure, fills, 2.0, 0.001, 1e5)
    assert in_currency[1] == pytest.approx(1000 * in_ticks[1], rel=1e-5)
    assert in_currency[0] == pytest.approx(in_ticks[0], rel=1e-5)


def test_without_fills_or_with_one_distance_there_is_no_fit():
    nothing, some = np.zeros(intensity.CLASSES), np.zeros(intensity.CLASSES)
    some[2] = 7.0
    both = some.copy()
    both[5] = 1.0
    assert not fit(both, nothing, 0.01, 0.1, 100.0)[2]
    assert not fit(some, some, 0.01, 0.1, 100.0)[2]
    assert fit(both, some, 0.01, 0.1, 100.0)[2]


def test_fit_keeps_to_its_bounds():
    exposure, fills = np.full(intensity.CLASSES, 1.0), np.zeros(intensity.CLASSES)
    fills[-1] = 9.0  # only far quotes are hit: no decay above 0 explains that
    assert fit(exposure, fills, 0.01, 2.0, 100.0)[1] == pytest.approx(2.0)
    fills[:] = 0.0
    fills[0] = 9.0
    assert fit(exposure, fills, 0.01, 2.0, 100.0)[1] == pytest.approx(100.0)


def test_fills_of_one_distance_and_quotes_beyond_it_alone_have_the_largest_decay():
    """The likelihood rises for ever: k is the bound, however little the far quotes weigh there."""
    exposure, fills = np.zeros(intensity.CLASSES), np.zeros(intensity.CLASSES)
    exposure[2], exposure[15], fills[2] = 0.4287, 0.0864, 1.0
    _, decay, fits = fit(exposure, fills, 0.0113, 6.0, 600.0)
    assert fits
    assert decay == pytest.approx(600.0, rel=1e-12)


def test_no_fit_where_even_the_smallest_decay_says_that_nothing_is_ever_hit():
    """As with a decay per currency that was meant per tick; the rate would be infinite."""
    exposure, fills = np.zeros(intensity.CLASSES), np.zeros(intensity.CLASSES)
    exposure[1:3], fills[1] = (3.0, 2.0), 30.0
    assert fit(exposure, fills, 0.01, 1e5, 1e7) == (0.0, 0.0, False)
    assert fit(exposure, fills, 0.01, 1e4, 1e6)[2]


@pytest.mark.parametrize(
    ("distance", "wanted"),
    [(0.0, 0), (0.0099, 0), (0.0101, 1), (0.155, 15), (9.0, 15), (-0.1, 0)],
)
def test_classes_of_distance(distance, wanted):
    assert intensity.class_of(distance, 0.01) == wanted


def test_volatility_is_the_recursion_of_riskmetrics():
    variance, found = 0.0, []
    for number, change in enumerate((0.01, 0.02, 0.015)):
        variance = volatility.update(variance, number == 0, change, 1.0, 0.06)
        found.append(variance)
    assert found == pytest.approx([1e-4, 1.18e-4, 1.2442e-4])


def test_volatility_is_per_second_and_in_currency():
    # 0.1 of log-odds in a quarter of a second is 0.2 per root second; at 0.2 times 0.16.
    variance = volatility.update(0.0, True, 0.1, 0.25, 0.06)
    assert volatility.in_currency(variance, 0.2) == pytest.approx(0.2 * 0.16)
