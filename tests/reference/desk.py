"""The traders' side of the twin: a wake-up becomes a view, a decision and messages."""

from dataclasses import replace

from proteus.market.rng import (
    STREAM_INTENT,
    STREAM_LIFETIME,
    STREAM_RESERVATION,
    STREAM_SIGNAL,
    normal,
)
from tests.reference import constraints, stress
from tests.reference.draws import EXPIRY, Cause, ns
from tests.reference.environment import fixed_tip, reported, tip_of_change, tip_of_order
from tests.reference.links import delay
from tests.reference.makers import Intent, Maker
from tests.reference.public import View
from tests.reference.sellers import Seller
from tests.reference.takers import Noise, Spoofer
from tests.reference.world import Message, Notice, Ticket, Timer, Trader, World


def wake(world: World, trader: Trader, time_ns: int, kind: int, number: int) -> None:
    """Let a trader look, decide and send, for the n-th time from this kind of cause."""
    view = observe(world, trader, time_ns, Cause(kind, number))
    intents = trader.mind.decide(view)
    stops = constraints.decided(world, trader, view.reference_doubled, time_ns)
    for slot in sending_order(trader, intents):
        cause = Cause(kind, number, slot)
        sent_ns = sent(world, trader, time_ns, cause)
        send(world, trader, intents[slot], view, sent_ns, cause)
    if stops:
        take_back(world, trader, time_ns, Cause(kind, number, 255))


def take_back(world: World, trader: Trader, time_ns: int, cause: Cause) -> None:
    """Cancel what may still fill: the quotes that the strategy has left, and all orders."""
    quotes = trader.mind.quotes.values() if isinstance(trader.mind, Maker | Spoofer) else []
    standing = [quote for quote in quotes if quote.order_id is not None]
    ids = [quote.order_id for quote in standing] + constraints.still_open(world, trader)
    for quote in standing:
        quote.order_id = None
    for order_id in ids:
        message = Message("cancel", trader, order_id, cause, tip_nano=fixed_tip(world))
        post(world, message, sent(world, trader, time_ns, cause), time_ns)


def sent(world: World, trader: Trader, time_ns: int, cause: Cause) -> int:
    """When what is sent now would be at the venue, but for what was sent before."""
    word = world.draws.latency(trader.entity, cause)[0]
    takes_ns = delay(trader.group.latency.submission, word)
    return time_ns + stress.delayed(world, trader, "submission", time_ns, takes_ns)


def observe(world: World, trader: Trader, time_ns: int, cause: Cause) -> View:
    """What a trader that woke up knows when it decides, its own random words included."""
    word = world.draws.latency(trader.entity, cause)[3]
    takes_ns = delay(trader.group.latency.market_data, word)
    view = look(world, trader, time_ns, stress.age(world, trader, time_ns, takes_ns))
    if isinstance(trader.mind, Noise | Spoofer):
        words = world.draws.words(STREAM_INTENT, trader.entity, cause.wake, cause.kind)
        life = world.draws.words(STREAM_LIFETIME, trader.entity, cause.wake, cause.kind)[0]
        worth = world.draws.words(STREAM_RESERVATION, trader.entity, cause.wake, cause.kind)[0]
        view.words = (*words, life, worth)
    return view


def look(world: World, trader: Trader, time_ns: int, age_ns: int) -> View:
    """What a trader sees: what was shown by then, its own signal, the new prints of others."""
    trader.view_ns = max(trader.view_ns, time_ns - age_ns)
    public = world.public
    state = public.at(max(trader.view_ns - public.shown.book_age_ns, 0))
    last = public.last_ticks(trader.number, trader.view_ns)
    view = View(
        time_ns,
        state.reference_doubled(public.shown, last),
        state.executable("buy", trader.makes, public.shown, last),
        state.executable("sell", trader.makes, public.shown, last),
        prints=[],
        best=state.quotes(public.shown),
        report_nano=reported(world),
    )
    signal = trader.group.signal
    if signal is not None:
        view.look = time_ns // ns(signal.look_ms)
        word = world.draws.words(STREAM_SIGNAL, trader.entity, view.look)[0]
        value = world.news.value_at(time_ns - ns(signal.delay_ms))
        view.signal = min(max(value + signal.noise_sd * normal(word), 0.0), 1.0)
    if trader.makes and public.shown.prints_to == "public":
        view.prints = read_tape(world, trader)
    return view


def read_tape(world: World, trader: Trader) -> list[int]:
    """The prices on the tape since the last view that the trader took no part in."""
    until_ns = trader.view_ns - world.public.shown.print_age_ns
    new = [p for p in world.public.tape[trader.prints_read :] if p.time_ns <= until_ns]
    trader.prints_read += len(new)
    return [p.price_ticks for p in new if trader.number not in p.parties]


def sending_order(trader: Trader, intents: list[Intent]) -> list[int]:
    """The slots in the order of sending: the ask first where the bid is new or rises.

    So the two quotes of a trader do not meet each other on the way.
    """
    slots = list(range(len(intents)))
    if isinstance(trader.mind, Maker):
        stands = trader.mind.quotes["buy"]
        if stands.order_id is None or intents[0].price_ticks > stands.price_ticks:
            return slots[::-1]
    return slots


def send(
    world: World, trader: Trader, intent: Intent, view: View, sent_ns: int, cause: Cause
) -> None:
    """Turn an intent into a message, or into none if a quote stands as it should."""
    time_ns = view.time_ns
    intent = replace(intent, lots=may_send(world, trader, intent, time_ns))
    if not intent.is_quote:
        if intent.lots == 0:
            return
        tip = tip_of_order(world, trader, intent.side, intent.belief, view, intent.lots)
        message = new_order(world, trader, intent, time_ns, cause)
        post(world, message._replace(tip_nano=tip), sent_ns, time_ns)
        return
    assert isinstance(trader.mind, Maker | Spoofer)
    quote = trader.mind.quotes[intent.side]
    tip = tip_of_change(world, quote, intent.belief)
    if quote.order_id is None:
        if intent.lots == 0:
            return
        message = new_order(world, trader, intent, time_ns, cause)
        quote.order_id, tip = message.order_id, fixed_tip(world)
    elif intent.lots == 0:
        message = Message("cancel", trader, quote.order_id, cause)
        post(world, message._replace(tip_nano=tip), sent_ns, time_ns)
        quote.order_id = None
        return
    elif intent.price_ticks != quote.price_ticks or intent.lots < quote.lots:
        message = Message(
            "replace", trader, quote.order_id, cause, intent.side, next(world.ids),
            intent.price_ticks, intent.lots, nano(intent.belief),
        )  # fmt: skip
        quote.order_id = message.new_id
    else:
        return
    quote.price_ticks, quote.lots = intent.price_ticks, intent.lots
    quote.exposure += intent.lots
    post(world, message._replace(tip_nano=tip), sent_ns, time_ns)


def may_send(world: World, trader: Trader, intent: Intent, time_ns: int) -> int:
    """The lots of an intent that the trader's chain lets pass."""
    becomes = "order"
    if intent.is_quote:
        quote = trader.mind.quotes[intent.side]  # type: ignore[union-attr]
        if quote.order_id is not None and intent.price_ticks != quote.price_ticks:
            becomes = "replace"
        elif quote.order_id is not None:
            becomes = "reduction" if intent.lots < quote.lots else "standing"
    price, lots = intent.price_ticks, intent.lots
    return allowed(world, trader, becomes, intent.side, price, lots, time_ns)


def allowed(
    world: World, trader: Trader, becomes: str, side: str, price: int, lots: int, time_ns: int
) -> int:
    """The lots that a chain lets pass, and stress."""
    lots = constraints.allowed(world, trader, becomes, side, price, lots, time_ns)
    return stress.cut(world, trader, time_ns, lots)


def new_order(world: World, trader: Trader, intent: Intent, time_ns: int, cause: Cause) -> Message:
    """Write a new order, and set the timer of one that is to be cancelled."""
    order_id = next(world.ids)
    ticket = world.tickets[order_id] = Ticket(
        trader, intent.side, intent.price_ticks, intent.lots, intent.lifetime,
        nano(intent.belief), time_ns,
        world.public.reference_doubled(), cause,
        intent.is_quote, world.draws.lot(trader.entity, cause),
        is_immediate=intent.lifetime != "gtc",
    )  # fmt: skip
    if intent.duration_ns > 0:
        end_cause = Cause(EXPIRY, cause.wake, cause.kind)
        ticket.timer = Timer(order_id, intent.lots, trader, end_cause)
        world.push(time_ns + intent.duration_ns, "expiry", ticket.timer)
    if not intent.is_quote:
        world.note_order(time_ns, "intent", order_id)
    return Message("order", trader, order_id, cause)


def post(world: World, message: Message, sent_ns: int, time_ns: int) -> None:
    """Put a message on its way."""
    trader = message.trader
    constraints.note_sent(world, message, time_ns)
    arrives_ns, tie = trader.submissions.arrival_and_tie(sent_ns, message.cause)
    word = world.ties[id(message)] = world.draws.tie(trader.entity, tie)
    world.push(arrives_ns, "message", message, word)


def expire(world: World, timer: Timer, time_ns: int) -> bool:
    """Cancel an order whose lifetime ends, unless it is known to be filled; tell which."""
    if timer.open_lots <= 0:
        return False
    sent_ns = sent(world, timer.trader, time_ns, timer.cause)
    message = Message("cancel", timer.trader, timer.order_id, timer.cause)
    post(world, message._replace(tip_nano=fixed_tip(world)), sent_ns, time_ns)
    return True


def learn(world: World, notice: Notice, now_ns: int) -> bool:
    """Let a trader learn an answer or a fill; tell whether it wakes up from it."""
    trader = notice.trader
    constraints.note_told(world, notice)
    is_fill = notice.kind == "fill"
    if isinstance(trader.mind, Maker | Spoofer):
        quote = trader.mind.quotes[notice.side]
        quote.exposure -= notice.lots
        if notice.kind != "ack" and quote.order_id == notice.order_id:
            quote.lots -= notice.lots
            if quote.lots <= 0:
                quote.order_id = None
        if is_fill:
            sign = 1 if notice.side == "buy" else -1
            trader.mind.position += sign * notice.lots
            belief = notice.belief_nano / 10**9
            trader.mind.learn_fill(sign, belief, notice.filled_ns, now_ns)
    if isinstance(trader.mind, Seller) and is_fill:
        trader.mind.position += notice.lots if notice.side == "buy" else -notice.lots
        trader.mind.learn_sale(notice.side, notice.price_nano, notice.lots)
    timer = world.tickets[notice.order_id].timer
    if is_fill and timer is not None:
        timer.open_lots -= notice.lots
    return is_fill and trader.group.schedule.on_fill


def nano(value: float) -> int:
    """Round a value in currency to nano-currency, once."""
    return round(value * 10**9)
