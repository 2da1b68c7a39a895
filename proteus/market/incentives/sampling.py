"""When a policy looks at the book, and when its epochs end.

An epoch is [k E, (k + 1) E); it is paid at its end, before the sample of that nanosecond, which
belongs to the next. A policy on a grid looks at S, 2 S, ... before T: at 0 nothing can rest. Any
other looks at one addressed instant of each [j S, (j + 1) S), whatever else is configured.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.arithmetic.fixed_point import FLOOR, multiply_divide
from proteus.market.rng import STREAM_INCENTIVE, words_at

_WORDS = 2**32


@inline_kernel
def first_interval(table, policy):
    """Return the number of the first interval in which a policy takes a sample."""
    return 0 if table.at_instant[policy] else 1


@inline_kernel
def sample_time(table, keys, lane, policy, interval):
    """Return when a policy takes the sample of an interval, ns.

    Parameters
        keys: uint32 [L, 2], of the replicates. interval: number, from ``first_interval``.
    """
    length = table.sample_ns[policy]
    begin = interval * length
    if not table.at_instant[policy]:
        return begin
    word = words_at(keys, lane, STREAM_INCENTIVE, table.entity[policy], interval, 0)[0]
    return begin + multiply_divide(np.int64(word), length, _WORDS, FLOOR)


@inline_kernel
def epoch_end(table, policy, epoch):
    """Return when an epoch ends, ns."""
    return (epoch + 1) * table.epoch_ns[policy]
