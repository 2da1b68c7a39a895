"""Spreads and markouts against the public reference price, at the fill and a while later.

For a taker's fill at P with d = +1 bought, -1 sold, m the reference price just before its intent
and m(h) the one h after the fill:

    effective   2 d (P - m)
    realised(h) 2 d (P - m(h))
    impact(h)   2 d (m(h) - m)        effective = realised + impact, per fill

They cover fills of takers against makers, after the warm-up. Makers' markout against the public
price is q (m(h) - P). Fills wait in a ring until the reference price h later is known, which is
when the public state changes after that time; a fill whose h later lies after T is left out, and
the lots that counted are kept beside.

Source
    Huang & Stoll (1996) JFE 41:313; Foucault, Pagano & Roell, Market Liquidity, ch. 2.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state, written_first
from proteus.market.events.queue import NEVER_NS
from proteus.market.information.history import newest, reference_doubled


@written_first("time", "price", "quantity", "weight", "before")
@state
class Spreads(NamedTuple):
    """Sums in doubled ticks, and the fills that wait. L lanes, H horizons, W waiting fills."""

    effective: np.ndarray  # float64 [L] lots d (2 P - 2 m)
    effective_lots: np.ndarray  # float64 [L]
    realised: np.ndarray  # float64 [L, H] lots d (2 P - 2 m(h))
    impact: np.ndarray  # float64 [L, H] lots d (2 m(h) - 2 m)
    later_lots: np.ndarray  # float64 [L, H] lots of both
    public: np.ndarray  # int64 [L, H] makers: q (2 m(h) - 2 P)
    public_lots: np.ndarray  # int64 [L, H] makers: lots of it
    time: np.ndarray  # int64 [L, W] ns, of the fill
    price: np.ndarray  # int32 [L, W] P, ticks up to MAX_TICKS
    quantity: np.ndarray  # int64 [L, W] q of the maker's side; 0 without one
    weight: np.ndarray  # float64 [L, W] lots d of the taker's side; 0 without one that counts
    before: np.ndarray  # int32 [L, W] 2 m of the taker's intent, ticks
    seen: np.ndarray  # int64 [L] entries so far
    done: np.ndarray  # int64 [L, H] entries that no longer wait
    next_due: np.ndarray  # int64 [L] when the first of those that wait falls due, ns
    overflow: np.ndarray  # int64 [L] 1: more fills wait than there is room for


def allocate_spreads(lanes: int, horizons: int, waiting: int) -> Spreads:
    """Allocate sums of zero and room for ``waiting`` fills, a power of two."""
    return allocate(Spreads, L=lanes, H=horizons, W=waiting, next_due=NEVER_NS)


@inline_kernel
def measure_effective(spreads, lane, weight, price, before):
    """Measure the effective spread of a taker's fill; ``weight`` is lots times d."""
    spreads.effective[lane] += weight * (2 * price - before)
    spreads.effective_lots[lane] += abs(weight)


@inline_kernel
def await_reference(spreads, lane, time, price, quantity, weight, before):
    """Let a fill wait for the reference price after it."""
    size, last = spreads.time.shape[1], spreads.done.shape[1] - 1
    seen = spreads.seen[lane]
    if seen - spreads.done[lane, last] == size:  # the longest horizon waits longest
        spreads.overflow[lane] = 1
        return
    at = seen & (size - 1)
    spreads.time[lane, at] = time
    spreads.price[lane, at] = price
    spreads.quantity[lane, at] = quantity
    spreads.weight[lane, at] = weight
    spreads.before[lane, at] = before
    spreads.seen[lane] = seen + 1
    spreads.next_due[lane] = min(spreads.next_due[lane], time)  # the first horizon is 0


@inline_kernel
def compare_with_reference(spreads, world, lane, until):
    """Measure the fills that are due before ``until`` against the reference that holds until then.

    Called before every change of the public state, so that the reference when a fill fell due is
    still the newest.
    """
    if spreads.next_due[lane] >= until:
        return
    settings, data = world.settings, world.data
    mask = spreads.time.shape[1] - 1
    reference = reference_doubled(data, lane, newest(data, lane), settings.initial_ticks)
    spreads.next_due[lane] = NEVER_NS
    for h in range(settings.horizons_ns.shape[0]):
        number = spreads.done[lane, h]
        while number < spreads.seen[lane]:
            at = number & mask
            due = spreads.time[lane, at] + settings.horizons_ns[h]
            if due >= until:
                spreads.next_due[lane] = min(spreads.next_due[lane], due)
                break
            weight, price = spreads.weight[lane, at], spreads.price[lane, at]
            spreads.realised[lane, h] += weight * (2 * price - reference)
            spreads.impact[lane, h] += weight * (reference - spreads.before[lane, at])
            spreads.later_lots[lane, h] += abs(weight)
            quantity = spreads.quantity[lane, at]
            spreads.public[lane, h] += quantity * (reference - 2 * price)
            spreads.public_lots[lane, h] += abs(quantity)
            number += 1
        spreads.done[lane, h] = number
