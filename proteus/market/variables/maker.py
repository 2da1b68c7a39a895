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
        name="maker_pnl_settled",
        unit="currency",
        long_name="PnL of all makers, settled at the payoff",
        sign="positive: makers win",
        formula="sum over makers of cash + lots X",
        source="accounts",
        compute=_pnl_settled,
    ),
    Variable(
        name="maker_pnl_marked",
        unit="currency",
        long_name="PnL of all makers, marked at the fair value at the end",
        sign="positive: makers win",
        formula="sum over makers of cash + lots v_T",
        source="accounts",
        compute=_pnl_marked,
    ),
    Variable(
        name="maker_sharpe",
        unit="1",
        long_name="Sharpe ratio of makers' equity, per second, not annualised",
        sign="positive: makers win",
        formula=(
            "mean / standard deviation (n - 1) of increments over whole seconds, from 0, of "
            "E(t) = cash + lots v(t) of all makers together, before the fills of t, v(t) to the "
            "nearest nano-currency"
        ),
        source="Sharpe 1994",
        missing="zero_or_no_variance",
        compute=_sharpe,
    ),
    Variable(
        name="maker_max_drawdown",
        unit="currency",
        long_name="largest fall of makers' equity from a peak",
        sign="positive: a loss",
        formula=(
            "max over s < t of E(s) - E(t), E as in maker_sharpe, at whole seconds from 0 and at T"
        ),
        source="Magdon-Ismail & Atiya 2004",
        compute=lambda world: currency(world.sums.risk.drawdown),
    ),
    Variable(
        name="maker_inventory_square",
        unit="lots^2",
        long_name="time average of squared inventory of a maker",
        sign="positive",
        formula="mean over makers of (1/T) integral of I^2",
        source="Avellaneda & Stoikov 2008",
        missing="no_maker",
        compute=_inventory_square,
    ),
    Variable(
        name="maker_inventory_variance",
        unit="lots^2",
        long_name="variance over time of a maker's inventory",
        sign="positive",
        formula="mean over makers of avg(I^2) - avg(I)^2, averages over time",
        source="Avellaneda & Stoikov 2008",
        missing="no_maker",
        compute=_inventory_variance,
    ),
    Variable(
        name="maker_inventory_most",
        unit="lots",
        long_name="largest inventory of any maker, long or short",
        sign="positive",
        formula="max over makers and time of |I|",
        source="accounts",
        missing="no_maker",
        compute=_inventory_most,
    ),
    Variable(
        name="maker_adverse_selection",
        dims=(HORIZON,),
        unit="currency",
        long_name="adverse selection of makers",
        sign="negative: makers lose",
        formula="sum over maker fills of q (v(t + h) - m)",
        source="Huang & Stoll 1996, of the maker",
        compute=lambda world: currency(world.sums.markouts.adverse),
    ),
    Variable(
        name="maker_spread_captured",
        unit="currency",
        long_name="spread captured by makers",
        sign="positive: bought below or sold above the belief",
        formula="sum over maker fills of q (m - P)",
        source="Huang & Stoll 1996, of the maker",
        compute=lambda world: currency(world.sums.markouts.captured),
    ),
    Variable(
        name="maker_markout",
        dims=(HORIZON,),
        unit="currency",
        long_name="markout of makers against the fair value",
        sign="positive: makers win",
        formula="sum over maker fills of q (v(t + h) - P)",
        source="Huang & Stoll 1996, of the maker",
        compute=_markout,
    ),
    Variable(
        name="maker_markout_public",
        dims=(HORIZON,),
        unit="currency",
        long_name="markout of makers against the public reference price",
        sign="positive: makers win",
        formula="sum over maker fills up to T - h of q (reference(t + h) - P)",
        source="Huang & Stoll 1996, of the maker",
        missing="no_fill_with_a_later_reference",
        compute=_markout_public,
    ),
    Variable(
        name="maker_public_left_out_lots",
        dims=(HORIZON,),
        unit="lots",
        long_name="maker lots left out of the public markout",
        formula="lots of maker fills after T - h",
        source="count",
        compute=_public_left_out,
    ),
    Variable(
        name="maker_volume_lots",
        unit="lots",
        long_name="lots filled by makers",
        formula="sum over maker fills of |q|",
        source="accounts",
        compute=lambda world: world.sums.markouts.lots.astype(float),
    ),
    Variable(
        name="maker_adverse_selection_by_class",
        dims=(HORIZON, CLASS),
        unit="currency",
        long_name="adverse selection of makers by class of counterparty",
        sign="negative: makers lose",
        formula="adverse selection, split by lots of the other side; in a clear in proportion",
        source="Huang & Stoll 1996, of the maker",
        compute=lambda world: currency(world.sums.markouts.adverse_by),
    ),
    Variable(
        name="maker_spread_captured_by_class",
        dims=(CLASS,),
        unit="currency",
        long_name="spread captured by makers by class of counterparty",
        sign="positive: bought below or sold above the belief",
        formula="spread captured, split by lots of the other side; in a clear in proportion",
        source="Huang & Stoll 1996, of the maker",
        compute=lambda world: currency(world.sums.markouts.captured_by),
    ),
    Variable(
        name="maker_volume_by_class",
        dims=(CLASS,),
        unit="lots",
        long_name="lots filled by makers by class of counterparty",
        formula="|q|, split by lots of the other side; in a clear in proportion",
        source="accounts",
        compute=lambda world: world.sums.markouts.lots_by.copy(),
    ),
)
