"""Momentum: buys when the public price is above its own slow mean of it, sells when it is below.

Source
    Jegadeesh & Titman (1993) Journal of Finance 48:65, for the rule; the mean is exponential.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from proteus.basics.schema import Lots, NonNegative, Probability
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, TraderKind, decide_one
from proteus.market.agents.traders import CLASS_NOISE, INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL


class MomentumPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/momentum.yaml``."""

    weight: Probability
    threshold: NonNegative  # currency
    lots: Lots


@state
class Momentum(NamedTuple):
    """Parameters, and the mean that each trader remembers. L lanes, A traders."""

    weight: np.ndarray  # float64 [A] of the newest price in the mean
    threshold: np.ndarray  # float64 [A] ticks
    lots: np.ndarray  # int64 [A]
    mean: np.ndarray  # float64 [L, A] ticks
    n_ticks: np.ndarray  # int64 [1]
    protection: np.ndarray  # int64 [1] ticks


def make(members: Members) -> Momentum:
    """Build the state of all momentum traders."""
    start = members.initial_probability * members.n_ticks
    return Momentum(
        weight=members.key("weight"),
        threshold=members.key("threshold") * members.n_ticks,
        lots=members.key("lots", np.int64),
        mean=np.full((members.lanes, members.traders), start),
        n_ticks=np.array([members.n_ticks], np.int64),
        protection=np.array([members.protection_ticks], np.int64),
    )


KIND = TraderKind(MomentumPolicy, CLASS_NOISE, make)


@decide_one.implement(Momentum)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send a marketable order with the trend, and remember the price."""
    price = 0.5 * view.reference_doubled[lane]
    trend = price - policy.mean[lane, trader]
    policy.mean[lane, trader] += policy.weight[trader] * trend
    if abs(trend) <= policy.threshold[trader]:
        return
    side, limit = BUY, np.int64(price) + policy.protection[0]
    if trend < 0.0:
        side, limit = SELL, np.int64(price) - policy.protection[0]
    limit = min(max(limit, 1), policy.n_ticks[0] - 1)
    intend(intents, lane, INTENT_ORDER, side, limit, policy.lots[trader], IOC, 0, 0.0)
