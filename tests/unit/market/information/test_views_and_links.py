"""What a trader sees, and when messages arrive: delayed views, the tape, latency laws, links."""

import numpy as np
import pytest

from proteus.market.book.codes import BUY, IOC, SELL
from proteus.market.events import latency
from proteus.market.events.envelopes import CAUSE_NEWS, CAUSE_NOTIFIED, CAUSE_SCHEDULE, NOTICE_ACK
from proteus.market.events.queue import KIND_NOTIFICATION
from proteus.market.information.history import state_at
from proteus.market.trading import desk, loop, reports
from proteus.market.trading.world import FAULT_CAPACITY
from tests.helpers.hand_market import MS, HandMarket, S, pending, still_block

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]

CLOB = "mechanism=clob"
MAKER, OTHER_MAKER, INFORMED, NOISE, OTHER_NOISE = range(5)
P0 = 500  # what a trader falls back to, ticks


def quoting():
    """A market in which the maker's quotes of 10 lots at 490 and 510 rest."""
    market = HandMarket(CLOB)
    market.quote(1 * S, MAKER, (490, 10), (510, 10), 0.5)
    market.run(2 * S)
    return market


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
        (99 * MS, 1 * MS, P0),
        (101 * MS - 1, 1 * MS, P0),
        (101 * MS, 1 * MS, 401),
        (200 * MS, 0, 402),
        (200 * MS, 1, 401),
        (299 * MS, 50 * MS, 402),
        (350 * MS, 50 * MS, 403),
        (10 * S, 1, 403),
        (5 * MS, 50 * MS, P0),
    ],
)
def test_the_view_is_the_public_state_exactly_the_delay_ago(time, data_delay, expected):
    world = published_world()
    desk.observe(world, 0, NOISE, time, data_delay)
    assert world.seen.executable[0, BUY] == expected
    assert world.seen.time[0] == time


def test_a_view_never_goes_back():
    world = published_world()
    desk.observe(world, 0, NOISE, 301 * MS, 1 * MS)
    assert world.seen.executable[0, BUY] == 403
    desk.observe(world, 0, NOISE, 310 * MS, 200 * MS)
    assert world.seen.executable[0, BUY] == 403
    desk.observe(world, 0, OTHER_NOISE, 310 * MS, 200 * MS)
    assert world.seen.executable[0, BUY] == 401


def test_the_tape_shows_prints_of_others_once_and_after_the_delay():
    market = quoting()
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
    clipped = quoting()
    clipped.world.data.overflow[0] = 1
    loop.audit_lane(clipped.mechanism, clipped.world, 0)
    assert clipped.world.progress.fault[0] == FAULT_CAPACITY


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
    market = quoting()
    world, links = market.world, market.world.traders.latency_base
    word = np.uint32(0)
    slot = int(world.private.quote_order[0, MAKER, BUY])
    links[MAKER] = 10
    reports.notify(world, 0, 5000, NOTICE_ACK, MAKER, slot, 1, BUY, 1, word)
    reports.report_fill(world, 0, 5000, slot, 500, 1)
    links[MAKER] = 4
    reports.notify(world, 0, 5003, NOTICE_ACK, MAKER, slot, 2, BUY, 2, word)
    reports.report_fill(world, 0, 5003, slot, 500, 2)
    links[MAKER] = 0
    reports.notify(world, 0, 5020, NOTICE_ACK, MAKER, slot, 3, BUY, 3, word)
    arrivals = [
        (time, int(world.messages.lots[0, item]))
        for time, kind, item in pending(world) if kind == KIND_NOTIFICATION
    ]  # fmt: skip
    assert arrivals == [(5010, 1), (5010, 1), (5010, 2), (5010, 2), (5021, 3)]


# --- random words ---------------------------------------------------------------------------------


def test_a_noise_arrival_has_words_of_its_own_whatever_caused_it():
    drawn = []
    for cause in (CAUSE_SCHEDULE, CAUSE_NEWS, CAUSE_NOTIFIED):
        for number in (0, 1):
            for trader in (NOISE, OTHER_NOISE):
                world = still_block(CLOB).world
                desk.wake(world, 0, trader, S, cause, number)
                drawn.append(tuple(int(word) for word in world.seen.words[0]))
    assert len(set(drawn)) == 12
    again = still_block(CLOB).world
    desk.wake(again, 0, NOISE, 2 * S, CAUSE_SCHEDULE, 0)
    assert tuple(int(word) for word in again.seen.words[0]) == drawn[0]
