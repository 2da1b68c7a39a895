"""The same bits however the lanes are arranged, and whatever room they were given at first."""

import numpy as np
import pytest

from proteus.market.agents import maker
from proteus.market.environment.setup import allocate_news
from proteus.market.events.queue import NEVER_NS
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.rng import replicate_key, replicate_keys
from proteus.market.setup import block, capacities
from proteus.market.setup import cell as cell_setup
from proteus.market.trading.loop import advance_block
from proteus.market.trading.world import FAULT_CAPACITY
from proteus.market.variables import measure
from proteus.recording.columns import rows_of
from proteus.runs import blocks
from proteus.runs.cell import run_cell
from tests.helpers.cells import (
    MECHANISM_NAMES,
    ROOT,
    TINY,
    cell,
    differing,
    finished,
    finished_plain,
    same_values,
)

REPLICATES = np.arange(33)
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", MECHANISM_NAMES)


def run(config, replicates=REPLICATES, workers=1, block_lanes=None):
    return run_cell(config, replicates, root=ROOT, workers=workers, block_lanes=block_lanes)


def news_heavy(mechanism, *more):
    """A cell with more to go wrong: jumps, random latencies of every law, random closes."""
    words = [f"mechanism={mechanism}", "latent.jump_rate_per_s=2", "population.noise.count=3"]
    legs = "population.noise.latency"
    words += [f"{legs}.submission={{law:lognormal,base_ms:1,spread_ms:3,shape:1}}"]
    words += [f"{legs}.market_data={{law:shifted_exponential,base_ms:1,spread_ms:3,shape:0}}"]
    words += ["mechanism.random_close=0.3"] if MECHANISMS[mechanism].config.uses_delta else []
    return cell(*words, *more)


@pytest.fixture(scope="module", params=MECHANISM_NAMES)
def whole(request):
    """One cell, and its values in one block on one worker."""
    config = news_heavy(request.param)
    outcome = run(config, block_lanes=len(REPLICATES))
    assert outcome.violations == []
    return config, outcome.values


@pytest.fixture
def growths(monkeypatch):
    """The growth of every block that the engine builds, in order."""
    seen, build_block = [], block.build_block

    def note(setup, keys, growth, audit):
        seen.append(growth)
        return build_block(setup, keys, growth, audit)

    for place in (block, blocks):
        monkeypatch.setattr(place, "build_block", note)
    return seen


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("block_lanes", [1, 3, 32, None])
def test_workers_and_block_size_change_no_bit(whole, workers, block_lanes):
    config, values = whole
    outcome = run(config, workers=workers, block_lanes=block_lanes)
    assert same_values(outcome.values, values)
    assert outcome.violations == []


@pytest.mark.parametrize("mechanism", MECHANISM_NAMES)
def test_a_block_of_4096_lanes_has_the_bits_of_small_ones(mechanism):
    """Every lane against blocks of 64, and some against blocks of one."""
    config = cell(f"mechanism={mechanism}", *TINY, "contract.tick=0.01")
    replicates = np.arange(4096)
    large = run(config, replicates, block_lanes=4096).values
    assert same_values(run(config, replicates, workers=2, block_lanes=64).values, large)
    some = replicates[::1000]
    alone = run(config, some, block_lanes=1).values
    assert same_values(alone, {name: column[some] for name, column in large.items()})


@pytest.mark.parametrize("replicates", [[5], [32], [30, 2, 5]])
def test_a_replicate_is_the_same_alone_and_among_others(whole, replicates):
    config, values = whole
    alone = run(config, np.array(replicates)).values
    assert same_values(alone, {name: column[replicates] for name, column in values.items()})


def test_replicates_differ(whole):
    _, values = whole
    assert len(set(values["pnl_noise"])) == len(REPLICATES)


@pytest.mark.parametrize("steps", [1, 7, 1_000])
def test_barrier_spacing_changes_no_bit(whole, monkeypatch, steps):
    config, values = whole
    monkeypatch.setattr(cell_setup, "BARRIER_STEPS", steps)
    outcome = run(config, REPLICATES[:8])
    assert same_values(outcome.values, {name: column[:8] for name, column in values.items()})


def soil(state):
    """Write nonsense where a lane is said to write before it reads; return how many arrays."""
    soiled = 0
    for name, field in zip(state._fields, state, strict=True):
        if name in getattr(state, "written_first", ()):
            field[...] = np.nan if field.dtype.kind == "f" else 1
            soiled += 1
        elif isinstance(field, tuple):
            soiled += soil(field)
    return soiled


@EVERY_MECHANISM
def test_what_the_lane_before_it_left_changes_no_bit(mechanism):
    config, keys = news_heavy(mechanism), replicate_keys(ROOT, np.arange(4))
    pool, told = block.BlockPool(cell_setup.with_log(cell_setup.set_up_cell(config))), []
    for _ in range(2):
        used = pool.take(keys)
        advance_block(used.mechanism, used.world, NEVER_NS)
        rows = [rows_of(used.world.log, lane) for lane in range(len(keys))]
        told.append(
            (measure(used.world), [column.tobytes() for lane in rows for column in lane.values()])
        )
        assert soil(used) > 30
        pool.give_back(used)
    assert same_values(told[0][0], told[1][0])
    assert told[0][1] == told[1][1]


def test_auditing_every_event_changes_no_bit(whole):
    config, _ = whole
    found = differing(finished(config, 3, audit=True), finished(config, 3))
    assert found == []


@EVERY_MECHANISM
def test_compiled_and_plain_python_agree_to_the_bit(mechanism):
    config = news_heavy(mechanism)
    assert differing(finished(config, 2), finished_plain(config, 2)) == []


@pytest.mark.parametrize("shown", ["price=parties", "delay_ms=400"])
@EVERY_MECHANISM
def test_they_agree_under_other_leakage_tables(mechanism, shown):
    table = f"execution.leakage.{mechanism}"
    printed = f"{table}.{MECHANISMS[mechanism].config.table.PRINT}"
    other = "cover.price=winner" if mechanism == "rfq" else "book.best_ask=hidden"
    config = news_heavy(mechanism, f"{printed}.{shown}", f"{table}.{other}")
    compiled = finished(config)
    assert differing(compiled, finished_plain(config)) == []
    assert differing(compiled.totals, finished(news_heavy(mechanism)).totals) != []


def few_orders(monkeypatch):
    monkeypatch.setattr(capacities, "pending_orders", lambda *_: 8)


def short_history(monkeypatch):
    monkeypatch.setattr(capacities, "_HISTORY", 1)


def few_waiting_fills(monkeypatch):
    monkeypatch.setattr(maker, "_MARKS", 1)


def few_jumps(monkeypatch):
    def allocate(lanes, window, dt_ns, expected_jumps, capacity):
        return allocate_news(lanes, window, dt_ns, 0, capacity)

    monkeypatch.setattr(block, "allocate_news", allocate)


def everything_small(monkeypatch):
    for shrink in (few_orders, short_history, few_waiting_fills, few_jumps):
        shrink(monkeypatch)


@pytest.mark.boundscheck
@EVERY_MECHANISM
@pytest.mark.parametrize(
    "shrink", [few_orders, short_history, few_waiting_fills, few_jumps, everything_small]
)
def test_a_lane_that_outgrows_its_room_gets_the_same_bits(monkeypatch, growths, mechanism, shrink):
    config = cell(
        f"mechanism={mechanism}", "horizon_s=2", "population.noise.count=4",
        "latent.jump_rate_per_s=20",
    )  # fmt: skip
    expected = run(config, REPLICATES[:4])
    assert set(growths) == {1}
    shrink(monkeypatch)
    outcome = run(config, REPLICATES[:4])
    assert max(growths) > 1
    assert outcome.violations == []
    assert same_values(outcome.values, expected.values)


@pytest.mark.nojit
def test_growth_doubles_until_the_lane_fits(monkeypatch, growths):
    config = cell("mechanism=clob", *TINY)
    monkeypatch.setattr(capacities, "_HISTORY", 1)
    run(config, REPLICATES[:1])
    assert growths == [2**power for power in range(len(growths))]
    assert len(growths) > 1


@EVERY_MECHANISM
def test_a_lane_beyond_the_largest_growth_is_a_violation(monkeypatch, mechanism):
    """Every lane outgrows one pending order, and may not grow."""
    monkeypatch.setattr(capacities, "whole_rows", lambda _: 1)
    monkeypatch.setattr(capacities, "LARGEST_GROWTH", 1)
    outcome = run(cell(f"mechanism={mechanism}"), REPLICATES[:3])
    assert [bad.replicate for bad in outcome.violations] == [0, 1, 2]
    assert {bad.reason for bad in outcome.violations} == {"capacity"}
    assert all(np.isnan(column).all() for column in outcome.values.values())


def test_a_violated_lane_leaves_the_others_untouched(whole, monkeypatch):
    """One lane is declared too small whatever its room; the rest keep their bits."""
    config, values = whole
    advance_block, starved = blocks.advance_block, replicate_key(ROOT, 4)

    def starve(mechanism, world, until):
        world.queue.overflow[(world.market.keys == starved).all(axis=1)] = 1
        advance_block(mechanism, world, until)

    monkeypatch.setattr(blocks, "advance_block", starve)
    outcome = run(config, REPLICATES[:8], block_lanes=3)
    assert [(bad.replicate, bad.reason) for bad in outcome.violations] == [(4, "capacity")]
    for name, column in outcome.values.items():
        assert np.isnan(column[4]).all(), name
        others = [0, 1, 2, 3, 5, 6, 7]
        assert column[others].tobytes() == values[name][others].tobytes(), name


@pytest.mark.nojit
def test_a_capacity_fault_is_reported_with_its_event_and_seed(monkeypatch):
    monkeypatch.setattr(capacities, "whole_rows", lambda _: 1)
    monkeypatch.setattr(capacities, "LARGEST_GROWTH", 1)
    (bad,) = run(cell("mechanism=clob", *TINY), np.array([17])).violations
    assert (bad.replicate, bad.reason) == (17, "capacity")
    assert bad.detail == f"capacity at event {bad.event_id} of seed 17"
    assert 0 < bad.time_ns < 400_000_000
    assert FAULT_CAPACITY not in blocks.LEDGER_CODES
