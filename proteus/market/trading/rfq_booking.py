"""What came of a message about requests: booked, measured, reported, and made public."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.book import best_price
from proteus.market.book.codes import BUY, EMPTY, EVENT_ACK, EVENT_FILL, EVENT_RFQ_REJECT, SELL
from proteus.market.events.envelopes import NOTICE_CANCEL
from proteus.market.information.history import add_party, newest, publish_price, start_print
from proteus.market.ledger.accounts import LEDGER_OK
from proteus.market.ledger.audit import check_orders
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.metrics.execution import measure_end
from proteus.market.metrics.sums import (
    measure_before_publication,
    measure_book,
    measure_publication,
)
from proteus.market.trading import protocol
from proteus.market.trading.recorder import is_recorded, record_book, record_outbox
from proteus.market.trading.rfq_links import answer_to
from proteus.market.trading.venue import book_fill, release_dead
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane


@protocol.deliver.implement(Rfq)
@inline_kernel
def _deliver(mechanism, world, lane, time, slot, answer_word, in_clear):
    outbox, orders = world.market.outbox, world.market.orders
    if outbox.count[lane] > outbox.kind.shape[1]:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])
        return
    if is_recorded(world.log):
        record_outbox(world.log, world, lane, time)
    for i in range(outbox.count[lane]):
        kind = outbox.kind[lane, i]
        if kind == EVENT_FILL:
            _disclose_trade(world, lane, time, i)
            book_fill(world, lane, time, i, False)
        elif kind != EVENT_ACK:
            order = np.int64(outbox.order[lane, i])
            word = answer_word if order == slot else world.origins.answer[lane, order]
            _book_end(world, lane, time, i, order, kind, word)
    code = check_orders(orders, outbox, lane)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, world.progress.events[lane])
    release_dead(world, lane)
    outbox.count[lane] = 0
    _publish(world, lane, time)


@inline_kernel
def _book_end(world, lane, time, i, order, kind, word):
    """Book the end of a request or quote, or the refusal of one, and tell its owner."""
    outbox, orders = world.market.outbox, world.market.orders
    lots, trader = outbox.lots[lane, i], orders.trader[lane, order]
    if kind != EVENT_RFQ_REJECT:
        orders.cancelled[lane, order] += lots
    measure_end(world.sums.execution, world, lane, order, world.traders.role[trader], time)
    answer_to(
        world, lane, time, NOTICE_CANCEL, trader, order, orders.client_id[lane, order],
        orders.side[lane, order], lots, word,
    )  # fmt: skip


@inline_kernel
def _disclose_trade(world, lane, time, i):
    """Let the public know the price of a trade."""
    outbox, orders = world.market.outbox, world.market.orders
    price = np.int64(outbox.price[lane, i])
    start_print(world.data, lane, time, price)
    for slot in (np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])):
        add_party(world.data, lane, orders.trader[lane, slot])
    world.progress.last_price[lane] = price


@inline_kernel
def _publish(world, lane, time):
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
        if rank != EMPTY:
            quality.depth_best[lane] += book.lots[lane, side, rank] * width
    bid, ask = best_price(book, lane, 0, BUY), best_price(book, lane, 0, SELL)
    if not mechanism.terms.shows_side and bid != EMPTY and ask != EMPTY:
        quality.spread[lane] += (ask - bid) * width
        quality.covered[lane] += width


@protocol.close.implement(Rfq)
@inline_kernel
def _close(mechanism, world, lane):
    measure_quotes(mechanism, world, lane, world.settings.horizon_ns)
