"""A block is stepped, copied and carried on: the same bits as straight through."""

import re

import numpy as np
import pytest

from proteus.market import rng
from proteus.market.events.queue import NEVER_NS
from proteus.market.setup.block import BlockPool, build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.setup.snapshots import arrays_of_lanes, restore, snapshot
from proteus.market.trading import loop
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import STAGE_ENDED, STAGE_TRADING
from proteus.market.variables import measure
from tests.helpers.cells import MECHANISM_NAMES, MS, ROOT, cell, run_plain, same_values
from tests.helpers.cells import differing as all_differing
from tests.helpers.philox import plain_philox

EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
LANES = 3
HORIZON = 3000 * MS


def setup_of(mechanism, *words):
    """A cell with jumps, random closes where there are batches, and room for a log."""
    closes = ["mechanism.random_close=0.3"] if mechanism in ("fba", "dual_flow") else []
    config = cell(f"mechanism={mechanism}", "latent.jump_rate_per_s=2", *closes, *words)
    return with_log(set_up_cell(config))


def new_block(setup, replicates=range(LANES)):
    return build_block(setup, rng.replicate_keys(ROOT, np.array(replicates)), 1, False)


def straight(setup):
    block = new_block(setup)
    advance_block(*block, NEVER_NS)
    assert not block.world.progress.fault.any()
    return block


def differing(left, right):
    """Name the arrays of lanes in which two blocks differ by a bit; scratch may hold anything."""
    pairs = zip(arrays_of_lanes(left), arrays_of_lanes(right), strict=True)
    return [path for (path, a), (_, b) in pairs if a.tobytes() != b.tobytes()]


def stepped(setup, times):
    block = new_block(setup)
    for time in times:
        advance_block(*block, time)
    return block


@EVERY_MECHANISM
def test_stepping_at_any_times_gives_the_same_bits(mechanism):
    """Also at times that repeat or go back, and the log has the same rows."""
    setup = setup_of(mechanism)
    whole = straight(setup)
    random = np.random.default_rng(5).integers(0, HORIZON, 40)
    for times in (
        np.arange(0, HORIZON, 37 * MS + 11),
        np.sort(random),
        random,
        [1, 2, HORIZON - 1],
        [HORIZON],
    ):
        block = stepped(setup, [*times.tolist(), NEVER_NS] if len(times) > 3 else [*times])
        if len(times) == 3:
            assert (block.world.progress.stage == STAGE_TRADING).all()
            advance_block(*block, NEVER_NS)
        assert (block.world.progress.stage == STAGE_ENDED).all()
        assert differing(block, whole) == []


@pytest.mark.nojit
def test_no_step_is_longer_than_a_barrier_and_audits_are_at_barriers(monkeypatch):
    """What each lane is brought to: no further than a barrier; audits do not follow the steps."""
    setup = setup_of("clob")
    setup = setup._replace(settings=setup.settings._replace(barrier_ns=500 * MS))
    block, stops, audits = new_block(setup, [0]), [], []
    run_lane, audit_lane = loop.run_lane, loop.audit_lane

    def note(mechanism, world, lane, stop):
        stops.append(int(stop))
        run_lane(mechanism, world, lane, stop)

    def note_audit(mechanism, world, lane):
        audits.append(stops[-1])
        audit_lane(mechanism, world, lane)

    monkeypatch.setattr(loop, "run_lane", note)
    monkeypatch.setattr(loop, "audit_lane", note_audit)
    for until in (200 * MS, 1700 * MS, NEVER_NS):
        run_plain(*block, until)
    assert stops == [time * MS for time in (200, 500, 1000, 1500, 1700, 2000, 2500, 3000)]
    assert audits == [time * MS for time in (500, 1000, 1500, 2000, 2500, 3000)]


@EVERY_MECHANISM
@pytest.mark.parametrize("at", [0, 1, 1234 * MS + 567, HORIZON, NEVER_NS])
def test_a_snapshot_is_restored_into_another_block_exactly(mechanism, at):
    """The other block has run other seeds; from the snapshot both go on to the same bits."""
    setup = setup_of(mechanism)
    block = stepped(setup, [at])
    taken = snapshot(block)
    other = new_block(setup, range(10, 10 + LANES))
    advance_block(*other, 900 * MS)
    restore(other, taken)
    assert differing(other, block) == []
    again = snapshot(other)
    assert again.keys() == taken.keys()
    assert all(np.array_equal(again[path], taken[path], equal_nan=True) for path in taken)
    advance_block(*other, NEVER_NS)
    assert differing(other, straight(setup)) == []


def test_a_snapshot_holds_every_array_that_a_run_writes():
    """What changes between the start and the end, but for what is named scratch here."""
    scratch = re.compile(r"world\.news\.(words|normals|tails|decays|row_squares)|.*\.shares\.\w+")
    for mechanism in MECHANISM_NAMES:
        setup = setup_of(mechanism)
        before, after = new_block(setup), straight(setup)
        written = {path for path in all_differing(before, after) if not scratch.fullmatch(path)}
        assert written
        assert written <= set(snapshot(before))


def test_a_snapshot_of_another_cell_is_refused_and_changes_nothing():
    setup, other = setup_of("clob"), setup_of("clob", "population.noise.count=9")
    taken, block = snapshot(straight(other)), new_block(setup)
    before = snapshot(block)
    with pytest.raises(ValueError, match=r"of the snapshot is .* \[3, .*\], here it is"):
        restore(block, taken)
    assert all(np.array_equal(array, before[path]) for path, array in snapshot(block).items())
    with pytest.raises(ValueError, match=r"^mechanism.* here it is nothing"):
        restore(block, snapshot(straight(setup_of("fba"))))


@pytest.mark.nojit
def test_a_snapshot_that_lacks_an_array_is_refused_and_changes_nothing():
    """As one of a plain block for a rich one would; the rest fits."""
    block = new_block(setup_of("clob"))
    before = snapshot(block)
    for lost in (set(before), {"world.queue.time"}, {next(reversed(before))}):
        taken = {path: array + 1 for path, array in before.items() if path not in lost}
        with pytest.raises(ValueError, match=r"^the snapshot has no \w+\.\w+"):
            restore(block, taken)
    assert all(np.array_equal(array, before[path]) for path, array in snapshot(block).items())


def test_a_block_that_was_stepped_half_way_can_be_used_again():
    setup = setup_of("clob")
    pool, keys = BlockPool(setup), rng.replicate_keys(ROOT, np.arange(LANES))
    half = pool.take(keys)
    advance_block(*half, 1000 * MS)
    pool.give_back(half)
    used = pool.take(keys)
    assert used.world is half.world
    advance_block(*used, NEVER_NS)
    whole = straight(setup)
    ours, theirs = measure(used.world), measure(whole.world)
    assert same_values(ours, theirs)


# --- episodes -------------------------------------------------------------------------------------


@pytest.mark.nojit
def test_an_episode_has_the_key_of_the_protocol():
    """Episode 0 is the replicate; the others are NumPy's Philox at their address."""
    keys = rng.replicate_keys(ROOT, np.arange(4))
    assert np.array_equal(rng.replicate_keys(ROOT, np.arange(4), episode=0), keys)
    for episode in (1, 2, 1000):
        found = rng.replicate_keys(ROOT, np.arange(4), episode)
        for key, ours in zip(keys, found, strict=True):
            expected = plain_philox((rng.STREAM_EPISODE, 0, episode, 0), tuple(map(int, key)))
            assert tuple(map(int, ours)) == expected[:2]
    assert len({tuple(key) for e in range(20) for key in rng.replicate_keys(ROOT, np.arange(9), e)}
               ) == 180  # fmt: skip
