"""Every measure against a slow computation from a log of the lane, on whole runs."""

import numpy as np
import pytest

from proteus.variables import VARIABLES, measure
from proteus.variables.requests import REQUEST_VARIABLES
from tests.cells import MECHANISM_NAMES, cell
from tests.reference import measurement
from tests.simulation.measuring import record

LIVELY = (
    "horizon_s=3.5", "latent.jump_rate_per_s=2", "population.noise.count=3",
    "metrics.volatility_grid_ms=250", "metrics.depth_ticks=15",
)  # fmt: skip
# Computed by hand elsewhere, or trivial counts.
ELSEWHERE = {
    "maker_pnl_settled", "maker_pnl_marked", "price_rmse", "pnl_noise", "pnl_informed",
    "pnl_maker", "pnl_sniper", "pnl_venue", "n_events", "n_messages", "n_fills",
} | {v.name for v in REQUEST_VARIABLES}  # fmt: skip


@pytest.fixture(
    scope="module", params=[(name, root) for name in MECHANISM_NAMES for root in (3, 7)]
)
def lane(request):
    """The log of a lane measured slowly, and what the engine says."""
    mechanism, initial = request.param
    config = cell(*LIVELY, f"mechanism={mechanism}", f"contract.initial_probability=0.{initial}")
    log, world = record(config)
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
    assert np.allclose(fast[name], expected, rtol=1e-9, atol=1e-12, equal_nan=True)


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
