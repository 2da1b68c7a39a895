"""Settlement inside a market: who waits for what, what is posted, and what traders are told."""

from __future__ import annotations

from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from proteus.market import rng
from proteus.market.cell import CellConfig
from tests.reference import stress
from tests.reference.draws import Draws, ns
from tests.reference.links import delay
from tests.reference.makers import Maker
from tests.reference.sellers import Seller
from tests.reference.settlement import Settlement, Trade
from tests.reference.takers import Spoofer

if TYPE_CHECKING:
    from tests.reference.world import Message, Ticket, Trader, World

CODES = {
    "penalty": "fail_penalty", "default": "default", "difference": "close_out",
    "closed_out": "close_out", "reverted": "revert",
}  # fmt: skip


def make_settlement(cell: CellConfig, draws: Draws, capital: list[int | None]) -> Settlement | None:
    """The settlement of a cell, or None where every fill is final at once."""
    rules: dict[str, Any] = cell.settlement.model_dump()
    if rules["mode"] == "immediate":
        return None
    for key in ("delay", "cycle"):
        after_ms = rules.pop(f"{key}_ms", None)
        rules[key] = None if after_ms is None else ns(after_ms)

    def fork(number: int) -> tuple[int, int]:
        words = draws.words(rng.STREAM_FORK, rng.ENTITY_MARKET, number)
        return words[0], words[1]

    settlement = Settlement(rules, uids(cell), capital, fork)
    settlement.chance = partial(
        stress.instead, cell, "settlement.fork_probability",
        usual=rules.get("fork_probability", 0),
    )  # fmt: skip
    return settlement


def uids(cell: CellConfig) -> list[int]:
    """Who the traders are: 63 bits of a hash of cohort, group and number."""
    names = [
        f"default/{name}/{number}"
        for name, group in cell.population.items()
        for number in range(group.count)
    ]
    return [int(sha256(name.encode()).hexdigest()[:16], 16) >> 1 for name in names]


def carry(world: World, message: Message) -> None:
    """A message goes with the newest block, if with any."""
    if world.cell.execution.route == "blocks":
        world.tickets[message.order_id].block = world.chain.made - 1


def note_fill(world: World, buy: Ticket, sell: Ticket, lots: int, cash: int, time: int) -> None:
    """Let a fill wait."""
    settlement = world.settlement
    if settlement is None:
        return
    carriers = [ticket.block for ticket in (buy, sell) if ticket.block is not None]
    block, sides = max(carriers, default=None), (buy.trader.number, sell.trader.number)
    settlement.fill(*sides, lots, cash, time, block)
    trade = settlement.open[-1]
    note(world, time, "settlement_pending", trade)
    expect(world, trade.due)


def expect(world: World, due: int | None) -> None:
    """Look again when something is due, once at each time."""
    settlement = world.settlement
    assert settlement is not None
    if due is not None and due not in settlement.expected:
        settlement.expected.add(due)
        world.push_before_end(due, "settle", None)


def settle(world: World, number: int | None, time: int) -> bool:
    """Settle what is due, or what a block decides; tell whether anything was taken back."""
    settlement = world.settlement
    assert settlement is not None
    before, since = {trade.number: trade for trade in settlement.open}, len(settlement.log)
    if number is None:
        doubled = world.public.reference_doubled()
        settlement.due(time, doubled * world.cell.tick_nano // 2)
        for trade in settlement.open:
            expect(world, trade.due)
    else:
        dropped = settlement.block(number, time)
        if dropped:
            world.note(time, "rules", "environment_fork", version=number, depth=dropped)
    follow(world, time, before, settlement.log[since:])
    return any(entry[0] in ("closed_out", "reverted") for entry in settlement.log[since:])


def follow(world: World, time: int, before: dict[int, Trade], log: list[tuple[Any, ...]]) -> None:
    """Post and tell what came of it: fills that go back, then payments, then a row a fill."""
    became = {entry[2]: entry[0] for entry in log if entry[0] in ("final", "reverted")}
    became |= {entry[2]: "again" for entry in log if entry[0] == "failed"}
    became |= {entry[2]: "closed_out" for entry in log if entry[0] == "closed_out"}
    back = [number for number in sorted(became) if became[number] in ("closed_out", "reverted")]
    for number in back:
        take_back(world, time, before[number], CODES[became[number]])
    for what, giver, receiver, amount in (entry for entry in log if len(entry) == 4):
        post(world, time, "cash", giver, receiver, amount, CODES[what])
        world.ledger.pay(giver, receiver, amount)
    for number in sorted(became):
        if became[number] in ("again", "closed_out"):
            note(world, time, "settlement_failed", before[number], reason=became[number])
        else:
            note(world, time, f"settlement_{became[number]}", before[number])


def take_back(world: World, time: int, trade: Trade, code: str) -> None:
    """Contracts and cash go back, and both sides hear of it."""
    post(world, time, "contract", trade.buyer, trade.seller, trade.lots, code)
    post(world, time, "cash", trade.seller, trade.buyer, trade.cash, code)
    world.ledger.pay(trade.seller, trade.buyer, trade.cash, trade.lots)
    sides = (trade.buyer, -trade.lots), (trade.seller, trade.lots)
    for place, (number, lots) in enumerate(sides):
        trader = world.traders[number]
        word = world.draws.words(rng.STREAM_TAKEN_BACK, trader.entity, trade.number, place)[0]
        takes = delay(trader.group.latency.fill_report, word)
        arrives = time + stress.delayed(world, trader, "fill_report", time, takes)
        world.push(trader.reports.arrival(arrives), "taken back", (trader, lots))


def learn(item: tuple[Trader, int]) -> None:
    """The inventory of who reckons with it is not what it was; beliefs stay."""
    trader, lots = item
    if isinstance(trader.mind, Maker | Spoofer | Seller):
        trader.mind.position += lots


def end(world: World) -> None:
    """Everything is final."""
    settlement, time = world.settlement, world.cell.horizon_ns
    if settlement is not None:
        left = sorted(settlement.open, key=lambda trade: trade.number)
        settlement.end(time)
        for trade in left:
            note(world, time, "settlement_final", trade)


def post(
    world: World, time: int, asset: str, giver: int, receiver: int, amount: int, code: str
) -> None:
    """Write the row of a posting."""
    world.note(
        time, "rules", "posting", asset=asset, giver=giver, receiver=receiver, amount=amount,
        code=code,
    )  # fmt: skip


def note(world: World, time: int, kind: str, trade: Trade, **more: Any) -> None:
    """Write the row of a fill's settlement."""
    world.note(
        time, "rules", kind, fill=trade.number, giver=trade.buyer, receiver=trade.seller,
        lots=trade.lots, amount=trade.cash, **more,
    )  # fmt: skip
