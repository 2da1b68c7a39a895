"""Trade-offs: what protection of makers costs in price discovery and in speed, cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from proteus.analysis.summary import interval_text
from proteus.results.coordinates import key_head
from proteus.studies.tables import markdown, number

PROTECTION = "maker_adverse_selection"  # higher is better
COSTS = {"discovery": "price_rmse", "speed": "taker_wait_filled"}  # lower is better


def frontiers(effects: pd.DataFrame) -> pd.DataFrame:
    """Return where each cell stands, relative to its baseline, and which no other cell beats.

    Parameters
        effects: of :func:`proteus.studies.tables.effects`.

    Returns
        One row per cell: its labels; ``protection``, ``discovery`` and ``speed`` (differences of
        adverse selection per lot, a loss avoided where positive, of RMSE and of the wait of those
        that fill) with ``_low`` and ``_high`` of their 95 % intervals; ``on_discovery`` and
        ``on_speed``: no other cell protects at least as well at no more cost, by the estimates.
    """
    axes = [str(name) for name in effects.columns[: list(effects.columns).index("baseline")]]
    rows = []
    for label, group in effects.groupby(axes, sort=False, dropna=False):
        found = group.set_index("variable")
        row = dict(zip(axes, label, strict=True))
        for name, variable in {"protection": PROTECTION, **COSTS}.items():
            for end, column in (("", "difference"), ("_low", "low"), ("_high", "high")):
                row[f"{name}{end}"] = found.loc[variable, column]
        rows.append(row)
    table = pd.DataFrame(rows)
    for name in COSTS:
        table[f"on_{name}"] = efficient(table["protection"].to_numpy(), table[name].to_numpy())
    return table


def efficient(gains: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Say which points no other point beats: bool [n]; NaN is beaten.

    Parameters
        gains: float64 [n], more is better. costs: float64 [n], less is better.
    """
    known = ~(np.isnan(gains) | np.isnan(costs))
    better = (gains[:, None] >= gains) & (costs[:, None] <= costs)
    strictly = better & ((gains[:, None] > gains) | (costs[:, None] < costs))
    return np.asarray(known & ~strictly[known].any(axis=0))


def on_frontier(table: pd.DataFrame, name: str, axes: Sequence[str]) -> str:
    """Write the cells on one frontier in Markdown, from little protection to much."""
    rows = [
        [*(number(row[axis]) for axis in axes), _text(row, "protection"), _text(row, name)]
        for row in table[table[f"on_{name}"]].sort_values("protection").to_dict("records")
    ]
    unit = {"discovery": "RMSE, currency", "speed": "mean wait of takers that fill, ms"}[name]
    return markdown(
        [*map(key_head, axes), "adverse-selection loss avoided, currency/lot", unit], rows
    )


def _text(row: Mapping[Any, Any], name: str) -> str:
    return interval_text(row[name], (row[f"{name}_high"] - row[f"{name}_low"]) / 2)
