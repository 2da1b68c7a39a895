"""The dims that a variable may have beyond the swept parameters and seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from proteus.market.agents.traders import CLASS_NAMES
from proteus.market.cell import Metrics
from proteus.market.metrics.requests import RANKS


class Dimension(NamedTuple):
    """What a dim of variables is."""

    about: str
    unit: str  # of its labels; empty: they are names
    labels: Callable[[Metrics], np.ndarray]


DIMENSIONS = {
    "horizon": Dimension(
        "time after the fill", "ms", lambda metrics: np.array(metrics.horizons_ms, dtype=float)
    ),
    "elapsed": Dimension(
        "time since the intent", "ms", lambda metrics: np.array(metrics.elapsed_ms, dtype=float)
    ),
    "class": Dimension("class of traders", "", lambda metrics: np.array(CLASS_NAMES)),
    "rank": Dimension(
        "rank of a quote, the accepted one first", "1", lambda metrics: np.arange(1, RANKS + 1)
    ),
}
MEASURED_DIMENSIONS = tuple(DIMENSIONS)


def measured(metrics: Metrics) -> dict[str, np.ndarray]:
    """Return the labels of each measured dim."""
    return {name: dimension.labels(metrics) for name, dimension in DIMENSIONS.items()}


def label_text(dim: str, label: Any) -> str:
    """Write a label of a dim for a reader, as "100 ms", "maker" or "rank 2"."""
    unit = DIMENSIONS[dim].unit
    if not unit:
        return str(label)
    return f"{dim} {label:g}" if unit == "1" else f"{label:g} {unit}"
