"""Kyle's maker: its linear schedule, posted as a ladder of limit orders around p0.

A net demand of y lots meets the price p0 + y / ``lots_per_tick`` ticks, rounded to the nearest
tick: the first level holds one and a half times the lots of each further one. A level is posted on
both sides at each wake-up. Used by ``proteus.validation``.

Source
    Kyle (1985) Econometrica 53:1315, section 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.schema import Lots, PositiveCount
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, GTC, SELL


class LinearMakerPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/linear_maker.yaml``."""

    lots_per_tick: Lots
    levels: PositiveCount


@state
class LinearMaker(NamedTuple):
    """Parameters. A traders."""

    lots_per_tick: np.ndarray  # int64 [A]
    levels: np.ndarray  # int64 [A]
    middle: np.ndarray  # float64 [1] p0, ticks
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> LinearMaker:
    """Build the parameters of all linear makers."""
    return LinearMaker(
        lots_per_tick=members.key("lots_per_tick", np.int64),
        levels=members.key("levels", np.int64),
        middle=np.array([members.initial_probability * members.n_ticks]),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(LinearMaker)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Post the next level on both sides."""
    level = private.wakes[lane, trader]
    if level > policy.levels[trader]:
        return
    lots, belief = policy.lots_per_tick[trader], policy.middle[0] / policy.n_ticks[0]
    lots += lots // 2 if level == 1 else 0
    middle = np.int64(np.rint(policy.middle[0]))
    if middle - level >= 1:
        intend(intents, lane, INTENT_ORDER, BUY, middle - level, lots, GTC, 0, belief)
    if middle + level < policy.n_ticks[0]:
        intend(intents, lane, INTENT_ORDER, SELL, middle + level, lots, GTC, 0, belief)
