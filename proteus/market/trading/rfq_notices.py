"""What a trader makes of a notification about requests and quotes."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import inline_kernel
from proteus.market.agents.ordinary import learn_price
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.book.book import rank_of
from proteus.market.book.codes import NO_ORDER, NO_TRADER
from proteus.market.events.envelopes import (
    NOTICE_FILL,
    NOTICE_PRICE,
    NOTICE_QUOTE,
    NOTICE_REJECT,
    TIMER_LAST_MOMENT,
    release_envelope,
)
from proteus.market.events.queue import KIND_TIMER, push
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.trading import limits, protocol
from proteus.market.trading.notices import learn_own_fill
from proteus.market.trading.rfq_links import caution


@protocol.read_notice.implement(Rfq)
@inline_kernel
def _read_notice(mechanism, world, lane, time, envelope):
    messages, known = world.messages, mechanism.known
    kind, trader = messages.kind[lane, envelope], np.int64(messages.trader[lane, envelope])
    if kind == NOTICE_QUOTE:
        _hear(mechanism, world, lane, time, envelope)
        return np.int64(NO_TRADER)
    if kind == NOTICE_PRICE:
        rank = np.int64(messages.rank[lane, envelope])
        price = rank_of(rank, messages.side[lane, envelope], world.settings.n_ticks)
        learn_price(world.policies, world.traders, lane, trader, price)
        release_envelope(messages, lane, envelope)
        return np.int64(NO_TRADER)
    limits.at_notice(world.rules, messages, lane, trader, envelope)
    if world.traders.role[trader] == CLASS_MAKER:
        side = np.int64(messages.side[lane, envelope])
        world.private.exposure[lane, trader, side] -= messages.lots[lane, envelope]
    elif known.request_id[lane, trader] == messages.client_id[lane, envelope]:
        if kind == NOTICE_REJECT:
            known.accepting[lane, known.request[lane, trader]] = 0
        else:
            known.request[lane, trader] = NO_ORDER
            known.request_id[lane, trader] = 0
    reacts = False
    if kind == NOTICE_FILL:
        side, lots = np.int64(messages.side[lane, envelope]), messages.lots[lane, envelope]
        learn_own_fill(world, lane, trader, side, lots, envelope)
        reacts = world.schedules.on_fill[trader]
    release_envelope(messages, lane, envelope)
    return trader if reacts else np.int64(NO_TRADER)


@inline_kernel
def _hear(mechanism, world, lane, time, envelope):
    """Let a taker note a quote; one who holds quotes looks again at its last moment."""
    messages, known, enclosures = world.messages, mechanism.known, mechanism.enclosures
    trader = np.int64(messages.trader[lane, envelope])
    side = np.int64(messages.side[lane, envelope])
    rank = np.int64(messages.rank[lane, envelope])
    known.last_price[lane, trader, side] = rank_of(rank, side, world.settings.n_ticks)
    known.last_ns[lane, trader, side] = time
    slot = np.int64(enclosures.other_order[lane, envelope])
    at = known.heard[lane, slot]
    is_mine = known.id[lane, slot] == enclosures.other_id[lane, envelope]
    if not is_mine or known.side[lane, slot] == side or at == known.quote.shape[2]:
        release_envelope(messages, lane, envelope)
        return
    known.heard[lane, slot] = at + 1
    known.quote[lane, slot, at] = messages.order[lane, envelope]
    known.quote_id[lane, slot, at] = messages.client_id[lane, envelope]
    known.quote_rank[lane, slot, at] = rank
    known.quote_lots[lane, slot, at] = messages.lots[lane, envelope]
    known.quote_deadline[lane, slot, at] = enclosures.deadline_ns[lane, envelope]
    known.quote_tie[lane, slot, at] = enclosures.tie[lane, envelope]
    moment = enclosures.deadline_ns[lane, envelope] - caution(world, trader)
    if world.traders.role[trader] == CLASS_NOISE or moment < time:
        release_envelope(messages, lane, envelope)
        return
    messages.kind[lane, envelope] = TIMER_LAST_MOMENT
    push(world.queue, lane, moment, KIND_TIMER, envelope)
