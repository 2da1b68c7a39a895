"""From a dataset to what is contrasted: which totals make the estimate of each variable.

A variable that is a ratio within a lane is pooled with its denominator (sum x w / sum w over the
seeds), so that a lane with two fills does not weigh as much as one with two hundred. Totals of
makers are also taken per lot (sum x / sum lots). Where the parts of a ratio or a root are not in
the dataset, what is left is a mean of lane ratios, another number with a name of its own.
Everything else is a mean over seeds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import controls
from proteus.analysis import units as seed_units
from proteus.analysis.statistics.paired import Arm, Estimate, alone
from proteus.errors import ResultsError, nearest
from proteus.market.agents.traders import CLASS_NAMES, CLASS_NOISE
from proteus.market.variables.base import CLASS, TRADER
from proteus.market.variables.dimensions import MEASURED_DIMENSIONS
from proteus.results import flags
from proteus.results.agents import UID, uids_by_trader
from proteus.results.coordinates import table_labels
from proteus.results.flags import VIOLATION

MEAN, POOLED, TOTALS = "mean", "pooled", "ratio of totals"
LANE_RATIOS = "mean of lane ratios"
READ_AT_ONCE = 1_000_000  # values of a variable; its estimate takes eight arrays of as many

# A variable that is a ratio within a lane -> its denominator.
DENOMINATORS = {
    "quoted_spread": "quoted_coverage",
    "effective_spread": "effective_lots",
    "realised_spread": "realised_lots",
    "price_impact": "realised_lots",
    "shock_half_life": "shock_recoveries",
    "sniper_race_share": "sniper_orders",
    "rfq_response_rate": "rfq_dealers_asked",
    "rfq_win_rate": "rfq_answers",
    "rfq_cover_gap": "rfq_covered_trades",
    "rfq_rejection_rate": "rfq_last_looks",
    "rfq_markout_by_rank": "rfq_ranked_trades",
    "taker_execution_error": "taker_volume_by_class",
    "taker_execution_error_by_class": "taker_volume_by_class",
    "taker_slippage": "taker_volume_by_class",
    "taker_slippage_by_class": "taker_volume_by_class",
    "taker_fill_probability": "taker_intents",
    "taker_time_to_execution": "taker_intents",
    "taker_unfilled_share": "taker_intents",
    "taker_wait_filled": "taker_intents_filled",
    "taker_wait_marketable": "taker_marketable_filled",
    "taker_end_share": "taker_intents_by_class",
    "taker_fill_incidence": "taker_intents",
    "taker_end_incidence": "taker_intents",
    "cancel_ratio_by_group": "sent_lots_by_group",
    "cancel_ratio_by_trader": "sent_lots_by_trader",
    "imbalance_before_fill_by_group": "imbalance_lots_by_group",
    "imbalance_before_fill_by_trader": "imbalance_lots_by_trader",
    "bad_debt_share": "credit_lent",
}
# Ratios, roots and medians within a lane whose parts are not measured.
UNPOOLED = (
    "maker_sharpe", "price_rmse", "realised_volatility", "taker_wait_filled_median",
    "volatility_ratio",
)  # fmt: skip
# A total of a lane -> the lots it is also taken per.
PER_LOT = {
    "maker_adverse_selection": "maker_volume_lots",
    "maker_adverse_selection_by_class": "maker_volume_by_class",
    "maker_markout": "maker_volume_lots",
    "maker_spread_captured": "maker_volume_lots",
    "maker_spread_captured_by_class": "maker_volume_by_class",
}


# A total of a lane -> the currency that it is also taken per.
PER_LENT = {"bad_debt_rest": "credit_lent"}


class Measure(NamedTuple):
    """How one variable is estimated."""

    variable: str
    estimand: str  # MEAN, POOLED, TOTALS or LANE_RATIOS
    per: str  # the denominator; empty for means

    @property
    def variables(self) -> list[str]:
        """Return the variables that its estimate is made of."""
        return [self.variable, *filter(None, [self.per])]


def check_sweep(dataset: Any) -> None:
    """Refuse what is no dataset of a sweep, or has lost what estimates need.

    Raises
        ResultsError: what it is, or what it lacks.
    """
    if not isinstance(dataset, xr.Dataset) or VIOLATION not in dataset:
        named = type(dataset).__name__
        needed = "it must be a dataset of proteus.sweep or proteus.load"
        raise ResultsError(f"a {named} is not allowed: {needed}")
    if dataset.sizes.get("seed", 0) == 0 or "seed" not in dataset.indexes:
        raise ResultsError("a dataset without seeds is not allowed: estimates are over its seeds")
    if not dataset.indexes["seed"].is_unique:
        twice = dataset.indexes["seed"]
        raise ResultsError(f"seed={twice[twice.duplicated()][0]} is there twice: each counts once")
    for name, values in dataset.data_vars.items():
        if name != VIOLATION and "units" not in values.attrs:
            raise ResultsError(f"{name} has lost its units: keep the attributes of the dataset")


def measures(dataset: xr.Dataset, names: Sequence[str] | None = None) -> list[Measure]:
    """List what can be contrasted.

    Parameters
        dataset: of a sweep. names: variables to keep; None keeps all.

    Raises
        ResultsError: a name that is no measured variable.
    """
    known = [str(name) for name in dataset.data_vars if name != VIOLATION]
    is_list = names is None or (isinstance(names, Sequence) and not isinstance(names, str))
    if not is_list or (names is not None and len(names) == 0):
        raise ResultsError(f"metrics={names!r} is not allowed: it must be a list of variables")
    for name in names or ():
        if name not in known:
            raise ResultsError(f"metric={name} is not in the results{nearest(name, known)}")
    listed = []
    for name in known if names is None else names:
        listed.append(_usual(dataset, name))
        per = {**PER_LOT, **PER_LENT}.get(name, "")
        if per in dataset:
            listed.append(Measure(name, TOTALS, per))
    return listed


def _usual(dataset: xr.Dataset, name: str) -> Measure:
    """Return how a variable is estimated where nothing else is asked for."""
    below = DENOMINATORS.get(name, "")
    if below in dataset:
        return Measure(name, POOLED, below)
    return Measure(name, LANE_RATIOS if below or name in UNPOOLED else MEAN, "")


def labels(dataset: xr.Dataset, measure: Measure) -> list[dict[str, Any]]:
    """Return the labels of the columns of a measure, one per label of the dims it has.

    Times are numbers of ms, as in all tables.
    """
    dims = _dims(dataset[measure.variable])
    values = [table_labels(dataset[dim]) for dim in dims]
    return [dict(zip(dims, label, strict=True)) for label in itertools.product(*values)]


def with_agents(table: pd.DataFrame, dataset: xr.Dataset) -> pd.DataFrame:
    """Add who a trader is, Int64, beside its name; a table that names none stays as it is."""
    uids = uids_by_trader(dataset)
    if not uids or TRADER not in table:
        return table
    found = pd.Series([uids.get(name, pd.NA) for name in table[TRADER]], table.index, "Int64")
    table.insert(list(table.columns).index(TRADER) + 1, UID, found)
    return table


def units(dataset: xr.Dataset, measure: Measure) -> str:
    """Return the unit of an estimate."""
    unit = str(dataset[measure.variable].attrs["units"])
    if measure.estimand != TOTALS:
        return unit
    below = str(dataset[measure.per].attrs["units"])
    return unit if below == "1" else f"{unit}/{below}"


def arm(cell: xr.Dataset, listed: Sequence[Measure]) -> Arm:
    """Return the totals of one cell, columns in the order of the measures and their labels.

    Parameters
        cell: dataset without swept dims; with them the columns of a measure are those of the first
            grid point, then those of the next, as :func:`points` lists them. listed: k columns.

    Returns
        Arm of float64 [n, k], a row each unit: a seed, or those that a design joins.
    """
    totals = [_totals(cell, measure) for measure in listed]
    above, below = zip(*totals, strict=True)
    made = Arm(np.concatenate(above, axis=1), np.concatenate(below, axis=1))
    widths = [each.shape[1] for each in above]
    return controls.applied(cell, seed_units.folded(cell, made), swept(cell), widths)


def estimates(dataset: xr.Dataset, measure: Measure) -> Estimate:
    """Estimate a measure in every cell of a sweep: what every table and figure shows of a cell.

    A cell in which a lane was stopped has no estimate: leaving the lane out would be selection.

    Parameters
        dataset: of a sweep, with or without swept dims; a large variable is read in parts.

    Returns
        Estimate of arrays [points, k], points as :func:`points` and k as :func:`labels` list them.
    """
    kept = dataset[[*measure.variables, VIOLATION]]
    parts = [_estimates(part, measure) for part in _slabs(kept, measure.variable)]
    return Estimate(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _estimates(dataset: xr.Dataset, measure: Measure) -> Estimate:
    """Estimate a measure in cells that are few enough, some labels of its first dim at a time."""
    parts = [_of_part(part, measure) for part in _parts(dataset, measure.variable)]
    return Estimate(*(np.concatenate(each, axis=1) for each in zip(*parts, strict=True)))


def _of_part(dataset: xr.Dataset, measure: Measure) -> Estimate:
    found = alone(arm(dataset, [measure]))
    refused = stopped(dataset)[:, None]
    shape = (len(refused), -1)
    value, low, high, deviation = (
        np.where(refused, np.nan, each.reshape(shape)) for each in found[:4]
    )
    return Estimate(value, low, high, deviation, found.n.reshape(shape))


def stopped(dataset: xr.Dataset) -> np.ndarray:
    """Say in which cells a lane was stopped, bool [points]."""
    of_lanes = flags.stopped(dataset).transpose("seed", *swept(dataset)).to_numpy()
    return np.asarray(of_lanes.any(axis=0).reshape(-1))


def _slabs(dataset: xr.Dataset, name: str) -> Iterator[xr.Dataset]:
    """Cut a dataset along its swept dims until a variable is small enough to be read."""
    axis = next((axis for axis in swept(dataset) if dataset.sizes[axis] > 1), None)
    if dataset[name].size <= READ_AT_ONCE or axis is None:
        yield dataset
        return
    for at in range(dataset.sizes[axis]):
        yield from _slabs(dataset.isel({axis: [at]}), name)


def _parts(dataset: xr.Dataset, name: str) -> Iterator[xr.Dataset]:
    """Cut a dataset along the first own dim of a variable that is too large to be read."""
    dim = next(iter(_dims(dataset[name])), None)
    if dim is None or dataset[name].size <= READ_AT_ONCE:
        yield dataset
        return
    size = dataset.sizes[dim]
    step = max(1, READ_AT_ONCE * size // dataset[name].size)
    for at in range(0, size, step):
        yield dataset.isel({dim: slice(at, at + step)})


def _totals(cell: xr.Dataset, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    values = cell[measure.variable]
    dims = ["seed", *swept(cell), *_dims(values)]
    above = values.transpose(*dims).to_numpy().astype(float)
    if not measure.per:
        return _flat(above), np.ones_like(_flat(above))
    weights = cell[measure.per]
    if CLASS in weights.dims and CLASS not in dims:
        weights = weights.sel({CLASS: CLASS_NAMES[CLASS_NOISE]}, drop=True)
    below = weights.broadcast_like(values).transpose(*dims).to_numpy().astype(float)
    if measure.estimand == POOLED:
        above = np.where(below == 0, 0.0, above * below)  # no denominator: 0 to both
    return _flat(above), _flat(below)


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


def _dims(values: xr.DataArray) -> list[str]:
    return [str(dim) for dim in values.dims if dim in MEASURED_DIMENSIONS]


def points(dataset: xr.Dataset) -> Iterator[dict[str, int]]:
    """List the grid points of a dataset, as positions on the swept dims."""
    axes = swept(dataset)
    for index in np.ndindex(*(dataset.sizes[axis] for axis in axes)):
        yield dict(zip(axes, index, strict=True))


def swept(dataset: xr.Dataset) -> list[str]:
    """Return the swept dims of a dataset, in the order of its variables."""
    variables = dataset.variables  # dataset[name] costs a hundred times more
    dims = dict.fromkeys(str(dim) for name in dataset.data_vars for dim in variables[name].dims)
    return [dim for dim in dims if dim not in ("seed", *MEASURED_DIMENSIONS)]
