"""Which makers survive: profit that is not luck, and risk that most seeds respect.

Source
    Bonferroni (1936), for intervals that hold together.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import stdtrit

from proteus.analysis.measures import arm, estimates, measures, swept
from proteus.analysis.statistics.paired import LEVEL, alone
from proteus.configuration.design import POINT
from proteus.configuration.study import Survival
from proteus.errors import ResultsError
from proteus.results import flags
from proteus.results.coordinates import CELL


def judge(dataset: xr.Dataset, rule: Survival, together: int = 1) -> pd.DataFrame:
    """Judge every point of a design, or grid point of a sweep, by the rule of survival.

    Parameters
        dataset: of a sweep of one mechanism.
        together: number of intervals that shall hold at once with 95 %.

    Returns
        One row per cell: its labels and designed values; mean ``pnl`` of all makers marked at v_T
        with ``low`` and ``high``, currency; ``within``, share of seeds that respect inventory and
        drawdown; ``inventory_95`` (lots), ``drawdown_95`` (currency), their 95 % points;
        ``spread``, quoted spread, currency; ``n`` seeds; ``survives``.

    Raises
        ResultsError: a lane was stopped: what is left would be a selection.
    """
    stopped = int(flags.stopped(dataset).sum())
    if stopped:
        raise ResultsError(f"no maker can be judged: {stopped} lanes broke an invariant")
    data = dataset.isel(mechanism=0, delta=0, drop=True)
    respected = (data["maker_inventory_most"] <= rule.largest_inventory_lots) & (
        data["maker_max_drawdown"] <= rule.largest_drawdown
    )
    axes = swept(data)
    shape = [data.sizes[axis] for axis in axes]
    pnl, spread = measures(data, ["maker_pnl_marked", "quoted_spread"])
    found = alone(arm(data, [pnl]), 1 - (1 - LEVEL) / together)
    columns = {
        "pnl": (axes, found.value.reshape(shape)),
        "low": (axes, found.low.reshape(shape)),
        "high": (axes, found.high.reshape(shape)),
        "within": respected.mean("seed"),
        "inventory_95": data["maker_inventory_most"].quantile(0.95, "seed"),
        "drawdown_95": data["maker_max_drawdown"].quantile(0.95, "seed"),
        "spread": (axes, estimates(data, spread).value.reshape(shape)),
    }
    coordinates = {
        name: values
        for name, values in data.coords.items()
        if {*values.dims} <= {*axes} and name != CELL
    }
    table = xr.Dataset(columns, coordinates).drop_vars("quantile", errors="ignore").to_dataframe()
    table = table.reset_index().assign(n=data.sizes["seed"])
    table["survives"] = (table["low"] > 0) & (table["within"] >= rule.share_of_seeds)
    return table


def ranked(table: pd.DataFrame) -> list[int]:
    """Return the points that survive, narrowest spread first: who lives on least is chosen first.

    The most profitable would be the widest: profit says who earns rents, not who is competitive.
    """
    found = table[table["survives"]].sort_values(["spread", POINT])
    return [int(point) for point in found[POINT]]


def bites(dataset: xr.Dataset, axis: str) -> tuple[float, float, float]:
    """Contrast the ends of an axis: what makers lose from its first value to its last.

    Returns
        Mean difference of marked PnL over the seeds, averaged over the other axes, and its 95 %
        t interval, currency; it bites where the interval lies below zero.
    """
    pnl = dataset["maker_pnl_marked"]
    moved = pnl.isel({axis: -1}) - pnl.isel({axis: 0})
    per_seed = moved.mean([dim for dim in moved.dims if dim != "seed"]).to_numpy()
    n = len(per_seed)
    half = stdtrit(n - 1, (1 + LEVEL) / 2) * per_seed.std(ddof=1) / np.sqrt(n)
    return float(per_seed.mean()), float(per_seed.mean() - half), float(per_seed.mean() + half)
