"""The cells of a sweep, each once: a grid repeats a cell under keys that its mechanism ignores."""

from __future__ import annotations

import numpy as np
import xarray as xr

from proteus.errors import ResultsError
from proteus.results.coordinates import CELL


def unique_cells(dataset: xr.Dataset) -> xr.Dataset:
    """Drop the copies: one entry for each cell of a sweep, along one dim.

    Under ``mechanism=clob,fba delta=50,100`` the grid has four points and three cells, since a
    continuous book has no ``delta``: counting its point twice would give it twice the weight.

    Parameters
        dataset: of :func:`proteus.sweep` or :func:`proteus.load`, whole or selected from.

    Returns
        The dataset with the dim ``cell`` in the place of the swept dims, in increasing order of the
        coordinate ``cell``; the swept keys are coordinates along it, with the values of the first
        grid point of each cell.

    Raises
        ResultsError: it has no coordinate ``cell``, as one of schema version 3 or older, or holds
            several sweeps, which number their cells each from 0.
    """
    if not isinstance(dataset, xr.Dataset) or CELL not in dataset.coords:
        raise ResultsError(
            "unique_cells needs a dataset with the coordinate cell: run the sweep again, "
            "versions before 4 of the schema had none"
        )
    axes = [str(dim) for dim in dataset[CELL].dims]
    if not axes:
        return dataset.expand_dims(CELL)
    point = "grid_point"
    flat = dataset.stack({point: axes}).reset_index(point)
    flat = flat.isel({point: flat[CELL].notnull().to_numpy()})  # a join may lack grid points
    numbers, first, copies = np.unique(
        flat[CELL].to_numpy().astype(np.int64), return_index=True, return_inverse=True
    )
    _check_copies(flat, point, first[copies], numbers[copies])
    once = flat.isel({point: first}).assign_coords({CELL: (point, numbers, flat[CELL].attrs)})
    return once.swap_dims({point: CELL}).transpose(CELL, ...)


def _check_copies(flat: xr.Dataset, point: str, originals: np.ndarray, numbers: np.ndarray) -> None:
    """Check that the grid points of one number are copies of each other.

    Parameters
        flat: along grid points. originals: int64 [n] place of the first of the same number.
        numbers: int64 [n] of the cell.
    """
    places = np.arange(len(originals))
    for name, values in flat.data_vars.items():
        if point not in values.dims:
            continue
        rows = values.transpose(point, ...).to_numpy().reshape(len(places), -1)
        for place in places[originals != places]:
            if not np.array_equal(rows[place], rows[originals[place]], equal_nan=True):
                raise ResultsError(
                    f"{name} differs within cell {numbers[place]}: several sweeps were joined, "
                    f"whose cells have numbers of their own; call unique_cells before joining them"
                )
