"""Intervals of pairs and of estimates with controls cover as often as they say, by simulation.

Each column is a study of its own. A comparison is credible within the binomial error of its
coverage, false-alarm rate 1e-6, and what order 1/n may take (``test_pooled``).
"""

import numpy as np
import pytest

from proteus.analysis import controls
from proteus.analysis.statistics.paired import Arm, alone, contrast
from tests.helpers.budget import budget
from tests.statistical.test_pooled import covers, is_credible

pytestmark = pytest.mark.plain

UNITS, TRUTH = 100, 0.4


@pytest.mark.parametrize("correlation", [-0.7, 0.7])
def test_an_interval_of_pairs_covers_whatever_their_correlation(correlation):
    studies = budget("design_studies")
    random = np.random.default_rng(31)
    first, other = random.normal(size=(2, UNITS, studies))
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    seeds = TRUTH + np.exp(np.stack([first, second], axis=1) / 2) - np.exp(1 / 8)
    pairs = seeds.sum(axis=1)
    found = alone(Arm(pairs, np.full_like(pairs, 2.0)))
    assert is_credible(covers(found.low, found.high, TRUTH), studies, slack=0.02)
    # Counting seeds as independent covers too seldom, or too often, by far more than that.
    wrong = alone(Arm(seeds.reshape(2 * UNITS, -1), np.ones((2 * UNITS, studies))))
    assert not is_credible(covers(wrong.low, wrong.high, TRUTH), studies, slack=0.02)


def test_an_interval_with_controls_covers_and_is_narrower():
    """Six controls that explain half of a ratio of totals; what is left is skewed."""
    studies = budget("design_studies") // 4
    random = np.random.default_rng(32)
    hits, widths = 0, []
    for _ in range(studies):
        known = random.normal(size=(UNITS, 6))
        arms = []
        for truth in (TRUTH, 0.0):
            lots = random.gamma(4.0, 0.25, (UNITS, 1))
            rest = 0.2 * (random.exponential(size=(UNITS, 1)) - 1)
            slope = 0.2 * known.sum(axis=1, keepdims=True) / np.sqrt(6) * (1 + (truth > 0))
            arms.append(Arm(truth * lots + slope + rest, lots))
        every = np.array([True])
        kept = [Arm(controls.adjusted(arm, known, every), arm.below) for arm in arms]
        found, plain = contrast(*kept), contrast(*arms)
        hits += covers(found.low, found.high, TRUTH)
        widths.append((found.high - found.low) / (plain.high - plain.low))
    assert is_credible(hits, studies, slack=0.02)
    # The slopes differ by 0.2 and the rest has variance 2 x 0.04: a third of it is explained.
    assert np.mean(widths) == pytest.approx(np.sqrt(2 / 3), abs=0.02)
