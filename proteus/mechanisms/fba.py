"""Frequent batch auction: sealed collection over Delta, one uniform price.

Rules
    Batch k holds the messages that arrive in [(k-1) Delta, k Delta) and clears at k Delta. The
    executable volume is maximal and the price lies in the Walrasian interval; strictly better
    orders fill in full, the marginal level by ``allocation``. What does not fill rests for the
    next batch. Nothing is published between clears. Immediate and market orders live for exactly
    one clear; fill-or-kill and post-only have no meaning in a batch and are rejected. With
    ``random_close`` the close moves back by a uniform share of up to that fraction of Delta.

What is not realistic
    No indicative prices during collection, no volatility extensions.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

from proteus._jit import inline_kernel, state
from proteus.events import (
    BUY,
    CANCEL_IMMEDIATE,
    CANCEL_REQUESTED,
    EVENT_ACK,
    FOK,
    REJECT_NOT_IN_BATCH,
    SELL,
    emit,
)
from proteus.mechanisms import allocation, pricing, self_trade
from proteus.mechanisms.allocation import Shares, allocate_shares, share_level
from proteus.mechanisms.base import MechanismConfig, Sizes
from proteus.mechanisms.book import (
    EMPTY,
    enqueue,
    is_immediate,
    next_occupied,
)
from proteus.mechanisms.market import (
    amend,
    cancel_open,
    clear,
    enter,
    is_continuous,
    leaves_queue,
    next_clear,
    refuse_order,
    skip_clears,
    trade,
    withdraw,
)
from proteus.rng import ENTITY_MARKET, STREAM_BATCH, words_at
from proteus.schema import Probability, SelfTrade


class FbaConfig(MechanismConfig):
    """Keys of ``conf/mechanism/fba.yaml``."""

    uses_delta: ClassVar[bool] = True
    name: Literal["fba"]
    price_rule: Literal["midpoint", "reference", "lower", "upper", "t7"]
    allocation: Literal["time", "pro_rata", "pro_rata_fifo", "earlier_batches_first", "random"]
    self_trade: SelfTrade
    random_close: Probability  # fraction of delta


@state
class Fba(NamedTuple):
    """Parameters and scratch of the batch auction. L lanes, C order slots, A traders."""

    price_rule: int  # pricing.*
    allocation: int  # allocation.*
    self_trade: int  # self_trade.*
    interval_ns: int  # Delta
    random_close_ns: int  # the close moves back by less than this
    shares: Shares
    immediate: np.ndarray  # int64 [L, C] slots of immediate orders of the open batch
    n_immediate: np.ndarray  # int64 [L]
    is_listed: np.ndarray  # bool [L, C] the slot stands in ``immediate``; a reused slot stays once
    own_first: np.ndarray  # int64 [L, 2, A] a trader's first crossing order of each side
    own_last: np.ndarray  # int64 [L, 2, A] and its last
    own_next: np.ndarray  # int64 [L, C] next crossing order of the same trader and side
    involved: np.ndarray  # int64 [L, C] traders with crossing orders, each once


def make(config: FbaConfig, sizes: Sizes) -> Fba:
    """Build the mechanism for a block of lanes."""
    lanes, slots, traders = sizes.lanes, sizes.slots, sizes.traders
    return Fba(
        price_rule=np.int64(pricing.PRICE_RULE_CODES[config.price_rule]),
        allocation=np.int64(allocation.ALLOCATION_CODES[config.allocation]),
        self_trade=np.int64(self_trade.SELF_TRADE_CODES[config.self_trade]),
        interval_ns=np.int64(sizes.delta_ns),
        random_close_ns=np.int64(config.random_close * sizes.delta_ns),
        shares=allocate_shares(lanes, slots, sizes.keyed),
        immediate=np.zeros((lanes, slots), np.int64),
        n_immediate=np.zeros(lanes, np.int64),
        is_listed=np.zeros((lanes, slots), np.bool_),
        own_first=np.full((lanes, 2, traders), EMPTY, np.int64),
        own_last=np.full((lanes, 2, traders), EMPTY, np.int64),
        own_next=np.zeros((lanes, slots), np.int64),
        involved=np.zeros((lanes, slots), np.int64),
    )


@enter.implement(Fba)
@inline_kernel
def _enter(mechanism, market, lane, slot):
    orders = market.orders
    if orders.lifetime[lane, slot] == FOK or orders.post_only[lane, slot]:
        refuse_order(market, lane, slot, REJECT_NOT_IN_BATCH)
        return
    emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, 0, 0)
    enqueue(market.book, orders, lane, slot, market.clears[lane])
    if is_immediate(orders, lane, slot) and not mechanism.is_listed[lane, slot]:
        mechanism.is_listed[lane, slot] = True
        mechanism.immediate[lane, mechanism.n_immediate[lane]] = slot
        mechanism.n_immediate[lane] += 1


@amend.implement(Fba)
@inline_kernel
def _amend(mechanism, market, lane, slot, rank, lots):
    if leaves_queue(market, lane, slot, rank, lots):
        enqueue(market.book, market.orders, lane, slot, market.clears[lane])


@withdraw.implement(Fba)
@inline_kernel
def _withdraw(mechanism, market, lane, slot):
    cancel_open(market, lane, slot, CANCEL_REQUESTED)


@is_continuous.implement(Fba)
@inline_kernel
def _is_continuous(mechanism):
    return False


@next_clear.implement(Fba)
@inline_kernel
def _next_clear(mechanism, market, lane, now):
    batch = market.clears[lane] + 1
    close = batch * mechanism.interval_ns
    if mechanism.random_close_ns > 0:
        keys = market.keys
        words = words_at(keys, lane, STREAM_BATCH, ENTITY_MARKET, batch, 0)
        share = np.uint64(words[0]) * np.uint64(mechanism.random_close_ns)
        close -= np.int64(share >> np.uint64(32))
    return close


@skip_clears.implement(Fba)
@inline_kernel
def _skip_clears(mechanism, market, lane, now):
    market.clears[lane] = max(market.clears[lane], now // mechanism.interval_ns)
    if _next_clear(mechanism, market, lane, now) <= now:
        market.clears[lane] += 1


@clear.implement(Fba)
@inline_kernel
def _clear(mechanism, market, lane):
    book = market.book
    market.clears[lane] += 1
    market.volume[lane] = 0
    if mechanism.self_trade != self_trade.NONE:
        _prevent_self_trades(mechanism, market, lane)
    crossing = pricing.cross(book, lane)
    if crossing[0] > 0:
        _execute(mechanism, market, lane, crossing)
    _expire_immediate(mechanism, market, lane)


@inline_kernel
def _execute(mechanism, market, lane, crossing):
    """Price the crossing part of the book and trade it."""
    volume, filled_bid, filled_ask, open_bid, open_ask, left_bid, left_ask = crossing
    book, n_ticks = market.book, market.book.n_ticks[lane]
    low, high = pricing.walrasian_interval(book, lane, filled_bid, filled_ask, open_bid, open_ask)
    reference = np.int64(book.last_price[lane])
    if mechanism.price_rule == pricing.T7:
        price = pricing.t7_price(book, lane, filled_bid, filled_ask, reference)
    else:
        price = pricing.price_in_interval(mechanism.price_rule, low, high, n_ticks, reference)
    market.volume[lane] = volume
    market.low[lane] = low
    market.high[lane] = high
    market.surplus[lane] = pricing.surplus_at(book, lane, price)
    left_bid = left_bid if open_bid == filled_bid else np.int64(0)
    left_ask = left_ask if open_ask == filled_ask else np.int64(0)
    _share_marginal(mechanism, market, lane, BUY, filled_bid, left_bid)
    _share_marginal(mechanism, market, lane, SELL, filled_ask, left_ask)
    marginal_bid = filled_bid if left_bid > 0 else EMPTY
    marginal_ask = filled_ask if left_ask > 0 else EMPTY
    _pair(mechanism, market, lane, price, volume, marginal_bid, marginal_ask)


@inline_kernel
def _share_marginal(mechanism, market, lane, side, rank, left):
    if left > 0:
        total = market.book.lots[lane, side, rank]
        first = np.int64(market.book.head[lane, side, rank])
        share_level(
            mechanism.allocation, mechanism.shares, market.orders, market.address, market.keys,
            lane, first, total - left, total,
        )  # fmt: skip


@inline_kernel
def _pair(mechanism, market, lane, price, volume, marginal_bid, marginal_ask):
    """Trade the filled lots of both sides, paired in price, then arrival order."""
    orders, book = market.orders, market.book
    bid = np.int64(book.head[lane, BUY, book.best[lane, BUY]])
    ask = np.int64(book.head[lane, SELL, book.best[lane, SELL]])
    bid_lots = _filled_lots(mechanism, orders, lane, bid, marginal_bid)
    ask_lots = _filled_lots(mechanism, orders, lane, ask, marginal_ask)
    while volume > 0:
        lots = min(bid_lots, ask_lots)
        # Followers are read first: a filled order leaves its queue.
        next_bid = _following(book, orders, lane, bid) if lots == bid_lots else bid
        next_ask = _following(book, orders, lane, ask) if lots == ask_lots else ask
        if lots > 0:
            if orders.arrival[lane, bid] < orders.arrival[lane, ask]:
                trade(market, lane, bid, ask, price, lots)
            else:
                trade(market, lane, ask, bid, price, lots)
        volume -= lots
        bid_lots -= lots
        ask_lots -= lots
        if volume > 0 and bid_lots == 0:
            bid = next_bid
            bid_lots = _filled_lots(mechanism, orders, lane, bid, marginal_bid)
        if volume > 0 and ask_lots == 0:
            ask = next_ask
            ask_lots = _filled_lots(mechanism, orders, lane, ask, marginal_ask)
    market.book.last_price[lane] = price


@inline_kernel
def _filled_lots(mechanism, orders, lane, slot, marginal):
    if orders.rank[lane, slot] == marginal:
        return mechanism.shares.lots[lane, slot]
    return orders.lots[lane, slot]


@inline_kernel
def _following(book, orders, lane, slot):
    """Return the next order of the same side in price, then arrival order, or EMPTY."""
    following = np.int64(orders.next[lane, slot])
    if following != EMPTY:
        return following
    side = orders.side[lane, slot]
    level = next_occupied(book, lane, side, orders.rank[lane, slot])
    return np.int64(book.head[lane, side, level]) if level != EMPTY else np.int64(EMPTY)


@inline_kernel
def _expire_immediate(mechanism, market, lane):
    for i in range(mechanism.n_immediate[lane]):
        slot = mechanism.immediate[lane, i]
        mechanism.is_listed[lane, slot] = False
        if market.orders.lots[lane, slot] > 0 and is_immediate(market.orders, lane, slot):
            cancel_open(market, lane, slot, CANCEL_IMMEDIATE)
    mechanism.n_immediate[lane] = 0


@inline_kernel
def _prevent_self_trades(mechanism, market, lane):
    """Treat each trader's own crossing orders, best pair first, before pricing. O(crossing)."""
    book, n_ticks = market.book, market.book.n_ticks[lane]
    best_bid, best_ask = book.best[lane, BUY], book.best[lane, SELL]
    if best_bid == EMPTY or best_ask == EMPTY or best_bid + best_ask < n_ticks:
        return
    involved = _list_own(mechanism, market, lane, BUY, n_ticks - best_ask, 0)
    involved = _list_own(mechanism, market, lane, SELL, n_ticks - best_bid, involved)
    for i in range(involved):
        trader = mechanism.involved[lane, i]
        _prevent_own(mechanism, market, lane, trader)
        mechanism.own_first[lane, BUY, trader] = EMPTY
        mechanism.own_first[lane, SELL, trader] = EMPTY


@inline_kernel
def _list_own(mechanism, market, lane, side, worst, involved):
    """Chain the orders of one side with rank >= worst by trader, in priority order."""
    orders, book = market.orders, market.book
    level = np.int64(book.best[lane, side])
    while level != EMPTY and level >= worst:
        slot = book.head[lane, side, level]
        while slot != EMPTY:
            trader = orders.trader[lane, slot]
            mechanism.own_next[lane, slot] = EMPTY
            if mechanism.own_first[lane, side, trader] == EMPTY:
                mechanism.own_first[lane, side, trader] = slot
                if side == BUY or mechanism.own_first[lane, BUY, trader] == EMPTY:
                    mechanism.involved[lane, involved] = trader
                    involved += 1
            else:
                mechanism.own_next[lane, mechanism.own_last[lane, side, trader]] = slot
            mechanism.own_last[lane, side, trader] = slot
            slot = orders.next[lane, slot]
        level = next_occupied(book, lane, side, level)
    return involved


@inline_kernel
def _prevent_own(mechanism, market, lane, trader):
    orders, n_ticks = market.orders, market.book.n_ticks[lane]
    bid = mechanism.own_first[lane, BUY, trader]
    ask = mechanism.own_first[lane, SELL, trader]
    while bid != EMPTY and ask != EMPTY:
        if orders.rank[lane, bid] + orders.rank[lane, ask] < n_ticks:
            return
        bid_is_older = orders.arrival[lane, bid] < orders.arrival[lane, ask]
        older = bid if bid_is_older else ask
        newer = ask if bid_is_older else bid
        self_trade.prevent(mechanism.self_trade, market, lane, older, newer)
        if orders.lots[lane, bid] == 0:
            bid = mechanism.own_next[lane, bid]
        if orders.lots[lane, ask] == 0:
            ask = mechanism.own_next[lane, ask]
