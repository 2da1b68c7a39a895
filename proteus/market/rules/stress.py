"""Stress bound to a market: further wake-ups, what is left out or cut, and other lags and chances.

``rules`` is written, and so is the queue; the rest is read. ``lane`` is the row, ``time`` is ns.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.constraints.codes import AS_ACCEPTANCE, AS_LAST_LOOK
from proteus.market.events.latency import MARKET_DATA
from proteus.market.events.queue import KIND_FURTHER, push
from proteus.market.events.windows import (
    NO_WINDOW,
    OF_FORKS,
    OF_LAG,
    OF_LOTS,
    OF_WAKE_UPS,
    WHOLE,
    newest_arrived,
    number_at,
    slowed,
    time_of,
    window_of,
)
from proteus.market.rng import STREAM_FURTHER, STREAM_THINNED, exponential, uniform, words_at

ANYBODY = 0  # what is about the market is about every trader


@deferred_kernel()
def start(rules, queue, keys, lane):
    """Expect the first further wake-up of each trader."""
    for trader in range(rules.stress.entity.shape[0]):
        expect_further(rules, queue, keys, lane, trader)


@cold_kernel
def expect_further(rules, queue, keys, lane, trader):
    """Expect the next further wake-up of a trader, unless there is none before the end."""
    stress, windows = rules.stress, rules.stress.windows
    number, entity = stress.further[lane, trader], stress.entity[trader]
    word = words_at(keys, lane, STREAM_FURTHER, entity, number, 0)[0]
    stress.amount[lane, trader] += exponential(word)
    time = time_of(
        windows.begin_ns, windows.end_ns, windows.further[trader], stress.amount[lane, trader]
    )
    if time < rules.channels.horizon_ns:
        push(queue, lane, time, KIND_FURTHER, trader)


@deferred_kernel(int)
def count_further(rules, queue, keys, lane, trader):
    """Number a further wake-up of a trader, and expect the next one."""
    number = rules.stress.further[lane, trader]
    rules.stress.further[lane, trader] = number + 1
    expect_further(rules, queue, keys, lane, trader)
    return number


@deferred_kernel(bool)
def stays_away(rules, keys, lane, trader, time, cause, number):
    """Tell whether a wake-up of a trader is left out; it is numbered all the same."""
    windows = rules.stress.windows
    w = window_of(windows, OF_WAKE_UPS, trader, time)
    if w == NO_WINDOW or windows.number[w] >= 1.0:
        return False
    entity = rules.stress.entity[trader]
    word = words_at(keys, lane, STREAM_THINNED, entity, number, cause)[0]
    return uniform(word) >= windows.number[w]


@deferred_kernel(int)
def cut(rules, trader, time, becomes, lots):
    """Return what a trader sends of the lots that it would; what it has agreed to is not cut."""
    if becomes == AS_ACCEPTANCE or becomes == AS_LAST_LOOK:
        return lots
    share = np.int64(number_at(rules.stress.windows, OF_LOTS, trader, time, WHOLE))
    return lots * share // WHOLE


@deferred_kernel(int)
def slowed_now(rules, trader, leg, time, takes):
    """Return how long takes, ns, what a trader sends now and takes so long as usual."""
    return slowed(rules.stress.windows, trader, leg, time, takes)


@deferred_kernel(int)
def age(rules, trader, time, takes):
    """Return how old the newest is, ns, that a trader is shown now, from what it is as usual."""
    return time - newest_arrived(rules.stress.windows, trader, MARKET_DATA, time, takes)


@inline_kernel
def arrival_of_report(rules, lane, time):
    """Return when a report that is issued now arrives, ns; none overtakes the one before it."""
    lag = number_at(rules.stress.windows, OF_LAG, ANYBODY, time, rules.channels.oracle.lag_ns)
    arrives = max(time + np.int64(lag), rules.stress.reported_ns[lane])
    rules.stress.reported_ns[lane] = arrives
    return arrives


@inline_kernel
def fork_word(rules, time):
    """Return below which random word a block that is made now forks."""
    usual = rules.settlement.terms.fork_word
    return np.int64(number_at(rules.stress.windows, OF_FORKS, ANYBODY, time, usual))
