"""What shows spoofing: what became of the lots that traders sent, and the book before they trade.

It is summed where a population has a spoofer; of any other nothing of it is compiled.

    imbalance before a fill   d (B - S) / (B + S)       B, S: lots near the best bid and ask

of the book as it was published last before the event of the fill, in proportion to lots; near is up
to ``metrics.depth_ticks`` from the best price, as a large order has others before it once they have
followed it. d is +1 of a trader who buys and -1 of one who sells. Who trades as the book leans has
a positive mean, who trades against it, as a spoofer does, a negative one.

Source
    Cartea, Donnelly & Jaimungal (2018) Applied Mathematical Finance 25:1, for the imbalance.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, interface, state
from proteus.market.book.book import rests
from proteus.market.book.codes import BUY, SELL


@state
class NoDetection(NamedTuple):
    """Nothing is summed."""


@state
class Detection(NamedTuple):
    """Sums over orders and fills. L lanes, A traders."""

    submitted: np.ndarray  # int64 [L, A] lots of orders, of all their versions at the venue
    filled: np.ndarray  # int64 [L, A] of these: that traded
    cancelled: np.ndarray  # int64 [L, A] of these: that ended without a trade
    near: np.ndarray  # int64 [L, 2] B and S now, BUY and SELL
    leaned: np.ndarray  # float64 [L, A] sum of lots d (B - S) / (B + S)
    leaned_lots: np.ndarray  # int64 [L, A] filled while there were any


def allocate_detection(lanes: int, traders: int) -> Detection:
    """Allocate sums of zero."""
    return allocate(Detection, L=lanes, A=traders)


@interface
def note_book(detection, book, depth_ticks, lane):
    """Note the lots near the best prices of a book that has just been published."""


@interface
def note_fill(detection, orders, lane, buy, sell, lots):
    """Note a fill between two orders, by their slots, and the book before it."""


@interface
def note_end(detection, orders, lane, slot):
    """Note what became of the lots of an order that has ended."""


@interface
def note_open(detection, orders, lane):
    """Note what became of the lots of all orders that rest when trading ends."""


for _each in (note_book, note_fill, note_end, note_open):
    _each.empty_for(NoDetection)


@note_book.implement(Detection)
@cold_kernel
def _note_book(detection, book, depth_ticks, lane):
    for side in (BUY, SELL):
        near, best = np.int64(0), book.best[lane, side]  # below every rank where there is none
        for rank in range(max(best - depth_ticks, 0), best + 1):
            near += book.lots[lane, side, rank]
        detection.near[lane, side] = near


@note_fill.implement(Detection)
@cold_kernel
def _note_fill(detection, orders, lane, buy, sell, lots):
    bids, asks = detection.near[lane, BUY], detection.near[lane, SELL]
    if bids + asks == 0:
        return
    lean = lots * ((bids - asks) / (bids + asks))
    buyer, seller = orders.trader[lane, buy], orders.trader[lane, sell]
    detection.leaned[lane, buyer] += lean
    detection.leaned[lane, seller] -= lean
    detection.leaned_lots[lane, buyer] += lots
    detection.leaned_lots[lane, seller] += lots


@note_end.implement(Detection)
@inline_kernel
def _note_end(detection, orders, lane, slot):
    trader = orders.trader[lane, slot]
    detection.submitted[lane, trader] += orders.submitted[lane, slot]
    detection.filled[lane, trader] += orders.filled[lane, slot]
    detection.cancelled[lane, trader] += orders.cancelled[lane, slot]


@note_open.implement(Detection)
@cold_kernel
def _note_open(detection, orders, lane):
    for slot in range(orders.client_id.shape[1]):
        if orders.client_id[lane, slot] != 0 and rests(orders, lane, slot):
            _note_end(detection, orders, lane, slot)
