"""Informed trader: trades when its signal differs enough from the executable price.

Arrives at random (its intensity is a parameter), looks at the delayed public view and at its own
signal, and takes liquidity when |s - executable price| > theta + latency-risk term. Its size
grows with the edge, up to a cap.

Source
    Glosten & Milgrom (1985) JFE 14:71, for the trader who acts on a signal of the value.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from proteus.basics.schema import Lots, NonNegative
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig
from proteus.market.agents.edge import take_edge


class InformedPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/informed.yaml``."""

    needs_signal: ClassVar[bool] = True
    theta: NonNegative  # currency
    latency_risk: NonNegative  # currency per sqrt second
    lots_per_edge: NonNegative  # lots per currency
    max_lots: Lots


@state
class Informed(NamedTuple):
    """Parameters. A traders."""

    threshold: np.ndarray  # float64 [A] currency
    lots_per_edge: np.ndarray  # float64 [A] lots per currency
    max_lots: np.ndarray  # int64 [A]
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Informed:
    """Build the parameters of all informed traders."""
    return Informed(
        threshold=members.thresholds(),
        lots_per_edge=members.key("lots_per_edge"),
        max_lots=members.key("max_lots", np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@inline_kernel
def decide(informed, view, costs, intents, lane, trader):
    """Take liquidity when the signal is far enough from the executable price."""
    take_edge(
        view, costs, intents, lane, trader, informed.threshold[trader],
        informed.lots_per_edge[trader], 1, informed.max_lots[trader], informed.n_ticks[0],
    )  # fmt: skip
