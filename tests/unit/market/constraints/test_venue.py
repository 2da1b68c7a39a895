"""The venue's test of capital by hand: which orders count, and in which of their versions."""

from types import SimpleNamespace

import numpy as np
import pytest

from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, EVENT_ACK, SELL
from proteus.market.constraints.models import Capital
from proteus.market.constraints.state import allocate_constraints, chain_table
from proteus.market.constraints.venue import are_sums_whole, can_pay, count
from proteus.market.events.envelopes import MESSAGE_ORDER
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.rules.constraints import note_message

NANO, TICKS, SLOTS = 10**9, 10, 6
pytestmark = pytest.mark.plain


class Venue:
    """One account, 5 currency, and its orders at slots; prices in tenths of the payoff."""

    def __init__(self):
        table = chain_table([(Capital(kind="capital", on_limit="clip", place=70),)])
        reserve = np.zeros((2, TICKS + 1), np.int64)
        self.constraints = allocate_constraints(table, reserve, 1, SLOTS)
        self.origins = SimpleNamespace(is_quote=np.zeros((1, SLOTS), np.int8))
        self.ledger = SimpleNamespace(balance=np.zeros((1, 1, 2), np.int64))
        self.ledger.balance[0, 0, CASH] = 5 * NANO
        self.orders = SimpleNamespace(
            trader=np.zeros((1, SLOTS), np.int64), client_id=np.zeros((1, SLOTS), np.int64),
            side=np.zeros((1, SLOTS), np.int64), rank=np.zeros((1, SLOTS), np.int64),
            lots=np.zeros((1, SLOTS), np.int64),
        )  # fmt: skip

    def send(self, slot, side, tenths, lots):
        """A new order takes a slot when it is sent."""
        orders = self.orders
        orders.client_id[0, slot] += 10 + slot
        orders.side[0, slot], orders.lots[0, slot] = side, lots
        orders.rank[0, slot] = rank_of(tenths, side, TICKS)
        fields = {"kind": MESSAGE_ORDER, "order": slot}
        messages = SimpleNamespace(**{key: np.array([[of]]) for key, of in fields.items()})
        overflow = np.zeros(1, np.int64)
        note_message(self.constraints, overflow, messages, orders, self.origins, 0, 0, 0, 0)

    def arrives(self, slot, side, tenths, lots):
        """Ask, and enter the order or its new version if it can be paid."""
        rank, balance, orders = rank_of(tenths, side, TICKS), self.ledger.balance, self.orders
        if not can_pay(self.constraints, balance, 0, 0, slot, side, rank, lots):
            return False
        orders.rank[0, slot], orders.lots[0, slot] = rank, lots
        self.changed(slot)
        return True

    def changed(self, slot):
        fields = {"kind": EVENT_ACK, "order": slot, "other": slot}
        outbox = SimpleNamespace(**{key: np.array([[of]]) for key, of in fields.items()})
        outbox.count = np.ones(1, np.int64)
        capital = np.array([[5 * NANO]])
        count(self.constraints, capital, self.ledger.balance, self.orders, outbox, 0, slot)
        assert are_sums_whole(self.constraints, self.orders, 0)


def test_orders_at_the_venue_count_and_those_under_way_do_not():
    venue = Venue()
    venue.send(0, BUY, 5, 6)
    venue.send(1, BUY, 5, 5)  # 3.0 and 2.5 of 5.0: only one of the two
    assert venue.arrives(1, BUY, 5, 5)  # the other has not come yet
    assert not venue.arrives(0, BUY, 5, 6)
    assert venue.constraints.no_funds[0, 0] == 1
    assert venue.arrives(0, BUY, 5, 5)


def test_an_order_that_changes_counts_once_as_what_it_would_be():
    venue = Venue()
    venue.send(0, BUY, 5, 10)
    assert venue.arrives(0, BUY, 5, 10)  # all of the cash
    assert venue.arrives(0, BUY, 4, 12)
    assert not venue.arrives(0, BUY, 6, 9)


def test_what_has_come_and_is_not_final_pays_for_nothing():
    """Of 5 currency 1 has not come by the one payoff and 2 by the other: 4 and 3 are there."""
    for side, lots in ((BUY, 8), (SELL, 6)):
        venue = Venue()
        venue.constraints.uncounted[0, 0] = NANO, 2 * NANO
        venue.send(0, side, 5, lots + 1)
        assert not venue.arrives(0, side, 5, lots + 1)
        assert venue.arrives(0, side, 5, lots)


def test_a_slot_that_another_order_takes_begins_anew():
    """An order that ended leaves its slot; the next one there counts when it has arrived."""
    venue = Venue()
    venue.send(0, BUY, 5, 10)
    assert venue.arrives(0, BUY, 5, 10)
    venue.orders.lots[0, 0] = 0
    venue.changed(0)
    venue.send(0, BUY, 5, 10)  # in the slot of the first, which is over
    venue.send(1, BUY, 5, 10)
    assert venue.arrives(1, BUY, 5, 10)


def test_sides_take_from_the_cash_in_different_worlds():
    venue = Venue()
    venue.send(0, BUY, 5, 10)
    assert venue.arrives(0, BUY, 5, 10)
    venue.send(1, SELL, 5, 10)
    assert venue.arrives(1, SELL, 5, 10)  # one of them at most loses
    venue.ledger.balance[0, 0, CONTRACT] = -1
    assert not venue.arrives(1, SELL, 5, 10)
    assert venue.arrives(1, SELL, 5, 8)


def test_capital_in_use_is_what_is_not_free_at_the_worse_payoff():
    """Capital and cash 5, 3 lots held, 8 to sell at a half: at 1 there are 5 + 3 - 4 free."""
    venue = Venue()
    venue.ledger.balance[0, 0, CONTRACT] = 3
    venue.send(0, SELL, 5, 8)
    assert venue.arrives(0, SELL, 5, 8)
    assert venue.constraints.used_most[0, 0] == 1 * NANO
    venue.send(1, BUY, 5, 6)  # at 0 there are 5 - 3
    assert venue.arrives(1, BUY, 5, 6)
    assert venue.constraints.used_most[0, 0] == 3 * NANO
