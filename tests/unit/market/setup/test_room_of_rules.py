"""The queue of a lane has room for what its rules put there, at the first try."""

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.setup import capacities
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell
from proteus.market.trading.world import FAULT_CAPACITY
from tests.helpers.cells import ROOT, cell, run_plain

pytestmark = pytest.mark.plain

BUSY = [
    "mechanism=clob", "horizon_s=1.5", "population.maker.count=1", "population.maker.signal=null",
    "population.maker.policy.half_spread=0.001", "population.informed.count=0",
    "population.sniper.count=0", "population.noise.count=2",
    "population.noise.policy.marketable_probability=1",
    "population.noise.policy.lifetime_ms=1", "population.noise.policy.size_mean_lots=1",
    "population.noise.schedule.rate_per_s=80", "population.maker.policy.quote_lots=200",
    "population.maker.policy.inventory_limit_lots=1000", "population.maker.schedule.rate_per_s=80",
]  # fmt: skip
FORKS = [
    "environment=blocks", "environment.blocks.interval_ms=100", "settlement=blocks",
    "settlement.finality_blocks=12", "settlement.fork_depth=12", "settlement.fork_probability=0.1",
]  # fmt: skip


def played(*words):
    """A lane in blocks of the usual room."""
    setup = set_up_cell(cell(*BUSY, *words))
    world = build_block(setup, rng.replicate_keys(ROOT, np.arange(1)), 1, False)
    run_plain(*world)
    return setup, world.world


def has_outgrown_its_room(world):
    """Whether entries or fills that wait found no room; what makers remember has its own."""
    return bool(world.queue.overflow[0] or world.rules.overflow[0])


def test_a_deep_fork_finds_room_for_all_who_are_told():
    """Two are told of each fill that goes back, all at once: more than a lane has orders."""
    setup, world = played(*FORKS)
    assert not has_outgrown_its_room(world)
    assert world.rules.settlement.sums.lots_reverted[0] > setup.pending


def test_without_that_room_the_lane_would_stop(monkeypatch):
    monkeypatch.setattr(capacities, "_taken_back", lambda *_: 0)
    _, world = played(*FORKS)
    assert world.progress.fault[0] == FAULT_CAPACITY
    assert has_outgrown_its_room(world)


def test_fills_that_are_due_one_by_one_take_one_entry():
    """Each is due at a time of its own; more are pending than the queue has entries."""
    setup, world = played("settlement=t_plus", "settlement.delay_ms=1200")
    assert not has_outgrown_its_room(world)
    assert world.rules.settlement.sums.finals[0] > 0
    waiting = world.rules.settlement.legs.fills[0] * 1.2 / 1.5  # of 1.5 s, for 1.2 s each
    assert waiting > setup.entries


@pytest.mark.parametrize("words", [[], ["environment=blocks", "execution.route=blocks"]])
def test_where_nothing_goes_back_there_is_room_for_orders_and_the_next_of_each_rule(words):
    setup = set_up_cell(cell(*words))
    assert setup.entries - setup.pending in ((0,) if not words else (0, 8))
