"""Whom a look at health touches: the first of an order, in which who has changed is put anew."""

import itertools
import random
from collections import Counter
from fractions import Fraction

import pytest

from proteus.market.book.codes import NO_TRADER
from proteus.market.lending.credit import DEBT
from proteus.market.rules import credit, credit_liquidation, credit_order
from proteus.market.trading import calling
from tests.helpers.crediting import AUTO, NANO, ByHand

pytestmark = pytest.mark.plain

HALF = NANO // 2
LOW = NANO // 8  # of four lots each, which owe a half: 0.65 x 4 x 0.125 is less


@pytest.fixture
def seen(monkeypatch):
    """How often each kernel of a check is called, by its name."""
    calls = Counter()

    def count(module, name):
        function = getattr(module, name)

        def counted(*given):
            calls[name] += 1
            return function(*given)

        monkeypatch.setattr(module, name, counted)

    count(credit, "health_of")
    count(credit_liquidation, "health_of")
    count(credit_order, "_is_before")
    count(calling, "carries")
    return calls


def indebted(accounts, owe):
    """A lane with so many accounts, of which the last owe, each more than the one before."""
    lane = ByHand(f"population.informed.count={accounts}", "population.lender.capital=400", *AUTO)
    assert lane.supply(accounts, 300 * NANO)
    for trader in range(accounts - owe, accounts):
        lane.trade(trader, 4, HALF)
        assert lane.borrow(trader, HALF + trader, HALF)
    return lane


@pytest.mark.parametrize("accounts", [8, 64, 512])
@pytest.mark.parametrize("owe", ["eight", "all"])
def test_a_look_touches_the_first_and_an_action_those_it_passes(accounts, owe, seen):
    owe = 8 if owe == "eight" else accounts
    lane = indebted(accounts, owe)

    seen.clear()
    lane.step()
    assert credit.watch_health(lane.credit, 0) == 0
    assert seen["health_of"] == owe  # interest has changed all of them, and the order of none
    assert seen["_is_before"] <= owe

    seen.clear()
    assert calling._worst_by(lane.credit, 0, NO_TRADER, HALF) == NO_TRADER
    assert seen == {"carries": 1}
    seen.clear()
    assert calling._worst_by(lane.credit, 0, NO_TRADER, LOW) == accounts - 1
    assert seen == {"carries": 1}  # however many fail
    seen.clear()
    lane.pool.price[0] = LOW
    assert credit_liquidation.worst_of(lane.credit, 0) == accounts - 1
    assert seen["health_of"] <= 2  # the second has more health

    seen.clear()
    lane.trade(accounts - 1, -1, HALF)  # who repays half of its debt passes all but nobody again
    assert seen["_is_before"] <= owe + 1
    assert calling._worst_by(lane.credit, 0, NO_TRADER, LOW) == (
        accounts - 2 if owe > 1 else NO_TRADER
    )
    lane.check()


def exact_order(lane, side):
    """Who owes against lots of a side, by lots over debt; fractions."""
    held, found = lane.credit, []
    for trader in range(len(held.leverage)):
        debt, lots = int(held.booked[0, trader, DEBT]), int(lane.pool.pledged[0, trader])
        if debt > 0 and lots > 0 and lane.pool.is_short[0, trader] == side:
            found.append(Fraction(lots, debt))
    return sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_accounts_do_they_stand_in_order(seed):
    """Of fractions; equal ones in any order. Each stands once, on the side of its lots."""
    draw = random.Random(f"order {seed}")
    lane = ByHand("population.informed.count=7", "population.informed.target_leverage=9", *AUTO)
    lane.supply(7, 30 * NANO)
    moved = 0
    for _ in range(150):
        trader, price = draw.randrange(7), draw.randrange(200, 800) * NANO // 1000
        what = draw.choice(("trade", "trade", "borrow", "borrow", "step", "look"))
        if what == "trade":
            lane.trade(trader, draw.choice((-1, 1)) * draw.randrange(1, 7), price)
        elif what == "borrow":
            lane.borrow(trader, draw.randrange(1, 2 * NANO), price)
        elif what == "step":
            lane.step()
        else:
            moved += lane.keep(price)
        held = lane.credit.liquidations
        standing = []
        for side in range(2):
            order = held.order[0, side, : held.in_order[0, side]].tolist()
            standing += order
            ratios = [
                Fraction(int(lane.pool.pledged[0, one]), int(lane.credit.booked[0, one, DEBT]))
                for one in order
            ]
            assert ratios == exact_order(lane, side)
            assert all(held.place[0, one] == 2 * at + side for at, one in enumerate(order))
        assert len(standing) == len(set(standing))
        nowhere = set(range(7)) - set(standing)
        assert all(held.place[0, one] == -1 for one in nowhere)
    assert moved > 0


def test_the_least_health_of_both_sides_is_found():
    """By a scan of everybody in fractions, at prices at which either side fails."""
    draw = random.Random("both sides")
    lane = ByHand("population.informed.count=6", "population.informed.target_leverage=9", *AUTO)
    lane.supply(6, 30 * NANO)
    for trader in range(6):
        lane.trade(trader, draw.randrange(2, 9) * (-1 if trader % 2 else 1), HALF)
        assert lane.borrow(trader, draw.randrange(NANO // 3, NANO // 2), HALF)
    found = set()
    for price, who in itertools.product(range(50, 1000, 50), (NO_TRADER, 0, 1)):
        nano = price * NANO // 1000
        health = {}
        for trader in range(6):
            value = NANO - nano if trader % 2 else nano
            ratio = Fraction(int(lane.pool.pledged[0, trader]) * value,
                             int(lane.credit.booked[0, trader, DEBT]))  # fmt: skip
            if ratio * Fraction(65, 100) < 1 and trader != who:
                health[trader] = ratio
        worst = min(health, key=health.__getitem__) if health else NO_TRADER
        assert calling._worst_by(lane.credit, 0, who, nano) == worst
        found.add(worst)
    assert len(found) >= 3
