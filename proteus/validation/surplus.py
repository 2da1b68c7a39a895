"""V11: a call auction of n buyers and n sellers who tell the truth about uniform values.

Source
    Order statistics: of 2 n independent uniform values, the n highest trade to or stay with their
    owners. A buyer is among them with chance 1/2, hence n / 2 trades; the mean of the k-th smallest
    of m is k / (m + 1), hence the surplus. David & Nagaraja (2003) Order Statistics, chapter 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from proteus.market.trading.world import World
from proteus.recording.columns import FILL, ORDER
from proteus.validation.comparison import Array, Comparison, mean_of, one_of, sampled, whole
from proteus.validation.logs import rows
from proteus.validation.running import ROOT, compose, market, ns, once, simulate, trader

_TICK = 0.0001
_PRICE_RULES = ("midpoint", "reference", "lower", "upper", "t7")


def call_auction(
    buyers: int = 10, price_rule: str = "midpoint", *, lanes: int = 8_000, root: int = ROOT
) -> Comparison:
    """Compare volume and surplus of one auction with n / 2 and n^2 / (2 (2n + 1)).

    Every rule that chooses a price in the Walrasian interval takes the whole surplus.

    Parameters
        buyers: n, 1 .. 200, and as many sellers, one lot each. price_rule: of ``mechanism=fba``.
        lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: the volume (lots) and the surplus (currency).

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, (lanes, root) = whole("buyers", buyers, 1, 200), sampled(lanes, root)
    rule = one_of("price_rule", price_rule, _PRICE_RULES)
    highest = round(1 / _TICK) - 1

    def crowd(side: str) -> list[str]:
        values: dict[str, Any] = {"side": side, "low_ticks": 1, "high_ticks": highest}
        return trader(side, "flow", count=n, schedule=once(0.5), policy=values)

    cell = compose([
        *market("fba", ns(1) + 2, tick=_TICK, delta_ns=ns(1)), f"mechanism.price_rule={rule}",
        *crowd("buy"), *crowd("sell"),
    ])  # fmt: skip
    volume, surplus = map(mean_of, simulate(cell, lanes, root, _trades, recorded=True).T)
    return Comparison(
        ["volume, lots", "surplus"], [n / 2, n * n / (2 * (2 * n + 1))],
        [volume.value, surplus.value], [volume.error, surplus.error], lanes=lanes,
        # Values on a grid: n pairs are off by a tick at most, and n^2 pairs may tie.
        tolerance=[n * n * _TICK, n * _TICK],
    )  # fmt: skip


def _trades(world: World) -> Array:
    """Return volume and surplus of each lane, lots and currency: [L, 2]."""
    both = []
    for orders, fills in zip(rows(world, ORDER), rows(world, FILL), strict=True):
        signed = np.where(orders.side == 0, orders.price, -orders.price)  # value, minus cost
        value = dict(zip(orders.order.tolist(), signed.tolist(), strict=True))
        ticks = sum(value[order] for order in [*fills.order.tolist(), *fills.other.tolist()])
        both.append([fills.lots.sum(), ticks / world.settings.n_ticks])
    return np.array(both)
