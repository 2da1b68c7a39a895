"""Takers' execution: what it cost, whether it came, and after how long.

The clock of an intent starts when the trader decides. Only noise intents are timed: they are
exogenous, hence paired between mechanisms. Intents after T - tau are left out, so nothing is
censored up to tau, and the share of intents with a first fill by a time is the cumulative
incidence of a fill, with the end of the order without any fill as the competing risk.

Source
    Lo, MacKinlay & Zhang (2002) JFE 65:31; Aalen & Johansen (1978).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.traders import CLASS_NOISE, CLASS_SNIPER, CLASSES
from proteus.market.book.codes import BUY


@state
class Execution(NamedTuple):
    """Sums over takers' orders and fills. L lanes, K classes, E times since the intent."""

    intents: np.ndarray  # int64 [L] noise intents up to T - tau
    intents_filled: np.ndarray  # int64 [L] of these: filled, in part or whole, within tau
    waited: np.ndarray  # int64 [L] their time to first fill, at most tau, ns
    filled_by: np.ndarray  # int64 [L, E] of these: first fill by then
    ended_by: np.ndarray  # int64 [L, E] of these: ended without a fill by then
    lots: np.ndarray  # int64 [L, K] filled
    error: np.ndarray  # int64 [L, K] sum of lots d (P - v(t)), nano
    slippage: np.ndarray  # int64 [L, K] sum of lots d (2 P - 2 m), ticks
    sniper_orders: np.ndarray  # int64 [L] orders of snipers
    sniper_hits: np.ndarray  # int64 [L] of these: filled, in part or whole


def allocate_execution(lanes: int, times: int) -> Execution:
    """Allocate sums of zero."""
    return allocate(Execution, L=lanes, K=CLASSES, E=times)


@inline_kernel
def count_intent(execution, settings, lane, role, time):
    """Start the clock of a noise intent: it counts tau until a fill says otherwise."""
    if role == CLASS_NOISE and time <= settings.horizon_ns - settings.tau_ns:
        execution.intents[lane] += 1
        execution.waited[lane] += settings.tau_ns
    elif role == CLASS_SNIPER:
        execution.sniper_orders[lane] += 1


@inline_kernel
def measure_taker(execution, world, lane, slot, role, price, lots, time, value):
    """Measure a taker's side of a fill; ``value`` is v now, nano."""
    settings, origins = world.settings, world.origins
    quantity = lots if world.market.orders.side[lane, slot] == BUY else -lots
    paid = 2 * price - origins.reference_doubled[lane, slot]
    execution.lots[lane, role] += lots
    execution.error[lane, role] += quantity * (price * settings.tick_nano - value)
    execution.slippage[lane, role] += quantity * paid
    if origins.is_filled[lane, slot]:
        return
    origins.is_filled[lane, slot] = 1
    if role == CLASS_SNIPER:
        execution.sniper_hits[lane] += 1
    elif role == CLASS_NOISE:
        elapsed = time - origins.intent_ns[lane, slot]
        if _is_timed(settings, origins, lane, slot, elapsed):
            execution.waited[lane] -= settings.tau_ns - elapsed
            execution.intents_filled[lane] += 1
            _count_by(execution.filled_by, settings, lane, elapsed)


@inline_kernel
def measure_end(execution, world, lane, slot, role, time):
    """Measure the end of an order that was cancelled or refused."""
    settings, origins = world.settings, world.origins
    if role == CLASS_NOISE and not origins.is_filled[lane, slot]:
        elapsed = time - origins.intent_ns[lane, slot]
        if _is_timed(settings, origins, lane, slot, elapsed):
            _count_by(execution.ended_by, settings, lane, elapsed)


@inline_kernel
def _is_timed(settings, origins, lane, slot, elapsed):
    if origins.is_quote[lane, slot]:
        return False  # no intent to trade was counted
    last_ns = settings.horizon_ns - settings.tau_ns
    return origins.intent_ns[lane, slot] <= last_ns and elapsed <= settings.tau_ns


@inline_kernel
def _count_by(counts, settings, lane, elapsed):
    for e in range(settings.elapsed_ns.shape[0]):
        if elapsed <= settings.elapsed_ns[e]:
            counts[lane, e] += 1
