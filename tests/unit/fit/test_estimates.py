"""Closed estimates against likelihoods that are maximised by search, and cuts against all cuts."""

import itertools

import numpy as np
import pytest
from scipy import optimize

from proteus.fit import estimates
from proteus.fit.distances import pieces

pytestmark = pytest.mark.plain


def best(minus_log_likelihood, low, high):
    """The maximum and the error that the curvature there gives."""
    found = optimize.minimize_scalar(
        minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-10}
    ).x
    step = 1e-3 * found
    curvature = (
        minus_log_likelihood(found + step)
        - 2 * minus_log_likelihood(found)
        + minus_log_likelihood(found - step)
    ) / step**2
    return found, 1 / np.sqrt(curvature)


def test_sizes_that_were_cut_count_as_at_least_as_large():
    draw = np.random.default_rng(1)
    full, room = draw.geometric(0.25, 4000), draw.integers(1, 12, 4000)
    lots, is_cut = np.minimum(full, room), full >= room

    def minus(mean):
        share = 1 / mean
        exact = np.log(share) + (lots - 1) * np.log1p(-share)
        beyond = (lots - 1) * np.log1p(-share)
        is_beyond = is_cut | (lots == lots.max())
        return -np.where(is_beyond, beyond, exact).sum()

    found = estimates.sizes(lots, is_cut)
    value, error = best(minus, 1.01, 50)
    assert found.mean.value == pytest.approx(value, rel=1e-6)
    assert found.mean.error == pytest.approx(error, rel=1e-3)
    assert abs(found.mean.value - 4) < 4 * found.mean.error
    assert lots.mean() < 3.5  # what a plain mean would say
    assert found.fit.p > 0.01
    assert estimates.sizes(full**2, np.zeros(4000, bool)).fit.p < 1e-6


def test_lifetimes_that_a_trade_ends_are_censored():
    draw = np.random.default_rng(2)
    life, trade = draw.exponential(5, 4000), draw.exponential(3, 4000)
    age, is_cancelled = np.minimum(life, trade), life < trade

    def minus(mean):
        return (age / mean).sum() + is_cancelled.sum() * np.log(mean)

    found = estimates.lifetimes(age, is_cancelled)
    value, error = best(minus, 0.1, 50)
    assert found.mean_s.value == pytest.approx(value, rel=1e-6)
    assert found.mean_s.error == pytest.approx(error, rel=1e-3)
    assert abs(found.mean_s.value - 5) < 4 * found.mean_s.error
    assert age[is_cancelled].mean() < 2.5  # what a mean of the lifetimes seen would say
    assert found.fit.p > 0.01
    assert estimates.lifetimes(age**2, is_cancelled).fit.p < 1e-6
    lots = draw.integers(1, 9, 4000)
    of_lots = estimates.lifetimes_of_lots(age * lots, lots * is_cancelled)
    assert abs(of_lots.mean_s.value - 5) < 4 * of_lots.mean_s.error
    assert of_lots.mean_s.error > found.mean_s.error


def test_errors_cover_what_is_true_as_often_as_they_say():
    """Of 4 x 500 intervals 1,900 are expected; fewer than 1,855 or more than 1,941 happen once in
    a thousand."""
    draw = np.random.default_rng(3)
    hits = 0
    for _ in range(500):
        count = draw.poisson(300)
        one, _ = estimates.rate(count, 100.0, np.zeros(0))
        full, room = draw.geometric(0.25, count), draw.integers(1, 12, count)
        size = estimates.sizes(np.minimum(full, room), full >= room).mean
        life, trade, lots = draw.exponential(5, count), draw.exponential(3, count), full
        age = np.minimum(life, trade)
        last = estimates.lifetimes(age, life < trade).mean_s
        of_lots = estimates.lifetimes_of_lots(age * lots, lots * (life < trade)).mean_s
        for found, true in ((one, 3), (size, 4), (last, 5), (of_lots, 5)):
            hits += abs(found.value - true) < 1.96 * found.error
    assert 1855 <= hits <= 1941


def test_cuts_have_the_largest_likelihood_of_all_cuts():
    draw = np.random.default_rng(4)
    distance = np.concatenate([
        draw.integers(0, 3, 300), draw.integers(3, 9, 150), draw.integers(9, 14, 600)
    ])  # fmt: skip
    found = pieces(distance)
    counts = np.bincount(distance)

    def likelihood(ends):
        total = 0.0
        for low, high in itertools.pairwise((0, *ends, len(counts))):
            many = counts[low:high].sum()
            total += many * np.log(many / (len(distance) * (high - low)))
        return total

    def worth(many):
        made = [likelihood(ends) for ends in itertools.combinations(range(1, 14), many - 1)]
        return max(made) - (many - 1) * np.log(len(distance))

    numbers = {many: worth(many) for many in (1, 2, 3, 4)}
    assert max(numbers, key=numbers.get) == len(found.low) == 3
    best_ends = max(itertools.combinations(range(1, 14), 2), key=likelihood)
    assert (*best_ends,) == tuple(found.low[1:])
    assert (found.low[0], found.high) == (0, [best_ends[0] - 1, best_ends[1] - 1, 13])
    assert found.fit.p > 0.001


def test_a_uniform_law_is_one_piece_and_few_that_stand_far_away_are_left_out():
    draw = np.random.default_rng(5)
    distance = np.concatenate([draw.integers(-2, 11, 5000), [4000, 90_000, -800]])
    found = pieces(distance)
    assert (found.low, found.high) == ([-2], [10])
