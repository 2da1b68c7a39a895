"""Continuous limit order book: price-time priority, every order matched as it arrives.

Rules
    Trades happen at the resting price. The book is never crossed. Limit, market, IOC, FOK,
    post-only, cancel and amend; an amendment keeps its place in the queue at the same price with
    no more lots, and otherwise enters again as a new arrival that may trade at once. Optional
    pro-rata allocation at a level; self-trade prevention in five modes.

What is not realistic
    No hidden or pegged orders, no auctions, no halts, no minimum resting time.

Source
    The usual exchange rulebooks; docs/mechanisms.md states each rule.
"""

from __future__ import annotations

from typing import ClassVar, Literal, NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, state
from proteus.market.book.book import enqueue, is_immediate, next_occupied, price_of
from proteus.market.book.codes import (
    CANCEL_IMMEDIATE,
    CANCEL_REQUESTED,
    EVENT_ACK,
    FOK,
    NO_ORDER,
    NO_OWNER,
    REJECT_FOK_NOT_FILLED,
    REJECT_POST_ONLY_WOULD_CROSS,
)
from proteus.market.book.outbox import emit
from proteus.market.information.leakage import ContinuousTable, Table
from proteus.market.mechanisms import allocation, self_trade
from proteus.market.mechanisms.allocation import Shares, allocate_shares, share_level
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import (
    amend,
    cancel_open,
    crosses,
    enter,
    is_continuous,
    leaves_queue,
    refuse_order,
    reject,
    trade,
    withdraw,
)
from proteus.market.mechanisms.self_trade import SelfTrade

_NO_BATCH = 0


class ClobConfig(MechanismConfig):
    """Keys of ``conf/mechanism/clob.yaml``."""

    uses_delta: ClassVar[bool] = False
    table: ClassVar[type[Table]] = ContinuousTable
    name: Literal["clob"]
    allocation: Literal["time", "pro_rata", "pro_rata_fifo"]
    self_trade: SelfTrade


@state
class Clob(NamedTuple):
    """Parameters and scratch of the continuous order book."""

    allocation: int  # allocation.TIME, PRO_RATA or PRO_RATA_FIFO
    self_trade: int  # self_trade.*
    shares: Shares


def make(config: ClobConfig, sizes: Sizes) -> Clob:
    """Build the mechanism for a block of lanes."""
    return Clob(
        allocation=np.int64(allocation.ALLOCATION_CODES[config.allocation]),
        self_trade=np.int64(self_trade.SELF_TRADE_CODES[config.self_trade]),
        shares=allocate_shares(sizes.slots, sizes.keyed),
    )


@enter.implement(Clob)
@inline_kernel
def _enter(mechanism, market, lane, slot, now):
    orders = market.orders
    rank = orders.rank[lane, slot]
    if orders.post_only[lane, slot] and crosses(market, lane, slot, rank):
        refuse_order(market, lane, slot, REJECT_POST_ONLY_WOULD_CROSS)
    elif orders.lifetime[lane, slot] == FOK and not _fills_in_full(mechanism, market, lane, slot):
        refuse_order(market, lane, slot, REJECT_FOK_NOT_FILLED)
    else:
        emit(market.outbox, lane, EVENT_ACK, slot, slot, 0, 0, 0)
        _match_and_rest(mechanism, market, lane, slot)


@amend.implement(Clob)
@inline_kernel
def _amend(mechanism, market, lane, slot, rank, lots, now):
    orders = market.orders
    if orders.post_only[lane, slot] and crosses(market, lane, slot, rank):
        reject(market, lane, slot, REJECT_POST_ONLY_WOULD_CROSS)
        return
    if leaves_queue(market, lane, slot, rank, lots):
        _match_and_rest(mechanism, market, lane, slot)


@withdraw.implement(Clob)
@inline_kernel
def _withdraw(mechanism, market, lane, slot):
    cancel_open(market, lane, slot, CANCEL_REQUESTED)


@is_continuous.implement(Clob)
@inline_kernel
def _is_continuous(mechanism):
    return True


@inline_kernel
def _match_and_rest(mechanism, market, lane, slot):
    orders, book = market.orders, market.book
    opposite = 1 - orders.side[lane, slot]
    worst = book.n_ticks[lane] - orders.rank[lane, slot]
    while orders.lots[lane, slot] > 0 and book.best[lane, opposite] >= worst:
        if mechanism.allocation == allocation.TIME:
            _meet_first(mechanism, market, lane, slot, opposite)
        else:
            _meet_level(mechanism, market, lane, slot, opposite)
    if orders.lots[lane, slot] > 0:
        if is_immediate(orders, lane, slot):
            cancel_open(market, lane, slot, CANCEL_IMMEDIATE)
        else:
            enqueue(book, orders, lane, slot, _NO_BATCH)


@inline_kernel
def _meet_first(mechanism, market, lane, slot, opposite):
    """Trade with, or treat as own, the first order of the best opposite level."""
    orders, book = market.orders, market.book
    level = book.best[lane, opposite]
    resting = book.head[lane, opposite, level]
    if _is_own(mechanism, orders, lane, slot, resting):
        self_trade.prevent(mechanism.self_trade, market, lane, resting, slot)
        return
    lots = min(orders.lots[lane, slot], orders.lots[lane, resting])
    price = price_of(book, lane, opposite, level)
    trade(market, lane, resting, slot, price, lots)


@inline_kernel
def _meet_level(mechanism, market, lane, slot, opposite):
    """Treat own orders of the best opposite level, then share the rest of it pro rata."""
    orders, book = market.orders, market.book
    level = book.best[lane, opposite]
    _treat_own(mechanism, market, lane, slot, book.head[lane, opposite, level])
    volume = orders.lots[lane, slot]
    if volume == 0 or book.best[lane, opposite] != level:
        return
    total = book.lots[lane, opposite, level]
    head = np.int64(book.head[lane, opposite, level])
    rule = mechanism.allocation if volume < total else allocation.TIME  # then all trade in full
    share_level(
        rule, mechanism.shares, orders, market.address, market.keys, lane, head, volume, total
    )
    price = price_of(book, lane, opposite, level)
    resting = head
    while resting != NO_ORDER:
        following = orders.next[lane, resting]
        lots = mechanism.shares.lots[resting]
        if lots > 0:
            trade(market, lane, resting, slot, price, lots)
        resting = following


@inline_kernel
def _treat_own(mechanism, market, lane, slot, head):
    orders = market.orders
    resting = head
    while resting != NO_ORDER and orders.lots[lane, slot] > 0:
        following = orders.next[lane, resting]
        if _is_own(mechanism, orders, lane, slot, resting):
            self_trade.prevent(mechanism.self_trade, market, lane, resting, slot)
        resting = following


@inline_kernel
def _is_own(mechanism, orders, lane, slot, resting):
    return (
        mechanism.self_trade != self_trade.NONE
        and orders.owner[lane, slot] == orders.owner[lane, resting]
        and orders.owner[lane, slot] != NO_OWNER
    )


@inline_kernel
def _fills_in_full(mechanism, market, lane, slot):
    """Tell whether the lots inside the limit suffice, as self-trade prevention leaves them."""
    orders, book = market.orders, market.book
    opposite = 1 - orders.side[lane, slot]
    worst = book.n_ticks[lane] - orders.rank[lane, slot]
    missing = orders.lots[lane, slot]
    level = book.best[lane, opposite]
    whole_levels = mechanism.allocation != allocation.TIME  # own orders of a level go first there
    while level >= worst and missing > 0:
        resting = book.head[lane, opposite, level]
        while resting != NO_ORDER and (missing > 0 or whole_levels):
            if not _is_own(mechanism, orders, lane, slot, resting):
                missing -= orders.lots[lane, resting]
            elif mechanism.self_trade != self_trade.CANCEL_OLDEST:
                # The incoming order would lose lots here, so it can no longer trade in full.
                return False
            resting = orders.next[lane, resting]
        level = next_occupied(book, lane, opposite, level)
    return missing <= 0
