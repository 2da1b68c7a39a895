"""Estimates with 95 % intervals per cell: ``summary.csv`` and the table on the terminal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table

from proteus.analysis import showing
from proteus.analysis.measures import Measure, estimates, labels, measures, points, units
from proteus.configuration.design import POINT
from proteus.market.variables.dimensions import shown
from proteus.results.coordinates import CELL, axis_unit

LOTS = "maker_volume_lots"
# Variables that the terminal shows, with what each is per.
MAIN = (
    ("maker_pnl_marked", ""),
    ("maker_adverse_selection", LOTS),
    ("maker_spread_captured", LOTS),
    ("pnl_informed", ""),
    ("pnl_noise", ""),
    ("pnl_sniper", ""),
    ("quoted_spread", "quoted_coverage"),
    ("effective_spread", "effective_lots"),
    ("price_rmse", ""),
    ("taker_fill_probability", "taker_intents"),
    ("taker_wait_filled", "taker_intents_filled"),
    ("n_fills", ""),
)
FEW_CELLS = 3  # up to here cells are columns; beyond, cells are rows
MOST_CELLS = 40  # rows on the terminal; summary.csv has them all
COLUMNS_OF_MANY = ("maker_pnl_marked", "effective_spread", "price_rmse", "taker_fill_probability")


def summarise(dataset: xr.Dataset) -> pd.DataFrame:
    """Summarise every variable over the seeds of every cell.

    Parameters
        dataset: the dataset of a sweep.

    Returns
        One row per measure (``measures``), grid point and label of its further dims: the swept
        keys, ``variable``, ``estimand`` and ``per``, ``long_name``, ``units``, a column for each
        further dim (``horizon``, ``class``, ..., NaN without one), ``value`` with its 95 % t
        interval ``low`` and ``high``, ``sd`` (what one seed adds: for a mean the standard deviation
        of its values), ``n`` (seeds with a value), ``n_missing``. A cell in which a lane was
        stopped has no value.

    Invariants
        ``n + n_missing`` is the number of seeds.
    """
    tables = [_table(dataset, measure) for measure in measures(dataset)]
    return pd.concat(tables, ignore_index=True)


def _table(dataset: xr.Dataset, measure: Measure) -> pd.DataFrame:
    """Summarise one measure: a row per grid point and label."""
    found = estimates(dataset, measure)
    columns = labels(dataset, measure)
    cells, many = found.value.shape
    places = pd.DataFrame(points(dataset), index=range(cells)).loc[np.repeat(range(cells), many)]
    known = {str(axis): dataset[axis].values[at.to_numpy()] for axis, at in places.items()}
    designed = {
        str(name): values.to_numpy()[places[POINT].to_numpy()]
        for name, values in dataset.coords.items()
        if values.dims == (POINT,) and name not in (CELL, POINT)
    }  # fmt: skip
    dims = shown([str(dim) for dim in dataset.dims])
    columns_of: dict[str, Any] = {
        **known, **designed,
        "variable": measure.variable, "estimand": measure.estimand, "per": measure.per,
        "long_name": showing.long_name(dataset, measure.variable),
        "units": units(dataset, measure),
        **{dim: [label.get(dim, np.nan) for label in columns] * cells for dim in dims},
        "value": found.value.ravel(), "low": found.low.ravel(), "high": found.high.ravel(),
        "sd": found.deviation.ravel(), "n": found.n.ravel(),
        "n_missing": dataset.sizes["seed"] - found.n.ravel(),
    }  # fmt: skip
    return pd.DataFrame(columns_of)


def show(table: pd.DataFrame, axes: list[str], console: Console) -> None:
    """Print the main variables with their intervals, in at most 100 columns.

    Parameters
        table: what :func:`summarise` returns. axes: the dimensions of the grid.
        console: where to print.
    """
    cells = list(table[axes].drop_duplicates().itertuples(index=False, name=None))
    first = table.drop_duplicates([*axes, "variable", "per"])  # at the first horizon or class
    chosen = [_of(first, *key) for key in MAIN]
    rows = [found for found in chosen if len(found)]
    if len(cells) <= FEW_CELLS:
        console.print(_variables_by_cell(table, axes, cells, rows))
    else:
        rows = [found for found in rows if found["variable"].iloc[0] in COLUMNS_OF_MANY]
        console.print(_cells_by_variable(table, axes, cells[:MOST_CELLS], rows))
        if len(cells) > MOST_CELLS:
            console.print(f"and {len(cells) - MOST_CELLS} more cells in summary.csv")


def _of(table: pd.DataFrame, variable: str, per: str) -> pd.DataFrame:
    """Return the rows of a measure, a cell each; of what a dataset without the parts has of it."""
    found = table[(table["variable"] == variable) & (table["per"] == per)]
    return found if len(found) else table[table["variable"] == variable]


def _variables_by_cell(
    table: pd.DataFrame, axes: list[str], cells: list[tuple[Any, ...]], rows: list[pd.DataFrame]
) -> Table:
    grid = Table(title=_title(table), title_justify="left", box=None, pad_edge=False)
    grid.add_column("\n".join(map(_axis_title, axes)))
    grid.add_column("\n" * (len(axes) - 1) + "units")
    for cell in cells:
        grid.add_column("\n".join(_number(value) for value in cell), justify="right")
    for row in rows:
        parts = [_cell_text(row, axes, cell) for cell in cells]
        grid.add_row(_row_title(row), row["units"].iloc[0], *parts)
    return grid


def _cells_by_variable(
    table: pd.DataFrame, axes: list[str], cells: list[tuple[Any, ...]], rows: list[pd.DataFrame]
) -> Table:
    grid = Table(title=_title(table), title_justify="left", box=None, pad_edge=False)
    for axis in axes:
        grid.add_column(_axis_title(axis).replace(" (", "\n("), justify="right")
    for row in rows:
        grid.add_column(f"{_row_title(row)}\n({row['units'].iloc[0]})", justify="right")
    for cell in cells:
        parts = [_cell_text(row, axes, cell) for row in rows]
        grid.add_row(*(_number(value) for value in cell), *parts)
    return grid


def _title(table: pd.DataFrame) -> str:
    seeds = int((table["n"] + table["n_missing"]).max())
    return f"estimate ± half-width of its 95 % interval, {seeds} seeds; ratios are total over total"


def _axis_title(axis: str) -> str:
    """Return the name of an axis with its unit, where it has one."""
    unit = axis_unit(axis)
    return f"{axis} ({unit})" if unit not in ("", "1") else axis


def _row_title(row: pd.DataFrame) -> str:
    """Name a measure, and the horizon that is shown of it, where it has several."""
    first = row.iloc[0]
    name = showing.called_in(first.to_dict())
    return name if np.isnan(first["horizon"]) else f"{name} at {first['horizon']:g} ms"


def _cell_text(row: pd.DataFrame, axes: list[str], cell: tuple[Any, ...]) -> str:
    """Write estimate and half-width of a measure in one cell."""
    chosen = row
    for axis, value in zip(axes, cell, strict=True):
        chosen = chosen[chosen[axis] == value]
    one = chosen.iloc[0]
    if np.isnan(one["value"]):
        return "none"
    found = showing.shown(one["variable"], one["value"], one["low"], one["high"])
    return interval_text(found.value, found.half)


def interval_text(mean: float, half: float) -> str:
    """Write a mean and its half-width, both to two significant digits of the half-width."""
    if not np.isfinite(half) or half == 0:
        return f"{mean:.4g}"
    digits = int(np.clip(1 - np.floor(np.log10(half)), 0, 9))
    return f"{mean:.{digits}f} ±{half:.{digits}f}"


def _number(value: Any) -> str:
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)
