"""The fair value of a lane, drawn again; a kernel for its speed alone."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from proteus.basics import units
from proteus.compiler.jit import JIT_DISABLED, kernel
from proteus.market.cell import CellConfig
from proteus.market.environment.news import (
    News,
    NewsParameters,
    extend_news,
    start_news,
    value_at,
)
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


class Values:
    """v of the lanes of a cell, one lane after another, in memory that is used again."""

    def __init__(self, cell: CellConfig) -> None:
        self._parameters: NewsParameters = _parameters(
            cell.latent, cell.horizon_ns, cell.settle_ns, cell.contract.initial_probability,
            bursts_of(cell),
        )  # fmt: skip
        self._until = np.int64(cell.settle_ns)
        self._jumps = cell.latent.jump_rate_per_s * cell.settle_ns / units.NS_PER_S
        self._capacity = 8  # least room for jumps
        self._news = self._allocated()

    def _allocated(self) -> News:
        window = int(self._until) + 2 * self._parameters.dt_ns
        return allocate_news(1, window, self._parameters.dt_ns, self._jumps, self._capacity)

    def at(self, root: int, replicate: int, times: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return v at some times of a lane's first episode.

        Parameters
            root, replicate: the lane. times: int64 [n] ns, 0 .. T.

        Returns
            float64 [n] currency; just after a jump at that time.
        """
        key = np.array(replicate_key(root, replicate), np.uint32)
        values = np.empty(len(times))
        while True:
            with np.errstate(over="ignore" if JIT_DISABLED else "warn"):
                code = _draw(
                    self._news, self._parameters, key[0], key[1], self._until, times, values
                )
            if code == 0:
                return values
            self._capacity *= 2
            self._news = self._allocated()
