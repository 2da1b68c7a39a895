"""What a comparison gives: numbers of theory, the same numbers simulated, and how far they may be.

The parameters of every comparison are checked here, in one sentence each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from proteus.errors import ConfigError

Array = NDArray[np.float64]


class _Numbers(NamedTuple):
    """The arrays that a comparison unpacks into."""

    expected: Array  # [k] by theory
    simulated: Array  # [k] by the engine
    standard_error: Array  # [k] Monte Carlo; 0 where the engine must be exact


class Comparison(_Numbers):
    """Hold k numbers, each known from theory and simulated; unpacks into its three arrays.

    Attributes
        expected, simulated, standard_error: float64 [k], in the units that the names say.
        tolerance: float64 [k], a bound on what rounding to ticks and the like can do.
        names: what the numbers are. lanes: how many lanes were simulated.
    """

    tolerance: Array
    names: tuple[str, ...]
    lanes: int

    def __new__(
        cls,
        names: Sequence[str],
        expected: ArrayLike,
        simulated: ArrayLike,
        standard_error: ArrayLike,
        *,
        lanes: int,
        tolerance: ArrayLike = 0.0,
    ) -> Comparison:
        """Take the numbers in the order of their names; a scalar counts for all of them."""
        shape = (len(names),)

        def column(values: ArrayLike) -> Array:
            return np.broadcast_to(np.asarray(values, np.float64), shape).copy()

        made = super().__new__(cls, column(expected), column(simulated), column(standard_error))
        made.names, made.lanes, made.tolerance = tuple(names), lanes, column(tolerance)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell pickle how to make it again."""
        return _remake, (self.names, *self, self.lanes, self.tolerance)

    @property
    def z(self) -> Array:
        """Return the z scores of what exceeds the tolerance, float64 [k].

        Where the engine must be exact: 0 inside the tolerance, infinite beyond.
        """
        beyond = np.maximum(np.abs(self.simulated - self.expected) - self.tolerance, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(beyond > 0, beyond / self.standard_error, 0.0)
        return np.asarray(np.copysign(score, self.simulated - self.expected), np.float64)


def _remake(
    names: Sequence[str], expected: Array, simulated: Array, standard_error: Array, lanes: int,
    tolerance: Array,
) -> Comparison:  # fmt: skip
    return Comparison(names, expected, simulated, standard_error, lanes=lanes, tolerance=tolerance)


class Estimate(NamedTuple):
    """A simulated number and its standard error, in the same unit."""

    value: float
    error: float


def mean_of(values: ArrayLike) -> Estimate:
    """Estimate a mean from independent lanes, [n]."""
    column = np.asarray(values, np.float64)
    return Estimate(float(column.mean()), float(column.std(ddof=1) / math.sqrt(len(column))))


def ratio_of(above: ArrayLike, below: ArrayLike) -> Estimate:
    """Estimate a ratio of totals from independent lanes, [n] each (delta method)."""
    y, w = np.asarray(above, np.float64), np.asarray(below, np.float64)
    value = y.sum() / w.sum()
    error = (y - value * w).std(ddof=1) * math.sqrt(len(y)) / w.sum()
    return Estimate(float(value), float(error))


def variance_of(values: ArrayLike) -> Estimate:
    """Estimate a variance from independent lanes, [n]; its error by the fourth moment."""
    column = np.asarray(values, np.float64)
    squares = (column - column.mean()) ** 2
    n = len(squares)
    return Estimate(float(squares.sum() / (n - 1)), float(squares.std(ddof=1) / math.sqrt(n)))


def share_error(expected: float, trials: int) -> float:
    """Return the standard error of a share of independent trials if theory holds.

    Raises
        ConfigError: there is no trial.
    """
    if trials == 0:
        raise ConfigError("lanes is not allowed: none of them counts; there must be more")
    return math.sqrt(max(expected * (1 - expected), 0.0) / trials)


def between(name: str, value: Any, low: float, high: float, *, ends: bool = False) -> float:
    """Check a number; returns it as a float.

    Parameters
        low, high: what it must lie between. ends: they are allowed too.

    Raises
        ConfigError: it is no number, or does not lie there.
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    number = float(value) if is_number and not isinstance(value, bool) else math.nan
    if low < number < high or (ends and number in (low, high)):
        return number
    allowed = f"must be a number between {low:g} and {high:g}"
    if math.isinf(high):
        allowed = f"must be a number {'of at least' if ends else 'above'} {low:g}"
    raise ConfigError(f"{name}={value} is not allowed: {allowed}")


def whole(name: str, value: Any, low: int, high: int) -> int:
    """Check a whole number, ends included; returns it.

    Raises
        ConfigError: it is no whole number, or does not lie there.
    """
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if is_whole and low <= value <= high:
        return int(value)
    raise ConfigError(f"{name}={value} is not allowed: must be a whole number, {low} .. {high}")


def one_of(name: str, value: Any, allowed: Sequence[str]) -> str:
    """Check a name; returns it.

    Raises
        ConfigError: it is none of those allowed.
    """
    if isinstance(value, str) and value in allowed:
        return value
    raise ConfigError(f"{name}={value} is not allowed: must be one of {', '.join(allowed)}")


def positive(name: str, value: Any) -> float:
    """Check a finite number above 0; returns it.

    Raises
        ConfigError: it is none.
    """
    return between(name, value, 0.0, math.inf)


def sampled(lanes: Any, root: Any) -> tuple[int, int]:
    """Check how many lanes are simulated, and their root seed; returns both.

    Raises
        ConfigError: not 2 .. 10,000,000 lanes, or a root seed that is no 64-bit number.
    """
    return whole("lanes", lanes, 2, 10_000_000), whole("root", root, 0, 2**64 - 1)
