"""The interval of a pooled ratio covers the ratio as often as it says, by simulation.

A lane has w lots, gamma, and y = w r with its own ratio r around the truth; r leans on w, so that a
mean of lane ratios is another number and would miss it. Each column is a study of its own.
"""

import numpy as np
import pytest
from scipy import stats

from proteus.analysis.statistics.bootstrap import bca
from proteus.analysis.statistics.paired import Arm, alone, contrast
from tests.helpers.budget import budget

SEEDS = 200
RATIO, LEAN, EFFECT = 0.03, 0.01, 0.004
# E y / E w = RATIO + LEAN (E w^2 / (E w)^2 - 1), and w is gamma with shape 4: 1 / 4.
TRUTH = RATIO + LEAN / 4
ALARM = 1e-6  # false-alarm rate of each comparison below


def arms(studies, rng):
    """Return two arms that share their lots' noise, as common random numbers make them."""
    common = rng.gamma(2.0, 1.0, (SEEDS, studies))
    made = []
    for effect in (EFFECT, 0.0):
        lots = common + rng.gamma(2.0, 1.0, (SEEDS, studies))
        ratio = RATIO + effect + LEAN * (lots / 4 - 1) + 0.02 * rng.normal(size=lots.shape)
        made.append(Arm(ratio * lots, lots))
    return made


def covers(low, high, truth):
    return int(((low <= truth) & (truth <= high)).sum())


def is_credible(hits, studies, level=0.95, slack=0.01):
    """Say whether a coverage is the level, or short of it by what order 1/n may take."""
    least, most = (
        stats.binom.ppf(share, studies, at)
        for share, at in ((ALARM / 2, level - slack), (1 - ALARM / 2, level + slack))
    )
    return least <= hits <= most


def test_the_pooled_interval_covers_the_ratio_of_expectations():
    studies = budget("pooled_studies")
    treated, baseline = arms(studies, np.random.default_rng(19))
    level = alone(baseline)
    assert is_credible(covers(level.low, level.high, TRUTH), studies)
    found = contrast(treated, baseline)
    assert is_credible(covers(found.low, found.high, EFFECT), studies)
    # A mean of lane ratios is another estimand: its interval misses this one.
    mean = alone(Arm(baseline.above / baseline.below, np.ones_like(baseline.below)))
    assert not is_credible(covers(mean.low, mean.high, TRUTH), studies)


def test_its_error_is_that_of_scipys_bootstrap():
    treated, baseline = arms(1, np.random.default_rng(20))
    columns = [each[:, 0] for each in (*treated, *baseline)]

    def difference(y, w, z, u, axis):
        return y.sum(axis) / w.sum(axis) - z.sum(axis) / u.sum(axis)

    found = contrast(treated, baseline)
    other = stats.bootstrap(columns, difference, paired=True, n_resamples=9_999, rng=7)
    # The standard error of 9,999 resamples is known to 0.7 %; both differ by order 1/n.
    assert found.standard_error[0] == pytest.approx(other.standard_error, rel=0.04)
    low, high = bca(treated, baseline)
    width = found.high[0] - found.low[0]
    assert low[0] == pytest.approx(found.low[0], abs=0.06 * width)
    assert high[0] == pytest.approx(found.high[0], abs=0.06 * width)
