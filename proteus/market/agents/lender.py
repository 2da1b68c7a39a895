"""Lender: supplies a fixed amount at each wake-up until its capital is lent, and never trades.

What it supplies is said in ``trading.credit``, by its own cash, and by the rate at which the pool
lends: below its reservation rate it supplies nothing. What it has supplied stays until the end
of trading, when it has back what its claims are worth.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from proteus.basics.schema import Amount
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.lending.models import Rate


class LenderPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/lender.yaml``."""

    NEUTRAL: ClassVar[dict[str, Any]] = {"reservation_rate": 0.0}

    deposit: Annotated[Amount, Field(gt=0)]
    reservation_rate: Rate = 0.0


@state
class Lender(NamedTuple):
    """What it wants of the market: nothing. A traders."""

    deposit: np.ndarray  # float64 [A] currency a wake-up


def make(members: Members) -> Lender:
    """Build the parameters of all lenders."""
    return Lender(deposit=members.key("deposit"))


@decide_one.implement(Lender)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send no order."""
