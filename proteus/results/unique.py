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
        ResultsError: it has no coordinate ``cell``, as one of schema version 3 or older.
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
    _, first = np.unique(flat[CELL].to_numpy(), return_index=True)
    return flat.isel({point: first}).swap_dims({point: CELL}).transpose(CELL, ...)
