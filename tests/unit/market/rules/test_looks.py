"""Whom a look at health touches: those who owe something, and nobody while no price fails one."""

from collections import Counter

import pytest

from proteus.market.book.codes import NO_TRADER
from proteus.market.rules import credit, credit_liquidation
from proteus.market.rules.credit_books import nobody_fails
from proteus.market.trading import calling
from tests.helpers.crediting import AUTO, NANO, ByHand

pytestmark = pytest.mark.plain

OWE, HALF = 8, NANO // 2
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
    count(calling, "carries")
    return calls


@pytest.mark.parametrize("accounts", [8, 64, 512])
def test_only_accounts_that_owe_are_looked_at(accounts, seen):
    lane = ByHand(f"population.informed.count={accounts}", *AUTO)
    assert lane.supply(accounts, 25 * NANO)
    for trader in range(accounts - OWE, accounts):
        lane.trade(trader, 4, HALF)
        assert lane.borrow(trader, HALF, HALF)

    seen.clear()
    lane.step()
    assert credit.watch_health(lane.credit, 0) == 0
    assert seen == {"health_of": OWE}  # interest has changed all of them

    seen.clear()
    assert nobody_fails(lane.credit, 0, HALF)
    assert calling._worst_by(lane.credit, 0, NO_TRADER, HALF) == NO_TRADER
    assert not seen  # and a look between accruals none

    assert not nobody_fails(lane.credit, 0, LOW)
    assert calling._worst_by(lane.credit, 0, NO_TRADER, LOW) == accounts - OWE
    assert seen == {"carries": 1}  # of equals the first
    lane.check()


def test_who_acts_between_accruals_counts_at_once():
    lane = ByHand(*AUTO)
    lane.supply(2, 20 * NANO)
    assert nobody_fails(lane.credit, 0, 1)
    lane.trade(0, 4, HALF)
    lane.borrow(0, NANO, HALF)
    assert nobody_fails(lane.credit, 0, HALF)
    assert not nobody_fails(lane.credit, 0, NANO * 38 // 100)  # 0.65 x 4 x 0.38 is less than 1
    lane.trade(0, -1, NANO // 100)
    assert not nobody_fails(lane.credit, 0, HALF)  # three lots for 0.99
    lane.trade(0, 3, HALF)
    lane.trade(1, -4, HALF)
    lane.borrow(1, NANO, HALF)
    assert not nobody_fails(lane.credit, 0, NANO * 62 // 100)
    lane.trade(1, 2, HALF)  # with what they bring it repays all
    assert credit.watch_health(lane.credit, 0) == 0
    assert nobody_fails(lane.credit, 0, NANO * 38 // 100)  # what it needed before is forgotten
