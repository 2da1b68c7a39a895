"""Jumps of a price that is simulated here, found again; and none where there are none."""

import numpy as np
import pytest

from proteus.fit import news
from tests.helpers.budget import budget

pytestmark = pytest.mark.plain

SECONDS, STEP = 1000.0, 0.1
TRUE = {"volatility": 3.0, "jump_rate": 0.1, "jump_sd": 20.0}  # ticks


def path(seed, jump_rate=TRUE["jump_rate"], noise=0.5):
    draw = np.random.default_rng(seed)
    steps = int(SECONDS / STEP)
    moves = TRUE["volatility"] * np.sqrt(STEP) * draw.standard_normal(steps)
    for at in np.flatnonzero(draw.random(steps) < jump_rate * STEP):
        moves[at] += TRUE["jump_sd"] * draw.standard_normal()
    seen = np.rint(2 * (moves.cumsum() + noise * draw.standard_normal(steps))).astype(int)
    is_new = np.concatenate([[True], np.diff(seen) != 0])
    times = (np.arange(steps) * STEP * 1e9).astype(np.int64)
    return news.Path(times[is_new], 20_000 + seen[is_new])


def found(one):
    step, prices = news.grid([one], None)
    return news.news(prices, step, None)


def test_volatility_and_jumps_are_found_again():
    """Three intervals of each path at 95 %, of the logs of what is positive."""
    paths = budget("fit_paths")
    missed = 0
    for seed in range(paths):
        one = found(path(seed))
        assert one.without.p < 0.05
        for name, true in TRUE.items():
            value, error = getattr(one, name)
            missed += abs(np.log(value / true)) > 1.96 * error / value
    assert missed <= 0.05 * 3 * paths + 3.1 * np.sqrt(0.05 * 0.95 * 3 * paths) + 1


def test_the_mean_of_rows_that_depend_is_less_sure():
    """Of neighbours that share half of what they are: 4 / n, and 2 / n were they independent."""
    draw = np.random.default_rng(6).standard_normal((20_001, 1))
    rows = draw[1:] + draw[:-1]
    assert news._covariance(rows)[0, 0] == pytest.approx(4 / len(rows), rel=0.1)


def test_simulated_jumps_are_those_of_the_law_and_no_chance():
    """Their number and sizes are as the law says, so that all files do not share an error."""
    prices = [np.cumsum(np.random.default_rng(8).integers(-2, 3, 2000)).astype(float)]
    problem = news._Problem(prices, prices, 0.1, news._Scale(None))
    for share in (0.003, 0.01, 0.05):
        sizes = problem._jumps[problem._many > 1 - share]
        assert len(sizes) == pytest.approx(share * problem._many.size, abs=1)
        assert np.mean(sizes**2) == pytest.approx(1, abs=0.08)
        assert abs(sizes.mean()) < 0.05


def test_no_jumps_are_seen_where_there_are_none():
    one = found(path(1, jump_rate=0.0))
    assert one.jump_rate is None
    assert one.fit.p > 0.01
    assert abs(np.log(one.volatility.value / 3)) < 4 * one.volatility.error / 3


def test_a_price_that_hardly_moves_says_nothing():
    still = news.Path(np.array([0, 10**9, 10**11]), np.array([100, 102, 100]))
    assert found(still) is None
