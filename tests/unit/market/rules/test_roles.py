"""Who makes in a fill: by arrival, by clears, by class."""

from types import SimpleNamespace

import numpy as np
import pytest

from proteus.market.book.book import allocate_orders
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.rules.roles import BY_ARRIVAL, BY_CLASS, BY_CLEAR, make_roles, makes

pytestmark = pytest.mark.plain

IS_MAKER = np.array([True, False])
RULES = {"clob": BY_ARRIVAL, "fba": BY_CLEAR, "dual_flow": BY_CLASS, "rfq": BY_CLASS}


def roles_of(mechanism):
    config = MECHANISMS[mechanism].config
    stands_for = SimpleNamespace(
        uses_delta=config.uses_delta, has_requests=config.has_requests, auctions=config.auctions
    )
    return make_roles(stands_for, IS_MAKER)


@pytest.mark.parametrize("mechanism", RULES)
def test_each_mechanism_has_its_rule(mechanism):
    assert roles_of(mechanism).rule.tolist() == [RULES[mechanism]]


def test_who_was_there_first_makes_in_a_book():
    roles, orders = roles_of("clob"), allocate_orders(1, 4)
    orders.trader[0, :2] = 1, 0  # a taker's order rests, a market maker's comes
    assert makes(roles, orders, 0, 0, 0, 0)
    assert not makes(roles, orders, 0, 1, 0, 0)


@pytest.mark.parametrize(("joined", "makes_it"), [(4, False), (3, True), (0, True)])
def test_what_an_earlier_clear_published_makes_in_a_batch(joined, makes_it):
    """The fifth clear: orders that joined after the fourth take, whichever side and class."""
    roles, orders = roles_of("fba"), allocate_orders(1, 4)
    orders.batch[0, :2] = joined, 4
    assert makes(roles, orders, 0, 0, 1, 5) == makes_it
    assert not makes(roles, orders, 0, 1, 1, 5)


@pytest.mark.parametrize("mechanism", ["dual_flow", "rfq"])
def test_market_makers_make_where_roles_are_kept_apart(mechanism):
    roles, orders = roles_of(mechanism), allocate_orders(1, 4)
    orders.trader[0, :2] = 1, 0
    assert not makes(roles, orders, 0, 0, 0, 9)
    assert makes(roles, orders, 0, 1, 0, 9)
