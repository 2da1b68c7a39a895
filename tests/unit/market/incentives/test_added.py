"""Scores of other packages: what orders, fills and epochs are worth under them, by hand."""

import numpy as np
import pytest

from proteus.market.book.codes import BUY, SELL
from proteus.market.incentives import scores, tables
from proteus.market.incentives.added import (
    FIRST_ADDED,
    _no_fill,
    _no_order,
    or_fill,
    or_order,
)
from proteus.market.incentives.codes import FINES, SHARE_ONE
from proteus.market.incentives.payments import fine_of, units_missed
from tests.unit.market.incentives.paper import UPTIME, incentives, reward, stand, state_of

pytestmark = pytest.mark.plain

# Trader 0 bids 3 at 48 and asks 2 at 52; trader 1 asks 4 at 53; trader 2 takes part as well.
BOOK = [(0, BUY, 48, 3), (0, SELL, 52, 2), (1, SELL, 53, 4), (2, BUY, 47, 5)]


def lots_by_distance(numbers, side, price, lots, middle):
    """So many lots times the half ticks within a range, of which there are ``numbers[0]``."""
    away = middle - 2 * price if side == BUY else 2 * price - middle
    return lots * max(numbers[0] - away, 0)


@pytest.fixture
def state(monkeypatch):
    """A policy in the place of ``uptime``, with the score of a package."""
    monkeypatch.setattr(
        scores, "points_of_order", or_order(FIRST_ADDED, lots_by_distance, _no_order)
    )
    made = state_of(incentives(p=reward(UPTIME)))
    table = made.table._replace(numbers=np.array([[10]]), min_lots=np.array([1]))
    table.score[0] = FIRST_ADDED
    return made._replace(table=table)


def sampled(state):
    stand(state, BOOK)
    scores.sample(state, 0, 0)
    return state.score[0, 0].tolist()


def test_a_sample_is_shared_by_the_points_of_both_sides(state):
    """The mid is 50: at 4, 4, 6 and 6 half ticks 18 + 12, 16 and 20 points, of 66."""
    shares = [30, 16, 20, 0]
    assert sampled(state) == [points * SHARE_ONE // 66 for points in shares]


def test_the_thinner_side_counts_where_it_says_so(state):
    """Only trader 0 is on both sides."""
    state.table.both_sides[0] = True
    assert sampled(state) == [SHARE_ONE, 0, 0, 0]


def test_a_measure_charges_each_point_of_each_sample(state):
    state.table.act[0] = FINES
    state.table.amount[0, 0] = 7
    sampled(state)
    assert sampled(state) == [60, 32, 40, 0]
    assert [units_missed(state, 0, 0, trader) for trader in range(4)] == [60, 32, 40, 0]
    assert [fine_of(state, 0, 0, trader) for trader in range(4)] == [420, 224, 280, 0]


def test_who_takes_no_part_scores_nothing(state):
    state.table.takes_part[0, 0] = False
    assert sampled(state) == [0, 16 * SHARE_ONE // 36, 20 * SHARE_ONE // 36, 0]


def test_a_side_of_a_fill_scores_by_the_rule_but_not_within_a_group(monkeypatch, state):
    part = or_fill(FIRST_ADDED, lambda numbers, side, makes, price, lots: lots * makes, _no_fill)
    monkeypatch.setattr(scores, "points_of_fill", part)

    def of(trader, group, other_group, makes):
        given = trader, BUY, other_group, group, makes, 50, 6
        return scores.added_of_fill(state.table, 0, *given)

    assert of(0, 1, 2, True) == 6
    assert of(0, 1, 2, False) == 0
    assert of(0, 1, 1, True) == 0
    assert of(0, -1, -1, True) == 6  # of no group
    state.table.takes_part[0, 0] = False
    assert of(0, 1, 2, True) == 0


def test_a_policy_has_the_numbers_of_its_score(monkeypatch):
    monkeypatch.setattr(tables, "ADDED_KINDS", {"uptime": None})
    score = incentives(p=reward(UPTIME)).policies["p"].score
    monkeypatch.setattr(type(score), "numbers", lambda self, tick_nano: (tick_nano, 5))
    monkeypatch.setattr(type(score), "BOTH_SIDES", True)
    table = state_of(incentives(p=reward(UPTIME), q=reward(UPTIME))).table
    assert table.numbers.tolist() == [[10**7, 5], [10**7, 5]]
    assert table.both_sides.tolist() == [True, True]
    assert table.min_lots.tolist() == [5, 5]
