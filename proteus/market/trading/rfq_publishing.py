"""What is told and made public of requests and quotes, and what is measured of live quotes."""

from __future__ import annotations

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.book import best_price
from proteus.market.book.codes import BUY, EVENT_ACK, NO_PRICE, NO_RANK, SELL
from proteus.market.events.envelopes import NOTICE_CANCEL
from proteus.market.events.log import is_recorded
from proteus.market.information.history import newest, publish_price
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.metrics.sums import (
    measure_before_publication,
    measure_book,
    measure_publication,
)
from proteus.market.trading import booking, protocol
from proteus.market.trading.recorder import record_book
from proteus.market.trading.rfq_links import answer_to


@booking.tell.implement(Rfq)
@inline_kernel
def _tell(mechanism, world, lane, time, order, kind, lots, word):
    """Tell the owner of a request or quote of its end, or of its refusal."""
    orders = world.market.orders
    if kind != EVENT_ACK:
        answer_to(
            world, lane, time, NOTICE_CANCEL, orders.trader[lane, order], order,
            orders.client_id[lane, order], orders.side[lane, order], lots, word,
        )  # fmt: skip


@booking.publish.implement(Rfq)
@inline_kernel
def _publish(mechanism, world, lane, time, in_clear):
    """Publish the last price; what lives is seen by its requester alone, and only measured."""
    last = world.progress.last_price[lane]
    if world.data.last[lane, newest(world.data, lane)] != last:
        measure_before_publication(world.sums, world, lane, time)
        publish_price(world.data, lane, time, last)
        if is_recorded(world.log):
            record_book(world.log, world, lane, time)
        measure_publication(world.sums, world, lane, time)
    measure_book(world.sums, world, lane, time)


@cold_kernel
def measure_quotes(mechanism, world, lane, time):
    """Bring the integrals of depth and spread over live quotes up to ``time``, before they change.

    There is a spread only where quotes are two-sided.
    """
    since = max(mechanism.measured_ns[lane], world.settings.warmup_ns)
    mechanism.measured_ns[lane] = time
    width = time - since
    if width <= 0:
        return
    book, quality = world.market.book, world.sums.quality
    for side in (BUY, SELL):
        rank = book.best[lane, side]
        if rank != NO_RANK:
            quality.depth_best[lane] += book.lots[lane, side, rank] * width
    bid, ask = best_price(book, lane, 0, BUY), best_price(book, lane, 0, SELL)
    if not mechanism.terms.shows_side and bid != NO_PRICE and ask != NO_PRICE:
        quality.spread[lane] += (ask - bid) * width
        quality.covered[lane] += width


@protocol.close.implement(Rfq)
@inline_kernel
def _close(mechanism, world, lane):
    measure_quotes(mechanism, world, lane, world.settings.horizon_ns)
