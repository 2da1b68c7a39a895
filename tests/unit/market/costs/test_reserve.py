"""What is kept for the fees of an order is enough for every sequence of its fills (MODEL2 B5)."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.codes import MAKER, TAKER
from proteus.market.costs.reserve import fee_reserves
from tests.helpers.charging import CONF, charge, costs_of, currency, model, net

pytestmark = pytest.mark.plain
N_TICKS = 50
NOTIONAL = {"taker_ppm": 1_000, "maker_ppm": 200, "minimum": 0.001}
NAMES = sorted({path.stem for path in CONF.glob("*.yaml")} - {"none", "gas", "parts"})
FILLS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, N_TICKS - 1), st.sampled_from([TAKER, MAKER])),
    min_size=1, max_size=6,
)  # fmt: skip


def charging(name):
    """A model as its file has it, but notional, which has no rates there."""
    return model(name, **(NOTIONAL if name == "notional" else {}))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=80, deadline=None)
@given(side=st.sampled_from([BUY, SELL]), limit=st.integers(1, N_TICKS - 1), fills=FILLS)
def test_no_sequence_of_fills_costs_more_than_is_kept(name, side, limit, fills):
    """Fills one after the other, within the limit, as taker or maker, each of any lots."""
    costs = costs_of(charging(name), N_TICKS)
    kept = currency(fee_reserves(costs.tables, N_TICKS)[side, limit])
    paid, filled = Fraction(0), 0
    for lots, better, role in fills:
        price = max(limit - better, 1) if side == BUY else min(limit + better, N_TICKS - 1)
        paid += net(charge(costs, price, lots, role=role, side=side, anchor=2 * limit))
        filled += lots
        assert paid <= filled * kept


@pytest.mark.parametrize("name", NAMES)
def test_a_worse_limit_never_keeps_less(name):
    reserve = fee_reserves(costs_of(charging(name), N_TICKS).tables, N_TICKS)
    assert (reserve[BUY][1:] >= reserve[BUY][:-1]).all()
    assert (reserve[SELL][1:] <= reserve[SELL][:-1]).all()
    assert reserve[:, 1:-1].max() > 0
