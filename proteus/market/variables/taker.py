"""What is measured of takers: noise traders where nothing else is said, and each class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.metrics.execution import bin_edges
from proteus.market.trading.world import World
from proteus.market.variables.base import (
    CLASS,
    ELAPSED,
    INTENT_END,
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


def _wait_filled(world: World) -> Values:
    execution = world.sums.execution
    never = execution.intents - execution.intents_filled
    return ratio(
        (execution.waited - never * world.settings.tau_ns) / NS_PER_MS, execution.intents_filled
    )


def _median_wait(world: World) -> Values:
    """Return the lower median of the waits in each lane, ms: on a straight line inside its bin."""
    bins = world.sums.execution.wait_bins
    edges = bin_edges(bins.shape[1]) / NS_PER_MS
    reached = np.cumsum(bins, axis=1)
    half = reached[:, -1] / 2
    at = np.argmax(reached >= half[:, None], axis=1)
    lanes = np.arange(len(bins))
    inside = ratio(half - reached[lanes, at] + bins[lanes, at], bins[lanes, at])
    return np.asarray(edges[at] + inside * (edges[at + 1] - edges[at]))


def _end_share(world: World) -> Values:
    execution = world.sums.execution
    open_at_end = execution.sent - execution.ends.sum(axis=2)
    ends = np.concatenate([execution.ends, open_at_end[:, :, None]], axis=2)
    return ratio(ends, execution.sent[:, :, None])


def _incidence(world: World, counts: NDArray[np.int64]) -> Values:
    """Return shares of the intents; beyond tau nobody was watched."""
    shares = ratio(counts, world.sums.execution.intents[:, None])
    shares[:, world.settings.elapsed_ns > world.settings.tau_ns] = np.nan
    return shares


TAKER_VARIABLES: tuple[Variable, ...] = (
    Variable(
        name="taker_execution_error",
        unit="currency",
        long_name="execution error of noise traders against the fair value",
        sign="positive: they pay",
        formula="lot average of d (P - v(t)) over fills",
        source="Hagstromer 2021",
        missing="no_fill",
        compute=lambda world: _error(world)[:, CLASS_NOISE],
    ),
    Variable(
        name="taker_slippage",
        unit="currency",
        long_name="slippage of noise traders against the reference price just before the intent",
        sign="positive: they pay",
        formula="lot average of d (P - m) over fills",
        source="Perold 1988",
        missing="no_fill",
        compute=lambda world: _slippage(world)[:, CLASS_NOISE],
    ),
    Variable(
        name="taker_fill_probability",
        unit="1",
        long_name="probability of a first fill of a noise intent by {tau}",
        formula="noise intents with a fill within tau / noise intents up to T - tau",
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_intent",
        compute=_fill_probability,
    ),
    Variable(
        name="taker_time_to_execution",
        unit="ms",
        long_name="mean wait of noise intents up to {tau}, unfilled counts as {tau}",
        sign="positive",
        formula="mean of min(time to first fill, tau); cancelled or expired counts tau",
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_intent",
        compute=_time_to_execution,
    ),
    Variable(
        name="taker_unfilled_share",
        unit="1",
        long_name="share of noise intents never filled by {tau}",
        formula="1 - noise intents with a fill within tau / noise intents up to T - tau",
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_intent",
        compute=lambda world: 1 - _fill_probability(world),
    ),
    Variable(
        name="taker_wait_filled",
        unit="ms",
        long_name="mean wait of noise intents that fill by {tau}",
        sign="positive",
        formula="mean of the time to first fill over noise intents up to T - tau filled within tau",
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_fill",
        compute=_wait_filled,
    ),
    Variable(
        name="taker_wait_filled_median",
        unit="ms",
        long_name="median wait of noise intents that fill by {tau}",
        sign="positive",
        formula=(
            "time in which half of the noise intents up to T - tau filled within tau have their "
            "first fill, those of a bin spread evenly over it; a bin is 1/16 of a power of two "
            "ns wide (below 2^16 ns: one bin), so this is within 1/16 of the median"
        ),
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_fill",
        compute=_median_wait,
    ),
    Variable(
        name="taker_wait_marketable",
        unit="ms",
        long_name="mean wait of marketable noise intents that fill by {tau}",
        sign="positive",
        formula=(
            "mean of the time to first fill over noise intents up to T - tau that were to trade at "
            "once or not at all (lifetime ioc or fok), filled within tau"
        ),
        source="Lo, MacKinlay & Zhang 2002",
        missing="no_fill",
        compute=lambda world: ratio(
            world.sums.execution.marketable_waited / NS_PER_MS,
            world.sums.execution.marketable_filled,
        ),
    ),
    Variable(
        name="taker_end_share",
        dims=(CLASS, INTENT_END),
        unit="1",
        long_name="share of intents by how they ended",
        formula=(
            "intents of the class with this end / its intents. filled: any lot of it was; else the "
            "end of its order: expired with its lifetime, when its trader takes it back (in a log "
            "requested), or with its time to answer (request_ttl, rest_unfilled); cancelled: a "
            "request withdrawn by its trader (withdrawn); self_trade prevention; priced_out: an "
            "order that had to trade at once, for which nothing inside its limit was left "
            "(immediate_or_cancel), or a request whose time to answer ended after quotes for its "
            "side, all beyond its limit and none taken; refused by the venue; or trading_ended "
            "before that"
        ),
        source="count",
        missing="no_intent",
        compute=_end_share,
    ),
    Variable(
        name="taker_intents",
        unit="1",
        long_name="noise intents whose execution is watched for {tau}",
        formula="noise intents up to T - tau",
        source="count",
        compute=lambda world: world.sums.execution.intents.astype(float),
    ),
    Variable(
        name="taker_intents_filled",
        unit="1",
        long_name="noise intents that fill by {tau}",
        formula="noise intents up to T - tau with a fill within tau",
        source="count",
        compute=lambda world: world.sums.execution.intents_filled.astype(float),
    ),
    Variable(
        name="taker_marketable_filled",
        unit="1",
        long_name="marketable noise intents that fill by {tau}",
        formula=(
            "noise intents up to T - tau that were to trade at once or not at all, filled within "
            "tau"
        ),
        source="count",
        compute=lambda world: world.sums.execution.marketable_filled.astype(float),
    ),
    Variable(
        name="taker_intents_by_class",
        dims=(CLASS,),
        unit="1",
        long_name="intents of takers by class",
        formula="count, up to T",
        source="count",
        compute=lambda world: world.sums.execution.sent.astype(float),
    ),
    Variable(
        name="taker_fill_incidence",
        dims=(ELAPSED,),
        unit="1",
        long_name="cumulative incidence of a first fill of noise intents",
        formula="share of noise intents up to T - tau with a first fill by then",
        source="Aalen & Johansen 1978",
        missing="no_intent_or_beyond_tau",
        compute=lambda world: _incidence(world, world.sums.execution.filled_by),
    ),
    Variable(
        name="taker_end_incidence",
        dims=(ELAPSED,),
        unit="1",
        long_name="cumulative incidence of the end of a noise order without a fill",
        formula=(
            "share of noise intents up to T - tau whose order ended by then without any fill, as "
            "in taker_end_share"
        ),
        source="Aalen & Johansen 1978",
        missing="no_intent_or_beyond_tau",
        compute=lambda world: _incidence(world, world.sums.execution.ended_by),
    ),
    Variable(
        name="taker_execution_error_by_class",
        dims=(CLASS,),
        unit="currency",
        long_name="execution error of takers against the fair value by class",
        sign="positive: they pay",
        formula="lot average of d (P - v(t)) over fills",
        source="Hagstromer 2021",
        missing="no_fill",
        compute=_error,
    ),
    Variable(
        name="taker_slippage_by_class",
        dims=(CLASS,),
        unit="currency",
        long_name="slippage of takers by class against the reference price just before the intent",
        sign="positive: they pay",
        formula="lot average of d (P - m) over fills",
        source="Perold 1988",
        missing="no_fill",
        compute=_slippage,
    ),
    Variable(
        name="taker_volume_by_class",
        dims=(CLASS,),
        unit="lots",
        long_name="lots filled by takers by class",
        formula="sum over taker fills of |q|",
        source="accounts",
        compute=lambda world: world.sums.execution.lots.astype(float),
    ),
    Variable(
        name="sniper_race_share",
        unit="1",
        long_name="share of races won by snipers",
        formula=(
            "orders of snipers with a fill / orders of snipers: each is a race for a stale quote"
        ),
        source="Budish, Cramton & Shim 2015",
        missing="no_race",
        compute=lambda world: ratio(
            world.sums.execution.sniper_hits, world.sums.execution.sniper_orders
        ),
    ),
    Variable(
        name="sniper_orders",
        unit="1",
        long_name="orders of snipers",
        formula="count",
        source="count",
        compute=lambda world: world.sums.execution.sniper_orders.astype(float),
    ),
)
