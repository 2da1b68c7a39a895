"""From configuration to the arrays and numbers of the news."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.arrays import allocate
from proteus.market.environment.fair_value import FairValueTable
from proteus.market.environment.masks import MASKS
from proteus.market.environment.models import BayesianLatent, Jump, Latent, LogOddsLatent
from proteus.market.environment.news import (
    MODEL_BAYESIAN,
    MODEL_LOG_ODDS,
    PAYOFF_UNKNOWN,
    News,
    NewsParameters,
)
from proteus.market.environment.tables import TABLES

_LONGEST_CHUNK = 128  # grid points whose normals are made at once
_NO_TABLE = FairValueTable(np.zeros((1, 1)), 0.0, 0.0, 0.0, 0.0)


def allocate_news(
    lanes: int,
    window_ns: int,
    dt_ns: int,
    expected_jumps: float,
    jump_capacity: int = 0,
) -> News:
    """Allocate the rings.

    Parameters
        lanes: number of lanes L.
        window_ns: how far apart the oldest time that is still read and the ``until_ns`` of an
            extension may be.
        dt_ns: grid step.
        expected_jumps: mean number of jumps inside the window.
        jump_capacity: least number of jump slots, for a lane that is run again.

    Returns
        News whose lanes wait for ``start_news``.
    """
    grid = _power_of_two(window_ns // dt_ns + 3)
    jumps = _power_of_two(max(int(expected_jumps + 6 * expected_jumps**0.5) + 8, jump_capacity))
    chunk = min(grid // 2, _LONGEST_CHUNK)  # the point before a chunk must outlive it
    return allocate(News, L=lanes, G=grid, J=jumps, C=chunk, M=MASKS, payoff=PAYOFF_UNKNOWN)


def _power_of_two(least: int) -> int:
    return max(8, 1 << (least - 1).bit_length())


class Burst(NamedTuple):
    """A time in which jumps come more often, or less."""

    begin_ns: int
    end_ns: int
    factor: float


def parameters_for(
    latent: Latent,
    horizon_ns: int,
    settle_ns: int,
    initial_probability: float,
    bursts: Sequence[Burst] = (),
) -> NewsParameters:
    """Derive the numbers of one cell's news.

    Parameters
        latent: the ``latent`` part of the configuration, of either model.
        horizon_ns: T, over which ``total_variance`` counts.
        settle_ns: when X settles, T plus the largest markout horizon.
        initial_probability: p0, strictly between 0 and 1.
        bursts: by their begin; none overlaps another.

    Returns
        NewsParameters.

    Raises
        ConfigError: the jumps or the variance are too large for the fair-value table.
    """
    sigma = _sigma(latent, horizon_ns)
    common: dict[str, Any] = {
        "dt_ns": units.milliseconds_to_ns(latent.dt, "latent.dt"),
        "settle_ns": int(settle_ns),
        "last_grid": int(horizon_ns // units.milliseconds_to_ns(latent.dt)),
        "initial_probability": float(initial_probability),
        "initial_log_odds": math.log(initial_probability / (1.0 - initial_probability)),
        "jump_gap_ns": _mean_gap_ns(latent.jump_rate_per_s),
        **_bursts(bursts, latent.jump_rate_per_s),
    }
    if isinstance(latent, BayesianLatent):
        return _bayesian(latent, sigma, common)
    assert isinstance(latent, LogOddsLatent)
    return _log_odds(latent, sigma, common)


def _sigma(latent: Latent, horizon_ns: int) -> float:
    """Return the noise per sqrt second from whichever of the two keys is given."""
    if latent.sigma is not None:
        return float(latent.sigma)
    assert latent.total_variance is not None  # the configuration checks that one of them is given
    return math.sqrt(latent.total_variance * units.NS_PER_S / horizon_ns)


def _mean_gap_ns(rate_per_s: float) -> float:
    return units.NS_PER_S / rate_per_s if rate_per_s > 0 else math.inf


def _bursts(bursts: Sequence[Burst], rate_per_s: float) -> dict[str, NDArray[Any]]:
    factor = np.array([burst.factor for burst in bursts], np.float64)
    return {
        "burst_begin_ns": np.array([burst.begin_ns for burst in bursts], np.int64),
        "burst_end_ns": np.array([burst.end_ns for burst in bursts], np.int64),
        "burst_factor": factor,
        "burst_further": np.maximum(factor - 1.0, 0.0) * rate_per_s / units.NS_PER_S,
    }


def _bayesian(latent: BayesianLatent, sigma: float, common: dict[str, Any]) -> NewsParameters:
    dt_s = common["dt_ns"] / units.NS_PER_S
    accuracy = latent.jump_accuracy if latent.jump_rate_per_s > 0 else 0.5
    size = math.log(accuracy / (1.0 - accuracy))
    return NewsParameters(
        model=MODEL_BAYESIAN,
        drift=0.5 * sigma * sigma * dt_s,
        step_sd=sigma * math.sqrt(dt_s),
        phi=1.0,
        reversion_per_ns=0.0,
        jump_law=np.array([[accuracy, size, 0.0], [1.0, -size, 0.0]]),
        **_NO_TABLE._asdict(),
        **common,
    )


def _log_odds(latent: LogOddsLatent, sigma: float, common: dict[str, Any]) -> NewsParameters:
    dt_s = common["dt_ns"] / units.NS_PER_S
    kappa = float(latent.mean_reversion_per_s)
    spread_s = -math.expm1(-2.0 * kappa * dt_s) / (2.0 * kappa) if kappa > 0 else dt_s
    law = _jump_law(latent.jumps)
    settle_s = common["settle_ns"] / units.NS_PER_S
    return NewsParameters(
        model=MODEL_LOG_ODDS,
        drift=0.0,
        step_sd=sigma * math.sqrt(spread_s),
        phi=math.exp(-kappa * dt_s),
        reversion_per_ns=kappa / units.NS_PER_S,
        jump_law=law,
        **TABLES.of(sigma, kappa, float(latent.jump_rate_per_s), law, settle_s)._asdict(),
        **common,
    )


def _jump_law(jumps: tuple[Jump, ...]) -> NDArray[np.float64]:
    """Return [M, 3]: cumulative weight, mean, standard deviation; one idle row without jumps."""
    if not jumps:
        return np.array([[1.0, 0.0, 0.0]])
    law = np.array([[jump.weight, jump.mean, jump.sd] for jump in jumps], np.float64)
    law[:, 0] = np.cumsum(law[:, 0]) / law[:, 0].sum()
    return law
