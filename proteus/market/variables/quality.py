"""What is measured of the quality of the market: prices, spreads, depth, volatility, resilience."""

from __future__ import annotations

import numpy as np

from proteus.basics.units import NANO
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    HORIZON,
    NS_PER_MS,
    Values,
    Variable,
    half_ticks,
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


QUALITY_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="price_rmse",
        unit="currency",
        long_name="root mean square error of the public reference price",
        sign="positive",
        formula="sqrt(time average of (reference - v)^2), after the warm-up",
        source="Hasbrouck 1993",
        compute=_price_rmse,
    ),
    Variable(
        name="quoted_spread",
        unit="currency",
        long_name="quoted spread",
        sign="positive; negative where quotes of makers cross, which dual_flow and rfq allow",
        formula=(
            "time average of ask - bid of the book while both sides exist, after the warm-up; "
            "under rfq of all live quotes, and NaN where dealers are shown the side"
        ),
        source="Foucault, Pagano & Roell 2013",
        missing="never_two_sided",
        compute=_quoted_spread,
    ),
    Variable(
        name="quoted_coverage",
        unit="1",
        long_name="share of time with a bid and an ask",
        formula=(
            "time with both in the book / (T - warm-up); under rfq among the live quotes of all "
            "dealers and requests, and 0 where dealers are shown the side, as they quote that alone"
        ),
        source="count",
        compute=lambda world: np.asarray(world.sums.quality.covered / measured_ns(world)),
    ),
    Variable(
        name="effective_spread",
        unit="currency",
        long_name="effective spread of takers against makers",
        sign="positive: takers pay",
        formula=(
            "average of 2 d (P - reference just before the intent) over fills of takers after the "
            "warm-up, by the lots that met makers"
        ),
        source="Foucault, Pagano & Roell 2013",
        missing="no_fill",
        compute=_effective_spread,
    ),
    Variable(
        name="effective_lots",
        unit="lots",
        long_name="lots that the effective spread is an average of",
        formula="lots of takers filled against makers, after the warm-up",
        source="count",
        compute=lambda world: world.sums.spreads.effective_lots.copy(),
    ),
    Variable(
        name="realised_lots",
        dims=(HORIZON,),
        unit="lots",
        long_name="lots that the realised spread and the price impact are averages of",
        formula="lots of takers filled against makers up to T - h, after the warm-up",
        source="count",
        compute=lambda world: world.sums.spreads.later_lots.copy(),
    ),
    Variable(
        name="realised_spread",
        dims=(HORIZON,),
        unit="currency",
        long_name="realised spread of takers against makers",
        sign="positive: makers earn",
        formula=(
            "average of 2 d (P - reference(t + h)) over fills of takers up to T - h after the "
            "warm-up, by the lots that met makers"
        ),
        source="Huang & Stoll 1996",
        missing="no_fill_with_a_later_reference",
        compute=_realised_spread,
    ),
    Variable(
        name="price_impact",
        dims=(HORIZON,),
        unit="currency",
        long_name="price impact of takers against makers",
        sign="positive: the price follows them",
        formula=(
            "average of 2 d (reference(t + h) - reference just before the intent), over the same "
            "fills with the same weights"
        ),
        source="Huang & Stoll 1996",
        missing="no_fill_with_a_later_reference",
        compute=_price_impact,
    ),
    Variable(
        name="depth_best",
        unit="lots",
        long_name="depth at the best price, mean of both sides",
        sign="positive",
        formula=(
            "time average of lots at best in the book, under rfq among all live quotes; an empty "
            "side counts 0; after the warm-up"
        ),
        source="Foucault, Pagano & Roell 2013",
        compute=_depth_best,
    ),
    Variable(
        name="depth_near",
        unit="lots",
        long_name="depth near the best price, mean of both sides",
        sign="positive",
        formula=(
            "time average of lots within metrics.depth_ticks of the best price in the book, under "
            "rfq among all live quotes; after the warm-up"
        ),
        source="Foucault, Pagano & Roell 2013",
        compute=_depth_near,
    ),
    Variable(
        name="realised_volatility",
        unit="currency s^-1/2",
        long_name="realised volatility of the mid",
        sign="positive",
        formula=(
            "sqrt(sum of squared moves of the mid of the published book over steps of "
            "metrics.volatility_grid_ms, the first from the warm-up, with a mid at both ends / the "
            "time of these steps); the mid at t is that before what happens in the market at t"
        ),
        source="Roll 1984",
        missing="no_step_with_a_mid_at_both_ends",
        compute=_realised_volatility,
    ),
    Variable(
        name="volatility_ratio",
        unit="1",
        long_name="realised volatility of the mid over that of the fair value",
        sign="above 1: excess volatility",
        formula="sqrt(sum of squared moves of the mid / the same of v), same steps",
        source="Roll 1984",
        missing="no_step_or_no_move_of_v",
        compute=_volatility_ratio,
    ),
    Variable(
        name="shock_half_life",
        unit="ms",
        long_name="time the reference price takes to follow half a jump of the fair value",
        sign="positive",
        formula=(
            "time waited / jumps followed half of the way. Each jump of v from v0 to v1 after the "
            "warm-up is waited for until the reference price is at (v0 + v1) / 2 or on the side of "
            "v1, if only for a moment, or until the next jump or T"
        ),
        source="Large 2007",
        missing="no_recovery",
        compute=_half_life,
    ),
    Variable(
        name="shock_jumps",
        unit="1",
        long_name="jumps of the fair value after the warm-up",
        formula="count",
        source="count",
        compute=lambda world: world.sums.shocks.jumps.astype(float),
    ),
    Variable(
        name="shock_recoveries",
        unit="1",
        long_name=(
            "jumps of the fair value that the reference price followed half of the way before the "
            "next one"
        ),
        formula="count; the other jumps are censored by the next one or by T",
        source="count",
        compute=lambda world: world.sums.shocks.recovered.astype(float),
    ),
)
