"""Sniper: watches for stale quotes after news and takes them; never provides liquidity.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VI.
"""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np

from proteus.basics.schema import Lots, NonNegative
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig
from proteus.market.agents.edge import take_edge


class SniperPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/sniper.yaml``."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"reads_mempool": False}

    needs_signal: ClassVar[bool] = True
    theta: NonNegative  # currency
    latency_risk: NonNegative  # currency per sqrt second
    lots: Lots
    reads_mempool: bool = False


@state
class Sniper(NamedTuple):
    """Parameters. A traders."""

    threshold: np.ndarray  # float64 [A] currency
    lots: np.ndarray  # int64 [A]
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Sniper:
    """Build the parameters of all snipers."""
    return Sniper(
        threshold=members.thresholds(),
        lots=members.key("lots", np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@inline_kernel
def decide(sniper, view, costs, intents, lane, trader):
    """Send one immediate order of fixed size against a stale price."""
    lots = sniper.lots[trader]
    take_edge(
        view, costs, intents, lane, trader, sniper.threshold[trader], 0.0, lots, lots,
        sniper.n_ticks[0],
    )  # fmt: skip
