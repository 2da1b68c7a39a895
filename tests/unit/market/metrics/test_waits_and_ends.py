"""How long intents waited and how they ended, by hand; the bins that a median is read from.

Every order reaches the venue 1 ms after it is sent, and trading ends at T = 10 s; tau = 2 s.
"""

import random

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_INFORMED, CLASS_NOISE
from proteus.market.book.codes import BUY, FOK, IOC, SELL
from proteus.market.metrics.execution import END_NAMES, bin_edges, wait_bin
from tests.helpers.hand_market import (
    CLOB,
    FBA,
    INFORMED,
    MAKER,
    MS,
    NOISE,
    OTHER_NOISE,
    RFQ,
    HandMarket,
    S,
    near,
)

pytestmark = [pytest.mark.plain, pytest.mark.filterwarnings("ignore:overflow encountered")]


def ends(measured, role=CLASS_NOISE):
    """The number of intents of a class by how they ended, where there are any."""
    counts = measured["taker_end_share"][role] * measured["taker_intents_by_class"][role]
    return {name: near(count) for name, count in zip(END_NAMES, counts, strict=True) if count}


def test_every_intent_has_one_end_and_any_fill_comes_first():
    market = HandMarket(CLOB)
    market.quote(S // 2, MAKER, (490, 5), (510, 5), 0.5)
    market.order(1 * S, NOISE, BUY, 510, 2, IOC)  # filled, after 1 ms
    market.order(2 * S, NOISE, BUY, 510, 4, IOC)  # 3 of 4 are filled
    market.order(3 * S, NOISE, BUY, 505, 1, IOC)  # priced out
    market.order(3 * S + MS, NOISE, BUY, 520, 1, FOK)  # refused: no ask is left
    market.order(4 * S, NOISE, BUY, 495, 1, duration=300 * MS)  # expires
    market.order(5 * S, OTHER_NOISE, BUY, 500, 2, duration=300 * MS)  # filled in part, expires
    market.order(5 * S + 100 * MS, INFORMED, SELL, 500, 1, IOC)  # filled
    market.order(6 * S, INFORMED, BUY, 495, 3)  # taken away by its own order
    market.order(6 * S + 50 * MS, INFORMED, SELL, 495, 1, IOC)  # and then nothing is there
    market.order(7 * S, NOISE, SELL, 530, 1)  # rests to T
    market.order(10 * S - 1, NOISE, BUY, 600, 1, IOC)  # on its way at T
    measured = market.finish()
    assert ends(measured) == {
        "filled": 3, "expired": 1, "priced_out": 1, "refused": 1, "trading_ended": 2,
    }  # fmt: skip
    assert ends(measured, CLASS_INFORMED) == {"filled": 1, "self_trade": 1, "priced_out": 1}
    assert measured["taker_unfilled_share"] == near(4 / 7)  # one of the eight is late
    assert measured["taker_wait_filled"] == near((1 + 1 + 101) / 3)
    assert measured["taker_wait_marketable"] == near(1)
    assert measured["taker_time_to_execution"] == near((1 + 1 + 101 + 4 * 2000) / 7)
    assert measured["taker_wait_filled_median"] == pytest.approx(1, rel=1 / 16)


@pytest.mark.parametrize("mechanism", [(CLOB,), FBA])
@pytest.mark.parametrize("accounts", ["one", "per_intent"])
def test_a_trader_meets_itself_where_its_intents_have_one_owner(mechanism, accounts):
    """The later order takes the earlier one's place, or its lots."""
    market = HandMarket(*mechanism, f"population.noise.accounts={accounts}")
    market.order(1 * S, NOISE, BUY, 500, 2)
    market.order(1 * S + 2 * MS, NOISE, SELL, 500, 2)
    measured = market.finish()
    met = {"self_trade": 1, "trading_ended": 1}
    assert ends(measured) == (met if accounts == "one" else {"filled": 2})
    assert measured["n_fills"] == (accounts == "per_intent")
    assert market.world.ledger.balance[0, NOISE].tolist() == [0, 0]


def test_an_immediate_order_of_a_batch_that_is_rationed_is_priced_out():
    """Of two orders for the same lot the later one finds it gone."""
    market = HandMarket(*FBA)
    market.order(1 * S, INFORMED, SELL, 500, 1)
    market.order(1 * S + MS, NOISE, BUY, 500, 1, IOC)
    market.order(1 * S + 2 * MS, OTHER_NOISE, BUY, 500, 1, IOC)
    measured = market.finish()
    assert ends(measured) == {"filled": 1, "priced_out": 1}
    assert measured["taker_wait_filled"] == near(99)  # the batch closes at 1.1 s


@pytest.mark.parametrize(
    ("words", "limit", "lots", "end"),
    [
        ((), 5, 1, "priced_out"),  # dealers offer at about 510
        ((), 995, 1, "filled"),
        (("mechanism.response_probability=0",), 5, 1, "expired"),  # nobody answers
        (("mechanism.least_share=1",), 995, 10_000, "expired"),  # for less than is wanted
        (("mechanism.last_look=true", "mechanism.tolerance=0"), 995, 1, "filled"),
        # Bids are not for a buyer.
        (("mechanism.shows_side=false", "contract.initial_probability=0.6"), 605, 1, "priced_out"),
    ],
)
def test_a_request_is_priced_out_where_all_its_quotes_are_beyond_its_limit(words, limit, lots, end):
    market = HandMarket(*RFQ, *words)
    market.request(1 * S, NOISE, BUY, limit, lots)
    market.request(10 * S - 1, NOISE, BUY, limit, lots)
    assert ends(market.finish()) == {end: 1, "trading_ended": 1}


def waits():
    """Waits at the edges of bins, beside them, and anywhere."""
    chooser = random.Random(19)
    edges = [(16 + part) << (power - 4) for power in range(16, 44) for part in range(16)]
    near_edges = [edge + step for edge in edges for step in (-1, 0, 1)]
    return [0, 1, *near_edges, *(int(2 ** chooser.uniform(0, 44)) for _ in range(500))]


def test_a_wait_lies_in_its_bin_and_a_bin_is_narrow():
    """By the edges, [low, high); a bin is a sixteenth of the largest power of two below it."""
    found = np.array([wait_bin(np.int64(wait)) for wait in waits()])
    edges = bin_edges(found.max() + 1)
    assert (np.diff(edges) > 0).all()
    assert edges[0] == 0
    assert edges[1] == 2**16
    for wait, number in zip(waits(), found.tolist(), strict=True):
        low, high = edges[number : number + 2].tolist()
        assert low <= wait < high
        if wait >= 2**16:
            assert high - low == 2 ** (wait.bit_length() - 5)
