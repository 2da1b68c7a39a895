"""The rules that a market adds, bound to the twin: when policies act, and what the ledger gets."""

from __future__ import annotations

import hashlib
from collections import Counter
from fractions import Fraction
from typing import Any

from tests.reference import constraints
from tests.reference.auction import Auction
from tests.reference.desk import nano as nano_of
from tests.reference.dual_flow import DualFlow
from tests.reference.incentives import Due, Program, Resting, exact
from tests.reference.makers import Maker
from tests.reference.rfq import Venue
from tests.reference.settlement import moved
from tests.reference.world import ACCOUNTS, Trader, World

BEFORE_FIRST, AFTER_LAST = -1, -2  # numbers of events, of entries that no event leads to
Account = int | str


def post(
    world: World,
    time_ns: int,
    event: int,
    giver: Account,
    receiver: Account,
    amount: int,
    code: str,
) -> None:
    """Move cash and write the row; an amount of nothing is no entry."""
    if amount == 0:
        return
    world.ledger.pay(giver, receiver, amount)
    if code != "endow":  # settlement begins with it
        moved(world.settlement, giver, receiver, amount)
    columns = {
        "asset": "cash", "giver": number(world, giver), "receiver": number(world, receiver),
        "amount": amount, "code": code,
    }  # fmt: skip
    write(world, time_ns, event, "posting", columns)


def number(world: World, account: Account) -> int:
    """Traders come first, then the accounts that are nobody's."""
    if isinstance(account, int):
        return account
    return max(len(world.traders), 1) + ACCOUNTS.index(account)


def write(world: World, time_ns: int, event: int, kind: str, columns: dict[str, Any]) -> None:
    world.rows.append({
        "event": event, "time_ns": time_ns, "source": "rules", "kind": kind, **columns,
    })  # fmt: skip


# --- the start and the end of a lane --------------------------------------------------------------


def start(world: World) -> None:
    """Give capital, and open positions."""
    for trader in world.traders:
        amount = world.capital(trader) or 0
        post(world, 0, BEFORE_FIRST, "issuer", trader.number, amount, "endow")
    open_positions(world)


def start_policies(world: World) -> None:
    """Fund pools, put stakes aside, expect what a policy does."""
    names = sorted(world.cell.incentives.policies)
    world.programs = [make_program(world, at, name) for at, name in enumerate(names)]
    for program in world.programs:
        post(world, 0, BEFORE_FIRST, "issuer", "pool", program.pool, "fund")
        bring_along(world, program)
        for trader in sorted(program.members):
            if world.traders[trader].group.capital is not None:
                cash = max(world.ledger.cash[trader], 0)
                program.stake[trader] = min(program.stake[trader], cash)
            post(world, 0, BEFORE_FIRST, trader, "stakes", program.stake[trader], "stake")
            mind = world.traders[trader].mind
            if program.pays and isinstance(mind, Maker):
                mind.least_lots = max(mind.least_lots, getattr(program.rules, "min_lots", 1))
    expect(world)


def open_positions(world: World) -> None:
    """Sell to each trader what it held, at v of the start: it is as rich as before."""
    value = nano_of(world.news.value_at(0))
    for trader, lots in sorted(world.past.lots.items()):
        if lots == 0:
            continue
        world.ledger.pay(trader, "issuer", 0, lots)
        if world.settlement is not None:
            for table in (world.settlement.economic, world.settlement.settled):
                table["lots"][trader] += lots
        columns = {
            "asset": "contract", "giver": number(world, "issuer"), "receiver": trader,
            "amount": lots, "code": "carry",
        }  # fmt: skip
        write(world, 0, BEFORE_FIRST, "posting", columns)
        post(world, 0, BEFORE_FIRST, trader, "issuer", lots * value, "carry")


def bring_along(world: World, program: Program) -> None:
    """Give a policy what its traders bring along."""
    past = world.past
    program.worth = dict(past.worth.get(program.name, {}))
    program.waiting = Counter(past.waiting.get(program.name, {}))
    if program.name in past.stake:
        program.stake = Counter(past.stake[program.name])


def make_program(world: World, at: int, name: str) -> Program:
    policy: Any = world.cell.incentives.policies[name]
    takes_part = {"makers": (True,), "takers": (False,), "all": (True, False)}[policy.traders]
    members = {trader.number for trader in world.traders if trader.makes in takes_part}
    groups = {trader.number: name_of_group(world, trader) for trader in world.traders}
    digest = hashlib.sha256(f"proteus policy {name}".encode()).digest()
    program = Program(
        at, name, policy, exact(world.cell.contract.tick), world.cell.n_ticks, members, groups
    )
    program.entity = int.from_bytes(digest[:4], "big")
    program.next_interval(world.draws)
    return program


def name_of_group(world: World, trader: Trader) -> str:
    return next(name for name, group in world.cell.population.items() if group is trader.group)


def expect(world: World) -> None:
    """Wait for the first thing that a policy does before T."""
    times = [time for program in world.programs for time in (program.end_ns, program.look_ns)]
    first = min((time for time in times if time is not None), default=None)
    world.push_before_end(first, "policies", None)


def finish(world: World) -> None:
    """End the epochs that end with trading, and give stakes back."""
    end_ns = world.cell.horizon_ns
    for program in world.programs:
        if program.end_ns == end_ns:
            end_epoch(world, program, end_ns, AFTER_LAST)
        for trader in sorted(program.members):
            left = program.stake[trader]
            post(world, end_ns, AFTER_LAST, "stakes", trader, left, "unstake")


# --- what policies do -----------------------------------------------------------------------------


def act(world: World, time_ns: int) -> None:
    """Each policy, by its name: end an epoch, then look at the book."""
    for program in world.programs:
        if program.end_ns == time_ns:
            end_epoch(world, program, time_ns, world.events)
        if program.look_ns == time_ns:
            program.sample(public_orders(world))
            program.next_interval(world.draws)
    expect(world)


def public_orders(world: World) -> list[Resting]:
    """What rests; in a batch, what was there when the last one closed."""
    market: Any = world.market
    found = []
    for order in market.queue("buy") + market.queue("sell"):
        if not isinstance(market, Auction) or order.batch < market.batch:
            trader = world.tickets[order.order_id].trader.number
            found.append(Resting(trader, order.side, order.price_ticks, order.quantity))
    return found


def end_epoch(world: World, program: Program, time_ns: int, event: int) -> None:
    """Move what the epoch pays or charges, and write what for."""
    if program.pays and program.policy.pool.source == "fees":
        fees = world.ledger.fees
        inflow = int(exact(program.policy.pool.share) * (fees - program.fees_seen))
        program.fees_seen = fees
        program.pool += inflow
        post(world, time_ns, event, "venue", "pool", inflow, "fund")
    row = {"policy": program.number, "epoch": program.epoch}
    scores, lots = dict(program.score), dict(program.lots)
    missing = {trader: program.missing(trader) for trader in program.members if not program.pays}
    short = program.short
    dues = program.end_epoch()
    for due in dues:
        move(world, program, due, time_ns, event)
        score = scores[due.trader] if program.pays else missing[due.trader]
        kind = "policy_reward" if due.kind == "reward" else "policy_penalty"
        columns = {"trader": due.trader, "score": score, "amount": due.amount}
        write(world, time_ns, event, kind, row | columns)
    columns = {"score": sum(scores.values()), "amount": sum(due.amount for due in dues)}
    if program.short > short:
        columns["reason"] = "pool_short"
    write(world, time_ns, event, "policy_epoch", row | columns)
    learn(world, program, dues, lots)


def move(world: World, program: Program, due: Due, time_ns: int, event: int) -> None:
    """A reward, a fine as far as there is cash, or a part of a stake."""
    trader = due.trader
    if due.kind == "reward":
        post(world, time_ns, event, "pool", trader, due.amount, "reward")
    elif due.kind == "penalty":
        paid = min(due.amount, max(means(world, trader), 0))
        post(world, time_ns, event, trader, "pool", due.amount, "penalty")
        post(world, time_ns, event, "pool", trader, due.amount - paid, "default")
        program.pool += paid
    else:
        post(world, time_ns, event, "stakes", trader, due.amount, "unstake")
        post(world, time_ns, event, trader, "pool", due.amount, "slash")
        program.stake[trader] -= due.amount
        program.pool += due.amount


def means(world: World, trader: int) -> int:
    """Cash that nothing keeps; without capital there is no end to it."""
    if world.traders[trader].group.capital is None:
        return 2**63
    return constraints.unreserved(world, world.traders[trader])


def learn(world: World, program: Program, dues: list[Due], lots: dict[int, int]) -> None:
    """Makers who know of their rewards think again about what a lot of theirs earns."""
    net = {due.trader: due.amount if due.kind == "reward" else -due.amount for due in dues}
    for trader in program.members:
        mind = world.traders[trader].mind
        if isinstance(mind, Maker) and mind.policy.knows_rewards and mind.policy.reward_decay > 0:
            program.learn(trader, net.get(trader, 0), lots.get(trader, 0), mind.policy.reward_decay)
            mind.rewarded = 0.0
            for each in world.programs:
                mind.rewarded += each.worth.get(trader, 0.0)


# --- what policies count --------------------------------------------------------------------------


def count_message(world: World, trader: int) -> None:
    for program in world.programs:
        program.message(trader)


def count_fill(
    world: World, maker_id: int, taker_id: int, price_ticks: int, lots: int,
    batches: dict[int, int],
) -> None:  # fmt: skip
    """Count a fill; ``batches``: those that the orders of a clear joined, by order."""
    market = world.market
    sides = []
    for order_id, rested in ((maker_id, True), (taker_id, False)):
        trader = world.tickets[order_id].trader
        makes = rested
        if isinstance(market, (Venue, DualFlow)):
            makes = trader.makes
        elif isinstance(market, Auction):
            makes = batches[order_id] < market.batch - 1
        sides.append((trader.number, makes))
    for program in world.programs:
        program.fill(sides, price_ticks, lots)


def count_answer(world: World, dealer: int, request_id: int, quote_id: int, time_ns: int) -> None:
    """Count the first quote of a dealer for a request that lives."""
    quote, request = world.tickets[quote_id], world.tickets[request_id]
    away = Fraction(world.public.reference_doubled(), 2) - quote.price_ticks
    away *= exact(world.cell.contract.tick) * (1 if quote.side == "buy" else -1)
    opened_ns = world.opened[request_id]
    for program in world.programs:
        program.response(
            dealer, time_ns - opened_ns, max(away, Fraction(0)), quote.lots, request.lots
        )
