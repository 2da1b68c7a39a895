"""The level of a measured quantity in every cell, with its interval: what figures are drawn from.

A level is estimated as the contrasts are (``measures``): a mean over seeds, a ratio pooled
over its denominator, or a total per lot. A cell in which a lane was stopped has none. A loss is
shown as a loss (``showing``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis import showing
from proteus.analysis.contrasts import unused, used
from proteus.analysis.measures import (
    TOTALS,
    Measure,
    estimates,
    labels,
    measures,
    points,
    swept,
    units,
)
from proteus.errors import ResultsError, nearest
from proteus.market.variables.dimensions import DIMENSIONS, label_text
from proteus.results import flags
from proteus.results.coordinates import describe, key_head, key_text
from proteus.results.flags import VIOLATION


class Quantity(NamedTuple):
    """What a figure shows: a variable, what it is per, and a label of its further dim."""

    variable: str
    per: str = ""  # a total of this variable makes it a ratio of totals
    at: Any = None  # a label as tables have it (times: ms), or a tuple of some; None: the first

    def measure(self, dataset: xr.Dataset) -> Measure:
        """Return how it is estimated.

        Raises
            ResultsError: no such variable.
        """
        if not self.per:
            return measures(dataset, [self.variable])[0]
        for name in (self.variable, self.per):
            if name not in dataset:
                known = map(str, dataset.data_vars)
                raise ResultsError(f"{name} is not in the results{nearest(name, known)}")
        return Measure(self.variable, TOTALS, self.per)

    def column(self, dataset: xr.Dataset) -> int:
        """Return the place of its label among the columns of its measure.

        Raises
            ResultsError: the variable does not have the label.
        """
        known = [[*label.values()] for label in labels(dataset, self.measure(dataset))]
        if self.at is None:
            return 0
        asked = self.at if isinstance(self.at, tuple) else (self.at,)
        for place, label in enumerate(known):
            if all(part in label for part in asked):
                return place
        listed = ", ".join(dict.fromkeys(str(part) for label in known for part in label))
        raise ResultsError(f"{self.variable} has no label {self.at}; it has {listed}")

    def unit(self, dataset: xr.Dataset) -> str:
        """Return its unit."""
        return units(dataset, self.measure(dataset))

    def title(self, dataset: xr.Dataset) -> str:
        """Name it for a reader."""
        measure = self.measure(dataset)
        at = labels(dataset, measure)[self.column(dataset)]
        where = "".join(
            f"{' at' if DIMENSIONS[dim].unit == 'ms' else ','} {label_text(dim, label)}"
            for dim, label in at.items()
        )
        return f"{showing.called(measure, dataset)}{where}"


def quantity(written: str | Quantity) -> Quantity:
    """Read a quantity: its own, or the name of a variable.

    Raises
        ResultsError: something else.
    """
    if not isinstance(written, (str, Quantity)):
        allowed = "a quantity is the name of a variable or a Quantity"
        raise ResultsError(f"{written!r} is not allowed: {allowed}")
    return Quantity(written) if isinstance(written, str) else written


def quantities(shown: str | Quantity | Sequence[str | Quantity]) -> list[Quantity]:
    """Read what a figure shows, a panel each; one alone is a panel.

    Raises
        ResultsError: no quantities.
    """
    listed = [shown] if isinstance(shown, (str, Quantity)) else shown
    if not isinstance(listed, Sequence) or not listed:
        raise ResultsError(f"shown={shown!r} is not allowed: it must be a list of quantities")
    return [quantity(one) for one in listed]


class Point(NamedTuple):
    """One distinct cell: its coordinates (NaN for a key it does not use) and its place."""

    coordinates: dict[str, Any]
    at: dict[str, int]

    @property
    def mechanism(self) -> str:
        """Return the name of its mechanism."""
        return str(self.coordinates.get("mechanism", ""))

    @property
    def name(self) -> str:
        """Name the cell, as fba (delta=100 ms)."""
        return describe(self.coordinates)


def distinct(dataset: xr.Dataset) -> Iterator[Point]:
    """List the cells of a sweep; one comes once, whatever keys its mechanism does not use."""
    idle = unused(dataset)
    for at in points(dataset):
        coordinates = used(dataset, at, idle)
        if coordinates is not None:
            yield Point(coordinates, at)


def differing(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys, but for the mechanism, that have several values in some cells."""
    keys = [key for key in cells[0] if key != "mechanism"]
    return [key for key in keys if len({key_text(cell[key]) for cell in cells} - {"-"}) > 1]


def telling(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys, but for the mechanism, that tell cells apart; all where none does."""
    return differing(cells) or [key for key in cells[0] if key != "mechanism"]


def names_of(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name cells by what tells them apart.

    Parameters
        cells: the coordinates of each, at least one.
    """
    keys = telling(cells)
    return [
        describe({key: cell[key] for key in ("mechanism", *keys) if key in cell}) for cell in cells
    ]


class CellLabels(NamedTuple):
    """What tells cells apart, a column for each key; what they share is said once."""

    keys: list[str]
    rows: list[tuple[str, ...]]
    common: str  # as "delta (ms) 50"; empty where they share nothing

    @property
    def heads(self) -> tuple[str, ...]:
        """Return the heads of the columns."""
        return tuple(key_head(key) for key in self.keys)


def labels_of(cells: Sequence[Mapping[str, Any]]) -> CellLabels:
    """Lay out what tells cells apart.

    Parameters
        cells: the coordinates of each, at least one; NaN for a key that its mechanism ignores.
    """
    values = {key: {key_text(cell[key]) for cell in cells} - {"-"} for key in cells[0]}
    keys = [key for key in values if key == "mechanism" or len(values[key]) > 1] or [*values]
    rows = [tuple(key_text(cell[key]) for key in keys) for cell in cells]
    shared = [f"{key_head(key)} {min(of)}" for key, of in values.items() if key not in keys and of]
    return CellLabels(keys, rows, ", ".join(shared))


def why_none(dataset: xr.Dataset, variable: str) -> str:
    """Say why a variable may have no value; the dataset counts the reasons."""
    start = "missing_"
    reasons = [
        str(name).removeprefix(start).replace("_", " ")
        for name in dataset[variable].attrs if str(name).startswith(start)
    ]  # fmt: skip
    return f"none: {' or '.join(reasons)}" if reasons else "none"


def is_violated(dataset: xr.Dataset, at: dict[str, int]) -> bool:
    """Say whether a lane of a cell was stopped."""
    return bool(flags.stopped(dataset[[VIOLATION]].isel(at)).any())


def level(dataset: xr.Dataset, at: dict[str, int], shown: Quantity) -> showing.Shown:
    """Return the estimate of one cell with its 95 % t interval; NaN where violated."""
    measure, k = shown.measure(dataset), shown.column(dataset)
    found = estimates(dataset[[*measure.variables, VIOLATION]].isel(at), measure)
    return showing.shown(shown.variable, found.value[0, k], found.low[0, k], found.high[0, k])


def levels(dataset: xr.Dataset, shown: str | Quantity) -> xr.Dataset:
    """Estimate a quantity in every cell of a sweep.

    Parameters
        dataset: of a sweep. shown: a quantity or the name of a variable.

    Returns
        Dataset with the swept dims and float64 variables ``value``, ``low``, ``high`` (95 % t
        interval); NaN in a cell with a stopped lane. A loss is positive.

    Raises
        ResultsError: no such variable or label.
    """
    wanted = quantity(shown)
    axes = swept(dataset)
    measure, k = wanted.measure(dataset), wanted.column(dataset)
    found = estimates(dataset, measure)
    cells = zip(found.value[:, k], found.low[:, k], found.high[:, k], strict=True)
    turned = np.array([showing.shown(wanted.variable, *cell) for cell in cells]).T
    parts = dict(zip(("value", "low", "high"), turned, strict=True))
    shape = [dataset.sizes[axis] for axis in axes]
    return xr.Dataset(
        {name: (axes, values.reshape(shape)) for name, values in parts.items()},
        coords={axis: dataset[axis] for axis in axes},
        attrs={"long_name": wanted.title(dataset), "units": wanted.unit(dataset)},
    )
