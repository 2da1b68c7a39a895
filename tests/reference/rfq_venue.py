"""Requests for quotes, the venue's side of the twin: messages in, what comes of them told.

A draw on the way of a request is addressed by (dealer, taker, cause of the request).
"""

from copy import deepcopy
from functools import partial
from typing import Any

from proteus.market.rng import STREAM_RFQ_ANSWER, STREAM_RFQ_DEALERS, STREAM_RFQ_DELIVERY, uniform
from tests.reference import rfq_desk, settling, stress
from tests.reference import rules as added
from tests.reference.charging import charge_message
from tests.reference.constraints import can_pay, note_arrived
from tests.reference.draws import Cause, ns
from tests.reference.links import delay
from tests.reference.orders import Outcome, Row
from tests.reference.public import Print, State
from tests.reference.rfq import Quote, Request, Venue
from tests.reference.takers import Noise
from tests.reference.venue import announce, answer, book_fill, note_outcome
from tests.reference.world import Heard, Message, Notice, Ticket, Told, Trader, World

WRITTEN = {"ack": "ack", "fill": "fill", "cancel": "rfq_expire", "reject": "rfq_reject"}
TO_BUYER, TO_SELLER, TO_HOLDER, TO_LOSER = range(4)  # words of STREAM_RFQ_DELIVERY


def receive(world: World, message: Message, time_ns: int) -> None:
    """Hand a message to the venue, and deal with what comes of it."""
    world.messages += 1
    charge_message(world, message, time_ns)
    note_arrived(world, message)
    added.count_message(world, message.trader.number)
    settling.carry(world, message)
    do = {"request": open_request, "quote": take_quote, "accept": take_acceptance}
    do.get(message.kind, take_last_look)(world, message, time_ns)
    deliver(world, time_ns, message.order_id, message.cause)


def limit_of(ticket: Ticket) -> tuple[str, int, int]:
    """Side, limit and lots of an order."""
    return ticket.side, ticket.price_ticks, ticket.lots


def row(world: World, message: Message, time_ns: int) -> Row:
    """A new request or quote as the message door writes it."""
    ticket = world.tickets[message.order_id]
    return {
        "time_ns": time_ns, "kind": message.kind, "order_id": message.order_id,
        "request_id": message.other_id or message.order_id, "agent": ticket.trader.number,
        "side": ticket.side, "price_ticks": ticket.price_ticks, "quantity": ticket.lots,
        "ttl_ns": None,
    }  # fmt: skip


def open_request(world: World, message: Message, time_ns: int) -> None:
    """Open a request, and let its dealers and its taker think."""
    world.note_order(time_ns, "rfq_request", message.order_id)
    market, rules = venue_of(world), world.cell.mechanism
    ticket = world.tickets[message.order_id]
    if not can_pay(world, message.trader, message.order_id, *limit_of(ticket)):
        rejected = Outcome("reject", message.order_id, ticket.lots, "rfq_no_funds")
        market.out.outcomes.append(rejected)
        return
    assert market.request(row(world, message, time_ns)) is None
    world.opened[message.order_id] = time_ns
    end_later(world, market.orders[message.order_id])
    for dealer in dealers_of(world, message):
        ask(world, dealer, message, time_ns)
    shortest = [shortest_answer(world, maker) for maker in world.traders if maker.makes]
    trader = message.trader
    if shortest and isinstance(trader.mind, Noise):
        there_ns = time_ns + min(shortest) + max(ns(trader.group.latency.market_data.base_ms), 1)
        picks = partial(rfq_desk.choose, trader=trader, request_id=message.order_id)
        world.push_before_end(
            there_ns + world.cell.block_ns + ns(rules.decision_ms), "timer", picks
        )


def venue_of(world: World) -> Venue:
    """The market of a world in which takers ask for quotes."""
    assert isinstance(world.market, Venue)
    return world.market


def end_later(world: World, order: Quote) -> None:
    """Expect the end of a request or quote at its last moment."""
    world.push_before_end(order.last_ns, "timer", partial(end, order=order))


def end(world: World, time_ns: int, order: Quote) -> bool:
    """End all whose last moment it is, unless the one expected is over; tell which."""
    market = venue_of(world)
    if order not in market.alive():
        return False
    market.end_before(time_ns + 1)
    deliver(world, time_ns, None, None)
    return True


def dealers_of(world: World, message: Message) -> list[Trader]:
    """The dealers who are asked: those with the smallest words, drawn anew for each request."""
    rules: Any = world.cell.mechanism
    makers = [trader for trader in world.traders if trader.makes]
    makers.sort(key=lambda maker: words(world, STREAM_RFQ_DEALERS, maker, message)[0])
    return makers[: rules.dealers]


def words(world: World, stream: int, dealer: Trader, request: Message) -> list[int]:
    """The words of a dealer about a request."""
    return world.draws.of_request(stream, dealer.entity, request.trader.entity, request.cause)


def shortest_answer(world: World, dealer: Trader) -> int:
    """The shortest time from a request at the venue to an answer of a dealer there."""
    latency = dealer.group.latency
    legs = (latency.market_data, world.cell.mechanism.response, latency.submission)
    return sum(max(ns(leg.base_ms), 1) for leg in legs)


def arrival(world: World, trader: Trader, time_ns: int, word: int) -> int:
    """When what is told now would be at a trader, but for what it was told before."""
    takes_ns = delay(trader.group.latency.market_data, word)
    return time_ns + stress.delayed(world, trader, "market_data", time_ns, takes_ns)


def ask(world: World, dealer: Trader, message: Message, time_ns: int) -> None:
    """Ask a dealer, who may think and answer."""
    rules: Any = world.cell.mechanism
    told, thinks, back, answers = words(world, STREAM_RFQ_ANSWER, dealer, message)
    world.dealers_asked.setdefault(message.order_id, set()).add(dealer.number)
    if uniform(answers) < rules.response_probability:
        told_ns = dealer.told.arrival(arrival(world, dealer, time_ns, told))
        quotes = partial(rfq_desk.quote, dealer=dealer, request_id=message.order_id, word=back)
        world.push_before_end(told_ns + delay(rules.response, thinks), "timer", quotes)


def take_quote(world: World, message: Message, time_ns: int) -> None:
    """Take a quote and send it on to its taker, or refuse it."""
    world.note_order(time_ns, "rfq_quote", message.order_id, other_id=message.other_id)
    market, ticket = venue_of(world), world.tickets[message.order_id]
    before = market.requests[message.other_id].quotes if message.other_id in market.requests else []
    is_first = all(world.tickets[quote.order_id].trader is not message.trader for quote in before)
    reason = deepcopy(market).quote(row(world, message, time_ns))
    if reason is None and not can_pay(world, message.trader, message.order_id, *limit_of(ticket)):
        reason = "rfq_no_funds"
    if reason is None:
        market.quote(row(world, message, time_ns))
    if reason is not None:
        market.out.outcomes.append(Outcome("reject", message.order_id, ticket.lots, reason))
        return
    if is_first:
        dealer = message.trader.number
        added.count_answer(world, dealer, message.other_id, message.order_id, time_ns)
    taken = market.orders[message.order_id]
    end_later(world, taken)
    request = world.tickets[message.other_id]
    way = TO_BUYER if ticket.side == "buy" else TO_SELLER
    word = delivery(world, message.trader, message.other_id)[way]
    told_ns = arrival(world, request.trader, time_ns, word)
    heard = Heard(
        request.trader, message.other_id, message.order_id, ticket.side, ticket.price_ticks,
        ticket.lots, taken.last_ns, rank(world, message),
    )  # fmt: skip
    world.push(request.trader.told.arrival(told_ns), "notice", heard)


def delivery(world: World, dealer: Trader, request_id: int) -> list[int]:
    """The words of private messages between a dealer and the taker of a request."""
    request = world.tickets[request_id]
    return world.draws.of_request(
        STREAM_RFQ_DELIVERY, dealer.entity, request.trader.entity, request.cause
    )


def rank(world: World, quote: Message) -> int:
    """What decides between a quote and others at its price; of equal ones the earlier."""
    rules: Any = world.cell.mechanism
    if rules.tie == "random":
        return world.draws.rank_of_quote(quote.trader.entity, quote.cause)
    return world.tickets[quote.order_id].lots if rules.tie == "size" else 0


def take_acceptance(world: World, message: Message, time_ns: int) -> None:
    """Trade an accepted quote, let its dealer look again, or refuse the acceptance."""
    trader, request_id, quote_id = message.trader, message.order_id, message.other_id
    world.note(
        time_ns, "trader", "rfq_accept", trader=trader.number, order_id=request_id,
        other_id=quote_id, side=message.side, price_ticks=message.price_ticks, lots=message.lots,
        cause=message.cause.packed,
    )  # fmt: skip
    market, rules = venue_of(world), world.cell.mechanism
    rivals = others(market, request_id, quote_id)
    acceptance = {
        "time_ns": time_ns, "order_id": quote_id, "request_id": request_id,
        "agent": trader.number, "price_ticks": message.price_ticks, "quantity": None,
    }  # fmt: skip
    reason = deepcopy(market).accept(acceptance)
    lots = market.orders[request_id].quantity if reason is None else 0
    limit = message.side, message.price_ticks, lots
    if reason is None and not can_pay(world, trader, request_id, *limit):
        reason = "rfq_no_funds"
    if reason is None:
        market.accept(acceptance)
        market.orders[request_id].price_ticks = message.price_ticks
    if reason is not None:
        world.note(
            time_ns, "venue", "rfq_reject", trader=trader.number, order_id=request_id, lots=0,
            reason=reason,
        )  # fmt: skip
        notice = Notice("reject", trader, request_id, message.side, 0)
        answer(world, notice, time_ns, message.cause)
    elif rules.last_look:
        dealer = world.tickets[quote_id].trader
        word = delivery(world, dealer, request_id)[TO_HOLDER]
        told_ns = dealer.told.arrival(arrival(world, dealer, time_ns, word))
        looks = partial(rfq_desk.end_hold, dealer=dealer, quote_id=quote_id)
        world.push_before_end(told_ns + ns(rules.hold_ms), "timer", looks)
    else:
        tell_dealers(world, request_id, quote_id, rivals, time_ns)


def others(market: Venue, request_id: int, quote_id: int) -> list[int]:
    """The prices of the other quotes for a request that its taker could accept, best first."""
    request = market.requests[request_id]
    rivals = [quote for quote in request.quotes if quote.order_id != quote_id]
    prices = [quote.price_ticks for quote in rivals if quote.side != request.side]
    return sorted(prices, reverse=request.side == "sell")


def tell_dealers(
    world: World, request_id: int, quote_id: int, rivals: list[int], time_ns: int
) -> None:
    """Tell those who were asked of a trade, and the winner of the cover, if the table says so."""
    table: Any = world.cell.execution.leakage["rfq"]
    ticket = world.tickets[quote_id]
    told: list[tuple[Trader, int, int]] = []
    if table.trade.price == "asked":
        losers = world.dealers_asked[request_id] - {ticket.trader.number}
        later_ns = time_ns + ns(table.trade.delay_ms)
        told += [(world.traders[n], later_ns, ticket.price_ticks) for n in sorted(losers)]
    if table.cover.price == "winner" and rivals:
        told.append((ticket.trader, time_ns, rivals[0]))
    for dealer, from_ns, price in told:
        word = delivery(world, dealer, request_id)[TO_LOSER]
        arrives_ns = arrival(world, dealer, from_ns, word)
        world.push(arrives_ns, "notice", Told(dealer, price))


def take_last_look(world: World, message: Message, time_ns: int) -> None:
    """End the last look of a dealer with a trade or with a refusal."""
    market, quote_id = venue_of(world), message.order_id
    confirms = message.kind == "confirm"
    world.note(
        time_ns, "trader", "rfq_accept" if confirms else "rfq_reject",
        trader=message.trader.number, order_id=quote_id, cause=message.cause.packed,
    )  # fmt: skip
    request: Request = market.owner[quote_id]
    if confirms:
        rivals = others(market, request.order_id, quote_id)
        tell_dealers(world, request.order_id, quote_id, rivals, time_ns)
    else:
        ticket = world.tickets[request.order_id]
        notice = Notice("reject", ticket.trader, request.order_id, ticket.side, 0)
        answer(world, notice, time_ns, ticket.cause)
    market.end_last_look(market.orders[quote_id], confirms, time_ns)


def deliver(world: World, time_ns: int, about: int | None, cause: Cause | None) -> None:
    """Write down, book and report what the venue did, then publish the last price.

    ``about``, ``cause``: the order that a message meant, and its cause.
    """
    outcomes = list(world.market.out.outcomes)
    world.market.out.outcomes.clear()
    for outcome in outcomes:
        note_outcome(world, outcome._replace(kind=WRITTEN[outcome.kind]), time_ns)
    for outcome in outcomes:
        ticket = world.tickets[outcome.order_id]
        if outcome.kind == "fill":
            assert outcome.price_ticks is not None
            world.public.tape.append(Print(time_ns, outcome.price_ticks, set()))
            added.count_fill(
                world, outcome.order_id, outcome.other_id or 0, outcome.price_ticks, outcome.lots,
                {},
            )  # fmt: skip
            book_fill(world, outcome, time_ns, in_clear=False)
        elif outcome.kind != "ack":
            why = cause if outcome.order_id == about and cause else ticket.cause
            notice = Notice("cancel", ticket.trader, outcome.order_id, ticket.side, outcome.lots)
            answer(world, notice, time_ns, why)
    announce(world, State(time_ns, None, None, None, None, world.last_ticks))
