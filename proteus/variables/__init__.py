"""The registry of measured variables: one row and one function each.

A row declares name, dims, unit, sign, formula, source and why a value may be missing; it feeds the
attributes of the dataset and ``docs/metrics.md``. The function reads the sums of a finished block
of lanes and returns float64 [L, *dims] in the row's unit. A value that does not exist is NaN,
never zero. ``sources`` says in full where the definitions come from.
"""

from __future__ import annotations

from proteus.variables.base import Values, Variable
from proteus.variables.maker import MAKER_VARIABLES
from proteus.variables.market import MARKET_VARIABLES
from proteus.variables.requests import REQUEST_VARIABLES
from proteus.variables.taker import TAKER_VARIABLES
from proteus.world import World

__all__ = ["VARIABLES", "Values", "Variable", "measure"]

VARIABLES: tuple[Variable, ...] = (
    *MAKER_VARIABLES, *MARKET_VARIABLES, *TAKER_VARIABLES, *REQUEST_VARIABLES,
)  # fmt: skip


def measure(world: World) -> dict[str, Values]:
    """Return every declared variable of a finished block, float64 [L, *dims]."""
    return {variable.name: variable.compute(world) for variable in VARIABLES}
