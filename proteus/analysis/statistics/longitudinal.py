"""Measures of agents over time: does what they earn persist, and when does it change.

Arrays are float64 [N, T]: agents, episodes; a value that is missing is refused by NaN. Knows no
dataset. Every measure is a plain function of numbers, so that it can be held against SciPy,
statsmodels, ruptures and published tables (``tests/unit/analysis/test_longitudinal.py``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

Values = NDArray[np.float64]
SMALLEST_REGIME = 5  # episodes


def autoregression(values: Values) -> float:
    """Estimate AR(1) by least squares within agents: each has a mean of its own.

    Parameters
        values: [N, T], T at least 3.

    Returns
        phi of x_t = a_i + phi x_{t-1} + e; NaN where nothing varies. With few episodes it is too
        small, by about ``nickell_bias``.

    Source: Nickell (1981) Econometrica 49:1417.
    """
    values = values - values[:, :1]  # what is constant is 0 then, and rounds to nothing else
    before, after = values[:, :-1], values[:, 1:]
    before = before - before.mean(axis=1, keepdims=True)
    after = after - after.mean(axis=1, keepdims=True)
    below = float((before * before).sum())
    return float((before * after).sum()) / below if below > 0 else math.nan


def nickell_bias(phi: float, transitions: int) -> float:
    """Return how much too small ``autoregression`` is about, for many agents: -(1 + phi)/(T - 1).

    Parameters
        phi: the true one. transitions: T, pairs of successive episodes of an agent, 2 or more.

    Source: Nickell (1981), the leading term of equation 18.
    """
    return -(1 + phi) / (transitions - 1)


def rank_correlation(first: Values, second: Values) -> float:
    """Return Spearman's correlation of two rankings of agents, [N] each; NaN if one is constant."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    from scipy.stats import spearmanr  # which takes half a second, and figures need none of it

    return float(spearmanr(first, second).statistic)


def transition_matrix(values: Values, classes: int) -> Values:
    """Count how agents move between classes of rank from one episode to the next.

    Parameters
        values: [N, T]. classes: k of equal size, the lowest first, at most N; ties by their order.

    Returns
        [k, k], rows sum to 1; a row of a class that is never left from is NaN.
    """
    order = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    of = order * classes // len(values)
    counts = np.zeros((classes, classes))
    np.add.at(counts, (of[:, :-1].ravel(), of[:, 1:].ravel()), 1)
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(counts / np.where(total == 0, np.nan, total))


def mobility(matrix: Values) -> float:
    """Return Shorrocks' index of a transition matrix [k, k]: 0 nobody moves, 1 like a lottery.

    Source: Shorrocks (1978) Econometrica 46:1013: (k - trace)/(k - 1).
    """
    classes = len(matrix)
    return (classes - float(np.trace(matrix))) / (classes - 1)


def intraclass_correlation(values: Values) -> float:
    """Estimate what share of the variance is between agents: ICC(1,1), one-way random effects.

    It is between -1/(T - 1) and 1. That of the mean of k episodes, ICC(1,k), follows from it by
    Spearman and Brown, k r / (1 + (k - 1) r). It is not offered: it has no lower bound, and over
    seeds of few agents no mean.

    Parameters
        values: [N, T], N and T at least 2.

    Returns
        The estimate; NaN where nothing varies.

    Source: Shrout & Fleiss (1979) Psychological Bulletin 86:420, case 1.
    """
    agents, times = values.shape
    moved = values - values[:, :1]  # of a constant agent 0, which rounds to nothing else
    means = values[:, 0] - values[0, 0] + moved.mean(axis=1)
    between = times * float(((means - means.mean()) ** 2).sum()) / (agents - 1)
    inner = moved - moved.mean(axis=1, keepdims=True)
    within = float((inner**2).sum()) / (agents * (times - 1))
    total = between + (times - 1) * within
    return (between - within) / total if total > 0 else math.nan


def declared_penalty(values: Values) -> float:
    """Return the penalty of a shift: 3 s^2 log T, s^2 half the mean square of first differences.

    On independent normal episodes without a shift this finds one in about 2 of 100 series of 50
    (``tests/unit/analysis/test_longitudinal.py``).

    Parameters
        values: [T].
    """
    variance = float((np.diff(values) ** 2).mean()) / 2
    return 3 * variance * math.log(len(values))


def regime_shifts(values: Values, penalty: float | None = None) -> list[int]:
    """Find where the mean of a series shifts: the segmentation of least squares plus penalty.

    Parameters
        values: [T]. penalty: of each shift, in squared units; None: ``declared_penalty``.

    Returns
        The first episode of each regime but the first one, counted from 0. A regime has at least
        SMALLEST_REGIME episodes.

    Source: Killick, Fearnhead & Eckley (2012) JASA 107:1590, whose optimum this is, by plain
        dynamic programming (Jackson et al. 2005).
    """
    count, least = len(values), SMALLEST_REGIME
    cost_of = declared_penalty(values) if penalty is None else penalty
    values = values - values[0]  # squares of a high level would drown what differs
    sums = np.concatenate([[0.0], np.cumsum(values)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    best = np.full(count + 1, np.inf)
    best[0], last = -cost_of, np.zeros(count + 1, np.int64)
    for end in range(least, count + 1):
        starts = np.arange(0, end - least + 1)
        sizes = end - starts
        within = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / sizes
        totals = best[starts] + within + cost_of
        last[end] = starts[totals.argmin()]
        best[end] = totals.min()
    found, end = [], count
    while last[end] > 0:
        end = int(last[end])
        found.append(end)
    return found[::-1]


class Survival(NamedTuple):
    """A curve of Kaplan and Meier: after each time with a ruin, [K]."""

    episode: NDArray[np.int64]
    survival: Values
    low: Values  # 95 % interval, by log(-log)
    high: Values


def survival(episodes: NDArray[np.int64], is_ruined: NDArray[np.bool_]) -> Survival:
    """Estimate what share of agents is not ruined after so many episodes.

    Parameters
        episodes: [N] of each agent until it was ruined, or until it was last seen.
        is_ruined: [N] whether it was.

    Source: Kaplan & Meier (1958) JASA 53:457; statsmodels, ``SurvfuncRight``.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    found = SurvfuncRight(episodes, is_ruined.astype(int))
    share, deviation = np.asarray(found.surv_prob), np.asarray(found.surv_prob_se)
    inside = (share > 0) & (share < 1)
    safe = np.where(inside, share, 0.5)
    spread = ndtri(0.975) * deviation / (safe * np.log(safe))
    low, high = safe ** np.exp(-spread), safe ** np.exp(spread)
    low, high = np.minimum(low, high), np.maximum(low, high)
    times = np.asarray(found.surv_times).astype(np.int64)
    return Survival(times, share, np.where(inside, low, share), np.where(inside, high, share))


class Course(NamedTuple):
    """What share of agents is left at each time, [T]."""

    value: Values  # by Kaplan and Meier
    low: Values  # 95 % t interval over seeds, within 0 and 1; NaN with fewer than two
    high: Values


def course(is_left: NDArray[np.bool_], seeds: NDArray[np.int64]) -> Course:
    """Estimate what share of agents is left at each time, all of whom are watched to the last.

    Agents of one seed meet the same news, so the interval is of seeds: of the t distribution over
    the share of a seed's agents that is left.

    Parameters
        is_left: [N, T]; who is gone does not come back. seeds: [N] of each agent.

    Source: :func:`survival`.
    """
    times, is_gone = is_left.shape[1], np.asarray(~is_left.all(axis=1))
    lasted = np.where(is_gone, (~is_left).argmax(axis=1), times)
    found = survival(lasted, is_gone)
    known = np.concatenate([[1.0], found.survival])
    value = known[np.searchsorted(found.episode, np.arange(times), side="right")]
    there, of = np.unique(seeds, return_inverse=True)
    if len(there) < 2:
        nothing = np.full(times, math.nan)
        return Course(value, nothing, nothing)
    left = np.zeros((len(there), times))
    np.add.at(left, of, is_left)
    share = left / np.bincount(of)[:, None]
    half = stdtrit(len(there) - 1, 0.975) * share.std(axis=0, ddof=1) / np.sqrt(len(there))
    return Course(value, np.maximum(value - half, 0.0), np.minimum(value + half, 1.0))
