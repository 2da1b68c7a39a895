"""Scores against the worked examples of the venues, exactly, and against laws.

The examples are those of facts/venues.md, C.1 and C.2. A bid on the complement is an ask here, so
both books of the venue are one.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from proteus.basics.schema import MAX_LOTS
from proteus.market.book.codes import BUY, SELL
from proteus.market.incentives import checks
from proteus.market.incentives.codes import SHARE_ONE
from proteus.market.incentives.scores import (
    count_depth,
    count_quadratic,
    is_response,
    join_sides,
    middle_doubled,
    sample,
    volume_of_fill,
)
from tests.unit.market.incentives.paper import (
    DEPTH,
    MISSED,
    RESPONSE,
    TWO_SIDED,
    UPTIME,
    VOLUME,
    incentives,
    mirrored,
    penalty,
    reward,
    scores,
    stand,
    state_of,
)

pytestmark = pytest.mark.plain

HALF = 0.005  # currency; with a tick of half a cent a distance of half a cent is two half ticks
OTHER = 3  # a taker, who takes no part where only makers do


def two_sided(**keys):
    return incentives(p=reward(TWO_SIDED | keys, traders="makers"))


def points_of(policies, rows, **sizes):
    """The points of each trader by side, and what both make together, of Polymarket's score."""
    state = state_of(policies, **sizes)
    stand(state, rows)
    middle = middle_doubled(state.standing, 0, state.table.min_lots[0])
    count_quadratic(state.table, 0, state.standing, state.points, 0, middle)
    by_side = state.points[0].tolist()
    join_sides(state.table, 0, state.points, 0, middle)
    return by_side, state.points[0, :, BUY].tolist()


# --- Polymarket -----------------------------------------------------------------------------------

# v = 3 cents: s in half cents -> S(3, s), as the source prints it.
WEIGHTS = [(0, "1"), (1, ".694444"), (2, ".444444"), (3, ".25"), (4, ".111111"), (5, ".027778"),
           (6, "0")]  # fmt: skip


@pytest.mark.parametrize(("half_cents", "printed"), WEIGHTS)
def test_the_weight_of_a_distance(half_cents, printed):
    """The mid is 0.50 by the orders of somebody who takes no part."""
    rows = [(OTHER, BUY, 100, 1), (OTHER, SELL, 100, 1), (0, BUY, 100 - half_cents, 1)]
    by_side, _ = points_of(two_sided(), rows, tick=HALF)
    exact = Fraction(by_side[0][BUY], 12**2)  # v is 12 half ticks
    assert exact == Fraction(6 - half_cents, 6) ** 2
    assert abs(exact - Fraction(printed)) < Fraction(1, 10**6)


FIRST_SIDE = [(0, BUY, 98, 100), (0, BUY, 96, 200), (0, BUY, 98, 100)]  # .49, .48; .51 on m'
SECOND_SIDE = [(0, SELL, 103, 100), (0, SELL, 104, 100), (0, SELL, 101, 200)]  # 1.5, 2, 0.5 cents
AROUND = [(OTHER, BUY, 99, 5), (OTHER, SELL, 101, 5)]  # so that the mid is 0.50


def test_both_sides_of_the_worked_example():
    by_side, joint = points_of(two_sided(), FIRST_SIDE + SECOND_SIDE + AROUND, tick=HALF)
    assert Fraction(by_side[0][BUY], 144) == Fraction(1000, 9)  # 111.1111
    assert Fraction(by_side[0][SELL], 144) == 175
    assert Fraction(joint[0], 3 * 144) == Fraction(1000, 9)


def test_one_side_alone_scores_a_third_within_the_band_and_nothing_outside():
    _, joint = points_of(two_sided(), FIRST_SIDE + AROUND, tick=HALF)
    assert Fraction(joint[0], 3 * 144) == Fraction(1000, 27)  # 37.0370
    _, joint = points_of(two_sided(highest_mid=0.495), FIRST_SIDE + AROUND, tick=HALF)
    assert joint[0] == 0


@pytest.mark.parametrize(
    ("middle", "scores_alone"), [(10, True), (90, True), (9, False), (91, False)]
)
def test_both_ends_of_the_band_belong_to_it(middle, scores_alone):
    rows = [(0, BUY, middle - 1, 10), (OTHER, SELL, middle + 1, 10)]
    _, joint = points_of(two_sided(), rows)
    assert (joint[0] > 0) == scores_alone


def test_a_sample_is_a_share_of_what_all_score():
    """Twice the size is twice the share; whoever takes no part is not counted."""
    rows = [(0, BUY, 49, 10), (0, SELL, 51, 10), (1, BUY, 49, 20), (1, SELL, 51, 20)]
    rows += [(OTHER, BUY, 49, 1000), (OTHER, SELL, 51, 1000)]
    assert scores(two_sided(), rows) == [SHARE_ONE // 3, 2 * SHARE_ONE // 3, 0, 0]


def test_the_mid_is_that_of_orders_of_the_least_size():
    """A lot alone in the middle neither scores nor moves the mid that others are measured from."""
    rows = [(0, BUY, 48, 10), (0, SELL, 52, 10)]
    tiny = [(1, BUY, 51, 1)]
    plain, _ = points_of(two_sided(min_lots=5), rows)
    gamed, _ = points_of(two_sided(min_lots=5), rows + tiny)
    assert gamed == plain
    assert scores(two_sided(min_lots=5), rows + tiny) == [SHARE_ONE, 0, 0, 0]
    assert scores(two_sided(min_lots=1), rows + tiny)[0] < SHARE_ONE  # the size is what stops it


def test_near_0_and_1_one_side_alone_is_worth_nothing():
    """There it costs nothing: a bid at 0.01 can lose a cent at most."""
    rows = [(0, BUY, 2, 1000), (1, BUY, 2, 10), (1, SELL, 4, 10)]
    assert scores(two_sided(), rows) == [0, SHARE_ONE, 0, 0]


# --- Kalshi ---------------------------------------------------------------------------------------

depth = incentives(p=reward(DEPTH))
A, B, C, D = range(4)
BIDS = [(A, BUY, 50, 300), (B, BUY, 49, 400), (C, BUY, 48, 500), (D, BUY, 47, 1000)]
THIN_ASK = [(D, SELL, 60, 1)]


def depth_points(rows, **keys):
    state = state_of(incentives(p=reward(DEPTH | keys)))
    stand(state, rows)
    count_depth(state.table, 0, state.standing, state.points, 0, BUY)
    return [Fraction(points, 10**9) for points in state.points[0, :, BUY].tolist()]


def test_the_worked_example_of_the_target():
    """The level that reaches the target counts as a whole, what is deeper does not."""
    assert depth_points(BIDS) == [300, 200, 125, 0]
    shares = [Fraction(48, 100), Fraction(32, 100), Fraction(20, 100), 0]
    assert scores(depth, BIDS + THIN_ASK) == [share * SHARE_ONE for share in shares]


def test_nobody_qualifies_where_the_target_is_not_reached():
    assert depth_points(BIDS[:2]) == [0, 0, 0, 0]
    assert depth_points(BIDS[:3], target_lots=1200) == [300, 200, 125, 0]
    assert depth_points(BIDS[:3], target_lots=1201) == [0, 0, 0, 0]


def test_each_side_is_worth_as_much_as_the_other():
    """All scores add up to two where both sides qualify, whatever their sizes."""
    asks = [(A, SELL, 51, 2000)]
    assert scores(depth, BIDS + asks) == [
        SHARE_ONE + SHARE_ONE * 48 // 100, SHARE_ONE * 32 // 100, SHARE_ONE * 20 // 100, 0,
    ]  # fmt: skip


@pytest.mark.parametrize(("best", "qualifies"), [(98, True), (99, False)])
def test_a_side_that_is_nearly_certain_is_skipped(best, qualifies):
    rows = [(A, BUY, best, 1000), (B, SELL, best + 1, 1000)] if best < 99 else [
        (A, BUY, 99, 1000), (B, SELL, 99, 1000)]  # fmt: skip
    state = state_of(depth)
    for side, book in ((BUY, rows), (SELL, mirrored(rows))):
        state.points[:] = 0
        stand(state, book)
        count_depth(state.table, 0, state.standing, state.points, 0, side)
        assert (state.points[0, A, side] > 0) == qualifies


def test_steps_may_be_wider_than_a_tick():
    """With ticks of a tenth of a cent, orders up to a cent behind the best have its weight."""
    policies = incentives(p=reward(DEPTH | {"target_lots": 4}))
    state = state_of(policies, tick=0.001)
    stand(state, [(A, BUY, 500, 1), (B, BUY, 491, 1), (C, BUY, 490, 1), (D, BUY, 480, 1)])
    count_depth(state.table, 0, state.standing, state.points, 0, BUY)
    assert state.points[0, :, BUY].tolist() == [10**9, 10**9, 5 * 10**8, 25 * 10**7]


# --- presence, volume, answers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "is_there"),
    [
        ([(0, BUY, 49, 5), (0, SELL, 51, 5)], True),
        ([(0, BUY, 49, 4), (0, SELL, 51, 5)], False),  # too little
        ([(0, BUY, 49, 2), (0, BUY, 48, 3), (0, SELL, 51, 5)], True),  # together enough
        ([(0, BUY, 47, 5), (0, SELL, 53, 5)], True),  # just near enough
        ([(0, BUY, 47, 5), (0, SELL, 54, 5)], False),
        ([(0, BUY, 49, 5)], False),  # one side
    ],
)
def test_presence_takes_both_sides_size_and_nearness(rows, is_there):
    others = [(OTHER, BUY, 49, 9), (OTHER, SELL, 51, 9)]
    for policy in (reward(UPTIME), penalty(MISSED, {"name": "fine", "amount": 1})):
        assert scores(incentives(p=policy), rows + others)[0] == is_there


def test_volume_counts_lots_by_role_and_band():
    table = state_of(incentives(p=reward(VOLUME, traders="makers"))).table
    taker_only = state_of(incentives(p=reward(VOLUME | {"role": "taker"}))).table
    for price, counts in ((2, 0), (3, 7), (50, 7), (97, 7), (98, 0)):
        assert volume_of_fill(table, 0, 0, 1, 0, True, price, 7) == counts
        assert volume_of_fill(table, 0, 0, 1, 0, False, price, 7) == counts
        assert volume_of_fill(taker_only, 0, 0, 1, 0, True, price, 7) == 0
        assert volume_of_fill(taker_only, 0, 0, 1, 0, False, price, 7) == counts
    assert volume_of_fill(table, 0, OTHER, 1, 0, True, 50, 7) == 0  # takes no part


def test_trading_with_the_own_group_earns_nothing():
    """The farm: two traders of a group pass lots to and fro. Who has no group is alone."""
    table = state_of(incentives(p=reward(VOLUME))).table
    assert volume_of_fill(table, 0, 0, 5, 5, True, 50, 1000) == 0
    assert volume_of_fill(table, 0, 0, 6, 5, True, 50, 1000) == 1000
    assert volume_of_fill(table, 0, 0, -1, -1, True, 50, 1000) == 1000


@pytest.mark.parametrize(
    ("elapsed_ms", "distance", "lots", "wanted", "counts"),
    [
        (50, 6, 5, 9, True), (51, 6, 5, 9, False), (50, 7, 5, 9, False), (50, 6, 4, 9, False),
        (50, 6, 4, 4, True),
    ],
)  # fmt: skip
def test_an_answer_counts_in_time_near_and_large_enough(elapsed_ms, distance, lots, wanted, counts):
    table = state_of(incentives(p=reward(RESPONSE, traders="makers"))).table
    assert is_response(table, 0, 0, elapsed_ms * 10**6, distance, lots, wanted) == counts
    assert not is_response(table, 0, OTHER, elapsed_ms * 10**6, distance, lots, wanted)


# --- laws of all book scores ----------------------------------------------------------------------

BOOK_SCORES = {
    "two_sided": reward(TWO_SIDED | {"min_lots": 3}), "uptime": reward(UPTIME),
    "depth": reward(DEPTH | {"target_lots": 20}),
}  # fmt: skip


@st.composite
def books(draw):
    """Up to eight orders on each side of 0.50, of three traders."""
    traders, lots = st.integers(0, 2), st.integers(1, 30)
    bids = draw(st.lists(st.tuples(traders, st.integers(40, 49), lots), max_size=8))
    asks = draw(st.lists(st.tuples(traders, st.integers(50, 60), lots), max_size=8))
    return [(trader, BUY, price, size) for trader, price, size in bids] + [
        (trader, SELL, price, size) for trader, price, size in asks
    ]


@pytest.mark.parametrize("name", BOOK_SCORES)
@settings(max_examples=60, deadline=None)
@given(rows=books(), numbers=st.permutations(range(3)), order=st.randoms(use_true_random=False))
def test_scores_follow_the_traders_and_mirror(name, rows, numbers, order):
    """Other numbers, another order within a level, the reflected book: the same scores."""
    policies = incentives(p=BOOK_SCORES[name])
    before = scores(policies, rows)
    moved = [(numbers[trader], *rest) for trader, *rest in rows]
    order.shuffle(moved)
    after = scores(policies, moved)
    assert [after[numbers[trader]] for trader in range(3)] == before[:3]
    assert scores(policies, mirrored(rows)) == before
    assert name == "uptime" or -sum(before) % SHARE_ONE < 6  # one for each share is lost at most


@pytest.mark.parametrize("name", BOOK_SCORES)
@settings(max_examples=40, deadline=None)
@given(rows=books(), factor=st.integers(2, 1000))
def test_scores_do_not_depend_on_the_size_of_a_lot(name, rows, factor):
    """All sizes times a factor, and those of the policy with them."""
    policy = BOOK_SCORES[name]
    sizes = {key: policy["score"][key] * factor for key in ("min_lots", "target_lots")
             if key in policy["score"]}  # fmt: skip
    scaled = incentives(p=policy | {"score": policy["score"] | sizes})
    larger = [(trader, side, price, lots * factor) for trader, side, price, lots in rows]
    assert scores(scaled, larger) == scores(incentives(p=policy), rows)


@settings(max_examples=60, deadline=None)
@given(rows=books(), cut=st.integers(1, 20))
def test_a_large_order_scores_as_the_parts_that_it_is_made_of(rows, cut):
    """Returns to size are constant, so there is nothing to gain by splitting or pooling."""
    assume(rows)
    trader, side, price, lots = rows[0]
    split = [(trader, side, price, cut), (trader, side, price, lots), *rows[1:]]
    whole = [(trader, side, price, lots + cut), *rows[1:]]
    for name in ("two_sided", "depth"):
        policy = BOOK_SCORES[name]
        if name == "two_sided":
            policy = reward(TWO_SIDED)  # without a least size
        policies = incentives(p=policy)
        assert scores(policies, split) == scores(policies, whole)


@pytest.mark.parametrize("rows", [[], [(0, BUY, 50, 5000)], [(0, SELL, 50, 5000)]])
@pytest.mark.parametrize("name", BOOK_SCORES)
def test_without_a_mid_everybody_scores_nothing(name, rows):
    policies = incentives(p=BOOK_SCORES[name])
    assert scores(policies, rows) == [0, 0, 0, 0]


@pytest.mark.parametrize("name", BOOK_SCORES)
def test_lanes_and_policies_keep_to_their_own(name):
    state = state_of(incentives(a=reward(UPTIME), b=BOOK_SCORES[name]), lanes=3)
    for lane in range(3):
        stand(state, [(0, BUY, 49, 50), (0, SELL, 51, 50)], lane)
    sample(state, 1, 1)
    others = np.ones(state.score.shape, bool)
    others[1, 1] = False
    assert state.score[1, 1, 0] > 0
    assert not state.score[others].any()
    assert state.samples.tolist() == [[0, 0], [0, 1], [0, 0]]


# --- nothing leaves int64 -------------------------------------------------------------------------


def test_the_largest_book_at_the_largest_spread_stays_in_int64():
    """As many lots as may rest, all of them at the mid, and the widest spread that is allowed."""
    market = checks.Market(20 * 10**9, 10**4, False, 2, 2, None, None)  # 100,000 ticks
    fits, too_wide = 0.09459, 0.0946
    assert not [*checks.contradictions(two_sided(max_spread=fits), market)]
    found = [*checks.contradictions(two_sided(max_spread=too_wide), market)]
    allowed = "at most 9459 ticks with one_side_divisor=3"
    assert found == [("p.score.max_spread", too_wide, allowed)]
    orders = checks.MOST_LOTS // MAX_LOTS
    assert checks.room_for(orders)
    assert not checks.room_for(orders + 1)
    lots = orders * MAX_LOTS // 3
    rows = [(0, BUY, 50_000, lots), (1, BUY, 50_000, lots), (0, SELL, 50_000, lots)]
    _, joint = points_of(two_sided(max_spread=fits), rows, tick=10**-5)
    assert joint[0] == 3 * (2 * 9459) ** 2 * lots
    assert joint[0] + joint[1] < 2**63
    shares = scores(two_sided(max_spread=fits), rows, tick=10**-5)
    assert shares == [SHARE_ONE * 3 // 4, SHARE_ONE // 4, 0, 0]
    state = state_of(incentives(p=reward(DEPTH)), tick=10**-5)
    stand(state, rows)
    count_depth(state.table, 0, state.standing, state.points, 0, BUY)
    assert sum(state.points[0, :, BUY].tolist()) == 10**9 * 2 * lots < 2**63
