"""Tables of a study: each cell, and each cell against its baseline, with intervals and notes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import showing
from proteus.analysis.contrasts import compare, unused, used
from proteus.analysis.measures import Measure, estimates, measures, points, units
from proteus.analysis.statistics.paired import LEVEL
from proteus.analysis.summary import interval_text
from proteus.market.variables.dimensions import MEASURED_DIMENSIONS
from proteus.results.coordinates import key_head

# What a study shows, in this order; totals of makers are taken per lot.
SHOWN = (
    "maker_adverse_selection",
    "effective_spread",
    "quoted_spread",
    "taker_fill_probability",
    "taker_wait_filled",
    "taker_time_to_execution",
    "price_rmse",
    "taker_execution_error",
    "sniper_race_share",
    "pnl_sniper",
    "maker_pnl_marked",
)
# What every class and the venue win or lose; it sums to zero.
WELFARE = ("pnl_noise", "pnl_informed", "pnl_maker", "pnl_sniper", "pnl_venue")
LEGEND = (
    "± half-width of the 95 % interval. Differences are paired by seed; * p < 0.05 adjusted over "
    "the table; where there is none, the smallest difference that would be found with power 0.8."
)


def levels(dataset: xr.Dataset, names: Sequence[str] = SHOWN) -> pd.DataFrame:
    """Estimate what a study shows in every cell.

    Parameters
        dataset: of a sweep. names: of the variables.

    Returns
        One row per cell and variable: the swept keys, ``variable``, ``estimand`` and ``per``,
        ``long_name``, ``units``, ``value``, its 95 % t interval ``low``, ``high``, and ``n`` seeds.
    """
    listed = _listed(dataset, names)
    found = [estimates(dataset, measure) for measure in listed]
    rows, idle = [], unused(dataset)
    for at, point in enumerate(points(dataset)):
        coordinates = used(dataset, point, idle)
        if coordinates is None:
            continue
        for measure, one in zip(listed, found, strict=True):
            rows.append(
                {
                    **coordinates,
                    "variable": measure.variable,
                    "estimand": measure.estimand,
                    "per": measure.per,
                    "long_name": showing.long_name(dataset, measure.variable),
                    "units": units(dataset, measure),
                    "value": one.value[at, 0],  # a table shows the first horizon, at the fill
                    "low": one.low[at, 0],
                    "high": one.high[at, 0],
                    "n": int(one.n[at, 0]),
                }
            )
    return pd.DataFrame(rows)


def effects(
    dataset: xr.Dataset, baseline: str | Mapping[str, Any], names: Sequence[str] = SHOWN
) -> pd.DataFrame:
    """Contrast what a study shows with a baseline; rows as :func:`proteus.compare` has them."""
    wanted = {(measure.variable, measure.per) for measure in _listed(dataset, names)}
    table = compare(dataset, baseline, metrics=[name for name, _ in sorted(wanted)])
    is_shown = [pair in wanted for pair in zip(table["variable"], table["per"], strict=True)]
    at_fill = table["horizon"].isna() | (table["horizon"] == 0)
    return table[np.array(is_shown) & at_fill.to_numpy()].reset_index(drop=True)


def _listed(dataset: xr.Dataset, names: Sequence[str]) -> list[Measure]:
    known = [name for name in names if name in dataset]
    # Where a variable is estimated in two ways, the ratio of totals comes last, and is shown.
    return [*{measure.variable: measure for measure in measures(dataset, known)}.values()]


class Grid(NamedTuple):
    """A table as text: a row per cell."""

    heads: list[str]
    rows: list[list[str]]
    words: int  # columns from the left that label the cell


def by_cell(
    table: pd.DataFrame,
    text: Callable[[Mapping[Any, Any]], str],
    names: Sequence[str] = SHOWN,
) -> str:
    """Write a table in Markdown: a row per cell, a column per variable; as :func:`grid`."""
    heads, rows, _ = grid(table, text, names)
    return markdown(heads, rows)


def grid(
    table: pd.DataFrame,
    text: Callable[[Mapping[Any, Any]], str],
    names: Sequence[str] = SHOWN,
) -> Grid:
    """Lay a table out: a row per cell, a column per variable.

    Parameters
        table: of :func:`levels` or :func:`effects`. text: what stands in a cell.
        names: of the variables, in the order of their columns.
    """
    axes = _axes(table)
    units_of = dict(zip(table["variable"], table["units"], strict=True))
    titles = {row["variable"]: showing.called_in(row) for row in table.to_dict("records")}
    heads = {
        name: titles[name] if units_of[name] == "1" else f"{titles[name]}, {units_of[name]}"
        for name in names if name in units_of
    }  # fmt: skip
    varying = [axis for axis in axes if table[axis].nunique(dropna=False) > 1] or axes[:1]
    rows = []
    for label, group in table.groupby(varying, sort=False, dropna=False):
        texts = {row["variable"]: text(row) for row in group.to_dict("records")}
        labelled = label if isinstance(label, tuple) else (label,)
        rows.append([*map(number, labelled), *(texts.get(name, "") for name in heads)])
    return Grid([*map(key_head, varying), *heads.values()], rows, len(varying))


def level_text(row: Mapping[Any, Any]) -> str:
    """Write a value with the half-width of its interval, a loss as a loss."""
    if np.isnan(row["value"]):
        return "none"
    found = showing.shown(row["variable"], row["value"], row["low"], row["high"])
    return interval_text(found.value, found.half)


def effect_text(row: Mapping[Any, Any]) -> str:
    """Write a difference with its half-width and its note of significance."""
    if row["note"]:
        return str(row["note"])
    found = showing.shown(row["variable"], row["difference"], row["low"], row["high"])
    shown = interval_text(found.value, found.half)
    if row["p_adjusted"] < 1 - LEVEL:
        return f"{shown} *"
    return f"{shown} ({row['detectable']:.2g})"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write heads and rows as a table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: Any) -> str:
    """Write a label: a number without trailing zeros, "any" where the cell does not use it."""
    if isinstance(value, (float, np.floating)):
        return "any" if np.isnan(value) else f"{value:g}"
    return str(value)


def _axes(table: pd.DataFrame) -> list[str]:
    """Return the columns that label a cell: those before what is measured."""
    names = [str(name) for name in table.columns]
    end = min(names.index(name) for name in ("baseline", "variable") if name in names)
    return [name for name in names[:end] if name not in MEASURED_DIMENSIONS]
