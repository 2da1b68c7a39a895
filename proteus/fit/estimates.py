"""Closed maximum likelihood: rates, sizes and lifetimes, with standard errors and tests of fit.

Every estimate is that of a law which a noise trader has: Poisson arrivals, geometric sizes up to
a largest one, exponential lifetimes that a trade may end before. What is cut short is censored.

Source
    Cont, Stoikov & Talreja (2010) Operations Research 58:549, 3 (rates as counts over time).
    Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 3.2 (censoring).
    Lilliefors (1969) JASA 64:387 (exponential gaps with an estimated mean).
"""

from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from statsmodels.stats.diagnostic import lilliefors

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

LEAST = 30  # of which a law is fitted
_CELLS = 5  # of lifetimes, with as many ends each
_EXPECTED = 5.0  # in each cell of a test of counts


class Estimate(NamedTuple):
    """A number with its standard error."""

    value: float
    error: float


class Fit(NamedTuple):
    """How well a law fits: a statistic, and how likely at least as much is if the law holds."""

    test: str
    statistic: float
    p: float


class Size(NamedTuple):
    """Of geometric sizes."""

    mean: Estimate  # of the law without its largest size
    largest: int  # seen, and not less than the mean
    fit: Fit | None


class Lifetime(NamedTuple):
    """Of exponential lifetimes."""

    mean_s: Estimate
    ends: int  # that were seen
    fit: Fit | None


def rate(count: int, seconds: float, gaps_s: Floats) -> tuple[Estimate, Fit | None]:
    """Return arrivals per second; the error is that of a Poisson process.

    Parameters
        count: of arrivals. seconds: that were watched. gaps_s: between arrivals.
    """
    found = Estimate(count / seconds, float(np.sqrt(count)) / seconds)
    if len(gaps_s) < LEAST or not gaps_s.any():
        return found, None
    statistic, p = lilliefors(gaps_s, dist="exp", pvalmethod="table")
    return found, Fit("Lilliefors, exponential gaps", float(statistic), float(p))


def sizes(lots: Whole, is_cut: NDArray[np.bool_]) -> Size:
    """Return the mean of geometric sizes, of which some are only known to be as large.

    Parameters
        lots: at least 1. is_cut: the order was larger, or may have been.
    """
    largest = int(lots.max())
    is_cut = is_cut | ((lots == largest) & (largest > 1))
    known = max(int((~is_cut).sum()), 1)
    mean = 1 + float((lots - 1).sum()) / known
    error = mean * float(np.sqrt((1 - 1 / mean) / known))
    # Where most orders were cut, they were larger than any that was seen whole.
    largest = max(largest, math.ceil(mean))
    return Size(Estimate(mean, error), largest, _geometric(lots, is_cut, mean))


def _geometric(lots: Whole, is_cut: NDArray[np.bool_], mean: float) -> Fit | None:
    """Compare with a share of ends of its own in each of several ranges: likelihood ratio.

    Of a geometric size every further lot is the last with the same chance; of one that was cut the
    last lot says nothing.
    """
    known = lots[~is_cut]
    if len(known) < LEAST or mean <= 1:
        return None
    cuts = np.unique(np.quantile(known, np.linspace(0, 1, _CELLS + 1)[1:-1], method="lower"))
    edges = np.concatenate([[0], cuts[cuts < known.max()], [lots.max()]])
    seen = lots - is_cut
    tries = np.array([
        np.clip(seen - low, 0, high - low).sum()
        for low, high in itertools.pairwise(edges)
    ])  # fmt: skip
    ends = np.histogram(known, edges + 0.5)[0]
    if len(ends) < 2 or not ends.all():
        return None
    others = special.rel_entr(tries - ends, tries * (1 - 1 / mean))
    statistic = 2 * float((special.rel_entr(ends, tries / mean) + others).sum())
    name = "likelihood ratio, geometric sizes"
    return Fit(name, statistic, float(stats.chi2.sf(statistic, len(ends) - 1)))


def chi_square(test: str, counts: Floats, shares: Floats, fitted: int) -> Fit | None:
    """Compare counts with shares, cells of few together; ``fitted`` parameters cost as much."""
    wanted, found = [0.0], [0.0]
    for count, share in zip(counts, shares * counts.sum(), strict=True):
        if wanted[-1] >= _EXPECTED:
            wanted.append(0.0)
            found.append(0.0)
        wanted[-1] += share
        found[-1] += count
    if wanted[-1] < _EXPECTED and len(wanted) > 1:
        last, of = wanted.pop(), found.pop()
        wanted[-1], found[-1] = wanted[-1] + last, found[-1] + of
    free = len(wanted) - 1 - fitted
    if free < 1:
        return None
    statistic = float(((np.array(found) - wanted) ** 2 / wanted).sum())
    return Fit(test, statistic, float(stats.chi2.sf(statistic, free)))


def lifetimes(age_s: Floats, is_cancelled: NDArray[np.bool_]) -> Lifetime | None:
    """Return the mean lifetime of orders: all time that they rested over their cancellations.

    Parameters
        age_s: how long each rested. is_cancelled: else it traded, or rests at the end of the file.
    """
    ends = int(is_cancelled.sum())
    if ends < 2:
        return None
    mean = float(age_s.sum()) / ends
    error = mean / float(np.sqrt(ends))
    return Lifetime(Estimate(mean, error), ends, _constant_hazard(age_s, is_cancelled))


def _constant_hazard(age_s: Floats, is_cancelled: NDArray[np.bool_]) -> Fit | None:
    """Compare with a hazard of its own in each of several ages: likelihood ratio."""
    ends = int(is_cancelled.sum())
    if ends < LEAST:
        return None
    cuts = np.quantile(age_s[is_cancelled], np.linspace(0, 1, _CELLS + 1)[1:-1])
    edges = np.concatenate([[0.0], np.unique(cuts[cuts > 0]), [np.inf]])
    spent = np.array([
        float(np.clip(age_s - low, 0, high - low).sum())
        for low, high in itertools.pairwise(edges)
    ])  # fmt: skip
    counts = np.histogram(age_s[is_cancelled], edges)[0]
    if len(counts) < 2 or not counts.all():
        return None
    wanted = ends * spent / spent.sum()
    statistic = 2 * float((counts * np.log(counts / wanted)).sum())
    name = "likelihood ratio, constant hazard"
    return Fit(name, statistic, float(stats.chi2.sf(statistic, len(counts) - 1)))


def lifetimes_of_lots(lot_s: Floats, cancelled: Whole) -> Lifetime | None:
    """Return the mean lifetime where nobody says whose lots they are: time of lots over lots.

    The error is that of a ratio of sums over orders, of which each is as its law says.

    Parameters
        lot_s: lots times seconds that they rested, of each order. cancelled: of its lots.
    """
    total, ends = float(cancelled.sum()), int((cancelled > 0).sum())
    if ends < 2:
        return None
    mean = float(lot_s.sum()) / total
    error = float(np.sqrt(((lot_s - mean * cancelled) ** 2).sum())) / total
    return Lifetime(Estimate(mean, error), ends, None)


def balance(buys: int, count: int) -> Fit:
    """Compare the share of buys with a half."""
    test = stats.binomtest(buys, count)
    return Fit("binomial, buys and sells", buys / count, float(test.pvalue))
