"""Chains of constraints in plain Python: what a trader may send by what it knows, and who can pay.

A trader remembers every version that it sent until it is told that it cannot fill any more, and
adds up what they may cost each time it is asked. Costs are of messages alone here, so nothing is
kept for fees; what its messages that are under way will cost it keeps aside.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from tests.reference.charging import ACTIONS
from tests.reference.costs import NANO as ONE_NANO  # in currency
from tests.reference.draws import ns
from tests.reference.environment import fixed_tip
from tests.reference.past import remember
from tests.reference.settlement import Trade
from tests.reference.world import TO_POOL, Message, Notice, Trader, World

NANO = 10**9
PASSES = ("standing", "accept", "last look")  # what has been counted since it was sent
PAID_AS = {"reduction": "replace", "last look": "confirm"}  # what gas an intent takes
Promise = tuple[str, int, int]  # side, limit in ticks, lots


@dataclass
class Memory:
    """What a trader with a chain remembers."""

    chain: list[Any]
    sent: dict[int, list[Any]] = field(default_factory=dict)  # side, limit, lots; by version
    before: dict[int, int] = field(default_factory=dict)  # the version that one replaces
    named: dict[int, int] = field(default_factory=dict)  # the version that a refused one means
    position: int = 0
    untold: list[int] = field(default_factory=list)  # nano that fills brought, by report
    unheard: list[int] = field(default_factory=list)  # their numbers
    heard: set[int] = field(default_factory=set)  # numbers of fills that it was told of
    tokens: Fraction | None = None
    filled_ns: int = 0  # when the bucket was last looked at
    cuts: Counter[str] = field(default_factory=Counter)
    reference: int = 0  # twice the public reference at its last decision, ticks
    stopped_ns: float = 0  # until when it has stopped
    gas: dict[int, int] = field(default_factory=dict)  # nano, by message that is under way

    def promises(self) -> list[Promise]:
        return [(side, price, lots) for side, price, lots in self.sent.values() if lots]


def memory(world: World, trader: Trader) -> Memory | None:
    """What a trader remembers; None where the plain loop has all of its chain."""
    if trader.number not in world.memories:
        known = Memory(chain_of(trader)) if is_rich(trader) else None
        if world.memories.setdefault(trader.number, known) is not None:
            remember(world.past, trader.number, known)
    return world.memories[trader.number]


def is_rich(trader: Trader) -> bool:
    """A maker's inventory limit alone is no chain of the rich loop."""
    risk = trader.group.risk
    if set(risk) != {"inventory_limit"}:
        return bool(risk)
    limit: Any = risk["inventory_limit"]
    return (limit.lots is not None and not trader.makes) or limit.on_limit == "drop"


def chain_of(trader: Trader) -> list[Any]:
    return sorted(trader.group.risk.values(), key=lambda each: (each.place, each.kind))


def allowed(
    world: World, trader: Trader, becomes: str, side: str, price: int, lots: int, time_ns: int
) -> int:
    """How many lots a chain lets pass; the first that cuts is counted."""
    if trader.number in world.past.ruined:
        return 0
    known = memory(world, trader)
    if known is None:
        return lots
    wanted, first = lots, ""
    for each in known.chain:
        if lots == 0:
            break
        fits = fitting(world, trader, known, each, (becomes, side, price, lots, time_ns))
        fits, reason = min(lots, max(fits, 0)), each.kind
        if each.kind == "capital" and lacks_gas(world, trader, known, each, becomes, time_ns):
            fits, reason = 0, "no_gas"
        if fits < lots:
            first = first or reason
            lots = 0 if each.on_limit == "drop" else fits
    if first:
        known.cuts[first] += 1
        world.note(
            time_ns, "rules", "constraint_cut", trader=trader.number, side=side, price_ticks=price,
            lots=wanted - lots, reason=first,
        )  # fmt: skip
    return lots


def fitting(
    world: World, trader: Trader, known: Memory, each: Any, asked: tuple[str, str, int, int, int]
) -> int:
    """How many lots one constraint would let pass, if there were enough."""
    becomes, side, price, lots, time_ns = asked
    passes = lots
    if each.kind == "loss_limit":
        return passes if time_ns >= known.stopped_ns else 0
    may_fill = sum(open_lots for of, _, open_lots in known.promises() if of == side)
    if each.kind == "inventory_limit":
        most = each.lots or own_limit(trader)
        held = known.position if side == "buy" else -known.position
        return passes if most is None or becomes in PASSES else most - held - may_fill
    if becomes in ("standing", "reduction"):
        return passes
    if each.kind == "message_rate":
        return passes if earned(known, each, time_ns) >= 1 else 0
    if each.kind == "order_size":
        return int(each.lots)
    if becomes in PASSES:
        return passes
    if each.kind == "exposure_per_side":
        return int(each.lots) - may_fill
    if each.kind == "leverage":
        held = known.position if side == "buy" else -known.position
        return int(lots_of_wealth(world, trader, known, each.most)) - held - may_fill
    purse = known_purse(world, trader, known, each)
    purse = purse._replace(cash=purse.cash - gas_of(world, becomes, time_ns))
    for fewer in range(lots, -1, -1):
        promises = [*known.promises(), (side, price, fewer)]
        if is_payable(purse, promises, world.cell.tick_nano):
            return fewer
    return 0


def known_purse(world: World, trader: Trader, known: Memory, capital: Any) -> Purse:
    """What a trader knows that it has, without the gas of messages that are under way."""
    cash = world.ledger.cash[trader.number] - sum(known.untold) - sum(known.gas.values())
    pending = [trade for trade in waiting(world) if trade.number in known.heard]
    return Purse(trader.number, cash, known.position, shortened(capital), pending)


def gas_of(world: World, what: str, time_ns: int) -> int:
    """What a message is expected to cost, with its fixed tip; the fee of the next block if shown.

    Cancels and refusals are messages too, of which nobody asks.
    """
    if what == "standing":
        return 0
    action = PAID_AS.get(what, ACTIONS.get(what, what))
    is_shown = world.cell.leakage.block.base_fee == "public"
    due = world.costs.gas(action, time_ns, world.chain.next_fee * ONE_NANO if is_shown else None)
    return int(sum(due.values()) / ONE_NANO) + fixed_tip(world)


def lacks_gas(
    world: World, trader: Trader, known: Memory, capital: Any, becomes: str, time_ns: int
) -> bool:
    """What is free at the worse payoff does not pay the message."""
    purse, promises = known_purse(world, trader, known, capital), known.promises()
    left = min(left_over(purse, promises, world.cell.tick_nano, payoff) for payoff in (0, NANO))
    return left < gas_of(world, becomes, time_ns) != 0


def worth(world: World, trader: Trader, known: Memory) -> Fraction:
    """What a trader would have in cash if it sold at the public reference, less debts, currency."""
    cash = world.ledger.cash[trader.number] - sum(known.untold)
    cash -= world.credit.debt[trader.number] if world.credit else 0
    return Fraction(cash, NANO) + known.position * reference(world, known)


def reference(world: World, known: Memory) -> Fraction:
    return Fraction(known.reference, 2 * world.cell.n_ticks)


def lots_of_wealth(world: World, trader: Trader, known: Memory, most: float) -> int:
    """The most lots that are worth ``most`` times the wealth; none without wealth."""
    wealth = worth(world, trader, known)
    return math.floor(Fraction(str(most)) * max(wealth, Fraction(0)) / reference(world, known))


def decided(world: World, trader: Trader, reference_doubled: int, time_ns: int) -> bool:
    """Let a trader that decides look at what it has lost; tell whether it stops now."""
    known = memory(world, trader)
    if known is None:
        return False
    known.reference = reference_doubled
    stops = False
    for each in known.chain:
        if each.kind == "loss_limit" and time_ns >= known.stopped_ns:
            gain = worth(world, trader, known) - Fraction(world.capital(trader) or 0, NANO)
            if gain <= -Fraction(str(each.loss)):
                stops = True
                pause = each.pause_s
                known.stopped_ns = math.inf if pause is None else time_ns + ns(1000 * pause)
    return stops


def still_open(world: World, trader: Trader) -> list[int]:
    """The orders of a trader, by their ids, that may fill as far as it knows; quotes apart."""
    known = memory(world, trader)
    assert known is not None
    return sorted(
        version
        for version, (_, _, lots) in known.sent.items()
        if lots > 0 and not world.tickets[version].is_quote
    )


def own_limit(trader: Trader) -> int | None:
    policy: Any = trader.group.policy
    return policy.inventory_limit_lots if trader.makes and policy.at_limit == "pull" else None


def waiting(world: World) -> list[Trade]:
    """Fills that are not final."""
    return [] if world.settlement is None else world.settlement.open


def shortened(capital: Any) -> Fraction:
    """What is missing, until it is final, of each currency or contract that comes in."""
    given = Fraction(str(capital.haircut or 0))
    return {"economic": Fraction(0), "settled": Fraction(1)}.get(capital.counts, given)


class Purse(NamedTuple):
    """What an account has, and what of it is not final."""

    owner: int
    cash: int
    position: int
    haircut: Fraction
    pending: list[Trade]

    def least(self, payoff: int) -> int:
        """What counts if the contract pays 0 or 1."""
        cash_in = sum(trade.cash for trade in self.pending if trade.seller == self.owner)
        lots_in = sum(trade.lots for trade in self.pending if trade.buyer == self.owner)
        missing = math.ceil(self.haircut * cash_in) + self.haircut * lots_in * payoff
        return self.cash + self.position * payoff - int(missing)


def is_payable(purse: Purse, promises: list[Promise], tick_nano: int) -> bool:
    """The last promise can be paid beside the others, or takes nothing where something lacks."""
    for payoff in (0, NANO):
        left = left_over(purse, promises, tick_nano, payoff)
        if left < min(0, left_over(purse, promises[:-1], tick_nano, payoff)):
            return False
    return True


def left_over(purse: Purse, promises: list[Promise], tick_nano: int, payoff: int) -> int:
    """What is left at a payoff when each promise has filled or not, whichever is worse."""
    left = purse.least(payoff)
    for side, ticks, lots in promises:
        price, keeps = ticks * tick_nano, 1 - purse.haircut
        gains = int(keeps * payoff) - price, int(keeps * price) - payoff
        left += min(0, gains[side == "sell"]) * lots
    return left


def earned(known: Memory, each: Any, time_ns: int) -> Fraction:
    """Tokens in the bucket now."""
    every = round(NANO / each.per_s)
    before = Fraction(each.burst) if known.tokens is None else known.tokens
    known.tokens = min(before + Fraction(time_ns - known.filled_ns, every), Fraction(each.burst))
    known.filled_ns = time_ns
    return known.tokens


# --- what is remembered ---------------------------------------------------------------------------


def note_sent(world: World, message: Message, time_ns: int) -> None:
    known = memory(world, message.trader)
    if known is None:
        return
    if message.kind not in TO_POOL and any(each.kind == "capital" for each in known.chain):
        tips = message.tip_nano - fixed_tip(world)  # which is in the gas
        known.gas[id(message)] = gas_of(world, message.kind, time_ns) + tips
    if message.kind not in ("cancel", "decline"):
        for each in known.chain:
            if each.kind == "message_rate":
                known.tokens = earned(known, each, time_ns) - 1
    if message.kind == "replace":
        known.sent[message.new_id] = [message.side, message.price_ticks, message.lots]
        known.before[message.new_id] = message.order_id
    elif message.kind in ("order", "request", "quote"):
        ticket = world.tickets[message.order_id]
        known.sent[message.order_id] = [ticket.side, ticket.price_ticks, ticket.lots]


def note_arrived(world: World, message: Message) -> None:
    """What a message costs is charged now, and need not be kept any longer."""
    known = memory(world, message.trader)
    if known is not None:
        known.gas.pop(id(message), None)


def note_told(world: World, notice: Notice) -> None:
    known = memory(world, notice.trader)
    if known is None:
        return
    if notice.kind == "fill":
        known.untold.pop(0)
        known.heard.add(known.unheard.pop(0))
        known.position += notice.lots if notice.side == "buy" else -notice.lots
    if notice.lots == 0:
        return
    before = known.before.get(notice.order_id)
    about = before if notice.kind == "ack" and before is not None else notice.order_id
    known.sent[known.named.get(about, about)][2] -= notice.lots
    if notice.kind == "reject" and before is not None:  # the old version has the new name now
        known.named[notice.order_id] = known.named.get(before, before)


def note_fill(world: World, trader: Trader, side: str, price: int, lots: int) -> None:
    known = memory(world, trader)
    if known is not None:
        cash = price * world.cell.tick_nano * lots
        known.untold.append(-cash if side == "buy" else cash)
        known.unheard.append(world.settlement.trades - 1 if world.settlement else 0)


def note_taken_back(world: World, trader: Trader, lots: int) -> None:
    """A trader hears that a fill is none; ``lots`` come back to it."""
    known = memory(world, trader)
    if known is not None:
        known.position += lots


# --- the venue ------------------------------------------------------------------------------------


def can_pay(world: World, trader: Trader, except_id: int, side: str, price: int, lots: int) -> bool:
    """Whether a trader can pay an order beside its others at the venue, by true balances."""
    purse = purse_of(world, trader)
    if purse is None:
        return True
    promises = [
        (order.side, order.price_ticks, order.quantity)
        for order in orders_of(world, trader)
        if order.order_id != except_id
    ]
    promises.append((side, price, lots))
    return is_payable(purse, promises, world.cell.tick_nano)


def purse_of(world: World, trader: Trader) -> Purse | None:
    """What an account truly has; None if nobody asks."""
    known = memory(world, trader)
    if known is None or all(each.kind != "capital" for each in known.chain):
        return None
    cash, position = world.ledger.cash[trader.number], world.ledger.lots[trader.number]
    haircut = next(shortened(each) for each in known.chain if each.kind == "capital")
    return Purse(trader.number, cash, position, haircut, waiting(world))


def orders_of(world: World, trader: Trader) -> list[Any]:
    """What a trader has at the venue."""
    market: Any = world.market
    alive = market.alive() if hasattr(market, "alive") else market.open.values()
    return [order for order in alive if world.tickets[order.order_id].trader is trader]


def newest_to_cancel(world: World, trader: Trader, purse: Purse) -> int | None:
    """The newest order without which an account that is short lacks less; None if there is none."""
    tick_nano, orders = world.cell.tick_nano, orders_of(world, trader)
    for order in sorted(orders, key=lambda order: order.order_id, reverse=True):
        every = [(each.side, each.price_ticks, each.quantity) for each in orders]
        others = [(e.side, e.price_ticks, e.quantity) for e in orders if e is not order]
        for payoff in (0, NANO):
            left = left_over(purse, every, tick_nano, payoff)
            if left < 0 and left_over(purse, others, tick_nano, payoff) > left:
                return int(order.order_id)
    return None


def unreserved(world: World, trader: Trader) -> int:
    """Cash that neither orders at the venue nor the position keep, at the worse payoff."""
    purse, orders = purse_of(world, trader), []
    if purse is None:  # of orders nothing is kept
        cash, position = world.ledger.cash[trader.number], world.ledger.lots[trader.number]
        purse = Purse(trader.number, cash, position, Fraction(0), [])
    else:
        orders = [(o.side, o.price_ticks, o.quantity) for o in orders_of(world, trader)]
    return min(left_over(purse, orders, world.cell.tick_nano, payoff) for payoff in (0, NANO))


def lacking(world: World, trader: Trader, purse: Purse) -> int:
    """What an account lacks for its orders, if all that has come counts."""
    orders = [(each.side, each.price_ticks, each.quantity) for each in orders_of(world, trader)]
    least = (
        left_over(purse._replace(pending=[]), orders, world.cell.tick_nano, payoff)
        for payoff in (0, NANO)
    )
    return max(0, -min(least))
