"""Which order of an account that is short is cancelled, by hand."""

import pytest

from proteus.market.book.codes import BUY, NO_ORDER, SELL
from proteus.market.constraints.venue import newest_of_short
from tests.unit.market.constraints.test_venue import Venue

pytestmark = pytest.mark.plain


def newest(venue, short_zero, short_one):
    return newest_of_short(venue.constraints, venue.orders, 0, 0, short_zero, short_one)


def test_the_newest_that_costs_anything_where_the_account_is_short():
    """Two sells, then a buy, then one that is still under way; only sells cost if it pays 1."""
    venue = Venue()
    for slot, side in enumerate((SELL, SELL, BUY)):
        venue.send(slot, side, 5, 1)
        assert venue.arrives(slot, side, 5, 1)
    venue.send(3, SELL, 5, 1)
    assert newest(venue, -1, 1) == 1
    assert newest(venue, 1, -1) == newest(venue, 1, 1) == 2
    assert newest(venue, 0, 0) == NO_ORDER
