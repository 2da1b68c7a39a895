"""Every measure against a slow computation from a log of the lane, on whole runs."""

import numpy as np
import pytest

from proteus.market.variables import VARIABLES, measure
from proteus.market.variables.requests import REQUEST_VARIABLES
from tests.helpers.cells import RULED, cell
from tests.helpers.measuring import record
from tests.reference import measurement

LIVELY = (
    "horizon_s=3.5", "latent.jump_rate_per_s=2", "population.noise.count=3",
    "metrics.volatility_grid_ms=250", "metrics.depth_ticks=15",
)  # fmt: skip
# Computed by hand elsewhere, or trivial counts.
ELSEWHERE = {
    "maker_pnl_settled", "maker_pnl_marked", "price_rmse", "pnl_noise", "pnl_informed",
    "pnl_maker", "pnl_sniper", "pnl_venue", "n_events", "n_messages", "n_fills",
} | {v.name for v in REQUEST_VARIABLES}  # fmt: skip


READ_FROM_BINS = {"taker_wait_filled_median"}  # a sixteenth of a power of two wide

# One noise trader meets itself, and its orders lose lots; buyers and sellers quote one lot each.
MEETS_ITSELF = (
    "mechanism.self_trade=decrement", "population.noise.count=1",
    "population.noise.accounts=one", "population.noise.schedule.rate_per_s=20",
)  # fmt: skip
QUOTING = (
    "+trader@population.buyers=zero_intelligence", "population.buyers.count=4",
    "population.buyers.policy={side: buy, value_ticks: 700}",
    "+trader@population.sellers=zero_intelligence", "population.sellers.count=4",
    "population.sellers.policy={side: sell, value_ticks: 300}",
)  # fmt: skip
LANES = [
    *(("", (f"mechanism={name}", f"contract.initial_probability=0.{root}"))
      for name in RULED for root in (3, 7)),
    *(("decrement", (f"mechanism={name}", *MEETS_ITSELF)) for name in ("clob", "fba")),
    *(("quoting", (f"mechanism={name}", *QUOTING)) for name in ("clob", "fba")),
]  # fmt: skip


@pytest.fixture(scope="module", params=LANES, ids=lambda lane: "-".join((*lane[1][:1], lane[0])))
def lane(request):
    """The log of a lane measured slowly, and what the engine says."""
    kind, words = request.param
    log, world = record(cell(*LIVELY, *words))
    if kind == "decrement":
        assert len(log.lost) > len(log.ends) + 3  # some lost lots and lived on
    elif kind == "quoting":
        assert any(side.is_quote and side.role == "noise" for f in log.fills for side in f.sides)
    return measurement.measure(log), {name: v[0] for name, v in measure(world).items()}, log


def test_the_slow_computation_covers_the_registry(lane):
    slow, _, _ = lane
    assert set(slow) | ELSEWHERE == {variable.name for variable in VARIABLES}


def test_the_lane_is_lively(lane):
    """Nothing agrees for want of events."""
    slow, _, log = lane
    assert len(log.fills) > 20
    assert slow["shock_jumps"] > 1
    assert slow["maker_volume_lots"] > 0
    assert {side.role for fill in log.fills for side in fill.sides} >= {"maker", "noise"}
    assert len(log.ends) > 3


@pytest.mark.parametrize("name", sorted({v.name for v in VARIABLES} - ELSEWHERE))
def test_a_measure_is_what_the_log_says(lane, name):
    slow, fast, _ = lane
    expected = np.asarray(slow[name], float)
    assert fast[name].shape == expected.shape
    tolerance = 1 / 16 if name in READ_FROM_BINS else 1e-9
    assert np.allclose(fast[name], expected, rtol=tolerance, atol=1e-12, equal_nan=True)


def test_effective_is_realised_plus_impact_fill_by_fill(lane):
    _, _, log = lane
    for fill in log.fills:
        for side in fill.sides:
            for horizon in log.horizons:
                later = log.reference_at(fill.time + horizon)
                effective = 2 * side.sign * (fill.price - side.reference)
                realised = 2 * side.sign * (fill.price - later)
                impact = 2 * side.sign * (later - side.reference)
                assert effective == pytest.approx(realised + impact, abs=1e-12)
