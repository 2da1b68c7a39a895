"""The worst share of outcomes, against closed forms and SciPy's bootstrap."""

import numpy as np
import pytest
from scipy import stats

from proteus.analysis.statistics.tails import expected_shortfall, tail


def test_the_last_outcome_of_the_share_counts_in_part():
    """Acerbi & Tasche: of 1 to 10 the worst 15 % are 1 and half of 2, mean (1 + 1) / 1.5."""
    values = np.random.default_rng(1).permutation(np.arange(1.0, 11.0))[:, None]
    assert expected_shortfall(values, 0.15)[0] == pytest.approx((1 + 0.5 * 2) / 1.5)
    assert expected_shortfall(values, 1.0)[0] == pytest.approx(5.5)
    assert expected_shortfall(values, 0.1)[0] == 1


def test_of_normal_outcomes_it_is_the_closed_form():
    """E[X | X below its 5 % quantile] = mean - sd phi(z) / 0.05; the error of 10^6 is 0.003."""
    values = np.random.default_rng(2).normal(3.0, 2.0, (1_000_000, 1))
    expected = 3 - 2 * stats.norm.pdf(stats.norm.ppf(0.05)) / 0.05
    assert expected_shortfall(values)[0] == pytest.approx(expected, abs=0.02)


def test_the_interval_is_that_of_scipy_for_the_same_statistic():
    """A percentile interval of paired resamples; ends of 2,000 resamples vary by a few percent."""
    generator = np.random.default_rng(3)
    common = generator.normal(size=120)
    arms = [common + generator.normal(scale=0.5, size=120) + shift for shift in (0.0, 0.4)]
    found = tail(arms[1][:, None], arms[0][:, None], share=0.2)

    def difference(treated, baseline):
        return (
            expected_shortfall(treated[:, None], 0.2)[0]
            - (expected_shortfall(baseline[:, None], 0.2)[0])
        )

    expected = stats.bootstrap(
        (arms[1], arms[0]), difference, paired=True, vectorized=False, method="percentile",
        n_resamples=2000, rng=np.random.default_rng(4),
    ).confidence_interval  # fmt: skip
    width = expected.high - expected.low
    assert found.difference[0] == pytest.approx(difference(arms[1], arms[0]))
    assert found.low[0] == pytest.approx(expected.low, abs=0.1 * width)
    assert found.high[0] == pytest.approx(expected.high, abs=0.1 * width)


def test_pairs_are_drawn_together():
    """A side that is the other one plus 1 in every seed differs by 1 in every resample."""
    values = np.random.default_rng(5).normal(size=(60, 2))
    found = tail(values + 1, values)
    np.testing.assert_allclose([found.difference, found.low, found.high], 1.0)


def test_one_seed_has_no_interval():
    found = tail(np.array([[2.0]]), np.array([[1.0]]))
    assert found.difference[0] == 1
    assert np.isnan([found.low[0], found.high[0]]).all()
