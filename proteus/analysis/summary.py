"""Means with 95 % intervals per cell: ``summary.csv`` and the table on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table
from scipy.special import stdtrit

from proteus.analysis.statistics.paired import LEVEL
from proteus.configuration.design import POINT
from proteus.market.variables.dimensions import MEASURED_DIMENSIONS, shown
from proteus.results.coordinates import axis_unit

MAIN_VARIABLES = (
    "maker_pnl_marked",
    "maker_adverse_selection",
    "maker_spread_captured",
    "pnl_informed",
    "pnl_noise",
    "pnl_sniper",
    "quoted_spread",
    "effective_spread",
    "price_rmse",
    "taker_fill_probability",
    "taker_time_to_execution",
    "n_fills",
)
READ_AT_ONCE = 8_000_000  # values of a variable in memory
FEW_CELLS = 3  # up to here cells are columns; beyond, cells are rows
MOST_CELLS = 40  # rows on the terminal; summary.csv has them all
COLUMNS_OF_MANY = ("maker_pnl_marked", "effective_spread", "price_rmse", "taker_fill_probability")


def summarise(dataset: xr.Dataset) -> pd.DataFrame:
    """Summarise every variable over the seeds of every cell.

    Parameters
        dataset: the dataset of a sweep.

    Returns
        One row per variable, grid point, horizon, elapsed time, class and rank: the swept keys,
        ``variable``, ``units``, ``horizon``, ``elapsed``, ``class`` and ``rank``, where the dataset
        has them ``group`` and ``trader`` (NaN without one), ``mean``, ``low``, ``high`` (95 % t
        interval), ``sd``, ``n`` (seeds with a value), ``n_missing``.

    Invariants
        ``n + n_missing`` is the number of seeds.
    """
    rows = [row for name in dataset.data_vars for row in _rows(dataset, str(name))]
    return pd.DataFrame(rows)


def _rows(dataset: xr.Dataset, name: str) -> Iterator[dict[str, Any]]:
    """Summarise one variable; what has flags instead of values is left out."""
    variable = dataset[name]
    if "flag_values" in variable.attrs:
        return
    others = [str(dim) for dim in variable.dims if dim != "seed"]
    dims = [str(dim) for dim in dataset.dims]
    mean, sd, n = _moments_of(variable)
    half = half_width(sd, n)
    for index in np.ndindex(mean.shape):
        at = {dim: dataset[dim].values[i] for dim, i in zip(others, index, strict=True)}
        yield {
            **{dim: at[dim] for dim in others if dim not in MEASURED_DIMENSIONS},
            **_designed(variable, at),
            "variable": name,
            "units": variable.attrs["units"],
            **{dim: at.get(dim, np.nan) for dim in shown(dims)},
            "mean": mean[index],
            "low": mean[index] - half[index],
            "high": mean[index] + half[index],
            "sd": sd[index],
            "n": int(n[index]),
            "n_missing": int(variable.sizes["seed"] - n[index]),
        }


def _moments_of(variable: xr.DataArray) -> list[np.ndarray]:
    """Return mean, standard deviation and count over seeds; a large variable is read in parts.

    Parameters
        variable: dims (swept..., seed, measured...).
    """
    dims = [str(dim) for dim in variable.dims]
    if variable.size <= READ_AT_ONCE or dims == ["seed"]:
        others = [dim for dim in dims if dim != "seed"]
        return [*_moments(variable.transpose(*others, "seed").to_numpy())]
    split = dims[0] if dims[0] != "seed" else dims[-1]
    parts = [_moments_of(variable.isel({split: at})) for at in range(variable.sizes[split])]
    axis = 0 if split == dims[0] else -1
    return [np.stack(each, axis=axis) for each in zip(*parts, strict=True)]


def _designed(variable: xr.DataArray, at: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the designed keys at a point, where there is a design."""
    along = [name for name, values in variable.coords.items() if values.dims == (POINT,)]
    return {
        str(name): variable[name].sel({POINT: at[POINT]}).item() for name in along if name != POINT
    }


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard deviation and count over the last axis, without the NaN."""
    present = ~np.isnan(values)
    n = present.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(present, values, 0.0).sum(axis=-1) / n
        deviation = np.where(present, values - mean[..., None], 0.0)
        sd = np.sqrt((deviation**2).sum(axis=-1) / (n - 1))
    return mean, np.where(n > 1, sd, np.nan), n


def half_width(sd: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return half the width of the t interval of a mean.

    Parameters
        sd: float64 [k], standard deviations. n: int64 [k], values.

    Returns
        float64 [k], in the unit of ``sd``; NaN with fewer than two values.

    **Source** Student (1908), "The probable error of a mean", Biometrika 6:1.
    """
    freedom = np.maximum(n - 1, 1)
    quantile = stdtrit(freedom, 0.5 + LEVEL / 2)
    return np.asarray(np.where(n > 1, quantile * sd / np.sqrt(np.maximum(n, 1)), np.nan))


def show(table: pd.DataFrame, axes: list[str], console: Console) -> None:
    """Print the main variables with their intervals, in at most 100 columns.

    Parameters
        table: what :func:`summarise` returns. axes: the dimensions of the grid.
        console: where to print.
    """
    known = set(table["variable"])
    cells = list(table[axes].drop_duplicates().itertuples(index=False, name=None))
    if len(cells) <= FEW_CELLS:
        names = [name for name in MAIN_VARIABLES if name in known]
        console.print(_variables_by_cell(table, axes, cells, names))
    else:
        names = [name for name in COLUMNS_OF_MANY if name in known]
        console.print(_cells_by_variable(table, axes, cells[:MOST_CELLS], names))
        if len(cells) > MOST_CELLS:
            console.print(f"and {len(cells) - MOST_CELLS} more cells in summary.csv")


def _variables_by_cell(
    table: pd.DataFrame, axes: list[str], cells: list[tuple[Any, ...]], names: list[str]
) -> Table:
    grid = Table(title=_title(table), title_justify="left", box=None, pad_edge=False)
    grid.add_column("\n".join(map(_axis_title, axes)))
    grid.add_column("\n" * (len(axes) - 1) + "units")
    for cell in cells:
        grid.add_column("\n".join(_number(value) for value in cell), justify="right")
    for name in names:
        parts = [_cell_text(table, axes, cell, name) for cell in cells]
        grid.add_row(_row_title(table, name), _units(table, name), *parts)
    return grid


def _cells_by_variable(
    table: pd.DataFrame, axes: list[str], cells: list[tuple[Any, ...]], names: list[str]
) -> Table:
    grid = Table(title=_title(table), title_justify="left", box=None, pad_edge=False)
    for axis in axes:
        grid.add_column(_axis_title(axis).replace(" (", "\n("), justify="right")
    for name in names:
        header = f"{_row_title(table, name).replace('_', ' ')}\n({_units(table, name)})"
        grid.add_column(header, justify="right")
    for cell in cells:
        parts = [_cell_text(table, axes, cell, name) for name in names]
        grid.add_row(*(_number(value) for value in cell), *parts)
    return grid


def _title(table: pd.DataFrame) -> str:
    seeds = int((table["n"] + table["n_missing"]).max())
    return f"mean ± half-width of its 95 % interval, {seeds} seeds"


def _axis_title(axis: str) -> str:
    """Return the name of an axis with its unit, where it has one."""
    unit = axis_unit(axis)
    return f"{axis} ({unit})" if unit not in ("", "1") else axis


def _row_title(table: pd.DataFrame, name: str) -> str:
    """Return the name of a variable, and the horizon that is shown of it, where it has several."""
    horizon = table.loc[table["variable"] == name, "horizon"].iloc[0]
    return name if np.isnan(horizon) else f"{name} at {horizon:g} ms"


def _units(table: pd.DataFrame, name: str) -> str:
    return str(table.loc[table["variable"] == name, "units"].iloc[0])


def _cell_text(table: pd.DataFrame, axes: list[str], cell: tuple[Any, ...], name: str) -> str:
    """Write mean and half-width of one variable in one cell; the first horizon where it has one."""
    chosen = table[table["variable"] == name]
    for axis, value in zip(axes, cell, strict=True):
        chosen = chosen[chosen[axis] == value]
    row = chosen.iloc[0]
    if row["n"] == 0:
        return "none"
    return interval_text(float(row["mean"]), float(row["high"] - row["mean"]))


def interval_text(mean: float, half: float) -> str:
    """Write a mean and its half-width, both to two significant digits of the half-width."""
    if not np.isfinite(half) or half == 0:
        return f"{mean:.4g}"
    digits = int(np.clip(1 - np.floor(np.log10(half)), 0, 9))
    return f"{mean:.{digits}f} ±{half:.{digits}f}"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)
