"""The environment of the twin: an oracle, blocks with a base fee, and messages that wait."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import partial
from math import floor, log
from typing import TYPE_CHECKING, Any

from proteus.market.rng import (
    STREAM_BLOCK,
    STREAM_DEMAND,
    STREAM_MEMPOOL,
    STREAM_ORACLE,
    below,
    exponential,
    normal,
    uniform,
)
from tests.reference import stress
from tests.reference.draws import ns
from tests.reference.sellers import Seller
from tests.reference.takers import Informed

if TYPE_CHECKING:
    from tests.reference.makers import Quote
    from tests.reference.public import View
    from tests.reference.world import Message, Trader, World

NANO = 10**9
AFTER_ALL_TIES = 2**32  # what a block has taken comes after what comes in by itself


def exact(number: float) -> Fraction:
    """A number as it was written."""
    return Fraction(Decimal(str(number)))


@dataclass(frozen=True, eq=False)
class Waiting:
    """A message that waits."""

    message: Message
    time_ns: int
    tie: int


@dataclass
class Chain:
    """Blocks, their base fee, and what waits for them."""

    made: int = 0
    slot: int = 0
    last_ns: int = 0
    base_fee: int = 0  # of the last block, nano
    next_fee: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    released: list[Any] = field(default_factory=list)  # messages that blocks have taken
    waits_ns: list[int] = field(default_factory=list)
    reordered: int = 0
    tips: int = 0


@dataclass
class Oracle:
    """What the oracle has read and said."""

    issued: int  # nano
    issued_ns: int = 0
    arrived: int | None = None  # None: what was issued at 0
    readings: list[int] = field(default_factory=list)
    reports: int = 0
    arrives_ns: int = 0  # of the last report: none overtakes it


def start(world: World) -> None:
    """Expect the first block, the first check, and the end of the warm-up."""
    channels = world.cell.environment
    if channels.congestion:
        world.chain.base_fee = world.chain.next_fee = int(
            exact(channels.congestion.base_fee) * NANO
        )
    if channels.blocks:
        expect_block(world)
    if channels.oracle:
        expect(world, ns(channels.oracle.check_ms), check)
        expect(world, world.cell.warmup_ns, lambda world, time_ns: None)


def expect(world: World, time_ns: int, what: Any) -> None:
    """Expect something of the environment."""
    world.push_before_end(time_ns, "environment", what)


def expect_block(world: World) -> None:
    """Draw when the next block is made."""
    chain, rules = world.chain, world.cell.environment.blocks
    assert rules is not None
    interval = ns(rules.interval_ms)

    def word() -> int:
        chain.slot += 1
        return world.draws.words(STREAM_BLOCK, 0, chain.slot)[0]

    if rules.law == "poisson":
        time_ns = chain.last_ns + max(int(exponential(word()) * interval), 1)
    else:
        while uniform(word()) < rules.missed:
            pass
        time_ns = chain.slot * interval
    expect(world, time_ns, make_block)


def make_block(world: World, time_ns: int) -> None:
    """A block takes messages and uses gas, and the base fee of the next one follows."""
    chain, rules = world.chain, world.cell.environment.congestion
    number, base_fee = chain.made, chain.next_fee
    chain.made, chain.last_ns, chain.base_fee = number + 1, time_ns, base_fee
    taken = take_messages(world, time_ns, base_fee)
    columns = {"version": number, "messages": taken}
    if rules:
        word = world.draws.words(STREAM_DEMAND, 0, number)[0]
        target = rules.gas_limit // rules.elasticity
        mean, spread = exact(rules.demand_mean), exact(rules.demand_spread)
        least, most = round(target * (mean - spread)), round(target * (mean + spread))
        wanted = least + int(below(word, most - least + 1))
        if rules.demand == "elastic":
            ceiling = int(exact(rules.highest_value or 0) * NANO)
            wanted = wanted * max(ceiling - base_fee, 0) // ceiling
        used = min(wanted + taken * rules.message_gas, rules.gas_limit)
        if used > target:
            rise = base_fee * (used - target) // target // rules.denominator
            chain.next_fee = base_fee + max(rise, 1)
        else:
            fall = base_fee * (target - used) // target // rules.denominator
            chain.next_fee = base_fee - fall
        columns |= {"value_nano": base_fee, "gas_used": used}
    world.note(time_ns, "rules", "environment_block", **columns)
    if world.cell.settlement.mode == "blocks":
        world.push(time_ns, "settle", number)
    expect_block(world)


def take_messages(world: World, time_ns: int, base_fee: int) -> int:
    """Take heads of the traders' queues, one after the other; returns how many."""
    chain, way = world.chain, world.cell.execution
    most_tip = None if way.max_fee is None else int(exact(way.max_fee) * NANO) - base_fee
    if most_tip is not None and most_tip < 0:
        return 0
    taken = 0
    while chain.waiting and (way.capacity is None or taken < way.capacity):
        senders: list[int] = []
        heads = []
        for each in chain.waiting:
            if each.message.trader.number not in senders:
                senders.append(each.message.trader.number)
                heads.append(each)

        def tip_of(each: Waiting) -> int:
            tip = each.message.tip_nano
            return tip if most_tip is None else min(tip, most_tip)

        best = min(heads, key=lambda each: (-tip_of(each), each.time_ns, each.tie))
        chain.reordered += best is not min(heads, key=lambda each: (each.time_ns, each.tie))
        chain.waiting.remove(best)
        chain.waits_ns.append(time_ns - best.time_ns)
        chain.released.append(best.message)
        world.push(time_ns, "message", best.message, AFTER_ALL_TIES)
        tip = tip_of(best)
        chain.tips += tip
        message = best.message
        order = {"order_id": message.order_id or None}  # credit has none
        world.pay(time_ns, message.trader.number, "proposer", tip, "gas_tip", **order)
        taken += 1
    return taken


def holds_back(world: World, message: Message, time_ns: int) -> bool:
    """Let a message wait that has come by itself; tell whether it does."""
    chain = world.chain
    if world.cell.execution.route == "direct":
        return False
    if any(each is message for each in chain.released):
        chain.released = [each for each in chain.released if each is not message]
        return False
    tie = world.ties[id(message)]
    chain.waiting.append(Waiting(message, time_ns, tie))
    world.note(
        time_ns, "trader", "environment_wait", trader=message.trader.number,
        order_id=message.order_id or None, cause=message.cause.packed, tip=message.tip_nano,
        tie=tie,
    )  # fmt: skip
    return True


def check(world: World, time_ns: int) -> None:
    """The oracle reads, and reports if it is time to."""
    rules, oracle = world.cell.environment.oracle, world.oracle
    assert rules is not None
    number, tick = len(oracle.readings), world.cell.tick_nano
    if rules.source == "value":
        word = world.draws.words(STREAM_ORACLE, 0, number)[0]
        noise = rules.noise_sd * normal(word) if rules.noise_sd else 0.0
        reading = round(min(max(world.news.value_at(time_ns) + noise, 0.0), 1.0) * NANO)
    else:
        reading = round(Fraction(world.public.reference_doubled() * tick, 2))
    oracle.readings.append(min(max(reading, tick), NANO - tick))
    seen = oracle.readings[-1]
    if rules.window_ms is not None:
        window = oracle.readings[-(ns(rules.window_ms) // ns(rules.check_ms)) :]
        seen = round(Fraction(sum(window), len(window)))
    is_old = rules.heartbeat_s is not None and (
        time_ns - oracle.issued_ns > exact(rules.heartbeat_s) * NANO
    )
    if is_old or has_moved(rules, seen, oracle.issued):
        oracle.issued, oracle.issued_ns = seen, time_ns
        world.note(
            time_ns, "rules", "environment_report", version=oracle.reports, value_nano=seen
        )  # fmt: skip
        oracle.reports += 1
        lag = stress.instead(world.cell, "environment.oracle.lag_ms", time_ns, rules.lag_ms)
        oracle.arrives_ns = max(oracle.arrives_ns, time_ns + int(lag * 10**6))
        expect(world, oracle.arrives_ns, partial(arrive, price=seen))
    expect(world, time_ns + ns(rules.check_ms), check)


def has_moved(rules: Any, new: int, old: int) -> bool:
    """A move is reported that is as large as the deviation."""
    if rules.deviation is None:
        return False
    least = exact(rules.deviation)
    if rules.deviation_in == "relative":
        return Fraction(abs(new - old), old) >= least
    if rules.deviation_in == "log_odds":
        return abs(log_odds(new) - log_odds(old)) >= least * NANO
    return abs(new - old) >= least * NANO


def log_odds(price: int) -> int:
    """The log-odds of a price in nano, to 10**-9; a half goes away from zero."""
    value = log(price / (NANO - price)) * NANO
    return int(abs(value) + 0.5) * (1 if value >= 0 else -1)


def arrive(world: World, time_ns: int, price: int) -> None:
    """A report arrives."""
    world.oracle.arrived = price


def reported(world: World) -> int | None:
    """What the oracle has said: at first the initial price; nothing without one."""
    if world.cell.environment.oracle is None:
        return None
    start = world.cell.initial_ticks * world.cell.tick_nano
    return start if world.oracle.arrived is None else world.oracle.arrived


def tip_of_order(
    world: World, trader: Trader, side: str, belief: float, view: View, lots: int
) -> int:
    """What who takes by what it believes offers: by that and the price it could trade at."""
    if not isinstance(trader.mind, Informed | Seller):
        return fixed_tip(world)
    tick = world.cell.tick_nano
    if side == "buy":
        edge = round(belief * NANO) - view.ask_ticks * tick
    else:
        edge = view.bid_ticks * tick - round(belief * NANO)
    if getattr(trader.group.policy, "reads_mempool", False):
        price = view.ask_ticks if side == "buy" else view.bid_ticks
        if any(is_rival(world, trader, each, side, price) for each in world.chain.waiting):
            return max(edge, 0) * lots
    return shared_tip(world, edge, lots)


def is_rival(world: World, trader: Trader, waiting: Waiting, side: str, price_ticks: int) -> bool:
    """A trader is shown an order of another that would trade at a price, and waits."""
    message, rules = waiting.message, world.cell.environment.mempool
    if message.kind != "order" or message.trader is trader or waiting.time_ns > trader.view_ns:
        return False
    ticket, address = world.tickets[message.order_id], message.cause.packed
    entity = message.trader.entity
    word = world.draws.words(STREAM_MEMPOOL, entity, address, address >> 32)[0]
    beyond = ticket.price_ticks - price_ticks
    reaches = beyond >= 0 if side == "buy" else beyond <= 0
    return rules is not None and ticket.side == side and reaches and uniform(word) < rules.visible


def tip_of_change(world: World, quote: Quote, belief: float) -> int:
    """What a maker offers to change a quote: by its belief and the price that stands."""
    edge = abs(round(belief * NANO) - quote.price_ticks * world.cell.tick_nano)
    return shared_tip(world, edge, quote.lots)


def fixed_tip(world: World) -> int:
    """What any message offers."""
    way = world.cell.execution
    return int(exact(way.tip) * NANO) if way.tips == "fixed" and way.route == "blocks" else 0


def shared_tip(world: World, edge: int, lots: int) -> int:
    """A share of an edge, rounded down; nothing of a loss."""
    way = world.cell.execution
    if way.tips != "edge_share" or way.route != "blocks":
        return fixed_tip(world)
    return floor(max(edge, 0) * lots * exact(way.tip_share))
