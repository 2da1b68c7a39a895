"""Phase 5 beside the sweep: the same traders at leverage 1, what is at risk, how cascades differ.

The sweep compares mechanisms. Its second part is the same grid with traders who borrow nothing (the
spot arm), on the same seeds; both parts are equal in every other key and in all that is drawn.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from proteus.analysis import showing
from proteus.analysis.contrasts import unused, used
from proteus.analysis.levels import Quantity
from proteus.analysis.measures import arm, measures, points, swept, units
from proteus.analysis.statistics import power
from proteus.analysis.statistics.paired import LEVEL, contrast
from proteus.analysis.statistics.tails import expected_shortfall
from proteus.analysis.verdict import headline
from proteus.basics.versions import csv_text
from proteus.configuration import overrides
from proteus.errors import ConfigError
from proteus.plans import draws, parity, planner
from proteus.plans.plan import Plan
from proteus.results.coordinates import key_head
from proteus.studies import figures, folders
from proteus.studies.tables import by_cell, effect_text, levels, markdown, number

TARGET, PRICE_AXIS, PUBLIC = "population.leveraged.target_leverage", "environment", "oracle"
SPOT, SPOT_EFFECTS, RISK, CASCADES = "spot", "leverage.csv", "risk.csv", "cascades.svg"
FRONTIER = "frontiers.svg"
# What the phase shows, in this order; the endpoint per currency lent.
SHOWN = (
    "bad_debt_rest", "cascade_size", "cascade_lots", "liquidations", "lender_loss",
    "effective_spread", "price_rmse", "depth_best", "health_least", "leverage_mean",
    "liquidator_pnl",
)  # fmt: skip
MOVED = ("effective_spread", "quoted_spread", "price_rmse", "depth_best", "realised_volatility")
AT_RISK = ("bad_debt_rest", "cascade_lots")
SHARE = 0.05  # of the worst seeds
RESAMPLES = 2000
_SEED = 20261205
_LENT = Quantity("bad_debt_rest", "credit_lent")
_TRADE_OFFS: tuple[tuple[str | Quantity, str | Quantity], ...] = (
    ("price_rmse", _LENT), ("effective_spread", _LENT), ("effective_spread", "cascade_size"),
)  # fmt: skip


def first(dataset: xr.Dataset, folder: Path) -> list[str]:
    """Draw how long cascades are by mechanism, and return the first part of the report."""
    figures.cascades(levels(dataset, ["cascade_size"]), folder / CASCADES)
    return [
        "## Cascades",
        f"![cascade size by mechanism]({CASCADES})",
        "The longest run of liquidations, each at most 1 s after the one before: means over seeds "
        "with 95 % t intervals.",
    ]


def sections(dataset: xr.Dataset, plan: Plan, folder: Path) -> list[str]:
    """Run the spot arm, write tables and figures, and return the parts of the report.

    Parameters
        dataset: of the sweep. plan: of it. folder: of the phase.

    Raises
        ConfigError, ResultsError, RunError: as the sweep.
    """
    _draw_trade_offs(dataset, folder / FRONTIER)
    at_risk = risk(dataset, AT_RISK)
    folders.write_text(folder / RISK, csv_text(at_risk))
    with folders.executed(planner.from_words(spot_words(plan)), folder / SPOT) as spot:
        moved = against_spot(dataset, spot)
    folders.write_text(folder / SPOT_EFFECTS, csv_text(moved))
    return [
        "## Trade-offs",
        f"![trade-offs]({FRONTIER})",
        "## Risk over seeds",
        f"VaR: what the worst {SHARE:.0%} of the seeds exceed; CVaR: their mean. 95 % intervals by "
        f"bootstrap over seeds, {RESAMPLES} resamples.",
        _risk_table(at_risk),
        "## Leverage against the same traders without loans",
        "At the target minus at leverage 1, paired by seed; as above.",
        by_cell(moved, effect_text, MOVED),
        f"Parity: the parts differ in {TARGET} alone; population, credit and all other keys are "
        "equal, as are arrivals, sizes, news, signals and latencies.",
    ]


def said(dataset: xr.Dataset) -> list[str]:
    """Return the verdict on all cells in two sentences; empty where none is judged."""
    return headline(dataset)


# --- the spot arm ---------------------------------------------------------------------------------


def spot_words(plan: Plan) -> list[str]:
    """Return the words of the same grid at leverage 1; who owes nothing needs one oracle."""
    set_here = (TARGET, PRICE_AXIS, "output_dir", "+experiment", "experiment")
    kept = [word for word in plan.words if overrides.key(word) not in set_here]
    return ["+experiment=phase5", *kept, f"{PRICE_AXIS}={PUBLIC}", f"{TARGET}=1"]


def check_arms(plan: Plan, spot: Plan) -> None:
    """Check that the first cells of both parts differ in the leverage alone, and draw the same.

    Raises
        ConfigError: what else differs; nothing has run.
    """
    ours, theirs = plan.cells[0], spot.cells[0]
    found = parity.differences(parity.tree(ours), parity.tree(theirs))
    others = [one for one in found if one[0] != TARGET]
    root, first = plan.settings.seeds.root, int(plan.replicates[0])
    streams = draws.differing(*(draws.exogenous(cell, root, first) for cell in (ours, theirs)))
    if others or streams:
        what = "; ".join(filter(None, [parity.words(others), ", ".join(streams)]))
        raise ConfigError(f"the arms of phase 5 differ in more than {TARGET}: {what}")


def against_spot(dataset: xr.Dataset, spot: xr.Dataset) -> pd.DataFrame:
    """Contrast every cell with that of the same traders at leverage 1, paired by seed.

    Returns
        One row per cell and variable, with what a table of effects has.
    """
    rows = []
    listed = measures(dataset, [name for name in MOVED if name in dataset])
    for coordinates, cell in cells(dataset):
        other = spot.isel(_at(spot, coordinates))
        both = np.intersect1d(cell["seed"], other["seed"])
        found = contrast(arm(cell.sel(seed=both), listed), arm(other.sel(seed=both), listed))
        detectable = power.detectable(found.deviation, found.n)
        for at, measure in enumerate(listed):
            rows.append({
                **coordinates, "baseline": "leverage 1", "variable": measure.variable,
                "estimand": measure.estimand, "per": measure.per,
                "long_name": showing.long_name(dataset, measure.variable),
                "units": units(dataset, measure), "treated_value": float(found.treated[at]),
                "baseline_value": float(found.baseline[at]),
                "difference": float(found.difference[at]), "low": float(found.low[at]),
                "high": float(found.high[at]), "p": float(found.p[at]),
                "p_adjusted": float(found.p[at]), "detectable": float(detectable[at]),
                "n": int(found.n[at]), "note": "none" if np.isnan(found.difference[at]) else "",
            })  # fmt: skip
    return pd.DataFrame(rows)


def _at(dataset: xr.Dataset, coordinates: Mapping[str, Any]) -> dict[str, int]:
    """Return the place of the cell with these labels; a dim without one of them has one label."""
    at = {}
    for dim in swept(dataset):
        values = dataset[dim].values.tolist()
        at[dim] = values.index(coordinates[dim]) if coordinates.get(dim) in values else 0
    return at


def cells(dataset: xr.Dataset) -> Iterator[tuple[dict[str, Any], xr.Dataset]]:
    """List the cells of a sweep with their labels, as tables of a study have them."""
    idle = unused(dataset)
    for point in points(dataset):
        labels = used(dataset, point, idle)
        if labels is not None:
            yield labels, dataset.isel(point)


# --- risk -----------------------------------------------------------------------------------------


def risk(dataset: xr.Dataset, names: Sequence[str]) -> pd.DataFrame:
    """Return VaR and CVaR over seeds of losses, with percentile intervals by bootstrap.

    Parameters
        names: of variables of which more is worse, one number a lane.

    Returns
        One row per cell and variable: its labels, ``mean``, ``var``, ``cvar`` with ``_low`` and
        ``_high``, ``units`` and ``n`` seeds. The same seeds are drawn for all cells.

    **Source** Efron & Tibshirani (1993), ch. 13; Acerbi & Tasche (2002) for CVaR.
    """
    rows = []
    n = dataset.sizes["seed"]
    drawn = np.random.default_rng(_SEED).integers(0, n, (RESAMPLES, n))
    ends = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    for (labels, cell), name in itertools.product(cells(dataset), names):
        losses = cell[name].to_numpy().astype(np.float64)
        again = losses[drawn].T  # [n, resamples]
        row: dict[str, Any] = {**labels, "variable": name, "mean": float(losses.mean())}
        for what, of in (("var", _exceeded), ("cvar", _mean_beyond)):
            low, high = np.quantile(of(again), ends)
            row |= {what: float(of(losses[:, None])[0]), f"{what}_low": low, f"{what}_high": high}
        rows.append(row | {"units": dataset[name].attrs["units"], "n": n})
    return pd.DataFrame(rows)


def _exceeded(losses: np.ndarray) -> np.ndarray:
    """Return what the worst share of each column exceeds: of a sample a value of it."""
    return np.asarray(np.quantile(losses, 1 - SHARE, axis=0, method="inverted_cdf"))


def _mean_beyond(losses: np.ndarray) -> np.ndarray:
    return 0.0 - expected_shortfall(-losses, SHARE)


def _risk_table(table: pd.DataFrame) -> str:
    axes = [str(name) for name in table.columns[: list(table.columns).index("variable")]]
    varying = [axis for axis in axes if table[axis].nunique(dropna=False) > 1] or axes[:1]
    rows = [
        [*(number(row[axis]) for axis in varying), f"{row['variable']}, {row['units']}",
         f"{row['mean']:.4g}",
         *(f"{row[what]:.4g} ({row[f'{what}_low']:.4g} to {row[f'{what}_high']:.4g})"
           for what in ("var", "cvar"))]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return markdown([*map(key_head, varying), "loss", "mean", "VaR", "CVaR"], rows)


# --- figures --------------------------------------------------------------------------------------


def _draw_trade_offs(dataset: xr.Dataset, path: Path) -> None:
    from proteus import plots

    plots.save(plots.frontiers(dataset, _TRADE_OFFS), path)
