"""Self-trade prevention: what happens when two orders of one trader would trade.

Used by the order book when an incoming order meets an own resting one, and by batches before
pricing. ``decrement`` reduces both by the smaller open quantity, without a trade.
"""

from __future__ import annotations

from typing import Literal

from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import CANCEL_SELF_TRADE, EVENT_CANCEL
from proteus.market.book.outbox import emit
from proteus.market.mechanisms.interface import cancel_open, take_lots

NONE = 0
CANCEL_NEWEST = 1
CANCEL_OLDEST = 2
CANCEL_BOTH = 3
DECREMENT = 4
SELF_TRADE_CODES = {
    "none": NONE,
    "cancel_newest": CANCEL_NEWEST,
    "cancel_oldest": CANCEL_OLDEST,
    "cancel_both": CANCEL_BOTH,
    "decrement": DECREMENT,
}


@inline_kernel
def prevent(mode, market, lane, older, newer):
    """Apply ``mode`` to two orders of one trader that would trade with each other."""
    if mode == CANCEL_OLDEST or mode == CANCEL_BOTH:
        cancel_open(market, lane, older, CANCEL_SELF_TRADE)
    if mode == CANCEL_NEWEST or mode == CANCEL_BOTH:
        cancel_open(market, lane, newer, CANCEL_SELF_TRADE)
    if mode == DECREMENT:
        lots = min(market.orders.lots[lane, older], market.orders.lots[lane, newer])
        _decrement(market, lane, older, lots)
        _decrement(market, lane, newer, lots)


@inline_kernel
def _decrement(market, lane, slot, lots):
    emit(market.outbox, lane, EVENT_CANCEL, slot, slot, 0, lots, CANCEL_SELF_TRADE)
    take_lots(market, lane, slot, lots)


SelfTrade = Literal["none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement"]
