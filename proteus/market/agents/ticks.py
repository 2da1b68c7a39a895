"""Prices in ticks from prices that are fractions of one."""

from __future__ import annotations

import math

from proteus.compiler.jit import inline_kernel

_ROUNDING = 1e-9  # of a tick: a price that is a whole tick stays there in spite of binary fractions


@inline_kernel
def floor_ticks(ticks):
    """Return the highest whole tick that is not above a price in ticks."""
    return math.floor(ticks + _ROUNDING)


@inline_kernel
def ceil_ticks(ticks):
    """Return the lowest whole tick that is not below a price in ticks."""
    return math.ceil(ticks - _ROUNDING)
