"""The venue's test of capital by hand: which orders count, and in which of their versions."""

from types import SimpleNamespace

import numpy as np
import pytest

from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, SELL
from proteus.market.constraints.models import Capital
from proteus.market.constraints.state import allocate_constraints, chain_table
from proteus.market.events.envelopes import MESSAGE_ORDER
from proteus.market.ledger.accounts import CASH, CONTRACT
from proteus.market.rules.constraints import can_pay, note_message

NANO, TICKS, SLOTS = 10**9, 10, 6
pytestmark = pytest.mark.nojit


class Venue:
    """One account, 5 currency, and its orders at slots; prices in tenths of the payoff."""

    def __init__(self):
        table = chain_table([(Capital(kind="capital", on_limit="clip", place=70),)])
        reserve = np.zeros((2, TICKS + 1), np.int64)
        self.rules = SimpleNamespace(
            constraints=allocate_constraints(table, reserve, 1, SLOTS),
            settlement=SimpleNamespace(legs=SimpleNamespace(fills=np.zeros(1, np.int64))),
        )
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
        note_message(self.rules, messages, orders, 0, 0, 0, 0)

    def arrives(self, slot, side, tenths, lots):
        rank = rank_of(tenths, side, TICKS)
        return can_pay(self.rules, self.ledger, self.orders, 0, 0, slot, side, rank, lots)


def test_orders_at_the_venue_count_and_those_under_way_do_not():
    venue = Venue()
    venue.send(0, BUY, 5, 6)
    venue.send(1, BUY, 5, 5)  # 3.0 and 2.5 of 5.0: only one of the two
    assert venue.arrives(1, BUY, 5, 5)  # the other has not come yet
    assert not venue.arrives(0, BUY, 5, 6)
    assert venue.rules.constraints.no_funds[0, 0] == 1
    assert venue.arrives(0, BUY, 5, 5)


def test_an_order_that_changes_counts_once_as_what_it_would_be():
    venue = Venue()
    venue.send(0, BUY, 5, 10)
    assert venue.arrives(0, BUY, 5, 10)  # all of the cash
    assert venue.arrives(0, BUY, 4, 12)
    assert not venue.arrives(0, BUY, 6, 9)


def test_a_slot_that_another_order_takes_begins_anew():
    """An order that ended leaves its slot; the next one there counts when it has arrived."""
    venue = Venue()
    venue.send(0, BUY, 5, 10)
    assert venue.arrives(0, BUY, 5, 10)
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
