"""The recorder: what happened in a lane, one row per event, in order.

A row (``events.log``) says what happened and holds what the
measures need, so that ``proteus.replay_log`` can feed the rows of traders to the venue again and
must get the others. ``proteus.recording.columns`` says which fields a row of each kind has; the
others are left as they are.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.book.book import keeps_roles_apart, rank_of
from proteus.market.book.codes import (
    BUY,
    EVENT_BATCH_CLEAR,
    EVENT_BOOK,
    EVENT_CANCEL,
    EVENT_END,
    EVENT_FILL,
    EVENT_INTENT,
    EVENT_NEWS,
    EVENT_ORDER,
    EVENT_REJECT,
    EVENT_REPLACE,
    EVENT_RFQ_ACCEPT,
    EVENT_RFQ_QUOTE,
    EVENT_RFQ_REJECT,
    EVENT_RFQ_REQUEST,
    GTC,
    IOC,
    NO_PRICE,
    SELL,
)
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import (
    MESSAGE_ACCEPT,
    MESSAGE_CANCEL,
    MESSAGE_DECLINE,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    MESSAGE_REPLACE,
)
from proteus.market.events.log import (
    MISSING,
    NO_ROW,
    SOURCE_NEWS,
    SOURCE_TRADER,
    SOURCE_VENUE,
    start_row,
)
from proteus.market.information.history import newest
from proteus.market.ledger.accounts import nano

_EVENT_OF_MESSAGE = (EVENT_ORDER, EVENT_CANCEL, EVENT_REPLACE)
assert (MESSAGE_ORDER, MESSAGE_CANCEL, MESSAGE_REPLACE) == (0, 1, 2)


@cold_kernel
def record_intent(log, world, lane, time, slot):
    """Record the decision to send the new order that stands filled in at ``slot``."""
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_TRADER, EVENT_INTENT)
    if at != NO_ROW:
        _write_order(log, world, lane, at, slot)
        log.code[lane, at] = IOC if world.origins.is_immediate[lane, slot] else GTC


@cold_kernel
def record_message(log, world, lane, time, envelope):
    """Record a message that reaches the venue, before the mechanism sees it."""
    messages = world.messages
    kind, slot = messages.kind[lane, envelope], np.int64(messages.order[lane, envelope])
    event = np.int64(_EVENT_OF_MESSAGE[kind])
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_TRADER, event)
    if at == NO_ROW:
        return
    if event == EVENT_ORDER:
        _write_order(log, world, lane, at, slot)
        return
    log.slot[lane, at] = slot
    log.trader[lane, at] = messages.trader[lane, envelope]
    log.order[lane, at] = messages.client_id[lane, envelope]
    log.cause[lane, at] = messages.cause[lane, envelope]
    if event == EVENT_REPLACE:
        side = messages.side[lane, envelope]
        rank = np.int64(messages.rank[lane, envelope])
        log.other[lane, at] = messages.new_id[lane, envelope]
        log.side[lane, at] = side
        log.price[lane, at] = rank_of(rank, side, world.settings.n_ticks)
        log.lots[lane, at] = messages.lots[lane, envelope]
        log.value[lane, at] = messages.belief[lane, envelope]


@cold_kernel
def record_rfq_message(log, world, lane, time, envelope, other_id):
    """Record a message about a request that reaches the venue, before the mechanism sees it.

    Parameters
        other_id: client id of the request that a quote answers, or of the quote that an acceptance
            means; MISSING for the rest.
    """
    messages = world.messages
    kind, slot = messages.kind[lane, envelope], np.int64(messages.order[lane, envelope])
    event = EVENT_RFQ_REQUEST if kind == MESSAGE_ORDER else EVENT_RFQ_ACCEPT
    if kind == MESSAGE_QUOTE:
        event = EVENT_RFQ_QUOTE
    elif kind == MESSAGE_DECLINE:
        event = EVENT_RFQ_REJECT
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_TRADER, event)
    if at == NO_ROW:
        return
    log.other[lane, at] = other_id
    if kind == MESSAGE_ORDER or kind == MESSAGE_QUOTE:
        _write_order(log, world, lane, at, slot)
        return
    log.slot[lane, at] = slot
    log.trader[lane, at] = messages.trader[lane, envelope]
    log.order[lane, at] = messages.client_id[lane, envelope]
    log.cause[lane, at] = messages.cause[lane, envelope]
    log.side[lane, at] = MISSING
    log.price[lane, at] = MISSING
    log.lots[lane, at] = MISSING
    if kind == MESSAGE_ACCEPT:
        side = messages.side[lane, envelope]
        rank = np.int64(messages.rank[lane, envelope])
        log.side[lane, at] = side
        log.price[lane, at] = rank_of(rank, side, world.settings.n_ticks)
        log.lots[lane, at] = messages.lots[lane, envelope]


@inline_kernel
def _write_order(log, world, lane, at, slot):
    orders, origins = world.market.orders, world.origins
    side = orders.side[lane, slot]
    log.slot[lane, at] = slot
    log.trader[lane, at] = orders.trader[lane, slot]
    log.order[lane, at] = orders.client_id[lane, slot]
    log.side[lane, at] = side
    rank = np.int64(orders.rank[lane, slot])
    log.price[lane, at] = rank_of(rank, side, world.settings.n_ticks)
    log.lots[lane, at] = orders.lots[lane, slot]
    log.code[lane, at] = orders.lifetime[lane, slot]
    log.value[lane, at] = origins.belief[lane, slot]
    log.intent[lane, at] = origins.intent_ns[lane, slot]
    log.reference[lane, at] = origins.reference_doubled[lane, slot]
    log.cause[lane, at] = origins.cause[lane, slot]


@cold_kernel
def record_refused(log, world, lane, time, envelope, reason):
    """Record the refusal of a message about an order that is gone or a change nobody can pay."""
    _record_refusal(log, world, lane, time, envelope, EVENT_REJECT, reason)


@cold_kernel
def record_rfq_refusal(log, world, lane, time, envelope, reason):
    """Record the refusal of an acceptance."""
    _record_refusal(log, world, lane, time, envelope, EVENT_RFQ_REJECT, reason)


@inline_kernel
def _record_refusal(log, world, lane, time, envelope, event, reason):
    messages = world.messages
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_VENUE, event)
    if at != NO_ROW:
        log.trader[lane, at] = messages.trader[lane, envelope]
        log.order[lane, at] = messages.client_id[lane, envelope]
        log.code[lane, at] = reason
        log.lots[lane, at] = 0


@cold_kernel
def record_outbox(log, world, lane, time):
    """Record everything the mechanism did in the event, before it is booked."""
    outbox, orders = world.market.outbox, world.market.orders
    for i in range(outbox.count[lane]):
        kind, slot = outbox.kind[lane, i], np.int64(outbox.order[lane, i])
        at = start_row(log, lane, world.progress.events[lane], time, SOURCE_VENUE, kind)
        if at == NO_ROW:
            continue
        log.trader[lane, at] = orders.trader[lane, slot]
        log.order[lane, at] = orders.client_id[lane, slot]
        log.lots[lane, at] = outbox.lots[lane, i]
        if kind == EVENT_FILL:
            later = np.int64(outbox.other[lane, i])
            log.other[lane, at] = orders.client_id[lane, later]
            log.side[lane, at] = orders.side[lane, slot]
            log.price[lane, at] = outbox.price[lane, i]
        else:
            log.code[lane, at] = outbox.reason[lane, i]


@cold_kernel
def record_clear(log, world, lane, time):
    """Record a batch that has just been cleared, a row for each auction; its fills follow."""
    market = world.market
    for auction in range(market.volume.shape[1]):
        at = start_row(
            log, lane, world.progress.events[lane], time, SOURCE_VENUE, EVENT_BATCH_CLEAR
        )
        if at == NO_ROW:
            continue
        volume = market.volume[lane, auction]
        traded = volume > 0
        # The side of the makers: they buy in auction 0, which is BUY, and sell in auction 1.
        log.side[lane, at] = auction if keeps_roles_apart(market.book) else MISSING
        log.lots[lane, at] = volume
        log.price[lane, at] = market.book.last_price[lane, auction] if traded else MISSING
        log.low[lane, at] = market.low[lane, auction] if traded else MISSING
        log.high[lane, at] = market.high[lane, auction] if traded else MISSING
        log.more[lane, at] = market.surplus[lane, auction] if traded else MISSING


@cold_kernel
def record_book(log, world, lane, time):
    """Record the public state that has just been published."""
    data = world.data
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_VENUE, EVENT_BOOK)
    if at == NO_ROW:
        return
    newest_at = newest(data, lane)
    log.price[lane, at] = _existing(data.last[lane, newest_at])
    log.low[lane, at] = _existing(data.best[lane, newest_at, BUY])
    log.high[lane, at] = _existing(data.best[lane, newest_at, SELL])
    log.lots[lane, at] = data.lots[lane, newest_at, BUY]
    log.more[lane, at] = data.lots[lane, newest_at, SELL]


@inline_kernel
def _existing(price):
    return price if price != NO_PRICE else MISSING


@cold_kernel
def record_news(log, world, lane, time):
    """Record a jump of the news and the fair value just after it."""
    at = start_row(log, lane, world.progress.events[lane], time, SOURCE_NEWS, EVENT_NEWS)
    if at != NO_ROW:
        log.value[lane, at] = nano(value_at(world.news, world.news_parameters, lane, time))


@cold_kernel
def record_end(log, world, lane):
    """Record the end of the lane: v at the end of trading, X, and why it stopped if it did.

    Where positions go on nothing is paid, and there is no X.
    """
    progress = world.progress
    stopped = progress.fault[lane] != 0
    time = progress.now[lane] if stopped else world.settings.horizon_ns
    at = start_row(log, lane, progress.events[lane], time, SOURCE_VENUE, EVENT_END)
    if at != NO_ROW:
        payoff = world.settings.n_ticks * np.int64(world.news.payoff[lane])
        log.code[lane, at] = progress.fault[lane] if stopped else MISSING
        log.value[lane, at] = MISSING if stopped else world.totals.final_value[lane]
        log.price[lane, at] = MISSING if stopped or world.settings.continues else payoff
