"""Uniform-price auctions in batches: what every mechanism that clears in intervals shares.

A batch collects orders over Delta; at its close each of its auctions, the bids of one ladder of the
book against the asks of another, clears on its own at one price. The executable volume is maximal
and the price lies in the Walrasian interval; strictly better orders fill in full, the marginal
level is shared. A mechanism says which ladders meet, and by which policies.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state
from proteus.market.book.book import enqueue, is_immediate, next_occupied, ticks_of
from proteus.market.book.codes import (
    BUY,
    CANCEL_IMMEDIATE,
    CANCEL_REQUESTED,
    EVENT_ACK,
    FOK,
    NO_ORDER,
    NO_OWNER,
    NO_RANK,
    REJECT_NOT_IN_BATCH,
    SELL,
)
from proteus.market.book.outbox import emit
from proteus.market.mechanisms import allocation, pricing, self_trade
from proteus.market.mechanisms.allocation import Shares, allocate_shares, share_level
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import (
    amend,
    cancel_open,
    enter,
    is_continuous,
    leaves_queue,
    next_clear,
    refuse_order,
    skip_clears,
    trade,
    withdraw,
)
from proteus.market.rng import ENTITY_MARKET, STREAM_BATCH, words_at


@state
class Batch(NamedTuple):
    """Policies and scratch of batches. L lanes, C order slots, A traders."""

    allocation: int  # allocation.*
    self_trade: int  # self_trade.*
    interval_ns: int  # Delta
    random_close_ns: int  # the close moves back by less than this
    shares: Shares
    immediate: np.ndarray  # int32 [L, C] slots of immediate orders of the open batch
    n_immediate: np.ndarray  # int64 [L]
    is_listed: np.ndarray  # bool [L, C] the slot stands in ``immediate``
    own_first: np.ndarray  # int32 [L, 2, A] an owner's first crossing order of each side
    own_last: np.ndarray  # int32 [L, 2, A] and its last
    own_next: np.ndarray  # int32 [L, C] next crossing order of the same owner and side
    involved: np.ndarray  # int32 [L, C] owners with crossing orders, each once


def make_batch(
    allocation_rule: str, self_trade_mode: str, random_close: float, sizes: Sizes
) -> Batch:
    """Build the state of batches.

    Parameters
        allocation_rule, self_trade_mode: names in ``allocation`` and ``self_trade``.
        random_close: fraction of Delta by which the close moves back at most, 0 .. 1.
        sizes: what to allocate for.
    """
    lanes, slots, traders = sizes.lanes, sizes.slots, sizes.traders
    return allocate(
        Batch,
        L=lanes,
        C=slots,
        A=traders,
        allocation=np.int64(allocation.ALLOCATION_CODES[allocation_rule]),
        self_trade=np.int64(self_trade.SELF_TRADE_CODES[self_trade_mode]),
        interval_ns=np.int64(sizes.delta_ns),
        random_close_ns=np.int64(random_close * sizes.delta_ns),
        shares=allocate_shares(slots, sizes.keyed),
        own_first=NO_ORDER,
        own_last=NO_ORDER,
    )


def trades_in_batches(mechanism_type: type) -> None:
    """Implement what all mechanisms with a ``Batch`` in their field ``batch`` share.

    That is every function of ``market`` but the clear.
    """
    enter.implement(mechanism_type)(_enter)
    amend.implement(mechanism_type)(_amend)
    withdraw.implement(mechanism_type)(_withdraw)
    is_continuous.implement(mechanism_type)(_is_continuous)
    next_clear.implement(mechanism_type)(_next_clear)
    skip_clears.implement(mechanism_type)(_skip_clears)


@inline_kernel
def _enter(mechanism, market, lane, slot, now):
    orders, batch = market.orders, mechanism.batch
    if orders.lifetime[lane, slot] == FOK or orders.post_only[lane, slot]:
        refuse_order(market, lane, slot, REJECT_NOT_IN_BATCH)
        return
    emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, 0, 0)
    enqueue(market.book, orders, lane, slot, market.clears[lane])
    if is_immediate(orders, lane, slot):
        batch.is_listed[lane, slot] = True
        batch.immediate[lane, batch.n_immediate[lane]] = slot
        batch.n_immediate[lane] += 1


@inline_kernel
def _amend(mechanism, market, lane, slot, rank, lots, now):
    if leaves_queue(market, lane, slot, rank, lots):
        enqueue(market.book, market.orders, lane, slot, market.clears[lane])


@inline_kernel
def _withdraw(mechanism, market, lane, slot):
    cancel_open(market, lane, slot, CANCEL_REQUESTED)
    if mechanism.batch.is_listed[lane, slot]:
        _unlist(mechanism.batch, lane, slot)


@cold_kernel
def _unlist(batch, lane, slot):
    """Forget an immediate order that was withdrawn: its slot may soon be that of another."""
    batch.is_listed[lane, slot] = False
    kept = 0
    for i in range(batch.n_immediate[lane]):
        if batch.immediate[lane, i] != slot:
            batch.immediate[lane, kept] = batch.immediate[lane, i]
            kept += 1
    batch.n_immediate[lane] = kept


@inline_kernel
def _is_continuous(mechanism):
    return False


@inline_kernel
def _next_clear(mechanism, market, lane, now):
    batch, number = mechanism.batch, market.clears[lane] + 1
    close = number * batch.interval_ns
    if batch.random_close_ns > 0:
        keys = market.keys
        words = words_at(keys, lane, STREAM_BATCH, ENTITY_MARKET, number, 0)
        share = np.uint64(words[0]) * np.uint64(batch.random_close_ns)
        close -= np.int64(share >> np.uint64(32))
    return close


@inline_kernel
def _skip_clears(mechanism, market, lane, now):
    market.clears[lane] = max(market.clears[lane], now // mechanism.batch.interval_ns)
    if _next_clear(mechanism, market, lane, now) <= now:
        market.clears[lane] += 1


@inline_kernel
def clear_auction(batch, market, lane, auction, bids, asks, price_rule):
    """Clear one auction of the batch.

    Parameters
        auction: its number. bids, asks: the ladders that meet in it.
        price_rule: pricing.*
    """
    market.volume[lane, auction] = 0
    if batch.self_trade != self_trade.NONE:
        _prevent_self_trades(batch, market, lane, bids, asks)
    crossing = pricing.cross(market.book, lane, bids, asks)
    if crossing[0] > 0:
        _execute(batch, market, lane, auction, bids, asks, price_rule, crossing)


@inline_kernel
def _execute(batch, market, lane, auction, bids, asks, price_rule, crossing):
    """Price the crossing part of an auction and trade it."""
    volume, filled_bid, filled_ask, open_bid, open_ask, left_bid, left_ask = crossing
    book, scale = market.book, market.book.scale
    low, high = pricing.walrasian_interval(
        book, lane, bids, asks, filled_bid, filled_ask, open_bid, open_ask
    )
    low, high = ticks_of(scale, low), ticks_of(scale, high)
    n_ticks = ticks_of(scale, book.n_ticks[lane])
    reference = np.int64(book.last_price[lane, auction])
    if price_rule == pricing.T7:
        price = pricing.t7_price(book, lane, bids, asks, filled_bid, filled_ask, reference)
    else:
        price = pricing.price_in_interval(price_rule, low, high, n_ticks, reference)
    market.volume[lane, auction] = volume
    market.low[lane, auction] = low
    market.high[lane, auction] = high
    market.surplus[lane, auction] = pricing.surplus_at(book, lane, bids, asks, price)
    book.last_price[lane, auction] = price
    left_bid = left_bid if open_bid == filled_bid else np.int64(0)
    left_ask = left_ask if open_ask == filled_ask else np.int64(0)
    _share_marginal(batch, market, lane, bids, filled_bid, left_bid)
    _share_marginal(batch, market, lane, asks, filled_ask, left_ask)
    marginal_bid = filled_bid if left_bid > 0 else NO_RANK
    marginal_ask = filled_ask if left_ask > 0 else NO_RANK
    _pair(batch, market, lane, bids, asks, price, volume, marginal_bid, marginal_ask)


@inline_kernel
def _share_marginal(batch, market, lane, ladder, rank, left):
    if left > 0:
        total = market.book.lots[lane, ladder, rank]
        first = np.int64(market.book.head[lane, ladder, rank])
        share_level(
            batch.allocation, batch.shares, market.orders, market.address, market.keys,
            lane, first, total - left, total,
        )  # fmt: skip


@inline_kernel
def _pair(batch, market, lane, bids, asks, price, volume, marginal_bid, marginal_ask):
    """Trade the filled lots of both sides, paired in price, then arrival order."""
    orders, book = market.orders, market.book
    bid = np.int64(book.head[lane, bids, book.best[lane, bids]])
    ask = np.int64(book.head[lane, asks, book.best[lane, asks]])
    bid_lots = _filled_lots(batch, orders, lane, bid, marginal_bid)
    ask_lots = _filled_lots(batch, orders, lane, ask, marginal_ask)
    while volume > 0:
        lots = min(bid_lots, ask_lots)
        # Followers are read first: a filled order leaves its queue.
        next_bid = _following(book, orders, lane, bid) if lots == bid_lots else bid
        next_ask = _following(book, orders, lane, ask) if lots == ask_lots else ask
        if lots > 0:
            if _bid_makes(orders, lane, bids, asks, bid, ask):
                trade(market, lane, bid, ask, price, lots)
            else:
                trade(market, lane, ask, bid, price, lots)
        volume -= lots
        bid_lots -= lots
        ask_lots -= lots
        if volume > 0 and bid_lots == 0:
            bid = next_bid
            bid_lots = _filled_lots(batch, orders, lane, bid, marginal_bid)
        if volume > 0 and ask_lots == 0:
            ask = next_ask
            ask_lots = _filled_lots(batch, orders, lane, ask, marginal_ask)


@inline_kernel
def _bid_makes(orders, lane, bids, asks, bid, ask):
    """Tell whether a fill names the bid as maker: by role where roles are apart, else by time."""
    if bids >> 1 != asks >> 1:
        return bids < asks
    return orders.arrival[lane, bid] < orders.arrival[lane, ask]


@inline_kernel
def _filled_lots(batch, orders, lane, slot, marginal):
    if orders.rank[lane, slot] == marginal:
        return batch.shares.lots[slot]
    return orders.lots[lane, slot]


@inline_kernel
def _following(book, orders, lane, slot):
    """Return the next order of the same side in price, then arrival order, or NO_ORDER."""
    following = np.int64(orders.next[lane, slot])
    if following != NO_ORDER:
        return following
    ladder = orders.ladder[lane, slot]
    level = next_occupied(book, lane, ladder, orders.rank[lane, slot])
    return np.int64(book.head[lane, ladder, level]) if level != NO_RANK else np.int64(NO_ORDER)


@inline_kernel
def expire_immediate(batch, market, lane):
    """Cancel what the immediate orders of the batch did not trade."""
    for i in range(batch.n_immediate[lane]):
        slot = batch.immediate[lane, i]
        batch.is_listed[lane, slot] = False
        if market.orders.lots[lane, slot] > 0 and is_immediate(market.orders, lane, slot):
            cancel_open(market, lane, slot, CANCEL_IMMEDIATE)
    batch.n_immediate[lane] = 0


@inline_kernel
def _prevent_self_trades(batch, market, lane, bids, asks):
    """Treat each owner's crossing orders, best pair first, before pricing. O(crossing)."""
    book, n_ticks = market.book, market.book.n_ticks[lane]
    best_bid, best_ask = book.best[lane, bids], book.best[lane, asks]
    if best_bid == NO_RANK or best_ask == NO_RANK or best_bid + best_ask < n_ticks:
        return
    involved = _list_own(batch, market, lane, bids, BUY, n_ticks - best_ask, 0)
    involved = _list_own(batch, market, lane, asks, SELL, n_ticks - best_bid, involved)
    for i in range(involved):
        owner = batch.involved[lane, i]
        _prevent_own(batch, market, lane, owner)
        batch.own_first[lane, BUY, owner] = NO_ORDER
        batch.own_first[lane, SELL, owner] = NO_ORDER


@inline_kernel
def _list_own(batch, market, lane, ladder, side, worst, involved):
    """Chain the orders of one side with rank >= worst by owner, in priority order."""
    orders, book = market.orders, market.book
    level = np.int64(book.best[lane, ladder])
    while level != NO_RANK and level >= worst:
        slot = book.head[lane, ladder, level]
        while slot != NO_ORDER:
            owner = orders.owner[lane, slot]
            if owner != NO_OWNER:
                involved = _append_own(batch, lane, side, owner, slot, involved)
            slot = orders.next[lane, slot]
        level = next_occupied(book, lane, ladder, level)
    return involved


@inline_kernel
def _append_own(batch, lane, side, owner, slot, involved):
    """Append an order to the chain of its owner; returns how many owners there are now."""
    batch.own_next[lane, slot] = NO_ORDER
    if batch.own_first[lane, side, owner] == NO_ORDER:
        batch.own_first[lane, side, owner] = slot
        if side == BUY or batch.own_first[lane, BUY, owner] == NO_ORDER:
            batch.involved[lane, involved] = owner
            involved += 1
    else:
        batch.own_next[lane, batch.own_last[lane, side, owner]] = slot
    batch.own_last[lane, side, owner] = slot
    return involved


@inline_kernel
def _prevent_own(batch, market, lane, owner):
    orders, n_ticks = market.orders, market.book.n_ticks[lane]
    bid = batch.own_first[lane, BUY, owner]
    ask = batch.own_first[lane, SELL, owner]
    while bid != NO_ORDER and ask != NO_ORDER:
        if orders.rank[lane, bid] + orders.rank[lane, ask] < n_ticks:
            return
        bid_is_older = orders.arrival[lane, bid] < orders.arrival[lane, ask]
        older = bid if bid_is_older else ask
        newer = ask if bid_is_older else bid
        self_trade.prevent(batch.self_trade, market, lane, older, newer)
        if orders.lots[lane, bid] == 0:
            bid = batch.own_next[lane, bid]
        if orders.lots[lane, ask] == 0:
            ask = batch.own_next[lane, ask]
