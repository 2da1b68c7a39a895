"""``capital_only`` carries nothing else: whatever else of a day that is over is changed at random.

The day is run, all its arrays but the settled money and who was ruined are overwritten with random
bytes, and the next day is played with what is then carried, in the same memory. Its bits must be
those of a next day that nobody disturbed, in memory of its own.
"""

from typing import Any

import numpy as np
import pytest

from proteus.market.rng import replicate_keys
from proteus.market.setup.block import BlockPool
from proteus.market.setup.carrying import put, take
from proteus.market.setup.cell import set_up_cell
from proteus.market.setup.snapshots import arrays_of_lanes
from tests.helpers.cells import ROOT, RULED, cell, run_plain

pytestmark = pytest.mark.plain
WHAT_IS_CARRIED = {"totals.settled", "rules.endowment", "rules.is_ruined"}
LANE = (
    "horizon_s=0.35", "metrics.tau_ms=300", "metrics.horizons_ms=[0,100]", "record.warmup_s=0.1",
    "population.noise.schedule.rate_per_s=10", "population.maker.capital=8",
    "population.sniper.capital=1", "episodes.count=2", "episodes.ruin_below=1",
    "population.maker.policy.adverse_selection_horizon_ms=20",
)  # fmt: skip
SEEDS = np.arange(2)


def day(config: Any, pool: BlockPool, number: int, carried: Any = None) -> Any:
    block = pool.take(replicate_keys(ROOT, SEEDS, number))
    if carried is not None:
        put(block.world, config, carried)
    run_plain(*block)
    assert not block.world.progress.fault.any()
    return block


def disturb(world: Any, kept: set[str]) -> int:
    """Overwrite what is not kept; return how many arrays."""
    chooser, count = np.random.default_rng(5), 0
    for path, array in arrays_of_lanes(world):
        if path not in kept and array.size:
            drawn = np.frombuffer(chooser.bytes(array.nbytes), array.dtype).reshape(array.shape)
            array[...] = chooser.random(array.shape) < 0.5 if array.dtype == bool else drawn
            count += 1
    return count


@pytest.mark.parametrize("mechanism", RULED)
def test_everything_else_may_be_anything(mechanism: str) -> None:
    config = cell(f"mechanism={mechanism}", *LANE, "episodes.carryover=capital_only")
    pool, fresh = BlockPool(set_up_cell(config)), BlockPool(set_up_cell(config))
    block = day(config, pool, 0)
    expected = take(block.world, config)
    assert disturb(block.world, WHAT_IS_CARRIED) > 150
    carried = take(block.world, config)
    assert carried.tobytes() == expected.tobytes()
    pool.give_back(block)
    ours = day(config, pool, 1, carried)
    theirs = day(config, fresh, 1, expected)
    assert ours.world.ledger.balance is block.world.ledger.balance  # the same memory
    for name in ("ledger", "sums", "totals", "progress", "rules"):
        left = dict(arrays_of_lanes(getattr(ours.world, name)))
        for path, array in arrays_of_lanes(getattr(theirs.world, name)):
            if path.rsplit(".", 1)[-1] not in written_first(theirs.world, f"{name}.{path}"):
                assert left[path].tobytes() == array.tobytes(), f"{name}.{path}"


def written_first(world: Any, path: str) -> tuple[str, ...]:
    """Fields of the state of an array that hold anything until they are written."""
    state = world
    for part in path.split(".")[:-1]:
        state = getattr(state, part)
    return tuple(getattr(state, "written_first", ()))


@pytest.mark.parametrize("path", sorted(WHAT_IS_CARRIED))
def test_what_is_carried_may_not(path: str) -> None:
    """So the test above can fail."""
    config = cell("mechanism=clob", *LANE, "episodes.carryover=capital_only")
    block = day(config, BlockPool(set_up_cell(config)), 0)
    expected = take(block.world, config)
    disturb(block.world, {name for name, _ in arrays_of_lanes(block.world)} - {path})
    assert take(block.world, config).tobytes() != expected.tobytes()


def test_full_carryover_takes_more() -> None:
    config = cell("mechanism=clob", *LANE, "episodes.carryover=full_carryover")
    block = day(config, BlockPool(set_up_cell(config)), 0)
    expected = take(block.world, config)
    disturb(block.world, WHAT_IS_CARRIED)
    assert take(block.world, config).tobytes() != expected.tobytes()
