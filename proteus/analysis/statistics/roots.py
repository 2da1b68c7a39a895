"""Where a mean over seeds crosses zero, with an interval for the place.

Seeds are common to all places, so each seed gives a curve. Between two places a and b, at which
the means have other signs, the curves are taken as straight. The crossing

    x = a - (b - a) mean(y_a) / (mean(y_b) - mean(y_a))

is a smooth function of two means, linear in the seeds up to terms of order 1/n with influence

    psi_i = -y_i(x) / slope,  y_i(x) between y_i(a) and y_i(b),  slope of the mean   (delta method)

so that two crossings over the same seeds are contrasted as any paired means are.

Source
    Casella & Berger, Statistical Inference, 5.5.4 (delta method). Nelson & Pei, Foundations and
    Methods of Stochastic Simulation, ch. 9 (common random numbers).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.analysis.statistics.paired import LEVEL, Arm, Estimate, alone

Array = NDArray[np.float64]


class Root(NamedTuple):
    """A crossing of zero."""

    value: float  # x
    psi: Array  # [n] influence of each seed on x; their mean is zero
    slope: float  # of the mean, per unit of x

    def interval(self, level: float = LEVEL) -> Estimate:
        """Return x with its t interval, an Estimate of one column."""
        return mean_of(self.value + self.psi, level)

    @property
    def half_width(self) -> float:
        """Return half the width of the interval; NaN with fewer than two seeds."""
        found = self.interval()
        return float(found.high[0] - found.low[0]) / 2


def mean_of(values: Array, level: float = LEVEL) -> Estimate:
    """Return the mean over seeds [n] with its t interval, an Estimate of one column."""
    column = np.asarray(values, dtype=float)[:, None]
    return alone(Arm(column, np.ones_like(column)), level)


def upward_crossings(means: Sequence[float]) -> list[int]:
    """Return each k at which a curve passes from below zero at k to zero or more at k + 1."""
    return [k for k in range(len(means) - 1) if means[k] < 0 <= means[k + 1]]


def root_between(places: tuple[float, float], left: Array, right: Array) -> Root:
    """Return where the mean crosses zero between two places.

    Parameters
        places: a < b. left, right: float64 [n], the values of each seed at a and b; the mean of
            ``left`` is below zero, that of ``right`` is not.

    Raises
        ValueError: the means do not enclose zero so.
    """
    a, b = places
    low, high = math.fsum(left) / len(left), math.fsum(right) / len(right)
    if not (a < b and low < 0 <= high):
        raise ValueError(f"means {low} at {a} and {high} at {b} enclose no upward crossing")
    share = low / (low - high)
    slope = (high - low) / (b - a)
    at_root = left + share * (right - left)
    return Root(a + share * (b - a), -(at_root - at_root.mean()) / slope, slope)
