"""Costs whose rates are others in some windows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from proteus.market.costs.base import CostModel
from proteus.market.costs.schedule import Schedule
from proteus.market.stress.models import Window


def scaled(costs: CostModel, windows: Sequence[Window]) -> CostModel:
    """Return a cost model whose ``scale`` is multiplied in each window.

    Parameters
        costs: the model. windows: by their begin; none overlaps another.
    """
    if not windows:
        return costs
    scale = costs.scale
    times = {at: time for at, (time, _) in zip(scale.times_ns, scale.steps, strict=True)}
    for window in windows:
        times |= {window.begin_ns: window.from_s, window.end_ns: window.to_s}
    steps = tuple((times[at], _scale_at(scale, windows, at)) for at in sorted(times))
    return costs.model_copy(update={"scale": Schedule(steps)})


def _scale_at(scale: Schedule, windows: Sequence[Window], time_ns: int) -> Any:
    """Return the number that holds from a time on, exactly as its digits say."""
    usual = scale.at(time_ns).values[0]
    for window in windows:
        if window.begin_ns <= time_ns < window.end_ns:
            return Decimal(str(usual)) * Decimal(str(window.factor))
    return usual
