"""What a cell did, as totals per block of time: every measure is a ratio of two sums."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.analysis.statistics.paired import Arm
from proteus.basics.units import NS_PER_MS, NS_PER_S
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY
from proteus.readers.sending import Orders
from proteus.whatif.cells import Fills, Outcome, Quotes
from proteus.whatif.recording import Recording

BLOCKS = 40  # of a file, unless their length is given
MOST_BLOCKS = 10_000  # 7 hours of 2.5 s
NONE = -1
POINTS = 50  # of the price path in a block


class Measure(NamedTuple):
    """One ratio of sums."""

    name: str
    title: str
    unit: str
    about: str


MEASURES = (
    Measure("volume", "volume", "of recorded", "lots traded over the lots that traded at the "
            "venue's visible book"),
    Measure("spread", "spread", "currency", "best ask less best bid, over the time with both"),
    Measure("price_distance", "distance of prices", "currency", "the last price from the recorded "
            f"last price, without its sign, at {POINTS} moments of each block"),
    Measure("price_variance", "variance of prices", "of recorded", "squared changes of the last "
            "price between these moments over those of the recorded price"),
    Measure("taker_improvement", "improvement, who came", "currency/lot", "how much better than at "
            "the venue the mean price of an order that came to trade is, over the lots that it "
            "trades here"),
    Measure("maker_improvement", "improvement, who rested", "currency/lot", "the same of orders "
            "that rested"),
    Measure("taker_unfilled", "unfilled, who came", "of lots", "lots of orders that came, all "
            "traded at the venue, that do not trade"),
    Measure("maker_unfilled", "unfilled, who rested", "of lots", "lots that rested and traded at "
            "the venue, and do not trade"),
    Measure("waiting", "waiting, who came", "ms", "from the arrival of an order that came to its "
            "trades, by lots"),
)  # fmt: skip
NAMES = tuple(measure.name for measure in MEASURES)


def _summed(places: Any, weights: Any, count: int) -> NDArray[np.float64]:
    """Sum weights by place."""
    return np.bincount(places, weights, count).astype(np.float64, copy=False)


class Blocks(NamedTuple):
    """How the time of a file is cut."""

    first_ns: int
    length_ns: int
    number: int

    def of(self, time_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the block of each time; what comes after the last order belongs to the last."""
        return np.clip((time_ns - self.first_ns) // self.length_ns, 0, self.number - 1)

    def sums(self, time_ns: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values by block."""
        return _summed(self.of(time_ns), values, self.number)

    def moments(self) -> NDArray[np.int64]:
        """Return the moments of the price path, at the end of each piece of a block."""
        steps = np.arange(1, self.number * POINTS + 1)
        return self.first_ns + steps * self.length_ns // POINTS


def cut(recording: Recording, length_ns: int | None) -> Blocks:
    """Cut the time of a file into blocks of one length.

    Raises
        ConfigError: they are too many.
    """
    first, last = int(recording.orders.time_ns[0]), int(recording.orders.time_ns[-1])
    span = last - first + 1
    length = length_ns or max(-(-span // BLOCKS), POINTS)
    number = -(-span // length)
    if number > MOST_BLOCKS:
        raise ConfigError(
            f"block_s={length / NS_PER_S:g} is not allowed: it cuts file={recording.path} into "
            f"{number} blocks, and {MOST_BLOCKS} are the most"
        )
    return Blocks(first, length, number)


class Group(NamedTuple):
    """Orders that traded at the venue. G of them, N rows of the door."""

    place: NDArray[np.int64]  # [N] of each row among them, or NONE
    time_ns: NDArray[np.int64]  # [G] arrival of one that came; first trade of one that rested
    side: NDArray[np.int8]  # [G]
    lots: NDArray[np.float64]  # [G] traded at the venue
    price: NDArray[np.float64]  # [G] mean there, ticks


class Truth(NamedTuple):
    """What the record says, against which every cell is measured."""

    blocks: Blocks
    fills: Fills
    path: NDArray[np.float64]  # [points] last price, ticks; NaN before the first
    came: Group
    rested: Group


def truth(recording: Recording, fills: Fills, blocks: Blocks) -> Truth:
    """Prepare what every cell is compared with."""
    orders = recording.orders
    came = _group(fills, orders, orders.is_taker)
    arrived = orders.time_ns[np.flatnonzero(came.place != NONE)]
    rested = _group(fills, orders, ~orders.is_taker)
    path = last_prices(fills, blocks)
    return Truth(blocks, fills, path, came._replace(time_ns=arrived), rested)


def _group(fills: Fills, orders: Orders, is_in: NDArray[np.bool_]) -> Group:
    """Return the orders of a group that trade, by the row of each."""
    rows = np.concatenate([fills.buyer, fills.seller])
    is_one = rows != NONE
    is_one[is_one] = is_in[rows[is_one]]
    rows = rows[is_one]
    place = np.full(len(orders.kind), NONE)
    is_there = np.zeros(len(orders.kind), np.bool_)
    is_there[rows] = True
    them = np.flatnonzero(is_there)
    place[them] = np.arange(len(them))
    at = place[rows]
    lots = np.tile(fills.lots, 2)[is_one].astype(np.float64)
    total = _summed(at, lots, len(them))
    value = _summed(at, lots * np.tile(fills.price, 2)[is_one], len(them))
    first = np.empty(len(them), np.int64)
    first[at[::-1]] = np.tile(fills.time_ns, 2)[is_one][::-1]
    return Group(place, first, orders.side[them], total, value / total)


def _places(fills: Fills, group: Group) -> NDArray[np.int64]:
    """Return the place in a group of both sides of fills: buyers, then sellers."""
    rows = np.concatenate([fills.buyer, fills.seller])
    return np.where(rows == NONE, NONE, group.place[rows])


def _totals(
    at: NDArray[np.int64], fills: Fills, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lots, and lots times price, of each order; ``at`` is of both sides of the fills."""
    is_one = at != NONE
    lots = np.tile(fills.lots, 2)[is_one].astype(np.float64)
    value = np.tile(fills.lots * fills.price, 2)[is_one]
    return _summed(at[is_one], lots, count), _summed(at[is_one], value, count)


def last_prices(fills: Fills, blocks: Blocks) -> NDArray[np.float64]:
    """Return the last price at every moment of the path, ticks; NaN before the first."""
    place = np.searchsorted(fills.time_ns, blocks.moments(), side="right") - 1
    if not len(fills.price):
        return np.full(len(place), np.nan)
    return np.where(place >= 0, fills.price[np.maximum(place, 0)], np.nan)


def totals(outcome: Outcome, true: Truth, tick: float) -> Arm:
    """Return the totals of a cell, float64 [blocks, measures] each.

    Parameters
        tick: currency per tick.
    """
    fills, blocks = outcome.fills, true.blocks
    recorded = blocks.sums(true.fills.time_ns, true.fills.lots.astype(np.float64))
    pairs = {
        "volume": (blocks.sums(fills.time_ns, fills.lots.astype(np.float64)), recorded),
        "spread": _spread(outcome.quotes, blocks, tick),
        **_paths(last_prices(fills, blocks), true.path, blocks, tick),
        **_came(fills, true, tick),
        **_rested(fills, true, tick),
    }
    above, below = (np.stack([pairs[name][part] for name in NAMES], axis=1) for part in (0, 1))
    return Arm(above, below)


def _spread(
    quotes: Quotes, blocks: Blocks, tick: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the spread times time, and time with both sides, by block."""
    end = blocks.first_ns + blocks.number * blocks.length_ns
    edges = blocks.first_ns + np.arange(blocks.number) * blocks.length_ns
    time = np.concatenate([quotes.time_ns, edges])
    order = np.argsort(time, kind="stable")
    spread = np.concatenate([quotes.ask - quotes.bid, np.full(blocks.number, np.nan)])
    # At the edge of a block the spread is what it was before.
    before = np.searchsorted(quotes.time_ns, edges, side="right") - 1
    if len(quotes.time_ns):
        shown = np.where(before >= 0, spread[np.maximum(before, 0)], np.nan)
        spread[len(quotes.time_ns) :] = shown
    time, spread = time[order], spread[order]
    lasts = np.diff(np.minimum(np.append(time, end), end)).astype(np.float64)
    is_two_sided = ~np.isnan(spread)
    above = blocks.sums(time, np.where(is_two_sided, spread, 0.0) * lasts * tick)
    return above, blocks.sums(time, lasts * is_two_sided)


def _paths(
    path: NDArray[np.float64], recorded: NDArray[np.float64], blocks: Blocks, tick: float
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    shape = blocks.number, POINTS
    apart = (np.abs(path - recorded) * tick).reshape(shape)
    moved, truly = (
        np.nan_to_num(np.diff(each, prepend=np.nan)).reshape(shape) * tick
        for each in (path, recorded)
    )
    return {
        "price_distance": (np.nansum(apart, axis=1), (~np.isnan(apart)).sum(axis=1) * 1.0),
        "price_variance": ((moved**2).sum(axis=1), (truly**2).sum(axis=1)),
    }


def _came(
    fills: Fills, true: Truth, tick: float
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    came, blocks = true.came, true.blocks
    at = _places(fills, came)
    lots, value = _totals(at, fills, len(came.lots))
    is_one = at != NONE
    waited = (np.tile(fills.time_ns, 2)[is_one] - came.time_ns[at[is_one]]) / NS_PER_MS
    waiting = _summed(at[is_one], waited * np.tile(fills.lots, 2)[is_one], len(came.lots))
    of = blocks.of(came.time_ns)
    sent = _summed(of, came.lots, blocks.number)
    filled = _summed(of, lots, blocks.number)
    return {
        "taker_improvement": _improvement(came, lots, value, of, blocks, tick),
        "taker_unfilled": (sent - filled, sent),
        "waiting": (_summed(of, waiting, blocks.number), filled),
    }


def _rested(
    fills: Fills, true: Truth, tick: float
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    rested, blocks = true.rested, true.blocks
    lots, value = _totals(_places(fills, rested), fills, len(rested.lots))
    of = blocks.of(rested.time_ns)
    missing = _summed(of, np.maximum(rested.lots - lots, 0.0), blocks.number)
    return {
        "maker_improvement": _improvement(rested, lots, value, of, blocks, tick),
        "maker_unfilled": (missing, _summed(of, rested.lots, blocks.number)),
    }


def _improvement(
    group: Group, lots: NDArray[np.float64], value: NDArray[np.float64], of: NDArray[np.int64],
    blocks: Blocks, tick: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return how much better than at the venue lots traded, and the lots, by block."""
    sign = np.where(group.side == BUY, 1.0, -1.0)
    # Ticks times lots: what the division by lots and the multiplication left over is rounded off.
    better = np.round((group.price * lots - value) * sign, 6)
    return _summed(of, better * tick, blocks.number), _summed(of, lots, blocks.number)


def recorded_arm(true: Truth, control: Arm) -> Arm:
    """Return the totals of the record itself; its spread is that of the control.

    Parameters
        control: totals of the continuous book, which shows the venue's own.
    """
    above, below = np.zeros_like(control.above), control.below.copy()
    for name in ("volume", "price_variance"):
        above[:, NAMES.index(name)] = below[:, NAMES.index(name)]
    above[:, NAMES.index("spread")] = control.above[:, NAMES.index("spread")]
    return Arm(above, below)


class Fidelity(NamedTuple):
    """How well the continuous book makes the record again."""

    lots: int  # recorded, of the visible book
    again: int  # of them, those of the same order that came from the same order that rested


def fidelity(true: Truth, control: Outcome) -> Fidelity:
    """Compare the trades of the continuous book with the record, pair by pair of orders."""
    lots = int(true.fills.lots.sum())
    if all(map(np.array_equal, true.fills, control.fills)):
        return Fidelity(lots, lots)
    pairs = [_pairs(fills, true) for fills in (true.fills, control.fills)]
    keys = np.unique(np.concatenate([key for key, _ in pairs]))
    recorded, again = (
        np.bincount(np.searchsorted(keys, key), lots, len(keys)) for key, lots in pairs
    )
    return Fidelity(lots, int(np.minimum(recorded, again).sum()))


def _pairs(fills: Fills, true: Truth) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a number for the two orders of every fill between known ones, and its lots."""
    half = len(fills.lots)
    came, rested = (_places(fills, group) for group in (true.came, true.rested))
    came, rested = (np.maximum(each[:half], each[half:]) for each in (came, rested))
    is_known = (came != NONE) & (rested != NONE)
    return (came * len(true.rested.lots) + rested)[is_known], fills.lots[is_known]
