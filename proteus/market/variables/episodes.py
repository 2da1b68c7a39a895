"""What traders begin and end an episode with, where a lane is of episodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import CLASS_MAKER, NO_GROUP
from proteus.market.rules.state import Rules
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    EPISODE,
    GROUP,
    TRADER,
    Values,
    Variable,
    currency,
    has_role,
    ratio,
)


def _endowment(world: World) -> NDArray[Any]:
    """Return the capital of each trader at the start, int64 [L, A] nano; 0 without a limit."""
    rules = world.rules
    return rules.endowment if isinstance(rules, Rules) else np.zeros_like(world.totals.settled)


def _ruined(world: World) -> NDArray[Any]:
    rules = world.rules
    return rules.is_ruined if isinstance(rules, Rules) else np.zeros_like(world.totals.settled)


def _there(amounts: NDArray[Any], world: World) -> NDArray[Any]:
    """Leave out the trader without a group that an empty population has."""
    return np.asarray(amounts[:, world.traders.group != NO_GROUP])


def _ruined_by_group(world: World) -> Values:
    groups = world.traders.group
    is_member = groups[:, None] == np.arange(groups.max() + 1)
    return np.asarray(_ruined(world).astype(float) @ is_member)


def _makers_ruined_share(world: World) -> Values:
    is_maker = has_role(world, CLASS_MAKER) & (world.traders.group != NO_GROUP)
    return ratio(_ruined(world).astype(float) @ is_maker, float(is_maker.sum()))


EPISODE_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="makers_ruined_share",
        needs=EPISODE,
        unit="1",
        long_name="share of makers that are ruined and send nothing",
        formula="makers with ruined_by_trader = 1 / makers",
        source="accounts",
        missing="no_maker",
        compute=_makers_ruined_share,
    ),
    Variable(
        name="ruined_by_group",
        dims=(GROUP,),
        needs=EPISODE,
        unit="1",
        long_name="traders that are ruined and send nothing, by group",
        formula="count of wealth at the end of an earlier episode < episodes.ruin_below",
        source="accounts",
        compute=_ruined_by_group,
    ),
    Variable(
        name="wealth_start_by_trader",
        dims=(TRADER,),
        needs=EPISODE,
        unit="currency",
        long_name="wealth at the start of the episode, by trader",
        formula="endowment, 0 without a limit",
        source="accounts",
        compute=lambda world: currency(_there(_endowment(world), world)),
    ),
    Variable(
        name="wealth_end_by_trader",
        dims=(TRADER,),
        needs=EPISODE,
        unit="currency",
        long_name="wealth at the end of the episode, the contract paid, by trader",
        formula="endowment + cash + lots X - what it was endowed with",
        source="accounts",
        compute=lambda world: currency(_there(_endowment(world) + world.totals.settled, world)),
    ),
    Variable(
        name="ruined_by_trader",
        dims=(TRADER,),
        needs=EPISODE,
        unit="1",
        long_name="1: the trader is ruined and sends nothing in this episode",
        formula="wealth at the end of an earlier episode < episodes.ruin_below",
        source="accounts",
        compute=lambda world: _there(_ruined(world), world).astype(float),
    ),
)
