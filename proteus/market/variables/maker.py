"""What is measured of market makers, together."""

from __future__ import annotations

import numpy as np

from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    HORIZON,
    Values,
    Variable,
    currency,
    half_ticks,
    has_role,
    ratio,
)


def _pnl_settled(world: World) -> Values:
    return currency(world.totals.settled @ has_role(world, CLASS_MAKER))


def _pnl_marked(world: World) -> Values:
    return currency(world.totals.marked @ has_role(world, CLASS_MAKER))


def _sharpe(world: World) -> Values:
    risk = world.sums.risk
    mean = ratio(risk.moves, risk.steps)
    squares = risk.move_squares - risk.steps * mean * mean
    # Equal increments leave a sum of squares that is zero but for the last bit.
    rounding = 1e-12 * risk.move_squares
    variance = ratio(np.where(squares > rounding, squares, 0.0), risk.steps - 1)
    return ratio(mean, np.sqrt(variance))


def _inventory_square(world: World) -> Values:
    """Return the mean over makers of the time average of I^2."""
    makers = has_role(world, CLASS_MAKER)
    total = world.sums.risk.square[:, makers].sum(axis=1)
    return ratio(total, makers.sum() * world.settings.horizon_ns)


def _inventory_variance(world: World) -> Values:
    makers = has_role(world, CLASS_MAKER)
    mean = world.sums.risk.area[:, makers] / world.settings.horizon_ns
    square = world.sums.risk.square[:, makers] / world.settings.horizon_ns
    return ratio((square - mean * mean).sum(axis=1), makers.sum())


def _inventory_most(world: World) -> Values:
    """Return the largest inventory that any maker held."""
    makers = has_role(world, CLASS_MAKER)
    if not makers.any():
        return np.full(len(world.sums.risk.held), np.nan)
    return np.asarray(world.sums.risk.held_most[:, makers].max(axis=1), float)


def _markout(world: World) -> Values:
    markouts = world.sums.markouts
    return currency(markouts.captured[:, None] + markouts.adverse)


def _markout_public(world: World) -> Values:
    public = half_ticks(world.sums.spreads.public.astype(float), world)
    return np.where(world.sums.spreads.public_lots > 0, public, np.nan)


def _public_left_out(world: World) -> Values:
    sums = world.sums
    return np.asarray(sums.markouts.lots[:, None] - sums.spreads.public_lots, float)


MAKER_VARIABLES: tuple[Variable, ...] = (
    Variable(
        "maker_pnl_settled", (), "currency", "PnL of all makers, settled at X",
        "positive: makers win", "sum over makers of cash + lots X", "accounts", "",
        _pnl_settled,
    ),
    Variable(
        "maker_pnl_marked", (), "currency", "PnL of all makers, marked at v_T",
        "positive: makers win", "sum over makers of cash + lots v_T", "accounts", "",
        _pnl_marked,
    ),
    Variable(
        "maker_sharpe", (), "1", "Sharpe ratio of makers' equity, per second, not annualised",
        "positive: makers win",
        "mean / standard deviation (n - 1) of increments over 1 s of equity marked at v",
        "Sharpe 1994", "zero_or_no_variance", _sharpe,
    ),
    Variable(
        "maker_max_drawdown", (), "currency", "largest fall of makers' equity from a peak",
        "positive: a loss", "max over s < t of E(s) - E(t), E marked at v every 1 s and at T",
        "Magdon-Ismail & Atiya 2004", "", lambda world: currency(world.sums.risk.drawdown),
    ),
    Variable(
        "maker_inventory_square", (), "lots^2", "time average of squared inventory of a maker",
        "positive", "mean over makers of (1/T) integral of I^2", "Avellaneda & Stoikov 2008",
        "no_maker", _inventory_square,
    ),
    Variable(
        "maker_inventory_variance", (), "lots^2", "variance over time of a maker's inventory",
        "positive", "mean over makers of avg(I^2) - avg(I)^2, averages over time",
        "Avellaneda & Stoikov 2008", "no_maker", _inventory_variance,
    ),
    Variable(
        "maker_inventory_most", (), "lots", "largest inventory of any maker, long or short",
        "positive", "max over makers and time of |I|", "accounts", "no_maker", _inventory_most,
    ),
    Variable(
        "maker_adverse_selection", (HORIZON,), "currency", "adverse selection of makers",
        "negative: makers lose", "sum over maker fills of q (v(t + h) - m)",
        "Huang & Stoll 1996, of the maker", "",
        lambda world: currency(world.sums.markouts.adverse),
    ),
    Variable(
        "maker_spread_captured", (), "currency", "spread captured by makers",
        "positive: bought below or sold above the belief",
        "sum over maker fills of q (m - P)", "Huang & Stoll 1996, of the maker", "",
        lambda world: currency(world.sums.markouts.captured),
    ),
    Variable(
        "maker_markout", (HORIZON,), "currency", "markout of makers against v",
        "positive: makers win", "sum over maker fills of q (v(t + h) - P)",
        "Huang & Stoll 1996, of the maker", "", _markout,
    ),
    Variable(
        "maker_markout_public", (HORIZON,), "currency",
        "markout of makers against the public reference price", "positive: makers win",
        "sum over maker fills up to T - h of q (reference(t + h) - P)",
        "Huang & Stoll 1996, of the maker", "no_fill_with_a_later_reference", _markout_public,
    ),
    Variable(
        "maker_public_left_out_lots", (HORIZON,), "lots",
        "maker lots left out of the public markout", "", "lots of maker fills after T - h",
        "count", "", _public_left_out,
    ),
    Variable(
        "maker_volume_lots", (), "lots", "lots filled by makers", "",
        "sum over maker fills of |q|", "accounts", "",
        lambda world: world.sums.markouts.lots.astype(float),
    ),
    Variable(
        "maker_adverse_selection_by_class", (HORIZON, CLASS), "currency",
        "adverse selection of makers by class of counterparty", "negative: makers lose",
        "adverse selection, split by lots of the other side; in a clear in proportion",
        "Huang & Stoll 1996, of the maker",
        "", lambda world: currency(world.sums.markouts.adverse_by),
    ),
    Variable(
        "maker_spread_captured_by_class", (CLASS,), "currency",
        "spread captured by makers by class of counterparty",
        "positive: bought below or sold above the belief",
        "spread captured, split by lots of the other side; in a clear in proportion",
        "Huang & Stoll 1996, of the maker",
        "", lambda world: currency(world.sums.markouts.captured_by),
    ),
    Variable(
        "maker_volume_by_class", (CLASS,), "lots", "lots filled by makers by counterparty", "",
        "|q|, split by lots of the other side; in a clear in proportion", "accounts", "",
        lambda world: world.sums.markouts.lots_by.copy(),
    ),
)  # fmt: skip
