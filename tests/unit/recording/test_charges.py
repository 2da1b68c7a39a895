"""What sides of fills were charged, from postings: the method of Hamilton in fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proteus.market.book.codes import EVENT_POSTING, EVENT_REPLACE
from proteus.market.events.log import MISSING, SOURCE_RULES, SOURCE_TRADER
from proteus.market.ledger.codes import FEE, GAS_BURNED, GAS_TIP, REBATE, ROUNDING
from proteus.recording.charges import CHARGE_COLUMNS, Sides, charges_of

pytestmark = pytest.mark.plain
NAMES = ("kind", "source", "event", "order_id", "other_id", "fill", "code", "amount")


def posting(order, code, amount, event=5, fill=MISSING):
    return EVENT_POSTING, SOURCE_RULES, event, order, MISSING, fill, code, amount


def replace(before, after):
    return EVENT_REPLACE, SOURCE_TRADER, 1, before, after, MISSING, MISSING, MISSING


def charged(postings, fills):
    """Charge fills, each (event, order of the buyer, order of the seller, lots)."""
    columns = np.array(postings, np.int64).reshape(-1, len(NAMES)).T
    event, buy, sell, lots = np.array(fills, np.int64).T
    table = charges_of(dict(zip(NAMES, columns, strict=True)), Sides(event, (buy, sell), lots))
    assert tuple(table) == CHARGE_COLUMNS
    return {name: values.tolist() for name, values in table.items() if values.any()}


def hamilton(amount, lots):
    """Whole parts first, then a unit each to the largest remainders, the earlier of equal ones."""
    exact = [Fraction(amount * each, sum(lots)) for each in lots]
    parts = [int(part) for part in exact]
    rests = sorted(range(len(lots)), key=lambda at: (parts[at] - exact[at], at))
    for at in rests[: amount - sum(parts)]:
        parts[at] += 1
    return parts


@given(st.integers(1, 2**62), st.lists(st.integers(1, 2**40), min_size=1, max_size=7))
def test_an_order_of_a_clear_is_split_by_lots(amount, lots):
    fills = [(5, 7, 10 + at, each) for at, each in enumerate(lots)]
    assert charged([posting(7, FEE, amount)], fills) == {"buyer_fee": hamilton(amount, lots)}


def test_units_that_are_left_go_to_the_largest_remainders():
    """10 over 1, 1, 1, 4 lots: 1.43 three times and 5.71; then the first of equal ones."""
    fills = [(5, 7, 10 + at, lots) for at, lots in enumerate((1, 1, 1, 4))]
    assert charged([posting(7, FEE, 10)], fills)["buyer_fee"] == [2, 1, 1, 6]


def test_where_orders_trade_one_by_one_a_fill_has_its_own():
    """Both sides, of an order that fills twice in one event; what is nothing has no posting."""
    fills = [(5, 7, 8, 3), (5, 7, 9, 1)]
    postings = [
        posting(7, FEE, 30, fill=0), posting(8, REBATE, 6, fill=0), posting(7, FEE, 11, fill=1),
        posting(7, ROUNDING, 2, fill=1), posting(9, REBATE, 2, fill=1),
    ]  # fmt: skip
    assert charged(postings, fills) == {
        "buyer_fee": [30, 11], "buyer_rounding": [0, 2], "seller_rebate": [6, 2],
    }  # fmt: skip


def test_a_clear_charges_its_own_fills_alone():
    fills = [(5, 7, 8, 1), (6, 7, 8, 3)]
    postings = [posting(7, FEE, 5, event=5), posting(7, FEE, 4, event=6)]
    assert charged(postings, fills) == {"buyer_fee": [5, 4]}


def test_gas_of_all_that_an_order_was_goes_to_all_its_fills():
    """The replaced order has a fill, its last version another; the order 20 never fills."""
    postings = [
        posting(1, GAS_BURNED, 4, event=0), replace(1, 2), posting(1, GAS_BURNED, 4, event=1),
        replace(2, 3), posting(2, GAS_TIP, 3, event=2), posting(3, GAS_BURNED, 1, event=9),
        posting(20, GAS_BURNED, 50, event=3),
    ]  # fmt: skip
    fills = [(5, 1, 8, 2), (7, 9, 3, 1)]
    assert charged(postings, fills) == {
        "buyer_gas": [6, 0], "seller_gas": [0, 3], "buyer_tip": [2, 0], "seller_tip": [0, 1],
    }  # fmt: skip


def test_what_no_order_is_charged_is_nobodys_here():
    assert charged([posting(MISSING, FEE, 5)], [(5, 7, 8, 1)]) == {}
    assert charged([], [(5, 7, 8, 1)]) == {}
