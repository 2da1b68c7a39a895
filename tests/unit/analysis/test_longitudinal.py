"""Measures of agents over time against published tables, other libraries and closed forms."""

import numpy as np
import pytest
import ruptures
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from proteus.analysis.statistics import longitudinal

pytestmark = pytest.mark.nojit
# Shrout & Fleiss (1979), table 2: six targets, four judges; ICC(1,1) .17 and ICC(1,4) .44.
SHROUT_FLEISS = np.array([
    [9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7],
], float)  # fmt: skip
STEPS = np.repeat([0.0, 5.0, -2.0], 50)


def test_a_decay_without_noise_has_its_half_life():
    phi = longitudinal.autoregression(np.array([[1, 0.5, 0.25, 0.125]]))
    assert np.log(0.5) / np.log(phi) == pytest.approx(1)
    assert np.isnan(longitudinal.autoregression(np.ones((2, 4))))


@pytest.mark.parametrize("level", [0.1, 0.3, 60.1, 1e6 / 3])
def test_what_is_constant_has_no_measure_and_no_shift(level):
    """The mean of 50 times 0.1 is not 0.1: rounding was two shifts, and correlated."""
    values = np.full((3, 50), level)
    assert longitudinal.regime_shifts(values[0]) == []
    assert np.isnan(longitudinal.autoregression(values))
    assert np.isnan(longitudinal.intraclass_correlation(values))
    apart = values + np.array([[0.0], [0.7], [1.3]])
    assert np.isnan(longitudinal.autoregression(apart))
    assert longitudinal.intraclass_correlation(apart) == 1


def test_a_level_moves_no_shift():
    """Squares of 1e8 have no digits left for what differs by 5."""
    assert longitudinal.regime_shifts(STEPS + 1e8) == longitudinal.regime_shifts(STEPS)
    noisy = STEPS + np.random.default_rng(2).normal(size=150)
    assert longitudinal.regime_shifts(noisy + 1e9) == longitudinal.regime_shifts(noisy) == [50, 100]


def test_autoregression_is_least_squares_with_dummies_of_agents():
    import statsmodels.api as sm

    values = np.random.default_rng(3).normal(size=(5, 9)).cumsum(axis=1)
    dummies = np.repeat(np.eye(5), 8, axis=0)
    fitted = sm.OLS(values[:, 1:].ravel(), np.column_stack([values[:, :-1].ravel(), dummies])).fit()
    assert longitudinal.autoregression(values) == pytest.approx(fitted.params[0], rel=1e-10)


@pytest.mark.parametrize(("phi", "transitions"), [(0.5, 10), (0.2, 20), (0.8, 10)])
def test_few_episodes_make_it_too_small_by_what_nickell_says(phi, transitions):
    """20,000 agents; the exact bias is Nickell's equation 18, ours its leading term."""
    random = np.random.default_rng(7)
    shocks = random.normal(size=(20_000, transitions + 101))
    values = np.zeros_like(shocks)
    for at in range(1, shocks.shape[1]):
        values[:, at] = phi * values[:, at - 1] + shocks[:, at]
    found = longitudinal.autoregression(
        values[:, -transitions - 1 :] + random.normal(size=(20_000, 1))
    )
    times = transitions
    share = 1 - (1 - phi**times) / (times * (1 - phi))
    exact = -(1 + phi) / (times - 1) * share / (1 - 2 * phi / ((1 - phi) * (times - 1)) * share)
    assert found - phi == pytest.approx(exact, abs=0.006)
    leading = longitudinal.nickell_bias(phi, transitions)
    assert leading == pytest.approx(-(1 + phi) / (transitions - 1))
    assert 0.6 < leading / (found - phi) < 1.4


def test_ranks():
    first, second = np.arange(1.0, 6), np.array([2.0, 1, 4, 3, 5])
    assert longitudinal.rank_correlation(first, second) == pytest.approx(0.8)
    assert stats.kendalltau(first, second).statistic == pytest.approx(0.6)
    assert np.isnan(longitudinal.rank_correlation(first, np.ones(5)))


def test_moves_between_classes():
    stay = np.tile(np.arange(10.0)[:, None], 6)
    matrix = longitudinal.transition_matrix(stay, 5)
    assert np.array_equal(matrix, np.eye(5))
    assert longitudinal.mobility(matrix) == 0
    random = np.random.default_rng(1).normal(size=(500, 40))
    lottery = longitudinal.transition_matrix(random, 5)
    assert lottery.sum(axis=1) == pytest.approx(1)
    assert longitudinal.mobility(lottery) == pytest.approx(1, abs=0.03)
    exchanged = np.array([[1.0, 2, 1, 2], [2, 1, 2, 1]])
    assert longitudinal.mobility(longitudinal.transition_matrix(exchanged, 2)) == 2


def test_the_published_table_of_intraclass_correlations():
    """ICC(1,1), and by Spearman and Brown ICC(1,4): .17 and .44 in their table 4."""
    found = longitudinal.intraclass_correlation(SHROUT_FLEISS)
    assert found == pytest.approx(0.165742, abs=5e-7)
    assert 4 * found / (1 + 3 * found) == pytest.approx(0.442797, abs=5e-7)
    assert np.isnan(longitudinal.intraclass_correlation(np.ones((3, 4))))


def test_an_intraclass_correlation_has_its_bounds():
    """Agents whose means are equal have the least there is, constant ones the most."""
    equal = np.array([[1.0, -1, 2, -2], [2, -2, -1, 1]])
    assert longitudinal.intraclass_correlation(equal) == pytest.approx(-1 / 3)
    constant = np.tile([[1.0], [2.0], [4.0]], 5)
    assert longitudinal.intraclass_correlation(constant) == 1


def test_shifts_are_those_of_ruptures():
    """The vector of the facts; ruptures ends its list with the length."""
    assert longitudinal.regime_shifts(STEPS, penalty=10) == [50, 100]
    random = np.random.default_rng(4)
    for _ in range(20):
        values = random.normal(size=60) + np.repeat(random.normal(size=3) * 2, 20)
        theirs = ruptures.Pelt("l2", min_size=5, jump=1).fit(values).predict(pen=6.0)
        assert longitudinal.regime_shifts(values, penalty=6.0) == theirs[:-1]
    assert longitudinal.regime_shifts(np.ones(4)) == []


def test_the_declared_penalty_seldom_finds_a_shift_where_there_is_none():
    """2 of 100 series of 50 by 4,000 of them; here 400, at most 4.5 % (false alarm below 1e-3)."""
    random = np.random.default_rng(20261128)
    series = random.normal(size=(400, 50))
    found = sum(bool(longitudinal.regime_shifts(values)) for values in series)
    assert found <= 18
    shifted = series + np.repeat([0.0, 3.0], 25)
    assert np.mean([25 in longitudinal.regime_shifts(values) for values in shifted]) > 0.6


def test_survival_is_the_library_s_with_an_interval_by_log_log():
    """Kaplan-Meier by hand: 3 of 4 are left after 2, then 3/4 x 1/2 after 5."""
    found = longitudinal.survival(np.array([2, 3, 5, 7]), np.array([True, False, True, False]))
    assert found.episode.tolist() == [2, 5]
    assert found.survival == pytest.approx([0.75, 0.375])
    library = SurvfuncRight([2, 3, 5, 7], [1, 0, 1, 0])
    spread = 1.959964 * library.surv_prob_se / (library.surv_prob * np.log(library.surv_prob))
    assert found.low == pytest.approx(library.surv_prob ** np.exp(-spread), rel=1e-5)
    assert (found.low < found.survival).all()
    assert (found.high > found.survival).all()
    nobody = longitudinal.survival(np.array([1, 1]), np.array([True, True]))
    assert nobody.low.tolist() == nobody.high.tolist() == [0]
