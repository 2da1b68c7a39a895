"""Informed trader, sniper and noise trader, by hand: when they trade, at what limit, how much."""

import math

import numpy as np
import pytest

from proteus.market.agents import informed, noise, sniper
from proteus.market.agents.base import Members
from proteus.market.agents.traders import INTENT_ORDER, allocate_intents, allocate_view
from proteus.market.book.codes import BUY, GTC, IOC, NO_PRICE, SELL
from proteus.market.costs.state import Uncharged
from proteus.market.trading import desk
from tests.helpers.hand_market import MS, still_block

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]

N_TICKS = 1000
INFORMED = {"theta": 0.01, "latency_risk": 0, "lots_per_edge": 200, "max_lots": 10}
SNIPER = {"theta": 0.01, "latency_risk": 0, "lots": 7}
NOISE = {
    "marketable_probability": 0.5,
    "size_mean_lots": 3,
    "max_lots": 20,
    "offset_low_ticks": 0,
    "offset_high_ticks": 9,
    "lifetime_ms": 2000,
}


FREE = Uncharged()


def members(policy, latency_s=0.0):
    return Members(((0, policy),), np.array([latency_s]), 1, 1, N_TICKS, 100)


def decided(kind, state, view, costs=FREE):
    """The one intent as (side, price, lots, lifetime, duration), or None."""
    intents = allocate_intents(1)
    kind.decide(state, view, costs, intents, 0, 0)
    if intents.count[0] == 0:
        return None
    assert intents.count[0] == 1
    assert intents.kind[0, 0] == INTENT_ORDER
    return tuple(
        int(field[0, 0])
        for field in (
            intents.side, intents.price, intents.lots, intents.lifetime, intents.duration,
        )
    )  # fmt: skip


def taker(kind, signal, bid, ask, latency_s=0.0, **keys):
    """What an informed trader or a sniper does at these executable prices."""
    view = allocate_view(1, 1)
    view.executable[0] = bid, ask
    view.signal[0] = signal
    if kind is informed:
        policy = informed.InformedPolicy(**INFORMED | keys)
    else:
        policy = sniper.SniperPolicy(**SNIPER | keys)
    return decided(kind, kind.make(members(policy, latency_s)), view)


ONE_LOT_ONLY = {informed: {"lots_per_edge": 0}, sniper: {"lots": 1}}


# --- informed traders and snipers -----------------------------------------------------------------


@pytest.mark.parametrize("kind", [informed, sniper])
@pytest.mark.parametrize(
    ("signal", "theta", "expected"),
    [
        # ask 500, bid 250: exact in binary
        (0.75, 0.25, None),
        (0.75 + 2**-20, 0.25, (BUY, 500)),
        (0.75, 0.25 - 2**-20, (BUY, 500)),
        (0.125, 0.125, None),
        (0.125 - 2**-20, 0.125, (SELL, 250)),
        (0.125, 0.125 - 2**-20, (SELL, 250)),
        (0.375, 0.01, None),  # inside the spread
    ],
)
def test_the_edge_must_exceed_the_threshold(kind, signal, theta, expected):
    found = taker(kind, signal, bid=250, ask=500, theta=theta, **ONE_LOT_ONLY[kind])
    assert found == (None if expected is None else (*expected, 1, IOC, 0))


@pytest.mark.parametrize("kind", [informed, sniper])
@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        # buy at most at s - theta, rounded down
        (0.5600, (BUY, 550)),
        (0.5609, (BUY, 550)),
        (0.5610, (BUY, 551)),
        (0.9999, (BUY, 989)),
        # sell at least at s + theta, rounded up
        (0.4400, (SELL, 450)),
        (0.4391, (SELL, 450)),
        (0.4390, (SELL, 449)),
        (0.0001, (SELL, 11)),
    ],
)
def test_the_limit_keeps_the_edge_and_is_rounded_inside(kind, signal, expected):
    side, price, _, lifetime, duration = taker(kind, signal, bid=490, ask=510)
    assert (side, price) == expected
    assert (lifetime, duration) == (IOC, 0)


def test_a_limit_that_is_a_whole_tick_stays_there():
    for tick in range(21, 980):
        bought = taker(sniper, (tick + 10) / N_TICKS, bid=1, ask=tick - 1)
        sold = taker(sniper, (tick - 10) / N_TICKS, bid=tick + 1, ask=999)
        assert bought[:2] == (BUY, tick)
        assert sold[:2] == (SELL, tick)


def test_a_limit_outside_the_range_is_not_sent():
    assert taker(sniper, 0.5, bid=1, ask=0, theta=0.4995) is None  # buy below 1
    assert taker(sniper, 0.5, bid=1000, ask=999, theta=0.4995) is None  # sell at 1000


@pytest.mark.parametrize(
    ("signal", "expected_lots"),
    [
        (0.521, 1),  # 0.001 beyond ask and theta: 1 + int(200 x 0.001)
        (0.5251, 2),
        (0.5301, 3),
        (0.5651, 10),
        (0.99, 10),
        (0.4699, 3),  # the mirror image of 0.5301
    ],
)
def test_the_informed_size_grows_with_the_edge_up_to_its_cap(signal, expected_lots):
    assert taker(informed, signal, bid=490, ask=510)[2] == expected_lots


def test_the_sniper_size_is_fixed():
    sizes = {taker(sniper, s, bid=490, ask=510)[2] for s in (0.53, 0.6, 0.9, 0.4)}
    assert sizes == {7}


@pytest.mark.parametrize("kind", [informed, sniper])
def test_the_threshold_grows_with_the_root_of_the_latency(kind):
    late = {"latency_risk": 0.1, "latency_s": 0.04}  # 0.01 + 0.1 x 0.2 = 0.03
    assert taker(kind, 0.539, bid=490, ask=510, **late) is None
    assert taker(kind, 0.5411, bid=490, ask=510, **late)[:2] == (BUY, 511)
    assert taker(kind, 0.539, bid=490, ask=510)[:2] == (BUY, 529)


def test_the_latency_is_the_mean_of_submission_and_market_data():
    words = ["mechanism=clob", "population.sniper.policy.latency_risk=0.1"]
    words += ["population.sniper.policy.theta=0.01"]
    leg = "population.sniper.latency."
    words += [f"{leg}submission.law=constant", f"{leg}submission.base_ms=10"]
    words += [f"{leg}submission.spread_ms=0", f"{leg}market_data.law=uniform"]
    words += [f"{leg}market_data.base_ms=20", f"{leg}market_data.spread_ms=20"]
    world = still_block(*words).world
    trader = int(np.flatnonzero(world.traders.role == 3)[0])
    # 10 + (20 + 10) = 40 ms: theta 0.01 + 0.1 x 0.2
    assert world.policies.sniper.threshold[trader] == pytest.approx(0.03, abs=1e-15)


# --- executable price, through the desk -----------------------------------------------------------


@pytest.mark.parametrize(
    ("best", "last", "executable", "reference_doubled"),
    [
        ((490, 515), NO_PRICE, (490, 515), 1005),
        ((490, 515), 480, (490, 515), 1005),
        ((490, NO_PRICE), NO_PRICE, (490, 500), 1000),
        ((490, NO_PRICE), 480, (490, 480), 960),
        ((NO_PRICE, 515), NO_PRICE, (500, 515), 1000),
        ((NO_PRICE, 515), 480, (480, 515), 960),
        ((NO_PRICE, NO_PRICE), NO_PRICE, (500, 500), 1000),
        ((NO_PRICE, NO_PRICE), 480, (480, 480), 960),
    ],
)
def test_an_empty_side_falls_back_to_the_last_public_price_and_then_to_p0(
    best, last, executable, reference_doubled
):
    world = still_block("mechanism=clob").world
    world.data.best[0, 0] = best
    world.data.last[0, 0] = last
    desk.observe(world, 0, 0, 10 * MS, MS)
    assert tuple(world.seen.executable[0]) == executable
    assert world.seen.reference_doubled[0] == reference_doubled


# --- noise ----------------------------------------------------------------------------------------


def word(share):
    """The random word at a share of its range."""
    return int(share * 2**32)


def noise_intent(words, reference_doubled=1000, **keys):
    """What a noise trader does with five words: side, type, size, offset, lifetime."""
    view = allocate_view(1, 1)
    view.reference_doubled[0] = reference_doubled
    view.words[0, :5] = [word(share) for share in words]
    state = noise.make(members(noise.NoisePolicy(**NOISE | keys)))
    return decided(noise, state, view)


BUYS, SELLS, MARKETABLE, LIMIT, ONE_LOT = 0.25, 0.75, 0.25, 0.75, 0.9


@pytest.mark.parametrize(
    ("side_share", "type_share", "expected"),
    [
        (0.0, 0.25, (BUY, IOC)),
        (0.49999, 0.49999, (BUY, IOC)),
        (0.5, 0.5, (SELL, GTC)),
        (0.99999, 0.99999, (SELL, GTC)),
        (0.1, 0.6, (BUY, GTC)),
        (0.6, 0.1, (SELL, IOC)),
    ],
)
def test_side_and_type_are_drawn(side_share, type_share, expected):
    side, _, _, lifetime, _ = noise_intent((side_share, type_share, ONE_LOT, 0, 0.5))
    assert (side, lifetime) == expected


@pytest.mark.parametrize(
    ("reference_doubled", "bought_at", "sold_at"),
    [(1000, 600, 400), (1001, 601, 400), (1900, 999, 850), (1801, 999, 800), (160, 180, 1)],
)
def test_a_marketable_order_is_protected(reference_doubled, bought_at, sold_at):
    bought = noise_intent((BUYS, MARKETABLE, ONE_LOT, 0, 0.5), reference_doubled)
    sold = noise_intent((SELLS, MARKETABLE, ONE_LOT, 0, 0.5), reference_doubled)
    assert bought == (BUY, bought_at, 1, IOC, 0)
    assert sold == (SELL, sold_at, 1, IOC, 0)


@pytest.mark.parametrize(
    ("reference_doubled", "offset_share", "bought_at", "sold_at"),
    [
        (1000, 0.0, 500, 500),
        (1000, 0.35, 497, 503),
        (1000, 0.99999, 491, 509),
        # half a tick: outward
        (1001, 0.0, 500, 501),
        (1001, 0.35, 497, 504),
        (999, 0.0, 499, 500),
        (10, 0.99999, 1, 14),
        (1994, 0.99999, 988, 999),
    ],
)
def test_a_limit_is_the_reference_plus_an_offset(
    reference_doubled, offset_share, bought_at, sold_at
):
    bought = noise_intent((BUYS, LIMIT, ONE_LOT, offset_share, 0.5), reference_doubled)
    sold = noise_intent((SELLS, LIMIT, ONE_LOT, offset_share, 0.5), reference_doubled)
    assert bought[:2] == (BUY, bought_at)
    assert sold[:2] == (SELL, sold_at)


def test_every_offset_has_the_same_share():
    keys = {"offset_low_ticks": -2, "offset_high_ticks": 2}
    shares = [(number + 0.5) / 100 for number in range(100)]
    prices = [noise_intent((BUYS, LIMIT, ONE_LOT, s, 0.5), **keys)[1] for s in shares]
    assert {price: prices.count(price) for price in prices} == dict.fromkeys(range(498, 503), 20)


@pytest.mark.parametrize("share", [0.0001, 0.5, 0.9999])
def test_the_lifetime_is_exponential(share):
    _, _, _, lifetime, duration = noise_intent((BUYS, LIMIT, ONE_LOT, 0, share))
    assert lifetime == GTC
    expected = -math.log(share) * 2000 * MS
    assert duration == pytest.approx(expected, rel=1e-5, abs=2)
    assert duration >= 1


@pytest.mark.parametrize(
    ("share", "expected_lots"),
    [
        # mean 3: more than k lots with probability (2/3)^k
        (0.9, 1),
        (0.667, 1),
        (0.666, 2),
        (0.445, 2),
        (0.444, 3),
        ((2 / 3) ** 19 * 1.001, 19),
        ((2 / 3) ** 19 * 0.999, 20),
        (0.0, 20),
    ],
)
def test_sizes_are_geometric_and_capped(share, expected_lots):
    for type_share in (MARKETABLE, LIMIT):
        assert noise_intent((BUYS, type_share, share, 0, 0.5))[2] == expected_lots


def test_a_mean_of_one_lot_is_always_one_lot():
    for share in (0.0, 0.3, 0.99999):
        assert noise_intent((BUYS, LIMIT, share, 0, 0.5), size_mean_lots=1)[2] == 1
