"""The registry of measured variables: one row and one function each.

A row declares name, dims, unit, sign, formula, source and why a value may be missing; it feeds the
attributes of the dataset and ``docs/metrics.md``. The function reads the sums of a finished block
of lanes and returns float64 [L, *dims] in the row's unit. A value that does not exist is NaN,
never zero. ``sources`` says in full where the definitions come from. Variables with an optional dim
(``dimensions``) are measured only where the plan has that dim: ``group`` always, ``trader`` with
``record.per_trader=true``. Where lanes are of episodes every variable has the dim ``episode``
before its own; :func:`measure` is of one of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from proteus import plugins
from proteus.market.trading.world import World
from proteus.market.variables.base import EPISODE, Values, Variable
from proteus.market.variables.constraints import CONSTRAINT_VARIABLES
from proteus.market.variables.credit import CREDIT_VARIABLES
from proteus.market.variables.detection import DETECTION_VARIABLES
from proteus.market.variables.dimensions import OPTIONAL_DIMENSIONS, Labels
from proteus.market.variables.environment import ENVIRONMENT_VARIABLES
from proteus.market.variables.episodes import EPISODE_VARIABLES
from proteus.market.variables.incentives import INCENTIVE_VARIABLES
from proteus.market.variables.maker import MAKER_VARIABLES
from proteus.market.variables.market import MARKET_VARIABLES
from proteus.market.variables.population import POPULATION_VARIABLES
from proteus.market.variables.quality import QUALITY_VARIABLES
from proteus.market.variables.requests import REQUEST_VARIABLES
from proteus.market.variables.rules import RULE_VARIABLES
from proteus.market.variables.settlement import SETTLEMENT_VARIABLES
from proteus.market.variables.taker import TAKER_VARIABLES

__all__ = [
    "EPISODE_VARIABLES",
    "POPULATION_VARIABLES",
    "VARIABLES",
    "Values",
    "Variable",
    "measure",
    "values_per_lane",
    "variables_of",
]


def _added() -> tuple[Variable, ...]:
    """Return the variables of other packages: an entry point names a tuple of them."""
    return tuple(each for rows in plugins.rows(plugins.VARIABLES, tuple).values() for each in rows)


VARIABLES: tuple[Variable, ...] = (
    *MAKER_VARIABLES,
    *QUALITY_VARIABLES,
    *MARKET_VARIABLES,
    *TAKER_VARIABLES,
    *REQUEST_VARIABLES,
    *_added(),
)


def variables_of(dims: Collection[str] = ()) -> tuple[Variable, ...]:
    """Return the variables that are measured: the usual ones, and those with optional dims.

    Parameters
        dims: those asked for; others than optional ones make no difference.
    """
    rows = (
        *POPULATION_VARIABLES, *RULE_VARIABLES, *SETTLEMENT_VARIABLES, *INCENTIVE_VARIABLES,
        *ENVIRONMENT_VARIABLES, *CONSTRAINT_VARIABLES, *CREDIT_VARIABLES, *EPISODE_VARIABLES,
        *DETECTION_VARIABLES,
    )  # fmt: skip
    asked = (
        each
        for each in rows
        if all(dim in dims for dim in (*each.dims, each.needs) if dim in OPTIONAL_DIMENSIONS)
    )
    found = (*VARIABLES, *asked)
    if EPISODE not in dims:
        return found
    return tuple(each._replace(dims=(EPISODE, *each.dims)) for each in found)


def measure(world: World, dims: Collection[str] = ()) -> dict[str, Values]:
    """Return every variable of a finished block, float64 [L, *dims], as :func:`variables_of`.

    A block is one episode: of these there is no dim.
    """
    return {variable.name: variable.compute(world) for variable in variables_of(dims)}


def values_per_lane(labels: Labels) -> int:
    """Return how many numbers are measured in a lane, with these labels of each dim."""
    return sum(
        math.prod(len(labels[dim]) for dim in variable.dims) for variable in variables_of(labels)
    )
