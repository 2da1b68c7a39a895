"""Liquidator: takes over lots of accounts that fail, with its own capital, and sells them again.

At each wake-up it sells what it knows to hold, and then looks at the account of least health by the
price that it is shown. It asks for its lots if the bonus is more than what selling is expected to
cost: half of the spread that it is shown, a slope for each lot, fees, gas and its margin. The slope
is a moving mean over its own sales. Where messages wait for blocks and offer tips by what they are
worth, a call offers a share of its gain beyond the margin. That is in ``trading.calling``.
"""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np
from pydantic import Field

from proteus.basics.schema import Lots, NonNegative
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.selling import sell_held


class LiquidatorPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/liquidator.yaml``."""

    max_lots: Lots
    margin: NonNegative
    slope: NonNegative
    memory: Annotated[float, Field(ge=0, le=1)]
    tip_share: Annotated[float, Field(ge=0, le=1)] | None = None


@state
class Liquidator(NamedTuple):
    """Parameters of its sales. A traders."""

    most_lots: np.ndarray  # int64 [A] of an order
    protection: np.ndarray  # int64 [1] ticks
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Liquidator:
    """Build the parameters of all liquidators."""
    return Liquidator(
        most_lots=members.key("max_lots", np.int64),
        protection=np.array([members.protection_ticks], np.int64),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(Liquidator)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send one order for what it holds."""
    sell_held(
        view, private, intents, lane, trader, policy.most_lots[trader], policy.protection[0],
        policy.n_ticks[0],
    )  # fmt: skip
