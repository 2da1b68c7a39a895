"""Avellaneda-Stoikov maker: one lot on both sides of a reservation price that leans on inventory.

    r = s - I g sigma^2 (T - t),    ask - bid = g sigma^2 (T - t) + (2 / g) ln(1 + g / k)

s is its signal. The symmetric maker quotes the same spread around s itself. Prices are rounded
outward to ticks. Used by ``proteus.validation``.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, equations 29 and 30.
"""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import numpy as np

from proteus.basics import units
from proteus.basics.schema import NonNegative, Positive, PositiveSeconds
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.ticks import ceil_ticks, floor_ticks
from proteus.market.agents.traders import INTENT_QUOTE, intend
from proteus.market.book.codes import BUY, GTC, SELL


class AvellanedaStoikovPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/avellaneda_stoikov.yaml``."""

    needs_signal: ClassVar[bool] = True
    risk_aversion: Positive  # g, per currency
    volatility: NonNegative  # sigma, currency per sqrt second
    fill_decay: Positive  # k, per currency
    closing_s: PositiveSeconds  # T
    symmetric: bool


@state
class AvellanedaStoikov(NamedTuple):
    """Parameters. A traders."""

    risk: np.ndarray  # float64 [A] g sigma^2, currency per second
    least_spread: np.ndarray  # float64 [A] (2 / g) ln(1 + g / k), currency
    leans: np.ndarray  # float64 [A] 1, or 0 for the symmetric maker
    closing_ns: np.ndarray  # int64 [A] T
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> AvellanedaStoikov:
    """Build the parameters of all Avellaneda-Stoikov makers."""
    policies = [policy for _, policy in members.policies]
    closings = [units.seconds_to_ns(p.closing_s) for p in policies]
    return AvellanedaStoikov(
        risk=members.column(p.risk_aversion * p.volatility**2 for p in policies),
        least_spread=members.column(
            2 / p.risk_aversion * math.log1p(p.risk_aversion / p.fill_decay) for p in policies
        ),
        leans=members.column(0.0 if p.symmetric else 1.0 for p in policies),
        closing_ns=members.column(closings, np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(AvellanedaStoikov)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Quote one lot on both sides."""
    n_ticks = policy.n_ticks[0]
    remaining = max(policy.closing_ns[trader] - view.time[lane], 0) / units.NANO
    risk = policy.risk[trader] * remaining
    middle = view.signal[lane] - policy.leans[trader] * risk * private.position[lane, trader]
    half_spread = 0.5 * (risk + policy.least_spread[trader])
    bid = floor_ticks((middle - half_spread) * n_ticks)
    ask = ceil_ticks((middle + half_spread) * n_ticks)
    lots = 1 if 1 <= bid < n_ticks else 0
    intend(intents, lane, INTENT_QUOTE, BUY, np.int64(bid), lots, GTC, 0, view.signal[lane])
    lots = 1 if 1 <= ask < n_ticks else 0
    intend(intents, lane, INTENT_QUOTE, SELL, np.int64(ask), lots, GTC, 0, view.signal[lane])
