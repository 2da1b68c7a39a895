"""A small exchange in plain Python that records what it does, for writers of files.

Orders come as in Farmer, Patelli & Zovko: limits, immediate orders and cancellations at rates of
their own. It knows nothing of readers or of the door.
"""

from __future__ import annotations

import random
from typing import NamedTuple

BUY, SELL = 1, -1


class Did(NamedTuple):
    """One record of the exchange."""

    ns: int
    what: str  # add, reduce, delete, execute, replace, hidden
    order: int
    side: int  # of the resting order
    price: int  # ticks
    lots: int
    new: int = 0  # replace: the id after it
    left: int = 0  # of the order, after it
    off: int = 0  # executed so many ticks from its price; less than 0: not printed either


class Flow(NamedTuple):
    """How orders come, rates per second."""

    limits: float = 6.0
    takers: float = 2.0
    lifetime_s: float = 5.0
    mean_lots: float = 4.0
    reduced: float = 0.1  # share of cancellations that take a part
    replaced: float = 0.1  # share of cancellations that are replacements
    hidden: float = 0.0  # share of immediate orders that trade hidden lots instead


class Exchange:
    """A book of price-time priority."""

    def __init__(self, middle: int = 10_000, tick: int = 100) -> None:
        self.middle, self.tick = middle, tick
        self.open: dict[int, list[int]] = {}  # id: side, price, lots, in order of time
        self.did: list[Did] = []
        self.books: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]] = []
        self.levels: dict[tuple[int, int], int] = {}

    def best(self, side: int) -> list[int]:
        """Ids of a side in priority."""
        ids = [i for i, (s, _, _) in self.open.items() if s == side]
        return sorted(ids, key=lambda i: -side * self.open[i][1])  # stable: by time

    def note(self, *fields, **more) -> None:
        self.did.append(Did(*fields, **more))
        sides = []
        for side in (BUY, SELL):
            depth: dict[int, int] = {}
            for s, price, lots in self.open.values():
                if s == side:
                    depth[price] = depth.get(price, 0) + lots
            sides.append(sorted(depth.items(), reverse=side == BUY))
        self.books.append((sides[0], sides[1]))

    def add(self, ns: int, order: int, side: int, price: int, lots: int) -> None:
        self.open[order] = [side, price, lots]
        self.note(ns, "add", order, side, price, lots, left=lots)

    def take(self, ns: int, side: int, lots: int) -> None:
        """An immediate order of a side trades with what rests on the other."""
        for order in self.best(-side):
            if not lots:
                return
            resting = self.open[order]
            traded = min(lots, resting[2])
            lots -= traded
            resting[2] -= traded
            if not resting[2]:
                del self.open[order]
            self.note(ns, "execute", order, -side, resting[1], traded, left=resting[2])

    def cut(self, ns: int, order: int, lots: int) -> None:
        side, price, left = self.open[order]
        if lots >= left:
            del self.open[order]
            self.note(ns, "delete", order, side, price, left)
        else:
            self.open[order][2] -= lots
            self.note(ns, "reduce", order, side, price, lots, left=left - lots)

    def replace(self, ns: int, order: int, new: int, price: int, lots: int) -> None:
        side, _, _ = self.open.pop(order)
        self.open[new] = [side, price, lots]
        self.note(ns, "replace", order, side, price, lots, new=new, left=lots)

    def hide(self, ns: int, side: int, price: int, lots: int) -> None:
        self.note(ns, "hidden", 0, side, price, lots)


def trade(
    flow: Flow, seconds: float, seed: int, first_ns: int = 0, middle: int = 10_000
) -> Exchange:
    """Run an exchange for a while; times are whole nanoseconds, ids from 1."""
    draw, venue = random.Random(seed), Exchange(middle)
    rates = {"limit": flow.limits, "taker": flow.takers}
    now, number = 0.0, 1
    while True:
        rates["cancel"] = len(venue.open) / flow.lifetime_s
        total = sum(rates.values())
        now += draw.expovariate(total)
        if now >= seconds:
            return venue
        ns = first_ns + int(now * 1e9)
        what = draw.choices([*rates], [*rates.values()])[0]
        side = draw.choice((BUY, SELL))
        lots = geometric(draw, flow.mean_lots)
        if what == "taker":
            if draw.random() < flow.hidden:
                venue.hide(ns, side, venue.middle, lots)
            else:
                venue.take(ns, side, lots)
            continue
        distance = draw.randint(1, 6) * venue.tick
        if what == "limit":
            venue.add(ns, number, side, venue.middle - side * distance, lots)
            number += 1
            continue
        order = draw.choice([*venue.open])
        kind = draw.random()
        if kind < flow.reduced and venue.open[order][2] > 1:
            venue.cut(ns, order, draw.randint(1, venue.open[order][2] - 1))
        elif flow.reduced <= kind < flow.reduced + flow.replaced:
            side = venue.open[order][0]
            price = venue.middle - side * distance
            if draw.random() < 0.3:  # at its price: it loses its place all the same
                price, lots = venue.open[order][1], venue.open[order][2]
            venue.replace(ns, order, number, price, lots)
            number += 1
        else:
            venue.cut(ns, order, venue.open[order][2])


def geometric(draw: random.Random, mean: float) -> int:
    lots = 1
    while draw.random() > 1 / mean:
        lots += 1
    return lots
