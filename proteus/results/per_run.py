"""``runs.parquet``: one row per lane, for tools that want a table; written by record.per_run=true.

Columns: the swept keys (``mechanism``, ``delta``, ...), ``seed``, ``violation``, then one column
per variable. A variable with a further dim has a column per label: its name, an underscore, and
the label with the unit of the dim, as ``maker_markout_100ms``. A key that the lane's cell does not
use (``delta`` under a continuous book) is null where the sweep gave it several values. Units are in
the metadata of each column, and so is the ``agent_uid`` of a trader that a column is about;
``schema_version``, ``config_hash`` and the profiles of the agents in that of the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from proteus.basics.files import whole
from proteus.basics.versions import SCHEMA_KEY, read_version
from proteus.errors import ResultsError
from proteus.market.variables.base import TRADER
from proteus.plans.plan import Plan
from proteus.results import artifacts
from proteus.results.agents import AGENTS_KEY, UID, listed_in, uids_by_trader, uids_in
from proteus.results.coordinates import table_labels
from proteus.results.flags import REASONS, VIOLATION

if TYPE_CHECKING:
    import pyarrow as pa

RUNS = "runs.parquet"
ROW_GROUP = 65_536  # lanes of one cell that are in memory at once, at most


def write(plan: Plan, dataset: xr.Dataset, folder: Path) -> Path:
    """Write ``runs.parquet`` whole, a row group per cell or more: a temporary file, then a rename.

    Parameters
        plan: the sweep. dataset: what :func:`proteus.results.dataset.build` made of it.

    Returns
        The path of the file.
    """
    import pyarrow.parquet as pq

    target = folder / RUNS
    count = len(plan.replicates)
    tables = (
        _table(plan, dataset, cell, slice(at, min(at + ROW_GROUP, count)))
        for cell in range(len(plan.cells))
        for at in range(0, count, ROW_GROUP)
    )
    first = next(tables)
    with (
        whole(target) as temporary,
        pq.ParquetWriter(
            temporary, first.schema, compression="zstd", write_page_checksum=True
        ) as writer,
    ):
        writer.write_table(first)
        for table in tables:
            writer.write_table(table)
    return target


def _table(plan: Plan, dataset: xr.Dataset, cell: int, seeds: slice) -> pa.Table:
    """Return the rows of some seeds of one cell."""
    import pyarrow as pa

    points = np.argwhere(plan.cell_of == cell)
    lanes = dataset.isel({**dict(zip(plan.axes, points[0], strict=True)), "seed": seeds})
    columns = {**_labels(plan, dataset, points, lanes.sizes["seed"]), **_values(lanes)}
    arrays, fields = [], []
    of_agents = _uids_of_columns(lanes)
    for name, (values, unit) in columns.items():
        arrays.append(pa.array(values))
        about = {"units": unit} if unit else {}
        about |= {UID: str(of_agents[name])} if name in of_agents else {}
        fields.append(pa.field(name, arrays[-1].type, metadata=about or None))
    kept = {key: str(dataset.attrs[key]) for key in (SCHEMA_KEY, "config_hash", AGENTS_KEY)}
    return pa.table(arrays, schema=pa.schema(fields, metadata=kept))


def _labels(
    plan: Plan, dataset: xr.Dataset, points: np.ndarray, rows: int
) -> dict[str, tuple[pd.Series, str]]:
    """Return a column per swept key: one value, or null where the cell does not use the key."""
    columns = {}
    for axis, name in enumerate(plan.axes):
        values = dataset[name].to_numpy()
        is_used = len(set(points[:, axis])) == 1
        if values.dtype.kind in "if":
            label: Any = float(values[points[0, axis]]) if is_used else None
            column = pd.Series([label] * rows, dtype="Float64")
        else:
            label = str(values[points[0, axis]]) if is_used else None
            column = pd.Series([label] * rows, dtype="string")
        columns[name] = (column, str(dataset[name].attrs.get("units", "")))
    return columns


def _values(lanes: xr.Dataset) -> dict[str, tuple[Any, str]]:
    """Return seed, violation (its reason, null without one), and a column per number measured."""
    codes = lanes[VIOLATION].to_numpy().tolist()
    found = [REASONS[code] if code else None for code in codes]
    columns: dict[str, tuple[Any, str]] = {
        "seed": (lanes["seed"].to_numpy(), ""),
        VIOLATION: (pd.Series(found, dtype="string"), ""),
    }
    for name in lanes.data_vars:
        if name != VIOLATION:
            columns.update(_columns(lanes[name]))
    return columns


def _columns(variable: xr.DataArray) -> Iterator[tuple[str, tuple[np.ndarray, str]]]:
    values = variable.transpose("seed", ...).to_numpy()
    for index, name in _names(variable):
        yield name, (values[(slice(None), *index)], str(variable.attrs["units"]))


def _names(variable: xr.DataArray) -> Iterator[tuple[tuple[Any, ...], str]]:
    """List the columns of a variable: where each is on its further dims, and its name."""
    dims = _dims(variable)
    for index in np.ndindex(*(variable.sizes[dim] for dim in dims)):
        labels = [_suffix(variable[dim], at) for dim, at in zip(dims, index, strict=True)]
        yield index, "_".join([str(variable.name), *labels])


def _dims(variable: xr.DataArray) -> list[str]:
    return [str(dim) for dim in variable.dims if dim != "seed"]


def _uids_of_columns(lanes: xr.Dataset) -> dict[str, int]:
    """Return the agent that a column is about, by the column's name."""
    uids = [*uids_by_trader(lanes).values()]
    found: dict[str, int] = {}
    for variable in lanes.data_vars.values():
        if uids and TRADER in variable.dims:
            axis = _dims(variable).index(TRADER)
            found |= {name: uids[index[axis]] for index, name in _names(variable)}
    return found


def _check_columns(path: Path, columns: pa.Schema, uids: dict[str, int]) -> None:
    """Refuse columns of a trader who is not the agent that they say."""
    names = {uid: name for name, uid in uids.items()}
    for column in columns:
        found = (column.metadata or {}).get(UID.encode())
        if found is None:
            continue
        uid = int(found)
        if f"_{names.get(uid)}_" not in f"{column.name}_":
            who = names.get(uid, "missing")
            raise ResultsError(
                f"{path} is damaged: column {column.name} has agent_uid={uid}, in the profiles "
                f"that is {who}"
            )


def _suffix(coordinate: xr.DataArray, at: int) -> str:
    label = table_labels(coordinate)[at]
    if isinstance(label, str):
        return label
    return f"{label:.15g}{'ms' if coordinate.dtype.kind == 'm' else ''}"


def load_runs(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Load the rows of a sweep.

    Parameters
        folder: the output folder of a sweep, or its ``runs.parquet``.

    Returns
        One row per lane: the swept keys, ``seed`` (int64), ``violation``, and a float64 column per
        variable, or per label of its further dim, as ``maker_markout_100ms``.

    Raises
        ResultsError: no such file, not Parquet, changed bytes, not of Proteus, of a newer schema
            version, or with a column of an agent that is not who its profile says.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = artifacts.find(folder, RUNS, "record.per_run=true writes it")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ResultsError(f"{path} cannot be read as Parquet: {reason}") from None
    metadata = table.schema.metadata or {}
    said = {key.decode(): value.decode() for key, value in metadata.items()}
    read_version(path, said)
    if AGENTS_KEY in said:
        _check_columns(path, table.schema, uids_in(listed_in(path, said)))
    rows: pd.DataFrame = table.to_pandas()
    return rows
