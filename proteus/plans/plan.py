"""A plan: the grid of a sweep, its unique cells, the replicates, and a hash of it all.

A sweep is a grid of labelled axes. Each grid point is composed and checked before anything runs;
points that simulate the same thing (a parameter that their mechanism does not use) share a cell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from proteus.basics.in_html import table
from proteus.basics.schema import canonical_json
from proteus.configuration import design
from proteus.configuration.overrides import AxisValue
from proteus.configuration.study import Seeds
from proteus.configuration.sweep import SweepConfig
from proteus.market.cell import CellConfig
from proteus.market.variables.base import EPISODE
from proteus.market.variables.dimensions import Labels, labels_of
from proteus.plans.snapshots import Snapshot


@dataclass(frozen=True)
class Plan:
    """Hold a checked sweep.

    Attributes
        axes: values of each swept dimension; ``mechanism`` and ``delta`` (ms) come first.
        cells: unique configurations, in order of first appearance on the grid.
        cell_of: int64, one axis per dimension: number of the cell at each grid point.
        replicates: int64 [R], increasing.
        settings: the sweep's seeds, executor, folder; its cell part is the first grid point.
        words: the overrides, as a command line would have them.
        config_hash: 64 hexadecimal digits; equal plans simulate the same lanes.
        fairness: what ``parity`` found: deliberate differences, and hashes of the draws.
        designed: value of each designed key at the points of the axis ``point``.
        population_hash: of the traders that the axes start from; equal where only axes differ.
        dims: optional dims of variables that are measured: "group", and "trader" if asked for.
        start: what the lanes begin with, where they go on with those of another run.
        gate: what stands between a gated mechanism and a verdict; empty without such a mechanism.

    Invariants
        ``cell_of`` names every cell at least once.
    """

    axes: dict[str, tuple[AxisValue, ...]]
    cells: tuple[CellConfig, ...]
    cell_of: np.ndarray
    replicates: np.ndarray
    settings: SweepConfig
    words: tuple[str, ...]
    config_hash: str
    fairness: dict[str, Any] = field(default_factory=dict)
    designed: dict[str, tuple[AxisValue, ...]] = field(default_factory=dict)
    population_hash: str = ""
    gate: str = ""
    dims: tuple[str, ...] = ()
    start: Snapshot | None = None

    @cached_property
    def labels(self) -> Labels:
        """Return the labels of each measured dim."""
        found = labels_of(self.cells, self.dims)
        if EPISODE in found:
            found[EPISODE] = found[EPISODE] + self.settings.seeds.episode
        return found

    @property
    def lanes(self) -> int:
        """Return the number of (cell, replicate) pairs to simulate."""
        return len(self.cells) * len(self.replicates)

    def _repr_html_(self) -> str:
        """Show the grid in a notebook: its axes, how many lanes it has, and its hash."""
        seeds = self.replicates
        rows = {name: ", ".join(map(str, values)) for name, values in self.axes.items()}
        rows["seeds"] = f"{len(seeds)}, from {seeds[0]} to {seeds[-1]}"
        rows["lanes"] = f"{self.lanes}, of {len(self.cells)} cells"
        return table("Plan " + self.config_hash[:8], rows)

    def label(self, cell: int) -> dict[str, AxisValue]:
        """Return the coordinates of a cell: those of its first grid point."""
        index = np.argwhere(self.cell_of == cell)[0]
        return {
            name: values[at] for (name, values), at in zip(self.axes.items(), index, strict=True)
        }


def hash_of_lanes(
    axes: Mapping[str, Sequence[AxisValue]], cells: list[str], cell_of: np.ndarray, seeds: Seeds,
    start: Snapshot | None = None,
) -> str:  # fmt: skip
    """Hash what decides which lanes are simulated: 64 hexadecimal digits.

    Parameters
        cells: canonical text of each cell. cell_of: int64 [*axes], number of the cell at each
            grid point. start: what the lanes begin with.
    """
    content = {"axes": axes, "cells": cells, "cell_of": cell_of.ravel().tolist(), "seeds": seeds}
    if start is not None:
        content["start"] = start.digest
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def with_seeds(plan: Plan, first: int, count: int) -> Plan:
    """Return the same sweep with other replicates: the plan of a run of just those.

    Parameters
        first, count: the replicates first .. first + count - 1.
    """
    seeds = plan.settings.seeds.model_copy(update={"first": first, "count": count})
    cells = [cell.canonical() for cell in plan.cells]
    return replace(
        plan,
        replicates=np.arange(first, first + count, dtype=np.int64),
        settings=plan.settings.model_copy(update={"seeds": seeds}),
        config_hash=hash_of_lanes(plan.axes, cells, plan.cell_of, seeds, plan.start),
    )


def at_points(plan: Plan, numbers: Sequence[int]) -> Plan:
    """Return a designed sweep with some of its points only, in that order.

    Parameters
        numbers: of the points.
    """
    return at(plan, {design.POINT: numbers})


def at(plan: Plan, places: Mapping[str, Sequence[int]]) -> Plan:
    """Return a part of a sweep: some values of some axes, in that order.

    Parameters
        places: axis to the positions of the values that are kept; other axes stay whole.
    """
    axes, table, designed = dict(plan.axes), plan.cell_of, plan.designed
    for name, numbers in places.items():
        axes[name] = tuple(plan.axes[name][number] for number in numbers)
        table = np.take(table, numbers, [*plan.axes].index(name))
        if name == design.POINT:
            designed = {
                key: tuple(values[number] for number in numbers) for key, values in designed.items()
            }
    kept = list(dict.fromkeys(table.ravel().tolist()))
    renumbered = {cell: place for place, cell in enumerate(kept)}
    made = replace(
        plan,
        axes=axes,
        cells=tuple(plan.cells[cell] for cell in kept),
        cell_of=np.vectorize(renumbered.get, otypes=[np.int64])(table),
        designed=designed,
    )
    return with_seeds(made, plan.settings.seeds.first, plan.settings.seeds.count)
