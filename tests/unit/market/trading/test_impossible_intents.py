"""A trader that wants what no venue has stops its lane, instead of writing beside arrays."""

import numpy as np
import pytest

from proteus.market.agents import insider
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_NONE
from tests.helpers.cells import build, cell, run_plain

pytestmark = pytest.mark.nojit

TICKS = 1000
POSSIBLE = {"side": BUY, "price": TICKS - 1, "lots": 3}
ONE_INSIDER = (
    "+trader@population.other=insider", "population.other.count=1",
    "population.other.schedule.law=poisson", "population.other.schedule.rate_per_s=20",
)  # fmt: skip


def _run(monkeypatch, mechanism, **wanted):
    """Run a lane whose other kind wants this at each wake-up; returns its world."""
    side, price, lots = (np.int64(value) for value in {**POSSIBLE, **wanted}.values())

    def want(intents, lane, *_):
        intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, 0.5)

    monkeypatch.setattr(insider, "intend", want)
    block = build(cell(f"mechanism={mechanism}", *ONE_INSIDER))
    run_plain(block.mechanism, block.world)
    return block.world


@pytest.mark.parametrize("mechanism", ["clob", "fba", "rfq"])
@pytest.mark.parametrize(
    "wanted",
    [{"price": 0}, {"price": -1}, {"price": TICKS}, {"price": 10**9}, {"lots": 0}, {"lots": -3},
     {"side": 2}, {"side": -1}],
)  # fmt: skip
def test_it_stops_the_lane_before_anything_is_sent(monkeypatch, mechanism, wanted):
    world = _run(monkeypatch, mechanism, **wanted)
    code = int(world.progress.fault[0])
    assert LEDGER_CODES[code] == "intent_without_side_price_or_size"
    assert (world.ledger.bought + world.ledger.sold)[0, -1] == 0


@pytest.mark.parametrize("price", [1, TICKS - 1])
def test_the_ends_of_the_book_are_prices(monkeypatch, price):
    world = _run(monkeypatch, "clob", price=price)
    assert world.progress.fault[0] == FAULT_NONE
