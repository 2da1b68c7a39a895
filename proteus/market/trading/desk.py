"""The traders' side: a wake-up becomes a view, a decision and messages on their way."""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.ordinary import are_possible, decide, show
from proteus.market.agents.traders import CLASS_MAKER, INTENT_QUOTE
from proteus.market.book.book import rank_of
from proteus.market.book.codes import BUY, NO_ENVELOPE, NO_ORDER, NO_PRICE, SELL
from proteus.market.costs.expected import draw_value
from proteus.market.events.envelopes import (
    CAUSE_EXPIRY,
    MESSAGE_CANCEL,
    MESSAGE_ORDER,
    MESSAGE_REPLACE,
    TIMER_LIFETIME,
    cause_of,
    pack_address,
    release_envelope,
    take_envelope,
    wake_of,
)
from proteus.market.events.latency import (
    ACKNOWLEDGEMENT,
    MARKET_DATA,
    SUBMISSION,
    delay,
    latency_words,
)
from proteus.market.events.queue import KIND_TIMER, push, push_message
from proteus.market.information.history import (
    TO_PARTIES,
    TO_PUBLIC,
    mid_doubled,
    opposite_best,
    state_at,
    took_part,
)
from proteus.market.information.signals import signal
from proteus.market.ledger.accounts import INTENT_IMPOSSIBLE, INTENTS_TOO_MANY, nano
from proteus.market.rng import STREAM_INTENT, STREAM_LIFETIME, words_at
from proteus.market.trading import constraints, hooks, limits, showing, stressing
from proteus.market.trading.placing import next_id, note_intent, place_order
from proteus.market.trading.world import stop_lane


@inline_kernel
def wake(world, lane, trader, time, cause, number):
    """Let a trader look, decide and send.

    Parameters
        cause, number: what woke it (``envelopes.CAUSE_*``) and the number of that wake-up.
    """
    address = pack_address(cause, 0, number)
    words = latency_words(world.traders, world.market.keys, lane, trader, address)
    look(world, lane, trader, time, words, cause, number)
    decide_possible(world, lane, trader)
    send_intents(world, lane, trader, time, cause, number, words)


@inline_kernel
def send_intents(world, lane, trader, time, cause, number, words):
    """Send what a trader wants, the side first that must not meet the other.

    Parameters
        cause, number: as in :func:`wake`. words: of the latencies of that wake-up.
    """
    market, traders, intents = world.market, world.traders, world.intents
    count = intents.count[lane]
    first = 1 if count == 2 and _moves_up(world, lane, trader) else 0
    for i in range(count):
        slot = (first + i) % count
        address = pack_address(cause, slot, number)
        drawn = words if slot == 0 else latency_words(traders, market.keys, lane, trader, address)
        _send(world, lane, trader, time, slot, address, drawn)
    limits.at_sent(world.rules, world, lane, trader, time, cause, number)


@inline_kernel
def decide_possible(world, lane, trader):
    """Let a trader decide; what no venue can take stops the lane, and nothing of it is sent."""
    intents, progress = world.intents, world.progress
    costs, private = world.rules.costs, world.private
    decide(world.policies, world.traders, world.seen, private, costs, intents, lane, trader)
    if not are_possible(world.policies, intents, lane, world.settings.n_ticks):
        is_full = intents.count[lane] > intents.kind.shape[1]
        reason = INTENTS_TOO_MANY if is_full else INTENT_IMPOSSIBLE
        stop_lane(progress, lane, reason, progress.events[lane])
        intents.count[lane] = 0
    limits.at_decided(
        world.rules, world.ledger, private, world.seen, lane, trader, progress.now[lane]
    )


@inline_kernel
def look(world, lane, trader, time, words, cause, number):
    """Prepare a decision: the view, the trader's own random words, and no intents yet.

    Parameters
        words: of the latencies of this wake-up. cause, number: as in :func:`wake`.
    """
    traders = world.traders
    data_delay = delay(traders, trader, MARKET_DATA, words[MARKET_DATA])
    observe(world, lane, trader, time, stressing.age(world.rules, trader, time, data_delay))
    if traders.needs_words[trader]:
        _draw_intent(world, lane, trader, cause, number)
    world.intents.count[lane] = 0


@inline_kernel
def observe(world, lane, trader, time, data_delay):
    """Write the trader's view: what was shown ``data_delay`` ago, and its own signal."""
    data, view, traders = world.data, world.seen, world.traders
    seen = max(world.private.view_time[lane, trader], time - data_delay)
    world.private.view_time[lane, trader] = seen
    at = state_at(data, lane, max(seen - data.disclosure.book_delay_ns, 0))
    is_maker = traders.role[trader] == CLASS_MAKER
    last = np.int64(data.last[lane, at])
    if not data.disclosure.last_with_book:
        last = last_shown(world, lane, trader, seen)
    fallback = last if last != NO_PRICE else world.settings.initial_ticks
    view.time[lane] = time
    for side in (BUY, SELL):
        met = opposite_best(data, lane, at, side, is_maker)
        view.executable[lane, side] = met if met != NO_PRICE else fallback
    view.reference_doubled[lane] = mid_doubled(data, lane, at, fallback)
    if traders.has_signal[trader]:
        look_ns = traders.signal_look[trader]
        view.look[lane] = time // look_ns
        view.signal[lane] = signal(
            world.news, world.news_parameters, world.market.keys[lane, 0],
            world.market.keys[lane, 1], lane, traders.entity[trader], time,
            traders.signal_delay[trader], traders.signal_noise[trader], look_ns,
        )  # fmt: skip
    if is_maker:
        _read_tape(world, lane, trader, seen - data.disclosure.price_delay_ns)
    report = showing.report_shown(world.rules, lane)
    show(world.policies, traders, data, at, report, lane, trader)


@cold_kernel
def last_shown(world, lane, trader, seen):
    """Return the last price that the trader is shown, where it does not go with the book."""
    data, own_price = world.data, world.private.own_price
    until = max(seen - data.disclosure.price_delay_ns, 0)
    if data.disclosure.price_to == TO_PUBLIC:
        return np.int64(data.last[lane, state_at(data, lane, until)])
    if data.disclosure.price_to == TO_PARTIES:
        first, end = _new_prints(world, lane, trader, until)
        for number in range(first, end):
            at = number & (data.print_time.shape[1] - 1)
            if took_part(data, lane, at, trader):
                own_price[lane, trader] = data.print_price[lane, at]
    return own_price[lane, trader]


@inline_kernel
def _read_tape(world, lane, trader, until):
    """List the prices of prints since the last view that are not the trader's own."""
    data, view = world.data, world.seen
    listed = 0
    if data.disclosure.price_to == TO_PUBLIC:
        first, end = _new_prints(world, lane, trader, until)
        for number in range(first, end):
            at = number & (data.print_time.shape[1] - 1)
            if not took_part(data, lane, at, trader):
                view.print_price[lane, listed] = data.print_price[lane, at]
                listed += 1
    view.n_prints[lane] = listed


@inline_kernel
def _new_prints(world, lane, trader, until):
    """Take the prints up to a time that the trader has not read; returns the first and the end."""
    data, private = world.data, world.private
    size = data.print_time.shape[1]
    first = private.prints_seen[lane, trader]
    if data.prints[lane] - first > size:
        data.overflow[lane] = 1
        first = data.prints[lane] - size
    end = first
    while end < data.prints[lane] and data.print_time[lane, end & (size - 1)] <= until:
        end += 1
    private.prints_seen[lane, trader] = end
    return first, end


@inline_kernel
def _draw_intent(world, lane, trader, cause, number):
    keys, entity = world.market.keys, world.traders.entity[trader]
    words = words_at(keys, lane, STREAM_INTENT, entity, number, cause)
    for i, word in enumerate(words):
        world.seen.words[lane, i] = word ^ world.seen.masks[lane, i]
    lifetime = words_at(keys, lane, STREAM_LIFETIME, entity, number, cause)
    world.seen.words[lane, 4] = lifetime[0]
    draw_value(world.rules.costs, keys, lane, world.seen.words, entity, number, cause)


@inline_kernel
def _moves_up(world, lane, trader):
    """Tell whether the bid rises or is new: the ask goes first, so that they do not meet."""
    private, intents = world.private, world.intents
    stands = private.quote_id[lane, trader, BUY] != 0
    rises = not stands or intents.price[lane, 0] > private.quote_price[lane, trader, BUY]
    return intents.kind[lane, 0] == INTENT_QUOTE and rises


@inline_kernel
def _send(world, lane, trader, time, slot, address, words):
    """Turn one intent into a message, or into none if a quote stands as it should.

    What constraints leave of its lots stands in ``world.intents`` then.
    """
    intents, private = world.intents, world.private
    side, lots = intents.side[lane, slot], intents.lots[lane, slot]
    is_quote = intents.kind[lane, slot] == INTENT_QUOTE
    stands = is_quote and private.quote_id[lane, trader, side] != 0
    if lots > 0:
        becomes = _change_of_quote(world, lane, trader, slot) if stands else constraints.AS_ORDER
        price = intents.price[lane, slot]
        lots = constraints.allowed_lots(world, lane, trader, becomes, side, price, lots)
        intents.lots[lane, slot] = lots
    envelope = np.int64(NO_ENVELOPE)
    if not stands:
        if lots > 0:
            show_edge(world, lane, trader, slot, lots, stands)
            envelope = _new_order(world, lane, trader, time, slot, address, words, is_quote)
    elif lots == 0:
        show_edge(world, lane, trader, slot, lots, stands)
        envelope = cancel_quote(world, lane, trader, side)
    elif (
        intents.price[lane, slot] != private.quote_price[lane, trader, side]
        or lots < private.quote_lots[lane, trader, side]
    ):
        show_edge(world, lane, trader, slot, lots, stands)
        envelope = _replace_quote(world, lane, trader, slot)
    if envelope != NO_ENVELOPE:
        post(world, lane, trader, envelope, time, address, words)


@inline_kernel
def show_edge(world, lane, trader, i, lots, stands):
    """Let rules see what the trader expects of the message of intent ``i``, just before it is sent.

    Parameters
        stands: the message changes a quote, which is still noted as it stands.
    """
    market, settings = world.market, world.settings
    hooks.see_edge(
        world.rules, world.messages, market.orders, market.keys, world.traders, world.private,
        world.seen, world.intents, lane, trader, i, lots, stands, settings.tick_nano,
        settings.n_ticks,
    )  # fmt: skip


@inline_kernel
def _change_of_quote(world, lane, trader, i):
    """Return what intent ``i`` would change of the quote that stands (``constraints.AS_*``)."""
    intents, private = world.intents, world.private
    side = intents.side[lane, i]
    if intents.price[lane, i] != private.quote_price[lane, trader, side]:
        return constraints.AS_REPLACE
    is_less = intents.lots[lane, i] < private.quote_lots[lane, trader, side]
    return constraints.AS_REDUCTION if is_less else constraints.AS_STANDING


@inline_kernel
def cancel_quote(world, lane, trader, side):
    """Take back the quote of one side; until told otherwise it may still fill."""
    private = world.private
    client_id = private.quote_id[lane, trader, side]
    private.quote_id[lane, trader, side] = 0
    order = private.quote_order[lane, trader, side]
    return take_envelope(world.messages, lane, MESSAGE_CANCEL, trader, order, client_id)


@inline_kernel
def _new_order(world, lane, trader, time, i, address, words, is_quote):
    """Write a new order, or the first version of a quote.

    Returns
        The envelope to post, or NO_ENVELOPE when a pool is exhausted.
    """
    orders, intents = world.market.orders, world.intents
    slot = place_order(world, lane, trader, time, i, address, words[ACKNOWLEDGEMENT])
    if slot == NO_ORDER:
        return np.int64(NO_ENVELOPE)
    world.origins.is_quote[lane, slot] = is_quote
    client_id = orders.client_id[lane, slot]
    if intents.duration[lane, i] > 0:
        _start_lifetime(world, lane, trader, slot, time + intents.duration[lane, i], address)
    if is_quote:
        side, price, lots = intents.side[lane, i], intents.price[lane, i], intents.lots[lane, i]
        _note_quote(world, lane, trader, side, slot, client_id, price, lots)
    else:
        note_intent(world, lane, time, slot)
    return take_envelope(world.messages, lane, MESSAGE_ORDER, trader, slot, client_id)


@inline_kernel
def _replace_quote(world, lane, trader, i):
    """Move the quote of one side to a new price or size; returns the envelope, or NO_ENVELOPE."""
    intents, messages, private = world.intents, world.messages, world.private
    side, price, lots = intents.side[lane, i], intents.price[lane, i], intents.lots[lane, i]
    order = private.quote_order[lane, trader, side]
    envelope = take_envelope(
        messages, lane, MESSAGE_REPLACE, trader, order, private.quote_id[lane, trader, side]
    )
    new_id = next_id(world, lane)
    _note_quote(world, lane, trader, side, order, new_id, price, lots)
    if envelope != NO_ENVELOPE:
        messages.new_id[lane, envelope] = new_id
        messages.side[lane, envelope] = side
        messages.rank[lane, envelope] = rank_of(price, side, world.settings.n_ticks)
        messages.lots[lane, envelope] = lots
        messages.belief[lane, envelope] = nano(intents.belief[lane, i])
    return envelope


@inline_kernel
def _note_quote(world, lane, trader, side, order, client_id, price, lots):
    """Remember the quote just sent; until told otherwise every version sent may still fill."""
    private = world.private
    private.quote_order[lane, trader, side] = order
    private.quote_id[lane, trader, side] = client_id
    private.quote_price[lane, trader, side] = price
    private.quote_lots[lane, trader, side] = lots
    private.exposure[lane, trader, side] += lots


@inline_kernel
def _start_lifetime(world, lane, trader, slot, ends, address):
    """Set the timer that cancels a resting order."""
    messages = world.messages
    client_id = world.market.orders.client_id[lane, slot]
    envelope = take_envelope(messages, lane, TIMER_LIFETIME, trader, slot, client_id)
    if envelope != NO_ENVELOPE:
        messages.open_lots[lane, envelope] = world.market.orders.lots[lane, slot]
        messages.cause[lane, envelope] = pack_address(
            CAUSE_EXPIRY, cause_of(address), wake_of(address)
        )
        world.origins.lifetime[lane, slot] = envelope
        push(world.queue, lane, ends, KIND_TIMER, envelope)


@inline_kernel
def end_lifetime(world, lane, time, envelope):
    """Cancel an order whose lifetime ends, unless the trader knows that nothing is open.

    Returns
        True if a cancel was sent.
    """
    messages = world.messages
    is_open = messages.open_lots[lane, envelope] > 0
    if is_open:
        trader = np.int64(messages.trader[lane, envelope])
        address = messages.cause[lane, envelope]
        words = latency_words(world.traders, world.market.keys, lane, trader, address)
        cancel = take_envelope(
            messages, lane, MESSAGE_CANCEL, trader, np.int64(messages.order[lane, envelope]),
            messages.client_id[lane, envelope],
        )  # fmt: skip
        if cancel != NO_ENVELOPE:
            post(world, lane, trader, cancel, time, address, words)
    release_envelope(messages, lane, envelope)
    return is_open


@inline_kernel
def post(world, lane, trader, envelope, time, address, words):
    """Put a message on the trader's link, which is first-in-first-out.

    Parameters
        address: the cause of the message. words: of its latencies and those of its answer.
    """
    private, messages = world.private, world.messages
    event = world.progress.events[lane]
    hooks.before_sending(
        world.rules, world.ledger, world.log, messages, world.market.orders, world.origins, lane,
        trader, envelope, time, event,
    )  # fmt: skip
    takes = delay(world.traders, trader, SUBMISSION, words[SUBMISSION])
    sent = time + stressing.delayed(world.rules, trader, SUBMISSION, time, takes)
    tie = address & ~(np.int64(0xFF) << 40)  # cause and wake-up, without the slot
    if sent <= private.sent_until[lane, trader]:
        sent = private.sent_until[lane, trader]
        tie = private.sent_tie[lane, trader]
    private.sent_until[lane, trader] = sent
    private.sent_tie[lane, trader] = tie
    messages.cause[lane, envelope] = address
    messages.answer[lane, envelope] = words[ACKNOWLEDGEMENT]
    messages.tie[lane, envelope] = tie
    push_message(
        world.queue, messages, world.traders.entity, world.market.keys, lane, sent, envelope
    )
