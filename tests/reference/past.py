"""What the agents of a lane bring along from one day into the next (``docs/episodes.md``).

Between two days nothing is stored but this: what each agent is worth, what it holds where positions
go on, and what it has learned of the market, never what it thinks the contract is worth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tests.reference.costs import Traded

if TYPE_CHECKING:
    from tests.reference.world import World

LEARNED = (
    "volatility", "adverse", "rewarded",  # of every maker
    "variance", "sigma_squared", "rate", "decay", "exposure", "hits",  # of the laboratory
)  # fmt: skip


@dataclass
class Past:
    """What a day begins with; traders by their numbers, policies by their names."""

    capital: dict[int, int] = field(default_factory=dict)  # nano-currency, of whom it is limited
    ruined: set[int] = field(default_factory=set)
    learned: dict[int, dict[str, Any]] = field(default_factory=dict)
    traded: list[Traded] | None = None  # what counts for tiers, all at time 0
    tokens: dict[int, Fraction] = field(default_factory=dict)  # in buckets
    stopped_ns: dict[int, float] = field(default_factory=dict)
    worth: dict[str, dict[int, float]] = field(default_factory=dict)
    waiting: dict[str, dict[int, int]] = field(default_factory=dict)
    stake: dict[str, dict[int, int]] = field(default_factory=dict)  # nano-currency
    lots: dict[int, int] = field(default_factory=dict)  # positions that go on
    credit: Any = None  # the pool that goes on, and what is known of its accounts


def past_of(world: World) -> Past:
    """What a day that is over leaves, under the policy of its cell."""
    episodes, past = world.cell.episodes, Past()
    if episodes.carryover == "hard_reset":
        return past
    for trader in world.traders:
        number, wealth = trader.number, world.ledger.cash[trader.number]
        if episodes.boundary == "continue" and world.credit is not None:
            wealth += world.credit.claim[number] - world.credit.debt[number]
        if trader.group.capital is not None:
            past.capital[number] = max(wealth, 0)
            is_poor = wealth < Fraction(str(episodes.ruin_below)) * 10**9
            if is_poor or number in world.past.ruined:
                past.ruined.add(number)
    if episodes.carryover == "full_carryover":
        add_learned(past, world)
        if episodes.boundary == "continue":
            past.lots, past.credit = world.held, world.credit
    return past


def add_learned(past: Past, world: World) -> None:
    """Add what ``full_carryover`` carries beside money."""
    end_ns = world.cell.horizon_ns
    for trader in world.traders:
        number, mind = trader.number, trader.mind
        past.learned[number] = {key: getattr(mind, key) for key in LEARNED if hasattr(mind, key)}
        known = world.memories.get(number)
        if known is not None:
            past.stopped_ns[number] = max(known.stopped_ns - end_ns, 0)
            for each in known.chain:
                if each.kind == "message_rate":
                    past.tokens[number] = earned(known, each, end_ns)
    for program in world.programs:
        past.worth[program.name] = dict(program.worth)
        past.waiting[program.name] = dict(program.waiting)
        past.stake[program.name] = dict(program.stake)
    costs = world.costs
    if any(part["model"] == "tiered" for part in costs.parts):
        past.traded = [
            Traded(0, -1, each.trader, each.role, each.value)
            for each in costs.traded
            if end_ns - each.time_ns <= costs.window_ns
        ]


def earned(known: Any, each: Any, time_ns: int) -> Fraction:
    """Tokens in a bucket at the end of a day."""
    if known.tokens is None:
        return Fraction(each.burst)
    since = Fraction(time_ns - known.filled_ns, round(10**9 / each.per_s))
    return min(known.tokens + since, Fraction(each.burst))


def begin(world: World) -> None:
    """Give traders what they bring along, before anything happens."""
    past = world.past
    for trader in world.traders:
        number, mind = trader.number, trader.mind
        for key, value in past.learned.get(number, {}).items():
            setattr(mind, key, list(value) if isinstance(value, list) else value)
        if hasattr(mind, "position"):
            mind.position = past.lots.get(number, 0)
    if past.traded is not None:
        world.costs.traded = list(past.traded)


def remember(past: Past, number: int, known: Any) -> None:
    """Give a trader with a chain what it brings along of it."""
    known.position = past.lots.get(number, 0)
    known.tokens = past.tokens.get(number)
    known.stopped_ns = past.stopped_ns.get(number, 0)
