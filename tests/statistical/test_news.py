"""The law of the news: calibration, martingale, closed forms.

Every assertion has a false-alarm rate of 1e-6 under the hypothesis that the code is right; with
fixed seeds it passes always or never.
"""

import math

import numpy as np
import pytest
from scipy import stats

from proteus.market import rng
from proteus.market.environment.setup import allocate_news
from proteus.market.information.signals import signal
from tests.helpers.budget import budget
from tests.helpers.news_cases import MS, S, bayesian, jump_times, log_odds, path, sample

FALSE_ALARM = 1e-6
LARGEST_Z = stats.norm.isf(FALSE_ALARM / 2)
PATHS = range(budget("news_paths"))
COARSE = {"dt": 200}
BIASED = ((0.7, 0.8, 0.3), (0.3, -1.5, 0.0))  # its mean is not 0: the table must know

CELLS = {
    "bayesian": bayesian(**COARSE),
    "bayesian from 0.2, many jumps": bayesian(
        initial_probability=0.2, jump_rate_per_s=2.0, jump_accuracy=0.6, **COARSE
    ),
    "log_odds": log_odds(initial_probability=0.7, sigma=0.6, jump_rate_per_s=0.5, **COARSE),
    "log_odds, biased jumps": log_odds(
        initial_probability=0.3, mean_reversion_per_s=0.05, jumps=BIASED, **COARSE
    ),
    "log_odds, no reversion": log_odds(
        initial_probability=0.3, sigma=0.25, mean_reversion_per_s=0.0, **COARSE
    ),
}
EVERY_CELL = pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS.keys())


def z_score(values, expected):
    """How many standard errors the mean of independent values is from what theory says."""
    return (np.mean(values) - expected) / (np.std(values) / math.sqrt(len(values)))


def variance_z_score(values, expected):
    return z_score((values - np.mean(values)) ** 2, expected)


@pytest.fixture(scope="module")
def samples():
    return {id(cell): sample(cell, cell.settle_ns, PATHS) for cell in CELLS.values()}


@EVERY_CELL
def test_frequency_of_the_payoff_given_v_is_v(cell, samples):
    """Chi-square over 20 bins of v, half-way and at the end of trading."""
    drawn = samples[id(cell)]
    for point in (50, 100):
        value = drawn.value[:, point]
        miss, spread = [], []
        for members in np.array_split(np.argsort(value), 20):
            miss.append(np.sum(drawn.payoff[members] - value[members]))
            spread.append(np.sum(value[members] * (1 - value[members])))
        statistic = np.sum(np.square(miss) / spread)
        assert statistic < stats.chi2.isf(FALSE_ALARM, 20)


@EVERY_CELL
def test_v_is_a_martingale(cell, samples):
    """The mean stays, and no function of the past predicts the change."""
    value = samples[id(cell)].value
    start = value[0, 0]
    for point in (1, 10, 50, 100, 105):
        assert abs(z_score(value[:, point], start)) < LARGEST_Z
    for early, late in ((1, 2), (10, 50), (50, 100), (100, 105)):
        change = value[:, late] - value[:, early]
        for known in (value[:, early] - start, np.square(value[:, early] - start)):
            assert abs(z_score(change * known, 0.0)) < LARGEST_Z


def test_martingale_test_has_power():
    """The state p of ``log_odds``, taken as a price, fails by far: reversion is predictable."""
    fair = log_odds(initial_probability=0.7, sigma=0.6, **COARSE)
    value = sample(fair._replace(settle_ns=0), 2 * S, PATHS).value
    assert abs(z_score(value[:, -1], value[0, 0])) > 3 * LARGEST_Z


@EVERY_CELL
def test_v_stays_a_probability(cell, samples):
    value = samples[id(cell)].value
    assert ((value >= 0) & (value <= 1)).all()
    assert np.std(value[:, -1]) > 0.01


@pytest.mark.parametrize(
    ("initial_probability", "variance", "uncertainty"),
    [(0.5, 0.051014, 0.198986), (0.2, 0.024766, 0.135234)],
)
def test_bayesian_moments(initial_probability, variance, uncertainty):
    """Var p_T and E[p_T (1 - p_T)] at sigma^2 T = 1 without jumps, from quadrature."""
    cell = bayesian(initial_probability=initial_probability, jump_rate_per_s=0.0, **COARSE)
    final = sample(cell, 20 * S, PATHS).value[:, -1]
    assert abs(variance_z_score(final, variance)) < LARGEST_Z
    assert abs(z_score(final * (1 - final), uncertainty)) < LARGEST_Z


def ornstein_uhlenbeck(dt, until_ns):
    """kappa = .5, sigma = .4, jump rate .2, jumps N(.1, .3^2), x0 = .8."""
    start = 1 / (1 + math.exp(-0.8))
    return log_odds(until_ns, dt=dt, sigma=0.4, jumps=((1.0, 0.1, 0.3),), initial_probability=start)


@pytest.mark.parametrize("dt", [20, 400, 2000])
@pytest.mark.parametrize(
    ("until_ns", "mean", "variance"), [(2 * S, 0.319588, 0.155640), (40 * S, 0.04, 0.18)]
)
def test_log_odds_moments_do_not_depend_on_the_step(dt, until_ns, mean, variance):
    """Ornstein-Uhlenbeck with Poisson jumps, in closed form, after 2 s and when stationary."""
    paths = PATHS if dt > 20 or until_ns == 2 * S else PATHS[: len(PATHS) // 5]
    x = sample(ornstein_uhlenbeck(dt, until_ns), until_ns, paths).log_odds
    assert abs(z_score(x, mean)) < LARGEST_Z
    assert abs(variance_z_score(x, variance)) < LARGEST_Z


def test_log_odds_law_does_not_depend_on_the_step():
    """Kolmogorov-Smirnov between a fine and a coarse step, on disjoint replicates."""
    count = len(PATHS)
    fine = sample(ornstein_uhlenbeck(20, 2 * S), 2 * S, range(count)).log_odds
    coarse = sample(ornstein_uhlenbeck(2000, 2 * S), 2 * S, range(count, 2 * count)).log_odds
    assert stats.ks_2samp(fine, coarse).pvalue > FALSE_ALARM


def test_jumps_are_a_poisson_process():
    """Gaps are exponential; counts in 1 s have the Poisson mean and dispersion."""
    cell = bayesian(jump_rate_per_s=20.0)
    all_times = [jump_times(path(cell, 5 * S, replicate)) for replicate in range(500)]
    first_gaps = np.concatenate([np.diff(times[:40], prepend=0) for times in all_times])
    assert stats.kstest(first_gaps / S * 20.0, "expon").pvalue > FALSE_ALARM
    seconds = np.arange(6) * S
    counts = np.concatenate([np.histogram(times, seconds)[0] for times in all_times])
    assert abs(z_score(counts, 20.0)) < LARGEST_Z
    dispersion = np.sum(np.square(counts - 20.0)) / 20.0
    tail = stats.chi2(len(counts))
    assert FALSE_ALARM / 2 < tail.sf(dispersion) < 1 - FALSE_ALARM / 2


def test_jumps_point_right_as_often_as_configured():
    cell = bayesian(total_variance=0.0, jump_rate_per_s=20.0, jump_accuracy=0.7)
    right = total = 0
    for replicate in range(200):
        news = path(cell, 5 * S, replicate)
        direction = 1 if news.payoff[0] else -1
        jumps = int(news.n_jumps[0])
        net = round(direction * float(news.log_odds[0]) / math.log(7 / 3))
        right += (jumps + net) // 2
        total += jumps
    assert stats.binomtest(right, total, 0.7).pvalue > FALSE_ALARM


def test_signal_noise_is_normal_and_fresh_per_look_and_trader():
    cell = bayesian(total_variance=0.0, jump_rate_per_s=0.0)
    news = allocate_news(1, S, cell.dt_ns, 1)
    news.value[0, 0] = 0.5
    key = rng.replicate_key(7, 0)
    noise = np.array(
        [
            [
                signal(news, cell, *key, 0, trader, t, t + 1, 0.05, 50 * MS) - 0.5
                for trader in (1, 2)
            ]
            for t in range(0, 250 * S, 50 * MS)
        ]
    )
    assert stats.kstest(noise.ravel() / 0.05, "norm").pvalue > FALSE_ALARM
    assert abs(z_score(noise[:, 0] * noise[:, 1], 0.0)) < LARGEST_Z
    assert abs(z_score(noise[1:, 0] * noise[:-1, 0], 0.0)) < LARGEST_Z
