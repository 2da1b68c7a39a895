"""Strengths of entrants from who won against whom: the model of Bradley and Terry.

    P(i beats j) = exp(s_i) / (exp(s_i) + exp(s_j)),  strengths s sum to zero

A tie is half a win of each. The likelihood has its greatest value at finite strengths only if no
split of the entrants in two has one side win every game between them (Ford 1957): else there are no
strengths, and a fit that runs towards infinity would only say when it was stopped.

Source
    Bradley & Terry (1952) Biometrika 39:324. Ford (1957) American Mathematical Monthly 64:28.
    Hunter (2004) Annals of Statistics 32:384, for the iteration.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

Array = NDArray[np.float64]

_CLOSE, _MOST_STEPS = 1e-12, 100_000


def strengths(wins: Array) -> Array | None:
    """Fit the strengths.

    Parameters
        wins: float64 [n, n], how often the row beat the column; the diagonal is not read.

    Returns
        float64 [n], of sum zero; None where no finite strengths are most likely.
    """
    won = np.where(np.eye(len(wins), dtype=np.bool_), 0.0, wins)
    if connected_components(won > 0, directed=True, connection="strong")[0] > 1:
        return None
    games, total = won + won.T, won.sum(axis=1)
    worth = np.ones(len(won))
    for _ in range(_MOST_STEPS):
        new = total / (games / (worth[:, None] + worth)).sum(axis=1)
        new /= np.exp(np.log(new).mean())
        moved = np.abs(np.log(new / worth)).max()
        worth = new
        if moved < _CLOSE:
            break
    found: Array = np.log(worth)
    return found
