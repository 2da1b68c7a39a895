"""The family of the declared endpoint: all cells of the sweep that was run, also in a part of it.

A sweep writes down its tests, each with the labels of its cell, in an attribute that selection
keeps. A part of the results is adjusted with the tests of all of them, so no choice of cells after
the run makes a p value smaller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from proteus.analysis.statistics import multiplicity
from proteus.analysis.statistics.paired import Array
from proteus.results.coordinates import CELL
from proteus.results.dataset import TESTS

Labels = dict[str, str]  # of a cell: swept key to value, in words


def labels_of(cell: xr.Dataset) -> Labels:
    """Return what identifies a cell: every coordinate that is one value of it, but its number."""
    return {
        str(name): _text(values.item())
        for name, values in cell.coords.items()
        if not values.dims and name != CELL
    }


def _text(value: Any) -> str:
    return f"{value:.12g}" if isinstance(value, (int, float)) else str(value)


def written(cells: Sequence[Mapping[str, Any]], p: Array) -> str:
    """Write down the tests of a sweep.

    Parameters
        cells: coordinates of each cell, NaN for a key that it does not use. p: float64 [m], NaN
            where no test was made.
    """
    tests = []
    for cell, value in zip(cells, p.tolist(), strict=True):
        plain = {name: np.asarray(label).item() for name, label in cell.items()}
        used = {name: _text(label) for name, label in plain.items() if label == label}
        tests.append({"cell": used, "p": None if np.isnan(value) else value})
    return json.dumps(tests)


def adjusted(cells: Sequence[Labels], p: Array, attributes: Mapping[str, Any]) -> Array:
    """Adjust the tests of cells for all of the sweep that they come from.

    Parameters
        cells: of :func:`labels_of`. p: float64 [m], NaN where no test was made.
        attributes: of the dataset; without a record the family is these cells.

    Returns
        float64 [m]. A cell that is not in the record, as one that lost its labels, makes the family
        larger by one.
    """
    record = json.loads(attributes.get(TESTS, "[]"))
    others = [np.nan if test["p"] is None else test["p"] for test in record]
    for cell, value in zip(cells, p, strict=True):
        found = [at for at, test in enumerate(record) if test["cell"].items() <= cell.items()]
        if not np.isnan(value):  # this cell's own test stands in the place of the recorded one
            others = [np.nan if at in found else other for at, other in enumerate(others)]
    family = np.concatenate([p, np.array(others, dtype=float)])
    return multiplicity.adjusted(family, multiplicity.HOLM)[: len(p)]
