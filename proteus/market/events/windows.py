"""Windows of time in which something is not as usual: what holds when, and what comes on top.

A window begins at ``begin_ns`` and ends before ``end_ns``. Rates rise by a Poisson process of its
own on top of what happens anyway, so nothing that happens anyway moves; they fall by leaving some
of it out. Latencies are those of the time of sending.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.events.queue import NEVER_NS

# What a window is about; of latency a leg is added (``latency.SUBMISSION`` ...).
OF_WAKE_UPS = 0  # a factor on how often traders wake up
OF_LOTS = 1  # the share, in 10**-9, of the lots that traders want which they may send
OF_LAG = 2  # of reports of an oracle, ns
OF_FORKS = 3  # a block forks iff its random word is below this
OF_LATENCY = 4  # a factor on a leg of a latency

NO_WINDOW = -1
WHOLE = 10**9  # a share of one


@state
class Windows(NamedTuple):
    """The windows of a cell, by their begin. W windows, A traders."""

    what: np.ndarray  # int8 [W] OF_*
    begin_ns: np.ndarray  # int64 [W]
    end_ns: np.ndarray  # int64 [W]
    number: np.ndarray  # float64 [W] what is said there of OF_*
    is_about: np.ndarray  # bool [W, A] the trader is one of those that it is about
    further: np.ndarray  # float64 [A, W] wake-ups that a trader has on top, per ns


@inline_kernel
def window_of(windows, what, trader, time):
    """Return the window about a trader that a time is in, or NO_WINDOW.

    Parameters
        what: OF_*. trader: its number. time: ns.
    """
    for w in range(windows.what.shape[0]):
        is_in = windows.begin_ns[w] <= time < windows.end_ns[w]
        if is_in and windows.what[w] == what and windows.is_about[w, trader]:
            return w
    return NO_WINDOW


@inline_kernel
def number_at(windows, what, trader, time, otherwise):
    """Return the number of the window that a time is in, or what holds outside of windows."""
    w = window_of(windows, what, trader, time)
    return np.float64(otherwise) if w == NO_WINDOW else windows.number[w]


@inline_kernel
def slowed(windows, trader, leg, time, delay_ns):
    """Return the latency of what is sent at a time, ns, from what it is as usual.

    Parameters
        leg: ``latency.SUBMISSION`` ...
    """
    w = window_of(windows, OF_LATENCY + leg, trader, time)
    return delay_ns if w == NO_WINDOW else _times(delay_ns, windows.number[w])


@inline_kernel
def _times(delay_ns, factor):
    return max(np.int64(delay_ns * factor), 1)


@inline_kernel
def newest_arrived(windows, trader, leg, time, delay_ns):
    """Return the last time at which something was sent that is there by now, ns.

    Parameters
        time: now, ns. delay_ns: how long it takes as usual.

    What was sent in a window takes as long as it does there, so it may be overtaken, or still be on
    its way while nothing older is.
    """
    newest = time - delay_ns
    for back in range(windows.what.shape[0]):
        w = windows.what.shape[0] - 1 - back
        if _is_of(windows, w, leg, trader) and windows.begin_ns[w] <= newest < windows.end_ns[w]:
            newest = windows.begin_ns[w] - 1
    for w in range(windows.what.shape[0]):
        if _is_of(windows, w, leg, trader):
            last = time - _times(delay_ns, windows.number[w])
            last = min(last, windows.end_ns[w] - 1)
            if last >= windows.begin_ns[w]:
                newest = max(newest, last)
    return newest


@inline_kernel
def _is_of(windows, w, leg, trader):
    return windows.what[w] == OF_LATENCY + leg and windows.is_about[w, trader]


@inline_kernel
def time_of(begin_ns, end_ns, rate, amount):
    """Return when a Poisson process that runs in windows alone has gone so far, or NEVER_NS.

    Parameters
        begin_ns, end_ns: int64 [W]. rate: float64 [W], per ns. amount: expected number of its
            events up to then: the sum of as many unit exponentials as there were events.
    """
    for w in range(begin_ns.shape[0]):
        most = (end_ns[w] - begin_ns[w]) * rate[w]
        if amount < most:
            return min(begin_ns[w] + np.int64(amount / rate[w]), end_ns[w] - 1)
        amount -= most
    return np.int64(NEVER_NS)
