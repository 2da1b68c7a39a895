"""The registry of measured variables: one row and one function each.

A row declares name, dims, unit, sign, formula, source and why a value may be missing; it feeds the
attributes of the dataset and ``docs/metrics.md``. The function reads the sums of a finished block
of lanes and returns float64 [L, *dims] in the row's unit. A value that does not exist is NaN,
never zero. ``sources`` says in full where the definitions come from.
"""

from __future__ import annotations

import math

from proteus.market.cell import Metrics
from proteus.market.trading.world import World
from proteus.market.variables.base import Values, Variable
from proteus.market.variables.dimensions import measured
from proteus.market.variables.maker import MAKER_VARIABLES
from proteus.market.variables.market import MARKET_VARIABLES
from proteus.market.variables.quality import QUALITY_VARIABLES
from proteus.market.variables.requests import REQUEST_VARIABLES
from proteus.market.variables.taker import TAKER_VARIABLES

__all__ = ["VARIABLES", "Values", "Variable", "measure", "values_per_lane"]

VARIABLES: tuple[Variable, ...] = (
    *MAKER_VARIABLES,
    *QUALITY_VARIABLES,
    *MARKET_VARIABLES,
    *TAKER_VARIABLES,
    *REQUEST_VARIABLES,
)


def measure(world: World) -> dict[str, Values]:
    """Return every declared variable of a finished block, float64 [L, *dims]."""
    return {variable.name: variable.compute(world) for variable in VARIABLES}


def values_per_lane(metrics: Metrics) -> int:
    """Return how many numbers are measured in a lane."""
    sizes = {dim: len(labels) for dim, labels in measured(metrics).items()}
    return sum(math.prod(sizes[dim] for dim in variable.dims) for variable in VARIABLES)
