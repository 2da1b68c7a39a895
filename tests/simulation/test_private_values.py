"""What trading is worth by itself to noise traders: addressed, exponential, and measured.

A value alone changes no trade; where there are costs a trader pays none that exceeds it. Both are
exact. Of the mean of N exponential values the standard error is 1 / sqrt(N) of it.
"""

import numpy as np
import pytest

from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.rng import replicate_keys
from proteus.market.setup.block import build_block
from proteus.market.setup.cell import set_up_cell, with_log
from proteus.market.variables import measure
from proteus.recording.columns import INTENT, is_kind, rows_of
from tests.helpers.cells import ROOT, RULED, SHORT, cell, run_plain

pytestmark = pytest.mark.nojit
EVERY_MECHANISM = pytest.mark.parametrize("mechanism", RULED)
NOISE = ("population.noise.count=6", "population.noise.schedule.rate_per_s=20")
SCALE = 0.02
VALUES = f"population.noise.policy.reservation_scale={SCALE}"


def lane(*words):
    setup = with_log(set_up_cell(cell(*SHORT, *NOISE, *words)))
    block = build_block(setup, replicate_keys(ROOT, np.arange(1)), 4, audit=False)
    run_plain(*block)
    world = block.world
    assert not world.progress.fault.any()
    return world, rows_of(world.log, 0), {n: v[0] for n, v in measure(world, ("pnl_term",)).items()}


def intents(world, rows):
    """The values of the intents of noise traders, currency."""
    role = world.traders.role[rows["trader"][is_kind(rows, INTENT)]]
    return rows["value_nano"][is_kind(rows, INTENT)][role == CLASS_NOISE] / 1e9


@EVERY_MECHANISM
def test_a_value_alone_changes_no_trade(mechanism):
    """The market with values is the one without, to the bit; but for what is said of intents."""
    plain, rows, measured = lane(f"mechanism={mechanism}")
    world, with_values, others = lane(f"mechanism={mechanism}", VALUES)
    for name, values in rows.items():
        if name not in ("value_nano", "order_id", "fill"):
            assert np.array_equal(values, with_values[name]), name
    assert plain.totals.marked.tolist() == world.totals.marked.tolist()
    assert np.isnan(measured["surplus_noise"])
    lost = others["taker_execution_error"] * world.sums.execution.lots[0, CLASS_NOISE]
    assert others["surplus_noise"] + lost == pytest.approx(world.rules.costs.gained[0] / 1e9)
    assert world.rules.costs.gained[0] > 0


def test_values_are_exponential_and_addressed_by_their_intents():
    """The mean within 4 standard errors; another mechanism has the same values."""
    found = {m: intents(*lane(f"mechanism={m}", VALUES)[:2]) for m in ("clob", "fba")}
    assert np.array_equal(*found.values())
    values = found["clob"]
    assert len(values) > 100
    assert abs(values.mean() / SCALE - 1) < 4 / np.sqrt(len(values))
    assert abs((values > SCALE).mean() - np.exp(-1)) < 4 * np.sqrt(np.exp(-1) / len(values))


@EVERY_MECHANISM
def test_nobody_pays_what_exceeds_its_value(mechanism):
    """A fee of one amount a lot: those of lesser value stay away, and no one else does."""
    fee = 0.01
    words = f"mechanism={mechanism}", VALUES
    costs = "costs=notional", f"costs.taker_per_lot={fee}", f"costs.maker_per_lot={fee}"
    every = intents(*lane(*words)[:2])
    some = intents(*lane(*words, *costs)[:2])
    assert some.min() >= fee
    assert np.array_equal(np.sort(some), np.sort(every[every >= fee]))
    careless = intents(*lane(*words, *costs, "population.noise.knows_costs=false")[:2])
    assert np.array_equal(np.sort(careless), np.sort(every))


@EVERY_MECHANISM
def test_fees_are_charged_also_to_whom_they_ruin(mechanism):
    """Noise with almost no capital pays the fee of each of its fills."""
    fee = 0.05
    words = f"mechanism={mechanism}", "costs=notional", f"costs.taker_per_lot={fee}"
    world, _, found = lane(*words, f"costs.maker_per_lot={fee}", "population.noise.capital=0.01")
    lots = world.ledger.bought[0] + world.ledger.sold[0]
    of_noise = lots[world.traders.role == CLASS_NOISE].sum()
    assert of_noise > 0
    assert found["fees_paid"][CLASS_NOISE] == pytest.approx(fee * of_noise)
