"""Requests for quotes inside the engine: the path to the nanosecond, who sees what, what counts.

Every link takes 1 ms and dealers think for 5 ms. A request that is sent at 0 is at the venue at 1,
at its dealers at 2; their quotes are there at 8 and at the taker at 9. Answers can be there from 9
on, so a noise trader picks at 29, and its acceptance is at the venue at 30 ms.
"""

import math
from statistics import NormalDist

import numpy as np
import pytest

from proteus.market.book.codes import BUY, SELL
from proteus.market.events.latency import (
    CONSTANT,
    LOGNORMAL,
    SHIFTED_EXPONENTIAL,
    SUBMISSION,
    UNIFORM,
)
from proteus.market.information.history import took_part
from tests.helpers.hand_market import (
    INFORMED,
    MAKER,
    MS,
    NOISE,
    OTHER_MAKER,
    OTHER_NOISE,
    RFQ,
    HandMarket,
    S,
    near,
)

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]
BELIEFS = {MAKER: 0.5, OTHER_MAKER: 0.48}  # they ask 15 ticks more and bid 15 less


def market(*words, beliefs=BELIEFS):
    made = HandMarket(*RFQ, *words)
    for maker, belief in beliefs.items():
        made.world.policies.maker.belief[0, maker] = belief
        made.world.policies.maker.belief_before[0, maker] = belief  # it has not just moved
    return made


def fills(made):
    """What traded, as (time since the request in ms, price, lots, seller or buyer)."""
    data, ledger = made.world.data, made.world.ledger
    prints = [
        (int(data.print_time[0, at]) / MS - 1000, int(data.print_price[0, at]),
         {trader for trader in range(6) if took_part(data, 0, at, trader)})
        for at in range(int(data.prints[0]))
    ]  # fmt: skip
    return prints, ledger.bought[0].tolist()[:5], ledger.sold[0].tolist()[:5]


def sums(made, name):
    return int(getattr(made.world.sums.requests, name)[0])


def test_the_path_of_a_request_to_the_nanosecond():
    made = market()
    made.request(1 * S, NOISE, BUY, 600, 4)
    seen = {}
    for after in (1, 8, 9, 29, 30):
        made.run(1 * S + after * MS - 1)
        before = made.world.progress.messages[0], made.mechanism.known.heard.sum()
        made.run(1 * S + after * MS)
        now = made.world.progress.messages[0], made.mechanism.known.heard.sum()
        seen[after] = tuple(int(b - a) for a, b in zip(before, now, strict=True))
    assert seen == {1: (1, 0), 8: (2, 0), 9: (0, 2), 29: (0, 0), 30: (1, 0)}
    assert fills(made) == ([(30.0, 495, {OTHER_MAKER, NOISE})], [0, 0, 0, 4, 0], [0, 4, 0, 0, 0])
    assert made.book() == []


def test_a_limit_is_kept_and_a_request_never_rests():
    made = market()
    made.request(1 * S, NOISE, BUY, 494, 4)  # the best ask is 495
    made.run(1 * S + 401 * MS)
    assert fills(made)[0] == []
    assert made.book() == []
    assert made.world.progress.messages[0] == 3  # nothing was accepted


# quote TTL in ms, request TTL in ms | trades, late acceptances, late quotes
DEADLINES = [
    (22, 400, 1, 0, 0),  # the acceptance comes at the last moment of the quote
    (21.999999, 400, 0, 1, 0),  # and here a nanosecond after it
    (21, 400, 0, 1, 0),  # the taker picks at the last moment
    (20.999999, 400, 0, 0, 0),  # and here it knows that it is too late
    (200, 29, 1, 0, 0),  # the last moment of the request ends its quotes too
    (200, 28.999999, 0, 1, 0),
    (200, 7, 0, 0, 0),  # the quotes come at the last moment of the request
    (200, 6.999999, 0, 0, 2),
]


@pytest.mark.parametrize(("quote_ms", "request_ms", "trades", "late", "late_quotes"), DEADLINES)
def test_deadlines_are_inclusive_at_the_venue(quote_ms, request_ms, trades, late, late_quotes):
    made = market(f"mechanism.quote_ttl_ms={quote_ms}", f"mechanism.request_ttl_ms={request_ms}")
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(2 * S)
    assert len(fills(made)[0]) == trades
    assert (sums(made, "late_acceptances"), sums(made, "late_quotes")) == (late, late_quotes)
    assert sums(made, "asked") == 2
    assert sums(made, "answered") == (0 if late_quotes else 2)
    assert made.book() == []


def test_a_part_closes_the_request_and_the_rest_is_unfilled():
    made = market("population.maker.policy.quote_lots=3")
    made.request(1 * S, NOISE, SELL, 400, 8)  # the best bid is 485, for 3 lots
    made.run(2 * S)
    assert fills(made) == ([(30.0, 485, {MAKER, NOISE})], [3, 0, 0, 0, 0], [0, 0, 0, 3, 0])
    assert made.world.market.orders.client_id[0].sum() == 0  # nothing is left of it


def test_live_quotes_count_against_the_limit_at_worst_case():
    """Three requests at once: the dealer has room for 10 lots, and 4 + 4 leave 2."""
    words = "population.maker.count=1", "mechanism.dealers=1"
    limits = "population.maker.policy.inventory_limit_lots=10"
    made = market(*words, limits, beliefs={MAKER: 0.5})
    traders = [NOISE - 1, OTHER_NOISE - 1, OTHER_NOISE]  # one maker less: numbers move down
    for trader in traders:
        made.request(1 * S, trader, BUY, 600, 4)
    made.run(1 * S + 8 * MS)
    assert sorted(lots for _, side, _, lots in made.book() if side == SELL) == [2, 4, 4]
    assert made.world.private.exposure[0, MAKER].tolist() == [0, 10]
    made.run(3 * S)
    assert made.world.private.exposure[0, MAKER].tolist() == [0, 0]
    assert made.world.private.position[0, MAKER] == -10


def test_dealers_who_do_not_see_the_side_quote_both():
    made = market("mechanism.shows_side=false", "mechanism.shows_size=false")
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(1 * S + 8 * MS)
    assert sorted(made.book()) == [
        (MAKER, BUY, 485, 10), (MAKER, SELL, 515, 10),
        (OTHER_MAKER, BUY, 465, 10), (OTHER_MAKER, SELL, 495, 10),
    ]  # fmt: skip
    found = made.finish()
    # From 8 to 30 ms: best bid 485, best ask 495; both depths 10 lots. The warm-up ends at 1 s.
    assert found["quoted_spread"] == near(0.010)
    assert found["quoted_coverage"] == near(22e-3 / 9)
    assert found["depth_best"] == near(10 * 22e-3 / 9)
    assert fills(made)[0] == [(30.0, 495, {OTHER_MAKER, NOISE})]


def test_what_is_measured_of_a_request():
    made = market()
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.request(2 * S, NOISE, SELL, 600, 4)  # nobody bids 600
    found = made.finish()
    assert found["rfq_response_rate"] == 1
    assert found["rfq_win_rate"] == near(1 / 4)
    assert found["rfq_cover_gap"] == near(0.020)
    assert found["rfq_markout_by_rank"].tolist() == near([-0.005, 0.015, np.nan, np.nan])
    assert found["rfq_ranked_trades"].tolist() == [1, 1, 0, 0]
    assert np.isnan(found["rfq_rejection_rate"])
    assert np.isnan(found["quoted_spread"])
    assert found["depth_best"] == near((4 * 22e-3 + 4 * 200e-3) / 2 / 9)
    assert found["taker_time_to_execution"] == near((30 + 2000) / 2)
    assert found["taker_fill_probability"] == near(1 / 2)
    assert found["n_messages"] == 2 + 4 + 1


@pytest.mark.parametrize(("tolerance", "trades"), [(0.02, 1), (0.0199, 0)])
def test_a_last_look_refuses_what_moved_too_far(tolerance, trades):
    """Accepted at 30, told at 31, held to 41, and the answer is there at 42 ms."""
    made = market("mechanism.last_look=true", f"mechanism.tolerance={tolerance}")
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(1 * S + 35 * MS)
    assert fills(made)[0] == []
    made.world.policies.maker.belief[0, OTHER_MAKER] = 0.48 + 0.02
    made.run(1 * S + 42 * MS - 1)
    assert fills(made)[0] == []
    found = made.finish()
    assert len(fills(made)[0]) == trades
    assert found["rfq_rejection_rate"] == 1 - trades
    assert found["taker_fill_probability"] == trades


def test_a_quote_in_last_look_outlives_its_deadline():
    made = market("mechanism.last_look=true", "mechanism.quote_ttl_ms=22", "mechanism.hold_ms=900")
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(3 * S)
    assert [time for time, *_ in fills(made)[0]] == [932.0]


def test_a_last_look_keeps_no_request_open_for_late_quotes():
    """Accepted at 30 ms, its last moment; the other dealer's quote comes at 107, in the look."""
    made = market(
        "mechanism.last_look=true", "mechanism.request_ttl_ms=29", "mechanism.hold_ms=900"
    )
    made.world.traders.latency_base[MAKER, SUBMISSION] = 100 * MS
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(1 * S + 200 * MS)
    assert sums(made, "late_quotes") == 1
    assert made.book() == [(OTHER_MAKER, SELL, 495, 4)]
    made.run(3 * S)
    assert fills(made)[0] == [(932.0, 495, {OTHER_MAKER, NOISE})]


# --- those who hold quotes ------------------------------------------------------------------------


def holder(*words):
    """An informed trader asks to buy at most at 480; its signal is v, 0.5."""
    made = market(
        *words, "population.informed.signal={delay_ms: 0, noise_sd: 0, look_ms: 1}",
        "mechanism.quote_ttl_ms=100",
    )  # fmt: skip
    made.request(1 * S, INFORMED, BUY, 480, 4)
    return made


def test_a_holder_waits_for_the_last_moment_and_then_looks_again():
    """The quote at 495 ends at 108 ms: an acceptance must leave at 107."""
    made = holder("population.informed.policy.theta=0.004")
    made.run(1 * S + 107 * MS)
    assert fills(made)[0] == []
    made.run(2 * S)
    assert fills(made)[0] == [(108.0, 495, {OTHER_MAKER, INFORMED})]  # beyond its first limit


# law of a link, with base and spread of 1 ms and shape 0.5 | its quantile of 99 % in ms
SLOW = [
    (CONSTANT, 1),
    (UNIFORM, 1 + 0.99),
    (SHIFTED_EXPONENTIAL, 1 + math.log(100)),
    (LOGNORMAL, 1 + math.exp(0.5 * NormalDist().inv_cdf(0.99))),
]


@pytest.mark.parametrize(("law", "slow_ms"), SLOW)
def test_a_holder_decides_in_time_for_all_but_the_slowest_hundredth_of_its_link(law, slow_ms):
    made = holder("population.informed.policy.theta=0.004")
    traders = made.world.traders
    traders.latency_law[INFORMED, SUBMISSION] = law
    traders.latency_spread[INFORMED, SUBMISSION] = MS
    traders.latency_shape[INFORMED, SUBMISSION] = 0.5
    moment = 1 * S + 108 * MS - int(slow_ms * MS)
    made.run(moment - 10)
    assert made.world.private.notified[0, INFORMED] == 0
    made.run(moment + 10)
    assert made.world.private.notified[0, INFORMED] == 1


def test_a_holder_lets_a_quote_lapse_that_is_not_worth_it():
    made = holder("population.informed.policy.theta=0.006")
    made.run(2 * S)
    assert fills(made)[0] == []
    assert made.mechanism.known.request[0, INFORMED] == -1  # and it has heard the end


# --- who is told what -----------------------------------------------------------------------------


def learned(*words):
    """By how much each maker's belief has moved 100 ms after a trade at 495, in ticks."""
    gain = "population.maker.policy.belief_gain_trade=0.5"
    made = market(gain, "population.maker.policy.belief_gain_fill=0", *words)
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(1 * S + 131 * MS)
    makers = made.world.policies.maker
    made.request(1 * S + 132 * MS, OTHER_NOISE, SELL, 900, 1)  # dealers read the tape
    made.run(1 * S + 145 * MS)
    return [round(1000 * (makers.belief[0, m] - BELIEFS[m]), 6) for m in (MAKER, OTHER_MAKER)]


WHERE = "execution.leakage.rfq"


@pytest.mark.parametrize(
    ("words", "moves"),
    [
        ((), [-2.5, 0]),  # the loser reads the print: half of 495 - 500
        ((f"{WHERE}.trade.price=asked",), [-2.5, 0]),  # the loser is told
        ((f"{WHERE}.trade.price=parties",), [0, 0]),
        ((f"{WHERE}.trade.price=hidden",), [0, 0]),
        ((f"{WHERE}.trade.price=asked", f"{WHERE}.trade.delay_ms=900"), [0, 0]),
        ((f"{WHERE}.trade.delay_ms=900",), [0, 0]),
        # The winner at belief 480 is told that the other asked 515.
        ((f"{WHERE}.trade.price=hidden", f"{WHERE}.cover.price=winner"), [0, 17.5]),
    ],
)
def test_dealers_learn_what_the_table_says_and_nothing_else(words, moves):
    assert learned(*words) == moves


@pytest.mark.parametrize(
    ("words", "reference"),
    [((), 990), ((f"{WHERE}.trade.price=asked",), 1000), ((f"{WHERE}.trade.price=hidden",), 1000)],
)
def test_the_public_knows_the_last_price_only_if_it_is_public(words, reference):
    made = market(*words)
    made.request(1 * S, NOISE, BUY, 600, 4)
    made.run(1 * S + 100 * MS)
    made.request(1 * S + 100 * MS, OTHER_NOISE, BUY, 300, 1)
    orders, origins = made.world.market.orders, made.world.origins
    slot = int(np.flatnonzero(orders.trader[0] == OTHER_NOISE)[-1])
    assert origins.reference_doubled[0, slot] == reference
