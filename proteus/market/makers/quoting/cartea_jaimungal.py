"""Cartea-Jaimungal: the optimal quotes until T under a running and a final penalty on inventory.

    h(tau, q) = (1 / k) ln w_q(tau),   w(tau) = exp(A tau) z
    A: -phi k q^2 on the diagonal, lambda / e beside it;   z_q = exp(-alpha k q^2)
    bid distance = 1 / k - h(q + 1) + h(q),   ask distance = 1 / k - h(q - 1) + h(q)

tau is the time left, q the inventory in quotes of one size, within -Q .. Q: at Q no bid is quoted,
at -Q no ask. lambda is the arrival rate of takers of one side, per second; a quote at distance d is
hit by a share exp(-k d) of them. Penalties are currency per lot of a quote: phi per quote squared
and second, alpha per quote squared. No volatility is in it: phi stands for what it costs.

The table of h is made once per maker on a grid of tau that is fine near the end, tau_i = T (i/K)^2,
by uniformisation: a sum without negative terms, of additions, products and quotients, so that it is
the same everywhere. Between two points h is linear.

Source
    Cartea, Jaimungal & Penalva (2015), Algorithmic and High-Frequency Trading, section 10.2;
    Jerome, Sanchez-Betancourt, Savani & Herdegen (2022), mbt_gym. Uniformisation: Jensen (1953)
    Skandinavisk Aktuarietidskrift 36:87.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.elementary import portable_exp, portable_log

POINTS = 256  # K, intervals of the grid
BOTH, NO_BID, NO_ASK = 0, 1, 2  # sides that are quoted
_LARGEST_STEP = 8.0  # of the norm of A times a step: the series then has some 40 terms
_SMALLEST_TERM = 1e-18  # of the sum
_INVERSE_E = math.exp(-1)


@functools.lru_cache(maxsize=64)
def table(
    fill_rate: float, fill_decay: float, running: float, final: float, levels: int, horizon_s: float
) -> NDArray[np.float64]:
    """Tabulate h, float64 [K + 1, 2 Q + 1] in currency, by time left and inventory from -Q.

    Parameters
        fill_rate: lambda, per second. fill_decay: k, per currency. running: phi. final: alpha.
        levels: Q. horizon_s: T, seconds.
    """
    held = np.arange(-levels, levels + 1, dtype=np.float64) ** 2
    decay = running * fill_decay * held
    exponents = -final * fill_decay * held
    weights, scale = np.array([portable_exp(float(x)) for x in exponents]), 0.0
    beside, norm = fill_rate * _INVERSE_E, float(decay[0]) + 2 * fill_rate * _INVERSE_E
    rows = [_logs(weights, scale, fill_decay)]
    for i in range(POINTS):
        width = horizon_s * (2 * i + 1) / POINTS**2
        steps = max(math.ceil(width * norm / _LARGEST_STEP), 1)
        for _ in range(steps):
            weights = _advance(weights, decay, beside, width / steps)
            largest = float(weights.max())
            weights = weights / largest
            scale += portable_log(largest) - float(decay[0]) * (width / steps)
        rows.append(_logs(weights, scale, fill_decay))
    return np.array(rows)


def _advance(
    weights: NDArray[np.float64], decay: NDArray[np.float64], beside: float, width: float
) -> NDArray[np.float64]:
    """Return exp((A + c) width) w, with c the largest decay, so that no term is negative."""
    total, term, kept = weights.copy(), weights, decay[0] - decay
    number = 0
    while float(term.max()) > _SMALLEST_TERM * float(total.max()) or number < 2:
        number += 1
        moved = kept * term
        moved[1:] += beside * term[:-1]
        moved[:-1] += beside * term[1:]
        term = moved * (width / number)
        total += term
    return total


def _logs(weights: NDArray[np.float64], scale: float, fill_decay: float) -> list[float]:
    smallest = float(np.finfo(np.float64).tiny)
    return [(portable_log(max(float(w), smallest)) + scale) / fill_decay for w in weights]


@inline_kernel
def value(tables, number, horizon_s, remaining_s, row):
    """Return h of a maker at a time left and a row of the inventory, linear between points.

    Parameters
        tables: float64 [M, K + 1, R]. number: of the maker. horizon_s: T. remaining_s: tau.
        row: inventory plus Q.
    """
    points = tables.shape[1] - 1
    share = min(max(remaining_s / horizon_s, 0.0), 1.0)
    first = min(np.int64(math.sqrt(share) * points), points - 1)
    below = first * first / (points * points)
    width = (2 * first + 1) / (points * points)
    part = min(max((share - below) / width, 0.0), 1.0)
    low, high = tables[number, first, row], tables[number, first + 1, row]
    return low + part * (high - low)


@inline_kernel
def quote(tables, number, levels, horizon_s, fill_decay, estimate, inventory, size, remaining_s):
    """Return reservation price, half-spread, and which sides are quoted (BOTH, NO_BID, NO_ASK).

    Parameters
        levels: Q. fill_decay: k. estimate: currency. inventory: lots, rounded to whole quotes.
        size: of a quote, lots. The rest is as in ``value``.
    """
    held = np.int64(np.rint(inventory / size))
    row = min(max(held, -levels), levels) + levels
    here = value(tables, number, horizon_s, remaining_s, row)
    bid = ask = 1.0 / fill_decay
    if row < 2 * levels:
        bid += here - value(tables, number, horizon_s, remaining_s, row + 1)
    if row > 0:
        ask += here - value(tables, number, horizon_s, remaining_s, row - 1)
    if row == 2 * levels:
        return estimate, ask, NO_BID
    if row == 0:
        return estimate, bid, NO_ASK
    return estimate + 0.5 * (ask - bid), 0.5 * (ask + bid), BOTH
