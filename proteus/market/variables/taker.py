"""What is measured of takers: noise traders where nothing else is said, and each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    ELAPSED,
    NS_PER_MS,
    Values,
    Variable,
    currency,
    half_ticks,
    ratio,
)


def _error(world: World) -> Values:
    execution = world.sums.execution
    return ratio(currency(execution.error), execution.lots)


def _slippage(world: World) -> Values:
    execution = world.sums.execution
    return half_ticks(ratio(execution.slippage, execution.lots), world)


def _fill_probability(world: World) -> Values:
    execution = world.sums.execution
    return ratio(execution.intents_filled, execution.intents)


def _time_to_execution(world: World) -> Values:
    execution = world.sums.execution
    return ratio(execution.waited / NS_PER_MS, execution.intents)


def _incidence(world: World, counts: NDArray[np.int64]) -> Values:
    """Return shares of the intents; beyond tau nobody was watched."""
    shares = ratio(counts, world.sums.execution.intents[:, None])
    shares[:, world.settings.elapsed_ns > world.settings.tau_ns] = np.nan
    return shares


TAKER_VARIABLES: tuple[Variable, ...] = (
    Variable(
        "taker_execution_error", (), "currency", "execution error of noise traders against v",
        "positive: they pay", "lot average of d (P - v(t)) over fills", "Hagstromer 2021",
        "no_fill", lambda world: _error(world)[:, CLASS_NOISE],
    ),
    Variable(
        "taker_slippage", (), "currency",
        "slippage of noise traders against the reference price just before the intent",
        "positive: they pay", "lot average of d (P - m) over fills", "Perold 1988", "no_fill",
        lambda world: _slippage(world)[:, CLASS_NOISE],
    ),
    Variable(
        "taker_fill_probability", (), "1", "probability of a first fill of a noise intent by tau",
        "", "noise intents with a fill within tau / noise intents up to T - tau",
        "Lo, MacKinlay & Zhang 2002", "no_intent", _fill_probability,
    ),
    Variable(
        "taker_time_to_execution", (), "ms", "restricted mean time to first fill of noise intents",
        "positive", "mean of min(time to first fill, tau); cancelled or expired counts tau",
        "Lo, MacKinlay & Zhang 2002", "no_intent", _time_to_execution,
    ),
    Variable(
        "taker_intents", (), "1", "noise intents whose execution is watched", "",
        "noise intents up to T - tau", "count", "",
        lambda world: world.sums.execution.intents.astype(float),
    ),
    Variable(
        "taker_fill_incidence", (ELAPSED,), "1",
        "cumulative incidence of a first fill of noise intents", "",
        "share of noise intents up to T - tau with a first fill by then",
        "Aalen & Johansen 1978", "no_intent_or_beyond_tau",
        lambda world: _incidence(world, world.sums.execution.filled_by),
    ),
    Variable(
        "taker_end_incidence", (ELAPSED,), "1",
        "cumulative incidence of the end of a noise order without a fill", "",
        "share of noise intents up to T - tau cancelled, expired or refused unfilled by then",
        "Aalen & Johansen 1978", "no_intent_or_beyond_tau",
        lambda world: _incidence(world, world.sums.execution.ended_by),
    ),
    Variable(
        "taker_execution_error_by_class", (CLASS,), "currency",
        "execution error of takers against v by class", "positive: they pay",
        "lot average of d (P - v(t)) over fills", "Hagstromer 2021", "no_fill", _error,
    ),
    Variable(
        "taker_slippage_by_class", (CLASS,), "currency", "slippage of takers by class",
        "positive: they pay", "lot average of d (P - m) over fills", "Perold 1988", "no_fill",
        _slippage,
    ),
    Variable(
        "taker_volume_by_class", (CLASS,), "lots", "lots filled by takers by class", "",
        "sum over taker fills of |q|", "accounts", "",
        lambda world: world.sums.execution.lots.astype(float),
    ),
    Variable(
        "sniper_race_share", (), "1", "share of races won by snipers", "",
        "orders of snipers with a fill / orders of snipers: each is a race for a stale quote",
        "Budish, Cramton & Shim 2015", "no_race",
        lambda world: ratio(
            world.sums.execution.sniper_hits, world.sums.execution.sniper_orders
        ),
    ),
    Variable(
        "sniper_orders", (), "1", "orders of snipers", "", "count", "count", "",
        lambda world: world.sums.execution.sniper_orders.astype(float),
    ),
)  # fmt: skip
