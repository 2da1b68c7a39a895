"""Kyle's insider: one market order, linear in the distance of its signal from p0.

Used by ``proteus.validation``.

Source
    Kyle (1985) Econometrica 53:1315, section 2.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np

from proteus.basics.schema import MAX_LOTS, Positive
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.base import Members, PolicyConfig, decide_one
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL


class InsiderPolicy(PolicyConfig):
    """Keys of ``policy`` in ``conf/trader/insider.yaml``."""

    needs_signal: ClassVar[bool] = True
    lots_per_currency: Positive  # beta


@state
class Insider(NamedTuple):
    """Parameters. A traders."""

    lots_per_currency: np.ndarray  # float64 [A]
    start: np.ndarray  # float64 [1] p0, currency
    n_ticks: np.ndarray  # int64 [1]


def make(members: Members) -> Insider:
    """Build the parameters of all insiders."""
    return Insider(
        lots_per_currency=members.key("lots_per_currency"),
        start=np.array([members.initial_probability]),
        n_ticks=np.array([members.n_ticks], np.int64),
    )


@decide_one.implement(Insider)
@inline_kernel
def decide(policy, view, private, has_signal, intents, lane, trader):
    """Send a market order of the nearest whole size."""
    wanted = policy.lots_per_currency[trader] * (view.signal[lane] - policy.start[0])
    lots = np.int64(np.rint(min(abs(wanted), float(MAX_LOTS))))
    if lots == 0:
        return
    side, price = BUY, policy.n_ticks[0] - 1
    if wanted < 0.0:
        side, price = SELL, np.int64(1)
    intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, view.signal[lane])
