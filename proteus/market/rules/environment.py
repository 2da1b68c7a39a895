"""The environment bound to a market: its entries of the queue, and messages that wait for blocks.

``rules`` is written, and so are the queue and, through ``posting``, the ledger and the log; the
rest is read. ``lane`` is the row, ``time`` is ns, ``envelope`` is of ``messages``, ``event`` is the
number of the event.

Order at one nanosecond is that of the queue: a block, a check and an arrival come before samples,
clears and messages. A block puts the messages that it takes into the queue at its own time, in its
order, so all of them come after the clear of that nanosecond. Their order is that of the queue's
sequence, and none of them is compared by tie words again.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.deferred import deferred_kernel
from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.traders import CLASS_INFORMED, CLASS_SNIPER
from proteus.market.book.codes import BUY, NO_ENVELOPE, NO_ORDER, SELL
from proteus.market.environment import blocks, congestion, mempool, oracle, sources, trace
from proteus.market.environment.news import value_at
from proteus.market.events.envelopes import MESSAGE_ORDER
from proteus.market.events.log import (
    MISSING,
    is_recorded,
    record_block,
    record_report,
    record_waiting,
)
from proteus.market.events.queue import KIND_ENVIRONMENT, KIND_MESSAGE, push, tie_word
from proteus.market.information.history import newest, reference_doubled
from proteus.market.ledger.accounts import AMOUNT_TOO_LARGE, PROPOSER, account_of, nano
from proteus.market.ledger.codes import GAS_TIP
from proteus.market.rules import posting, settlement, stress
from proteus.market.settlement.legs import NO_BLOCK

# Items of entries of KIND_ENVIRONMENT.
BLOCK = 0  # a block is made
CHECK = 1  # the oracle reads
ARRIVAL = 2  # a report arrives
MEASURE = 3  # the warm-up ends


@deferred_kernel()
def start(rules, queue, keys, lane):
    """Expect the first entry of every channel."""
    channels, numbers = rules.environment, rules.channels
    if numbers.blocks.interval_ns > 0:
        blocks.expect_block(channels.blocks, numbers.blocks, keys, lane)
        _push_before(queue, numbers, lane, channels.blocks.next_ns[lane], BLOCK)
    if numbers.oracle.check_ns > 0:
        _push_before(queue, numbers, lane, np.int64(numbers.oracle.check_ns), CHECK)
        _push_before(queue, numbers, lane, np.int64(numbers.warmup_ns), MEASURE)


@inline_kernel
def _push_before(queue, numbers, lane, time, item):
    """Expect something unless trading has ended by then."""
    if time < numbers.horizon_ns:
        push(queue, lane, time, KIND_ENVIRONMENT, item)


@deferred_kernel()
def run(
    rules, ledger, log, queue, messages, news, news_parameters, data, keys, lane, item, time, event
):
    """Do what an entry of KIND_ENVIRONMENT is about."""
    channels = rules.environment
    if item == BLOCK:
        _make_block(rules, ledger, log, queue, messages, keys, lane, time, event)
    elif item == CHECK:
        _check(rules, log, queue, news, news_parameters, data, keys, lane, time, event)
    elif item == ARRIVAL:
        oracle.extend_error(channels.oracle, news, news_parameters, lane, time)
        oracle.arrive(channels.oracle, lane)
    else:
        oracle.start_error(channels.oracle, news, news_parameters, lane, time)


@inline_kernel
def _make_block(rules, ledger, log, queue, messages, keys, lane, time, event):
    """Let a block take messages, use its gas and set the next base fee; expect the next block."""
    channels, numbers = rules.environment, rules.channels
    number = blocks.make_block(channels.blocks, lane)
    trace.fold(channels.trace, lane, trace.CHANNEL_BLOCKS, time, number)
    base_fee = _fee_of_next(rules, lane)
    taken = np.int64(0)
    if numbers.route.by_blocks and base_fee <= numbers.route.max_fee:
        most_tip = numbers.route.max_fee - base_fee
        taken = _take_messages(rules, ledger, log, queue, messages, lane, time, event, most_tip)
    fee, gas = np.int64(MISSING), np.int64(MISSING)
    if numbers.congestion.base_fee > 0:
        if not congestion.fill_block(
            channels.congestion, numbers.congestion, keys, lane, number, taken
        ):
            rules.refused[lane] = AMOUNT_TOO_LARGE
        if numbers.congestion.message_gas == 0:
            trace.fold(channels.trace, lane, trace.CHANNEL_CONGESTION, time, base_fee)
        fee, gas = base_fee, channels.congestion.gas_used[lane]
    if is_recorded(log):
        record_block(log, lane, event, time, number, taken, fee, gas)
    settlement.expect_block(rules, queue, lane, number, time)
    blocks.expect_block(channels.blocks, numbers.blocks, keys, lane)
    _push_before(queue, numbers, lane, channels.blocks.next_ns[lane], BLOCK)


@inline_kernel
def _fee_of_next(rules, lane):
    """Return the base fee of the block that is being made, 0 without congestion."""
    if rules.channels.congestion.base_fee == 0:
        return np.int64(0)
    return rules.environment.congestion.next_base_fee[lane]


@deferred_kernel(int)
def _take_messages(rules, ledger, log, queue, messages, lane, time, event, most_tip):
    """Put the messages that a block takes into the queue, in its order; returns how many."""
    pool = rules.environment.mempool
    taken, before = np.int64(0), np.int64(NO_ENVELOPE)
    mempool.line_up(pool, lane, most_tip)
    while taken < rules.channels.route.capacity:
        envelope, sender = mempool.take(pool, lane, time, most_tip)
        if envelope == NO_ENVELOPE:
            break
        if before == NO_ENVELOPE:
            push(queue, lane, time, KIND_MESSAGE, envelope)
        else:
            mempool.follow(pool, lane, before, envelope)
        proposer, tip = account_of(ledger, PROPOSER), pool.tip[lane, envelope]
        posting.charge(
            rules, ledger, log, lane, time, event, sender, proposer, tip, GAS_TIP,
            messages.client_id[lane, envelope], MISSING,
        )  # fmt: skip
        taken, before = taken + 1, envelope
    return taken


@inline_kernel
def _check(rules, log, queue, news, news_parameters, data, keys, lane, time, event):
    """Let the oracle read, and report where it should; expect the next check."""
    channels, numbers = rules.environment, rules.channels
    source = numbers.oracle.source
    reads_value = source == sources.SOURCE_VALUE
    if reads_value:
        reading = oracle.read_value(
            channels.oracle, numbers.oracle, news, news_parameters, keys, lane, time
        )
    else:
        doubled = reference_doubled(data, lane, newest(data, lane), numbers.initial_ticks)
        reading = oracle.price_in_nano(doubled, np.int64(numbers.oracle.tick_nano))
        if source >= sources.FIRST_ADDED:
            value = nano(value_at(news, news_parameters, lane, time))
            reading = np.int64(sources.read_added(source, reading, value, time))
    if oracle.check(channels.oracle, numbers.oracle, lane, time, reading):
        _push_before(queue, numbers, lane, stress.arrival_of_report(rules, lane, time), ARRIVAL)
        issued = channels.oracle.issued[lane]
        if is_recorded(log):
            number = channels.oracle.reports[lane] - 1
            record_report(log, lane, event, time, number, issued)
        if reads_value:
            trace.fold(channels.trace, lane, trace.CHANNEL_ORACLE, time, issued)
    _push_before(queue, numbers, lane, time + numbers.oracle.check_ns, CHECK)


# --- messages -------------------------------------------------------------------------------------


@inline_kernel
def goes_by_blocks(rules):
    """Tell whether messages wait for blocks."""
    return rules.channels.route.by_blocks != 0


@inline_kernel
def carry(rules, orders, lane, trader, slot):
    """Note that the newest block carries a message of a trader about an order of its own."""
    if slot != NO_ORDER and orders.trader[lane, slot] == trader:
        newest_block = rules.environment.blocks.made[lane] - 1
        mempool.carry(rules.environment.mempool, lane, slot, newest_block)


@inline_kernel
def block_of_fill(rules, lane, buy, sell):
    """Return the block that carried the later message of both orders, NO_BLOCK without a route."""
    if not goes_by_blocks(rules):
        return np.int64(NO_BLOCK)
    carried = rules.environment.mempool.carried
    return max(carried[lane, buy], carried[lane, sell])


@deferred_kernel()
def see_edge(
    rules, messages, orders, keys, traders, private, view, intents, lane, trader, i, lots, stands,
    tick_nano, n_ticks,
):  # fmt: skip
    """Let a trader offer a tip with the message of its intent ``i``, by the edge that it sees.

    An informed trader or sniper: how far its signal is from the price at which it could trade. A
    maker who changes a quote that stands: how far its belief is from the price of that. Who reads
    the mempool and sees a rival for its trade offers all of the edge.

    Parameters
        lots: of the message. stands: the intent changes a quote.
    """
    pool, route = rules.environment.mempool, rules.channels.route
    side, belief = intents.side[lane, i], nano(intents.belief[lane, i])
    if stands:
        edge = abs(belief - private.quote_price[lane, trader, side] * tick_nano)
        mempool.see_edge(pool, route, lane, edge, private.quote_lots[lane, trader, side], False)
    elif traders.role[trader] == CLASS_INFORMED or traders.role[trader] == CLASS_SNIPER:
        opposite = SELL if side == BUY else BUY
        price = view.executable[lane, opposite]
        edge = belief - price * tick_nano
        has_rival = False
        if pool.reads[trader]:
            rank = price if side == BUY else n_ticks - price
            has_rival = _has_rival(
                rules, messages, orders, keys, traders, private, lane, trader, side, rank
            )
        mempool.see_edge(pool, route, lane, edge if side == BUY else -edge, lots, has_rival)


@inline_kernel
def _has_rival(rules, messages, orders, keys, traders, private, lane, trader, side, rank):
    """Tell whether a trader is shown an order of another that waits and would trade at a price.

    Parameters
        side, rank: of the price. It sees what waited when its view was taken.
    """
    pool, seen = rules.environment.mempool, private.view_time[lane, trader]
    for other in range(pool.first.shape[1]):
        envelope = np.int64(pool.first[lane, other]) if other != trader else NO_ENVELOPE
        while envelope != NO_ENVELOPE:
            slot = np.int64(messages.order[lane, envelope])
            if (
                messages.kind[lane, envelope] == MESSAGE_ORDER
                and pool.arrived_ns[lane, envelope] <= seen
                and orders.side[lane, slot] == side
                and orders.rank[lane, slot] >= rank
                and mempool.is_shown(
                    rules.channels.route, keys, lane, traders.entity[other],
                    messages.cause[lane, envelope],
                )
            ):  # fmt: skip
                return True
            envelope = np.int64(pool.after[lane, envelope])
    return False


@inline_kernel
def offer(rules, lane, envelope):
    """Note the tip of a message that is being sent."""
    mempool.offer(rules.environment.mempool, rules.channels.route, lane, envelope)


@deferred_kernel(bool)
def hold_back(rules, log, queue, messages, entities, keys, lane, envelope, time, event):
    """Tell whether a message that is due has to wait for a block; if so, it does from now on.

    One that comes out of a block puts the next one of that block into the queue. Until the last of
    them is received nothing is sent, so they keep their order.
    """
    pool = rules.environment.mempool
    if mempool.is_released(pool, lane, envelope):
        following = np.int64(pool.after[lane, envelope])
        if following != NO_ENVELOPE:
            push(queue, lane, time, KIND_MESSAGE, following)
        return False
    _wait(pool, log, messages, entities, keys, lane, envelope, time, event)
    return True


@cold_kernel
def _wait(pool, log, messages, entities, keys, lane, envelope, time, event):
    """Let a message wait for a block."""
    trader, tie = np.int64(messages.trader[lane, envelope]), np.uint32(0)
    rival = mempool.rival_of(pool, lane, time)
    if rival != NO_ENVELOPE:
        pool.tie[lane, rival] = tie_word(messages, entities, keys, lane, rival)
    if rival != NO_ENVELOPE or is_recorded(log):
        tie = tie_word(messages, entities, keys, lane, envelope)
    mempool.wait(pool, lane, trader, envelope, time, tie)
    if is_recorded(log):
        tip = pool.tip[lane, envelope]
        record_waiting(log, messages, lane, event, time, envelope, tip, tie)


# --- the end --------------------------------------------------------------------------------------


@deferred_kernel()
def end(rules, news, news_parameters, lane, time):
    """Bring what is measured up to the end of trading; what waits for a block is dropped."""
    if rules.channels.oracle.check_ns > 0:
        oracle.extend_error(rules.environment.oracle, news, news_parameters, lane, time)
