"""V9: mean and variance of an Ornstein-Uhlenbeck process with Poisson jumps.

Source
    Das (2002) Journal of Econometrics 106:27, for the moments.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, logit

from proteus.market.trading.world import World
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    mean_of,
    positive,
    sampled,
    variance_of,
)
from proteus.validation.running import ROOT, compose, market, ns, simulate

_TICK = 0.001  # p0 is a whole tick, and x0 follows from it
_GRID_STEPS = 8


def mean_reverting_jumps(
    start: float = 0.8, reversion: float = 0.5, sigma: float = 0.4, jump_rate: float = 0.2,
    jump_mean: float = 0.1, jump_sd: float = 0.3, time_s: float = 2,
    *, lanes: int = 20_000, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare the log-odds x of ``latent=log_odds`` at a time with their mean and variance.

    Parameters
        start: x at 0, -5 .. 5. reversion: kappa, per second. sigma: per sqrt second.
        jump_rate: per second, with normal sizes of ``jump_mean`` and ``jump_sd``.
        time_s: T, 0.001 .. 1000. lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: mean and variance of x at T.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    between("start", start, -5, 5, ends=True)
    kappa = positive("reversion", reversion)
    time = between("time_s", time_s, 1e-3, 1e3, ends=True)
    for name, value in (("sigma", sigma), ("jump_rate", jump_rate), ("jump_sd", jump_sd)):
        between(name, value, 0, 1e3, ends=True)
    between("jump_mean", jump_mean, -20, 20, ends=True)
    lanes, root = sampled(lanes, root)
    probability = round(float(expit(start)) / _TICK) * _TICK
    horizon_ns = _GRID_STEPS * ns(time / _GRID_STEPS)
    cell = compose([
        *market("clob", horizon_ns, tick=_TICK), "latent=log_odds", "latent.total_variance=null",
        f"contract.initial_probability={round(probability, 3)!r}",
        f"latent.dt={horizon_ns / _GRID_STEPS / 1e6!r}", f"latent.sigma={float(sigma)!r}",
        f"latent.mean_reversion_per_s={kappa!r}", f"latent.jump_rate_per_s={float(jump_rate)!r}",
        f"latent.jumps=[{{weight: 1, mean: {float(jump_mean)!r}, sd: {float(jump_sd)!r}}}]",
    ])  # fmt: skip
    x = simulate(cell, lanes, root, _log_odds)
    decay = math.exp(-kappa * time)
    mean = float(logit(probability)) * decay + jump_rate * jump_mean / kappa * (1 - decay)
    squares = sigma**2 + jump_rate * (jump_mean**2 + jump_sd**2)
    variance = squares * (1 - decay**2) / (2 * kappa)
    simulated = mean_of(x), variance_of(x)
    return Comparison(
        ["mean of x", "variance of x"], [mean, variance], [one.value for one in simulated],
        [one.error for one in simulated], lanes=lanes,
    )  # fmt: skip


def _log_odds(world: World) -> Array:
    """Return x at T, which is the last point of the grid that was made."""
    assert (world.news.grid_done == _GRID_STEPS).all()
    return np.array(world.news.log_odds)
