"""Gas by hand: what is free must pay the message, at the worse payoff, and lots of what is left."""

import numpy as np
import pytest

from proteus.market.book.codes import BUY, SELL
from proteus.market.constraints import chain, codes
from proteus.market.constraints.models import Capital, OrderSize
from proteus.market.constraints.state import allocate_constraints, chain_table
from proteus.market.constraints.table import CAPITAL, NO_GAS, NONE, ORDER_SIZE

NANO, TICKS, CENT = 10**9, 10, 10**7
pytestmark = pytest.mark.plain


def asked(cash, gas, *, position=0, orders=(0, 0), becomes=codes.AS_ORDER, lots=10, **more):
    """Ask for lots at 0.5; ``orders``: nano that others may cost by payoff."""
    given = (
        OrderSize(kind="order_size", on_limit="clip", place=30, lots=more.get("size", 100)),
        Capital(kind="capital", on_limit=more.get("on_limit", "clip"), place=70),
    )
    reserve = np.zeros((2, TICKS + 1), np.int64)
    state = allocate_constraints(chain_table([given]), reserve, 1, 8, 8)
    state.if_zero[0, 0], state.if_one[0, 0] = orders
    side, known = more.get("side", BUY), (cash, position, gas)
    sent, kind = chain.allowed(state, 0, 0, 0, becomes, side, 5, lots, known)
    assert state.no_gas[0, 0] == (kind == NO_GAS)
    assert state.cuts.sum() == (kind in (CAPITAL, ORDER_SIZE))
    return int(sent), int(kind)


@pytest.mark.parametrize("on_limit", ["clip", "drop"])
def test_just_enough_pays_and_a_nano_less_does_not(on_limit):
    """Of 5 currency others may cost 4.99: a cent is free."""
    orders = (5 * NANO - CENT, 0)
    for becomes in (codes.AS_REDUCTION, codes.AS_ACCEPTANCE, codes.AS_LAST_LOOK):
        how = {"orders": orders, "becomes": becomes, "on_limit": on_limit}
        assert asked(5 * NANO, CENT, **how) == (10, NONE)
        assert asked(5 * NANO, CENT + 1, **how) == (0, NO_GAS)


def test_lots_are_paid_of_what_gas_leaves():
    assert asked(5 * NANO, 0) == (10, NONE)
    assert asked(5 * NANO, 1) == (9, CAPITAL)
    assert asked(NANO // 2 + CENT, CENT) == (1, CAPITAL)
    assert asked(NANO // 2 + CENT - 1, CENT) == (0, CAPITAL)  # gas can be paid, a lot cannot
    assert asked(CENT - 1, CENT) == (0, NO_GAS)
    assert asked(5 * NANO, 1, on_limit="drop") == (0, CAPITAL)


def test_the_worse_payoff_pays():
    """Short 9 lots with 9.005 of cash: if the contract pays 1, half a cent is free."""
    cash, less = 9 * NANO + CENT // 2, {"becomes": codes.AS_REDUCTION}
    assert asked(cash, CENT // 2, position=-9, **less) == (10, NONE)
    assert asked(cash, CENT, position=-9, **less) == (0, NO_GAS)
    assert asked(0, CENT, position=9, side=SELL) == (0, NO_GAS)  # contracts pay no gas
    assert asked(CENT, CENT, position=10, side=SELL) == (10, NONE)


def test_a_quote_that_stands_costs_nothing():
    assert asked(0, 0, becomes=codes.AS_STANDING) == (10, NONE)


def test_the_first_that_cuts_is_counted():
    assert asked(0, CENT, size=5) == (0, ORDER_SIZE)
    assert asked(0, CENT, size=10) == (0, NO_GAS)
