"""The dims that a variable may have beyond the swept parameters and seed."""

from __future__ import annotations

import numpy as np

from proteus.config import Metrics
from proteus.metrics.requests import RANKS
from proteus.traders import CLASS_NAMES

MEASURED_DIMENSIONS = ("horizon", "elapsed", "class", "rank")


def measured(metrics: Metrics) -> dict[str, np.ndarray]:
    """Return the labels of each measured dim; times in ms."""
    return {
        "horizon": np.array(metrics.horizons_ms, dtype=float),
        "elapsed": np.array(metrics.elapsed_ms, dtype=float),
        "class": np.array(CLASS_NAMES),
        "rank": np.arange(1, RANKS + 1),
    }
