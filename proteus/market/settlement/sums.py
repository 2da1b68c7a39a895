"""What is measured of settlement: sums and time integrals, which ``market.variables`` reads.

The value pending is the cash of all legs that are not final. The cash that a trader must have ready
is that of all it bought and has not paid; under netting what it owes of all pending together.
Integrals of nano-currency over ns leave int64 within seconds, so they are float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state


@state
class SettlementSums(NamedTuple):
    """L lanes, A traders."""

    value: np.ndarray  # int64 [L] pending now, nano
    value_most: np.ndarray  # int64 [L] largest value pending so far, nano
    value_ns: np.ndarray  # int64 [L] time up to which its integral runs
    value_area: np.ndarray  # float64 [L] integral of the value pending, nano ns
    locked: np.ndarray  # int64 [L, A] cash that must be ready, now, nano
    locked_ns: np.ndarray  # int64 [L, A] time up to which its integral runs
    locked_area: np.ndarray  # float64 [L, A] integral of cash that must be ready, nano ns
    finals: np.ndarray  # int64 [L] fills that became final before the end
    finality_ns: np.ndarray  # int64 [L] sum of their times from trade to finality
    fails: np.ndarray  # int64 [L] times that a fill could not be paid
    lots: np.ndarray  # int64 [L] filled
    lots_final: np.ndarray  # int64 [L] that became final, at the end as well
    lots_closed_out: np.ndarray  # int64 [L]
    lots_reverted: np.ndarray  # int64 [L]
    value_at_end: np.ndarray  # int64 [L] still pending at the end, nano


@inline_kernel
def value_changed(sums, lane, change, time):
    """Extend the integral of the value pending to ``time``, and then change the value."""
    extend_value(sums, lane, time)
    sums.value[lane] += change
    sums.value_most[lane] = max(sums.value_most[lane], sums.value[lane])


@inline_kernel
def extend_value(sums, lane, time):
    """Extend the integral of the value pending to ``time``."""
    sums.value_area[lane] += np.float64(sums.value[lane]) * (time - sums.value_ns[lane])
    sums.value_ns[lane] = time


@inline_kernel
def locked_changed(sums, lane, trader, needed, time):
    """Extend the integral of the cash that a trader must have ready, which is then ``needed``."""
    width = time - sums.locked_ns[lane, trader]
    sums.locked_area[lane, trader] += np.float64(sums.locked[lane, trader]) * width
    sums.locked_ns[lane, trader] = time
    sums.locked[lane, trader] = needed


@inline_kernel
def count_final(sums, lane, waited):
    """Count a fill that has become final ``waited`` ns after it was made."""
    sums.finals[lane] += 1
    sums.finality_ns[lane] += waited
