"""The fair value of ``log_odds`` news: v = E[sigmoid(x at settlement) | x now], from a table.

With s the time to settlement, x at settlement is y + Z. y is its expectation, that is x exp(-kappa
s) plus the mean of the jumps to come; Z is the rest of noise and jumps, independent of x. Because
the Fourier transform of tanh is known,

    v(y, s) = 1/2 + integral over u > 0 of Im(exp(iuy) phi(u, s)) / sinh(pi u) du
    log phi(u, s) = rate * integral over r in 0 .. s of (E exp(iwJ) - 1 - iw E J) dr
                    - var(s) u^2 / 2,      w = u exp(-kappa r)

The integrand is even and analytic near the real axis, so the midpoint rule converges
exponentially: the step only has to keep the aliases of the answer outside the columns.

The table has v at nodes in y (NODES_PER_UNIT to the unit, far enough out that v is 0 or 1 to 1e-9)
and rows at equal steps of the square root of 1 - exp(-kappa s), or of s where there is no mean
reversion: v bends most near settlement. A lookup is cubic in y and linear between rows; rows are
doubled until the linear error is below 4e-7. The whole error is below 1e-6 (tested against direct
quadrature).

Source
    Abate & Whitt (1992), Queueing Systems 10:5, for the rule and its aliases.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.jit import inline_kernel
from proteus.errors import ConfigError

NODES_PER_UNIT = 16
_ROW_ERROR = 4e-7
_SATURATION = 1e-9  # v at the outermost columns, from 0 and from 1
_FIRST_LIMIT = 24.0  # sigmoid(-24) = 4e-11
_ALIAS_DISTANCE = 20.0
_HIGHEST_FREQUENCY = 12.0  # 1 / sinh(12 pi) = 9e-17
_SAMPLED = 32  # every so many columns, from the outermost on
_LARGEST_TABLE = 2**23  # entries: 64 MiB
_SLOWEST_REVERSION = 1e-6  # kappa times the time to settlement; below it rows follow time
_GAUSS_NODES, _GAUSS_WEIGHTS = np.polynomial.legendre.leggauss(4)


class FairValueTable(NamedTuple):
    """v, and how to find the place in it; the fields are those of ``NewsParameters``."""

    table: NDArray[np.float64]  # [R, N] v at row r, column n
    table_limit: float  # the columns span -limit .. limit in y
    row_square_per_decay: float  # row^2 = (1 - exp(-kappa s)) * this + s * row_square_per_ns
    row_square_per_ns: float
    jump_drift: float  # mean of the jumps to come, decayed to settlement = this * row^2


@inline_kernel
def exp_negative(z):
    """Return exp(-z) for z >= 0, by + and x only: it vectorises and is equal on every machine.

    exp(-z / 128) by its series, squared seven times; relative error below 3e-14, exact at 0;
    z counts as 40 beyond 40, where 1 + exp(-z) is 1.
    """
    r = min(z, 40.0) * -0.0078125
    e = 1.0 + r * (1.0 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (
        1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r * (
            1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600))))))))))))  # fmt: skip
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e * e


@inline_kernel
def sigmoid(x):
    """Return 1 / (1 + exp(-x))."""
    e = exp_negative(abs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


@inline_kernel
def tabulated_value(parameters, x, grid):
    """Return E[p at settlement | x at a grid point]."""
    decay, row_square = decay_and_row(parameters, grid)
    return value_in_row(parameters, x, decay, row_square)


@inline_kernel
def decay_and_row(parameters, grid):
    """Return exp(-kappa s) and the square of the row of a grid point; vectorises."""
    remaining = np.float64(max(parameters.settle_ns - grid * parameters.dt_ns, 0))
    decay = exp_negative(remaining * parameters.reversion_per_ns)
    past_decay = (1.0 - decay) * parameters.row_square_per_decay
    return decay, past_decay + remaining * parameters.row_square_per_ns


@inline_kernel
def value_in_row(parameters, x, decay, row_square):
    """Look v up: cubic along log-odds, linear along time."""
    row = math.sqrt(row_square)
    below = min(np.int64(row), parameters.table.shape[0] - 2)
    limit = parameters.table_limit
    expected = min(max(decay * x + row_square * parameters.jump_drift, -limit), limit)
    column = (expected + limit) * NODES_PER_UNIT
    node = min(max(np.int64(column), 1), parameters.table.shape[1] - 3)
    f = column - node
    low = _cubic(parameters.table, below, node, f)
    high = _cubic(parameters.table, below + 1, node, f)
    return min(max(low + (row - below) * (high - low), 0.0), 1.0)


@inline_kernel
def _cubic(table, row, node, f):
    """Interpolate at node + f through the four nodes around (Lagrange)."""
    a, b, c = f + 1.0, f - 1.0, f - 2.0
    outer = a * b * f * table[row, node + 2] - b * c * f * table[row, node - 1]
    inner = a * b * c * table[row, node] - a * c * f * table[row, node + 1]
    return outer * (1 / 6) + inner * 0.5


# --- building the table ---------------------------------------------------------------------------


def tabulate(
    sigma: float,
    kappa: float,
    jump_rate: float,
    jump_law: NDArray[np.float64],
    settle_s: float,
) -> FairValueTable:
    """Tabulate v for one cell.

    Parameters
        sigma: noise per sqrt second. kappa: mean reversion per second. jump_rate: per second.
        jump_law: [M, 3] cumulative weight, mean, standard deviation of the jump mixture.
        settle_s: the longest time to settlement, seconds.

    Returns
        FairValueTable.

    Raises
        ConfigError: the news is so strong that the table would be too large.
    """
    law = (sigma, kappa, jump_rate, jump_law, settle_s)
    limit = _limit(law)
    columns = np.linspace(-limit, limit, int(2 * limit * NODES_PER_UNIT) + 1)
    intervals = 32
    while True:
        intervals *= 2
        if (intervals + 1) * len(columns) > _LARGEST_TABLE:
            raise _too_strong()
        # Some columns tell that rows are too few, and cost little where there are very many.
        if _row_error(_fair_values(columns[::_SAMPLED], law, intervals)) > _ROW_ERROR:
            continue
        table = _fair_values(columns, law, intervals)
        if _row_error(table) <= _ROW_ERROR:
            return FairValueTable(table, limit, *_rows(law, intervals))


def _row_error(table: NDArray[np.float64]) -> float:
    """Return the largest error of interpolating between rows, from every other row."""
    middle = 0.5 * (table[:-1:2] + table[2::2])
    return float(np.abs(table[1::2] - middle).max()) / 4.0


_Law = tuple[float, float, float, NDArray[np.float64], float]


def _limit(law: _Law) -> float:
    """Return the distance at which v is 0 or 1 in every row."""
    limit = _FIRST_LIMIT
    while True:
        low, high = _fair_values(np.array([-limit, limit]), law, 32).T
        if max(low.max(), 1.0 - high.min()) < _SATURATION:
            return limit
        limit *= 2.0
        if limit * NODES_PER_UNIT * 64 > _LARGEST_TABLE:
            raise _too_strong()


def _rows(law: _Law, intervals: int) -> tuple[float, float, float]:
    """Return the last three fields of the table."""
    _, kappa, jump_rate, jump_law, settle_s = law
    squares = float(intervals**2)
    mean_per_s = jump_rate * float(np.diff(jump_law[:, 0], prepend=0.0) @ jump_law[:, 1])
    if kappa * settle_s > _SLOWEST_REVERSION:
        decayed = -float(np.expm1(-kappa * settle_s))
        return squares / decayed, 0.0, mean_per_s * decayed / (kappa * squares)
    return 0.0, squares / (settle_s * 1e9), mean_per_s * settle_s / squares


def _too_strong() -> ConfigError:
    return ConfigError(
        "latent: sigma or the jumps move the log-odds too far before settlement to tabulate the"
        " fair value; they must be lower, the horizon shorter or mean_reversion_per_s higher"
    )


def _fair_values(columns: NDArray[np.float64], law: _Law, intervals: int) -> NDArray[np.float64]:
    """Return v at all rows and the given columns, [intervals + 1, len(columns)]."""
    alias = 2.0 * float(np.abs(columns).max()) + _ALIAS_DISTANCE
    step = 2.0 * np.pi / alias
    u = step * np.arange(0.5, _HIGHEST_FREQUENCY / step)
    weighted = np.exp(_log_characteristic(u, law, intervals)) * (step / np.sinh(np.pi * u))
    phase = np.outer(u, columns)
    values = 0.5 + weighted.real @ np.sin(phase) + weighted.imag @ np.cos(phase)
    return np.asarray(values.clip(0.0, 1.0), np.float64)


def _log_characteristic(
    u: NDArray[np.float64], law: _Law, intervals: int
) -> NDArray[np.complex128]:
    """Return log E exp(iuZ) at all rows, [intervals + 1, len(u)]."""
    sigma, kappa, jump_rate, jump_law, settle_s = law
    fraction = np.linspace(0.0, 1.0, intervals + 1) ** 2
    if kappa * settle_s > _SLOWEST_REVERSION:
        decay = 1.0 + fraction * np.expm1(-kappa * settle_s)
        spread_s = (1.0 - decay * decay) / (2.0 * kappa)
        # d s = -d decay / (kappa decay)
        nodes, weights = _gauss(-decay)
        weights = weights / (-nodes * kappa)
        scale = -nodes
    else:
        spread_s = fraction * settle_s
        nodes, weights = _gauss(spread_s)
        scale = np.ones_like(nodes)
    jumps = np.zeros((intervals + 1, len(u)), np.complex128)
    if jump_rate > 0.0:
        exponent = _jump_exponent(scale.ravel(), u, jump_law).reshape(*scale.shape, len(u))
        np.cumsum(np.einsum("rg,rgu->ru", weights, exponent), axis=0, out=jumps[1:])
    return jump_rate * jumps - 0.5 * sigma * sigma * np.outer(spread_s, u * u)


def _gauss(
    edges: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Gauss-Legendre nodes and weights in every interval between edges, [R - 1, 4]."""
    half = 0.5 * np.diff(edges)[:, None]
    middle = 0.5 * (edges[1:] + edges[:-1])[:, None]
    return middle + half * _GAUSS_NODES, half * _GAUSS_WEIGHTS


def _jump_exponent(
    scale: NDArray[np.float64], u: NDArray[np.float64], jump_law: NDArray[np.float64]
) -> NDArray[np.complex128]:
    """Return E exp(iwJ) - 1 - iw E J for w = scale * u, [len(scale), len(u)]."""
    frequency = np.outer(scale, u)
    total = np.zeros(frequency.shape, np.complex128)
    for weight, (_, mean, sd) in zip(np.diff(jump_law[:, 0], prepend=0.0), jump_law, strict=True):
        phase = 1j * mean * frequency
        total += weight * (np.exp(phase - 0.5 * (sd * frequency) ** 2) - 1.0 - phase)
    return total
