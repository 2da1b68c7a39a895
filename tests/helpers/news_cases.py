"""News for tests: configurations with overrides, and paths of one lane."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import compiled
from proteus.market.environment.models import BayesianLatent, Jump, LogOddsLatent
from proteus.market.environment.news import NEWS_OK, News, NewsParameters, extend_news, start_news
from proteus.market.environment.setup import allocate_news, parameters_for
from proteus.market.rng import replicate_key

S = 10**9
MS = 10**6


def bayesian(
    horizon_ns: int = 20 * S, initial_probability: float = 0.5, **overrides: Any
) -> NewsParameters:
    keys = {"model": "bayesian", "dt": 10, "total_variance": 1.0, "sigma": None}
    latent = BayesianLatent(**keys | {"jump_rate_per_s": 0.2, "jump_accuracy": 0.8} | overrides)
    return parameters_for(latent, horizon_ns, horizon_ns + S, initial_probability)


def log_odds(
    horizon_ns: int = 20 * S,
    settle_ns: int | None = None,
    initial_probability: float = 0.5,
    jumps: tuple[tuple[float, float, float], ...] = ((0.5, 0.3, 0.1), (0.5, -0.3, 0.1)),
    **overrides: Any,
) -> NewsParameters:
    keys = {"model": "log_odds", "dt": 10, "total_variance": None, "sigma": 0.3}
    keys |= {"mean_reversion_per_s": 0.5, "jump_rate_per_s": 0.2}
    mixture = tuple(Jump(weight=weight, mean=mean, sd=sd) for weight, mean, sd in jumps)
    latent = LogOddsLatent(**keys | {"jumps": mixture} | overrides)
    settle_ns = horizon_ns + S if settle_ns is None else settle_ns
    return parameters_for(latent, horizon_ns, settle_ns, initial_probability)


# Compiled, paths are made a hundred times as fast as in plain Python.
_start, _extend = compiled(start_news), compiled(extend_news)


def path(
    parameters: NewsParameters, until_ns: int, replicate: int = 0, expected_jumps: float = 100
) -> News:
    """Make one lane up to a time, all of it inside the window."""
    news = allocate_news(1, until_ns, parameters.dt_ns, expected_jumps)
    key = replicate_key(7, replicate)
    _start(news, parameters, *key, 0)
    assert _extend(news, parameters, *key, 0, until_ns) == NEWS_OK
    return news


def jump_times(news: News) -> NDArray[np.int64]:
    return news.jump_ns[0, : news.n_jumps[0]].copy()


class Sample(NamedTuple):
    """Many replicates of one cell."""

    value: NDArray[np.float64]  # [R, grid points] v
    log_odds: NDArray[np.float64]  # [R] x at the last grid point
    payoff: NDArray[np.int8]  # [R]


def sample(parameters: NewsParameters, until_ns: int, replicates: range) -> Sample:
    """Make replicates up to a time that is on the grid."""
    news = allocate_news(1, until_ns, parameters.dt_ns, 100)
    points = until_ns // parameters.dt_ns + 1
    out = Sample(
        np.empty((len(replicates), points)),
        np.empty(len(replicates)),
        np.empty(len(replicates), np.int8),
    )
    for row, replicate in enumerate(replicates):
        key = replicate_key(7, replicate)
        _start(news, parameters, *key, 0)
        assert _extend(news, parameters, *key, 0, until_ns) == NEWS_OK
        out.value[row] = news.value[0, :points]
        out.log_odds[row] = news.log_odds[0]
        out.payoff[row] = news.payoff[0]
    return out
