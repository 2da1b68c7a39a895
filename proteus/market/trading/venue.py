"""The venue's side: a message reaches the mechanism, and what it did is booked and reported."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.book.book import auction_of, keeps_roles_apart, ladder_of, release_slot
from proteus.market.book.codes import BUY, EMPTY, EVENT_ACK, EVENT_CANCEL, EVENT_FILL, EVENT_REJECT
from proteus.market.events.envelopes import (
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    NOTICE_ACK,
    NOTICE_CANCEL,
    NOTICE_FILL,
    NOTICE_REJECT,
    release_envelope,
    take_envelope,
)
from proteus.market.events.latency import ACKNOWLEDGEMENT, FILL_REPORT, delay, fill_report_word
from proteus.market.events.queue import KIND_NOTIFICATION, push
from proteus.market.information.history import add_party, is_stale, publish, start_print
from proteus.market.ledger.accounts import BOOK_CROSSED, LEDGER_OK, post_fill
from proteus.market.ledger.audit import check_orders, check_roles, is_crossed
from proteus.market.mechanisms import pricing
from proteus.market.mechanisms.interface import amend, clear, enter, is_continuous, withdraw
from proteus.market.metrics.clear_split import split_clear
from proteus.market.metrics.execution import measure_end
from proteus.market.metrics.sums import (
    measure_before_publication,
    measure_book,
    measure_fill,
    measure_publication,
)
from proteus.market.trading.recorder import (
    is_recorded,
    record_book,
    record_clear,
    record_message,
    record_outbox,
    record_unknown,
)
from proteus.market.trading.world import FAULT_CAPACITY, stop_lane


@inline_kernel
def receive(mechanism, world, lane, time, envelope):
    """Hand a message to the mechanism.

    Returns
        The slot of the order that the message is about, and the word of the latency of its answer,
        for ``deliver``.
    """
    messages, orders = world.messages, world.market.orders
    world.progress.messages[lane] += 1
    if is_recorded(world.log):
        record_message(world.log, world, lane, time, envelope)
    slot = np.int64(messages.order[lane, envelope])
    answer_word = messages.answer[lane, envelope]
    kind = messages.kind[lane, envelope]
    if kind == MESSAGE_ORDER:
        _choose_ladder(world, lane, slot)
        enter(mechanism, world.market, lane, slot)
    elif orders.client_id[lane, slot] != messages.client_id[lane, envelope]:
        _reject_unknown(world, lane, time, envelope)
    elif kind == MESSAGE_CANCEL:
        withdraw(mechanism, world.market, lane, slot)
    else:
        orders.client_id[lane, slot] = messages.new_id[lane, envelope]
        world.origins.belief[lane, slot] = messages.belief[lane, envelope]
        world.origins.address[lane, slot] = messages.address[lane, envelope]
        world.origins.answer[lane, slot] = answer_word
        rank, lots = messages.rank[lane, envelope], messages.lots[lane, envelope]
        amend(mechanism, world.market, lane, slot, np.int64(rank), lots)
    release_envelope(messages, lane, envelope)
    return slot, answer_word


@inline_kernel
def _choose_ladder(world, lane, slot):
    """Put a new order on the ladder of its trader's role, where that matters."""
    market = world.market
    if keeps_roles_apart(market.book):
        orders = market.orders
        is_taker = world.traders.role[orders.trader[lane, slot]] != CLASS_MAKER
        orders.ladder[lane, slot] = ladder_of(market.book, orders.side[lane, slot], is_taker)


@inline_kernel
def clear_batch(mechanism, world, lane, time):
    """Clear the open batch; each auction in which lots trade is one print."""
    clear(mechanism, world.market, lane)
    if is_recorded(world.log):
        record_clear(world.log, world, lane, time)
    market = world.market
    split_clear(world.sums.clear_split, market.outbox, market.orders, world.traders, lane)
    _note_price(world, lane)


@inline_kernel
def _note_price(world, lane):
    """Note the public price of a clear; of two auctions that trade it is the middle.

    An odd middle goes to the tick nearer the public price before, so that no side is favoured.
    """
    market, progress = world.market, world.progress
    low = high = np.int64(EMPTY)
    for auction in range(market.volume.shape[1]):
        if market.volume[lane, auction] > 0:
            low = high if high != EMPTY else market.book.last_price[lane, auction]
            high = market.book.last_price[lane, auction]
    if high != EMPTY:
        last = progress.last_price[lane]
        before = last if last != EMPTY else world.settings.initial_ticks
        progress.last_price[lane] = pricing.price_in_interval(
            pricing.MIDPOINT, low, high, market.book.n_ticks[lane], before
        )


@inline_kernel
def deliver(mechanism, world, lane, time, slot, answer_word, in_clear):
    """Book, measure and report everything the mechanism did, then publish the book.

    Parameters
        slot, answer_word: the order that the current message is about, and the word of the latency
            of its answer.
        in_clear: the outbox is that of a batch clear.
    """
    outbox, orders = world.market.outbox, world.market.orders
    if outbox.count[lane] > outbox.kind.shape[1]:
        stop_lane(world.progress, lane, FAULT_CAPACITY, world.progress.events[lane])
        return
    if is_recorded(world.log):
        record_outbox(world.log, world, lane, time)
    printed = np.int64(EMPTY)  # the auction of the clear whose print is the newest
    for i in range(outbox.count[lane]):
        order = np.int64(outbox.order[lane, i])
        if outbox.kind[lane, i] == EVENT_FILL:
            printed = _start_print(world, lane, time, i, in_clear, printed)
            _book_fill(world, lane, time, i, in_clear)
        else:
            word = answer_word if order == slot else world.origins.answer[lane, order]
            _book_answer(world, lane, time, i, order, word)
    code = check_orders(orders, outbox, lane)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, world.progress.events[lane])
    release_dead(world, lane)
    outbox.count[lane] = 0
    if in_clear or is_continuous(mechanism):
        if is_crossed(world.market.book, lane):
            stop_lane(world.progress, lane, BOOK_CROSSED, world.progress.events[lane])
        _publish(world, lane, time)


@inline_kernel
def _start_print(world, lane, time, i, in_clear, printed):
    """Start the print of a fill; the fills of one auction of a clear share theirs.

    Returns
        The auction whose print is the newest; EMPTY outside of clears.
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
def _book_answer(world, lane, time, i, order, word):
    """Book an acknowledgement, cancel or reject, and tell the trader if it changes anything."""
    outbox, orders = world.market.outbox, world.market.orders
    kind, lots = outbox.kind[lane, i], outbox.lots[lane, i]
    if kind == EVENT_ACK or kind == EVENT_CANCEL:
        orders.cancelled[lane, order] += lots
    booked = orders.filled[lane, order] + orders.cancelled[lane, order]
    is_over = kind == EVENT_CANCEL and booked == orders.submitted[lane, order]
    if is_over or kind == EVENT_REJECT:  # self-trade prevention may take a part only
        role = world.traders.role[orders.trader[lane, order]]
        measure_end(world.sums.execution, world, lane, order, role, time)
    if lots == 0 or not world.origins.is_quote[lane, order]:
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


@inline_kernel
def _reject_unknown(world, lane, time, envelope):
    """Tell a trader that the order its replace meant is gone; of a cancel there is no news."""
    messages = world.messages
    if is_recorded(world.log):
        record_unknown(world.log, world, lane, time, envelope)
    if messages.kind[lane, envelope] != MESSAGE_CANCEL:
        notify(
            world, lane, time, NOTICE_REJECT, messages.trader[lane, envelope],
            messages.order[lane, envelope], messages.new_id[lane, envelope],
            messages.side[lane, envelope], messages.lots[lane, envelope],
            messages.answer[lane, envelope],
        )  # fmt: skip


@inline_kernel
def notify(world, lane, time, kind, trader, order, client_id, side, lots, word):
    """Send an answer over the acknowledgement link."""
    arrives = time + delay(world.traders, trader, ACKNOWLEDGEMENT, np.uint32(word))
    arrives = max(arrives, world.private.acked_until[lane, trader])
    world.private.acked_until[lane, trader] = arrives
    envelope = take_envelope(world.messages, lane, kind, trader, order, client_id)
    if envelope != EMPTY:
        world.messages.side[lane, envelope] = side
        world.messages.lots[lane, envelope] = lots
        push(world.queue, lane, arrives, KIND_NOTIFICATION, envelope)


@inline_kernel
def _book_fill(world, lane, time, i, in_clear):
    """Book a fill and let it be seen: its price outside of clears, its parties on the tape."""
    outbox, orders = world.market.outbox, world.market.orders
    if not book_fill(world, lane, time, i, in_clear):
        return
    if not in_clear:
        world.progress.last_price[lane] = np.int64(outbox.price[lane, i])
    for slot in (np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])):
        add_party(world.data, lane, orders.trader[lane, slot])


@inline_kernel
def book_fill(world, lane, time, i, in_clear):
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
    code = check_roles(orders, market.book, world.traders.role, lane, buy, sell)
    if code == LEDGER_OK:
        code = post_fill(world.ledger, orders, market.book, lane, buy, sell, price, lots)
    if code != LEDGER_OK:
        stop_lane(world.progress, lane, code, world.progress.events[lane])
        return False
    world.progress.fills[lane] += 1
    measure_fill(sums, world, lane, buy, sell, price, lots, time, in_clear)
    _report_fill(world, lane, time, buy, lots)
    _report_fill(world, lane, time, sell, lots)
    return True


@inline_kernel
def _report_fill(world, lane, time, slot, lots):
    """Send a fill report over the fill report link."""
    orders, origins, messages = world.market.orders, world.origins, world.messages
    trader = orders.trader[lane, slot]
    word = fill_report_word(
        world.traders, world.market.keys, lane, trader, origins.address[lane, slot],
        origins.reports[lane, slot],
    )  # fmt: skip
    origins.reports[lane, slot] += 1
    arrives = time + delay(world.traders, trader, FILL_REPORT, word)
    arrives = max(arrives, world.private.filled_until[lane, trader])
    world.private.filled_until[lane, trader] = arrives
    client_id = orders.client_id[lane, slot]
    envelope = take_envelope(messages, lane, NOTICE_FILL, trader, slot, client_id)
    if envelope != EMPTY:
        messages.side[lane, envelope] = orders.side[lane, slot]
        messages.lots[lane, envelope] = lots
        messages.belief[lane, envelope] = origins.belief[lane, slot]
        messages.lifetime[lane, envelope] = origins.lifetime[lane, slot]
        messages.address[lane, envelope] = time
        push(world.queue, lane, arrives, KIND_NOTIFICATION, envelope)


@inline_kernel
def release_dead(world, lane):
    """Give back the slots of orders that this event ended."""
    outbox, orders = world.market.outbox, world.market.orders
    for i in range(outbox.count[lane]):
        for slot in (np.int64(outbox.order[lane, i]), np.int64(outbox.other[lane, i])):
            if orders.lots[lane, slot] == 0 and orders.client_id[lane, slot] != 0:
                release_slot(orders, lane, slot)


@inline_kernel
def _publish(world, lane, time):
    if is_stale(world.data, world.market.book, lane, world.progress.last_price[lane]):
        measure_before_publication(world.sums, world, lane, time)
        publish(world.data, world.market.book, lane, time, world.progress.last_price[lane])
        if is_recorded(world.log):
            record_book(world.log, world, lane, time)
        measure_publication(world.sums, world, lane, time)
    measure_book(world.sums, world, lane, time)
