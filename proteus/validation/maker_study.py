"""V3: the published study of Avellaneda and Stoikov, run by a maker of the laboratory.

Four numbers at four risk aversions and for both strategies, against a table: 20,000 paths of the
model in 200 steps of time, in which the mid moves by a fair coin and at most one taker of each side
trades. Here takers come one by one, at exponential distances from the mid, and the maker moves at
once: a step has no length, which the tolerance says.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, section 3: for g = 0.1 from 1,000 paths
    a spread of 1.49, profit 65.0 (sd 6.6) and final inventory of sd 2.9.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.market.trading.world import World
from proteus.validation.comparison import Array, Comparison, mean_of, one_of, sampled
from proteus.validation.running import ROOT, compose, jumps, market, ns, poisson, simulate, trader

_TICK = 0.00001
_SCALE = 0.005  # currency in a unit of their prices
_STEPS = 200  # of their time, and moves of the mid in T here
_LOOKS = 1000  # of the maker in T, beside those at every jump and fill
_PATHS = 20_000  # behind the table
_VOLATILITY, _FILL_DECAY, _ARRIVAL_RATE = 2.0, 1.5, 140.0
_NAMES = ("mean spread", "profit", "sd of profit", "sd of final inventory")


class _Row(NamedTuple):
    """A row of the table."""

    spread: float
    profit: float
    profit_sd: float
    inventory_sd: float


STUDY: dict[tuple[float, str], _Row] = {
    (0.01, "inventory"): _Row(1.349, 68.52, 8.84, 5.19),
    (0.1, "inventory"): _Row(1.492, 64.94, 6.49, 2.92),
    (0.5, "inventory"): _Row(2.156, 48.56, 5.87, 1.96),
    (1.0, "inventory"): _Row(3.032, 31.47, 4.87, 1.65),
}


def maker_study(risk_aversion: float = 0.1, *, lanes: int = 2_000, root: int = ROOT) -> Comparison:
    """Compare spread, profit and inventory of a maker in parts with the table of a published study.

    Parameters
        risk_aversion: g, one of 0.01, 0.1, 0.5, 1. lanes, root: as in ``identities``.

    Returns
        Comparison of four numbers, in the study's unit of price and in lots.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    known = [str(g) for g, _ in STUDY]
    g = float(one_of("risk_aversion", str(float(risk_aversion)), known))
    row = STUDY[g, "inventory"]
    lanes, root = sampled(lanes, root)
    spread, profit, inventory = simulate(compose(_market(g)), lanes, root, _read).T
    profits = mean_of(profit)
    table_error = row.profit_sd / math.sqrt(_PATHS)
    risk = g * _VOLATILITY**2
    half = 0.5 * row.spread
    slope = 2 * _ARRIVAL_RATE * math.exp(-_FILL_DECAY * half) * abs(1 - _FILL_DECAY * half)
    step = risk / _STEPS
    tick = _TICK / _SCALE
    return Comparison(
        _NAMES, row, [spread.mean(), profits.value, profit.std(ddof=1), inventory.std(ddof=1)],
        [0, math.hypot(profits.error, table_error), _error_of_sd(row.profit_sd, lanes),
         _error_of_sd(row.inventory_sd, lanes)],
        lanes=lanes,
        # The mean of their spread is over the starts of steps; tables have three digits.
        tolerance=[2 * tick + 0.5 * step + risk / _LOOKS + 0.0005, slope * (tick + 0.25 * step),
                   0.01 * row.profit_sd, 0.01 * row.inventory_sd],
    )  # fmt: skip


def _error_of_sd(sd: float, lanes: int) -> float:
    """Return the standard error of the difference of two normal standard deviations."""
    return sd * math.sqrt(0.5 / lanes + 0.5 / _PATHS)


def _market(g: float) -> list[str]:
    step = _VOLATILITY * _SCALE / math.sqrt(_STEPS)
    looking = {"law": "periodic", "rate_per_s": _LOOKS, "on_news": True, "on_fill": True}
    parts = {
        "filter.belief_gain_trade": 0, "filter.belief_gain_fill": 0, "filter.belief_gain_signal": 1,
        "quoting.risk_aversion": g / _SCALE, "quoting.volatility_per_root_s": _VOLATILITY * _SCALE,
        "quoting.fill_decay": _FILL_DECAY / _SCALE, "quoting.closing_s": 1,
        "quote_lots": 1, "inventory_limit_lots": 1_000_000, "at_limit": "widen", "widen_by": 0,
    }  # fmt: skip
    taking = {"limit": "exponential", "distance": _SCALE / _FILL_DECAY}
    arriving = poisson(2 * _ARRIVAL_RATE)
    return [
        *market("clob", ns(1), tick=_TICK), *jumps(float(_STEPS), accuracy=0.5 + step),
        "filter=tape", "quoting=avellaneda_stoikov",
        *trader("quoting", "lab_maker", schedule=looking, signal={}, policy=parts),
        *trader("taking", "flow", schedule=arriving, signal={}, policy=taking),
    ]  # fmt: skip


def _read(world: World) -> Array:
    """Return mean spread, profit and final inventory of the maker, in the study's units."""
    quality = world.sums.quality
    spread = quality.spread / quality.covered / (world.settings.n_ticks * _SCALE)
    profit = world.totals.marked[:, 0] / NANO / _SCALE
    inventory = (world.ledger.bought - world.ledger.sold)[:, 0]
    return np.stack([spread, profit, inventory], axis=1)
