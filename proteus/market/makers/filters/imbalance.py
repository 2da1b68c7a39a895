"""Imbalance: the mid plus a slope times the imbalance of the lots at the best prices.

    p = (bid + ask) / 2 + slope (lots at the bid - lots at the ask) / (their sum)

A slope of half the spread is the microprice. Not ready while the market is one-sided or shows no
lots; the last estimate then stays. The slope does not know how wide the market is.

Source
    Cont, Kukanov & Stoikov (2014) Journal of Financial Econometrics 12:47, for the linear effect.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel


@inline_kernel
def update(bid, ask, bid_lots, ask_lots, slope):
    """Return the estimate in the unit of the prices and of the slope.

    Parameters
        bid, ask: best prices. bid_lots, ask_lots: lots there, together above 0. slope: of it.
    """
    return 0.5 * (bid + ask) + slope * ((bid_lots - ask_lots) / (bid_lots + ask_lots))
