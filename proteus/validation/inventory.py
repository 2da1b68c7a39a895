"""V3: a maker who leans on its inventory, against takers at exponential distances from the mid.

The spread has a closed form. Profit and inventory have none: they are compared, as two samples,
with the model simulated apart, event by event in NumPy.

Source
    Avellaneda & Stoikov (2008) Quantitative Finance 8:217, sections 2.5 and 3.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from proteus.basics.units import NANO
from proteus.market.trading.world import World
from proteus.recording.columns import BOOK
from proteus.validation.comparison import Array, Comparison, between, mean_of, one_of, sampled
from proteus.validation.logs import is_row
from proteus.validation.running import ROOT, compose, jumps, market, ns, poisson, simulate, trader

_TICK = 0.00001
_SCALE = 0.005  # currency in a unit of their prices
_MOVES = 200  # jumps of the mid in T: a walk of steps sigma sqrt(T / 200)
_LOOKS = 1000  # of the maker in T, beside those at every jump and fill
_REFERENCE_PATHS = 4  # for each lane
_NAMES = ("spread at 0", "mean spread", "profit", "variance of final inventory")


class _Model(NamedTuple):
    """Their parameters, with T = 1."""

    g: float
    s: float
    k: float
    a: float
    leans: bool

    @property
    def least(self) -> float:
        """Return (2 / g) ln(1 + g / k)."""
        return 2 / self.g * math.log1p(self.g / self.k)

    @property
    def risk(self) -> float:
        """Return g s^2."""
        return self.g * self.s**2


def avellaneda_stoikov(
    risk_aversion: float = 0.1, volatility: float = 2, fill_decay: float = 1.5,
    arrival_rate: float = 140, strategy: str = "inventory",
    *, lanes: int = 2_000, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare spreads with g s^2 (T - t) + (2 / g) ln(1 + g / k), profit and inventory with a twin.

    The mid walks in Poisson steps; takers of either side arrive at rate A and trade at distance d
    with probability min(1, exp(-k d)). T = 1, prices in units of theirs.

    Parameters
        risk_aversion: g, 0.001 .. 1. volatility: s, 0.1 .. 4. fill_decay: k, 0.5 .. 5.
        arrival_rate: A of either side, 1 .. 500. strategy: inventory or symmetric.
        lanes, root: as in ``identities``.

    Returns
        Comparison of four numbers: the spread at the start, its mean until T and the profit, in the
        theory's unit of price, and the variance of the inventory at T (lots^2).

    Raises
        ConfigError: a parameter that is not allowed.
    """
    model = _Model(
        between("risk_aversion", risk_aversion, 0.001, 1, ends=True),
        between("volatility", volatility, 0.1, 4, ends=True),
        between("fill_decay", fill_decay, 0.5, 5, ends=True),
        between("arrival_rate", arrival_rate, 1, 500, ends=True),
        one_of("strategy", strategy, ("inventory", "symmetric")) == "inventory",
    )
    lanes, root = sampled(lanes, root)
    first, mean, profit, inventory = simulate(
        compose(_market(model)), lanes, root, _read, recorded=True
    ).T
    twin_profit, twin_inventory = _twin(model, _REFERENCE_PATHS * lanes, root)
    profits, twin_profits = mean_of(profit), mean_of(twin_profit)
    squares, twin_squares = mean_of(inventory**2), mean_of(twin_inventory**2)
    tick, half = _TICK / _SCALE, 0.5 * (model.risk / 2 + model.least)
    slope = 2 * model.a * math.exp(-model.k * half) * abs(1 - model.k * half)
    return Comparison(
        _NAMES,
        [model.risk + model.least, model.risk / 2 + model.least, twin_profits.value,
         twin_squares.value],
        [first.mean(), mean.mean(), profits.value, squares.value],
        [0, 0, math.hypot(profits.error, twin_profits.error),
         math.hypot(squares.error, twin_squares.error)],
        lanes=lanes,
        tolerance=[2 * tick + model.risk * 2 / _LOOKS, 2 * tick + model.risk / _LOOKS,
                   slope * tick, 0],
    )  # fmt: skip


def _market(model: _Model) -> list[str]:
    step = model.s * _SCALE / math.sqrt(_MOVES)
    looking = {"law": "periodic", "rate_per_s": _LOOKS, "on_news": True, "on_fill": True}
    quoting = {
        "risk_aversion": model.g / _SCALE, "volatility": model.s * _SCALE,
        "fill_decay": model.k / _SCALE, "closing_s": 1, "symmetric": not model.leans,
    }  # fmt: skip
    taking = {"limit": "exponential", "distance": _SCALE / model.k}
    return [
        *market("clob", ns(1), tick=_TICK), *jumps(float(_MOVES), accuracy=0.5 + step),
        *trader("quoting", "avellaneda_stoikov", schedule=looking, signal={}, policy=quoting),
        *trader("taking", "flow", schedule=poisson(2 * model.a), signal={}, policy=taking),
    ]  # fmt: skip


def _read(world: World) -> Array:
    """Return first and mean spread, profit and final inventory of the maker, in their units."""
    log, quality = world.log, world.sums.quality
    two_sided = is_row(world, BOOK) & (log.low > 0) & (log.high > 0)
    at = np.arange(len(log.low)), two_sided.argmax(axis=1)
    unit = world.settings.n_ticks * _SCALE
    first = (log.high[at] - log.low[at]) / unit
    mean = quality.spread / quality.covered / unit
    profit = world.totals.marked[:, 0] / NANO / _SCALE
    inventory = (world.ledger.bought - world.ledger.sold)[:, 0]
    return np.stack([first, mean, profit, inventory], axis=1)


def _twin(model: _Model, paths: int, seed: int) -> tuple[Array, Array]:
    """Simulate profit and final inventory of the model, with NumPy's own random numbers."""
    generator = np.random.default_rng(seed)
    events = generator.poisson(_MOVES + 2 * model.a, paths)
    times = generator.random((events.max(), paths))
    times[np.arange(len(times))[:, None] >= events] = 2.0  # never
    times.sort(axis=0)
    mid, cash, held = np.zeros(paths), np.zeros(paths), np.zeros(paths)
    step = model.s / math.sqrt(_MOVES)
    for time in times:
        happens = time < 1.0
        side = np.where(generator.random(paths) < 0.5, 1.0, -1.0)  # +1: up, or a taker who buys
        is_move = generator.random(paths) < _MOVES / (_MOVES + 2 * model.a)
        risk = model.risk * (1 - time)
        quote = mid - model.leans * held * risk + side * 0.5 * (risk + model.least)
        reach = generator.exponential(1 / model.k, paths)
        trades = happens & ~is_move & (side * (quote - mid) <= reach)
        cash += np.where(trades, side * quote, 0.0)
        held -= np.where(trades, side, 0.0)
        mid += np.where(happens & is_move, side * step, 0.0)
    return cash + held * mid, held
