"""The order flow of zero intelligence: what the papers of Farmer, Smith and others simulate.

Limit orders of one lot arrive everywhere on the grid at the same rate per price, buys below the ask
and sells above the bid; market orders of one lot arrive at a rate; each resting order is cancelled
at a rate. All limit orders are sent by one trader, and the prevention of self-trades removes those
that would cross: that is the condition of the model, and no order trades that should rest.
"""

from __future__ import annotations

import numpy as np

from proteus.market.cell import CellConfig
from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Estimate, mean_of
from proteus.validation.running import compose, market, ns, once, poisson, simulate, trader

_WIDE = 40  # characteristic prices between the ends of the grid
_RELAXED, _ENDS = 4.0, 10.0  # mean lifetimes of an order: not measured, and the end
_FIRST, _MANY = 1e-6, 1_000_000  # a wall on each side until there is a book: when, and its lots
_WALL_LIFE = 0.3  # mean, in mean lifetimes of an order


def spread(granularity: float, price_ticks: int, *, lanes: int, root: int) -> Estimate:
    """Estimate the mean spread in characteristic prices, mu / alpha.

    Parameters
        granularity: epsilon = delta sigma / mu, above 0.
        price_ticks: mu / alpha, ticks; with no prime factors but 2 and 5.
        lanes, root: as in ``proteus.validation.identities``.
    """
    found = simulate(_cell(granularity, price_ticks), lanes, root, _spreads)
    return mean_of(found[np.isfinite(found)] / price_ticks)


def _cell(granularity: float, price_ticks: int) -> CellConfig:
    """Compose the market with mu = 1 and sigma = 1, so that delta = epsilon."""
    n_ticks = _WIDE * price_ticks
    horizon_s, middle = _ENDS / granularity, n_ticks // 2
    everywhere = {"side": "random", "low_ticks": 1, "high_ticks": n_ticks - 1,
                  "lifetime_ms": round(1000 / granularity, 6)}  # fmt: skip
    words = market("clob", ns(horizon_s), tick=1 / n_ticks, self_trade="cancel_newest",
                   warmup_ns=ns(_RELAXED / granularity))  # fmt: skip
    words += trader("resting", "flow", schedule=poisson(2 * (n_ticks - 1) / price_ticks),
                    policy=everywhere)  # fmt: skip
    for side, furthest, wall in (("buy", n_ticks - 1, -1), ("sell", 1, 1)):
        at = middle + wall * price_ticks // 2
        first = {"side": side, "low_ticks": at, "high_ticks": at, "lots": _MANY,
                 "lifetime_ms": round(1000 * _WALL_LIFE / granularity, 6)}  # fmt: skip
        words += trader(f"wall_{side}", "flow", schedule=once(_FIRST), policy=first)
        now = {"side": side, "low_ticks": furthest, "high_ticks": furthest, "lifetime_ms": 0}
        words += trader(f"market_{side}", "flow", schedule=poisson(0.5), policy=now)
    return compose(words)


def _spreads(world: World) -> Array:
    """Return the time-weighted mean spread of each lane, ticks; NaN where a side was ever empty."""
    quality, settings = world.sums.quality, world.settings
    is_whole = quality.covered >= settings.horizon_ns - settings.warmup_ns
    return np.where(is_whole, quality.spread / np.maximum(quality.covered, 1), np.nan)
