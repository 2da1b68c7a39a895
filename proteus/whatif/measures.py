"""What a cell did, as totals per block of time: every measure is a ratio of two sums."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.analysis.statistics.paired import Arm
from proteus.market.book.codes import BUY
from proteus.readers.events import chosen
from proteus.readers.following import NO_ID
from proteus.readers.orders import Orders
from proteus.whatif.cells import Fills, Outcome, Quotes
from proteus.whatif.recording import Recording

BLOCKS = 40  # of a file, unless their length is given
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
    """Cut the time of a file into blocks of one length."""
    first, last = int(recording.orders.time_ns[0]), int(recording.orders.time_ns[-1])
    span = last - first + 1
    length = length_ns or max(-(-span // BLOCKS), POINTS)
    return Blocks(first, length, -(-span // length))


class Truth(NamedTuple):
    """What the record says, against which every cell is measured."""

    blocks: Blocks
    fills: Fills
    path: NDArray[np.float64]  # [points] last price, ticks; NaN before the first
    came: Orders  # that came to trade, by id
    came_price: NDArray[np.float64]  # [came] mean price, ticks
    rested: NDArray[np.int64]  # [R] ids of orders that rested and traded, ascending
    rested_lots: NDArray[np.float64]  # [R]
    rested_price: NDArray[np.float64]  # [R] mean, ticks
    rested_ns: NDArray[np.int64]  # [R] when it first traded


def truth(recording: Recording, fills: Fills, blocks: Blocks) -> Truth:
    """Prepare what every cell is compared with."""
    orders = recording.orders
    came = chosen(orders, orders.is_taker)
    at, _ = _places(came.order_id, fills)
    lots, value = _totals(at, fills, len(came.lots))
    ids = recording.trades.rested[recording.trades.came != NO_ID]
    is_known = ids != NO_ID
    rested, first, number = np.unique(ids[is_known], return_index=True, return_inverse=True)
    rested_lots = _summed(number, fills.lots[is_known], len(rested))
    rested_value = _summed(number, (fills.lots * fills.price)[is_known], len(rested))
    with np.errstate(invalid="ignore"):
        return Truth(
            blocks, fills, last_prices(fills, blocks), came, value / lots, rested, rested_lots,
            rested_value / rested_lots, fills.time_ns[is_known][first],
        )  # fmt: skip


def _places(ids: NDArray[np.int64], fills: Fills) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place among ascending ids of both sides of fills, -1 where it is none of them."""
    both = np.concatenate([fills.buyer, fills.seller])
    if not len(ids):
        return np.full(len(both), -1), both
    place = np.minimum(np.searchsorted(ids, both), len(ids) - 1)
    return np.where(ids[place] == both, place, -1), both


def _totals(
    at: NDArray[np.int64], fills: Fills, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lots, and lots times price, of each order; ``at`` is of both sides of the fills."""
    is_one = at >= 0
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
    at, _ = _places(came.order_id, fills)
    lots, value = _totals(at, fills, len(came.lots))
    sent = came.lots.astype(np.float64)
    is_one = at >= 0
    waited = (np.tile(fills.time_ns, 2)[is_one] - came.time_ns[at[is_one]]) / 1e6
    waiting = _summed(at[is_one], waited * np.tile(fills.lots, 2)[is_one], len(sent))
    return {
        "taker_improvement": _improvement(
            came.time_ns, came.side, lots, value, true.came_price, blocks, tick
        ),
        "taker_unfilled": (blocks.sums(came.time_ns, sent - lots), blocks.sums(came.time_ns, sent)),
        "waiting": (blocks.sums(came.time_ns, waiting), blocks.sums(came.time_ns, lots)),
    }


def _rested(
    fills: Fills, true: Truth, tick: float
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    blocks, count = true.blocks, len(true.rested)
    at, _ = _places(true.rested, fills)
    lots, value = _totals(at, fills, count)
    side = np.full(count, 1 - BUY, np.int8)
    half = len(fills.lots)
    is_buyer = at[:half] >= 0
    side[at[:half][is_buyer]] = BUY
    missing = np.maximum(true.rested_lots - lots, 0.0)
    return {
        "maker_improvement": _improvement(
            true.rested_ns, side, lots, value, true.rested_price, blocks, tick
        ),
        "maker_unfilled": (
            blocks.sums(true.rested_ns, missing), blocks.sums(true.rested_ns, true.rested_lots)
        ),
    }  # fmt: skip


def _improvement(
    time_ns: NDArray[np.int64], side: NDArray[np.int8], lots: NDArray[np.float64],
    value: NDArray[np.float64], recorded: NDArray[np.float64], blocks: Blocks, tick: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Return how much better the lots of orders traded than at the venue, and the lots."""
    is_both = (lots > 0) & ~np.isnan(recorded)
    better = np.where(side == BUY, recorded * lots - value, value - recorded * lots)
    better = np.round(better, 6)  # ticks times lots: what a mean that was divided left over
    above = blocks.sums(time_ns, np.where(is_both, better * tick, 0.0))
    return above, blocks.sums(time_ns, np.where(is_both, lots, 0.0))


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
    pairs = [_pairs(fills, true) for fills in (true.fills, control.fills)]
    keys = np.unique(np.concatenate([key for key, _ in pairs]))
    recorded, again = (
        np.bincount(np.searchsorted(keys, key), lots, len(keys)) for key, lots in pairs
    )
    return Fidelity(int(true.fills.lots.sum()), int(np.minimum(recorded, again).sum()))


def _pairs(fills: Fills, true: Truth) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a number for the two orders of every fill between known ones, and its lots."""
    half = len(fills.lots)
    came, _ = _places(true.came.order_id, fills)
    rested, _ = _places(true.rested, fills)
    came, rested = (np.maximum(each[:half], each[half:]) for each in (came, rested))
    is_known = (came >= 0) & (rested >= 0)
    return (came * len(true.rested) + rested)[is_known], fills.lots[is_known]
