"""V10: the bounce of trade prices between bid and ask.

Source
    Roll (1984) Journal of Finance 39:1127.
"""

from __future__ import annotations

import numpy as np

from proteus.market.trading.world import World
from proteus.recording.columns import FILL
from proteus.validation.comparison import Array, Comparison, between, ratio_of, sampled, whole
from proteus.validation.logs import rows
from proteus.validation.running import (
    FROZEN_MAKER,
    ROOT,
    compose,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_START_S = 1e-6  # when the maker posts its quotes


def roll(
    half_spread: float = 0.01, trades: int = 100, *, lanes: int = 400, root: int = ROOT
) -> Comparison:
    """Compare changes of trade prices between fixed quotes with autocovariance -h^2, variance 2h^2.

    Parameters
        half_spread: h, 0.001 .. 0.4 in whole thousandths. trades: mean number in a lane, 10 .. 500.
        lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: autocovariance and variance of price changes, currency^2.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    h = between("half_spread", half_spread, 0.001, 0.4, ends=True)
    between("half_spread", half_spread, round(h, 3) - 1e-9, round(h, 3) + 1e-9)
    rate, (lanes, root) = whole("trades", trades, 10, 500), sampled(lanes, root)
    taking = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    cell = compose([
        *market("clob", ns(1)), "execution.protection_ticks=500",
        *trader("quoting", "maker", schedule=once(_START_S),
                policy={**FROZEN_MAKER, "half_spread": round(h, 3), "quote_lots": 1_000_000}),
        *trader("taking", "noise", schedule=poisson(float(rate)), policy=taking),
    ])  # fmt: skip
    pairs, products, changes, squares = simulate(cell, lanes, root, _moments, recorded=True).T
    autocovariance, variance = ratio_of(products, pairs), ratio_of(squares, changes)
    return Comparison(
        ["autocovariance", "variance"], [-(h**2), 2 * h**2],
        [autocovariance.value, variance.value], [autocovariance.error, variance.error],
        lanes=lanes,
    )  # fmt: skip


def _moments(world: World) -> Array:
    """Return, per lane, pairs and their products, changes and their squares, currency^2: [L, 4].

    Changes have mean zero, so moments around zero are unbiased.
    """
    sums = []
    for fills in rows(world, FILL):
        change = np.diff(fills.price) / world.settings.n_ticks
        products = change[1:] * change[:-1]
        sums.append([len(products), products.sum(), len(change), (change**2).sum()])
    return np.array(sums)
