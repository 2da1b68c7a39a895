"""Numeric designs: many points of many keys at once, where a grid of words would be too large.

A design lists the values of its keys at each of its points; the points are one axis of the sweep,
``point``, and the values are coordinates along it. Each word costs Hydra 15 ms, a point of a design
costs a check of the configuration only.

Source
    McKay, Beckman & Conover (1979) Technometrics 21:239, Latin hypercube. Sobol (1967), with the
    scrambling of Matousek (1998); both are those of scipy.stats.qmc.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from proteus.basics.schema import AS_TUPLE, LARGEST_GRID, Schema, requirement
from proteus.errors import ConfigError, nearest

POINT = "point"  # the axis of a design
_DIGITS = 4  # significant digits of a designed value, so that times are whole nanoseconds


class Factor(Schema):
    """Let one key vary between two bounds, in equal steps of the value or of its logarithm."""

    key: str
    low: float
    high: float
    scale: Literal["linear", "log"] = "linear"
    whole: bool = False  # round to whole numbers: lots, ticks, counts
    levels: int = Field(default=5, ge=2)  # values on a grid

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if not self.low < self.high:
            raise requirement("low", f"must be less than high={self.high}")
        if self.scale == "log" and self.low <= 0:
            raise requirement("low", "must be more than 0 with scale=log")
        return self

    def at(self, share: float) -> float | int:
        """Return the value at a share of the way from low to high, 0 .. 1."""
        if self.scale == "log":
            value = self.low * (self.high / self.low) ** share
        else:
            value = self.low + (self.high - self.low) * share
        return round(value) if self.whole else float(f"{value:.{_DIGITS}g}")


ListOfFactors = Annotated[tuple[Factor, ...], AS_TUPLE]


class Design(Schema):
    """Vary nothing; the other designs build on it."""

    name: Literal["none"]

    def shares(self) -> np.ndarray:
        """Return float64 [points, factors], each 0 .. 1; no points without a design."""
        return np.empty((0, 0))


class GridDesign(Schema):
    """Vary every factor over its levels, in every combination."""

    name: Literal["grid"]
    factors: ListOfFactors = Field(min_length=1)

    def shares(self) -> np.ndarray:
        """Return float64 [points, factors]; the last factor changes fastest."""
        axes = [np.linspace(0, 1, factor.levels) for factor in self.factors]
        return np.array(list(itertools.product(*axes)))


class LatinHypercubeDesign(Schema):
    """Spread points so that each factor meets each of its equal parts once."""

    name: Literal["latin_hypercube"]
    points: int = Field(ge=2, le=LARGEST_GRID)
    seed: int = Field(ge=0, lt=2**32)
    factors: ListOfFactors = Field(min_length=1)

    def shares(self) -> np.ndarray:
        """Return float64 [points, factors]."""
        from scipy.stats import qmc

        drawn = qmc.LatinHypercube(len(self.factors), seed=self.seed)
        return np.asarray(drawn.random(self.points))


class SobolDesign(Schema):
    """Spread points evenly in all factors together; their number is a power of 2."""

    name: Literal["sobol"]
    points: int = Field(ge=2, le=LARGEST_GRID)
    seed: int = Field(ge=0, lt=2**32)
    factors: ListOfFactors = Field(min_length=1)

    @model_validator(mode="after")
    def _check_power(self) -> Self:
        if self.points & (self.points - 1):
            raise requirement("points", "must be a power of 2: only then is the sequence balanced")
        return self

    def shares(self) -> np.ndarray:
        """Return float64 [points, factors]."""
        from scipy.stats import qmc

        drawn = qmc.Sobol(len(self.factors), seed=self.seed)
        return np.asarray(drawn.random(self.points))


AnyDesign = Design | GridDesign | LatinHypercubeDesign | SobolDesign
DESIGN_MODELS: dict[str, type[Any]] = {
    "none": Design,
    "grid": GridDesign,
    "latin_hypercube": LatinHypercubeDesign,
    "sobol": SobolDesign,
}


def points(design: AnyDesign) -> list[dict[str, float | int]]:
    """Return key to value for every point of a design; empty without one.

    Raises
        ConfigError: a key that is varied twice, or more points than a sweep may have.
    """
    if isinstance(design, Design):
        return []
    keys = [factor.key for factor in design.factors]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError(f"design.factors lists {key} twice: a key is one factor")
    if isinstance(design, GridDesign):
        count = math.prod(factor.levels for factor in design.factors)
        if count > LARGEST_GRID:
            allowed = f"a sweep may have at most {LARGEST_GRID}"
            raise ConfigError(f"design.factors makes {count} points: {allowed}")
    return [
        {factor.key: factor.at(share) for factor, share in zip(design.factors, row, strict=True)}
        for row in design.shares().tolist()
    ]


def placed(tree: Mapping[str, Any], point: Mapping[str, float | int]) -> dict[str, Any]:
    """Return a composed configuration with the values of one point.

    Raises
        ConfigError: a key that the configuration does not have.
    """
    made = copy.deepcopy(dict(tree))
    for key, value in point.items():
        branch: Any = made
        *parents, last = key.split(".")
        for part in [*parents, last]:
            if not isinstance(branch, dict) or part not in branch:
                known = branch if isinstance(branch, dict) else {}
                raise ConfigError(f"design.factors has unknown key {key}{nearest(part, known)}")
            branch, above = branch[part], branch
        if isinstance(branch, (dict, list, str, bool)):
            raise ConfigError(f"design.factors has key {key}, which is not a number")
        above[last] = value
    return made
