"""Who is charged when, and what traders make of it: costs bound to the twin of a lane."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from proteus.market.rng import exponential
from tests.reference import stress
from tests.reference.auction import Auction
from tests.reference.costs import COMPONENTS, NANO, Costs, Fill, exact
from tests.reference.dual_flow import DualFlow
from tests.reference.orders import Outcome
from tests.reference.rfq import Venue
from tests.reference.settlement import moved

if TYPE_CHECKING:
    from tests.reference.world import Message, World

ACTIONS = {"order": "new", "confirm": "confirm", "decline": "confirm"}
ACCOUNTS = {"venue": 0, "network": 2, "proposer": 3}  # after the traders
POSTED = {  # in this order: who pays whom
    "fee": ("trader", "venue"),
    "rebate": ("venue", "trader"),
    "rounding": ("trader", "venue"),
    "gas_burned": ("trader", "network"),
    "gas_tip": ("trader", "proposer"),
}
assert POSTED.keys() == set(COMPONENTS)


def make_costs(world: World) -> Costs:
    """The costs of a cell, of traders who may have traded before."""
    tree = world.cell.costs.model_dump(mode="json")
    parts = tree["parts"] if tree["model"] == "parts" else [tree]
    before = [part["start_volume"] for part in parts if part["model"] == "tiered"]
    names = [name for name, group in world.cell.population.items() for _ in range(group.count)]
    given = dict(before[0]) if before else {}
    starts = [exact(given.get(name, 0)) for name in names] if before else []
    costs = Costs(tree, world.cell.horizon_ns, starts)
    costs.stressed = partial(stress.instead, world.cell, "costs.scale", usual=1)
    return costs


# --- the venue ------------------------------------------------------------------------------------


def charge_message(world: World, message: Message, time_ns: int) -> None:
    """Take the gas of a message that has arrived, whatever becomes of it."""
    action = ACTIONS.get(message.kind, message.kind)
    by_blocks = world.cell.execution.route == "blocks"
    has_fee = by_blocks and world.cell.environment.congestion is not None
    base_fee = world.chain.base_fee * NANO if has_fee else None  # of the block that carries it
    due = world.costs.gas(action, time_ns, base_fee)
    post(world, message.trader.number, due, time_ns, message.order_id)


def charge_fill(world: World, outcome: Outcome, time_ns: int, in_clear: bool) -> None:
    """Charge the buyer and the seller of a fill, or gather what they trade in a clear."""
    assert outcome.other_id is not None
    assert outcome.price_ticks is not None
    ids = [outcome.order_id, outcome.other_id]
    for order_id in sorted(ids, key=lambda i: world.tickets[i].side == "sell"):
        ticket = world.tickets[order_id]
        if in_clear:
            lots = world.cleared.get(order_id, (0, 0))[1]
            world.cleared[order_id] = outcome.price_ticks, lots + outcome.lots
            continue
        is_maker = order_id == outcome.order_id  # the earlier one
        if isinstance(world.market, Venue):
            is_maker = ticket.trader.makes
        charge(world, order_id, outcome.price_ticks, outcome.lots, is_maker, time_ns)


def charge_clear(world: World, time_ns: int) -> None:
    """Charge each order once for all its lots of a clear, in the order of its first fill."""
    for order_id, (price, lots) in world.cleared.items():
        ticket = world.tickets[order_id]
        assert isinstance(world.market, Auction)
        is_maker = ticket.batch < world.market.batch - 1  # the clear has opened a new batch
        if isinstance(world.market, DualFlow):
            is_maker = ticket.trader.makes
        charge(world, order_id, price, lots, is_maker, time_ns, in_clear=True)
    world.cleared.clear()


def charge(
    world: World, order_id: int, price: int, lots: int, is_maker: bool, time_ns: int,
    in_clear: bool = False,
) -> None:  # fmt: skip
    """Charge an order, and note what it traded for the tiers of later events."""
    ticket = world.tickets[order_id]
    role, number, n_ticks = ("taker", "maker")[is_maker], ticket.trader.number, world.cell.n_ticks
    anchor = ticket.reference_doubled if ticket.is_immediate else 2 * ticket.price_ticks
    fill = Fill(
        role, ticket.side, Fraction(price, n_ticks), lots, Fraction(anchor, 2 * n_ticks), time_ns
    )  # fmt: skip
    due = world.costs.charge(id(ticket), number, world.events, fill, in_clear)
    world.costs.note(time_ns, world.events, number, role, fill.price * lots)
    post(world, number, due, time_ns, order_id, None if in_clear else world.fills - 1)


def post(
    world: World, trader: int, due: dict[str, Fraction], time_ns: int, order_id: int,
    fill: int | None = None,
) -> None:  # fmt: skip
    """Move what is due from an order, and write a row for each component."""
    traders = max(len(world.traders), 1)
    for code, sides in POSTED.items():
        amount = due[code] / NANO
        assert amount.denominator == 1
        if amount == 0:
            continue
        accounts = [trader if side == "trader" else side for side in sides]
        numbers = [a if isinstance(a, int) else traders + ACCOUNTS[a] for a in accounts]
        world.ledger.pay(accounts[0], accounts[1], int(amount))
        moved(world.settlement, accounts[0], accounts[1], int(amount))
        world.ledger.fees += int(amount) if code == "fee" else 0
        world.note(
            time_ns, "rules", "posting", asset="cash", giver=numbers[0], receiver=numbers[1],
            amount=int(amount), code=code, order_id=order_id, fill=fill,
        )  # fmt: skip


# --- traders --------------------------------------------------------------------------------------


class Reckoning:
    """What one trader makes of costs, now."""

    def __init__(self, world: World, trader: int, knows: bool) -> None:
        self.world, self.trader = world, trader
        self.knows = knows and bool(world.costs.parts)

    def fill(self, role: str, side: str, price: int, lots: int, anchor: int, now: int) -> Fill:
        """A fill of all lots at a price in ticks; the anchor is in half ticks."""
        n_ticks = self.world.cell.n_ticks
        return Fill(
            role, side, Fraction(price, n_ticks), lots, Fraction(anchor, 2 * n_ticks), now
        )  # fmt: skip

    def gas(self, now: int) -> Fraction:
        """What the message costs by which it trades."""
        action = "accept" if isinstance(self.world.market, Venue) else "new"
        is_shown = self.world.cell.leakage.block.base_fee == "public"
        base_fee = self.world.chain.next_fee * NANO if is_shown else None  # of the next block
        due = self.world.costs.gas(action, now, base_fee)
        return due["gas_burned"] + due["gas_tip"]

    def limit(
        self, side: str, limit: int, worth: float, lots: int, reference_doubled: int, now: int
    ) -> int:
        """The last tick that is worth its price and its costs, or a limit without any."""
        if not self.knows:
            return limit
        fill = self.fill("taker", side, limit, lots, reference_doubled, now)
        world, n_ticks = self.world, self.world.cell.n_ticks
        furthest = n_ticks - 1 if side == "buy" else 1
        return world.costs.limit(
            self.trader, world.events, fill, furthest, n_ticks, Fraction(worth), self.gas(now)
        )  # fmt: skip

    def per_lot(self, fill: Fill) -> float:
        """What a fill is expected to cost a lot, in currency."""
        cost = self.world.costs.cost(self.trader, self.world.events, fill) + self.gas(fill.time_ns)
        return float(int(cost / NANO) / (fill.lots * 10**9))

    def edge(
        self, edge: float, side: str, price: int, lots: int, reference_doubled: int, now: int
    ) -> float:
        """What costs leave of an edge."""
        if not self.knows:
            return edge
        fill = self.fill("taker", side, price, lots, reference_doubled, now)
        return edge - self.per_lot(fill)

    def half_spread(self, half_spread: float, side: str, price: int, lots: int, now: int) -> float:
        """A half-spread that pays for a fill at a price."""
        if not self.knows:
            return half_spread
        inside = min(max(price, 1), self.world.cell.n_ticks - 1)
        cost = self.per_lot(self.fill("maker", side, inside, lots, 2 * inside, now))
        return max(half_spread + cost, 0.0)

    def accepts(
        self, role: str, side: str, price: int, lots: int, anchor: int, mean: float | None,
        word: int, now: int,
    ) -> bool:  # fmt: skip
        """Whether trading is worth its costs by itself."""
        if mean is None or not self.knows:
            return True
        cost = self.per_lot(self.fill(role, side, price, lots, anchor, now))
        return bool(cost <= exponential(word) * mean)
