"""Estimates with 95 % intervals per cell: ``summary.csv`` and the table on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table

from proteus.analysis import showing
from proteus.analysis import units as seed_units
from proteus.analysis.contrasts import DELTA, uses_delta
from proteus.analysis.measures import (
    Measure,
    estimates,
    labels,
    measures,
    swept,
    units,
    with_agents,
)
from proteus.basics.versions import csv_text
from proteus.configuration.design import POINT
from proteus.market.variables.base import EPISODE
from proteus.market.variables.dimensions import shown
from proteus.results.coordinates import CELL, key_head, key_text

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
_ROWS_AT_ONCE = 20_000  # of the summary in memory, or those of one measure
_FRAME = 16  # rows of a terminal that heads, verdict and folder take
_FEWEST_ROWS = 4  # of cells on the smallest terminal
_HEAD = 16  # letters of a line of a head
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
        further dim (``horizon`` in ms, ..., NaN without one; beside ``trader`` its ``agent_uid``),
        ``value`` with its 95 % t interval ``low`` and ``high``, ``sd`` (what one seed adds: for a
        mean the standard deviation of its values), ``n`` (units with a value: seeds, or what a
        design joins), ``n_missing``. A cell in which a lane was stopped has no value.

    Invariants
        ``n + n_missing`` is the number of units.
    """
    return pd.concat(summaries(dataset), ignore_index=True)


def summaries(dataset: xr.Dataset) -> Iterator[pd.DataFrame]:
    """List the rows of :func:`summarise` some measures at a time: episodes make them many."""
    tables: list[pd.DataFrame] = []
    for measure in measures(dataset):
        tables.append(_table(dataset, measure))
        if sum(map(len, tables)) >= _ROWS_AT_ONCE:
            yield with_agents(pd.concat(tables, ignore_index=True), dataset)
            tables = []
    if tables:
        yield with_agents(pd.concat(tables, ignore_index=True), dataset)


def write(dataset: xr.Dataset, path: Path) -> pd.DataFrame:
    """Write the summary of a dataset as CSV.

    Returns
        Its rows; where lanes are of episodes those of the last one, which a terminal shows.
    """
    kept: list[pd.DataFrame] = []
    with path.open("w", encoding="utf-8") as file:
        for table in summaries(dataset):
            text = csv_text(table)
            file.write(text if not kept else text.partition("\n")[2])
            kept.append(_of_last_episode(table))
    return pd.concat(kept, ignore_index=True)


def _table(dataset: xr.Dataset, measure: Measure) -> pd.DataFrame:
    """Summarise one measure: a row per grid point and label."""
    found = estimates(dataset, measure)
    columns = labels(dataset, measure)
    cells, many = found.value.shape
    axes = swept(dataset)
    at = np.indices([dataset.sizes[axis] for axis in axes]).reshape(len(axes), cells)
    places = dict(zip(axes, at.repeat(many, axis=1), strict=True))
    known = {axis: dataset[axis].values[at] for axis, at in places.items()}
    designed = {
        str(name): values.to_numpy()[places[POINT]]
        for name, values in dataset.coords.items()
        if values.dims == (POINT,) and name not in (CELL, POINT)
    }  # fmt: skip
    columns_of: dict[str, Any] = {
        **known, **designed,
        "variable": measure.variable, "estimand": measure.estimand, "per": measure.per,
        "long_name": showing.long_name(dataset, measure.variable),
        "units": units(dataset, measure),
        **{dim: _column(dim, columns) * cells for dim in shown([str(dim) for dim in dataset.dims])},
        "value": found.value.ravel(), "low": found.low.ravel(), "high": found.high.ravel(),
        "sd": found.deviation.ravel(), "n": found.n.ravel(),
        "n_missing": seed_units.number(dataset) - found.n.ravel(),
    }  # fmt: skip
    return pd.DataFrame(columns_of)


def _column(dim: str, columns: Sequence[dict[str, Any]]) -> list[Any]:
    """Return the labels of a dim; only episodes, which all measures have, are whole numbers."""
    found = [label.get(dim, np.nan) for label in columns]
    is_whole = dim != EPISODE and all(isinstance(label, int) for label in found)
    return [float(label) for label in found] if is_whole else found


def show(
    table: pd.DataFrame,
    axes: list[str],
    console: Console,
    first: Sequence[str] = COLUMNS_OF_MANY,
    numbers: np.ndarray | None = None,
    unit: str = "seeds",
) -> None:
    """Print estimates with their intervals, as many as the terminal has room for.

    Where lanes are of episodes they are those of the last one, which the verdict is about.

    Parameters
        table: what :func:`summarise` returns. axes: the dimensions of the grid.
        console: where to print. first: variables in the order in which many cells show them.
        numbers: int64 over the axes, which cell stands at each grid point; those that a mechanism
            repeats, because it does not use a key, are shown once. unit: what ``n`` counts.
    """
    table = _of_last_episode(table)
    cells = list(table[axes].drop_duplicates().itertuples(index=False, name=None))
    once = table.drop_duplicates([*axes, "variable", "per"])  # at the first horizon or class
    labels = _labels(axes, cells, numbers)
    if len(cells) <= FEW_CELLS:
        rows = [found for key in MAIN if len(found := _of(once, *key))]
        console.print(_variables_by_cell(table, axes, labels, rows, unit))
        return
    per = dict(MAIN)
    names = [name for name in dict.fromkeys(first) if name in set(once["variable"])]
    rows = [_of(once, name, per.get(name, _last_per(once, name))) for name in names]
    most = max(_FEWEST_ROWS, min(MOST_CELLS, console.height - _FRAME))
    shown = [*labels.items()][:most]
    grid, left_out = _cells_by_variable(table, axes, shown, rows, console.width, unit)
    console.print(grid)
    more = [f"{len(labels) - most} more cells"] if len(labels) > most else []
    more += [f"{left_out} more columns"] if left_out else []
    console.print(" and ".join([*more, "all other variables are in summary.csv"]))


def _of_last_episode(table: pd.DataFrame) -> pd.DataFrame:
    if EPISODE not in table:
        return table
    episode = table[EPISODE]
    last: pd.DataFrame = table[episode.isna() | (episode == episode.max())]
    return last


def _last_per(table: pd.DataFrame, name: str) -> str:
    """Return what a variable is taken per, where it is taken in two ways: the ratio of totals."""
    return str(table.loc[table["variable"] == name, "per"].iloc[-1])


def _labels(
    axes: list[str], cells: list[tuple[Any, ...]], numbers: np.ndarray | None
) -> dict[tuple[Any, ...], list[str]]:
    """Return the distinct cells with their labels; a key that a mechanism ignores is a dash."""
    texts = {
        cell: ["-" if _has_no(axes, cell, axis) else key_text(value)
               for axis, value in zip(axes, cell, strict=True)]
        for cell in cells
    }  # fmt: skip
    if numbers is None or numbers.size != len(cells) or "mechanism" not in axes:
        return texts
    at = axes.index("mechanism")
    seen: set[int] = set()
    kept = {}
    for place, cell in zip(np.ndindex(numbers.shape), cells, strict=True):
        number = int(numbers[place])
        if number in seen:
            continue
        seen.add(number)
        kept[cell] = [
            "-"
            if axis != at and _is_idle(numbers.take(place[at], at), axis - (axis > at))
            else text
            for axis, text in enumerate(texts[cell])
        ]
    return kept


def _has_no(axes: list[str], cell: tuple[Any, ...], key: str) -> bool:
    """Say whether the mechanism of a cell does not trade in the batches that a key is of."""
    if key != DELTA or "mechanism" not in axes:
        return False
    return not uses_delta(str(cell[axes.index("mechanism")]))


def _is_idle(numbers: np.ndarray, axis: int) -> bool:
    """Say whether the cells of a mechanism are the same all along an axis of several values."""
    return numbers.shape[axis] > 1 and bool((numbers == numbers.take([0], axis)).all())


def _of(table: pd.DataFrame, variable: str, per: str) -> pd.DataFrame:
    """Return the rows of a measure, a cell each; of what a dataset without the parts has of it."""
    found = table[(table["variable"] == variable) & (table["per"] == per)]
    return found if len(found) else table[table["variable"] == variable]


def _variables_by_cell(
    table: pd.DataFrame,
    axes: list[str],
    cells: dict[tuple[Any, ...], list[str]],
    rows: list[pd.DataFrame],
    unit: str,
) -> Table:
    grid = Table(title=_title(table, unit), title_justify="left", box=None, pad_edge=False)
    grid.add_column("\n".join(map(key_head, axes)))
    grid.add_column("\n" * (len(axes) - 1) + "units")
    for label in cells.values():
        grid.add_column("\n".join(label), justify="right")
    for row in rows:
        parts = [_cell_text(row, axes, cell) for cell in cells]
        grid.add_row(_row_title(row), row["units"].iloc[0], *parts)
    return grid


def _cells_by_variable(
    table: pd.DataFrame,
    axes: list[str],
    cells: list[tuple[tuple[Any, ...], list[str]]],
    rows: list[pd.DataFrame],
    width: int,
    unit: str,
) -> tuple[Table, int]:
    """Lay out many cells, a row each, with the columns that fit; also how many do not."""
    known = [{label[k] for _, label in cells} - {"-"} for k in range(len(axes))]
    varying = [k for k in range(len(axes)) if k == 0 or len(known[k]) > 1]
    same = [
        f"{key_head(axes[k])} {value}"
        for k in range(len(axes)) if k not in varying for value in known[k]
    ]  # fmt: skip
    title = "; ".join([_title(table, unit), *same])
    grid = Table(title=title, title_justify="left", box=None, pad_edge=False)
    used = 0
    for k in varying:
        head = _broken(key_head(axes[k]))
        grid.add_column(head, justify="right")
        used += _width(head, [label[k] for _, label in cells])
    columns: list[list[str]] = []
    for row in rows:
        head = _broken(f"{_row_title(row)} ({row['units'].iloc[0]})")
        texts = [_cell_text(row, axes, cell) for cell, _ in cells]
        if used + _width(head, texts) > width and columns:
            break
        used += _width(head, texts)
        grid.add_column(head, justify="right")
        columns.append(texts)
    for number, (_, label) in enumerate(cells):
        grid.add_row(*(label[k] for k in varying), *(texts[number] for texts in columns))
    return grid, len(rows) - len(columns)


def _broken(head: str) -> str:
    """Break a head into short lines."""
    lines = [""]
    for word in head.split():
        if lines[-1] and len(lines[-1]) + len(word) >= _HEAD:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


def _width(head: str, texts: Sequence[str]) -> int:
    return max(map(len, [*head.split("\n"), *texts])) + 2  # what stands between columns


def _title(table: pd.DataFrame, unit: str) -> str:
    seeds = int((table["n"] + table["n_missing"]).max())
    last = f", episode {table[EPISODE].max():g}" if EPISODE in table else ""
    return f"estimate ± half-width of its 95 % interval, {seeds} {unit}{last}"


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
