"""V22: the published study of Avellaneda and Stoikov, by a maker in parts.

Four numbers at four risk aversions against a table: 20,000 paths of the model in 200 steps. In each
the maker quotes, a taker of either side comes to a quote at distance d with probability
min(1, A dt exp(-k d)), and the mid moves. Here the maker looks once in a step, a taker of either
side comes once, at an exponential distance shifted by ln(A dt) / k, and the mid moves on the grid
of the news. When in a step each of them comes is drawn for each lane; a lane counts where the maker
is the first, so that takers stand by the same mid. Nothing else depends on these times.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, section 3: for g = 0.1 from 1,000 paths
    a spread of 1.49, profit 65.0 (sd 6.6) and final inventory of sd 2.9.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NANO
from proteus.market.trading.world import World
from proteus.recording.columns import BOOK
from proteus.validation.comparison import Array, Comparison, mean_of, one_of, sampled
from proteus.validation.logs import is_row
from proteus.validation.running import ROOT, compose, market, ns, simulate, trader

_TICK = 0.00001
_SCALE = 0.005  # currency in a unit of their prices
_STEPS = 200  # in T = 1
_STEP_NS = NANO // _STEPS
_SETTLED_NS = 10  # after a look both quotes stand
_LANES_FOR_ONE = 3  # of three times in a step each is the first as often
_PATHS = 20_000  # behind the table
_VOLATILITY, _FILL_DECAY, _ARRIVAL_RATE = 2.0, 1.5, 140.0
_NAMES = ("mean spread", "profit", "sd of profit", "sd of final inventory")


class _Row(NamedTuple):
    """A row of the table."""

    spread: float
    profit: float
    profit_sd: float
    inventory_sd: float


STUDY: dict[float, _Row] = {
    0.01: _Row(1.349, 68.52, 8.84, 5.19),
    0.1: _Row(1.492, 64.94, 6.49, 2.92),
    0.5: _Row(2.156, 48.56, 5.87, 1.96),
    1.0: _Row(3.032, 31.47, 4.87, 1.65),
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
    known = [str(g) for g in STUDY]
    g = float(one_of("risk_aversion", str(float(risk_aversion)), known))
    row = STUDY[g]
    lanes, root = sampled(lanes, root)
    spread, profit, inventory = study_lanes(g, lanes=lanes, root=root)
    found, profits = len(profit), mean_of(profit)
    risk, tick = g * _VOLATILITY**2, _TICK / _SCALE
    slope = 2 * _ARRIVAL_RATE * math.exp(-_FILL_DECAY * 0.5 * row.spread)
    step = risk / _STEPS
    return Comparison(
        _NAMES, row, [spread.mean(), profits.value, profit.std(ddof=1), inventory.std(ddof=1)],
        [0, math.hypot(profits.error, row.profit_sd / math.sqrt(_PATHS)),
         _error_of_sd(row.profit_sd, found), _error_of_sd(row.inventory_sd, found)],
        lanes=found,
        # The maker looks up to a step late; prices are rounded outward; tables have few digits.
        tolerance=[2 * tick + 0.5 * step + 0.0005, slope * tick + 0.005, 0.005, 0.005],
    )  # fmt: skip


def study_lanes(
    g: float, half_spread: float | None = None, *, lanes: int, root: int
) -> tuple[Array, Array, Array]:
    """Run the study and return spread, profit and final inventory of the lanes that count.

    Parameters
        g: risk aversion. half_spread: None for the maker who leans on its inventory; else the
        maker quotes always so far from the mid, in the study's unit of price.
        lanes: about how many count. root: root seed.
    """
    spread, profit, inventory, counts = simulate(
        compose(_market(g, half_spread)), _LANES_FOR_ONE * lanes, root, _read, recorded=True
    ).T
    chosen = counts > 0
    return spread[chosen], profit[chosen], inventory[chosen]


def _error_of_sd(sd: float, lanes: int) -> float:
    """Return the standard error of the difference of two normal standard deviations."""
    return sd * math.sqrt(0.5 / lanes + 0.5 / _PATHS)


def _market(g: float, half_spread: float | None = None) -> list[str]:
    periodic = {"law": "periodic", "rate_per_s": _STEPS, "on_news": False, "on_fill": False}
    parts = {
        "filter.belief_gain_trade": 0, "filter.belief_gain_fill": 0, "filter.belief_gain_signal": 1,
        "quote_lots": 1, "inventory_limit_lots": 1_000_000, "at_limit": "widen", "widen_by": 0,
    }  # fmt: skip
    if half_spread is None:
        rule = "avellaneda_stoikov"
        parts |= {
            "quoting.risk_aversion": g / _SCALE,
            "quoting.volatility_per_root_s": _VOLATILITY * _SCALE,
            "quoting.fill_decay": _FILL_DECAY / _SCALE, "quoting.closing_s": 1,
        }  # fmt: skip
    else:
        rule = "fixed"
        parts["quoting.half_spread"] = half_spread * _SCALE
    shift = math.log(_ARRIVAL_RATE / _STEPS) / _FILL_DECAY
    taking = {
        "limit": "exponential", "distance": _SCALE / _FILL_DECAY, "shift": shift * _SCALE,
    }  # fmt: skip
    moving = 4 * _VOLATILITY * _SCALE  # of log-odds, near p = 0.5
    return [
        *market("clob", ns(1), tick=_TICK), f"latent.total_variance={moving**2!r}",
        f"latent.dt={1000 / _STEPS!r}", "filter=tape", f"quoting={rule}",
        *trader("quoting", "lab_maker", schedule=periodic, signal={}, policy=parts),
        *(each for side in ("buy", "sell") for each in trader(
            f"to_{side}", "flow", schedule=periodic, signal={}, policy={**taking, "side": side}
        )),
    ]  # fmt: skip


def _read(world: World) -> Array:
    """Return spread, profit, inventory of the maker in the study's units, and whether it counts."""
    profit = world.totals.marked[:, 0] / NANO / _SCALE
    inventory = (world.ledger.bought - world.ledger.sold)[:, 0]
    phases = world.private.anchor % _STEP_NS
    counts = (phases[:, 1] > phases[:, 0]) & (phases[:, 2] > phases[:, 0])
    return np.stack([_spreads(world, phases[:, :1]), profit, inventory, counts], axis=1)


def _spreads(world: World, looks: NDArray[np.int64]) -> Array:
    """Return the mean of the spreads just after looks; in between, fills leave one side alone."""
    log = world.log
    after = log.time - looks
    is_quoted = is_row(world, BOOK) & (log.low > 0) & (log.high > 0)
    lanes, rows = np.nonzero(is_quoted & (after >= 0) & (after % _STEP_NS < _SETTLED_NS))
    spreads = np.full((len(log.time), _STEPS), np.nan)
    steps = after[lanes, rows] // _STEP_NS
    spreads[lanes, steps] = (log.high - log.low)[lanes, rows]  # the last of a look stays
    mean: Array = np.nanmean(spreads, axis=1) / (world.settings.n_ticks * _SCALE)
    return mean
