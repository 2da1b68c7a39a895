"""Microprice: the mid of the published book, leaning to the side with fewer lots.

    p = (bid x lots at the ask + ask x lots at the bid) / (lots at the bid + lots at the ask)

Not ready while the market is one-sided or shows no lots; the last estimate then stays. Own quotes
are part of the book, and so of the estimate: alone in the market it follows itself.

Source
    Gatheral & Oomen (2010) Finance and Stochastics 14:249; Stoikov (2018) Quantitative Finance
    18:1959, as the weighted mid.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel


@inline_kernel
def update(bid, ask, bid_lots, ask_lots):
    """Return the estimate in the unit of the prices.

    Parameters
        bid, ask: best prices. bid_lots, ask_lots: lots there, together above 0.
    """
    return (bid * ask_lots + ask * bid_lots) / (bid_lots + ask_lots)


@inline_kernel
def ready(has_bid, has_ask, lots):
    """Tell whether both sides are shown, with lots."""
    return has_bid and has_ask and lots > 0
