"""Policies that reward and charge, as ``docs/venues.md`` states them: fractions, lists, no kernels.

Money is whole nano-currency, prices are ticks; what is written as a decimal is taken by its digits.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from typing import Any, NamedTuple

from proteus.market.rng import STREAM_INCENTIVE
from tests.reference.draws import Draws, ns

NANO, SHARE_ONE = 10**9, 10**12


class Resting(NamedTuple):
    """An order that rests and has been published."""

    trader: int
    side: str
    price_ticks: int
    lots: int


class Due(NamedTuple):
    """What an epoch pays to a trader, or charges it; ``slash`` is taken from its stake."""

    kind: str  # reward, penalty, slash
    trader: int
    amount: int


def exact(number: float) -> Fraction:
    """A number as it is written."""
    return Fraction(str(number))


def nano(number: float) -> int:
    """An amount of currency."""
    return int(exact(number) * NANO)


@dataclass
class Program:
    """One policy in one lane."""

    number: int
    name: str
    policy: Any
    tick: Fraction
    n_ticks: int
    members: set[int]  # traders who take part
    group_of: dict[int, str]
    pool: int = 0
    carried: int = 0
    short: int = 0
    epoch: int = 0
    samples: int = 0
    score: Counter[int] = field(default_factory=Counter)
    lots: Counter[int] = field(default_factory=Counter)
    fills: Counter[int] = field(default_factory=Counter)
    stake: Counter[int] = field(default_factory=Counter)
    entity: int = 0  # address of its draws
    interval: int = -1  # of the next look
    look_ns: int | None = None  # when that is
    fees_seen: int = 0  # up to the last epoch
    worth: dict[int, float] = field(default_factory=dict)  # what a lot earns, by trader
    waiting: Counter[int] = field(default_factory=Counter)  # earned since lots were filled

    def __post_init__(self) -> None:
        if self.pays and self.policy.pool.source == "issuer":
            self.pool = nano(self.policy.pool.currency)
        if not self.pays and self.policy.charge.name == "slash":
            self.stake.update({trader: nano(self.policy.charge.stake) for trader in self.members})

    @property
    def pays(self) -> bool:
        return bool(self.policy.kind == "reward")

    @property
    def rules(self) -> Any:
        """The score, or what a penalty measures."""
        return self.policy.score if self.pays else self.policy.measure

    @property
    def epoch_ns(self) -> int:
        return ns(1000 * exact(self.policy.epoch_s))  # type: ignore[arg-type]

    @property
    def end_ns(self) -> int:
        """When the open epoch ends."""
        return (self.epoch + 1) * self.epoch_ns

    # --- the book --------------------------------------------------------------------------------

    def next_interval(self, draws: Draws) -> None:
        """Expect the next look at the book, if it looks at all."""
        if self.policy.sampling is not None:
            self.interval += 1
            self.look_ns = self.sample_ns(self.interval, draws, self.entity)
            if self.look_ns is None:
                self.next_interval(draws)

    def sample_ns(self, interval: int, draws: Draws, entity: int) -> int | None:
        """When it looks at the book in an interval, or None where it does not."""
        length = ns(self.policy.sampling.every_ms)
        if self.policy.sampling.at == "grid":
            return interval * length if interval else None
        word = draws.words(STREAM_INCENTIVE, entity, interval)[0]
        return interval * length + word * length // 2**32

    def sample(self, orders: list[Resting]) -> None:
        """Look at the book."""
        self.samples += 1
        rules = self.rules
        least = getattr(rules, "min_lots", 1)
        large = [order for order in orders if order.lots >= least]
        bids = [order.price_ticks for order in large if order.side == "buy"]
        asks = [order.price_ticks for order in large if order.side == "sell"]
        if not bids or not asks:
            return
        middle = Fraction(max(bids) + min(asks), 2)
        if rules.name == "discounted_depth":
            for side in ("buy", "sell"):
                self.share(self.depth(side, orders))
        elif rules.name == "two_sided_quadratic":
            self.share(self.quadratic(large, middle))
        else:
            self.presence(orders, middle)

    def away(self, order: Resting, middle: Fraction) -> Fraction:
        """How far an order is from the mid, currency; one beyond it is not far at all."""
        ticks = middle - order.price_ticks if order.side == "buy" else order.price_ticks - middle
        return max(ticks, Fraction(0)) * self.tick

    def quadratic(self, orders: list[Resting], middle: Fraction) -> dict[int, Fraction]:
        rules = self.rules
        widest, sides = exact(rules.max_spread), {"buy": Counter(), "sell": Counter()}
        for order in orders:
            if (away := self.away(order, middle)) < widest and order.trader in self.members:
                sides[order.side][order.trader] += ((widest - away) / widest) ** 2 * order.lots
        one_side = exact(rules.lowest_mid) <= middle * self.tick <= exact(rules.highest_mid)
        made = {}
        for trader in self.members:
            one, other = sides["buy"][trader], sides["sell"][trader]
            made[trader] = min(one, other)
            if one_side:
                made[trader] = max(made[trader], max(one, other) / Fraction(rules.one_side_divisor))
        return made

    def depth(self, side: str, orders: list[Resting]) -> dict[int, int]:
        rules, made, reached = self.rules, Counter(), 0
        mine = [order for order in orders if order.side == side]
        mine.sort(key=lambda order: order.price_ticks, reverse=side == "buy")
        if not mine:
            return {}
        best = mine[0].price_ticks
        own_best = best if side == "buy" else self.n_ticks - best
        if own_best * self.tick >= exact(rules.skip_from):
            return {}
        for price, level in groupby(mine, key=lambda order: order.price_ticks):
            if reached >= rules.target_lots:
                break
            steps = abs(price - best) * self.tick // exact(rules.step)
            weight = floor(exact(rules.discount) ** int(steps) * NANO)
            for order in level:
                reached += order.lots
                if order.trader in self.members:
                    made[order.trader] += weight * order.lots
        return made if reached >= rules.target_lots else {}

    def presence(self, orders: list[Resting], middle: Fraction) -> None:
        near: Counter[tuple[int, str]] = Counter()
        for order in orders:
            if self.away(order, middle) <= exact(self.rules.max_spread):
                near[order.trader, order.side] += order.lots
        for trader in self.members:
            if min(near[trader, "buy"], near[trader, "sell"]) >= self.rules.min_lots:
                self.score[trader] += 1

    def share(self, made: dict[int, Any]) -> None:
        total = sum(made.values())
        for trader, part in made.items():
            self.score[trader] += floor(Fraction(part) * SHARE_ONE / total) if total else 0

    # --- fills, messages, answers ----------------------------------------------------------------

    def fill(self, sides: list[tuple[int, bool]], price_ticks: int, lots: int) -> None:
        """Count a fill for both of its traders; each is told to have made or taken."""
        rules = self.rules
        for trader, _ in sides:
            self.lots[trader] += lots
            self.fills[trader] += 1
        if rules.name != "volume" or len({self.group_of[trader] for trader, _ in sides}) == 1:
            return
        price = price_ticks * self.tick
        if exact(rules.lowest_price) <= price <= exact(rules.highest_price):
            for trader, makes in sides:
                role = "maker" if makes else "taker"
                if rules.role in (role, "both") and trader in self.members:
                    self.score[trader] += lots

    def message(self, trader: int) -> None:
        """Count a message that reaches the venue."""
        if self.rules.name == "message_ratio":
            self.score[trader] += 1

    def response(
        self, dealer: int, elapsed_ns: int, away: Fraction, lots: int, wanted: int
    ) -> None:
        """Count an answer to a request; ``away`` is currency from the public reference."""
        rules = self.rules
        if rules.name == "response" and dealer in self.members:
            in_time = elapsed_ns <= ns(rules.within_ms)
            near = away <= exact(rules.max_spread)
            self.score[dealer] += in_time and near and lots >= min(rules.min_lots, wanted)

    # --- the end of an epoch ---------------------------------------------------------------------

    def number_at(self, schedule: Any) -> Fraction:
        """The value of a schedule when the epoch began."""
        begun = self.epoch * exact(self.policy.epoch_s)
        return [exact(value) for time, value in schedule.steps if exact(time) <= begun][-1]

    def end_epoch(self) -> list[Due]:
        """What the epoch pays or charges, by trader; then the next one begins."""
        made = self.rewards() if self.pays else self.penalties()
        self.epoch += 1
        self.samples = 0
        for counted in (self.score, self.lots, self.fills):
            counted.clear()
        return [due for due in made if due.amount]

    def learn(self, trader: int, net: int, lots: int, decay: float) -> None:
        """Average what a lot earns; what came without fills counts with the next that there is."""
        self.waiting[trader] += net
        if lots:
            before = self.worth.get(trader, 0.0)
            each = self.waiting[trader] / (NANO * lots)
            self.worth[trader] = before + decay * (each - before)
            self.waiting[trader] = 0

    def rewards(self) -> list[Due]:
        policy, total = self.policy, sum(self.score.values())
        if policy.per_epoch is None:
            budget = self.pool
        else:
            amount = int(self.number_at(policy.per_epoch) * NANO)
            if policy.halving_s is not None:
                halvings = self.epoch * exact(policy.epoch_s) // exact(policy.halving_s)
                amount = floor(Fraction(amount, 2 ** int(halvings)))
            budget = amount + self.carried
            self.short += budget > self.pool
            budget = min(budget, self.pool)
        made = []
        for trader in sorted(self.members):
            part = floor(Fraction(budget * self.score[trader], total)) if total else 0
            if policy.most_per_lot is not None:
                part = min(part, nano(policy.most_per_lot) * self.score[trader])
            made.append(Due("reward", trader, part))
        paid = sum(due.amount for due in made)
        self.carried = budget - paid
        self.pool -= paid
        return made

    def missing(self, trader: int) -> int:
        """Samples that an epoch lacks, or messages too many."""
        rules = self.rules
        if rules.name == "missed_uptime":
            return max(ceil(exact(rules.required_share) * self.samples) - self.score[trader], 0)
        return max(self.score[trader] - (rules.most_per_fill + 1) * max(self.fills[trader], 1), 0)

    def penalties(self) -> list[Due]:
        charge, made = self.policy.charge, []
        for trader in sorted(self.members):
            missing = self.missing(trader)
            if charge.name == "fine":
                fine = int(self.number_at(charge.amount) * NANO) * missing
                made.append(Due("penalty", trader, fine))
            elif missing:
                share = self.number_at(charge.share)
                made.append(Due("slash", trader, floor(share * self.stake[trader])))
        return made
