"""What a market maker outside makes of costs: the function by which makers inside do."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.held import opened
from proteus.compiler.jit import kernel, state
from proteus.market.book.codes import BUY, SELL
from proteus.market.costs.expected import with_costs


@state
class Reckoned(NamedTuple):
    """Quotes whose costs are reckoned with. L lanes; sides are BUY and SELL."""

    half_spread: np.ndarray  # float64 [L, 2] currency
    price: np.ndarray  # int64 [L, 2] ticks
    lots: np.ndarray  # int64 [L, 2] 0: nothing is quoted, and nothing reckoned


@kernel
def widen(held_world, held_reckoned):
    """Widen half-spreads by what a fill would cost a lot, of the trader that decides in each lane.

    Parameters
        held_world: ``Held`` World; read. held_reckoned: ``Held`` Reckoned; half-spreads written.
    """
    world, reckoned = opened(held_world), opened(held_reckoned)
    external, costs, time = world.policies.others.policy, world.rules.costs, world.seen.time
    for lane in range(reckoned.price.shape[0]):
        for side in (BUY, SELL):
            if reckoned.lots[lane, side] > 0:
                reckoned.half_spread[lane, side] = with_costs(
                    costs, lane, external.trader[lane], reckoned.half_spread[lane, side], side,
                    reckoned.price[lane, side], reckoned.lots[lane, side], time[lane],
                )  # fmt: skip
