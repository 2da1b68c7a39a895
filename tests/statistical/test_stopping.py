"""Coverage of the intervals that the policy uses, by simulation of the rules themselves.

Each column is a study of its own. With S studies the coverage has a standard error of
sqrt(0.95 0.05 / S); the bounds below are 4.4 of them from 0.95, and further where a rule is known
to be a little off, so a true rule fails once in 10^5 runs or less.
"""

import numpy as np
import pytest

from proteus.analysis.precision import looks
from proteus.analysis.statistics.bootstrap import bca
from proteus.analysis.statistics.paired import Arm, contrast

STUDIES = 4000
MARGIN = 4.4 * np.sqrt(0.95 * 0.05 / STUDIES)  # 0.0152

LAWS = {
    "normal": lambda generator, shape: generator.normal(size=shape),
    "exponential": lambda generator, shape: generator.exponential(size=shape) - 1.0,
    "lognormal": lambda generator, shape: generator.lognormal(sigma=0.8, size=shape) - np.exp(0.32),
}


def zero_arm(n, columns):
    return Arm(np.zeros((n, columns)), np.ones((n, columns)))


def stopped_at(values, first, every, wanted):
    """Run the rule on every column: stop at the first look whose half-width is narrow enough."""
    low, high = (np.full(values.shape[1], np.nan) for _ in range(2))
    seeds = np.zeros(values.shape[1], dtype=int)
    for count in looks(first, every, len(values)):
        found = contrast(
            Arm(values[:count], np.ones_like(values[:count])), zero_arm(count, values.shape[1])
        )
        narrow = (found.high - found.low) / 2 <= wanted
        now = (seeds == 0) & (narrow | (count == len(values)))
        low[now], high[now], seeds[now] = found.low[now], found.high[now], count
    return low, high, seeds


@pytest.mark.parametrize("law", LAWS)
def test_stopping_by_width_keeps_its_coverage(law):
    """Looks at 100, 200, ..., 1000; a width that is reached about half way."""
    generator = np.random.default_rng(11)
    values = LAWS[law](generator, (1000, STUDIES))
    wanted = 1.96 * values.std() / np.sqrt(450)
    low, high, seeds = stopped_at(values, 100, 100, wanted)
    assert 200 < np.median(seeds) < 800
    assert len(np.unique(seeds)) > 2  # the rule has stopped at different looks
    coverage = ((low <= 0) & (high >= 0)).mean()
    known_loss = {"normal": 0.005, "exponential": 0.015, "lognormal": 0.03}[law]
    assert 0.95 - known_loss - MARGIN < coverage < 0.95 + MARGIN


def test_stopping_when_the_difference_shows_would_not():
    """The same looks, stopped by the difference: the harm that the rule avoids, and is large."""
    values = np.random.default_rng(12).normal(size=(1000, STUDIES))
    missed = np.zeros(STUDIES, dtype=bool)
    for count in looks(100, 100, 1000):
        found = contrast(
            Arm(values[:count], np.ones_like(values[:count])), zero_arm(count, STUDIES)
        )
        missed |= (found.low > 0) | (found.high < 0)
    assert missed.mean() > 0.15  # 0.19 for ten looks: Armitage, McPherson & Rowe (1969)


def test_the_interval_of_a_difference_of_ratios_covers():
    """Lots and losses that depend on each other, the same news in both arms; 200 seeds."""
    generator = np.random.default_rng(13)
    shape = (200, STUDIES)
    news = generator.gamma(2.0, 1.0, shape)
    lots = [generator.poisson(40 * scale + 10 * news).astype(float) for scale in (1.0, 2.0)]
    losses = [
        rate * number + news * generator.normal(0, 3, shape)
        for rate, number in zip((0.30, 0.25), lots, strict=True)
    ]
    found = contrast(Arm(losses[0], lots[0]), Arm(losses[1], lots[1]))
    coverage = ((found.low <= 0.05) & (found.high >= 0.05)).mean()
    assert abs(coverage - 0.95) < MARGIN


def test_bca_covers_a_skewed_mean():
    """400 studies of 60 seeds; bound of 0.95 -+ 4.4 standard errors and 0.02 for the small n."""
    generator = np.random.default_rng(14)
    values = LAWS["exponential"](generator, (60, 400))
    low, high = bca(Arm(values, np.ones_like(values)), zero_arm(60, 400))
    coverage = ((low <= 0) & (high >= 0)).mean()
    assert 0.93 - 4.4 * np.sqrt(0.95 * 0.05 / 400) < coverage < 0.999


def test_pairing_gains_what_the_correlation_says():
    """Equal variances and correlation 0.8: the gain is 1 / (1 - 0.8) = 5.

    The estimate of one study of 1000 seeds has a standard deviation below 5 %, so the mean of 400
    is within 1 % but for 4 standard errors, a false alarm of 10^-4.
    """
    generator = np.random.default_rng(15)
    common = generator.normal(size=(1000, 400))
    arms = [
        Arm(np.sqrt(0.8) * common + np.sqrt(0.2) * generator.normal(size=common.shape),
            np.ones_like(common))
        for _ in range(2)
    ]  # fmt: skip
    assert contrast(*arms).variance_reduction.mean() == pytest.approx(5.0, rel=0.01)
