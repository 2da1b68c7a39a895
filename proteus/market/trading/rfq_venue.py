"""The venue's side of a request-for-quote market: messages in, what came of them booked and told.

Path of a request: the taker's submission link, the venue, a dealer's market data link, its thinking
time, its submission link, the venue, the taker's market data link, its decision, its submission
link, the venue; with a last look also to the dealer and back. Draws on that path are addressed by
(dealer, taker, cause of the request), so that a request has the same dealers, and each the same
delays, whatever happened before.
"""

from __future__ import annotations

import numpy as np

from proteus.compiler.jit import cold_kernel, inline_kernel
from proteus.market.agents.external import is_waiting
from proteus.market.agents.traders import CLASS_MAKER, CLASS_NOISE
from proteus.market.book.codes import NO_ENVELOPE, NO_ORDER, NO_RANK, RFQ_NO_FUNDS, SELL
from proteus.market.events.envelopes import (
    MESSAGE_ACCEPT,
    MESSAGE_CONFIRM,
    MESSAGE_ORDER,
    MESSAGE_QUOTE,
    NOTICE_PRICE,
    NOTICE_QUOTE,
    NOTICE_REJECT,
    TIMER_ANSWER,
    TIMER_CHOICE,
    TIMER_DEADLINE,
    TIMER_HOLD,
    TIMER_LAST_MOMENT,
    release_envelope,
    take_envelope,
)
from proteus.market.events.latency import MARKET_DATA, SUBMISSION, delay, draw_delay
from proteus.market.events.log import MISSING, is_recorded
from proteus.market.events.queue import KIND_NOTIFICATION, push
from proteus.market.information.history import newest, reference_doubled
from proteus.market.mechanisms import requests
from proteus.market.mechanisms.rfq import Rfq
from proteus.market.metrics.execution import OFFER_INSIDE, note_offer
from proteus.market.metrics.requests import following_quote, measure_acceptance
from proteus.market.rng import STREAM_RFQ_ANSWER, STREAM_RFQ_DEALERS, STREAM_RFQ_DELIVERY, uniform
from proteus.market.trading import hooks, limits, protocol, rfq_desk, stressing
from proteus.market.trading.recorder import record_rfq_message, record_rfq_refusal
from proteus.market.trading.rfq_links import answer_to, index_of, set_timer, told_at, words_of
from proteus.market.trading.rfq_publishing import measure_quotes

_NEVER_DRAWN = np.int64(2**32)  # above every word


@protocol.receive.implement(Rfq)
@inline_kernel
def _receive(mechanism, world, lane, time, envelope):
    messages = world.messages
    world.progress.messages[lane] += 1
    measure_quotes(mechanism, world, lane, time)
    slot = np.int64(messages.order[lane, envelope])
    if is_recorded(world.log):
        other_id = _other_id(mechanism, messages, lane, envelope, slot)
        record_rfq_message(world.log, world, lane, time, envelope, other_id)
    answer_word = np.int64(messages.answer[lane, envelope])
    kind = messages.kind[lane, envelope]
    if kind == MESSAGE_ORDER:
        _open(mechanism, world, lane, time, slot)
    elif kind == MESSAGE_QUOTE:
        _take_quote(mechanism, world, lane, time, slot)
    elif kind == MESSAGE_ACCEPT:
        _take_acceptance(mechanism, world, lane, time, envelope)
    else:
        _take_last_look(mechanism, world, lane, time, envelope)
    release_envelope(messages, lane, envelope)
    return slot, answer_word


@inline_kernel
def _other_id(mechanism, messages, lane, envelope, slot):
    """Return the client id of the other one of a pair that a message names, or MISSING."""
    kind = messages.kind[lane, envelope]
    if kind == MESSAGE_QUOTE:
        return mechanism.alive.request_id[lane, slot]
    if kind == MESSAGE_ACCEPT:
        return mechanism.enclosures.other_id[lane, envelope]
    return np.int64(MISSING)


@inline_kernel
def _open(mechanism, world, lane, time, slot):
    """Open a request, and let its dealers and its taker think."""
    terms, orders = mechanism.terms, world.market.orders
    if not _can_pay(world, lane, slot, np.int64(orders.rank[lane, slot]), orders.lots[lane, slot]):
        requests.refuse(world.market, lane, slot, RFQ_NO_FUNDS)
        return
    requests.open_request(mechanism.alive, world.market, lane, slot, time, terms.request_ttl_ns)
    _watch(mechanism, world, lane, slot)
    trader = orders.trader[lane, slot]
    fastest = _ask_dealers(mechanism, world, lane, time, slot)
    if world.traders.role[trader] == CLASS_NOISE and fastest > 0:
        # From then on answers can be there, after the block that they wait for.
        there = time + fastest + max(world.traders.latency_base[trader, MARKET_DATA], 1)
        there += world.settings.block_ns
        timer = set_timer(
            world, lane, there + terms.decision_ns, TIMER_CHOICE, trader, slot,
            orders.client_id[lane, slot],
        )  # fmt: skip
        if timer != NO_ENVELOPE:
            world.messages.cause[lane, timer] = world.origins.cause[lane, slot]


@inline_kernel
def _can_pay(world, lane, slot, rank, lots):
    """Tell whether its owner can pay the request or quote at ``slot``, with such a limit."""
    orders = world.market.orders
    trader, side = orders.trader[lane, slot], orders.side[lane, slot]
    return limits.can_pay(world.rules, world.ledger, orders, lane, trader, slot, side, rank, lots)


@inline_kernel
def _watch(mechanism, world, lane, slot):
    """Set the timer that ends a request or quote."""
    orders, deadline = world.market.orders, mechanism.alive.deadline[lane, slot]
    trader, client_id = orders.trader[lane, slot], orders.client_id[lane, slot]
    set_timer(world, lane, deadline, TIMER_DEADLINE, trader, slot, client_id)


@cold_kernel
def _ask_dealers(mechanism, world, lane, time, slot):
    """Choose the dealers of a request and let each think, if it answers at all.

    Returns
        The shortest time after which an answer can be at the venue, whoever is asked, since the
        taker does not know who: ns; 0 without dealers.
    """
    traders, draw, fastest = world.traders, mechanism.draw, np.int64(0)
    entity = traders.entity[world.market.orders.trader[lane, slot]]
    index = index_of(world, lane, slot)
    for trader in range(traders.role.shape[0]):
        draw[lane, trader] = _NEVER_DRAWN
        if traders.role[trader] == CLASS_MAKER:
            words = words_of(
                world.market.keys, lane, STREAM_RFQ_DEALERS, traders.entity[trader], index, entity
            )
            draw[lane, trader] = words[0]
            shortest = _shortest_answer(mechanism.terms, traders, trader)
            fastest = shortest if fastest == 0 else min(fastest, shortest)
    for _ in range(mechanism.terms.dealers):
        dealer = np.int64(np.argmin(draw[lane]))
        if draw[lane, dealer] == _NEVER_DRAWN:
            break
        draw[lane, dealer] = _NEVER_DRAWN
        _ask(mechanism, world, lane, time, slot, dealer, index, entity)
    return fastest


@inline_kernel
def _shortest_answer(terms, traders, dealer):
    """Return the shortest time from a request at the venue to an answer of a dealer there, ns."""
    shortest = max(terms.response_base, 1)
    for leg in (MARKET_DATA, SUBMISSION):
        shortest += max(traders.latency_base[dealer, leg], 1)
    return shortest


@inline_kernel
def _ask(mechanism, world, lane, time, slot, dealer, index, entity):
    """Ask one dealer, who may think and answer."""
    terms, traders, orders = mechanism.terms, world.traders, world.market.orders
    world.sums.requests.asked[lane] += 1
    mechanism.alive.asked[lane, slot, dealer >> 6] |= np.uint64(1) << np.uint64(dealer & 63)
    words = words_of(
        world.market.keys, lane, STREAM_RFQ_ANSWER, traders.entity[dealer], index, entity
    )
    if uniform(words[3]) < terms.response_probability:
        told = told_at(mechanism, world, lane, time, dealer, words[0])
        thinks = draw_delay(
            terms.response_law, terms.response_base, terms.response_spread, terms.response_shape,
            words[1],
        )  # fmt: skip
        client_id = orders.client_id[lane, slot]
        timer = set_timer(world, lane, told + thinks, TIMER_ANSWER, dealer, slot, client_id)
        if timer != NO_ENVELOPE:
            world.messages.side[lane, timer] = orders.side[lane, slot]
            world.messages.lots[lane, timer] = orders.lots[lane, slot]
            world.messages.answer[lane, timer] = words[2]


@inline_kernel
def _count_answer(mechanism, world, lane, time, slot, request):
    """Count a dealer that answers, and the first quote that it answers with."""
    world.sums.requests.answered[lane] += 1
    opened = mechanism.alive.request_deadline[lane, request] - mechanism.terms.request_ttl_ns
    data, initial = world.data, world.settings.initial_ticks
    hooks.at_answer(
        world.rules, world.market.orders, lane, slot, request, time - opened,
        reference_doubled(data, lane, newest(data, lane), initial),
    )  # fmt: skip


@inline_kernel
def _take_quote(mechanism, world, lane, time, slot):
    """Take a quote and send it on to its taker, or refuse it."""
    terms, alive, orders = mechanism.terms, mechanism.alive, world.market.orders
    reason = requests.quote_refusal(alive, world.market, lane, slot, time)
    if reason != 0:
        world.sums.requests.late_quotes[lane] += 1
        requests.refuse(world.market, lane, slot, reason)
        return
    if not _can_pay(world, lane, slot, np.int64(orders.rank[lane, slot]), orders.lots[lane, slot]):
        requests.refuse(world.market, lane, slot, RFQ_NO_FUNDS)
        return
    request = np.int64(alive.request[lane, slot])
    if _is_first_of_dealer(alive, orders, lane, request, slot):
        _count_answer(mechanism, world, lane, time, slot, request)
    requests.add_quote(alive, world.market, lane, slot, time, terms.quote_ttl_ns, terms.tie)
    note_offer(world.origins, world.market, lane, request, slot)
    _watch(mechanism, world, lane, slot)
    trader, dealer = orders.trader[lane, request], orders.trader[lane, slot]
    words = words_of(
        world.market.keys, lane, STREAM_RFQ_DELIVERY, world.traders.entity[dealer],
        index_of(world, lane, request), world.traders.entity[trader],
    )  # fmt: skip
    word = words[1] if orders.side[lane, slot] == SELL else words[0]
    told = told_at(mechanism, world, lane, time, trader, word)
    messages, client_id = world.messages, orders.client_id[lane, slot]
    envelope = take_envelope(messages, lane, NOTICE_QUOTE, trader, slot, client_id)
    if envelope != NO_ENVELOPE:
        messages.side[lane, envelope] = orders.side[lane, slot]
        messages.rank[lane, envelope] = orders.rank[lane, slot]
        messages.lots[lane, envelope] = orders.lots[lane, slot]
        enclosures = mechanism.enclosures
        enclosures.other_order[lane, envelope] = request
        enclosures.other_id[lane, envelope] = alive.request_id[lane, slot]
        enclosures.deadline_ns[lane, envelope] = alive.deadline[lane, slot]
        enclosures.tie[lane, envelope] = alive.tie[lane, slot]
        push(world.queue, lane, told, KIND_NOTIFICATION, envelope)


@inline_kernel
def _is_first_of_dealer(alive, orders, lane, request, slot):
    """Tell whether a quote is the first leg of its dealer's answer."""
    quote = np.int64(alive.first[lane, request])
    while quote != NO_ORDER:
        if orders.trader[lane, quote] == orders.trader[lane, slot]:
            return False
        quote = np.int64(alive.next[lane, quote])
    return True


@inline_kernel
def _take_acceptance(mechanism, world, lane, time, envelope):
    """Trade an accepted quote, let its dealer look again, or refuse the acceptance."""
    terms, alive, messages = mechanism.terms, mechanism.alive, world.messages
    request = np.int64(messages.order[lane, envelope])
    quote = np.int64(mechanism.enclosures.other_order[lane, envelope])
    limit = np.int64(messages.rank[lane, envelope])
    sums, orders = world.sums.requests, world.market.orders
    reason = requests.acceptance_refusal(
        alive, world.market, lane, request, messages.client_id[lane, envelope], quote,
        mechanism.enclosures.other_id[lane, envelope], limit, terms.least_share,
    )  # fmt: skip
    wanted = min(messages.lots[lane, envelope], orders.lots[lane, request])
    if reason == 0 and not _can_pay(world, lane, request, limit, wanted):
        reason = np.int64(RFQ_NO_FUNDS)
    if reason != 0:
        sums.late_acceptances[lane] += 1
        if is_recorded(world.log):
            record_rfq_refusal(world.log, world, lane, time, envelope, reason)
        _tell_of_refusal(world, lane, time, envelope)
        return
    orders.rank[lane, request] = limit  # the limit of the decision to trade
    world.origins.offer[lane, request] = OFFER_INSIDE
    lots = messages.lots[lane, envelope]  # wanted at most
    if not terms.last_look:
        _measure_and_tell(mechanism, world, lane, time, request, quote)
        requests.execute(alive, world.market, lane, request, quote, lots)
        return
    requests.hold(alive, lane, request, quote, lots)
    dealer = orders.trader[lane, quote]
    words = words_of(
        world.market.keys, lane, STREAM_RFQ_DELIVERY, world.traders.entity[dealer],
        index_of(world, lane, request), world.traders.entity[orders.trader[lane, request]],
    )  # fmt: skip
    told = told_at(mechanism, world, lane, time, dealer, words[2])
    client_id = orders.client_id[lane, quote]
    timer = set_timer(world, lane, told + terms.hold_ns, TIMER_HOLD, dealer, quote, client_id)
    if timer != NO_ENVELOPE:
        messages.side[lane, timer] = orders.side[lane, quote]
        messages.rank[lane, timer] = orders.rank[lane, quote]
        messages.lots[lane, timer] = min(lots, orders.lots[lane, quote])
        messages.belief[lane, timer] = world.origins.belief[lane, quote]


@cold_kernel
def _measure_and_tell(mechanism, world, lane, time, request, quote):
    """Measure the competition for a trade, and tell dealers of it what the leakage table says."""
    alive, orders, rules = mechanism.alive, world.market.orders, world.data.disclosure
    measure_acceptance(world.sums.requests, alive, world, lane, request, quote, time)
    winner, side = orders.trader[lane, quote], orders.side[lane, quote]
    if rules.price_to_asked:
        rank = np.int64(orders.rank[lane, quote])
        later = time + rules.price_delay_ns
        for dealer in range(world.traders.role.shape[0]):
            bit = alive.asked[lane, request, dealer >> 6] >> np.uint64(dealer & 63)
            if bit & np.uint64(1) != 0 and dealer != winner:
                _tell_price(world, lane, later, request, dealer, side, rank)
    if rules.cover_to_winner:
        cover = np.int64(
            following_quote(alive, orders, lane, request, quote, np.int64(NO_ORDER))[1]
        )
        if cover != NO_RANK:
            _tell_price(world, lane, time, request, winner, side, cover)


@cold_kernel
def _tell_price(world, lane, time, request, dealer, side, rank):
    """Send a dealer the price of a quote."""
    taker = world.market.orders.trader[lane, request]
    word = words_of(
        world.market.keys, lane, STREAM_RFQ_DELIVERY, world.traders.entity[dealer],
        index_of(world, lane, request), world.traders.entity[taker],
    )[3]  # fmt: skip
    takes = delay(world.traders, dealer, MARKET_DATA, word)
    told = time + stressing.delayed(world.rules, dealer, MARKET_DATA, time, takes)
    envelope = take_envelope(world.messages, lane, NOTICE_PRICE, dealer, NO_ORDER, 0)
    if envelope != NO_ENVELOPE:
        world.messages.side[lane, envelope] = side
        world.messages.rank[lane, envelope] = rank
        push(world.queue, lane, told, KIND_NOTIFICATION, envelope)


@inline_kernel
def _tell_of_refusal(world, lane, time, envelope):
    """Tell a taker that its acceptance came to nothing."""
    messages = world.messages
    answer_to(
        world, lane, time, NOTICE_REJECT, np.int64(messages.trader[lane, envelope]),
        np.int64(messages.order[lane, envelope]), messages.client_id[lane, envelope],
        np.int64(messages.side[lane, envelope]), np.int64(0),
        np.int64(messages.answer[lane, envelope]),
    )  # fmt: skip


@inline_kernel
def _take_last_look(mechanism, world, lane, time, envelope):
    """End the last look of a dealer with a trade or with a refusal."""
    alive, messages, orders = mechanism.alive, world.messages, world.market.orders
    quote = np.int64(messages.order[lane, envelope])
    request = np.int64(alive.request[lane, quote])
    confirms = messages.kind[lane, envelope] == MESSAGE_CONFIRM
    sums = world.sums.requests
    sums.last_looks[lane] += 1
    if confirms:
        _measure_and_tell(mechanism, world, lane, time, request, quote)
    else:
        sums.refusals[lane] += 1
        answer_to(
            world, lane, time, NOTICE_REJECT, orders.trader[lane, request], request,
            orders.client_id[lane, request], orders.side[lane, request], np.int64(0),
            np.int64(world.origins.answer[lane, request]),
        )  # fmt: skip
    requests.end_last_look(alive, world.market, lane, quote, confirms, time)


@protocol.run_timer.implement(Rfq)
@inline_kernel
def _run_timer(mechanism, world, lane, time, envelope):
    messages, slot = world.messages, np.int64(world.messages.order[lane, envelope])
    kind, booked = messages.kind[lane, envelope], False
    if kind == TIMER_DEADLINE:
        client_id = messages.client_id[lane, envelope]
        if requests.lives(world.market, lane, slot, client_id):
            _expire(mechanism, world, lane, time)
            booked = True
    elif kind == TIMER_ANSWER:
        rfq_desk.answer(mechanism, world, lane, time, envelope)
    elif kind == TIMER_CHOICE:
        rfq_desk.choose(mechanism, world, lane, time, envelope)
    elif kind == TIMER_LAST_MOMENT:
        rfq_desk.look_again(mechanism, world, lane, time, envelope)
    else:
        rfq_desk.end_hold(mechanism, world, lane, time, envelope)
    if not is_waiting(world.policies, lane):
        release_envelope(messages, lane, envelope)
    return booked or kind != TIMER_DEADLINE, booked


@protocol.next_deadline.implement(Rfq)
@inline_kernel
def _next_deadline(mechanism, lane):
    return requests.next_deadline(mechanism.alive, lane)


@protocol.expire.implement(Rfq)
@inline_kernel
def _expire(mechanism, world, lane, time):
    measure_quotes(mechanism, world, lane, time)
    requests.expire(mechanism.alive, world.market, lane, time)
