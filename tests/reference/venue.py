"""The venue's side of the twin: a message reaches the market; what it did is booked and told."""

from dataclasses import replace
from itertools import takewhile
from typing import Any

from proteus.market.rng import STREAM_BATCH
from tests.reference import constraints, crediting, orders, rules, settling, stress
from tests.reference.auction import Auction
from tests.reference.book import Book
from tests.reference.charging import charge_clear, charge_fill, charge_message
from tests.reference.draws import Cause
from tests.reference.dual_flow import BUYERS, DualFlow
from tests.reference.links import delay
from tests.reference.market import Market
from tests.reference.orders import Order, Outcome
from tests.reference.public import Level, Print, State
from tests.reference.world import Message, Notice, Ticket, World


def receive(world: World, message: Message, time_ns: int) -> None:
    """Hand a message to the market, and deal with what comes of it."""
    world.messages += 1
    charge_message(world, message, time_ns)
    constraints.note_arrived(world, message)
    rules.count_message(world, message.trader.number)
    settling.carry(world, message)
    trader, order_id = message.trader.number, message.order_id
    cause = message.cause.packed
    if message.kind == "order":
        world.note_order(time_ns, "order", order_id)
        ticket = world.tickets[order_id]
        limit = ticket.side, ticket.price_ticks, ticket.lots
        if constraints.can_pay(world, message.trader, order_id, *limit):
            world.market.apply(door_message(world, "limit", order_id, time_ns))
        else:
            rejected = Outcome("reject", order_id, ticket.lots, "no_funds")
            world.market.out.outcomes.append(rejected)
        deliver(world, time_ns, order_id, message.cause)
        return
    columns = {"trader": trader, "order_id": order_id, "cause": cause}
    if message.kind == "replace":
        columns |= {
            "other_id": message.new_id, "side": message.side, "lots": message.lots,
            "price_ticks": message.price_ticks, "value_nano": message.belief_nano,
        }  # fmt: skip
    world.note(time_ns, "trader", message.kind, **columns)
    if order_id not in world.market.open:
        refuse(world, message, time_ns, "unknown_order")
    elif message.kind == "cancel" or not can_pay_change(world, message):
        if message.kind == "replace":
            refuse(world, message, time_ns, "no_funds")
        world.market.apply(door_message(world, "cancel", order_id, time_ns))
        deliver(world, time_ns, order_id, message.cause)
    else:
        replace_version(world, message)
        world.market.apply(door_message(world, "amend", message.new_id, time_ns))
        deliver(world, time_ns, message.new_id, message.cause)


def replace_version(world: World, message: Message) -> None:
    """Give an open order its new name, and its ticket what stands behind the new version."""
    order = world.market.open.pop(message.order_id)
    order.order_id = message.new_id
    world.market.open[message.new_id] = order
    ticket = world.tickets[message.new_id] = world.tickets[message.order_id]
    ticket.belief_nano, ticket.cause = message.belief_nano, message.cause
    ticket.price_ticks, ticket.lots = message.price_ticks, message.lots


def door_message(world: World, kind: str, order_id: int, time_ns: int) -> orders.Message:
    """What the market is told: of a change of an order only what changes."""
    ticket = world.tickets[order_id]
    about = {"quantity": ticket.lots, "price_ticks": ticket.price_ticks}
    if kind in ("limit", "market"):
        is_one = ticket.trader.group.accounts == "one"
        about["agent"] = ticket.trader.number if is_one else -1 - order_id  # nobody else's
        about |= {"side": ticket.side, "tif": ticket.lifetime, "post_only": False}
        about["role"] = "maker" if ticket.trader.makes else "taker"
    message = orders.Message(time_ns, kind, order_id, *[None] * 7)
    return replace(message, **({} if kind == "cancel" else about))


def can_pay_change(world: World, message: Message) -> bool:
    """Whether the new version of an order can be paid in place of the old one."""
    limit = message.side, message.price_ticks, message.lots
    return constraints.can_pay(world, message.trader, message.order_id, *limit)


def refuse(world: World, message: Message, time_ns: int, reason: str) -> None:
    """A message comes to nothing; of a cancel there is nothing to tell."""
    world.note(
        time_ns, "venue", "reject", trader=message.trader.number, order_id=message.order_id,
        lots=0, reason=reason,
    )  # fmt: skip
    if message.kind == "replace":
        world.tickets[message.new_id] = world.tickets[message.order_id]
        notice = Notice("reject", message.trader, message.new_id, message.side, message.lots)
        answer(world, notice, time_ns, message.cause)


def end_shortage(world: World, time_ns: int) -> None:
    """Fills were taken back: who is short loses its newest orders, and then the venue pays."""
    cancelled: list[int] = []
    market: Any = world.market
    for trader in world.traders:
        purse = constraints.purse_of(world, trader)
        while purse is not None and isinstance(market, Market):
            newest = constraints.newest_to_cancel(world, trader, purse)
            if newest is None:
                break
            market.apply(door_message(world, "cancel", newest, time_ns))
            cancelled.append(newest)
    for trader in world.traders:
        purse = constraints.purse_of(world, trader)
        if purse is not None:
            amount = constraints.lacking(world, trader, purse)
            rules.post(world, time_ns, world.events, "venue", trader.number, amount, "default")
    if cancelled:
        deliver(world, time_ns, cancelled[0], None)


def next_clear(world: World) -> int | None:
    """When the open batch closes: random closes are up to a share of delta early."""
    market = world.market
    if not isinstance(market, Auction):
        return None
    mechanism: Any = world.cell.mechanism
    early_ns = int(mechanism.random_close * market.delta_ns)
    word = world.draws.words(STREAM_BATCH, 0, market.batch)[0]
    return market.batch * market.delta_ns - (word * early_ns >> 32)


def clear(world: World, time_ns: int) -> None:
    """Clear the open batch."""
    market = world.market
    assert isinstance(market, Auction)
    done = len(market.out.clears)
    batches = {order.order_id: order.batch for order in market.open.values()}
    market.clear(time_ns)
    clears = market.out.clears[done:]
    for auction in BUYERS if isinstance(market, DualFlow) else ("",):
        traded = next((row for row in clears if row.get("auction", "") == auction), None)
        columns = {"lots": traded["volume"] if traded else 0}
        if auction:
            columns["side"] = {"bid": "buy", "ask": "sell"}[auction]
        if traded:
            columns |= {"price_ticks": traded["price_ticks"], "surplus_lots": traded["surplus"]}
            columns |= {"low_ticks": traded["low"], "high_ticks": traded["high"]}
        world.note(time_ns, "venue", "batch_clear", **columns)
    if clears:
        before = world.cell.initial_ticks if world.last_ticks is None else world.last_ticks
        ends = clears[0]["price_ticks"] + clears[-1]["price_ticks"]
        middles = ends // 2, (ends + 1) // 2
        world.last_ticks = min(middles, key=lambda price: abs(price - before))
    deliver(world, time_ns, None, None, batches)


def deliver(
    world: World, time_ns: int, about: int | None, cause: Cause | None,
    batches: dict[int, int] | None = None,
) -> None:  # fmt: skip
    """Write down, book and report what the market did, then publish the book.

    ``about``, ``cause``: the order that a message meant, and its cause; None in a clear.
    ``batches``: those that the orders of a clear had joined.
    """
    outcomes = list(world.market.out.outcomes)
    world.market.out.outcomes.clear()
    for outcome in outcomes:
        note_outcome(world, outcome, time_ns)
    if about is not None and about in world.market.open:
        world.tickets[about].batch = world.market.open[about].batch
    auction_printed: str | None = None
    for outcome in outcomes:
        ticket = world.tickets[outcome.order_id]
        if outcome.kind == "fill":
            auction = ticket.side if isinstance(world.market, DualFlow) else "only"
            if about is not None or auction != auction_printed:
                assert outcome.price_ticks is not None
                world.public.tape.append(Print(time_ns, outcome.price_ticks, set()))
            auction_printed = auction
            rules.count_fill(
                world, outcome.order_id, outcome.other_id or 0, outcome.price_ticks,
                outcome.lots, batches or {},
            )  # fmt: skip
            book_fill(world, outcome, time_ns, in_clear=about is None)
        elif outcome.lots > 0 and waits_for_answers(world, ticket):
            why = cause if outcome.order_id == about and cause else ticket.cause
            notice = Notice(
                outcome.kind, ticket.trader, outcome.order_id, ticket.side, outcome.lots
            )
            answer(world, notice, time_ns, why)
    charge_clear(world, time_ns)
    if about is None or isinstance(world.market, Book):
        publish(world, time_ns)


def waits_for_answers(world: World, ticket: Ticket) -> bool:
    """Who quotes is told of its quotes; who has limits to keep, of everything."""
    return ticket.is_quote or constraints.memory(world, ticket.trader) is not None


def note_outcome(world: World, outcome: Outcome, time_ns: int) -> None:
    """Write the row of one thing that the market did."""
    ticket = world.tickets[outcome.order_id]
    columns = {
        "trader": ticket.trader.number, "order_id": outcome.order_id, "lots": outcome.lots,
    }  # fmt: skip
    if outcome.kind == "fill":
        columns |= {"other_id": outcome.other_id, "price_ticks": outcome.price_ticks}
        columns["side"] = ticket.side
    elif outcome.reason:
        columns["reason"] = outcome.reason
    world.note(time_ns, "venue", outcome.kind, **columns)


def book_fill(world: World, outcome: Outcome, time_ns: int, in_clear: bool) -> None:
    """Move lots and cash, and report to the buyer, then to the seller."""
    price, lots = outcome.price_ticks, outcome.lots
    assert price is not None
    assert outcome.other_id is not None
    ids = sorted(
        (outcome.order_id, outcome.other_id), key=lambda i: world.tickets[i].side == "sell"
    )
    buyer, seller = (world.tickets[i].trader for i in ids)
    world.ledger.fill(buyer.number, seller.number, price, lots)
    world.fills += 1
    for trader, side in ((buyer, "buy"), (seller, "sell")):
        if buyer is not seller and world.settlement is None:
            crediting.at_fill(world, trader, side, price * world.cell.tick_nano, lots, time_ns)
    charge_fill(world, outcome, time_ns, in_clear)
    cash = price * world.cell.tick_nano * lots
    settling.note_fill(world, *(world.tickets[i] for i in ids), lots, cash, time_ns)
    if not in_clear:
        world.last_ticks = price
    for order_id in ids:
        ticket = world.tickets[order_id]
        trader = ticket.trader
        world.public.tape[-1].parties.add(trader.number)
        word = world.draws.fill_report(trader.entity, ticket.cause, ticket.reports)
        ticket.reports += 1
        constraints.note_fill(world, trader, ticket.side, price, lots)
        takes_ns = delay(trader.group.latency.fill_report, word)
        arrives_ns = time_ns + stress.delayed(world, trader, "fill_report", time_ns, takes_ns)
        notice = Notice(
            "fill", trader, order_id, ticket.side, lots, ticket.belief_nano, time_ns,
            price * world.cell.tick_nano,
        )  # fmt: skip
        world.push(trader.reports.arrival(arrives_ns), "notice", notice)


def answer(world: World, notice: Notice, time_ns: int, cause: Cause) -> None:
    """Send an answer to a trader."""
    trader = notice.trader
    word = world.draws.latency(trader.entity, cause)[1]
    takes_ns = delay(trader.group.latency.acknowledgement, word)
    arrives_ns = time_ns + stress.delayed(world, trader, "acknowledgement", time_ns, takes_ns)
    world.push(trader.answers.arrival(arrives_ns), "notice", notice)


def publish(world: World, time_ns: int) -> None:
    """Let the book and the last price become public."""
    market, roles = world.market, ("maker", "taker")
    apart = isinstance(market, DualFlow)
    levels = [
        best_level([o for o in market.queue(side) if o.role == role or not apart])
        for role in roles
        for side in ("buy", "sell")
    ]
    announce(world, State(time_ns, *levels, world.last_ticks))


def announce(world: World, state: State) -> None:
    """Publish a state if it is news, and write its row."""
    if world.public.publish(state):
        (bid, bid_lots), (ask, ask_lots) = state.bid or (None, 0), state.ask or (None, 0)
        world.note(
            state.time_ns, "venue", "book", price_ticks=state.last_ticks, bid_ticks=bid,
            ask_ticks=ask, bid_lots=bid_lots, ask_lots=ask_lots,
        )  # fmt: skip


def best_level(queue: list[Order]) -> Level:
    """The best price of orders in priority order, and the lots there."""
    if not queue:
        return None
    price = queue[0].price_ticks
    assert price is not None  # in simulation every order has a limit
    return price, sum(o.quantity for o in takewhile(lambda o: o.price_ticks == price, queue))
