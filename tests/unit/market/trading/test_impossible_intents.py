"""A trader that wants what no venue has stops its lane, instead of writing beside arrays."""

import numpy as np
import pytest

from proteus.compiler.jit import compiled
from proteus.market.agents import insider
from proteus.market.agents.traders import INTENT_ORDER, allocate_intents, intend
from proteus.market.book.codes import BUY, IOC
from proteus.market.ledger.accounts import LEDGER_CODES
from proteus.market.trading.world import FAULT_NONE
from tests.helpers.cells import build, cell, run_plain

TICKS = 1000
POSSIBLE = {"side": BUY, "price": TICKS - 1, "lots": 3}
ONE_INSIDER = (
    "+trader@population.other=insider", "population.other.count=1",
    "population.other.schedule.law=poisson", "population.other.schedule.rate_per_s=20",
)  # fmt: skip


def _run(monkeypatch, mechanism, times=1, **wanted):
    """Run a lane whose other kind wants this, so many times, at each wake-up; returns its world."""
    side, price, lots = (np.int64(value) for value in {**POSSIBLE, **wanted}.values())

    def want(intents, lane, *_):
        for _ in range(times):
            intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, 0.5)

    monkeypatch.setattr(insider, "intend", want)
    block = build(cell(f"mechanism={mechanism}", *ONE_INSIDER))
    run_plain(block.mechanism, block.world)
    return block.world


@pytest.mark.plain
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


@pytest.mark.plain
@pytest.mark.parametrize("price", [1, TICKS - 1])
def test_the_ends_of_the_book_are_prices(monkeypatch, price):
    world = _run(monkeypatch, "clob", price=price)
    assert world.progress.fault[0] == FAULT_NONE


@pytest.mark.plain
@pytest.mark.parametrize("mechanism", ["clob", "rfq"])
@pytest.mark.parametrize("times", [5, 9])
def test_more_intents_than_there_is_room_for_stop_the_lane(monkeypatch, mechanism, times):
    """Compiled, the fifth would be written beside the array: into another lane, or beyond all."""
    world = _run(monkeypatch, mechanism, times)
    code = int(world.progress.fault[0])
    assert LEDGER_CODES[code] == "more_intents_than_four_at_a_wake_up"
    assert (world.ledger.bought + world.ledger.sold)[0, -1] == 0


@pytest.mark.plain
def test_there_is_room_for_four(monkeypatch):
    world = _run(monkeypatch, "clob", 4)
    assert world.progress.fault[0] == FAULT_NONE
    assert world.ledger.bought[0, -1] > 0


@pytest.mark.nojit
def test_compiled_intents_stay_in_their_lane():
    """What another package wants too much of reaches no memory but its own."""
    want, whole = compiled(intend), allocate_intents(3)
    kept = [field[1:].copy() for field in whole[:-1]]
    for lane in (0, 2):
        for _ in range(50):
            want(whole, lane, INTENT_ORDER, 1, 7, 5, IOC, 3, 0.5)
    assert whole.count.tolist() == [50, 0, 50]
    for before, field in zip(kept, whole[:-1], strict=True):
        assert np.array_equal(field[1], before[0])
        assert (field[[0, 2]] == field[0, 0]).all()
