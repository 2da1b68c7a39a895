"""What a row of the registry is, and the arithmetic that rows share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.market.trading.world import World

Values = NDArray[np.float64]
NS_PER_MS = 1e6
MS_PER_S = 1e3
# Dims that a variable may have beyond the swept parameters and seed.
HORIZON = "horizon"  # time after a fill
ELAPSED = "elapsed"  # time since an intent
CLASS = "trader_class"  # class of a trader
RANK = "quote_rank"  # of a quote for a request, the accepted one first
INTENT_END = "intent_end"  # how an intent ended
GROUP = "group"  # of the population
TRADER = "trader"  # each by itself
REASON = "reason"  # why lots are not sent, or not taken, where a market has rules
EPISODE = "episode"  # days of a lane
CREDIT = "credit_side"  # debts and claims, where a market has credit
LOTS_END = "lots_end"  # what became of lots, where a market has a spoofer
TERM = "pnl_term"  # of the decomposition of PnL, where a market has rules beyond trading


class Variable(NamedTuple):
    """One measured variable."""

    name: str
    unit: str
    long_name: str  # {tau}: the longest wait that is measured
    formula: str
    source: str
    compute: Callable[[World], Values]
    dims: tuple[str, ...] = ()  # beyond the swept parameters and seed
    sign: str = ""  # what a positive value means; empty: it says itself
    needs: str = ""  # an optional dim that it goes with, beside those it has
    missing: str = ""  # why a value may not exist, in a word; empty: it always does


def long_name_of(variable: Variable, taus_ms: Iterable[float]) -> str:
    """Return the long name of a variable in cells with these longest waits, as text.

    Where they differ it says "tau", as the texts that hold for any cell do.
    """
    taus = set(taus_ms)
    tau = f"{taus.pop() / MS_PER_S:g} s" if len(taus) == 1 else "tau"
    return variable.long_name.format(tau=tau)


def ratio(numerator: NDArray[Any], denominator: Any) -> Values:
    """Divide by an array or a number; NaN where that is 0."""
    return np.asarray(numerator / np.where(denominator == 0, np.nan, denominator))


def currency(nano: NDArray[Any]) -> Values:
    """Convert nano-currency."""
    return np.asarray(nano / NANO)


def half_ticks(doubled: Values, world: World) -> Values:
    """Convert doubled ticks, as prices of which two were added, to currency."""
    return doubled / (2 * world.settings.n_ticks)


def measured_ns(world: World) -> int:
    """Return how long market quality is measured."""
    return world.settings.horizon_ns - world.settings.warmup_ns


def classes_of(world: World) -> int:
    """Return how many classes of traders are measured."""
    return int(world.sums.execution.sent.shape[1])


def has_role(world: World, role: int) -> NDArray[np.bool_]:
    """Return which traders belong to a class, bool [A]."""
    return np.asarray(world.traders.role == role)
