"""What is measured of the market: quality, resilience, volume, and who wins what from whom."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from proteus.basics.units import NANO
from proteus.market.agents.traders import CLASS_INFORMED, CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER
from proteus.market.ledger.accounts import CASH, OTHER_ACCOUNTS, VENUE
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    HORIZON,
    NS_PER_MS,
    Values,
    Variable,
    currency,
    half_ticks,
    has_role,
    measured_ns,
    ratio,
)


def _price_rmse(world: World) -> Values:
    mean_square = world.sums.quality.square_error / (measured_ns(world) / NANO)
    return np.asarray(np.sqrt(np.maximum(mean_square, 0.0)))


def _quoted_spread(world: World) -> Values:
    quality = world.sums.quality
    return ratio(quality.spread, quality.covered) / world.settings.n_ticks


def _effective_spread(world: World) -> Values:
    spreads = world.sums.spreads
    return ratio(spreads.effective, spreads.effective_lots) / world.settings.n_ticks


def _realised_spread(world: World) -> Values:
    spreads = world.sums.spreads
    return ratio(spreads.realised, spreads.later_lots) / world.settings.n_ticks


def _price_impact(world: World) -> Values:
    spreads = world.sums.spreads
    return ratio(spreads.impact, spreads.later_lots) / world.settings.n_ticks


def _depth_best(world: World) -> Values:
    return world.sums.quality.depth_best / (2.0 * measured_ns(world))


def _depth_near(world: World) -> Values:
    return world.sums.quality.depth_near / (2.0 * measured_ns(world))


def _realised_volatility(world: World) -> Values:
    quality = world.sums.quality
    seconds = quality.steps * (world.settings.volatility_grid_ns / NANO)
    return half_ticks(np.sqrt(ratio(quality.mid_moves, seconds)), world)


def _volatility_ratio(world: World) -> Values:
    quality = world.sums.quality
    doubled = 2 * world.settings.n_ticks
    return np.asarray(np.sqrt(ratio(quality.mid_moves, quality.value_moves)) / doubled)


def _half_life(world: World) -> Values:
    shocks = world.sums.shocks
    return ratio(shocks.watched / NS_PER_MS, shocks.recovered)


def _volume(world: World) -> Values:
    sums = world.sums
    return np.asarray((sums.markouts.lots + sums.execution.lots.sum(axis=1)) / 2.0)


def _pnl(role: int) -> Callable[[World], Values]:
    return lambda world: currency(world.totals.marked @ has_role(world, role))


def _pnl_venue(world: World) -> Values:
    venue = world.ledger.balance.shape[1] - OTHER_ACCOUNTS + VENUE
    return currency(world.ledger.balance[:, venue, CASH])


def _pnl_row(role: int, name: str, title: str) -> Variable:
    return Variable(
        f"pnl_{name}", (), "currency", f"PnL of all {title}, marked at v_T",
        "positive: they win", "sum over traders of cash + lots v_T", "accounts", "", _pnl(role),
    )  # fmt: skip


MARKET_VARIABLES: tuple[Variable, ...] = (
    Variable(
        "price_rmse", (), "currency", "root mean square error of the public reference price",
        "positive", "sqrt(time average of (reference - v)^2), after the warm-up",
        "Hasbrouck 1993", "", _price_rmse,
    ),
    Variable(
        "quoted_spread", (), "currency", "quoted spread",
        "positive; negative where quotes of makers cross, which dual_flow and rfq allow",
        "time average of ask - bid of the book while both sides exist, after the warm-up; under "
        "rfq of all live quotes, if dealers quote both sides",
        "Foucault, Pagano & Roell 2013", "never_two_sided", _quoted_spread,
    ),
    Variable(
        "quoted_coverage", (), "1", "share of time with a bid and an ask", "",
        "time with both in the book / (T - warm-up); under rfq among all live quotes", "count", "",
        lambda world: np.asarray(world.sums.quality.covered / measured_ns(world)),
    ),
    Variable(
        "effective_spread", (), "currency", "effective spread of takers against makers",
        "positive: takers pay",
        "lot average of 2 d (P - reference just before the intent), after the warm-up",
        "Foucault, Pagano & Roell 2013", "no_fill", _effective_spread,
    ),
    Variable(
        "effective_lots", (), "lots", "lots that the effective spread is an average of", "",
        "lots of takers filled against makers, after the warm-up", "count", "",
        lambda world: world.sums.spreads.effective_lots.copy(),
    ),
    Variable(
        "realised_lots", (HORIZON,), "lots",
        "lots that the realised spread and the price impact are averages of", "",
        "lots of takers filled against makers up to T - h, after the warm-up", "count",
        "", lambda world: world.sums.spreads.later_lots.copy(),
    ),
    Variable(
        "realised_spread", (HORIZON,), "currency", "realised spread of takers against makers",
        "positive: makers earn",
        "lot average of 2 d (P - reference(t + h)) over fills up to T - h, after the warm-up",
        "Huang & Stoll 1996", "no_fill_with_a_later_reference", _realised_spread,
    ),
    Variable(
        "price_impact", (HORIZON,), "currency", "price impact of takers against makers",
        "positive: the price follows them",
        "lot average of 2 d (reference(t + h) - reference just before the intent), same fills",
        "Huang & Stoll 1996", "no_fill_with_a_later_reference", _price_impact,
    ),
    Variable(
        "depth_best", (), "lots", "depth at the best price, mean of both sides", "positive",
        "time average of lots at best in the book, under rfq among all live quotes; an empty side "
        "counts 0; after the warm-up",
        "Foucault, Pagano & Roell 2013", "", _depth_best,
    ),
    Variable(
        "depth_near", (), "lots", "depth near the best price, mean of both sides", "positive",
        "time average of lots within metrics.depth_ticks of the best price in the book, under rfq "
        "among all live quotes; after the warm-up",
        "Foucault, Pagano & Roell 2013", "", _depth_near,
    ),
    Variable(
        "realised_volatility", (), "currency s^-1/2", "realised volatility of the mid", "positive",
        "sqrt(sum of squared moves of the mid over steps of metrics.volatility_grid_ms with a mid "
        "at both ends / the time of these steps)",
        "Roll 1984", "no_step_with_a_mid_at_both_ends", _realised_volatility,
    ),
    Variable(
        "volatility_ratio", (), "1", "realised volatility of the mid over that of v",
        "above 1: excess volatility",
        "sqrt(sum of squared moves of the mid / the same of v), same steps",
        "Roll 1984", "no_step_or_no_move_of_v", _volatility_ratio,
    ),
    Variable(
        "shock_half_life", (), "ms", "time the reference price takes to follow half a jump of v",
        "positive",
        "time waited after jumps / jumps followed half of the way, if only for a moment; after the "
        "warm-up",
        "Large 2007", "no_recovery", _half_life,
    ),
    Variable(
        "shock_jumps", (), "1", "jumps of v after the warm-up", "", "count", "count", "",
        lambda world: world.sums.shocks.jumps.astype(float),
    ),
    Variable(
        "shock_recoveries", (), "1",
        "jumps of v that the reference price followed half of the way before the next one", "",
        "count; the other jumps are censored by the next one or by T", "count", "",
        lambda world: world.sums.shocks.recovered.astype(float),
    ),
    Variable(
        "volume_lots", (), "lots", "lots traded", "", "lots bought = lots sold", "accounts", "",
        _volume,
    ),
    _pnl_row(CLASS_NOISE, "noise", "noise traders"),
    _pnl_row(CLASS_INFORMED, "informed", "informed traders"),
    _pnl_row(CLASS_MAKER, "maker", "makers"),
    _pnl_row(CLASS_SNIPER, "sniper", "snipers"),
    Variable(
        "pnl_venue", (), "currency", "PnL of the venue", "positive: the venue earns",
        "cash of the venue: fees, of which there are none so far", "accounts", "",
        _pnl_venue,
    ),
    Variable(
        "n_events", (), "1", "entries taken from the event queue that did work", "", "count",
        "count", "", lambda world: world.progress.events.astype(float),
    ),
    Variable(
        "n_messages", (), "1", "messages that reached the venue", "",
        "count of orders, cancels and replaces; of requests, quotes, acceptances and last looks",
        "count", "", lambda world: world.progress.messages.astype(float),
    ),
    Variable(
        "n_fills", (), "1", "fills", "", "count", "count", "",
        lambda world: world.progress.fills.astype(float),
    ),
)  # fmt: skip
