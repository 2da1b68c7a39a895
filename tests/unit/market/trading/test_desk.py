"""The desk: which messages a quote needs, what may still fill, lifetimes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.events import latency
from proteus.market.events.envelopes import (
    CAUSE_SCHEDULE,
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    MESSAGE_REPLACE,
)
from proteus.market.events.queue import KIND_MESSAGE, KIND_TIMER
from proteus.market.trading import desk
from tests.helpers.hand_market import MS, HandMarket, S, pending

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]

CLOB, FBA = "mechanism=clob", "mechanism=fba"
MAKER, OTHER_MAKER, INFORMED, NOISE, OTHER_NOISE = range(5)


def messages(world):
    """Messages on their way, in order of arrival: (kind, side of the order meant)."""
    sent = [item for _, kind, item in pending(world) if kind == KIND_MESSAGE]
    orders = world.market.orders
    return [
        (int(world.messages.kind[0, i]), int(orders.side[0, world.messages.order[0, i]]))
        for i in sent
    ]


def quoting(*words):
    """A market in which the maker's quotes of 10 lots at 490 and 510 rest."""
    market = HandMarket(*words)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    assert sorted(messages(market.world)) == [(MESSAGE_ORDER, BUY), (MESSAGE_ORDER, SELL)]
    market.run(2 * S)
    return market


# --- which messages a quote needs -----------------------------------------------------------------


@pytest.mark.parametrize("mechanism", [CLOB, FBA])
@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        ((490, 10), (510, 10), []),
        # never tops up
        ((490, 11), (510, 99), []),
        # less: a replace
        ((490, 9), (510, 10), [(MESSAGE_REPLACE, BUY)]),
        ((490, 10), (510, 1), [(MESSAGE_REPLACE, SELL)]),
        # another price, with more or less
        ((489, 10), (510, 10), [(MESSAGE_REPLACE, BUY)]),
        ((490, 10), (512, 20), [(MESSAGE_REPLACE, SELL)]),
        # not wanted
        ((490, 0), (510, 10), [(MESSAGE_CANCEL, BUY)]),
        ((480, 0), (520, 0), [(MESSAGE_CANCEL, BUY), (MESSAGE_CANCEL, SELL)]),
        # down: bid first; up: ask first, so as not to meet its own quote
        ((488, 10), (508, 10), [(MESSAGE_REPLACE, BUY), (MESSAGE_REPLACE, SELL)]),
        ((492, 10), (512, 10), [(MESSAGE_REPLACE, SELL), (MESSAGE_REPLACE, BUY)]),
        ((492, 10), (510, 10), [(MESSAGE_REPLACE, BUY)]),
        ((515, 10), (535, 0), [(MESSAGE_CANCEL, SELL), (MESSAGE_REPLACE, BUY)]),
    ],
)
def test_a_quote_sends_what_it_needs_and_no_more(mechanism, bid, ask, expected):
    market = quoting(mechanism)
    market.quote(3 * S, MAKER, bid, ask, 0.5)
    assert messages(market.world) == expected


def test_a_quote_that_is_not_wanted_and_does_not_stand_sends_nothing():
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (0, 0), (510, 5), 0.5)
    assert messages(market.world) == [(MESSAGE_ORDER, SELL)]
    market.run(2 * S)
    market.quote(3 * S, MAKER, (490, 5), (510, 0), 0.5)
    assert sorted(messages(market.world)) == [(MESSAGE_ORDER, BUY), (MESSAGE_CANCEL, SELL)]
    market.run(4 * S)
    market.quote(5 * S, MAKER, (490, 5), (511, 5), 0.5)
    assert messages(market.world) == [(MESSAGE_ORDER, SELL)]


@pytest.mark.parametrize("mechanism", [CLOB, FBA])
@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ((490, 10), [(MAKER, 10), (OTHER_MAKER, 10)]),  # unchanged: keeps its place
        ((490, 20), [(MAKER, 10), (OTHER_MAKER, 10)]),
        ((490, 4), [(MAKER, 4), (OTHER_MAKER, 10)]),  # less: keeps its place
        ((489, 10), [(OTHER_MAKER, 10), (MAKER, 10)]),
    ],
)
def test_an_unchanged_price_keeps_its_priority(mechanism, second, expected):
    market = quoting(mechanism)
    market.quote(3 * S, OTHER_MAKER, (490, 10), (510, 10), 0.5)
    market.quote(4 * S, MAKER, second, (510, 10), 0.5)
    market.run(5 * S)
    bids = [(trader, lots) for trader, side, _, lots in market.book() if side == BUY]
    assert bids == expected


def test_moving_up_past_its_own_ask_does_not_meet_it():
    market = quoting(CLOB)
    market.quote(3 * S, MAKER, (520, 10), (540, 10), 0.5)
    market.run(4 * S)
    assert market.book() == [(MAKER, SELL, 540, 10), (MAKER, BUY, 520, 10)]
    market.quote(5 * S, MAKER, (480, 10), (500, 10), 0.5)
    market.run(6 * S)
    assert market.book() == [(MAKER, BUY, 480, 10), (MAKER, SELL, 500, 10)]
    assert market.world.progress.fills[0] == 0


def test_a_bid_that_stood_higher_once_does_not_meet_the_ask_of_today():
    market = quoting(CLOB)
    market.quote(3 * S, MAKER, (530, 10), (550, 10), 0.5)
    market.order(4 * S, NOISE, SELL, 500, 10, IOC)
    market.quote(5 * S, MAKER, (500, 0), (520, 10), 0.5)
    market.quote(6 * S, MAKER, (525, 10), (545, 10), 0.5)
    market.run(7 * S)
    assert market.book() == [(MAKER, SELL, 545, 10), (MAKER, BUY, 525, 10)]


def test_a_quote_eaten_in_part_is_not_topped_up_and_one_eaten_whole_is_sent_again():
    market = quoting(CLOB)
    market.order(3 * S, NOISE, BUY, 600, 4, IOC)
    market.quote(4 * S, MAKER, (490, 10), (510, 10), 0.5)
    assert messages(market.world) == []
    market.order(5 * S, NOISE, BUY, 600, 6, IOC)
    market.quote(6 * S, MAKER, (490, 10), (510, 10), 0.5)
    assert messages(market.world) == [(MESSAGE_ORDER, SELL)]


# --- what may still fill --------------------------------------------------------------------------


def test_exposure_counts_every_version_until_it_is_known_to_be_gone():
    market = quoting(CLOB)
    private, links = market.world.private, market.world.traders.latency_base
    links[MAKER] = (1 * MS, 5 * MS, 9 * MS, 1 * MS)  # submission, ack, fill report
    assert list(private.exposure[0, MAKER]) == [10, 10]
    market.quote(3 * S, MAKER, (488, 8), (510, 10), 0.5)
    assert list(private.exposure[0, MAKER]) == [18, 10]
    market.run(3 * S + 5 * MS)  # replaced at 1 ms, known at 6 ms
    assert list(private.exposure[0, MAKER]) == [18, 10]
    market.run(3 * S + 6 * MS)
    assert list(private.exposure[0, MAKER]) == [8, 10]
    market.order(4 * S, NOISE, SELL, 400, 3, IOC)  # trades at 1 ms, known at 10 ms
    market.run(4 * S + 9 * MS)
    assert (private.exposure[0, MAKER, BUY], private.position[0, MAKER]) == (8, 0)
    market.run(4 * S + 10 * MS)
    assert (private.exposure[0, MAKER, BUY], private.position[0, MAKER]) == (5, 3)
    market.quote(5 * S, MAKER, (488, 0), (510, 10), 0.5)  # a cancel: gone when acknowledged
    market.run(5 * S + 5 * MS)
    assert private.exposure[0, MAKER, BUY] == 5
    market.run(5 * S + 6 * MS)
    assert list(private.exposure[0, MAKER]) == [0, 10]


def test_a_replace_that_comes_too_late_is_rejected_and_no_longer_counts():
    market = quoting(CLOB)
    private = market.world.private
    market.world.traders.latency_base[NOISE, latency.SUBMISSION] = MS // 2
    market.quote(3 * S, MAKER, (490, 10), (511, 7), 0.5)
    market.order(3 * S, NOISE, BUY, 600, 10, IOC)  # fills the old version first
    market.run(3 * S + MS)
    assert private.exposure[0, MAKER, SELL] == 17
    market.run(4 * S)
    assert private.exposure[0, MAKER, SELL] == 0
    assert private.quote_id[0, MAKER, SELL] == 0
    assert market.book() == [(MAKER, BUY, 490, 10)]
    market.quote(5 * S, MAKER, (490, 10), (511, 7), 0.5)
    assert messages(market.world) == [(MESSAGE_ORDER, SELL)]


steps = st.tuples(
    st.integers(1, 12),  # ms to the step before
    st.sampled_from([MAKER, MAKER, OTHER_MAKER, NOISE, INFORMED]),
    st.integers(495, 505),
    st.integers(0, 6),
    st.integers(0, 6),
)


def check_worst_case(world):
    """What a maker thinks may fill covers what can fill, for each maker and side."""
    orders, private = world.market.orders, world.private
    for maker in (MAKER, OTHER_MAKER):
        held = world.ledger.balance[0, maker, 1]
        mine = (orders.trader[0] == maker) & (orders.client_id[0] != 0)
        bids = orders.lots[0][mine & (orders.side[0] == BUY)].sum()
        asks = orders.lots[0][mine & (orders.side[0] == SELL)].sum()
        assert private.position[0, maker] + private.exposure[0, maker, BUY] >= held + bids
        assert private.position[0, maker] - private.exposure[0, maker, SELL] <= held - asks


@pytest.mark.parametrize("mechanism", [CLOB, "mechanism=fba delta=20", FBA])
@settings(max_examples=12, deadline=None)
@given(st.lists(steps, min_size=5, max_size=30), st.permutations([1, 6, 17, 30]))
def test_exposure_ends_equal_to_the_open_lots_in_whatever_order_reports_come(
    mechanism, script, legs
):
    market = HandMarket(*mechanism.split())
    world, now = market.world, 0
    world.traders.latency_base[MAKER] = np.array(legs) * MS
    for wait, trader, price, bid_lots, ask_lots in script:
        now += wait * MS
        if trader in (MAKER, OTHER_MAKER):
            market.quote(now, trader, (price - 2, bid_lots), (price + 2, ask_lots), 0.5)
        else:
            side = BUY if ask_lots > bid_lots else SELL
            market.order(now, trader, side, price, 1 + bid_lots, IOC)
        check_worst_case(world)
    market.run(now + S)
    for maker in (MAKER, OTHER_MAKER):
        assert world.private.position[0, maker] == world.ledger.balance[0, maker, 1]
        for side in (BUY, SELL):
            resting = [lots for who, s, _, lots in market.book() if (who, s) == (maker, side)]
            assert world.private.exposure[0, maker, side] == sum(resting)
            if world.private.quote_id[0, maker, side]:
                assert [world.private.quote_lots[0, maker, side]] == resting
            else:
                assert resting == []


# --- lifetimes ------------------------------------------------------------------------------------


def lifetime_market(*, taken, taken_at=2 * S):
    """A noise bid of 5 lots that lives from 1 s to 3 s, of which some are taken."""
    market = HandMarket(CLOB)
    market.order(1 * S, NOISE, BUY, 490, 5, duration=2 * S)
    if taken:
        market.order(taken_at, INFORMED, SELL, 400, taken, IOC)
    market.run(3 * S - 1)
    assert [kind for _, kind, _ in pending(market.world)].count(KIND_TIMER) == 1
    return market


@pytest.mark.parametrize(("taken", "expected"), [(0, 1), (2, 1), (5, 0)])
def test_a_lifetime_cancels_what_is_open_as_far_as_reported(taken, expected):
    market = lifetime_market(taken=taken)
    events = market.world.progress.events[0]
    market.run(3 * S)
    cancels = [(MESSAGE_CANCEL, BUY)] * expected
    assert messages(market.world) == cancels
    assert market.world.progress.events[0] == events + expected  # else it did no work
    market.run(4 * S)
    assert market.book() == []


def test_a_lifetime_cancels_in_vain_what_was_filled_but_is_not_reported():
    market = lifetime_market(taken=5, taken_at=3 * S - 2 * MS)  # trades at -1 ms, known at 0
    world = market.world
    market.run(3 * S)  # the report comes first: notifications go before lifetimes
    assert messages(world) == []
    market = lifetime_market(taken=5, taken_at=3 * S - 2 * MS + 1)
    world = market.world
    market.run(3 * S)
    assert [world.messages.kind[0, item] for _, kind, item in pending(world)
            if kind == KIND_MESSAGE] == [MESSAGE_CANCEL]  # fmt: skip
    handled = world.progress.messages[0]
    market.run(4 * S)
    assert world.progress.messages[0] == handled + 1
    assert world.progress.fault[0] == 0


def test_a_late_cancel_does_not_touch_the_next_order_in_the_same_slot():
    market = HandMarket(CLOB)
    market.order(1 * S, NOISE, BUY, 490, 5, duration=2 * S)
    market.world.traders.latency_base[NOISE, latency.FILL_REPORT] = 5 * S
    market.order(2 * S, INFORMED, SELL, 400, 5, IOC)
    market.order(int(2.5 * S), OTHER_NOISE, BUY, 480, 3)
    market.order(int(2.5 * S), INFORMED, BUY, 470, 3)
    market.run(4 * S)
    assert market.book() == [(OTHER_NOISE, BUY, 480, 3), (INFORMED, BUY, 470, 3)]


# --- what a maker learns from a report ------------------------------------------------------------


def test_a_report_moves_the_belief_after_older_fills_were_judged():
    """Bought at 1 s, judged at 1.5 s at belief 0.5; what is learned at 1.501 s comes too late."""
    policy = "population.maker.policy."
    market = HandMarket(
        CLOB, policy + "belief_gain_fill=0.5", policy + "adverse_selection_decay=1",
        policy + "adverse_selection_horizon_ms=500",
    )  # fmt: skip
    world, links = market.world, market.world.traders.latency_base
    links[MAKER, latency.FILL_REPORT] = 2 * MS
    market.quote(S // 2, MAKER, (490, 10), (510, 10), 0.5)
    market.order(1 * S - MS, NOISE, SELL, 400, 1, IOC)
    market.run(1 * S + 2 * MS)
    world.policies.maker.belief[0, MAKER] = 0.5
    market.order(int(1.5 * S) - 2 * MS, NOISE, SELL, 400, 1, IOC)  # fills 1 ms before the horizon
    market.run(int(1.5 * S) + 3 * MS)
    desk.wake(world, 0, MAKER, int(1.5 * S) + 4 * MS, CAUSE_SCHEDULE, 0)
    assert world.policies.maker.marks[0, MAKER, 0] == 1
    assert world.policies.maker.adverse[0, MAKER] == 0.0
