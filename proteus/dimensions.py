"""The dims that a variable may have beyond the swept parameters and seed. Imports nothing heavy."""

from __future__ import annotations

import numpy as np

from proteus.config import Metrics

MEASURED_DIMENSIONS = ("horizon",)


def measured(metrics: Metrics) -> dict[str, np.ndarray]:
    """Return the labels of each measured dim; times in ms."""
    return {"horizon": np.array(metrics.horizons_ms, dtype=float)}
