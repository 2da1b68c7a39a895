"""The traders' side of a request-for-quote market: who asks, answers, holds and accepts.

Takers
    Every intent is a request. Noise traders send one per arrival and pick once, ``decision_ms``
    after its answers can be there. Informed traders and snipers have one request at a time; they
    hold its quotes, for waiting is free, and look again at the last moment of the best one: the
    last at which an acceptance arrives in time, but for the slowest hundredth of their link. The
    limit of that acceptance comes from that look.

Dealers
    Market makers look on their schedule and at every request that they answer, with the same
    policy as elsewhere; what they quote counts at worst case until they are told its end.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.table import decide, learn_price
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, EMPTY, IOC, SELL
from proteus.market.events.envelopes import (
    CAUSE_NOTIFIED,
    MESSAGE_ACCEPT,
    MESSAGE_LAST_LOOK,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    NOTICE_FILL,
    NOTICE_PRICE,
    NOTICE_QUOTE,
    NOTICE_REJECT,
    TIMER_LAST_MOMENT,
    cause_of,
    pack_address,
    release_envelope,
    take_envelope,
    wake_of,
)
from proteus.market.events.latency import (
    ACKNOWLEDGEMENT,
    FILL_REPORT,
    MARKET_DATA,
    SUBMISSION,
    latency_words,
    slow_delay,
)
from proteus.market.events.queue import KIND_EXPIRY, push
from proteus.market.information.history import TO_PUBLIC, state_at
from proteus.market.ledger.accounts import nano
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.trading import desk, protocol
from proteus.market.trading.notices import learn_own_fill


@protocol.act.implement(Rfq)
@inline_kernel
def _act(mechanism, world, lane, trader, time, cause, number):
    wake(mechanism, world, lane, trader, time, cause, number)


@inline_kernel
def wake(mechanism, world, lane, trader, time, cause, number):
    """Let a maker think, and let a taker ask unless it holds a request."""
    role = world.traders.role[trader]
    holds = role != CLASS_NOISE and mechanism.known.request[lane, trader] != EMPTY
    if not holds:
        address = pack_address(cause, 0, number)
        words = _words(world, lane, trader, address)
        _think(mechanism, world, lane, trader, time, words, cause, number)
        if role != CLASS_MAKER and world.intents.count[lane] > 0:
            ask(mechanism, world, lane, trader, time, address, words)


@inline_kernel
def _think(mechanism, world, lane, trader, time, words, cause, number):
    """Let a trader look and decide."""
    _look(mechanism, world, lane, trader, time, words, cause, number)
    _decide(world, lane, trader)


@cold_kernel
def _look(mechanism, world, lane, trader, time, words, cause, number):
    """Prepare a decision: executable is the last quote or trade that the trader may see."""
    desk.look(world, lane, trader, time, words, cause, number)
    known, view, data = mechanism.known, world.seen, world.data
    shown = world.private.view_time[lane, trader] - data.disclosure.book_delay_ns
    at = state_at(data, lane, max(shown, 0))
    for side in (BUY, SELL):
        is_newer = known.last_ns[lane, trader, side] >= data.time[lane, at]
        is_newer = is_newer or data.disclosure.price_to != TO_PUBLIC  # its trades are its quotes
        if known.last_price[lane, trader, side] != EMPTY and is_newer:
            view.executable[lane, side] = known.last_price[lane, trader, side]


@cold_kernel
def _decide(world, lane, trader):
    decide(world.policies, world.traders, world.seen, world.private, world.intents, lane, trader)


@inline_kernel
def ask(mechanism, world, lane, trader, time, address, words):
    """Send the only intent of a taker as a request."""
    known, intents = mechanism.known, world.intents
    intents.lifetime[lane, 0] = IOC  # it never rests
    slot = _place(world, lane, trader, time, 0, address, words[ACKNOWLEDGEMENT])
    if slot == EMPTY:
        return
    orders = world.market.orders
    client_id = orders.client_id[lane, slot]
    world.origins.is_quote[lane, slot] = False
    desk.note_intent(world, lane, time, slot)
    known.id[lane, slot] = client_id
    known.side[lane, slot] = orders.side[lane, slot]
    known.limit[lane, slot] = orders.rank[lane, slot]
    known.lots[lane, slot] = orders.lots[lane, slot]
    known.accepting[lane, slot] = 0
    known.heard[lane, slot] = 0
    if world.traders.role[trader] != CLASS_NOISE:
        known.request[lane, trader] = slot
        known.request_id[lane, trader] = client_id
    _send_new(world, lane, MESSAGE_ORDER, slot, time, address, words)


# Once for all who use them, so that they are compiled once.


@cold_kernel
def _words(world, lane, trader, address):
    return latency_words(world.traders, world.market.keys, lane, trader, address)


@cold_kernel
def _place(world, lane, trader, time, i, address, answer_word):
    return desk.place_order(world, lane, trader, time, i, address, answer_word)


@cold_kernel
def _send(world, lane, trader, envelope, time, address, words):
    desk.post(world, lane, trader, envelope, time, address, words)


@inline_kernel
def _send_new(world, lane, kind, slot, time, address, words):
    """Send the request or quote that stands filled in at ``slot``."""
    orders = world.market.orders
    trader, client_id = orders.trader[lane, slot], orders.client_id[lane, slot]
    envelope = take_envelope(world.messages, lane, kind, trader, slot, client_id)
    if envelope != EMPTY:
        _send(world, lane, trader, envelope, time, address, words)


@inline_kernel
def answer(mechanism, world, lane, time, timer):
    """Let a dealer quote for a request that it has thought about."""
    messages, intents = world.messages, world.intents
    terms, dealer = mechanism.terms, messages.trader[lane, timer]
    request, request_id = np.int64(messages.order[lane, timer]), messages.client_id[lane, timer]
    number = _number(world, lane, dealer)
    address = pack_address(CAUSE_NOTIFIED, 0, number)
    words = _words(world, lane, dealer, address)
    _think(mechanism, world, lane, dealer, time, words, CAUSE_NOTIFIED, number)
    # The way to the venue was drawn with the other delays of the request.
    drawn = np.uint32(messages.new_id[lane, timer])
    for i in range(intents.count[lane]):
        side = intents.side[lane, i]
        if terms.shows_side and side == messages.side[lane, timer]:
            continue
        if terms.shows_size:
            intents.lots[lane, i] = min(intents.lots[lane, i], messages.lots[lane, timer])
        if intents.lots[lane, i] > 0:
            address = pack_address(CAUSE_NOTIFIED, i, number)
            words = _words(world, lane, dealer, address)
            words = drawn, words[ACKNOWLEDGEMENT], words[FILL_REPORT], words[MARKET_DATA]
            slot = _place(world, lane, dealer, time, i, address, words[ACKNOWLEDGEMENT])
            if slot != EMPTY:
                _note_request(mechanism, world, lane, slot, request, request_id)
                _send_new(world, lane, MESSAGE_QUOTE, slot, time, address, words)


@inline_kernel
def _note_request(mechanism, world, lane, slot, request, request_id):
    """Note which request the quote at ``slot`` answers, and that it may fill."""
    orders, floor = world.market.orders, mechanism.floor
    world.origins.is_quote[lane, slot] = True
    floor.request[lane, slot] = request
    floor.request_id[lane, slot] = request_id
    dealer, side = orders.trader[lane, slot], orders.side[lane, slot]
    world.private.exposure[lane, dealer, side] += orders.lots[lane, slot]


@inline_kernel
def _number(world, lane, trader):
    """Number what a trader does because it was told something."""
    number = world.private.notified[lane, trader]
    world.private.notified[lane, trader] = number + 1
    return number


@protocol.learn.implement(Rfq)
@inline_kernel
def _learn(mechanism, world, lane, time, envelope):
    messages, known = world.messages, mechanism.known
    kind, trader = messages.kind[lane, envelope], messages.trader[lane, envelope]
    if kind == NOTICE_QUOTE:
        _hear(mechanism, world, lane, time, envelope)
        return np.int64(EMPTY)
    if kind == NOTICE_PRICE:
        price = np.int64(messages.rank[lane, envelope])
        learn_price(world.policies, world.traders, lane, trader, price)
        release_envelope(messages, lane, envelope)
        return np.int64(EMPTY)
    if world.traders.role[trader] == CLASS_MAKER:
        side = messages.side[lane, envelope]
        world.private.exposure[lane, trader, side] -= messages.lots[lane, envelope]
    elif known.request_id[lane, trader] == messages.client_id[lane, envelope]:
        if kind == NOTICE_REJECT:
            known.accepting[lane, known.request[lane, trader]] = 0
        else:
            known.request[lane, trader] = EMPTY
            known.request_id[lane, trader] = 0
    reacts = False
    if kind == NOTICE_FILL:
        side, lots = messages.side[lane, envelope], messages.lots[lane, envelope]
        learn_own_fill(world, lane, trader, side, lots, envelope)
        reacts = world.schedules.on_fill[trader]
    release_envelope(messages, lane, envelope)
    return np.int64(trader) if reacts else np.int64(EMPTY)


@inline_kernel
def _hear(mechanism, world, lane, time, envelope):
    """Let a taker note a quote; one who holds quotes looks again at its last moment."""
    messages, known = world.messages, mechanism.known
    trader, side = messages.trader[lane, envelope], messages.side[lane, envelope]
    rank = np.int64(messages.rank[lane, envelope])
    known.last_price[lane, trader, side] = rank_of(rank, side, world.settings.n_ticks)
    known.last_ns[lane, trader, side] = time
    slot = np.int64(messages.lifetime[lane, envelope])
    at = known.heard[lane, slot]
    is_mine = known.id[lane, slot] == messages.new_id[lane, envelope]
    if not is_mine or known.side[lane, slot] == side or at == known.quote.shape[2]:
        release_envelope(messages, lane, envelope)
        return
    known.heard[lane, slot] = at + 1
    known.quote[lane, slot, at] = messages.order[lane, envelope]
    known.quote_id[lane, slot, at] = messages.client_id[lane, envelope]
    known.quote_rank[lane, slot, at] = rank
    known.quote_lots[lane, slot, at] = messages.lots[lane, envelope]
    known.quote_deadline[lane, slot, at] = messages.address[lane, envelope]
    known.quote_tie[lane, slot, at] = messages.tie[lane, envelope]
    moment = messages.address[lane, envelope] - _caution(world, trader)
    if world.traders.role[trader] == CLASS_NOISE or moment < time:
        release_envelope(messages, lane, envelope)
        return
    messages.kind[lane, envelope] = TIMER_LAST_MOMENT
    push(world.queue, lane, moment, KIND_EXPIRY, envelope)


@inline_kernel
def _caution(world, trader):
    """Return how long before a deadline an acceptance must be sent, ns."""
    return slow_delay(world.traders, trader, SUBMISSION)


@inline_kernel
def choose(mechanism, world, lane, time, timer):
    """Let a noise trader accept the best quote inside its limit, if it has any."""
    messages, known = world.messages, mechanism.known
    slot, trader = np.int64(messages.order[lane, timer]), messages.trader[lane, timer]
    if known.id[lane, slot] != messages.client_id[lane, timer]:
        return
    best = _best_heard(mechanism, world, lane, slot, known.limit[lane, slot], time, 0)
    if best != EMPTY:
        cause = messages.address[lane, timer]
        address = pack_address(cause_of(cause), 1, wake_of(cause))
        words = _words(world, lane, trader, address)
        limit = known.limit[lane, slot]
        _accept(mechanism, world, lane, trader, slot, best, limit, time, address, words)


@inline_kernel
def look_again(mechanism, world, lane, time, timer):
    """Let a holder decide about a quote at its last moment, if it has none that is better."""
    messages, known, intents = world.messages, mechanism.known, world.intents
    slot, trader = np.int64(messages.lifetime[lane, timer]), messages.trader[lane, timer]
    is_held = known.request_id[lane, trader] == messages.new_id[lane, timer]
    if not is_held or known.accepting[lane, slot]:
        return
    no_limit = np.int64(world.settings.n_ticks)
    best = _best_heard(mechanism, world, lane, slot, no_limit, time, _caution(world, trader))
    if best == EMPTY or known.quote_id[lane, slot, best] != messages.client_id[lane, timer]:
        return
    side = known.side[lane, slot]
    opposite = 1 - side
    price = rank_of(known.quote_rank[lane, slot, best], opposite, world.settings.n_ticks)
    number = _number(world, lane, trader)
    address = pack_address(CAUSE_NOTIFIED, 0, number)
    words = _words(world, lane, trader, address)
    _look(mechanism, world, lane, trader, time, words, CAUSE_NOTIFIED, number)
    world.seen.executable[lane, opposite] = price
    _decide(world, lane, trader)
    if intents.count[lane] == 0 or intents.side[lane, 0] != side:
        return
    limit = np.int64(rank_of(intents.price[lane, 0], side, world.settings.n_ticks))
    if known.quote_rank[lane, slot, best] + limit >= world.settings.n_ticks:
        _accept(mechanism, world, lane, trader, slot, best, limit, time, address, words)


@inline_kernel
def _best_heard(mechanism, world, lane, slot, limit, time, margin):
    """Return the place of the best quote inside a limit that can still be accepted, or EMPTY.

    Parameters
        slot: of the request. limit: rank. margin: how long an acceptance may be under way, ns.
    """
    known, best = mechanism.known, np.int64(EMPTY)
    least = mechanism.terms.least_share * known.lots[lane, slot]
    for i in range(known.heard[lane, slot]):
        rank = known.quote_rank[lane, slot, i]
        in_time = time + margin <= known.quote_deadline[lane, slot, i]
        is_inside = rank + limit >= world.settings.n_ticks
        if in_time and is_inside and known.quote_lots[lane, slot, i] >= least:
            is_better = best == EMPTY or rank > known.quote_rank[lane, slot, best]
            if not is_better and rank == known.quote_rank[lane, slot, best]:
                is_better = known.quote_tie[lane, slot, i] > known.quote_tie[lane, slot, best]
            if is_better:
                best = np.int64(i)
    return best


@inline_kernel
def _accept(mechanism, world, lane, trader, slot, place, limit, time, address, words):
    """Send the acceptance of the quote at ``place`` among those heard."""
    messages, known = world.messages, mechanism.known
    known.accepting[lane, slot] = 1
    client_id = known.id[lane, slot]
    envelope = take_envelope(messages, lane, MESSAGE_ACCEPT, trader, slot, client_id)
    if envelope != EMPTY:
        messages.new_id[lane, envelope] = known.quote_id[lane, slot, place]
        messages.lifetime[lane, envelope] = known.quote[lane, slot, place]
        messages.side[lane, envelope] = known.side[lane, slot]
        messages.rank[lane, envelope] = limit
        messages.lots[lane, envelope] = known.lots[lane, slot]
        _send(world, lane, trader, envelope, time, address, words)


@inline_kernel
def end_hold(mechanism, world, lane, time, timer):
    """Let a dealer say, after its last look, whether it still wants to trade.

    It refuses if its belief has moved against the quote by more than the tolerance.
    """
    messages, intents = world.messages, world.intents
    dealer, quote = messages.trader[lane, timer], np.int64(messages.order[lane, timer])
    number = _number(world, lane, dealer)
    address = pack_address(CAUSE_NOTIFIED, 0, number)
    words = _words(world, lane, dealer, address)
    _think(mechanism, world, lane, dealer, time, words, CAUSE_NOTIFIED, number)
    moved = nano(intents.belief[lane, 0]) - messages.belief[lane, timer]
    loss = moved if messages.side[lane, timer] == SELL else -moved
    client_id = messages.client_id[lane, timer]
    envelope = take_envelope(messages, lane, MESSAGE_LAST_LOOK, dealer, quote, client_id)
    if envelope != EMPTY:
        messages.side[lane, envelope] = messages.side[lane, timer]
        messages.lots[lane, envelope] = 0 if loss > mechanism.terms.tolerance_nano else 1
        _send(world, lane, dealer, envelope, time, address, words)
