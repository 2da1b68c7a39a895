"""Takers' execution: what it cost, whether it came, and after how long.

The clock of an intent starts when the trader decides. Only noise intents are timed: they are
exogenous, hence paired between mechanisms. Intents after T - tau are left out, so nothing is
censored up to tau, and the share of intents with a first fill by a time is the cumulative
incidence of a fill, with the end of the order without any fill as the competing risk.

How an intent ended is counted of every intent of every class of takers, whenever it was sent. An
intent with any fill is filled; the others have the one end that took their order away, and those
that nothing took away before T were ended by the end of trading.

Waits are also counted in bins, for their median: a bin is a sixteenth of a power of two wide, so
what is read from it is within a sixteenth of the wait, and most often far nearer. The first bin has
all waits below 2**16 ns, less than links take. A list of all waits would be exact, and grow with
their number.

Source
    Lo, MacKinlay & Zhang (2002) JFE 65:31; Aalen & Johansen (1978).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.bits import highest_bit
from proteus.compiler.jit import inline_kernel, state
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE, CLASS_SNIPER
from proteus.market.book.codes import (
    BUY,
    CANCEL_IMMEDIATE,
    CANCEL_SELF_TRADE,
    EVENT_CANCEL,
    EVENT_RFQ_EXPIRE,
    EXPIRE_REQUEST_TTL,
    EXPIRE_REST,
)

# How an intent ended. Without a fill it was one of the others; trading_ended is what is left.
END_FILLED = 0
END_EXPIRED = 1  # its lifetime ended, or the time of its request
END_CANCELLED = 2  # the trader withdrew its request
END_SELF_TRADE = 3
END_PRICED_OUT = 4  # nothing (more) inside the limit of an immediate order, or a request's quotes
END_REFUSED = 5  # by the venue; after a last look a request goes on, or expires
END_TRADING_ENDED = 6
END_NAMES = (
    "filled", "expired", "cancelled", "self_trade", "priced_out", "refused", "trading_ended",
)  # fmt: skip
_COUNTED = END_TRADING_ENDED  # ends that are counted when they happen

# The best that a request was offered: no quote, quotes beyond its limit, or one inside or accepted.
OFFER_NONE = 0
OFFER_BEYOND = 1
OFFER_INSIDE = 2

_BIN_BITS = 4  # a power of two has 2**4 bins of waits
_FIRST_POWER = 16  # waits below 2**16 ns share the first bin


@state
class Execution(NamedTuple):
    """Sums over takers' orders and fills.

    L lanes, K classes, N ends, E times since the intent, W bins of waits.
    """

    sent: np.ndarray  # int64 [L, K] intents
    ends: np.ndarray  # int64 [L, K, N] of these: by how they ended
    intents: np.ndarray  # int64 [L] noise intents up to T - tau
    intents_filled: np.ndarray  # int64 [L] of these: filled, in part or whole, within tau
    waited: np.ndarray  # int64 [L] their time to first fill, at most tau, ns
    marketable_filled: np.ndarray  # int64 [L] of those filled: by immediate intents
    marketable_waited: np.ndarray  # int64 [L] their time to first fill, ns
    wait_bins: np.ndarray  # int32 [L, W] those filled, by their time to first fill
    filled_by: np.ndarray  # int64 [L, E] of these: first fill by then
    ended_by: np.ndarray  # int64 [L, E] of these: ended without a fill by then
    lots: np.ndarray  # int64 [L, K] filled
    error: np.ndarray  # int64 [L, K] sum of lots d (P - v(t)), nano
    slippage: np.ndarray  # int64 [L, K] sum of lots d (2 P - 2 m), ticks
    sniper_orders: np.ndarray  # int64 [L] orders of snipers
    sniper_hits: np.ndarray  # int64 [L] of these: filled, in part or whole


def allocate_execution(lanes: int, times: int, tau_ns: int, classes: int) -> Execution:
    """Allocate sums of zero for so many classes, with bins for waits up to ``tau_ns``."""
    bins = int(wait_bin(np.int64(tau_ns))) + 1
    return allocate(Execution, L=lanes, K=classes, N=_COUNTED, E=times, W=bins)


@inline_kernel
def wait_bin(wait):
    """Return the number of the bin of a wait, ns."""
    if wait < 1 << _FIRST_POWER:
        return np.int64(0)
    power = np.int64(highest_bit(np.uint64(wait)))
    part = (wait >> (power - _BIN_BITS)) - (1 << _BIN_BITS)
    return ((power - _FIRST_POWER) << _BIN_BITS) + part + 1


def bin_edges(bins: int) -> np.ndarray:
    """Return the lower edges of so many bins and the upper edge of the last, int64 [bins + 1]."""
    number = np.arange(bins, dtype=np.int64)
    power = _FIRST_POWER + (number >> _BIN_BITS)
    part = (1 << _BIN_BITS) + (number & ((1 << _BIN_BITS) - 1))
    return np.concatenate([[0], part << (power - _BIN_BITS)])


@inline_kernel
def count_intent(execution, settings, lane, role, time):
    """Count an intent. That of noise has a clock: it counts tau until a fill says otherwise."""
    execution.sent[lane, role] += 1
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
    if not origins.is_quote[lane, slot]:
        execution.ends[lane, role, END_FILLED] += 1
    if role == CLASS_SNIPER:
        execution.sniper_hits[lane] += 1
    elif role == CLASS_NOISE:
        elapsed = time - origins.intent_ns[lane, slot]
        if _is_timed(settings, origins, lane, slot, elapsed):
            execution.waited[lane] -= settings.tau_ns - elapsed
            execution.intents_filled[lane] += 1
            execution.wait_bins[lane, wait_bin(elapsed)] += 1
            if origins.is_immediate[lane, slot]:
                execution.marketable_filled[lane] += 1
                execution.marketable_waited[lane] += elapsed
            _count_by(execution.filled_by, settings, lane, elapsed)


@inline_kernel
def measure_end(execution, world, lane, slot, role, time, kind, reason):
    """Measure the end of an order that was cancelled or refused.

    Parameters
        kind, reason: of the answer of the venue, EVENT_* and its code.
    """
    settings, origins = world.settings, world.origins
    if origins.is_filled[lane, slot] or origins.is_quote[lane, slot] or role == CLASS_MAKER:
        return
    execution.ends[lane, role, _end_of(kind, reason, origins.offer[lane, slot])] += 1
    if role == CLASS_NOISE:
        elapsed = time - origins.intent_ns[lane, slot]
        if _is_timed(settings, origins, lane, slot, elapsed):
            _count_by(execution.ended_by, settings, lane, elapsed)


@inline_kernel
def note_offer(origins, market, lane, request, quote):
    """Note whether a quote that has come is inside the limit of its request."""
    orders = market.orders
    if orders.side[lane, quote] != orders.side[lane, request]:
        ranks = orders.rank[lane, quote] + orders.rank[lane, request]
        is_inside = ranks >= market.book.n_ticks[lane]
        offer = OFFER_INSIDE if is_inside else OFFER_BEYOND
        origins.offer[lane, request] = max(origins.offer[lane, request], offer)


@inline_kernel
def _end_of(kind, reason, offer):
    """Return END_* for an answer; an order is taken back when its lifetime ends."""
    if kind == EVENT_CANCEL:
        if reason == CANCEL_SELF_TRADE:
            return END_SELF_TRADE
        if reason == CANCEL_IMMEDIATE:
            return END_PRICED_OUT
        return END_EXPIRED
    if kind == EVENT_RFQ_EXPIRE:
        if reason == EXPIRE_REQUEST_TTL and offer == OFFER_BEYOND:
            return END_PRICED_OUT
        if reason == EXPIRE_REQUEST_TTL or reason == EXPIRE_REST:
            return END_EXPIRED
        return END_CANCELLED
    return END_REFUSED


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
