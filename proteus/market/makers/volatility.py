"""Volatility of an estimate: that of its log-odds per root second, turned into currency.

    sigma = sigma_x p (1 - p),   sigma_x^2 = EWMA of (change of log-odds)^2 / elapsed seconds

The change of a probability is p (1 - p) times that of its log-odds, to first order. An estimate
that is noisy makes this larger than the volatility of what it estimates.

Source
    RiskMetrics (1996), Technical Document, section 5.2, for the recursion; Ito's formula.
"""

from __future__ import annotations

import math

from proteus.compiler.jit import inline_kernel


@inline_kernel
def update(variance, is_first, change, elapsed_s, decay):
    """Return the variance of the log-odds per second after a change of them.

    Parameters
        variance: so far. is_first: this change is the first. change: of the log-odds. elapsed_s:
        since the last one, above 0, seconds. decay: weight of the newest, 0 .. 1.
    """
    square = change * change / elapsed_s
    return square if is_first else variance + decay * (square - variance)


@inline_kernel
def in_currency(variance, price):
    """Return sigma, currency per root second, at a price within 0 .. 1."""
    return math.sqrt(variance) * price * (1.0 - price)
