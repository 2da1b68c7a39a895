"""An order that is withdrawn from an open batch leaves nothing behind."""

import pytest

from proteus.market.book.book import fill_in
from proteus.market.book.codes import BUY, IOC
from proteus.market.mechanisms.interface import clear, enter, withdraw
from tests.helpers.cells import TINY, build, cell


@pytest.mark.nojit
def test_an_order_on_its_way_outlives_the_batch_whoever_had_its_slot():
    """An immediate order is withdrawn, as of who fails, and its slot is soon another's."""
    mechanism, world = build(cell("mechanism=fba", *TINY))
    orders, market, withdrawn, stays = world.market.orders, world.market, 5, 6

    def write(slot, number):
        fill_in(orders, 0, slot, number, 0, 0, BUY, 40, 3, IOC, 0)

    for number, slot in enumerate((withdrawn, stays), 1):
        write(slot, number)
        enter(mechanism, market, 0, slot, 0)
    withdraw(mechanism, market, 0, withdrawn)
    write(withdrawn, 3)
    market.outbox.count[0] = 0
    clear(mechanism, market, 0)
    assert market.outbox.order[0, : market.outbox.count[0]].tolist() == [stays]
    assert orders.lots[0, withdrawn] == 3
