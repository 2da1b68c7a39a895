"""Who is better than whom, from resampled scores: differences, places, ranks, improvement.

All differences are judged at once: with d_ab the difference of two scores, d*_ab the same in a
resample and s_ab its standard deviation over resamples, c is the 95 % quantile of the largest
abs(d*_ab - d_ab) / s_ab over all pairs, and the intervals d_ab +- c s_ab hold together with that
probability. So do the ranks that follow from them: an entrant's rank lies between one more than the
number shown to be better and the number of all less those shown to be worse.

Places are shared wherever the interval of a difference covers zero. A new place begins only where
everybody above is shown to be better than everybody below.

Source
    Mogstad, Romano, Shaikh & Wilhelm (2024) Review of Economic Studies 91:476, for ranks.
    Romano & Wolf (2005) Econometrica 73:1237, for the largest of all. Callison-Burch et al. (2012)
    WMT, section 3, for places. Mann & Whitney (1947) Annals of Mathematical Statistics 18:50.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from proteus.analysis.statistics.paired import LEVEL

Array = NDArray[np.float64]


class Differences(NamedTuple):
    """All differences of scores; the row less the column. n entrants."""

    value: Array  # [n, n]
    low: Array  # [n, n]
    high: Array  # [n, n]

    @property
    def better(self) -> NDArray[np.bool_]:
        """Tell whether the row is shown to be better than the column, bool [n, n]."""
        return np.asarray(self.low > 0)


class Ranks(NamedTuple):
    """Where each entrant stands. n entrants."""

    place: NDArray[np.int64]  # [n] from 1; shared
    first: NDArray[np.int64]  # [n] best rank that its differences leave
    last: NDArray[np.int64]  # [n] worst


def multiplicities(seeds: int, resamples: int, root: int) -> NDArray[np.int64]:
    """Draw resamples of seeds: how often each seed is in each, int64 [resamples, seeds]."""
    generator = np.random.default_rng(root)
    return generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=resamples)


def differences(scores: Array, resampled: Array, level: float = LEVEL) -> Differences:
    """Judge all differences at once.

    Parameters
        scores: float64 [n]. resampled: float64 [resamples, n], with the same seeds for all.
    """
    value = scores[:, None] - scores
    drawn = resampled[:, :, None] - resampled[:, None, :]
    deviation = drawn.std(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.where(deviation > 0, np.abs(drawn - value) / deviation, 0.0)
    critical = np.quantile(off.max(axis=(1, 2)), level) if len(scores) > 1 else 0.0
    half = critical * deviation
    return Differences(value, value - half, value + half)


def ranks(scores: Array, found: Differences) -> Ranks:
    """Return places and intervals of ranks."""
    better = found.better
    n = len(scores)
    order = np.argsort(-scores, kind="stable")
    place = np.ones(n, np.int64)
    for at in range(1, n):
        above, below = order[:at], order[at:]
        begins = better[np.ix_(above, below)].all()
        place[order[at]] = at + 1 if begins else place[order[at - 1]]
    return Ranks(place, 1 + better.sum(axis=0), n - better.sum(axis=1))


def improvement(x: Array, y: Array) -> float:
    """Return the chance that one run of x is above one of y, a tie counting half.

    Parameters
        x, y: float64 [m], [k], runs.
    """
    rank = rankdata(np.concatenate([x, y]))[: len(x)]
    return float((rank.sum() - len(x) * (len(x) + 1) / 2) / (len(x) * len(y)))


def wins(x: Array, y: Array) -> float:
    """Return in how many of paired games x is above y, a tie counting half."""
    return float((x > y).sum() + 0.5 * (x == y).sum())


def shortfalls(values: Array, counts: NDArray[np.int64], share: float) -> Array:
    """Return the mean of the worst share of the games in every resample of seeds.

    Parameters
        values: float64 [seeds, games], gains. counts: int64 [resamples, seeds].
        share: above 0, up to 1.

    Returns
        float64 [resamples].
    """
    flat = values.ravel()
    most = min(len(flat), int(np.ceil(4 * share * len(flat))) + 8)
    while True:  # the worst few games hold the share of nearly every resample
        worst = np.argpartition(flat, most - 1)[:most] if most < len(flat) else np.arange(len(flat))
        worst = worst[np.argsort(flat[worst], kind="stable")]
        weights = counts[:, worst // values.shape[1]]
        wanted = share * counts.sum(axis=1) * values.shape[1]
        reached = np.cumsum(weights, axis=1)
        if most == len(flat) or (reached[:, -1] >= wanted).all():
            break
        most = min(len(flat), 2 * most)
    taken = np.clip(wanted[:, None] - (reached - weights), 0, weights)
    found: Array = taken @ flat[worst] / wanted
    return found
