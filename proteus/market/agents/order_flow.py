"""Order flow: exogenous orders from the assumptions of a model, one at each wake-up.

Sides, limits, sizes and lifetimes follow given laws and react to nothing, as the queues and the
takers of theory do. Used by ``proteus.validation``; a cell may use it like any other kind.

Source
    Cont, Stoikov & Talreja (2010) Operations Research 58:549, for queues of unit orders;
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, for exponential distances.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator

from proteus.basics import units
from proteus.basics.schema import Lots, Milliseconds, NonNegative, Ticks, requirement
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, GTC, IOC, SELL
from proteus.market.rng import below, exponential, normal

RANDOM_SIDE = 2
_SIDES = {"buy": BUY, "sell": SELL, "random": RANDOM_SIDE}
LIMIT_UNIFORM = 0
LIMIT_EXPONENTIAL = 1
_LIMITS = {"uniform": LIMIT_UNIFORM, "exponential": LIMIT_EXPONENTIAL}
_FOREVER = -1.0


class FlowPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/flow.yaml``."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"shift": 0.0}

    side: Literal["buy", "sell", "random"]
    limit: Literal["uniform", "exponential"]
    low_ticks: Ticks
    high_ticks: Ticks
    distance: NonNegative  # currency
    shift: Annotated[float, Field(ge=-1, le=1)] = 0.0  # currency
    lots: Lots
    lots_sd: NonNegative
    lifetime_ms: Milliseconds | None

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if self.high_ticks < self.low_ticks:
            raise requirement("high_ticks", f"must be at least low_ticks={self.low_ticks}")
        return self


@state
class Flow(NamedTuple):
    """Parameters. A traders."""

    side: np.ndarray  # int64 [A] BUY, SELL or RANDOM_SIDE
    limit: np.ndarray  # int64 [A] LIMIT_*
    low: np.ndarray  # int64 [A] ticks
    width: np.ndarray  # int64 [A] number of limits, uniformly drawn
    distance: np.ndarray  # float64 [A] mean, ticks
    shift: np.ndarray  # float64 [A] added to each distance, ticks
    lots: np.ndarray  # int64 [A]
    lots_sd: np.ndarray  # float64 [A] of a normal size; 0: always ``lots``
    lifetime_ns: np.ndarray  # float64 [A] mean; 0: immediate, _FOREVER: until filled
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Flow:
    """Build the parameters of all order flows."""
    policies = [policy for _, policy in members.policies]
    lifetimes = [
        _FOREVER if p.lifetime_ms is None else units.milliseconds_to_ns(p.lifetime_ms)
        for p in policies
    ]
    return Flow(
        side=members.column((_SIDES[p.side] for p in policies), np.int64),
        limit=members.column((_LIMITS[p.limit] for p in policies), np.int64),
        low=members.key("low_ticks", np.int64),
        width=members.column((p.high_ticks - p.low_ticks + 1 for p in policies), np.int64),
        distance=members.column(p.distance * members.n_ticks for p in policies),
        shift=members.column(p.shift * members.n_ticks for p in policies),
        lots=members.key("lots", np.int64),
        lots_sd=members.key("lots_sd"),
        lifetime_ns=members.column(lifetimes),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(Flow)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send one order whose side, limit, size and lifetime are drawn at this wake-up."""
    words = view.words
    side = policy.side[trader]
    if side == RANDOM_SIDE:
        side = below(words[lane, 0], 2)
    lots = policy.lots[trader]
    if policy.lots_sd[trader] > 0.0:
        drawn = np.int64(np.rint(policy.lots_sd[trader] * normal(words[lane, 2])))
        side, lots = BUY if drawn > 0 else SELL, abs(drawn)
    if lots == 0:
        return
    price = _limit(policy, view, has_signal, lane, trader, side)
    lifetime, duration = GTC, np.int64(0)
    if policy.lifetime_ns[trader] == 0.0:
        lifetime = IOC
    elif policy.lifetime_ns[trader] > 0.0:
        duration = np.int64(exponential(words[lane, 4]) * policy.lifetime_ns[trader]) + 1
    price = min(max(price, 1), policy.n_ticks[0] - 1)
    intend(intents, lane, INTENT_ORDER, side, price, lots, lifetime, duration, 0.0)


@inline_kernel
def _limit(flow, view, has_signal, lane, trader, side):
    """Draw the limit; distances are from the trader's signal, or from the public reference."""
    if flow.limit[trader] == LIMIT_UNIFORM:
        return flow.low[trader] + below(view.words[lane, 1], flow.width[trader])
    middle = 0.5 * view.reference_doubled[lane]
    if has_signal:
        middle = view.signal[lane] * flow.n_ticks[0]
    distance = exponential(view.words[lane, 1]) * flow.distance[trader] + flow.shift[trader]
    if side == BUY:
        return np.int64(math.floor(middle + distance))
    return np.int64(math.ceil(middle - distance))
