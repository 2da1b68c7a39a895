"""The desk: which messages a quote needs, what may still fill, lifetimes, views and links."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus import desk, latency, simulation, venue
from proteus.clock import KIND_EXPIRY, KIND_MESSAGE, KIND_NOTIFICATION
from proteus.events import BUY, IOC, SELL
from proteus.market_data import state_at
from proteus.mechanisms.book import EMPTY
from proteus.messages import (
    CAUSE_SCHEDULE,
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    MESSAGE_REPLACE,
    NOTICE_ACK,
    pack_address,
)
from tests.hand_market import MS, HandMarket, S, pending, still_block

pytestmark = [pytest.mark.nojit, pytest.mark.filterwarnings("ignore:overflow encountered")]

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
    assert [kind for _, kind, _ in pending(market.world)].count(KIND_EXPIRY) == 1
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


# --- market data ----------------------------------------------------------------------------------


def published_world(times=(100 * MS, 200 * MS, 300 * MS)):
    """A world whose public bid was 401, 402, ... from each of these times on."""
    world = still_block(CLOB).world
    data = world.data
    data.time[0, 1 : len(times) + 1] = times
    data.best[0, 1 : len(times) + 1, BUY] = 401 + np.arange(len(times))
    data.count[0] = len(times) + 1
    return world


@pytest.mark.parametrize(
    ("time", "data_delay", "expected"),
    [
        (99 * MS, 1 * MS, EMPTY),
        (101 * MS - 1, 1 * MS, EMPTY),
        (101 * MS, 1 * MS, 401),
        (200 * MS, 0, 402),
        (200 * MS, 1, 401),
        (299 * MS, 50 * MS, 402),
        (350 * MS, 50 * MS, 403),
        (10 * S, 1, 403),
        (5 * MS, 50 * MS, EMPTY),
    ],
)
def test_the_view_is_the_public_state_exactly_the_delay_ago(time, data_delay, expected):
    world = published_world()
    desk.observe(world, 0, NOISE, time, data_delay)
    assert world.seen.best[0, BUY] == expected
    assert world.seen.time[0] == time


def test_a_view_never_goes_back():
    world = published_world()
    desk.observe(world, 0, NOISE, 301 * MS, 1 * MS)
    assert world.seen.best[0, BUY] == 403
    desk.observe(world, 0, NOISE, 310 * MS, 200 * MS)
    assert world.seen.best[0, BUY] == 403
    desk.observe(world, 0, OTHER_NOISE, 310 * MS, 200 * MS)
    assert world.seen.best[0, BUY] == 401


def test_the_tape_shows_prints_of_others_once_and_after_the_delay():
    market = quoting(CLOB)
    market.quote(2 * S, OTHER_MAKER, (491, 2), (511, 2), 0.5)
    market.order(3 * S, NOISE, SELL, 400, 3, IOC)  # 2 at 491 from the other, 1 at 490 of its own
    market.order(4 * S, NOISE, BUY, 600, 12, IOC)  # 10 at 510 of its own, 2 at 511
    market.run(5 * S)
    seen, world = market.world.seen, market.world

    def tape(trader, time):
        desk.observe(world, 0, trader, time, 0)
        return list(seen.print_price[0, : seen.n_prints[0]])

    assert tape(MAKER, 3 * S + MS - 1) == []
    assert tape(MAKER, 3 * S + MS) == [491]
    assert tape(MAKER, 4 * S) == []
    assert tape(MAKER, 5 * S) == [511]
    assert tape(OTHER_MAKER, 5 * S) == [490, 510]
    assert tape(OTHER_MAKER, 5 * S) == []


def test_a_lookup_that_falls_off_the_history_is_noted():
    world = published_world()
    ring = world.data.time.shape[1]
    world.data.count[0] = ring + 2
    world.data.time[0] = np.arange(ring) + 1000
    world.data.time[0, :2] = 1000 + ring, 1001 + ring
    state_at(world.data, 0, 1002)
    assert world.data.overflow[0] == 0
    state_at(world.data, 0, 1001)
    assert world.data.overflow[0] == 1
    clipped = quoting(CLOB)
    clipped.world.data.overflow[0] = 1
    simulation.advance(clipped.mechanism, clipped.world, 0, 2 * S)
    simulation._audit(clipped.mechanism, clipped.world, 0)
    assert clipped.world.progress.fault[0] != 0


# --- links ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("law", "word", "expected"),
    [
        (latency.CONSTANT, 2**31, 1000),
        (latency.UNIFORM, 0, 1000),
        (latency.UNIFORM, 2**31, 1100),
        (latency.UNIFORM, 2**32 - 1, 1199),
        (latency.SHIFTED_EXPONENTIAL, 2**31, 1138),  # 200 ln 2
        (latency.SHIFTED_EXPONENTIAL, 2**32 - 1, 1000),
        (latency.LOGNORMAL, 2**31, 1200),  # the median
        (latency.LOGNORMAL, int(0.841344746 * 2**32), 1329),  # 200 exp(0.5)
    ],
)
def test_every_latency_law_by_hand_and_at_least_1_ns(law, word, expected):
    traders = still_block(CLOB).world.traders
    traders.latency_law[NOISE, 0] = law
    traders.latency_base[NOISE, 0] = 1000
    traders.latency_spread[NOISE, 0] = 0 if law == latency.CONSTANT else 200
    traders.latency_shape[NOISE, 0] = 0.5
    assert latency.delay(traders, NOISE, 0, np.uint32(word)) == expected
    traders.latency_base[NOISE, 0] = 0
    traders.latency_spread[NOISE, 0] = 0
    assert latency.delay(traders, NOISE, 0, np.uint32(word)) == 1


def test_answers_and_reports_wait_for_those_sent_before():
    market = quoting(CLOB)
    world, links = market.world, market.world.traders.latency_base
    cause = pack_address(CAUSE_SCHEDULE, 0, 0)
    slot = int(world.private.quote_order[0, MAKER, BUY])
    links[MAKER] = 10
    venue._notify(world, 0, 5000, NOTICE_ACK, MAKER, slot, 1, BUY, 1, cause)
    venue._report_fill(world, 0, 5000, slot, 1)
    links[MAKER] = 4
    venue._notify(world, 0, 5003, NOTICE_ACK, MAKER, slot, 2, BUY, 2, cause)
    venue._report_fill(world, 0, 5003, slot, 2)
    links[MAKER] = 0
    venue._notify(world, 0, 5020, NOTICE_ACK, MAKER, slot, 3, BUY, 3, cause)
    arrivals = [
        (time, int(world.messages.lots[0, item]))
        for time, kind, item in pending(world) if kind == KIND_NOTIFICATION
    ]  # fmt: skip
    assert arrivals == [(5010, 1), (5010, 1), (5010, 2), (5010, 2), (5021, 3)]
