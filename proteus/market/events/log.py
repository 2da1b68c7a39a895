"""The log of a lane: one row per event, in order, and how a row is begun.

A lane is recorded when its block has room for rows; a block without room runs the same compiled
kernel and pays one predictable branch per site.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
from proteus.compiler.jit import cold_kernel, inline_kernel, state, written_first
from proteus.market.book.codes import (
    EVENT_CREDIT_ACCRUAL,
    EVENT_CUT,
    EVENT_ENVIRONMENT_BLOCK,
    EVENT_ENVIRONMENT_FORK,
    EVENT_ENVIRONMENT_REPORT,
    EVENT_ENVIRONMENT_WAIT,
    EVENT_POSTING,
)

# Where a row comes from.
SOURCE_TRADER = 0  # a decision, or a message when it reaches the venue
SOURCE_VENUE = 1  # what the mechanism did, and what became public
SOURCE_NEWS = 2
SOURCE_RULES = 3  # what the rules of a market did: costs, settlement, incentives, environment

MISSING = np.iinfo(np.int64).min  # a number that does not exist, as the bid of an empty side
NO_ROW = -1


@state
class Log(NamedTuple):
    """Rows of each lane. L lanes, E rows; E = 0: nothing is recorded."""

    kind: np.ndarray  # int64 [L, E] EVENT_*
    source: np.ndarray  # int64 [L, E] SOURCE_*
    event: np.ndarray  # int64 [L, E] number of the event in the lane, from 0
    time: np.ndarray  # int64 [L, E] ns
    trader: np.ndarray  # int64 [L, E] of a fill: owner of ``order``; of a posting: the giver;
    # of a settlement: the buyer, who gives the cash
    order: np.ndarray  # int64 [L, E] order version; of a fill: the earlier, or the maker's;
    # of a posting: the order that is charged; of a block, report or fork: its number
    other: np.ndarray  # int64 [L, E] version that a replace makes; of a fill: the later order; of a
    # posting: the receiver; of a settlement: the seller
    slot: np.ndarray  # int64 [L, E] slot of the order that a message means; of a posting: the asset
    side: np.ndarray  # int64 [L, E] of a fill: of its maker; of one of two auctions: of makers
    price: np.ndarray  # int64 [L, E] ticks; of a book: the last price; of the end: X in ticks
    lots: np.ndarray  # int64 [L, E] of a book: at the best bid; of a block: messages in it
    more: np.ndarray  # int64 [L, E] lots at the best ask of a book; surplus of a clear; gas of a
    # block; blocks that a fork drops; of a posting or settlement: number of the fill
    low: np.ndarray  # int64 [L, E] ticks: best bid of a book, lower end of W of a clear; of a
    # message that waits: its tie word
    high: np.ndarray  # int64 [L, E] ticks: best ask of a book, upper end of W of a clear
    value: np.ndarray  # int64 [L, E] nano: a trader's belief, or v; of a posting: its amount; of a
    # settlement: the cash; of a block: its base fee; of a message that waits: its tip
    code: np.ndarray  # int64 [L, E] lifetime of an order, reason of a cancel, reject or end; of a
    # posting: why it was made
    intent: np.ndarray  # int64 [L, E] ns, when the trader decided
    reference: np.ndarray  # int64 [L, E] twice the public reference price then, ticks
    cause: np.ndarray  # int64 [L, E] address of the cause
    count: np.ndarray  # int64 [L] rows so far; a count above E means overflow


written_first(*Log._fields[:-1])(Log)  # the rows, below the count


def allocate_log(lanes: int, rows: int) -> Log:
    """Allocate an empty log with room for ``rows`` per lane; 0 records nothing."""
    return allocate(Log, L=lanes, E=rows)


@inline_kernel
def is_recorded(log):
    """Tell whether the lanes of the block are recorded."""
    return log.kind.shape[1] > 0


@inline_kernel
def is_overfull(log, lane):
    """Tell whether rows were lost for want of room."""
    return is_recorded(log) and log.count[lane] > log.kind.shape[1]


@inline_kernel
def start_row(log, lane, event, time, source, kind):
    """Append a row and return its place, or NO_ROW when there is no room."""
    at = log.count[lane]
    log.count[lane] = at + 1
    if at >= log.kind.shape[1]:
        return np.int64(NO_ROW)
    log.kind[lane, at] = kind
    log.source[lane, at] = source
    log.event[lane, at] = event
    log.time[lane, at] = time
    return at


@cold_kernel
def record_posting(log, lane, event, time, asset, giver, receiver, amount, code, order, fill):
    """Record an entry of the ledger that is no fill.

    Parameters
        event: number of the event. asset: CASH or CONTRACT. giver, receiver: accounts. amount: nano
            or lots. code: posting code, as FEE. order: version of the order that is charged, and
            fill: number of the fill that it is charged for; MISSING without one.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_POSTING)
    if at != NO_ROW:
        log.slot[lane, at] = asset
        log.trader[lane, at] = giver
        log.other[lane, at] = receiver
        log.value[lane, at] = amount
        log.code[lane, at] = code
        log.order[lane, at] = order
        log.more[lane, at] = fill


@cold_kernel
def record_block(log, lane, event, time, number, messages, base_fee, gas):
    """Record a block.

    Parameters
        number: of the block. messages: of this market in it. base_fee: nano, and gas: that all of
            it used, or MISSING without congestion.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_ENVIRONMENT_BLOCK)
    if at != NO_ROW:
        log.order[lane, at] = number
        log.lots[lane, at] = messages
        log.value[lane, at] = base_fee
        log.more[lane, at] = gas


@cold_kernel
def record_fork(log, lane, event, time, number, dropped):
    """Record that a block, by its number, belongs to a branch without the last ones before it.

    Parameters
        dropped: how many these are.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_ENVIRONMENT_FORK)
    if at != NO_ROW:
        log.order[lane, at] = number
        log.more[lane, at] = dropped


@cold_kernel
def record_report(log, lane, event, time, number, price):
    """Record a report of an oracle when it is issued, by its number; its price is in nano."""
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_ENVIRONMENT_REPORT)
    if at != NO_ROW:
        log.order[lane, at] = number
        log.value[lane, at] = price


@cold_kernel
def record_waiting(log, messages, lane, event, time, envelope, tip, tie):
    """Record a message that waits for a block from now on."""
    at = start_row(log, lane, event, time, SOURCE_TRADER, EVENT_ENVIRONMENT_WAIT)
    if at != NO_ROW:
        log.trader[lane, at] = messages.trader[lane, envelope]
        log.order[lane, at] = messages.client_id[lane, envelope]
        log.cause[lane, at] = messages.cause[lane, envelope]
        log.value[lane, at] = tip
        log.low[lane, at] = tie


@cold_kernel
def record_settlement(log, lane, event, time, kind, fill, buyer, seller, lots, cash):
    """Record what becomes of the settlement of a fill.

    Parameters
        event: number of the event. kind: EVENT_SETTLEMENT_*. fill: its number, from 0. buyer,
            seller: traders. cash: price times lots, nano.

    Returns
        The place of the row, or NO_ROW when there is no room.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, kind)
    if at != NO_ROW:
        log.more[lane, at] = fill
        log.trader[lane, at] = buyer
        log.other[lane, at] = seller
        log.lots[lane, at] = lots
        log.value[lane, at] = cash
    return at


@cold_kernel
def record_cut(log, lane, event, time, trader, side, price, lots, kind):
    """Record that so many lots of an intent are not sent, by the constraint that cuts it first.

    Parameters
        side, price: of the intent, in ticks. kind: code of the constraint.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_CUT)
    if at != NO_ROW:
        log.trader[lane, at] = trader
        log.side[lane, at] = side
        log.price[lane, at] = price
        log.lots[lane, at] = lots
        log.code[lane, at] = kind


@cold_kernel
def record_accrual(log, lane, event, time, before, after, rate, index):
    """Record interest on all debts of a pool.

    Parameters
        before, after: debts, nano. rate: of the step, 1e18 a year. index: of the debt, of 1e12.
    """
    at = start_row(log, lane, event, time, SOURCE_RULES, EVENT_CREDIT_ACCRUAL)
    if at != NO_ROW:
        log.value[lane, at] = after - before
        log.low[lane, at] = before
        log.high[lane, at] = after
        log.price[lane, at] = rate
        log.intent[lane, at] = index
