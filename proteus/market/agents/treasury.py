"""Treasury: the desk that sells what the treasury of a pool has seized, by ordinary orders.

It acts under ``credit.keeper=auto`` alone. Lots come to it by liquidation, at their worth less the
bonus, and it sells at each wake-up what it then knows to hold. What it pays before it has sold is
advanced free of interest; what is left at the end of trading is the treasury's gain or loss.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.basics.schema import Lots
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.selling import sell_held


class TreasuryPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/treasury.yaml``."""

    max_lots: Lots


@state
class Treasury(NamedTuple):
    """Parameters. A traders."""

    most_lots: np.ndarray  # int64 [A] of an order
    protection: np.ndarray  # int64 [1] ticks
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Treasury:
    """Build the parameters of the desk."""
    return Treasury(
        most_lots=members.key("max_lots", np.int64),
        protection=np.array([members.protection_ticks], np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(Treasury)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send one order for what it holds."""
    sell_held(
        view, private, intents, lane, trader, policy.most_lots[trader], policy.protection[0],
        policy.n_ticks[0],
    )  # fmt: skip
