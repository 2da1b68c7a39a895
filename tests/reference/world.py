"""Everything the twin of a lane consists of: traders, orders, the market, the clock, the log."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Protocol

from proteus.market.agents.group import Group
from proteus.market.cell import CellConfig
from proteus.market.rng import trader_entity
from tests.reference.auction import Auction
from tests.reference.book import Book
from tests.reference.charging import Reckoning, make_costs
from tests.reference.draws import Cause, Draws, ns
from tests.reference.dual_flow import DualFlow
from tests.reference.environment import Chain, Oracle
from tests.reference.incentives import Program
from tests.reference.lab import LabMaker
from tests.reference.ledger import Ledger
from tests.reference.links import Link
from tests.reference.makers import Maker
from tests.reference.market import Market
from tests.reference.orders import Row
from tests.reference.past import Past, begin
from tests.reference.public import Public, read_table
from tests.reference.rfq import Venue
from tests.reference.schedules import Schedule
from tests.reference.sellers import Lender, Seller
from tests.reference.settlement import moved
from tests.reference.settling import make_settlement
from tests.reference.takers import Informed, Noise, Spoofer

# At equal time: news, the environment, settlement, interest and who fails, policies, then clears,
# messages, notices, and whatever wakes a trader.
PRIORITY = {
    "news": 0,
    "environment": 1,
    "settle": 2,
    "accrual": 3,
    "liquidation": 4,
    "policies": 5,
    "clear": 6,
    "message": 7,
    "notice": 8,
    "taken back": 8,
    "wake": 9,
    "further": 9,
    "jump seen": 9,
    "expiry": 9,
    "timer": 9,
}


ACCOUNTS = (  # after the traders, in logs
    "venue", "issuer", "network", "proposer", "pool", "stakes", "treasury", "lending", "dust",
)  # fmt: skip


class News(Protocol):
    """The news of a lane, which the twin is given."""

    jumps: list[tuple[int, float]]  # time in ns and v just after it, of all jumps before T
    payoff: int

    def value_at(self, time_ns: int) -> float:
        """The fair value at a time; before the start that at the start."""


@dataclass
class Asked:
    """What a taker knows of its request."""

    order_id: int
    side: str
    limit_ticks: int
    lots: int
    cause: Cause
    heard: list[Heard] = field(default_factory=list)  # quotes it can accept, by arrival
    is_accepting: bool = False  # an acceptance is on its way


@dataclass
class Trader:
    """One trader: its mind, its links, and what it has read."""

    number: int
    group: Group
    entity: int
    mind: Maker | Informed | Noise | Spoofer | Lender | Seller
    schedule: Schedule
    submissions: Link = field(default_factory=Link)
    answers: Link = field(default_factory=Link)
    reports: Link = field(default_factory=Link)
    wakes: Counter[int] = field(default_factory=Counter)  # so far, by kind of cause
    further: int = 0  # wake-ups that stress has added, with the next one
    further_amount: float = 0.0  # expected number of them up to it
    view_ns: int = 0  # time of the last view; never goes back
    prints_read: int = 0
    told: Link = field(default_factory=Link)  # private messages about requests and quotes
    quoted: dict[str, tuple[int, int]] = field(default_factory=dict)  # by side: when, price
    asked: dict[int, Asked] = field(default_factory=dict)  # by order id
    holds: Asked | None = None  # the request that it waits for

    @property
    def makes(self) -> bool:
        """Makers make; all others take, whatever they send (MODEL 15)."""
        return isinstance(self.mind, Maker)

    def count_wake(self, kind: int) -> int:
        """The number of this wake-up among those of its kind."""
        self.wakes[kind] += 1
        return self.wakes[kind] - 1


@dataclass
class Timer:
    """The end of an order's lifetime, as its trader sees it."""

    order_id: int
    open_lots: int  # as far as reported
    trader: Trader
    cause: Cause


@dataclass
class Ticket:
    """Where an order comes from; the same ticket through all its versions."""

    trader: Trader
    side: str
    price_ticks: int
    lots: int
    lifetime: str
    belief_nano: int  # behind the version that the venue has
    intent_ns: int
    reference_doubled: int
    cause: Cause
    is_quote: bool
    rank: int  # among orders that are otherwise equal
    reports: int = 0  # of fills so far
    timer: Timer | None = None
    is_immediate: bool = False  # its intent was to trade at once or not at all
    batch: int = 0  # that it joined last
    block: int | None = None  # that carried the newest message about it


TO_POOL = ("supply", "borrow", "liquidate")  # messages to a pool of credit; they use no gas


class Message(NamedTuple):
    """What a trader sends."""

    kind: str  # order, cancel, replace; request, quote, accept; confirm, decline: a last look
    trader: Trader
    order_id: int
    cause: Cause
    side: str = ""
    new_id: int = 0  # version that a replace makes
    price_ticks: int = 0  # of a replace; limit of an acceptance
    lots: int = 0
    belief_nano: int = 0
    other_id: int = 0  # of a quote: the request; of an acceptance: the quote; else whose lots
    tip_nano: int = 0  # for its place in a block


class Notice(NamedTuple):
    """What a trader is told."""

    kind: str  # ack, reject, cancel, fill
    trader: Trader
    order_id: int
    side: str
    lots: int
    belief_nano: int = 0  # behind the filled version
    filled_ns: int = 0
    price_nano: int = 0  # of a fill


class Heard(NamedTuple):
    """A quote that a taker is shown."""

    trader: Trader
    request_id: int
    order_id: int
    side: str
    price_ticks: int
    lots: int
    last_ns: int  # its last moment at the venue
    rank: int  # among quotes at its price, the largest first


class Told(NamedTuple):
    """A price that a dealer is told."""

    trader: Trader
    price_ticks: int


class World:
    """The state of one lane."""

    def __init__(
        self, cell: CellConfig, draws: Draws, news: News, past: Past | None = None
    ) -> None:
        self.cell, self.draws, self.news = cell, draws, news
        self.past = past or Past()
        self.traders = [
            make_trader(cell, draws, number, name, member)
            for number, (name, member) in enumerate(
                (name, member)
                for name, group in cell.population.items()
                for member in range(group.count)
            )
        ]
        self.market = make_market(cell)
        if isinstance(self.market, Market):
            self.market.rank = lambda order: self.tickets[order.order_id].rank
        self.tickets: dict[int, Ticket] = {}  # by version
        self.dealers_asked: dict[int, set[int]] = {}  # numbers of traders, by order id
        self.ids = count(1)
        self.public = Public(read_table(cell), cell.initial_ticks)
        self.last_ticks: int | None = None  # last public price
        self.ledger = Ledger(cell.tick_nano)
        self.costs = make_costs(self)
        self.cleared: dict[int, tuple[int, int]] = {}  # price and lots of orders in a clear
        for trader in self.traders:
            trader.mind.costs = Reckoning(self, trader.number, trader.group.knows_costs)
        self.chain, self.oracle = Chain(), Oracle(cell.initial_ticks * cell.tick_nano)
        self.ties: dict[int, int] = {}  # of the messages that are on their way
        self.settlement = make_settlement(cell, draws, [self.capital(t) for t in self.traders])
        self.queue: list[tuple[int, int, int, int, str, Any]] = []
        self.pushed = count()
        self.rows: list[Row] = []
        self.events = self.messages = self.fills = 0
        self.programs: list[Program] = []  # of policies, in the order of their names
        self.memories: dict[int, Any] = {}  # what traders with a chain know of their orders
        self.opened: dict[int, int] = {}  # when requests reached the venue
        self.held: dict[int, int] = {}  # positions at the end, before all is settled
        self.credit: Any = None  # ``crediting.Credit``, where there is any
        begin(self)

    def capital(self, trader: Trader) -> int | None:
        """What a trader has at the start, nano; None without a limit."""
        return self.past.capital.get(trader.number, trader.group.capital_nano)

    def push(self, time_ns: int, what: str, item: Any, tie: int = 0) -> None:
        """Expect something; at equal time and priority what was expected first comes first."""
        heapq.heappush(self.queue, (time_ns, PRIORITY[what], tie, next(self.pushed), what, item))

    def push_before_end(self, time_ns: int | None, what: str, item: Any) -> None:
        """Expect something unless trading has ended by then."""
        if time_ns is not None and time_ns < self.cell.horizon_ns:
            self.push(time_ns, what, item)

    def pay(
        self, time_ns: int, giver: int, receiver: str, amount: int, code: str, **more: Any
    ) -> None:
        """Move cash that is not of a fill; nothing is no entry."""
        if amount:
            self.ledger.pay(giver, receiver, amount)
            moved(self.settlement, giver, receiver, amount)
            self.note(
                time_ns, "rules", "posting", asset="cash", giver=giver,
                receiver=len(self.traders) + ACCOUNTS.index(receiver), amount=amount, code=code,
                **more,
            )  # fmt: skip

    def note(self, time_ns: int, source: str, kind: str, **columns: Any) -> None:
        """Write a row of the log."""
        head = {"event": self.events, "time_ns": time_ns, "source": source, "kind": kind}
        self.rows.append(head | columns)

    def note_order(self, time_ns: int, kind: str, order_id: int, **more: Any) -> None:
        """Write the row of a new order, when it is decided or when it arrives."""
        ticket = self.tickets[order_id]
        self.note(
            time_ns, "trader", kind, trader=ticket.trader.number, order_id=order_id,
            side=ticket.side, price_ticks=ticket.price_ticks, lots=ticket.lots,
            value_nano=ticket.belief_nano, lifetime=ticket.lifetime, intent_ns=ticket.intent_ns,
            reference_half_ticks=ticket.reference_doubled, cause=ticket.cause.packed, **more,
        )  # fmt: skip


def make_trader(cell: CellConfig, draws: Draws, number: int, name: str, member: int) -> Trader:
    """A trader as it stands at the start."""
    group, entity = cell.population[name], trader_entity(name, member)
    policy: Any = group.policy
    mind: Maker | Informed | Noise | Spoofer | Lender | Seller
    if group.kind == "maker":
        mind = Maker(policy, cell.contract.initial_probability, cell.n_ticks)
    elif group.kind == "lab_maker":
        mind = LabMaker(policy, cell.contract.initial_probability, cell.n_ticks)
    elif group.kind == "noise":
        mind = Noise(policy, cell.execution.protection_ticks, cell.n_ticks)
    elif group.kind == "spoofer":
        mind = Spoofer(policy, cell.n_ticks)
    elif group.kind == "lender":
        mind = Lender()
    elif group.kind in ("treasury", "liquidator"):
        mind = Seller(policy, cell.execution.protection_ticks, cell.n_ticks)
    else:
        mind = Informed(group, cell.n_ticks)
    if isinstance(mind, Maker):
        mind.most_held = most_held(group)
    blocks = cell.environment.blocks
    schedule = Schedule(group.schedule, draws, entity, ns(blocks.interval_ms) if blocks else 0)
    return Trader(number, group, entity, mind, schedule)


def most_held(group: Group) -> int | None:
    """What a maker may hold by its own reckoning; with another chain than today's that says it."""
    limit: Any = group.risk.get("inventory_limit")
    if limit is None or len(group.risk) > 1 or limit.on_limit == "drop":
        return None
    policy: Any = group.policy
    return limit.lots or policy.inventory_limit_lots


def make_market(cell: CellConfig) -> Market | Venue:
    """The empty market of the cell's mechanism. A further mechanism is a line here."""
    rules: Any = cell.mechanism
    if rules.name == "rfq":
        ttl_ns = ns(rules.request_ttl_ms), ns(rules.quote_ttl_ms)
        return Venue(cell.n_ticks, ttl_ns, rules.tie, rules.least_share, rules.last_look)
    if rules.name == "clob":
        return Book(cell.n_ticks, rules.allocation, rules.self_trade)
    auction = {"fba": Auction, "dual_flow": DualFlow}[rules.name]
    return auction(
        cell.n_ticks, cell.initial_ticks, cell.delta_ns, rules.price_rule, rules.allocation,
        rules.self_trade,
    )  # fmt: skip


def describe(world: World) -> list[str]:
    """The state of a lane in lines: what rests, what each trader holds and thinks."""
    lines = [f"last price {world.last_ticks}, fills {world.fills}, messages {world.messages}"]
    orders: list[Any] = world.market.queue("buy") + world.market.queue("sell")
    for order in orders:
        lines.append(
            f"{order.side} {order.quantity} at {order.price_ticks}: order {order.order_id} "
            f"of trader {order.agent}, arrival {order.arrival}"
        )
    for trader in world.traders:
        number = trader.number
        held = f"{world.ledger.cash[number]} nano, {world.ledger.lots[number]} lots"
        mind = trader.mind
        thinks = f", belief {mind.belief!r}" if isinstance(mind, Maker) else ""
        lines.append(f"trader {number}: {held}{thinks}")
    return lines
