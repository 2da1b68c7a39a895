"""The fair value of a lane, drawn again; a kernel for its speed alone."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.jit import JIT_DISABLED, kernel
from proteus.market.cell import CellConfig
from proteus.market.environment.news import extend_news, start_news, value_at
from proteus.market.environment.setup import allocate_news, parameters_for
from proteus.market.rng import replicate_key
from proteus.market.setup.stress import bursts_of

_parameters = functools.lru_cache(maxsize=16)(parameters_for)


@kernel
def _draw(news, parameters, key0, key1, until_ns, times, values):  # type: ignore[no-untyped-def]
    """Draw the news of lane 0 up to ``until_ns``, and write v at some times.

    Parameters
        times: int64 [n] ns. values: float64 [n] currency, written.

    Returns
        A code of ``extend_news``.
    """
    start_news(news, parameters, key0, key1, 0)
    code = extend_news(news, parameters, key0, key1, 0, until_ns)
    if code == 0:
        for i in range(times.shape[0]):
            values[i] = value_at(news, parameters, 0, times[i])
    return code


def values_at(
    cell: CellConfig, root: int, replicate: int, times: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return v at some times of a lane's first episode.

    Parameters
        cell, root, replicate: the lane. times: int64 [n] ns, 0 .. T.

    Returns
        float64 [n] currency; just after a jump at that time.
    """
    parameters = _parameters(
        cell.latent, cell.horizon_ns, cell.settle_ns, cell.contract.initial_probability,
        bursts_of(cell),
    )  # fmt: skip
    window = cell.settle_ns + 2 * parameters.dt_ns
    jumps = cell.latent.jump_rate_per_s * cell.settle_ns / units.NS_PER_S
    key = np.array(replicate_key(root, replicate), np.uint32)
    values, capacity = np.empty(len(times)), 8
    while True:
        news = allocate_news(1, window, parameters.dt_ns, jumps, capacity)
        with np.errstate(over="ignore" if JIT_DISABLED else "warn"):
            code = _draw(news, parameters, key[0], key[1], np.int64(cell.settle_ns), times, values)
        if code == 0:
            return values
        capacity *= 2
