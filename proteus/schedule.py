"""When traders wake up: periodic with an addressed phase and jitter, Poisson, or once.

A clustered Poisson schedule is a renewal process: with probability c the next gap is drawn from
the short law inside a cluster, otherwise from a longer one, so that the mean rate stays as given.
"""

from __future__ import annotations

import numpy as np

from proteus._jit import inline_kernel
from proteus.latent import NEVER_NS
from proteus.rng import STREAM_SCHEDULE, exponential, uniform, words_at

NONE = 0
PERIODIC = 1
POISSON = 2
ONCE = 3  # at 1 / rate, and never again
SCHEDULE_CODES = {"none": NONE, "periodic": PERIODIC, "poisson": POISSON, "once": ONCE}

_BLOCK_WAKE = 0
_BLOCK_PHASE = 1


@inline_kernel
def first_wake(schedules, traders, private, keys, lane, trader):
    """Return the time of wake-up 0, or NEVER_NS."""
    if schedules.law[trader] == NONE:
        return np.int64(NEVER_NS)
    if schedules.law[trader] == ONCE:
        return np.int64(schedules.gap_ns[trader])
    if schedules.law[trader] == PERIODIC:
        words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], 0, _BLOCK_PHASE)
        private.anchor[lane, trader] = np.int64(uniform(words[0]) * schedules.gap_ns[trader])
        return private.anchor[lane, trader]
    return _next_poisson(schedules, traders, private, keys, lane, trader, 0)


@inline_kernel
def next_wake(schedules, traders, private, keys, lane, trader, number):
    """Return the time of wake-up ``number`` >= 1."""
    if schedules.law[trader] == ONCE:
        return np.int64(NEVER_NS)
    if schedules.law[trader] == PERIODIC:
        return _next_periodic(schedules, traders, private, keys, lane, trader, number)
    return _next_poisson(schedules, traders, private, keys, lane, trader, number)


@inline_kernel
def _next_periodic(schedules, traders, private, keys, lane, trader, number):
    words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], number, _BLOCK_WAKE)
    private.anchor[lane, trader] += np.int64(schedules.gap_ns[trader])
    shift = (2.0 * uniform(words[0]) - 1.0) * schedules.jitter_ns[trader]
    return private.anchor[lane, trader] + np.int64(shift)


@inline_kernel
def _next_poisson(schedules, traders, private, keys, lane, trader, number):
    words = words_at(keys, lane, STREAM_SCHEDULE, traders.entity[trader], number, _BLOCK_WAKE)
    clustered = schedules.cluster_probability[trader]
    mean = schedules.gap_ns[trader]
    if clustered > 0.0:
        short = schedules.cluster_gap_ns[trader]
        mean = (mean - clustered * short) / (1.0 - clustered)
        if uniform(words[1]) < clustered:
            mean = short
    gap = min(exponential(words[0]) * mean, np.float64(NEVER_NS))
    private.anchor[lane, trader] += max(np.int64(gap), 1)
    return private.anchor[lane, trader]
