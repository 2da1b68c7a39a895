"""Glosten-Milgrom maker: quotes the value given that the next order buys, or sells, one lot.

With informed share mu and belief p, in log-odds x:

    ask = sigmoid(x + s),  bid = sigmoid(x - s),  s = ln((1 + mu) / (1 - mu))

and each trade moves x by s in its direction. Its inventory therefore is its whole memory:
x = x0 - s I. Prices are rounded outward to ticks. Used by ``proteus.validation``.

Source
    Glosten & Milgrom (1985) Journal of Financial Economics 14:71, with a binary value.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from pydantic import Field

from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL


class GlostenMilgromPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/glosten_milgrom.yaml``."""

    informed_share: float = Field(ge=0, lt=1)  # mu


@state
class GlostenMilgrom(NamedTuple):
    """Parameters. A traders."""

    step: np.ndarray  # float64 [A] s, log-odds of one trade
    start: np.ndarray  # float64 [1] x0, log-odds
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> GlostenMilgrom:
    """Build the parameters of all Glosten-Milgrom makers."""
    start = members.initial_probability
    shares = [policy.informed_share for _, policy in members.policies]
    return GlostenMilgrom(
        step=members.column(math.log1p(mu) - math.log1p(-mu) for mu in shares),
        start=np.array([math.log(start / (1 - start))]),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(GlostenMilgrom)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Quote one lot on both sides."""
    step, n_ticks = policy.step[trader], policy.n_ticks[0]
    log_odds = policy.start[0] - step * private.position[lane, trader]
    belief = 1.0 / (1.0 + math.exp(-log_odds))
    bid = floor_ticks(n_ticks / (1.0 + math.exp(step - log_odds)))
    ask = ceil_ticks(n_ticks / (1.0 + math.exp(-step - log_odds)))
    lots = 1 if bid >= 1 else 0
    intend(intents, lane, INTENT_QUOTE, BUY, np.int64(bid), lots, GTC, 0, belief)
    lots = 1 if ask < n_ticks else 0
    intend(intents, lane, INTENT_QUOTE, SELL, np.int64(ask), lots, GTC, 0, belief)
