"""Where means cross zero: against straight lines, the jackknife and intervals that must cover."""

import numpy as np
import pytest

from proteus.analysis.statistics.paired import Arm, contrast
from proteus.analysis.statistics.roots import root_between, upward_crossings


def _lines(seed, n, root=0.3):
    """Return n lines y = b (x - root) + noise of their own level and slope, at 0 and 1."""
    drawn = np.random.default_rng(seed)
    level, slope = drawn.normal(0, 1, n), 2 + drawn.normal(0, 0.4, n)
    return level - slope * root, level + slope * (1 - root)


def test_the_root_of_straight_lines_is_where_their_mean_is_zero():
    left, right = _lines(1, 40)
    found = root_between((0.0, 1.0), left, right)
    assert np.mean(left + found.value * (right - left)) == pytest.approx(0, abs=1e-12)
    assert found.slope == pytest.approx(np.mean(right - left))
    assert found.psi.sum() == pytest.approx(0, abs=1e-10)


def test_units_of_the_parameter_and_of_profit_change_nothing_else():
    left, right = _lines(2, 50)
    found = root_between((0.0, 1.0), left, right)
    moved = root_between((5.0, 15.0), 1e6 * left, 1e6 * right)
    assert moved.value == pytest.approx(5 + 10 * found.value)
    assert moved.half_width == pytest.approx(10 * found.half_width)


def test_the_standard_error_is_that_of_the_jackknife():
    left, right = _lines(3, 400)
    found = root_between((0.0, 1.0), left, right)
    without = [
        root_between((0.0, 1.0), np.delete(left, i), np.delete(right, i)).value for i in range(400)
    ]
    n = len(without)
    jackknife = np.sqrt((n - 1) * np.var(without))
    assert found.psi.std(ddof=1) / np.sqrt(n) == pytest.approx(jackknife, rel=0.02)


def test_intervals_cover_the_true_root():
    """Of 1,000 intervals 950 should; fewer than 920 or more than 978 by chance once in 10,000."""
    covered = 0
    for seed in range(1000):
        interval = root_between((0.0, 1.0), *_lines(seed, 60)).interval()
        covered += int(interval.low[0] <= 0.3 <= interval.high[0])
    assert 920 <= covered <= 978


def test_two_roots_over_the_same_seeds_are_nearer_than_each_is_known():
    left, right = _lines(4, 100)
    first = root_between((0.0, 1.0), left, right)
    other = root_between((0.0, 1.0), left - 0.02, right - 0.02)
    one = np.ones((100, 1))
    found = contrast(
        Arm((other.value + other.psi)[:, None], one), Arm((first.value + first.psi)[:, None], one)
    )
    assert found.difference[0] == pytest.approx(0.02 / first.slope)
    assert found.high[0] - found.low[0] < 0.1 * first.half_width


@pytest.mark.parametrize(
    ("means", "expected"),
    [([-1, 1], [0]), ([-1, 0], [0]), ([1, 2], []), ([1, -1], []), ([-1, 1, -2, -1, 3], [0, 3])],
)
def test_crossings_are_counted_upwards_only(means, expected):
    assert upward_crossings(means) == expected


def test_a_bracket_that_encloses_nothing_is_refused():
    with pytest.raises(ValueError, match="enclose no upward crossing"):
        root_between((0.0, 1.0), np.array([1.0]), np.array([2.0]))
