"""The spoofer, alone: when it shows, trades, cancels and rests, and what each key does."""

import numpy as np
import pytest

from proteus.errors import ConfigError
from proteus.market.agents import spoofer
from proteus.market.agents.base import Members, decide_charged, learn_fill_one
from proteus.market.agents.spoofer import SpooferPolicy
from proteus.market.agents.traders import (
    INTENT_ORDER,
    INTENT_QUOTE,
    allocate_intents,
    allocate_private,
    allocate_view,
)
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.costs.state import Uncharged
from proteus.market.setup.cell import set_up_cell
from proteus.testing.lanes import cell

pytestmark = pytest.mark.plain

MS, TICKS = 10**6, 1000
KEYS = {
    "large_lots": 200, "distance_ticks": 0, "trade_lots": 10, "target_ticks": 3,
    "patience_ms": 400, "pause_ms": 100,
}  # fmt: skip
BUYS, SELLS = 0, 2**32 - 1  # random words of a side
LATE = 2**31  # a word whose exponential is log 2
SHOW_BID, SHOW_ASK = (INTENT_QUOTE, BUY), (INTENT_QUOTE, SELL)


class Mind:
    """One spoofer who sees what the test writes."""

    def __init__(self, **keys):
        policies = ((0, SpooferPolicy(**{**KEYS, **keys})),)
        self.state = spoofer.make(Members(policies, np.zeros(1), 1, 1, TICKS, 100))
        self.view, self.private = allocate_view(1, 1), allocate_private(1, 1)
        self.intents, self.costs = allocate_intents(1), Uncharged()

    def decide(self, bid, ask, ms=0.0, side=SELLS, rest=LATE):
        """The intents as (kind, side), price, lots; lifetimes and durations are in ``intents``."""
        self.view.executable[0] = bid, ask
        self.view.reference_doubled[0], self.view.time[0] = bid + ask, round(ms * MS)
        self.view.words[0, :2] = side, rest
        self.intents.count[0] = 0
        decide_charged(self.state, self.view, self.private, False, self.costs, self.intents, 0, 0)
        fields = (self.intents.kind, self.intents.side, self.intents.price, self.intents.lots)
        columns = [field[0, : self.intents.count[0]].tolist() for field in fields]
        return [
            ((kind, side), price, lots) for kind, side, price, lots in zip(*columns, strict=True)
        ]

    def fill(self, sign):
        learn_fill_one(self.state, 0, 0, float(sign), 0.5, 0, 0)


def test_it_shows_a_bid_sells_into_the_price_that_followed_and_cancels():
    mind = Mind()
    assert mind.decide(490, 510) == [(SHOW_BID, 490, 200)]
    assert (mind.intents.lifetime[0, 0], mind.intents.duration[0, 0]) == (GTC, 400 * MS)
    assert mind.decide(492, 510, 50) == []
    assert mind.decide(493, 510, 51) == [((INTENT_ORDER, SELL), 493, 10), (SHOW_BID, 490, 0)]
    assert mind.intents.lifetime[0, 0] == IOC


def test_it_is_the_same_the_other_way_round():
    mind = Mind()
    assert mind.decide(490, 510, side=BUYS) == [(SHOW_ASK, 510, 200)]
    assert mind.decide(490, 507, 50) == [((INTENT_ORDER, BUY), 507, 10), (SHOW_ASK, 510, 0)]


@pytest.mark.parametrize(
    ("position", "word", "shown"),
    [(5, BUYS, SHOW_BID), (-5, SELLS, SHOW_ASK), (0, SELLS, SHOW_BID), (0, BUYS, SHOW_ASK)],
)
def test_it_works_off_what_it_holds_else_the_side_is_drawn(position, word, shown):
    mind = Mind()
    mind.private.position[0, 0] = position
    assert mind.decide(490, 510, side=word)[0][0] == shown


def test_a_hit_on_the_large_order_takes_it_back():
    mind = Mind()
    mind.decide(490, 510)
    mind.fill(-1)  # of its other order, sent before
    assert mind.decide(490, 510, 10) == []
    mind.fill(+1)
    assert mind.decide(490, 510, 20) == [(SHOW_BID, 490, 0)]


def test_it_rests_after_an_attempt_and_begins_when_nothing_stands():
    mind, rest = Mind(), 100 * np.log(2)
    mind.decide(490, 510)
    mind.decide(493, 510, 50)
    assert mind.decide(490, 510, 49.9 + rest) == []
    mind.private.quote_id[0, 0, BUY] = 7
    assert mind.decide(490, 510, 50.1 + rest) == []
    mind.private.quote_id[0, 0, BUY] = 0
    assert mind.decide(490, 510, 50.1 + rest) == [(SHOW_BID, 490, 200)]


def test_patience_ends_an_attempt_and_the_order_with_its_life():
    mind = Mind(patience_ms=30, pause_ms=0)
    mind.decide(490, 510)
    assert mind.intents.duration[0, 0] == 30 * MS
    assert mind.decide(500, 510, 30) == [(SHOW_BID, 500, 200)]  # another attempt, no trade


@pytest.mark.parametrize(
    ("keys", "first"),
    [
        ({"large_lots": 7}, [(SHOW_BID, 490, 7)]),
        ({"large_lots": 0}, []),
        ({"distance_ticks": 4}, [(SHOW_BID, 486, 200)]),
        ({"distance_ticks": -4}, [(SHOW_BID, 494, 200)]),
        ({"distance_ticks": -20}, []),  # it would trade
        ({"distance_ticks": 490}, []),  # no price
    ],
)
def test_what_it_shows(keys, first):
    assert Mind(**keys).decide(490, 510) == first


def test_a_market_that_is_empty_or_crossed_is_left_alone():
    assert Mind().decide(500, 500) == []
    assert Mind().decide(505, 500) == []


@pytest.mark.parametrize(
    ("keys", "bid", "trades"),
    [
        ({"target_ticks": 4}, 493, 0), ({"target_ticks": 4}, 494, 10), ({"trade_lots": 3}, 493, 3),
        # A large order that is better than the others is no price to trade at.
        ({"distance_ticks": -5}, 495, 0), ({"distance_ticks": -5}, 496, 10),
    ],
)  # fmt: skip
def test_when_and_how_much_it_trades(keys, bid, trades):
    mind = Mind(**keys)
    mind.decide(490, 510)
    sent = mind.decide(bid, 510, 50)
    assert sum(lots for (kind, _), _, lots in sent if kind == INTENT_ORDER) == trades


@pytest.mark.parametrize(("knows", "trades"), [(True, False), (False, True)])
def test_who_knows_costs_wants_them_back_as_well(knows, trades):
    """At a rate of 4 % of the price a lot costs 20 ticks beyond the three that are wanted."""
    config = cell(
        "mechanism=clob", "costs=notional", "costs.taker_ppm=40000",
        f"population.maker.knows_costs={str(knows).lower()}",
    )  # fmt: skip
    mind = Mind()
    mind.costs = set_up_cell(config).costs.of_block(1, 8, 1)
    mind.decide(490, 530)
    assert bool(mind.decide(493, 530, 50)) is trades
    assert mind.decide(490 + 3 + 21, 530, 60) if knows else True


def test_what_is_not_allowed():
    for key, value in (("large_lots", -1), ("trade_lots", 0), ("target_ticks", 0)):
        with pytest.raises(ConfigError, match=f"population.spoofer.policy.{key}={value}"):
            cell(
                "population=spoofed", "execution=depth", f"population.spoofer.policy.{key}={value}"
            )
