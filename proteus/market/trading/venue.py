"""The venue's side: messages reach the mechanism, and batches are cleared."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.traders import CLASS_MAKER
from proteus.market.book.book import keeps_roles_apart, ladder_of
from proteus.market.book.codes import NO_PRICE, REJECT_NO_FUNDS, REJECT_UNKNOWN_ORDER
from proteus.market.events.envelopes import (
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    NOTICE_REJECT,
    release_envelope,
)
from proteus.market.events.log import is_recorded
from proteus.market.mechanisms import pricing
from proteus.market.mechanisms.interface import amend, clear, enter, refuse_order, withdraw
from proteus.market.metrics.clear_split import split_clear
from proteus.market.trading import limits
from proteus.market.trading.recorder import record_clear, record_message, record_refused
from proteus.market.trading.reports import notify


@inline_kernel
def receive(mechanism, world, lane, time, envelope):
    """Hand a message to the mechanism.

    Returns
        The slot of the order that the message is about, and the word of the latency of its answer,
        for ``booking.book``.
    """
    messages, orders = world.messages, world.market.orders
    world.progress.messages[lane] += 1
    if is_recorded(world.log):
        record_message(world.log, world, lane, time, envelope)
    slot = np.int64(messages.order[lane, envelope])
    answer_word = np.int64(messages.answer[lane, envelope])
    kind = messages.kind[lane, envelope]
    if kind == MESSAGE_ORDER:
        _choose_ladder(world, lane, slot)
        rank, lots = np.int64(orders.rank[lane, slot]), orders.lots[lane, slot]
        if _can_pay(world, lane, envelope, slot, rank, lots):
            enter(mechanism, world.market, lane, slot, time)
        else:
            refuse_order(world.market, lane, slot, REJECT_NO_FUNDS)
    elif orders.client_id[lane, slot] != messages.client_id[lane, envelope]:
        _reject(world, lane, time, envelope, REJECT_UNKNOWN_ORDER)
    elif kind == MESSAGE_CANCEL or not _can_pay_change(world, lane, envelope, slot):
        if kind != MESSAGE_CANCEL:
            _reject_unpaid(world, lane, time, envelope)
        withdraw(mechanism, world.market, lane, slot)
    else:
        orders.client_id[lane, slot] = messages.new_id[lane, envelope]
        world.origins.belief[lane, slot] = messages.belief[lane, envelope]
        world.origins.cause[lane, slot] = messages.cause[lane, envelope]
        world.origins.answer[lane, slot] = answer_word
        rank, lots = messages.rank[lane, envelope], messages.lots[lane, envelope]
        amend(mechanism, world.market, lane, slot, np.int64(rank), lots, time)
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
    low = high = np.int64(NO_PRICE)
    for auction in range(market.volume.shape[1]):
        if market.volume[lane, auction] > 0:
            low = high if high != NO_PRICE else market.book.last_price[lane, auction]
            high = market.book.last_price[lane, auction]
    if high != NO_PRICE:
        last = progress.last_price[lane]
        before = last if last != NO_PRICE else world.settings.initial_ticks
        progress.last_price[lane] = pricing.price_in_interval(
            pricing.MIDPOINT, low, high, market.book.n_ticks[lane], before
        )


@inline_kernel
def _can_pay_change(world, lane, envelope, slot):
    """Tell whether the trader can pay the version that a replace makes in place of the old one."""
    messages = world.messages
    rank, lots = np.int64(messages.rank[lane, envelope]), messages.lots[lane, envelope]
    return _can_pay(world, lane, envelope, slot, rank, lots)


@inline_kernel
def _can_pay(world, lane, envelope, slot, rank, lots):
    """Tell whether a trader can pay what the order at ``slot`` would be."""
    trader, side = world.messages.trader[lane, envelope], world.market.orders.side[lane, slot]
    return limits.can_pay(
        world.rules, world.ledger, world.market.orders, lane, trader, slot, side, rank, lots
    )


@cold_kernel
def _reject_unpaid(world, lane, time, envelope):
    _reject(world, lane, time, envelope, REJECT_NO_FUNDS)


@inline_kernel
def _reject(world, lane, time, envelope, reason):
    """Tell a trader that its replace came to nothing; of a cancel of what is gone there is no news.

    Parameters
        reason: REJECT_*.
    """
    messages = world.messages
    if is_recorded(world.log):
        record_refused(world.log, world, lane, time, envelope, reason)
    if messages.kind[lane, envelope] != MESSAGE_CANCEL:
        notify(
            world, lane, time, NOTICE_REJECT, np.int64(messages.trader[lane, envelope]),
            np.int64(messages.order[lane, envelope]), messages.new_id[lane, envelope],
            np.int64(messages.side[lane, envelope]), messages.lots[lane, envelope],
            np.int64(messages.answer[lane, envelope]),
        )  # fmt: skip
