"""What is measured of each group of the population and, where that is asked for, of each trader.

Amounts are whole numbers and are added before they are converted: the traders of a group sum to the
group, and its groups to a class, exactly.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import NO_GROUP
from proteus.market.trading.world import World
from proteus.market.variables.base import GROUP, TRADER, Values, Variable, currency

Amounts = NDArray[np.int64]  # [L, A]


def of_traders(amounts: Amounts, world: World) -> Amounts:
    """Leave out the trader without a group that an empty population has."""
    return np.asarray(amounts[:, world.traders.group != NO_GROUP])


def _of_groups(amounts: Amounts, world: World) -> Amounts:
    """Add up the traders of each group, [L, G]."""
    groups = world.traders.group
    return np.asarray(amounts @ (groups[:, None] == np.arange(groups.max() + 1)))


def _lots(world: World) -> Amounts:
    return np.asarray(world.ledger.bought + world.ledger.sold)


def _number(amounts: Amounts) -> Values:
    return amounts.astype(float)


def by_group_and_trader(
    name: str,
    unit: str,
    long_name: str,
    formula: str,
    amounts: Callable[[World], Amounts],
    convert: Callable[[Amounts], Values],
    sign: str = "",
) -> tuple[Variable, Variable]:
    """Declare one measure twice: by trader, and by group."""
    by_group = Variable(
        name=f"{name}_by_group",
        dims=(GROUP,),
        unit=unit,
        long_name=f"{long_name}, by group",
        sign=sign,
        formula=f"sum over the traders of a group of {formula}",
        source="accounts",
        compute=lambda world: convert(_of_groups(amounts(world), world)),
    )
    by_trader = by_group._replace(
        name=f"{name}_by_trader",
        dims=(TRADER,),
        long_name=f"{long_name}, by trader",
        formula=formula,
        compute=lambda world: convert(of_traders(amounts(world), world)),
    )
    return by_group, by_trader


POPULATION_VARIABLES: tuple[Variable, ...] = (
    *by_group_and_trader(
        name="pnl_marked",
        unit="currency",
        long_name="PnL marked at the fair value at the end",
        sign="positive: they win",
        formula="cash + lots v_T",
        amounts=lambda world: world.totals.marked,
        convert=currency,
    ),
    *by_group_and_trader(
        name="volume_lots",
        unit="lots",
        long_name="lots filled",
        formula="lots bought + lots sold",
        amounts=_lots,
        convert=_number,
    ),
)
