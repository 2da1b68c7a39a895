"""What a lane will most likely touch, asked for while the lanes before it are stepped.

A thousand lanes lie beyond the caches near a processor. Each comes up once a step and touches some
two hundred lines of memory, each of which it would wait for. Asking changes no bit, and asking for
too much or too little only time. What is listed is what the samples of a profile stood at.
"""

from __future__ import annotations

from proteus.compiler.fetching import fetch
from proteus.compiler.jit import inline_kernel
from proteus.market.book.codes import BUY, SELL

_TOGETHER = 8  # lanes whose single numbers share a line


@inline_kernel
def fetch_places(world, lane):
    """Ask for what says where the rest of a lane lies: before ``fetch_lane``."""
    if lane % _TOGETHER == 0:
        _fetch_progress(world, lane)
        _fetch_sizes(world, lane)
    fetch(world.intents.side, (lane, 0))
    fetch(world.intents.price, (lane, 0))
    fetch(world.market.book.best, (lane, 0))


@inline_kernel
def fetch_lane(world, lane):
    """Ask for what a lane will touch in its next events."""
    _fetch_messages(world.queue, world.messages, lane)
    _fetch_orders(world.market.orders, lane)
    _fetch_origins(world.origins, lane)
    _fetch_private(world.private, lane, world.policies.others.policy.trader[lane])
    _fetch_outbox(world.market.outbox, lane)
    _fetch_history(world, lane)
    _fetch_book(world, lane)


@inline_kernel
def _fetch_progress(world, lane):
    progress, external, seen = world.progress, world.policies.others.policy, world.seen
    fetch(progress.fault, (lane,))
    fetch(progress.stage, (lane,))
    fetch(progress.reached, (lane,))
    fetch(progress.now, (lane,))
    fetch(progress.events, (lane,))
    fetch(progress.messages, (lane,))
    fetch(progress.last_id, (lane,))
    fetch(progress.last_price, (lane,))
    fetch(external.waits, (lane,))
    fetch(external.trader, (lane,))
    fetch(external.kind, (lane,))
    fetch(external.item, (lane,))
    fetch(external.told, (lane, 0))
    fetch(external.equity, (lane, 0))
    fetch(seen.time, (lane,))
    fetch(seen.reference_doubled, (lane,))
    fetch(seen.signal, (lane,))
    fetch(seen.look, (lane,))
    fetch(seen.n_prints, (lane,))


@inline_kernel
def _fetch_sizes(world, lane):
    fetch(world.intents.count, (lane,))
    fetch(world.data.count, (lane,))
    fetch(world.data.prints, (lane,))
    fetch(world.queue.size, (lane,))
    fetch(world.queue.sequence, (lane,))
    fetch(world.messages.n_free, (lane,))
    fetch(world.market.orders.n_free, (lane,))
    fetch(world.market.outbox.count, (lane,))
    fetch(world.market.book.arrivals, (lane,))
    fetch(world.news.n_jumps, (lane,))
    fetch(world.sums.quality.near, (lane,))


@inline_kernel
def _fetch_messages(queue, messages, lane):
    """Of pools what is used first, as few places of them are used at a time."""
    for place in (0, 8):
        fetch(queue.time, (lane, place))
        fetch(queue.key, (lane, place))
        fetch(queue.item, (lane, place))
    fetch(messages.kind, (lane, 0))
    fetch(messages.trader, (lane, 0))
    fetch(messages.order, (lane, 0))
    fetch(messages.client_id, (lane, 0))
    fetch(messages.new_id, (lane, 0))
    fetch(messages.side, (lane, 0))
    fetch(messages.rank, (lane, 0))
    fetch(messages.lots, (lane, 0))
    fetch(messages.belief, (lane, 0))
    fetch(messages.cause, (lane, 0))
    fetch(messages.answer, (lane, 0))
    fetch(messages.tie, (lane, 0))
    fetch(messages.free, (lane, messages.n_free[lane] - 1))


@inline_kernel
def _fetch_orders(orders, lane):
    fetch(orders.client_id, (lane, 0))
    fetch(orders.trader, (lane, 0))
    fetch(orders.owner, (lane, 0))
    fetch(orders.side, (lane, 0))
    fetch(orders.ladder, (lane, 0))
    fetch(orders.rank, (lane, 0))
    fetch(orders.lots, (lane, 0))
    fetch(orders.submitted, (lane, 0))
    fetch(orders.filled, (lane, 0))
    fetch(orders.cancelled, (lane, 0))
    fetch(orders.lifetime, (lane, 0))
    fetch(orders.post_only, (lane, 0))
    fetch(orders.arrival, (lane, 0))
    fetch(orders.batch, (lane, 0))
    fetch(orders.next, (lane, 0))
    fetch(orders.previous, (lane, 0))


@inline_kernel
def _fetch_origins(origins, lane):
    fetch(origins.belief, (lane, 0))
    fetch(origins.intent_ns, (lane, 0))
    fetch(origins.reference_doubled, (lane, 0))
    fetch(origins.cause, (lane, 0))
    fetch(origins.answer, (lane, 0))
    fetch(origins.is_quote, (lane, 0))


@inline_kernel
def _fetch_private(private, lane, trader):
    fetch(private.wakes, (lane, trader))
    fetch(private.anchor, (lane, trader))
    fetch(private.view_time, (lane, trader))
    fetch(private.prints_seen, (lane, trader))
    fetch(private.sent_until, (lane, trader))
    fetch(private.sent_tie, (lane, trader))
    fetch(private.acked_until, (lane, trader))
    fetch(private.position, (lane, trader))
    fetch(private.quote_order, (lane, trader, 0))
    fetch(private.quote_id, (lane, trader, 0))
    fetch(private.quote_price, (lane, trader, 0))
    fetch(private.quote_lots, (lane, trader, 0))
    fetch(private.exposure, (lane, trader, 0))


@inline_kernel
def _fetch_outbox(outbox, lane):
    fetch(outbox.kind, (lane, 0))
    fetch(outbox.order, (lane, 0))
    fetch(outbox.other, (lane, 0))
    fetch(outbox.price, (lane, 0))
    fetch(outbox.lots, (lane, 0))
    fetch(outbox.reason, (lane, 0))


@inline_kernel
def _fetch_history(world, lane):
    data, news = world.data, world.news
    newest = (data.count[lane] - 1) & (data.time.shape[1] - 1)
    fetch(data.time, (lane, newest))
    fetch(data.best, (lane, newest, 0))
    fetch(data.lots, (lane, newest, 0))
    fetch(data.last, (lane, newest))
    slot = world.progress.now[lane] // world.news_parameters.dt_ns & (news.value.shape[1] - 1)
    fetch(news.value, (lane, slot))
    fetch(news.jumps_before, (lane, slot))
    fetch(news.jump_ns, (lane, 0))
    fetch(world.ledger.balance, (lane, 0, 0))


@inline_kernel
def _fetch_book(world, lane):
    """Of the book the best levels, those that are wanted, and the middle of the bitmap."""
    book, intents, n_ticks = world.market.book, world.intents, world.settings.n_ticks
    for side in (BUY, SELL):
        fetch(book.occupied, (lane, side, book.occupied.shape[2] // 2))
        _fetch_level(book, lane, side, book.best[lane, side])
    for i in range(2):
        side, price = intents.side[lane, i], intents.price[lane, i]
        _fetch_level(book, lane, side, price if side == BUY else n_ticks - price)


@inline_kernel
def _fetch_level(book, lane, side, rank):
    fetch(book.lots, (lane, side, rank))
    fetch(book.head, (lane, side, rank))
    fetch(book.tail, (lane, side, rank))
