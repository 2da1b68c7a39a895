"""Short lanes of episodes, run in plain Python or compiled, and how they are compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

import proteus
from proteus.results.flags import VIOLATION

DAY = {
    "horizon_s": 0.3, "record.warmup_s": 0.1, "metrics.tau_ms": 100, "metrics.horizons_ms": [0, 20],
    "metrics.elapsed_ms": [50], "metrics.volatility_grid_ms": 100, "delta": 50,
    "record.per_trader": True,
}  # fmt: skip


def run(seeds: Any = 2, output_dir: Any = None, **keys: Any) -> xr.Dataset:
    """Simulate short lanes; a key has two underscores for a dot."""
    named = {key.replace("__", "."): value for key, value in keys.items()}
    return proteus.simulate(seeds=seeds, output_dir=output_dir, **{**DAY, **named})


def assert_same_bits(ours: xr.Dataset, theirs: xr.Dataset) -> None:
    """Check that the variables which both have are the same, to the bit."""
    common = [name for name in ours.data_vars if name in theirs and name != VIOLATION]
    assert len(common) > 60
    for name in common:
        mine, other = ours[name].to_numpy(), theirs[name].to_numpy()
        assert mine.shape == other.shape, name
        assert mine.tobytes() == other.tobytes(), name
    assert np.isfinite(ours["pnl_maker"]).all()
