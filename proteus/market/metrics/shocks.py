"""Resilience: how long the public reference price needs to follow a jump of v half of the way.

A jump takes v from v0 to v1. The reference price has followed when it stands on v1's side of the
halfway point (v0 + v1) / 2, or on it. A jump that is followed by another one before, or by the
end of trading, is censored: it adds its time, but no recovery. Time over recoveries is the mean
time to half of the way, exactly where nothing is censored and as the maximum likelihood estimate
of an exponential law where something is. In a batch with informed bids the mean is Delta / 2.

Source
    Large (2007) Journal of Financial Markets 10:1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import inline_kernel, state
from proteus.market.environment.news import value_at
from proteus.market.events.queue import NEVER_NS
from proteus.market.information.history import newest, reference_doubled


@state
class Shocks(NamedTuple):
    """Jumps after the warm-up. L lanes."""

    since: np.ndarray  # int64 [L] time of the jump that is waited for, ns, or NEVER_NS
    halfway: np.ndarray  # float64 [L] (v0 + v1) / 2, currency
    sign: np.ndarray  # float64 [L] +1 up, -1 down
    jumps: np.ndarray  # int64 [L] jumps so far
    recovered: np.ndarray  # int64 [L] of these: followed half of the way
    watched: np.ndarray  # int64 [L] time waited, ns


def allocate_shocks(lanes: int) -> Shocks:
    """Allocate the resilience of a market that has seen no jump."""
    return allocate(Shocks, L=lanes, since=NEVER_NS)


@inline_kernel
def censor_shock(shocks, lane, time):
    """Stop waiting for the last jump to be followed."""
    if shocks.since[lane] != NEVER_NS:
        shocks.watched[lane] += time - shocks.since[lane]
        shocks.since[lane] = NEVER_NS


@inline_kernel
def start_shock(shocks, world, lane, time):
    """Wait for a jump of v at ``time`` to be followed; one in the warm-up does not count."""
    censor_shock(shocks, lane, time)
    if time < world.settings.warmup_ns:
        return
    before = value_at(world.news, world.news_parameters, lane, time - 1)
    after = value_at(world.news, world.news_parameters, lane, time)
    if after == before:
        return
    shocks.jumps[lane] += 1
    shocks.since[lane] = time
    shocks.halfway[lane] = (before + after) / 2
    shocks.sign[lane] = 1.0 if after > before else -1.0
    watch_shock(shocks, world, lane, time)


@inline_kernel
def watch_shock(shocks, world, lane, time):
    """See whether the newest reference price has followed the jump."""
    if shocks.since[lane] == NEVER_NS:
        return
    settings, data = world.settings, world.data
    doubled = reference_doubled(data, lane, newest(data, lane), settings.initial_ticks)
    reference = doubled / (2.0 * settings.n_ticks)
    if shocks.sign[lane] * (reference - shocks.halfway[lane]) >= 0:
        shocks.recovered[lane] += 1
        censor_shock(shocks, lane, time)
