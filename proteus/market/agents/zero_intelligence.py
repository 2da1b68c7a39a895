"""Zero-intelligence trader: one unit to trade, at a random price of each wake-up.

A buyer with value V bids a uniform price up to V, a seller with cost C offers one from C up; an
unconstrained trader draws from the whole range and may lose. The new price replaces the old one;
after its unit the trader is done. Used by ``proteus.validation``.

Source
    Gode & Sunder (1993) Journal of Political Economy 101:119.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from proteus.basics.schema import PositiveCount
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL
from proteus.market.rng import below


class ZeroIntelligencePolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/zero_intelligence.yaml``."""

    side: Literal["buy", "sell"]
    value_ticks: PositiveCount  # value of a buyer, cost of a seller
    constrained: bool


@state
class ZeroIntelligence(NamedTuple):
    """Parameters. A traders."""

    side: np.ndarray  # int64 [A]
    low: np.ndarray  # int64 [A] lowest price, ticks
    width: np.ndarray  # int64 [A] number of prices, uniformly drawn


def make(members: Members) -> ZeroIntelligence:
    """Build the parameters of all zero-intelligence traders."""
    policies = [policy for _, policy in members.policies]
    highest = members.n_ticks - 1
    low = [p.value_ticks if p.side == "sell" and p.constrained else 1 for p in policies]
    high = [p.value_ticks if p.side == "buy" and p.constrained else highest for p in policies]
    return ZeroIntelligence(
        side=members.column((BUY if p.side == "buy" else SELL for p in policies), np.int64),
        low=members.column(low, np.int64),
        width=members.column((b - a + 1 for a, b in zip(low, high, strict=True)), np.int64),
    )


@decide_one.implement(ZeroIntelligence)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Quote one lot at a random price until one has traded."""
    price = policy.low[trader] + below(view.words[lane, 1], policy.width[trader])
    lots = 1 if private.position[lane, trader] == 0 else 0
    intend(intents, lane, INTENT_QUOTE, policy.side[trader], price, lots, GTC, 0, 0.0)
