"""Who wins what, and the split of a change among several rules."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import proteus
from proteus.analysis.change import attributed, corners_of, parties
from proteus.errors import ResultsError


def test_the_split_of_the_glove_game_is_the_published_one():
    """Two left gloves, one right: 1/6, 1/6, 2/3 (Osborne & Rubinstein, 1994, example 292.1)."""
    corners = {
        chosen: np.array([min(chosen[0] + chosen[1], int(chosen[2]))]) for chosen in corners_of(3)
    }
    shares, divisor = attributed(corners)
    assert [Fraction(int(share[0]), divisor) for share in shares] == [
        Fraction(1, 6), Fraction(1, 6), Fraction(2, 3),
    ]  # fmt: skip


@given(st.lists(st.integers(-(10**13), 10**13), min_size=8, max_size=8))
def test_shares_are_the_mean_over_all_orders_and_sum_to_the_change(values):
    every = corners_of(3)
    corners = {chosen: np.array([value]) for chosen, value in zip(every, values, strict=True)}
    shares, divisor = attributed(corners)
    assert sum(int(share[0]) for share in shares) == divisor * (values[-1] - values[0])
    for rule, share in enumerate(shares):
        added = 0
        for order in permutations(range(3)):
            before = set(order[: order.index(rule)])
            with_it = tuple(one in before or one == rule for one in range(3))
            without = tuple(one in before for one in range(3))
            added += int(corners[with_it][0]) - int(corners[without][0])
        assert int(share[0]) == added  # of 3! orders


@pytest.fixture(scope="module")
def dataset():
    return proteus.simulate(
        mechanism="clob", costs="kalshi", horizon_s=2, seeds=4, record={"warmup_s": 0},
        metrics={"tau_ms": 500},
    )  # fmt: skip


def test_parties_sum_to_zero_and_classes_to_their_terms(dataset):
    won = parties(dataset)
    assert (won.total.sum(axis=1) == 0).all()
    assert (won.total[:, won.names.index("venue")] > 0).all()
    np.testing.assert_array_equal(won.by_term.sum(axis=2), won.total[:, : len(won.classes)])


def test_results_that_do_not_add_up_are_refused(dataset):
    wrong = dataset.copy(deep=True)
    wrong["pnl_noise"][...] += 1e-9
    with pytest.raises(ResultsError, match="does not add up"):
        parties(wrong)
    with pytest.raises(ResultsError, match="pnl_by_term is not in the results"):
        parties(dataset.drop_vars("pnl_by_term"))
