"""Maker PnL by counterparty, in total and per lot: who pays makers, and whom they pay.

Against one class of counterparty makers win, at the fill, what is between its price and the fair
value; what the price does later to the lots they hold is nobody's in particular:

    PnL = sum over classes of sum over fills of q (v(t) - P) + later moves of what they hold

The first is spread captured plus adverse selection at the fill, split by lots of the other side.
The part of snipers is the sniping loss of makers, where it is negative.

Source
    Foucault, Pagano & Roell, Market Liquidity, ch. 2. Budish, Cramton & Shim (2015) QJE 130:1547.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import units
from proteus.analysis.contrasts import unused, used
from proteus.analysis.measures import check_sweep, points, stopped, swept
from proteus.analysis.statistics.paired import Arm, Estimate, alone
from proteus.errors import ResultsError
from proteus.market.variables.base import CLASS, HORIZON

CAPTURED, LOST = "maker_spread_captured_by_class", "maker_adverse_selection_by_class"
LOTS, ALL_LOTS, PNL = "maker_volume_by_class", "maker_volume_lots", "maker_pnl_marked"
HELD, ALL = "moves of what they hold", "all"


def maker_pnl(dataset: xr.Dataset) -> pd.DataFrame:
    """Split the PnL of makers, marked at v_T, by class of counterparty.

    Parameters
        dataset: of a sweep.

    Returns
        One row per cell and part: the swept keys (NaN for one that the mechanism does not use),
        ``counterparty`` (a class; what the price does later to what makers hold; all), ``total``
        (mean over seeds, currency), ``per_lot`` (total over total, per lot traded with that class;
        the last two per lot of all), each with its 95 % t interval ``_low`` and ``_high``, and
        ``lots`` (mean over seeds). A cell with a stopped lane has none.

    Invariants
        The totals of classes and of what is held sum to that of all.

    Raises
        ResultsError: no dataset of a sweep, or a variable that the split is made of is missing.
    """
    check_sweep(dataset)
    for name in (CAPTURED, LOST, LOTS, ALL_LOTS, PNL):
        if name not in dataset:
            raise ResultsError(f"{name} is not in the results: maker PnL is split with it")
    parts, lots = _parts(dataset)
    total = _estimated(dataset, parts, np.ones_like(parts))
    per_lot = _estimated(dataset, parts, lots)
    traded = _estimated(dataset, lots, np.ones_like(lots))
    names = [*map(str, dataset[CLASS].values), HELD, ALL]
    rows: list[dict[str, Any]] = []
    idle = unused(dataset)
    for at, point in enumerate(points(dataset)):
        coordinates = used(dataset, point, idle)
        for k, name in enumerate(names) if coordinates is not None else ():
            rows.append(
                {
                    **(coordinates or {}),
                    "counterparty": name,
                    **_columns("total", total, at, k),
                    **_columns("per_lot", per_lot, at, k),
                    "lots": traded.value[at, k],
                }
            )
    return pd.DataFrame(rows)


def _parts(dataset: xr.Dataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the PnL of each part and its lots, float64 [seeds, points, classes + 2]."""
    dims = ["seed", *swept(dataset)]
    by = dataset[CAPTURED] + dataset[LOST].isel({HORIZON: 0}, drop=True)  # at the fill
    classes = _flat(by, [*dims, CLASS])
    traded = _flat(dataset[LOTS], [*dims, CLASS])
    whole, lots = (_flat(dataset[name], dims) for name in (PNL, ALL_LOTS))
    held = whole - classes.sum(axis=-1)
    return (
        np.concatenate([classes, np.stack([held, whole], axis=-1)], axis=-1),
        np.concatenate([traded, np.stack([lots, lots], axis=-1)], axis=-1),
    )


def _flat(values: xr.DataArray, dims: list[str]) -> np.ndarray:
    """Return values as float64 [seeds, points] or [seeds, points, classes]."""
    found = values.transpose(*dims).to_numpy().astype(float)
    tail = found.shape[-1:] if dims[-1] == CLASS else ()
    return found.reshape(len(found), -1, *tail)


def _estimated(dataset: xr.Dataset, above: np.ndarray, below: np.ndarray) -> Estimate:
    """Estimate every part of every cell, [points, parts]; NaN where a lane was stopped."""
    arm = Arm(above.reshape(len(above), -1), below.reshape(len(below), -1))
    found = alone(units.folded(dataset, arm))
    shape = above.shape[1:]
    refused = stopped(dataset)[:, None]
    value, low, high, deviation = (
        np.where(refused, np.nan, each.reshape(shape)) for each in found[:4]
    )
    return Estimate(value, low, high, deviation, found.n.reshape(shape))


def _columns(name: str, found: Estimate, at: int, k: int) -> dict[str, float]:
    return {
        name: found.value[at, k], f"{name}_low": found.low[at, k],
        f"{name}_high": found.high[at, k],
    }  # fmt: skip
