"""Messages to the pool of the twin, and liquidations: who gets lots of whom, and what is told."""

from __future__ import annotations

from typing import Any

from proteus.market import rng
from tests.reference import rules, stress, venue
from tests.reference.constraints import orders_of
from tests.reference.crediting import (
    bear,
    book,
    book_all,
    event_of,
    mark,
    means,
    note,
    note_buffer,
    post,
)
from tests.reference.links import delay
from tests.reference.pool import NANO, RefusedError, Sale
from tests.reference.rfq import Venue
from tests.reference.world import Message, Trader, World


def receive(world: World, message: Message, time: int) -> None:
    """A lender, a borrower or a liquidator asks the pool for something."""
    credit, trader, amount = world.credit, message.trader.number, message.lots
    mark(world)
    if message.kind == "liquidate":
        call(world, trader, message.other_id, amount, time)
        return
    credit.under_way[trader] = max(credit.under_way[trader] - amount, 0)
    is_offer = message.kind == "supply"
    note(world, time, "trader", "offer" if is_offer else "request", trader, amount)
    try:
        if is_offer:
            credit.pool.supplies(trader, amount, max(world.ledger.cash[trader], 0))
        else:
            credit.pool.borrows(trader, amount)
    except RefusedError as refused:
        note(world, time, "rules", "reject", trader, amount, reason=f"credit_{refused}")
        return
    if is_offer:
        credit.claim[trader] += amount
        post(world, time, trader, "lending", amount, "supply")
        book(world, time, trader)
        return
    credit.debt[trader] += amount
    post(world, time, "lending", trader, amount, "borrow")
    book(world, time, trader)
    note_buffer(world, trader)
    note(world, time, "rules", "open", trader, amount)


# --- liquidation ----------------------------------------------------------------------------------


def keep(world: World, time: int) -> None:
    """Let the treasury seize lots of all who fail: the least health first, then the smaller uid."""
    done: set[int] = set()
    cancelled: list[int] = []
    while (borrower := worst(world, done)) is not None:
        done.add(borrower)
        cancelled += cancel_orders(world, borrower, time)
        free = free_lots(world, borrower)
        if free:
            seize(world, world.credit.desk, borrower, free, time)
    if cancelled:
        venue.deliver(world, time, cancelled[0], None)


def keep_last(world: World) -> None:
    """The same at T: no order can be cancelled or fill any more, so all that is pledged may go."""
    if world.credit is None or world.credit.rules.keeper != "auto":
        return
    mark(world)
    done: set[int] = set()
    while (borrower := worst(world, done)) is not None:
        done.add(borrower)
        lots = world.credit.pool.accounts[borrower].lots
        seize(world, world.credit.desk, borrower, lots, world.cell.horizon_ns)


def worst(world: World, done: set[int]) -> int | None:
    """Of those who fail and have lots, who has the least health, then the smaller uid."""
    credit = world.credit
    failing = [
        (health, credit.uids[trader], trader)
        for trader, debt in enumerate(credit.debt)
        if (health := credit.pool.health(trader, debt)) is not None and health < NANO
        and credit.pool.accounts[trader].lots and trader not in done
    ]  # fmt: skip
    return min(failing)[2] if failing else None


def call(world: World, liquidator: int, borrower: int, lots: int, time: int) -> None:
    """A liquidator asks for lots; the first that finds a failing account has them."""
    credit, cancelled, refusal = world.credit, [], "healthy"
    credit.under_way[liquidator] = 0
    note(world, time, "trader", "liquidation", liquidator, None, receiver=borrower, lots=lots)
    health = credit.pool.health(borrower, credit.debt[borrower])
    if health is not None and health < NANO:
        cancelled = cancel_orders(world, borrower, time)
        free = free_lots(world, borrower)
        refusal = seize(world, liquidator, borrower, min(lots, free), time)
    if refusal:
        note(world, time, "rules", "reject", liquidator, lots, reason=f"credit_{refusal}")
    if cancelled:
        venue.deliver(world, time, cancelled[0], None)


def cancel_orders(world: World, borrower: int, time: int) -> list[int]:
    """Cancel the open orders of an account; requests and quotes for them are firm."""
    market: Any = world.market
    if isinstance(market, Venue):
        return []
    ids = sorted(order.order_id for order in orders_of(world, world.traders[borrower]))
    for order_id in ids:
        market.apply(venue.door_message(world, "cancel", order_id, time))
    return ids


def free_lots(world: World, borrower: int) -> int:
    """Pledged lots that neither an order nor a fill that is not final is to give away."""
    account = world.credit.pool.accounts[borrower]
    gives = "buy" if account.is_short else "sell"
    orders = orders_of(world, world.traders[borrower])
    lots = account.lots - sum(o.quantity for o in orders if o.side == gives)
    for trade in world.settlement.open if world.settlement else ():
        giver = trade.buyer if account.is_short else trade.seller
        lots -= trade.lots if giver == borrower else 0
    return max(lots, 0)


def seize(world: World, liquidator: int, borrower: int, lots: int, time: int) -> str:
    """Let a liquidator take lots and pay for them; returns why not, or nothing."""
    credit = world.credit
    book_all(world, time)
    has = None if liquidator == credit.desk else max(means(world, liquidator), 0)
    try:
        sale = credit.pool.liquidates(borrower, lots, has)
    except RefusedError as refused:
        return str(refused)
    is_short = credit.pool.accounts[borrower].is_short
    hand_over(world, liquidator, borrower, sale, is_short, time)
    note(
        world, time, "rules", "liquidation", borrower, sale.repaid, receiver=liquidator,
        lots=sale.lots,
    )  # fmt: skip
    if sale.lost:
        bear(world, borrower, sale.lost, sale.borne, time)
    book(world, time, borrower)
    worth = sale.lots * credit.pool.worth(is_short, credit.pool.price)
    credit.seized.append((time, borrower, sale.lots, worth))
    gone = sale.lots if is_short else -sale.lots
    if time < world.cell.horizon_ns:
        for side, (who, moved) in enumerate(((borrower, gone), (liquidator, -gone))):
            tell(world, world.traders[who], moved, side, time)
    return ""


def hand_over(
    world: World, liquidator: int, borrower: int, sale: Sale, is_short: bool, time: int
) -> None:
    """Post it: lots, with short ones their payoff, what is paid, repaid, and the treasury's."""
    giver, receiver = (liquidator, borrower) if is_short else (borrower, liquidator)
    world.ledger.pay(receiver, giver, 0, sale.lots)
    if world.settlement is not None:
        world.settlement.hand_over(giver, receiver, sale.lots)
    columns = {
        "asset": "contract", "giver": giver, "receiver": receiver, "amount": sale.lots,
        "code": "seize",
    }  # fmt: skip
    rules.write(world, time, event_of(world), "posting", columns)
    if is_short:
        post(world, time, borrower, liquidator, sale.lots * NANO, "seize")
    post(world, time, liquidator, borrower, sale.price, "repay_by_liquidator")
    world.credit.debt[borrower] -= sale.repaid
    post(world, time, borrower, "lending", sale.repaid, "repay")
    post(world, time, liquidator, "treasury", sale.fee, "liquidation_fee")
    post(world, time, "treasury", "lending", sale.fee, "supply")
    world.credit.reserves += sale.fee


def tell(world: World, trader: Trader, bought: int, side: int, time: int) -> None:
    """A trader hears over its fill-report link that lots of its own have moved."""
    number = len(world.credit.seized)
    word = world.draws.words(rng.STREAM_TAKEN_BACK, trader.entity, number, side)[0]
    takes = delay(trader.group.latency.fill_report, word)
    arrives = time + stress.delayed(world, trader, "fill_report", time, takes)
    world.push(trader.reports.arrival(arrives), "taken back", (trader, bought))
