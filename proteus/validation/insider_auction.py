"""V2: one auction of an insider, noise, and a maker who posts its linear schedule as a ladder.

Source
    Kyle (1985) Econometrica 53:1315, section 2.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit

from proteus.basics.units import NANO
from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Comparison, between, mean_of, ratio_of, sampled
from proteus.validation.running import ROOT, compose, market, ns, once, simulate, trader

_LOTS_PER_TICK = 8  # depth of the ladder; the unit of lots is then what ``noise_lots`` says
_DEVIATIONS = 5.5  # of the price, that the ladder reaches
_NEWS_S, _POSTED_S, _ORDERS_S, _CLEAR_S = 0.5, 0.4, 0.6, 0.9
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
_NAMES = ("lambda, currency per lot", "insider profit", "noise loss", "posterior variance")


def kyle(
    value_sd: float = 0.05, noise_lots: float = 100, *, lanes: int = 4_000, root: int = ROOT
) -> Comparison:
    """Compare one auction with lambda = s / (2 u), profit s u / 2 and posterior variance s^2 / 2.

    The news moves once before the auction, by a step that gives v the variance s^2; linear
    strategies need no more than that of the law of v. Lots are scaled so that a tick of the price
    is a whole number of them.

    Parameters
        value_sd: s, 0.01 .. 0.1 currency. noise_lots: u, standard deviation of noise, above 0.
        lanes, root: as in ``identities``.

    Returns
        Comparison of four numbers: lambda (currency per lot), the insider's profit and the noise
        traders' loss (currency), the variance of v after the auction (currency^2).

    Raises
        ConfigError: a parameter that is not allowed.
    """
    s = between("value_sd", value_sd, 0.01, 0.1, ends=True)
    u = between("noise_lots", noise_lots, 0, math.inf)
    lanes, root = sampled(lanes, root)
    tick = 0.001 if s >= 0.04 else 0.0002
    levels = math.ceil(_DEVIATIONS * s / math.sqrt(2) / tick)
    traded = _LOTS_PER_TICK * s / (2 * tick)  # u in the lots of the engine
    noise = {"limit": "exponential", "distance": 1000, "lots_sd": traded}  # market orders
    cell = compose([
        *market("fba", ns(_CLEAR_S) + 2, tick=tick, delta_ns=ns(_CLEAR_S)),
        "latent.total_variance=null", f"latent.sigma={_sigma(s) / math.sqrt(_NEWS_S)!r}",
        f"latent.dt={1000 * _NEWS_S}",
        *trader("ladder", "linear_maker",
                schedule={"law": "periodic", "rate_per_s": round(levels / _POSTED_S)},
                policy={"lots_per_tick": _LOTS_PER_TICK, "levels": levels}),
        *trader("insider", "insider", schedule=once(_ORDERS_S), signal={},
                policy={"lots_per_currency": traded / s}),
        *trader("crowd", "flow", schedule=once(_ORDERS_S), policy=noise),
    ])  # fmt: skip
    value, price, demand, insider, crowd = simulate(cell, lanes, root, _read).T
    unit = u / traded  # lots of the caller in one of the engine
    slope = ratio_of((value - 0.5) * demand, demand**2)
    profit, loss = mean_of(insider * unit), mean_of(-crowd * unit)
    posterior = mean_of((value - price) ** 2)
    # A demand of less than half a level moves the price by a tick.
    off_tick = tick * _LOTS_PER_TICK / (2 * traded)
    return Comparison(
        _NAMES, [s / (2 * u), s * u / 2, s * u / 2, s * s / 2],
        [slope.value / unit, profit.value, loss.value, posterior.value],
        [slope.error / unit, profit.error, loss.error, posterior.error], lanes=lanes,
        tolerance=[0, off_tick * u, off_tick * u, tick * tick],
    )  # fmt: skip


def _sigma(value_sd: float) -> float:
    """Return the standard deviation of log-odds, from p = 1/2, whose v has a given one."""

    def excess(sigma: float) -> float:
        moves = expit(0.5 * sigma * sigma + sigma * _NODES) - 0.5
        return float(_WEIGHTS @ moves**2 / _WEIGHTS.sum()) - value_sd**2

    return float(brentq(excess, 1e-3, 5.0, xtol=1e-12))


def _read(world: World) -> Array:
    """Return v, price, net demand and the profits of insider and noise: [L, 5]."""
    value = world.totals.final_value / NANO
    price = world.progress.last_price / world.settings.n_ticks
    demand = (world.ledger.sold - world.ledger.bought)[:, 0]
    insider, noise = world.totals.marked[:, 1] / NANO, world.totals.marked[:, 2] / NANO
    return np.stack([value, price, demand, insider, noise], axis=1)
