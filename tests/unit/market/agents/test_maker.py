"""The market maker, by hand: prices, sizes, risk limit, belief, and its two estimates."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.agents import maker
from proteus.market.agents.base import Members
from proteus.market.agents.traders import (
    INTENT_QUOTE,
    allocate_intents,
    allocate_private,
    allocate_view,
)
from proteus.market.book.codes import BUY, GTC, SELL
from proteus.market.costs.state import Uncharged

pytestmark = pytest.mark.plain

MS = 10**6
# Everything off but a half-spread of 10 ticks; each test switches on what it is about.
PLAIN = {
    "half_spread": 0.01,
    "inventory_slope": 0,
    "skew": 0,
    "volatility_weight": 0,
    "adverse_selection_weight": 0,
    "volatility_decay": 0,
    "adverse_selection_decay": 0,
    "adverse_selection_horizon_ms": 500,
    "belief_gain_trade": 0,
    "belief_gain_fill": 0,
    "belief_gain_signal": 0,
    "quote_lots": 10,
    "inventory_limit_lots": 100,
    "at_limit": "pull",
    "widen_by": 0,
}


class Mind:
    """One maker, alone, who sees what the test writes."""

    def __init__(self, belief=0.5, n_ticks=1000, **policy):
        policies = ((0, maker.MakerPolicy(**PLAIN | policy)),)
        members = Members(policies, np.zeros(1), 1, 1, n_ticks, 100)
        self.state = maker.make(members, belief, growth=1)
        self.view = allocate_view(1, 8)
        self.private = allocate_private(1, 1)
        self.intents = allocate_intents(1)

    def decide(self, time=0, prints=(), signal=None, look=0):
        """Decide and return ((bid, lots), (ask, lots))."""
        self.view.time[0] = time
        self.view.n_prints[0] = len(prints)
        self.view.print_price[0, : len(prints)] = prints
        self.view.look[0] = look
        self.view.signal[0] = 0.0 if signal is None else signal
        self.intents.count[0] = 0
        has_signal, costs = signal is not None, Uncharged()
        maker.decide(self.state, self.view, self.private, has_signal, costs, self.intents, 0, 0)
        assert self.intents.count[0] == 2
        assert list(self.intents.kind[0, :2]) == [INTENT_QUOTE] * 2
        assert list(self.intents.side[0, :2]) == [BUY, SELL]
        assert list(self.intents.lifetime[0, :2]) == [GTC] * 2
        assert list(self.intents.duration[0, :2]) == [0] * 2
        assert list(self.intents.belief[0, :2]) == [self.belief] * 2
        prices, lots = self.intents.price[0], self.intents.lots[0]
        return (int(prices[0]), int(lots[0])), (int(prices[1]), int(lots[1]))

    def prices(self, **seen):
        (bid, _), (ask, _) = self.decide(**seen)
        return bid, ask

    def lots(self, **seen):
        (_, bid_lots), (_, ask_lots) = self.decide(**seen)
        return bid_lots, ask_lots

    def fill(self, sign, time, quoted_belief=0.5):
        maker.learn_fill(self.state, 0, 0, float(sign), quoted_belief, time, time)

    @property
    def belief(self):
        return self.state.belief[0, 0]

    @property
    def sigma(self):
        return self.state.volatility[0, 0]

    @property
    def adverse(self):
        return self.state.adverse[0, 0]


# --- prices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "position", "sigma", "adverse", "expected"),
    [
        # r = 0.5, h = 0.01
        ({}, 0, 0, 0, (490, 510)),
        ({}, 7, 0.004, 0.002, (490, 510)),
        # r = 0.5 - 0.001 x 7
        ({"skew": 0.001}, 7, 0, 0, (483, 503)),
        ({"skew": 0.001}, -7, 0, 0, (497, 517)),
        # h = 0.01 + 0.001 x |7|
        ({"inventory_slope": 0.001}, 7, 0, 0, (483, 517)),
        ({"inventory_slope": 0.001}, -7, 0, 0, (483, 517)),
        # h = 0.01 + 2 x 0.004
        ({"volatility_weight": 2}, 0, 0.004, 0, (482, 518)),
        # h = 0.01 + 3 x 0.002; a gain does not narrow it
        ({"adverse_selection_weight": 3}, 0, 0, 0.002, (484, 516)),
        ({"adverse_selection_weight": 3}, 0, 0, -0.002, (490, 510)),
        # r = 0.5 - 0.002 x 5 = 0.49; h = 0.01 + 0.001 x 5 + 0.5 x 0.004 + 1 x 0.003 = 0.02
        (
            {"skew": 0.002, "inventory_slope": 0.001, "volatility_weight": 0.5,
             "adverse_selection_weight": 1}, 5, 0.004, 0.003, (470, 510),
        ),
    ],
)  # fmt: skip
def test_reservation_price_and_each_term_of_the_half_spread(
    policy, position, sigma, adverse, expected
):
    mind = Mind(**policy)
    mind.private.position[0, 0] = position
    mind.state.volatility[0, 0] = sigma
    mind.state.adverse[0, 0] = adverse
    assert mind.prices() == expected


@pytest.mark.parametrize(
    ("belief", "half_spread", "expected"),
    [
        (0.5, 0.0101, (489, 511)),
        (0.5, 0.0105, (489, 511)),
        (0.5, 0.0109, (489, 511)),
        (0.5004, 0.01, (490, 511)),
        (0.4996, 0.01, (489, 510)),
        (0.5, 0.0, (500, 500)),
        # (0.3 - 0.1) x 1000 is just below 200 and (0.7 + 0.1) x 1000 just below or above 800
        (0.3, 0.1, (200, 400)),
        (0.7, 0.1, (600, 800)),
    ],
)
def test_prices_are_rounded_outward_to_whole_ticks(belief, half_spread, expected):
    assert Mind(belief, half_spread=half_spread).prices() == expected


def test_a_whole_tick_stays_where_it_is_in_spite_of_binary_fractions():
    for tick, spread in itertools.product(range(30, 971), (1, 7, 10, 30)):
        bid, ask = Mind(tick / 1000, half_spread=spread / 1000).prices()
        assert (bid, ask) == (tick - spread, tick + spread)


@pytest.mark.parametrize(
    ("belief", "expected_lots"),
    [
        (0.012, (10, 10)),  # bid at 2
        (0.011, (10, 10)),  # bid at 1
        (0.010, (0, 10)),  # bid at 0
        (0.005, (0, 10)),
        (0.988, (10, 10)),
        (0.989, (10, 10)),  # ask at 999
        (0.990, (10, 0)),  # ask at 1000
        (0.995, (10, 0)),
    ],
)
def test_a_side_whose_price_leaves_the_range_is_not_quoted(belief, expected_lots):
    assert Mind(belief).lots() == expected_lots


# --- sizes and the risk limit ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("position", "expected_lots"),
    [
        (0, (10, 10)),
        (1, (9, 10)),  # 10 x 99 / 100
        (50, (5, 10)),
        (55, (4, 10)),  # 10 x 45 / 100
        (90, (1, 10)),
        (91, (0, 10)),
        (100, (0, 10)),
        (120, (0, 10)),
        (-50, (10, 5)),
        (-100, (10, 0)),
    ],
)
def test_the_size_shrinks_with_inventory(position, expected_lots):
    mind = Mind()
    mind.private.position[0, 0] = position
    assert mind.lots() == expected_lots


@pytest.mark.parametrize(
    ("position", "exposure", "expected_lots"),
    [
        (0, (0, 0), (10, 10)),
        (0, (90, 0), (10, 10)),
        (0, (95, 0), (5, 10)),  # 100 - 95
        (0, (95, 98), (5, 2)),
        (0, (100, 0), (0, 10)),
        (0, (130, 0), (0, 10)),
        (40, (57, 0), (3, 10)),  # min(10 x 60 / 100, 100 - 40 - 57)
        (-60, (0, 39), (10, 1)),  # min(10 x 40 / 100, 100 - 60 - 39)
    ],
)
def test_worst_case_exposure_bounds_the_quote(position, exposure, expected_lots):
    mind = Mind()
    mind.private.position[0, 0] = position
    mind.private.exposure[0, 0] = exposure
    assert mind.lots() == expected_lots


@pytest.mark.parametrize(
    ("position", "exposure", "standing", "expected_bid"),
    [
        # limit 15, size 10; what stands is (price, lots)
        (0, 10, (490, 10), 10),  # stands as it should: needs no room
        (0, 10, (489, 10), 5),  # must move: both versions may fill
        (0, 15, (490, 5), 10),  # never topped up, so it needs no room either
        (9, 5, (490, 5), 1),  # wants 4; if 4 of the 5 fill first, 9 + 4 + 4 would be 17
        (9, 6, (490, 5), 0),
        (9, 4, (490, 4), 4),
    ],
)
def test_a_replace_needs_room_beside_the_version_it_replaces(
    position, exposure, standing, expected_bid
):
    mind = Mind(inventory_limit_lots=15)
    mind.private.position[0, 0] = position
    mind.private.exposure[0, 0, BUY] = exposure
    mind.private.quote_id[0, 0, BUY] = 7
    mind.private.quote_price[0, 0, BUY], mind.private.quote_lots[0, 0, BUY] = standing
    assert mind.decide()[0] == (490, expected_bid)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(-40, 30), st.data())
def test_whatever_is_sent_fits_under_the_limit(quote, limit, position, data):
    mind = Mind(quote_lots=quote, inventory_limit_lots=limit)
    mind.private.position[0, 0] = position
    for side, signed in ((BUY, position), (SELL, -position)):
        exposure = data.draw(st.integers(0, max(limit - signed, 0)))
        mind.private.exposure[0, 0, side] = exposure
        mind.private.quote_lots[0, 0, side] = data.draw(st.integers(0, exposure))
        mind.private.quote_id[0, 0, side] = mind.private.quote_lots[0, 0, side] > 0
        mind.private.quote_price[0, 0, side] = data.draw(st.sampled_from([489, 490, 510, 511]))
    wanted = mind.decide()
    for side, signed in ((BUY, position), (SELL, -position)):
        price, lots = wanted[side]
        stands = mind.private.quote_id[0, 0, side] and mind.private.quote_price[0, 0, side] == price
        is_sent = lots > 0 and not (stands and lots >= mind.private.quote_lots[0, 0, side])
        assert 0 <= lots <= quote
        assert not is_sent or signed + mind.private.exposure[0, 0, side] + lots <= limit


def test_at_the_limit_the_side_is_pulled_or_widened():
    for position, widened in ((100, (470, 510)), (-100, (490, 530))):
        mind = Mind(at_limit="widen", widen_by=0.02)
        mind.private.position[0, 0] = position
        assert mind.decide() == ((widened[0], 10), (widened[1], 10))
        mind = Mind(widen_by=0.02)
        mind.private.position[0, 0] = position
        assert mind.prices() == (490, 510)
    below = Mind(at_limit="widen", widen_by=0.02)
    below.private.position[0, 0] = 90
    assert below.decide() == ((490, 1), (510, 10))


# --- belief ---------------------------------------------------------------------------------------


def test_prints_of_others_move_the_belief_one_by_one():
    mind = Mind(belief_gain_trade=0.25)
    mind.decide(prints=(600, 400))
    # 0.5 + (0.6 - 0.5) / 4 = 0.525; 0.525 + (0.4 - 0.525) / 4 = 0.49375
    assert mind.belief == pytest.approx(0.49375, abs=1e-15)
    mind.decide()
    assert mind.belief == pytest.approx(0.49375, abs=1e-15)


def test_an_own_fill_moves_the_belief_against_it_by_a_share_of_the_half_spread():
    mind = Mind(belief_gain_fill=0.5, inventory_slope=0.001)
    mind.fill(+1, time=0)
    assert mind.belief == pytest.approx(0.495, abs=1e-15)  # h = h0 before the first quote
    mind.fill(-1, time=1)
    assert mind.belief == pytest.approx(0.5, abs=1e-15)
    mind.private.position[0, 0] = 10
    mind.decide(time=2)  # h = 0.01 + 0.001 x 10
    mind.fill(-1, time=3)
    assert mind.belief == pytest.approx(0.51, abs=1e-15)


def test_fills_do_not_push_the_belief_out_of_the_range():
    for belief, sign, end in ((0.002, +1, 0.0), (0.998, -1, 1.0)):
        mind = Mind(belief, belief_gain_fill=0.5)
        mind.fill(sign, time=0)
        assert mind.belief == end


def test_the_signal_is_used_once_per_look_interval():
    mind = Mind(belief_gain_signal=0.5)
    mind.decide(signal=0.6, look=3)
    assert mind.belief == pytest.approx(0.55, abs=1e-15)
    mind.decide(signal=0.9, look=3)
    assert mind.belief == pytest.approx(0.55, abs=1e-15)
    mind.decide(signal=0.75, look=4)
    assert mind.belief == pytest.approx(0.65, abs=1e-15)
    first = Mind(belief_gain_signal=0.5)
    first.decide(signal=0.6, look=0)  # the first interval counts
    assert first.belief == pytest.approx(0.55, abs=1e-15)
    blind = Mind(belief_gain_signal=0.5)
    blind.decide(look=1)
    assert blind.belief == 0.5


def test_prints_come_before_the_signal():
    mind = Mind(belief_gain_trade=0.5, belief_gain_signal=0.5)
    mind.decide(prints=(600,), signal=0.65, look=1)
    assert mind.belief == pytest.approx(0.6, abs=1e-15)  # 0.55, then half way to 0.65


# --- sigma_hat and AS_hat -------------------------------------------------------------------------


def test_sigma_hat_is_the_average_change_of_belief_per_requote():
    mind = Mind(belief_gain_signal=1.0, volatility_decay=0.5)
    mind.decide(signal=0.52, look=1)
    assert mind.sigma == pytest.approx(0.01, abs=1e-15)
    mind.decide(signal=0.52, look=2)
    assert mind.sigma == pytest.approx(0.005, abs=1e-15)
    mind.decide(signal=0.46, look=3)  # falls by 0.06
    assert mind.sigma == pytest.approx(0.0325, abs=1e-15)


def test_sigma_hat_counts_what_own_fills_did_to_the_belief():
    mind = Mind(belief_gain_fill=0.5, volatility_decay=0.5)
    mind.fill(+1, time=0)
    mind.fill(+1, time=1)
    mind.decide(time=2)
    assert mind.sigma == pytest.approx(0.005, abs=1e-15)  # half of 2 x 0.005


@pytest.mark.parametrize(("sign", "expected"), [(+1, 0.005), (-1, -0.005)])
def test_a_fill_is_judged_with_the_belief_at_its_horizon(sign, expected):
    """Bought at belief 0.5 and 0.48 at the horizon: a loss of 0.02, of which a quarter counts."""
    mind = Mind(belief_gain_signal=1.0, adverse_selection_decay=0.25)
    mind.fill(sign, time=100 * MS)
    mind.decide(time=500 * MS, signal=0.48, look=1)
    mind.decide(time=600 * MS - 1, signal=0.48, look=1)
    assert mind.adverse == 0.0
    # what is learned at the horizon itself comes too late
    mind.decide(time=600 * MS, signal=0.90, look=2)
    assert mind.adverse == pytest.approx(expected, abs=1e-15)
    mind.decide(time=2000 * MS, signal=0.10, look=3)
    assert mind.adverse == pytest.approx(expected, abs=1e-15)


def test_a_fill_is_judged_late_with_the_belief_that_held_at_its_horizon():
    mind = Mind(belief_gain_signal=1.0, adverse_selection_decay=0.5)
    mind.decide(time=400 * MS, signal=0.47, look=1)
    mind.fill(+1, time=0)
    mind.decide(time=1700 * MS, signal=0.99, look=2)
    assert mind.adverse == pytest.approx(0.015, abs=1e-15)


def test_a_fill_is_judged_against_the_belief_behind_its_quote():
    mind = Mind(adverse_selection_decay=1.0)
    mind.fill(+1, time=0, quoted_belief=0.53)
    mind.decide(time=500 * MS)
    assert mind.adverse == pytest.approx(0.03, abs=1e-15)


def test_losses_of_several_fills_are_averaged_in_order():
    mind = Mind(adverse_selection_decay=0.5)
    for number, quoted in enumerate((0.52, 0.5, 0.46)):
        mind.fill(+1, time=number, quoted_belief=quoted)
    mind.decide(time=500 * MS + 2)
    # losses 0.02, 0, -0.04: 0.01, 0.005, -0.0175
    assert mind.adverse == pytest.approx(-0.0175, abs=1e-15)


def test_more_waiting_fills_than_there_is_room_for_are_noted():
    mind = Mind()
    room = mind.state.mark_due.shape[2]
    for number in range(room):
        mind.fill(+1, time=number)
    assert mind.state.overflow[0] == 0
    mind.fill(+1, time=room)
    assert mind.state.overflow[0] == 1
    judged = Mind()
    for number in range(3 * room):
        judged.fill(+1, time=number * 500 * MS)
    assert judged.state.overflow[0] == 0
