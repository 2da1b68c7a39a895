"""What a mechanism did in an event, from its outbox: booked, measured, reported and published.

Every mechanism is booked alike. What differs with the way in which traders and the venue talk is
who is told of an answer, and what becomes public of a message or a clear: ``tell`` and ``publish``.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel, interface
from proteus.market.book.book import auction_of, release_slot
from proteus.market.book.codes import (
    BUY,
    EVENT_ACK,
    EVENT_CANCEL,
    EVENT_FILL,
    EVENT_REJECT,
    EVENT_RFQ_EXPIRE,
    EVENT_RFQ_REJECT,
)
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import NOTICE_ACK, NOTICE_CANCEL, NOTICE_REJECT
from proteus.market.events.log import is_recorded
from proteus.market.information.history import add_party, is_stale, publish_book, start_print
from proteus.market.ledger.accounts import BOOK_CROSSED, LEDGER_OK, nano
from proteus.market.ledger.audit import check_orders, check_roles, is_crossed
from proteus.market.ledger.entries import post_fill
from proteus.market.mechanisms.interface import is_continuous
from proteus.market.metrics.detection import note_end
from proteus.market.metrics.execution import measure_end
from proteus.market.metrics.sums import (
    measure_before_publication,
    measure_book,
    measure_fill,
    measure_publication,
)
from proteus.market.trading import hooks, limits
from proteus.market.trading.recorder import record_book, record_outbox
from proteus.market.trading.reports import notify, report_fill
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane

_NO_AUCTION = -1


@interface
def tell(mechanism, world, lane, time, order, kind, lots, word):
    """Tell the owner of an order what the venue answered.

    Parameters
        order: slot. kind: EVENT_*, anything but a fill. lots: those that are no longer open.
        word: random word of the latency of the answer.
    """


@interface
def publish(mechanism, world, lane, time, in_clear):
    """Let the public know what a message or a clear changed, if it may.

    Parameters
        in_clear: it was a batch clear.
    """


@inline_kernel
def book(mechanism, world, lane, time, slot, answer_word, in_clear):
    """Book, measure and report everything the mechanism did, then publish.

    Parameters
        slot, answer_word: the order that the current message is about, and the word of the latency
            of its answer.
        in_clear: the outbox is that of a batch clear.
    """
    outbox = world.market.outbox
    if outbox.count[lane] > outbox.kind.shape[1]:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])
        return
    if is_recorded(world.log):
        record_outbox(world.log, world, lane, time)
    printed = np.int64(_NO_AUCTION)  # the auction of the clear whose print is the newest
    for i in range(outbox.count[lane]):
        order = np.int64(outbox.order[lane, i])
        if outbox.kind[lane, i] == EVENT_FILL:
            printed = _start_print(world, lane, time, i, in_clear, printed)
            _book_fill(world, lane, time, i, in_clear)
        else:
            word = answer_word if order == slot else world.origins.answer[lane, order]
            _book_answer(mechanism, world, lane, time, i, order, word)
    hooks.after_booking(
        world.rules, world.ledger, world.log, world.market, world.origins, world.traders,
        world.sums.clear_split, lane, slot, time, world.progress.events[lane],
    )  # fmt: skip
    code = check_orders(world.market.orders, outbox, lane)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, world.progress.events[lane])
    _release_dead(world, lane)
    outbox.count[lane] = 0
    publish(mechanism, world, lane, time, in_clear)


@inline_kernel
def _start_print(world, lane, time, i, in_clear, printed):
    """Start the print of a fill; the fills of one auction of a clear share theirs.

    Returns
        The auction whose print is the newest, if it is a clear.
    """
    market = world.market
    if in_clear:
        ladder = market.orders.ladder[lane, np.int64(market.outbox.order[lane, i])]
        auction = np.int64(auction_of(market.book, ladder))
        if auction == printed:
            return printed
        printed = auction
    start_print(world.data, lane, time, market.outbox.price[lane, i])
    return printed


@inline_kernel
def _book_fill(world, lane, time, i, in_clear):
    """Book a fill and let it be seen: its price outside of clears, its parties on the tape."""
    outbox, orders = world.market.outbox, world.market.orders
    if not _post_fill(world, lane, time, i, in_clear):
        return
    if not in_clear:
        world.progress.last_price[lane] = np.int64(outbox.price[lane, i])
    for slot in (np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])):
        add_party(world.data, lane, orders.trader[lane, slot])


@inline_kernel
def _post_fill(world, lane, time, i, in_clear):
    """Post a fill of the outbox to the ledger, measure it and report it to both sides.

    Returns
        False if the ledger refuses it; then the lane is stopped.
    """
    market, sums = world.market, world.sums
    outbox, orders = market.outbox, market.orders
    earlier, later = np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])
    price, lots = np.int64(outbox.price[lane, i]), outbox.lots[lane, i]
    earlier_buys = orders.side[lane, earlier] == BUY
    buy = earlier if earlier_buys else later
    sell = later if earlier_buys else earlier
    event = world.progress.events[lane]
    value = nano(value_at(world.news, world.news_parameters, lane, time))
    code = check_roles(orders, market.book, world.traders.role, lane, buy, sell)
    if code == LEDGER_OK:
        code = post_fill(
            world.ledger, orders, market.book, lane, buy, sell, price, lots, value, event
        )
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, event)
        return False
    fill = world.progress.fills[lane]
    world.progress.fills[lane] = fill + 1
    hooks.at_fill(
        world.rules, world.ledger, world.log, world.queue, orders, world.origins, world.traders,
        lane, buy, sell, earlier, price, lots, market.clears[lane], fill, time, event,
    )  # fmt: skip
    measure_fill(sums, world, lane, buy, sell, price, lots, time, value, in_clear)
    report_fill(world, lane, time, buy, price, lots)
    report_fill(world, lane, time, sell, price, lots)
    return True


@inline_kernel
def _book_answer(mechanism, world, lane, time, i, order, word):
    """Book an acknowledgement, an end or a refusal, and tell the trader."""
    outbox, orders = world.market.outbox, world.market.orders
    kind, lots = outbox.kind[lane, i], outbox.lots[lane, i]
    ends = kind == EVENT_CANCEL or kind == EVENT_RFQ_EXPIRE
    if ends or kind == EVENT_ACK:
        orders.cancelled[lane, order] += lots
    booked = orders.filled[lane, order] + orders.cancelled[lane, order]
    is_over = ends and booked == orders.submitted[lane, order]
    refuses = kind == EVENT_REJECT or kind == EVENT_RFQ_REJECT
    is_refused = refuses and orders.lots[lane, order] == 0  # and not a change to it
    if is_over or is_refused:  # self-trade prevention may take a part only
        role = world.traders.role[orders.trader[lane, order]]
        reason = outbox.reason[lane, i]
        measure_end(world.sums.execution, world, lane, order, role, time, kind, reason)
    tell(mechanism, world, lane, time, order, kind, lots, word)


@inline_kernel
def _release_dead(world, lane):
    """Give back the slots of orders that this event ended."""
    outbox, orders = world.market.outbox, world.market.orders
    for i in range(outbox.count[lane]):
        for slot in (np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])):
            if orders.lots[lane, slot] == 0 and orders.client_id[lane, slot] != 0:
                note_end(world.sums.detection, orders, lane, slot)
                release_slot(orders, lane, slot)


# --- where traders send orders --------------------------------------------------------------------


@tell.otherwise
@inline_kernel
def _tell(mechanism, world, lane, time, order, kind, lots, word):
    """Tell the owner of a quote, if it changes anything, and who has to know for its limits."""
    orders = world.market.orders
    waits = world.origins.is_quote[lane, order]
    waits = waits or limits.is_told(world.rules, orders.trader[lane, order])
    if lots == 0 or not waits:
        return
    notice = NOTICE_ACK
    if kind == EVENT_CANCEL:
        notice = NOTICE_CANCEL
    elif kind == EVENT_REJECT:
        notice = NOTICE_REJECT
    notify(
        world, lane, time, notice, orders.trader[lane, order], order,
        orders.client_id[lane, order], orders.side[lane, order], lots, word,
    )  # fmt: skip


@publish.otherwise
@inline_kernel
def _publish(mechanism, world, lane, time, in_clear):
    """Publish the book, if it has changed; of an open batch nothing is public."""
    if not in_clear and not is_continuous(mechanism):
        return
    last = world.progress.last_price[lane]
    if is_crossed(world.market.book, lane):
        stop_lane(world.progress, lane, BOOK_CROSSED, world.progress.events[lane])
    if is_stale(world.data, world.market.book, lane, last):
        measure_before_publication(world.sums, world, lane, time)
        publish_book(world.data, world.market.book, lane, time, last)
        if is_recorded(world.log):
            record_book(world.log, world, lane, time)
        measure_publication(world.sums, world, lane, time)
    measure_book(world.sums, world, lane, time)
