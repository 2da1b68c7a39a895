"""The units of every statistic: seeds, or the pairs and groups of them that a design makes.

Replicates of a unit depend on each other, so their totals are added before anything is estimated;
then a row is a unit, and what is said of rows (intervals, resamples, tests, widths, power) is said
of units. An estimate is the same total over the same total as before.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import xarray as xr
import yaml

from proteus.analysis.statistics.paired import Arm, Array
from proteus.configuration.study import Seeds

_UNSAID = Seeds(count=1, root=0, first=0)


class Unit(NamedTuple):
    """What the rows of an arm are."""

    seeds: int  # of a whole one
    name: str  # of many

    def words(self, number: int) -> str:
        """Write how many, as "200 pairs of seeds"."""
        return f"{number} {self.name}"


def seeds_of(dataset: xr.Dataset) -> Seeds:
    """Return how the seeds of a dataset were chosen; independent ones where it does not say."""
    return _read(dataset.attrs.get("config", ""))


@functools.lru_cache(maxsize=32)
def _read(config: str) -> Seeds:
    if "design:" not in config.partition("\nseeds:")[2].partition("\nprecision:")[0]:
        return _UNSAID  # written before there were designs
    return Seeds.model_validate(yaml.safe_load(config)["seeds"])


def of(dataset: xr.Dataset) -> Unit:
    """Return what a unit of a dataset is."""
    seeds = seeds_of(dataset)
    return Unit(seeds.unit, seeds.unit_name)


def starts(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Sort the seeds of a dataset by their units.

    Returns
        The order of the seeds, int64 [n], and where each unit begins in it, int64 [units].
    """
    numbers = dataset["seed"].to_numpy() // of(dataset).seeds
    order = np.argsort(numbers, kind="stable")
    return order, np.unique(numbers[order], return_index=True)[1]


def number(dataset: xr.Dataset) -> int:
    """Return how many units a dataset has."""
    return dataset.sizes["seed"] if of(dataset).seeds == 1 else len(starts(dataset)[1])


def folded(dataset: xr.Dataset, arm: Arm) -> Arm:
    """Add the totals of the seeds of each unit; one that no seed has a value of is missing.

    Parameters
        dataset: whose seeds the rows are. arm: float64 [n, k].

    Returns
        Arm of float64 [units, k]; the very arm where each seed is a unit.
    """
    if of(dataset).seeds == 1:
        return arm
    order, begins = starts(dataset)
    present = ~(np.isnan(arm.above) | np.isnan(arm.below))
    is_there = np.logical_or.reduceat(present[order], begins)

    def added(total: Array) -> Array:
        sums = np.add.reduceat(np.where(present, total, 0.0)[order], begins)
        return np.where(is_there, sums, np.nan)

    return Arm(added(arm.above), added(arm.below))
