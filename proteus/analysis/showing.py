"""How an estimate is called and signed for a reader; nothing else decides it.

Datasets and tables for machines carry every variable with the sign that it declares. Pages, figures
and the terminal show a loss as a loss: a positive number, lower is better.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from proteus.analysis.measures import LANE_RATIOS, MEAN, PER_LOT, POOLED, TOTALS, Measure

# A variable that is negative where something is lost -> what it is called as a loss.
LOSSES = {
    "maker_adverse_selection": "adverse-selection loss",
    "maker_adverse_selection_by_class": "adverse-selection loss by counterparty",
}
# What is not well called by its words.
_NAMES = {
    "maker_pnl_marked": "maker PnL",
    "pnl_maker": "maker PnL",
    "pnl_noise": "noise traders' PnL",
    "pnl_informed": "informed traders' PnL",
    "pnl_sniper": "snipers' PnL",
    "pnl_spoofer": "spoofers' PnL",
    "pnl_venue": "PnL of the venue",
    "volume_lots": "lots traded",
    "price_rmse": "price RMSE",
    "time_to_finality": "time until a fill is final",
    "pending_value_mean": "value not final, mean over time",
    "pending_value_most": "value not final, largest",
    "pending_at_end": "value not final at the end",
    "reverted_share": "share of lots reverted by forks",
    "block_wait": "wait of a message for its block",
    "reordered_share": "share of messages that overtook others",
    "messages_stuck": "messages that no block took",
    "oracle_error_rmse": "oracle RMSE",
    "oracle_reports": "reports of the oracle",
    "bad_debt_rest": "bad debt without a jump",
    "cascade_size": "liquidations of the longest cascade",
    "cascade_lots": "lots of the longest cascade",
    "health_least": "least health factor",
    "leverage_mean": "mean leverage of who owes",
    "liquidator_pnl": "liquidators' PnL",
}
# What a ratio of totals is per, where not a lot.
_PER = {"credit_lent": "currency lent"}
# What is measured up to tau, which the long name in a dataset says in seconds.
_OF_TAU = (
    "taker_time_to_execution", "taker_unfilled_share", "taker_wait_filled",
    "taker_wait_filled_median", "taker_wait_marketable",
)  # fmt: skip
SMALLEST_P = 1e-16  # smaller ones are rounding of the t distribution


class Shown(NamedTuple):
    """An estimate with its interval, as a reader sees it; currency, lots, ..."""

    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Return half the width of the interval."""
        return (self.high - self.low) / 2


def called(measure: Measure, dataset: xr.Dataset) -> str:
    """Name what is estimated, as "adverse-selection loss per lot"."""
    return _called(measure, long_name(dataset, measure.variable))


def called_in(row: Mapping[Any, Any]) -> str:
    """Name what a row of a table is about, by its ``variable``, ``estimand`` and ``per``."""
    measure = Measure(row["variable"], row["estimand"], row["per"])
    return _called(measure, str(row["long_name"]))


def long_name(dataset: xr.Dataset, variable: str) -> str:
    """Return the long name that a dataset gives a variable, or its name in words."""
    return str(dataset[variable].attrs.get("long_name", _plain(variable)))


def _called(measure: Measure, long_name: str) -> str:
    name = {**_NAMES, **LOSSES}.get(measure.variable, _plain(measure.variable))
    if measure.variable in _OF_TAU:
        name = long_name
    if measure.estimand == TOTALS:
        per = "lot" if measure.per in PER_LOT.values() else _PER.get(measure.per, "")
        return f"{name} per {per or _plain(measure.per)}"
    return f"{name}, mean of lanes" if measure.estimand == LANE_RATIOS else name


def estimand_text(measure: Measure) -> str:
    """Say what is estimated, for a heading."""
    return {
        MEAN: "mean over seeds",
        POOLED: f"total over total of all seeds, by {_plain(measure.per)}",
        TOTALS: "total over total of all seeds",
        LANE_RATIOS: "mean over seeds of what is a ratio in each",
    }[measure.estimand]


def _plain(name: str) -> str:
    return name.replace("_", " ")


def sign(variable: str) -> int:
    """Return -1 where the variable is shown with the other sign, as a loss; else 1."""
    return -1 if variable in LOSSES else 1


def shown(variable: str, value: Any, low: Any, high: Any) -> Shown:
    """Return an estimate or a difference of a variable as a reader sees it."""
    if sign(variable) > 0:
        return Shown(float(value), float(low), float(high))
    return Shown(-float(value) + 0.0, -float(high) + 0.0, -float(low) + 0.0)


def better(variable: str, declared: str) -> str:
    """Say which direction of the shown number is better.

    Parameters
        declared: "higher" or "lower", of the variable itself.
    """
    if sign(variable) > 0:
        return declared
    return {"higher": "lower", "lower": "higher"}[declared]


def p_text(p: float) -> str:
    """Write a p value with its sign of relation, as "= 0.012" or "< 1e-16"; never zero."""
    if np.isnan(p):
        return "= none"
    return f"< {SMALLEST_P:g}" if p < SMALLEST_P else f"= {p:.2g}"


def p_alone(p: float) -> str:
    """Write a p value for a column of its own, as "0.012" or "< 1e-16"."""
    return p_text(p).removeprefix("= ")
