"""Requests for quotes, the traders' side of the twin: who asks, answers, holds and accepts.

MODEL 20 to 22. Every intent of a taker is a request. Noise traders pick once among the quotes they
have; the others hold theirs, one request at a time, and look again at the last moment of the best.
"""

from dataclasses import replace
from functools import partial
from typing import Any

from tests.reference import constraints, desk, stress
from tests.reference.desk import allowed, nano, new_order, observe, post, sent
from tests.reference.draws import NOTIFIED, Cause
from tests.reference.environment import fixed_tip, tip_of_order
from tests.reference.links import delay, slow_delay
from tests.reference.makers import Intent, Maker
from tests.reference.public import View
from tests.reference.takers import Noise
from tests.reference.world import Asked, Heard, Message, Notice, Told, Trader, World


def wake(world: World, trader: Trader, time_ns: int, kind: int, number: int) -> None:
    """Let a maker look and learn, and let a taker ask unless it holds a request."""
    if trader.holds is not None:
        return
    cause = Cause(kind, number)
    view = see(world, trader, time_ns, cause)
    intents = decide(world, trader, view)
    if intents and not trader.makes:
        ask(world, trader, intents[0], view, cause)


def decide(world: World, trader: Trader, view: View) -> list[Intent]:
    """Let a trader decide, and look at what it has lost; nothing that lives is taken back."""
    intents = trader.mind.decide(view)
    constraints.decided(world, trader, view.reference_doubled, view.time_ns)
    return intents


def see(world: World, trader: Trader, time_ns: int, cause: Cause) -> View:
    """What a trader knows; executable is the last quote or trade that it may see (MODEL 8)."""
    view = observe(world, trader, time_ns, cause)
    shown = world.public.shown
    public_ns = world.public.at(max(trader.view_ns - shown.book_age_ns, 0)).time_ns
    for side, (heard_ns, price) in trader.quoted.items():
        # Where trades are not public, those it knows of are its own: quotes that it has seen.
        if heard_ns >= public_ns or shown.prints_to != "public":
            set_executable(view, side, price)
    return view


def set_executable(view: View, side: str, price_ticks: int) -> None:
    """A quote to buy is where the trader could sell."""
    if side == "buy":
        view.bid_ticks = price_ticks
    else:
        view.ask_ticks = price_ticks


def ask(world: World, trader: Trader, intent: Intent, view: View, cause: Cause) -> None:
    """Send an intent as a request, which never rests."""
    intent, time_ns = replace(intent, duration_ns=0), view.time_ns
    side, price = intent.side, intent.price_ticks
    lots = allowed(world, trader, "request", side, price, intent.lots, time_ns)
    if lots == 0:
        return
    intent = replace(intent, lots=lots)
    tip = tip_of_order(world, trader, intent.side, intent.belief, view, intent.lots)
    message = new_order(world, trader, intent, time_ns, cause)
    world.tickets[message.order_id].lifetime = "ioc"
    asked = Asked(message.order_id, intent.side, intent.price_ticks, intent.lots, cause)
    trader.asked[asked.order_id] = asked
    if not isinstance(trader.mind, Noise):
        trader.holds = asked
    message = message._replace(kind="request", tip_nano=tip)
    post(world, message, sent(world, trader, time_ns, cause), time_ns)


def quote(world: World, time_ns: int, dealer: Trader, request_id: int, word: int) -> bool:
    """Let a dealer that has thought answer a request; ``word``: of its way to the venue."""
    rules: Any = world.cell.mechanism
    request = world.tickets[request_id]
    cause = Cause(NOTIFIED, dealer.count_wake(NOTIFIED))
    takes_ns = delay(dealer.group.latency.submission, word)
    sent_ns = time_ns + stress.delayed(world, dealer, "submission", time_ns, takes_ns)
    assert isinstance(dealer.mind, Maker)
    for slot, intent in enumerate(decide(world, dealer, see(world, dealer, time_ns, cause))):
        if rules.shows_side and intent.side == request.side:
            continue
        lots = min(intent.lots, request.lots) if rules.shows_size else intent.lots
        side, price = intent.side, intent.price_ticks
        lots = allowed(world, dealer, "quote", side, price, lots, time_ns)
        if lots > 0:
            dealer.mind.quotes[intent.side].exposure += lots
            wanted = replace(intent, lots=lots)
            message = new_order(world, dealer, wanted, time_ns, cause._replace(slot=slot))
            message = message._replace(other_id=request_id, tip_nano=fixed_tip(world))
            post(world, message._replace(kind="quote"), sent_ns, time_ns)
    return True


def learn(world: World, notice: Notice | Heard | Told, now_ns: int) -> bool:
    """Let a trader learn something; tell whether it wakes up from it."""
    trader = notice.trader
    if isinstance(notice, Heard):
        hear(world, notice, now_ns)
        return False
    if isinstance(notice, Told):
        assert isinstance(trader.mind, Maker)
        trader.mind.learn_price(notice.price_ticks)
        return False
    if trader.holds is not None and trader.holds.order_id == notice.order_id:
        if notice.kind == "reject":
            trader.holds.is_accepting = False
        else:
            trader.holds = None
    return desk.learn(world, notice, now_ns)


def hear(world: World, heard: Heard, now_ns: int) -> None:
    """Note a quote; one who holds quotes looks again at its last moment."""
    trader, asked = heard.trader, heard.trader.asked[heard.request_id]
    trader.quoted[heard.side] = now_ns, heard.price_ticks
    if heard.side == asked.side:
        return
    asked.heard.append(heard)
    moment_ns = heard.last_ns - caution(world, trader)
    if not isinstance(trader.mind, Noise) and moment_ns >= now_ns:
        world.push_before_end(moment_ns, "timer", partial(look_again, asked=asked, heard=heard))


def choose(world: World, time_ns: int, trader: Trader, request_id: int) -> bool:
    """Let a noise trader accept the best quote inside its limit, if it has any."""
    asked = trader.asked[request_id]
    inside = [heard for heard in asked.heard if is_within(heard, asked, asked.limit_ticks)]
    best = best_of(world, asked, inside, time_ns)
    if best is not None:
        cause = asked.cause._replace(slot=1)
        accept(world, asked, best, asked.limit_ticks, time_ns, cause, fixed_tip(world))
    return True


def look_again(world: World, time_ns: int, asked: Asked, heard: Heard) -> bool:
    """Let a holder decide about a quote at its last moment, if it has none that is better."""
    trader = heard.trader
    arrives_ns = time_ns + caution(world, trader)
    if trader.holds is not asked or asked.is_accepting:
        return True
    if best_of(world, asked, asked.heard, arrives_ns) is not heard:
        return True
    cause = Cause(NOTIFIED, trader.count_wake(NOTIFIED))
    view = see(world, trader, time_ns, cause)
    set_executable(view, heard.side, heard.price_ticks)
    intents = decide(world, trader, view)
    if intents and intents[0].side == asked.side:
        limit_ticks = intents[0].price_ticks
        if is_within(heard, asked, limit_ticks):
            lots = min(asked.lots, heard.lots)
            tip = tip_of_order(world, trader, asked.side, intents[0].belief, view, lots)
            accept(world, asked, heard, limit_ticks, time_ns, cause, tip)
    return True


def is_within(heard: Heard, asked: Asked, limit_ticks: int) -> bool:
    """The price of a quote is no worse than a limit."""
    if asked.side == "buy":
        return heard.price_ticks <= limit_ticks
    return heard.price_ticks >= limit_ticks


def best_of(world: World, asked: Asked, quotes: list[Heard], arrives_ns: int) -> Heard | None:
    """The best quote that an acceptance which arrives then can still take; None without any."""
    rules: Any = world.cell.mechanism
    able = [
        heard for heard in quotes
        if arrives_ns <= heard.last_ns and heard.lots >= rules.least_share * asked.lots
    ]  # fmt: skip
    sign = 1 if asked.side == "buy" else -1
    return min(able, key=lambda heard: (sign * heard.price_ticks, -heard.rank), default=None)


def caution(world: World, trader: Trader) -> int:
    """How long before a deadline an acceptance must be sent: it may wait for a block."""
    return slow_delay(trader.group.latency.submission) + world.cell.block_ns


def accept(
    world: World, asked: Asked, heard: Heard, limit_ticks: int, time_ns: int, cause: Cause,
    tip_nano: int,
) -> None:  # fmt: skip
    """Send the acceptance of a quote."""
    trader = heard.trader
    most = min(asked.lots, heard.lots)
    if constraints.allowed(world, trader, "accept", asked.side, limit_ticks, most, time_ns) == 0:
        return
    asked.is_accepting = True
    message = Message(
        "accept", trader, asked.order_id, cause, side=asked.side, price_ticks=limit_ticks,
        lots=asked.lots, other_id=heard.order_id, tip_nano=tip_nano,
    )  # fmt: skip
    post(world, message, sent(world, trader, time_ns, cause), time_ns)


def held_lots(world: World, quote_id: int) -> int:
    """The lots that a quote in last look would trade."""
    market: Any = world.market
    return min(market.orders[quote_id].quantity, market.owner[quote_id].quantity)


def end_hold(world: World, time_ns: int, dealer: Trader, quote_id: int) -> bool:
    """Let a dealer say after its last look whether it still wants to trade.

    It refuses if its belief has moved against the quote by more than the tolerance.
    """
    rules: Any = world.cell.mechanism
    ticket = world.tickets[quote_id]
    cause = Cause(NOTIFIED, dealer.count_wake(NOTIFIED))
    belief = decide(world, dealer, see(world, dealer, time_ns, cause))[0].belief
    moved = nano(belief) - ticket.belief_nano
    loss = moved if ticket.side == "sell" else -moved
    confirms = loss <= nano(rules.tolerance)
    if confirms:
        lots, price = held_lots(world, quote_id), ticket.price_ticks
        may = constraints.allowed(world, dealer, "last look", ticket.side, price, lots, time_ns)
        confirms = may == lots
    kind = "confirm" if confirms else "decline"
    message = Message(kind, dealer, quote_id, cause, tip_nano=fixed_tip(world))
    post(world, message, sent(world, dealer, time_ns, cause), time_ns)
    return True
