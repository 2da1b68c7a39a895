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
from proteus.market.agents.external import is_waiting, stand_in
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, GTC, IOC, NO_ENVELOPE, NO_ORDER, NO_PRICE, SELL
from proteus.market.events.envelopes import (
    CAUSE_NOTIFIED,
    MESSAGE_ACCEPT,
    MESSAGE_CONFIRM,
    MESSAGE_DECLINE,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    TIMER_ANSWER,
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
    latency_words,
)
from proteus.market.events.queue import KIND_TIMER
from proteus.market.information.history import TO_PUBLIC, state_at
from proteus.market.ledger.accounts import nano
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.trading import constraints, desk, hooks, placing, protocol
from proteus.market.trading.rfq_links import caution

_NONE_HEARD = -1  # of the quotes that a taker was told, by their places


@protocol.act.implement(Rfq)
@inline_kernel
def _act(mechanism, world, lane, trader, time, cause, number):
    wake(mechanism, world, lane, trader, time, cause, number)


@inline_kernel
def wake(mechanism, world, lane, trader, time, cause, number):
    """Let a maker think, and let a taker ask unless it holds a request."""
    role = world.traders.role[trader]
    holds = role != CLASS_NOISE and mechanism.known.request[lane, trader] != NO_ORDER
    if not holds:
        address = pack_address(cause, 0, number)
        words = _words(world, lane, trader, address)
        _think(mechanism, world, lane, trader, time, words, cause, number)
        if role != CLASS_MAKER and world.intents.count[lane] > 0:
            ask(mechanism, world, lane, trader, time, address, words)


@protocol.go_on.implement(Rfq)
@inline_kernel
def _go_on(mechanism, world, lane, trader, time, kind, item, cause, number):
    address = pack_address(cause, 0, number)
    words = _words(world, lane, trader, address)
    if kind != KIND_TIMER:
        if world.traders.role[trader] != CLASS_MAKER and world.intents.count[lane] > 0:
            ask(mechanism, world, lane, trader, time, address, words)
        return
    about = world.messages.kind[lane, item]
    if about == TIMER_ANSWER:
        _send_quotes(mechanism, world, lane, time, item, number)
    elif about == TIMER_LAST_MOMENT:
        slot = np.int64(mechanism.enclosures.other_order[lane, item])
        best = _best_held(mechanism, world, lane, slot, time, trader)
        _accept_held(mechanism, world, lane, trader, time, slot, best, address, words)
    else:
        _end_last_look(mechanism, world, lane, time, item, address, words)
    release_envelope(world.messages, lane, item)


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
        if known.last_price[lane, trader, side] != NO_PRICE and is_newer:
            view.executable[lane, side] = known.last_price[lane, trader, side]


@cold_kernel
def _decide(world, lane, trader):
    desk.decide_possible(world, lane, trader)


@inline_kernel
def ask(mechanism, world, lane, trader, time, address, words):
    """Send the only intent of a taker as a request."""
    known, intents = mechanism.known, world.intents
    side, price, lots = intents.side[lane, 0], intents.price[lane, 0], intents.lots[lane, 0]
    lots = constraints.allowed_lots(world, lane, trader, constraints.AS_REQUEST, side, price, lots)
    if lots == 0:
        return
    intents.lots[lane, 0] = lots
    is_immediate = intents.lifetime[lane, 0] != GTC
    intents.lifetime[lane, 0] = IOC  # it never rests
    slot = _place(world, lane, trader, time, 0, address, words[ACKNOWLEDGEMENT])
    if slot == NO_ORDER:
        return
    orders = world.market.orders
    client_id = orders.client_id[lane, slot]
    world.origins.is_quote[lane, slot] = False
    world.origins.is_immediate[lane, slot] = is_immediate
    placing.note_intent(world, lane, time, slot)
    known.id[lane, slot] = client_id
    known.side[lane, slot] = orders.side[lane, slot]
    known.limit[lane, slot] = orders.rank[lane, slot]
    known.lots[lane, slot] = orders.lots[lane, slot]
    known.accepting[lane, slot] = 0
    known.heard[lane, slot] = 0
    if world.traders.role[trader] != CLASS_NOISE:
        known.request[lane, trader] = slot
        known.request_id[lane, trader] = client_id
    desk.show_edge(world, lane, trader, 0, lots, False)
    _send_new(world, lane, MESSAGE_ORDER, slot, time, address, words)


# Once for all who use them, so that they are compiled once.


@cold_kernel
def _words(world, lane, trader, address):
    return latency_words(world.traders, world.market.keys, lane, trader, address)


@cold_kernel
def _place(world, lane, trader, time, i, address, answer_word):
    return placing.place_order(world, lane, trader, time, i, address, answer_word)


@cold_kernel
def _send(world, lane, trader, envelope, time, address, words):
    desk.post(world, lane, trader, envelope, time, address, words)


@inline_kernel
def _send_new(world, lane, kind, slot, time, address, words):
    """Send the request or quote that stands filled in at ``slot``."""
    orders = world.market.orders
    trader, client_id = orders.trader[lane, slot], orders.client_id[lane, slot]
    envelope = take_envelope(world.messages, lane, kind, trader, slot, client_id)
    if envelope != NO_ENVELOPE:
        _send(world, lane, trader, envelope, time, address, words)


@inline_kernel
def answer(mechanism, world, lane, time, timer):
    """Let a dealer quote for a request that it has thought about."""
    dealer = np.int64(world.messages.trader[lane, timer])
    number = _number(world, lane, dealer)
    address = pack_address(CAUSE_NOTIFIED, 0, number)
    words = _words(world, lane, dealer, address)
    _think(mechanism, world, lane, dealer, time, words, CAUSE_NOTIFIED, number)
    stand_in(world.policies, world.traders, world.private, world.intents, lane, dealer)
    _send_quotes(mechanism, world, lane, time, timer, number)


@inline_kernel
def _send_quotes(mechanism, world, lane, time, timer, number):
    """Send what a dealer wants to quote for a request, by the number of its decision."""
    messages, intents = world.messages, world.intents
    terms, dealer = mechanism.terms, np.int64(messages.trader[lane, timer])
    request, request_id = np.int64(messages.order[lane, timer]), messages.client_id[lane, timer]
    # The way to the venue was drawn with the other delays of the request.
    drawn = np.uint32(messages.answer[lane, timer])
    for i in range(intents.count[lane]):
        side = intents.side[lane, i]
        if terms.shows_side and side == messages.side[lane, timer]:
            continue
        if terms.shows_size:
            intents.lots[lane, i] = min(intents.lots[lane, i], messages.lots[lane, timer])
        if intents.lots[lane, i] > 0:
            price, lots = intents.price[lane, i], intents.lots[lane, i]
            intents.lots[lane, i] = constraints.allowed_lots(
                world, lane, dealer, constraints.AS_QUOTE, side, price, lots
            )
        if intents.lots[lane, i] > 0:
            address = pack_address(CAUSE_NOTIFIED, i, number)
            words = _words(world, lane, dealer, address)
            words = drawn, words[ACKNOWLEDGEMENT], words[FILL_REPORT], words[MARKET_DATA]
            slot = _place(world, lane, dealer, time, i, address, words[ACKNOWLEDGEMENT])
            if slot != NO_ORDER:
                _note_request(mechanism, world, lane, slot, request, request_id)
                _send_new(world, lane, MESSAGE_QUOTE, slot, time, address, words)


@inline_kernel
def _note_request(mechanism, world, lane, slot, request, request_id):
    """Note which request the quote at ``slot`` answers, and that it may fill."""
    orders, alive = world.market.orders, mechanism.alive
    world.origins.is_quote[lane, slot] = True
    alive.request[lane, slot] = request
    alive.request_id[lane, slot] = request_id
    dealer, side = orders.trader[lane, slot], orders.side[lane, slot]
    world.private.exposure[lane, dealer, side] += orders.lots[lane, slot]


@inline_kernel
def _number(world, lane, trader):
    """Number a decision that a trader takes because it was told something."""
    now, event = world.progress.now[lane], world.progress.events[lane]
    hooks.at_decision(world.rules, world.ledger, world.log, world.private, lane, trader, now, event)
    number = world.private.notified[lane, trader]
    world.private.notified[lane, trader] = number + 1
    return number


@inline_kernel
def choose(mechanism, world, lane, time, timer):
    """Let a noise trader accept the best quote inside its limit, if it has any."""
    messages, known = world.messages, mechanism.known
    slot = np.int64(messages.order[lane, timer])
    trader = np.int64(messages.trader[lane, timer])
    if known.id[lane, slot] != messages.client_id[lane, timer]:
        return
    best = _best_heard(mechanism, world, lane, slot, known.limit[lane, slot], time, 0)
    if best != _NONE_HEARD:
        cause = messages.cause[lane, timer]
        address = pack_address(cause_of(cause), 1, wake_of(cause))
        words = _words(world, lane, trader, address)
        limit = known.limit[lane, slot]
        _accept(mechanism, world, lane, trader, slot, best, limit, time, address, words)


@inline_kernel
def look_again(mechanism, world, lane, time, timer):
    """Let a holder decide about a quote at its last moment, if it has none that is better."""
    messages, known = world.messages, mechanism.known
    slot = np.int64(mechanism.enclosures.other_order[lane, timer])
    trader = np.int64(messages.trader[lane, timer])
    is_held = known.request_id[lane, trader] == mechanism.enclosures.other_id[lane, timer]
    if not is_held or known.accepting[lane, slot]:
        return
    best = _best_held(mechanism, world, lane, slot, time, trader)
    if best == _NONE_HEARD or known.quote_id[lane, slot, best] != messages.client_id[lane, timer]:
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
    stand_in(world.policies, world.traders, world.private, world.intents, lane, trader)
    _accept_held(mechanism, world, lane, trader, time, slot, best, address, words)


@inline_kernel
def _best_held(mechanism, world, lane, slot, time, trader):
    """Return the place of the best quote that a holder can still accept, or -1."""
    no_limit = np.int64(world.settings.n_ticks)
    return _best_heard(mechanism, world, lane, slot, no_limit, time, caution(world, trader))


@inline_kernel
def _accept_held(mechanism, world, lane, trader, time, slot, best, address, words):
    """Accept the quote at ``best`` for the request at ``slot``, if its holder still wants that."""
    known, intents = mechanism.known, world.intents
    side = known.side[lane, slot]
    if intents.count[lane] == 0 or intents.side[lane, 0] != side:
        return
    limit = np.int64(rank_of(intents.price[lane, 0], side, world.settings.n_ticks))
    if known.quote_rank[lane, slot, best] + limit >= world.settings.n_ticks:
        _accept(mechanism, world, lane, trader, slot, best, limit, time, address, words)


@inline_kernel
def _best_heard(mechanism, world, lane, slot, limit, time, margin):
    """Return the place of the best quote inside a limit that can still be accepted, or -1.

    Parameters
        slot: of the request. limit: rank. margin: how long an acceptance may be under way, ns.
    """
    known, best = mechanism.known, np.int64(_NONE_HEARD)
    least = mechanism.terms.least_share * known.lots[lane, slot]
    for i in range(known.heard[lane, slot]):
        rank = known.quote_rank[lane, slot, i]
        in_time = time + margin <= known.quote_deadline[lane, slot, i]
        is_inside = rank + limit >= world.settings.n_ticks
        if in_time and is_inside and known.quote_lots[lane, slot, i] >= least:
            is_better = best == _NONE_HEARD or rank > known.quote_rank[lane, slot, best]
            if not is_better and rank == known.quote_rank[lane, slot, best]:
                is_better = known.quote_tie[lane, slot, i] > known.quote_tie[lane, slot, best]
            if is_better:
                best = np.int64(i)
    return best


@inline_kernel
def _accept(mechanism, world, lane, trader, slot, place, limit, time, address, words):
    """Send the acceptance of the quote at ``place`` among those heard."""
    messages, known, side = world.messages, mechanism.known, mechanism.known.side[lane, slot]
    lots = known.lots[lane, slot]
    most = min(lots, known.quote_lots[lane, slot, place])
    price = rank_of(limit, side, world.settings.n_ticks)
    allowed = constraints.allowed_lots(
        world, lane, trader, constraints.AS_ACCEPTANCE, side, price, most
    )
    if allowed == 0:
        return
    known.accepting[lane, slot] = 1
    client_id = known.id[lane, slot]
    envelope = take_envelope(messages, lane, MESSAGE_ACCEPT, trader, slot, client_id)
    if envelope != NO_ENVELOPE:
        mechanism.enclosures.other_order[lane, envelope] = known.quote[lane, slot, place]
        mechanism.enclosures.other_id[lane, envelope] = known.quote_id[lane, slot, place]
        messages.side[lane, envelope] = side
        messages.rank[lane, envelope] = limit
        messages.lots[lane, envelope] = allowed if allowed < most else lots
        desk.show_edge(world, lane, trader, 0, allowed, False)
        _send(world, lane, trader, envelope, time, address, words)


@inline_kernel
def end_hold(mechanism, world, lane, time, timer):
    """Let a dealer say, after its last look, whether it still wants to trade.

    It refuses if its belief has moved against the quote by more than the tolerance, or if
    constraints leave less than the whole trade.
    """
    dealer = np.int64(world.messages.trader[lane, timer])
    number = _number(world, lane, dealer)
    address = pack_address(CAUSE_NOTIFIED, 0, number)
    words = _words(world, lane, dealer, address)
    _think(mechanism, world, lane, dealer, time, words, CAUSE_NOTIFIED, number)
    stand_in(world.policies, world.traders, world.private, world.intents, lane, dealer)
    if not is_waiting(world.policies, lane):
        _end_last_look(mechanism, world, lane, time, timer, address, words)


@inline_kernel
def _end_last_look(mechanism, world, lane, time, timer, address, words):
    """Confirm or refuse, by what a dealer thinks now."""
    messages, intents = world.messages, world.intents
    dealer = np.int64(messages.trader[lane, timer])
    quote = np.int64(messages.order[lane, timer])
    moved = nano(intents.belief[lane, 0]) - messages.belief[lane, timer]
    side = np.int64(messages.side[lane, timer])
    loss = moved if side == SELL else -moved
    confirms = loss <= mechanism.terms.tolerance_nano
    if confirms:
        price = rank_of(np.int64(messages.rank[lane, timer]), side, world.settings.n_ticks)
        lots = messages.lots[lane, timer]
        confirms = (
            constraints.allowed_lots(
                world, lane, dealer, constraints.AS_LAST_LOOK, side, price, lots
            )
            == lots
        )
    kind = MESSAGE_CONFIRM if confirms else MESSAGE_DECLINE
    client_id = messages.client_id[lane, timer]
    envelope = take_envelope(messages, lane, kind, dealer, quote, client_id)
    if envelope != NO_ENVELOPE:
        messages.side[lane, envelope] = side
        _send(world, lane, dealer, envelope, time, address, words)
