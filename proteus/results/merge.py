"""Merge finished lanes into ``results.nc``, a slab at a time, in memory that does not grow."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netCDF4
import numpy as np
import xarray as xr

from proteus.basics.files import whole
from proteus.plans.plan import Plan
from proteus.results import dataset
from proteus.results.dataset import RESULTS
from proteus.results.flags import VIOLATION
from proteus.results.lanes import Lanes

if TYPE_CHECKING:
    from proteus.market.variables import Variable

LEVEL = 4  # of zlib


def write(
    plan: Plan,
    lanes: Lanes,
    variables: Sequence[Variable],
    frame: xr.Dataset,
    folder: Path,
    add: Callable[[Path], None] | None = None,
) -> Path:
    """Write ``results.nc`` whole: a temporary file, then a rename.

    Parameters
        plan: the sweep. lanes: where its lanes are. variables: the declared ones.
        frame: coordinates and attributes of the results. folder: where.
        add: adds groups to the file before it has its name.

    Returns
        The path of the file.

    Raises
        OSError, RuntimeError: it cannot be written.
        ValueError: as :func:`proteus.results.dataset.build`.
    """
    target = folder / RESULTS
    with whole(target, durable=True) as temporary:
        _write_frame(frame, temporary)
        with netCDF4.Dataset(temporary, "a") as file:
            variables_of_file = _declare(file, plan, variables)
            described = dataset.fill(plan, lanes, variables, variables_of_file)
            for name, attributes in described.items():
                variables_of_file[name].setncatts(attributes)
        if add is not None:
            add(temporary)
    return target


def _write_frame(frame: xr.Dataset, path: Path) -> None:
    """Write coordinates and attributes.

    ``to_netcdf`` would do, but where dask is installed it loads ``dask.distributed``, a third of a
    second, only to ask for the lock that is given here.
    """
    open_store: Any = xr.backends.NetCDF4DataStore.open
    store = open_store(path, mode="w", lock=threading.Lock())
    try:
        frame.dump_to_store(store)
    finally:
        store.close()


def _declare(file: netCDF4.Dataset, plan: Plan, variables: Sequence[Variable]) -> Mapping[str, Any]:
    """Make the variables in the file, in chunks that are the slabs in which they are written.

    Each keeps one chunk in memory, so that all together keep a slab: by default netCDF keeps up to
    64 MiB of each variable until the file is closed.
    """
    declared = {}
    shape = plan.cell_of.shape
    whole_axes = dataset.whole_axes(plan)
    slab = [1] * (len(shape) - whole_axes) + [*shape[len(shape) - whole_axes :]]
    slab.append(min(len(plan.replicates), dataset.slab_lanes(plan)))
    kinds = [(variable.name, "f8", variable.dims) for variable in variables]
    for name, kind, dims in [*kinds, (VIOLATION, "i1", ())]:
        create: Any = file.createVariable
        chunk = [*slab, *(len(file.dimensions[dim]) for dim in dims)]
        declared[name] = create(
            name, kind, (*plan.axes, "seed", *dims), zlib=True, complevel=LEVEL, chunksizes=chunk,
            fill_value=np.nan if kind == "f8" else None,
            chunk_cache=math.prod(chunk) * np.dtype(kind).itemsize,
        )  # fmt: skip
        declared[name].set_auto_maskandscale(False)
    return declared


def opened(folder: Path) -> xr.Dataset:
    """Open the results of a folder; a variable is read each time it is used, and not kept."""
    return opened_file(folder / RESULTS)


def opened_file(path: Path) -> xr.Dataset:
    """Open a file of results, as :func:`opened`."""
    found = xr.open_dataset(opened_store(path), decode_timedelta=False, cache=False)
    with_times = dataset.with_times(found)
    with_times.set_close(found.close)
    return with_times


def opened_store(path: Path) -> Any:
    """Open a file of results for xarray, each of whose variables keeps one chunk in memory."""
    open_store: Any = xr.backends.NetCDF4DataStore.open
    store = open_store(path)
    for variable in store.ds.variables.values():
        chunk = variable.chunking()
        # Names of nobody are text in chunks: a dim without labels is one that may grow.
        if isinstance(chunk, list) and isinstance(variable.dtype, np.dtype):
            variable.set_var_chunk_cache(math.prod(chunk) * variable.dtype.itemsize)
    return store
