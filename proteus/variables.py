"""The registry of measured variables: one row and one function each.

A row declares name, dims, unit, sign, formula and source; it feeds the dataset attributes. The
function reads the sums of a block of lanes and returns float64 [L, *dims] in the row's unit. A
value that does not exist is NaN, never zero.

Sources
    MODEL: the model page of the project. F&P&R: Foucault, Pagano & Roell, Market Liquidity, ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.accounting import CASH, OTHER_ACCOUNTS, VENUE
from proteus.metrics import NANO
from proteus.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER
from proteus.world import World

Values = NDArray[np.float64]
_NS_PER_MS = 1e6


class Variable(NamedTuple):
    """One measured variable."""

    name: str
    dims: tuple[str, ...]  # beyond the swept parameters and seed
    unit: str
    long_name: str
    sign: str
    formula: str
    source: str
    compute: Callable[[World], Values]


def measure(world: World) -> dict[str, Values]:
    """Return every declared variable of a finished block, float64 [L, *dims]."""
    return {variable.name: variable.compute(world) for variable in VARIABLES}


def _ratio(numerator: Values, denominator: Values) -> Values:
    """Divide; NaN where the denominator is 0."""
    quotient = np.full(np.shape(numerator), np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient


def _has_role(world: World, role: int) -> NDArray[np.bool_]:
    """Return which traders belong to a class, bool [A]."""
    return np.asarray(world.traders.role == role)


def _pnl_marked(role: int) -> Callable[[World], Values]:
    return lambda world: world.totals.marked[:, _has_role(world, role)].sum(axis=1) / NANO


def _maker_pnl_settled(world: World) -> Values:
    settled = world.totals.settled[:, _has_role(world, CLASS_MAKER)]
    return np.asarray(settled.sum(axis=1) / NANO)


def _pnl_venue(world: World) -> Values:
    venue = world.ledger.balance.shape[1] - OTHER_ACCOUNTS + VENUE
    return np.asarray(world.ledger.balance[:, venue, CASH] / NANO)


def _adverse_selection(world: World) -> Values:
    return np.asarray(world.sums.adverse / NANO)


def _markout(world: World) -> Values:
    return np.asarray((world.sums.captured[:, None] + world.sums.adverse) / NANO)


def _quoted_spread(world: World) -> Values:
    ticks = _ratio(world.sums.spread.astype(float), world.sums.covered.astype(float))
    return ticks / world.settings.n_ticks


def _quoted_coverage(world: World) -> Values:
    return np.asarray(world.sums.covered / _measured_ns(world))


def _effective_spread(world: World) -> Values:
    return _ratio(world.sums.effective, world.sums.effective_lots) / world.settings.n_ticks


def _price_rmse(world: World) -> Values:
    mean_square = world.sums.square_error / (_measured_ns(world) / NANO)
    return np.asarray(np.sqrt(np.maximum(mean_square, 0.0)))


def _measured_ns(world: World) -> int:
    return world.settings.horizon_ns - world.settings.warmup_ns


def _fill_probability(world: World) -> Values:
    return _ratio(world.sums.intents_filled.astype(float), world.sums.intents.astype(float))


def _time_to_execution(world: World) -> Values:
    waited = world.sums.waited / _NS_PER_MS
    return _ratio(waited, world.sums.intents.astype(float))


def _pnl_row(role: int, name: str, title: str) -> Variable:
    return Variable(
        f"pnl_{name}", (), "currency", f"PnL of all {title}, marked at v_T",
        "positive: they win", "sum over traders of cash + lots v_T", "MODEL 24",
        _pnl_marked(role),
    )  # fmt: skip


VARIABLES: tuple[Variable, ...] = (
    Variable(
        "maker_pnl_settled", (), "currency", "PnL of all makers, settled at X",
        "positive: makers win", "sum over makers of cash + lots X", "DESIGN 6",
        _maker_pnl_settled,
    ),
    Variable(
        "maker_pnl_marked", (), "currency", "PnL of all makers, marked at v_T",
        "positive: makers win", "sum over makers of cash + lots v_T", "MODEL 24",
        _pnl_marked(CLASS_MAKER),
    ),
    Variable(
        "maker_adverse_selection", ("horizon",), "currency", "adverse selection of makers",
        "negative: makers lose", "sum over maker fills of q (v(t + h) - m)", "MODEL 23",
        _adverse_selection,
    ),
    Variable(
        "maker_spread_captured", (), "currency", "spread captured by makers",
        "positive: bought below or sold above the belief",
        "sum over maker fills of q (m - P)", "MODEL 23",
        lambda world: world.sums.captured / NANO,
    ),
    Variable(
        "maker_markout", ("horizon",), "currency", "markout of makers against v",
        "positive: makers win", "sum over maker fills of q (v(t + h) - P)", "MODEL 23",
        _markout,
    ),
    Variable(
        "maker_volume_lots", (), "lots", "lots filled by makers", "",
        "sum over maker fills of |q|", "DESIGN 6",
        lambda world: world.sums.maker_lots.astype(float),
    ),
    Variable(
        "quoted_spread", (), "currency", "quoted spread of the published book",
        "positive", "time average of ask - bid while both sides exist, after the warm-up",
        "F&P&R; MODEL 27", _quoted_spread,
    ),
    Variable(
        "quoted_coverage", (), "1", "share of time with both sides published", "",
        "time with bid and ask / (T - warm-up)", "MODEL 27", _quoted_coverage,
    ),
    Variable(
        "effective_spread", (), "currency", "effective spread of takers against makers",
        "positive: takers pay",
        "lot average of 2 d (P - reference just before the intent), after the warm-up",
        "F&P&R; MODEL 25", _effective_spread,
    ),
    Variable(
        "price_rmse", (), "currency", "root mean square error of the public reference price",
        "positive", "sqrt(time average of (reference - v)^2), after the warm-up",
        "MODEL 9, 27", _price_rmse,
    ),
    Variable(
        "taker_fill_probability", (), "1", "probability of a first fill of a noise intent by tau",
        "", "noise intents with a fill within tau / noise intents up to T - tau", "MODEL 26",
        _fill_probability,
    ),
    Variable(
        "taker_time_to_execution", (), "ms", "restricted mean time to first fill of noise intents",
        "positive", "mean of min(time to first fill, tau); cancelled or expired counts tau",
        "MODEL 26", _time_to_execution,
    ),
    _pnl_row(CLASS_NOISE, "noise", "noise traders"),
    _pnl_row(CLASS_INFORMED, "informed", "informed traders"),
    _pnl_row(CLASS_MAKER, "maker", "makers"),
    _pnl_row(CLASS_SNIPER, "sniper", "snipers"),
    Variable(
        "pnl_venue", (), "currency", "PnL of the venue", "positive: the venue earns",
        "fees received; the PnL of all classes and the venue sums to zero", "DESIGN 5",
        _pnl_venue,
    ),
    Variable(
        "n_events", (), "1", "entries taken from the event queue that did work", "", "count",
        "DESIGN 6", lambda world: world.progress.events.astype(float),
    ),
    Variable(
        "n_messages", (), "1", "orders, cancels and replaces that reached the mechanism", "",
        "count", "DESIGN 6", lambda world: world.progress.messages.astype(float),
    ),
    Variable(
        "n_fills", (), "1", "fills", "", "count", "DESIGN 6",
        lambda world: world.progress.fills.astype(float),
    ),
)  # fmt: skip
