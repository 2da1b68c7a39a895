"""Selling what was taken over: by orders that end at once, with a protective limit.

A trader who knows what it holds sends one order for a part of it, on the other side. The limit is
beyond the public reference by the protection of the market, as that of marketable noise.
"""

from __future__ import annotations

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.traders import INTENT_ORDER, intend
from proteus.market.book.codes import BUY, IOC, SELL


@inline_kernel
def sell_held(view, private, intents, lane, trader, most_lots, protection, n_ticks):
    """Sell lots that are held, or buy back those that are short, ``most_lots`` at most."""
    held = private.position[lane, trader]
    if held == 0:
        return
    twice = view.reference_doubled[lane]
    if held > 0:
        side, price = SELL, twice // 2 - protection
    else:
        side, price = BUY, -(-twice // 2) + protection
    price, lots = min(max(price, 1), n_ticks - 1), min(abs(held), most_lots)
    intend(intents, lane, INTENT_ORDER, side, price, lots, IOC, 0, twice / (2 * n_ticks))
