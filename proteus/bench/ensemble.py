"""The workload of KineticSim: an ensemble of crowds, each in one call auction a step.

A crowd of 256 agents sends one order each a step to a grid of 128 prices; what does not trade
rests. Noise traders surround the mid, momentum traders follow it, makers stand on both sides. The
same orders go, in turn, through our batch auction, which keeps every order with its owner and its
place, and through an auction of lots by price in NumPy, written here for this comparison: what the
published engine does on a GPU. After every step both must have traded the same lots, and at the end
hold the same lots at each price. Deciding and preparing is not measured: only what a venue does.

Beside them stands the whole engine with a crowd of that size: noise traders who decide once a
batch and two makers, with latency, lifetimes, accounts and all measures.

Source
    Jayakody & Jayakody (2026), arXiv:2606.21784, and the sizes published with it.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.bench.kernels import Stream, run_auctions
from proteus.bench.lanes import run_lanes
from proteus.market.book.codes import BUY, SELL
from proteus.market.cell import CellConfig
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import Market, allocate_market
from proteus.market.mechanisms.table import MECHANISMS
from proteus.market.setup.block import BlockPool
from proteus.market.setup.cell import set_up_cell
from proteus.plans.planner import from_words

_WORDS = ["mechanism=fba", "mechanism.self_trade=none"]
_CROWD = [
    "mechanism=fba", "delta=100", "horizon_s=10",
    "population.noise.count=256", "population.noise.policy.lifetime_ms=500",
    "population.noise.schedule.law=periodic", "population.noise.schedule.rate_per_s=10",
    "population.informed.count=0", "population.sniper.count=0",
]  # fmt: skip
_CROWD_LANES = 16
_CROWD_DECISIONS = 256 * 10 * 10  # of noise traders in a lane
_MARKETS, _AGENTS, _LEVELS, _STEPS = 64, 256, 128, 500
_FIRST_LEVEL = 64
_MOMENTUM, _MAKERS = 0.15, 0.15  # shares of the crowd; the others are noise
_NOISE_LEVELS, _MAKER_LEVELS = 3, 1  # reach around the mid
_SENT_AT_ANY_PRICE = 0.10  # share of the orders of those who are no makers
_MOST_LOTS = 4
_SEED = 7


class Orders(NamedTuple):
    """What the crowds send. T steps, M markets, A agents."""

    side: NDArray[np.int8]  # [T, M, A]
    level: NDArray[np.int16]  # [T, M, A] price, from 0 to _LEVELS - 1
    lots: NDArray[np.int8]  # [T, M, A]


class ByPrice(NamedTuple):
    """The same as lots to add to a book by price. T steps, M markets, A agents."""

    place: NDArray[np.int64]  # [T, M A] in the book [2, M, L], side by side
    lots: NDArray[np.float64]  # [T, M A]


Book = NDArray[np.float64]  # [2, M, L] whole lots that rest, to buy and to sell


def measure() -> list[Figure]:
    """Measure orders per second of one core, clears included, through both auctions."""
    orders, volume = _decide()
    by_price, total = _by_price(orders), orders.lots.size
    resting = _add_up_all(by_price)
    ours, numpys = [], []
    for _ in range(RUNS + 1):
        numpys.append(timed(partial(_add_up_all, by_price)))
        ours.append(_trade_all(orders, volume, resting))
    pairs = zip(numpys[1:], ours[1:], strict=True)
    ratios = tuple(numpy.processor_s / our.processor_s for numpy, our in pairs)
    name = f"call auctions of {_AGENTS}"
    return [
        rate(f"{name}: order by order", "orders/s", total, ours[1:]),
        rate(f"{name}: lots by price, NumPy", "orders/s", total, numpys[1:]),
        Figure(f"{name}: beside NumPy", "times as fast", ratios),
        _crowd(),
    ]


def _crowd() -> Figure:
    """Measure the decisions per second of one core that the whole engine takes in a crowd."""
    setup = set_up_cell(from_words(_CROWD).cells[0])
    pool = BlockPool(setup)
    run = partial(run_lanes, setup, _CROWD_LANES, pool)
    run()
    timings = [timed(run) for _ in range(RUNS)]
    decisions = _CROWD_LANES * _CROWD_DECISIONS
    return rate(f"a crowd of {_AGENTS} in the whole engine", "decisions/s", decisions, timings)


def _decide() -> tuple[Orders, NDArray[np.int64]]:
    """Return the orders of all steps, and the lots [T, M] that trade in each."""
    generator = np.random.default_rng(_SEED)
    kind = generator.random((_MARKETS, _AGENTS))
    shape = (_STEPS, _MARKETS, _AGENTS)
    orders = Orders(np.empty(shape, np.int8), np.empty(shape, np.int16), np.empty(shape, np.int8))
    volume = np.empty((_STEPS, _MARKETS), np.int64)
    book, last = _empty_book(), np.full(_MARKETS, float(_FIRST_LEVEL))
    before = mid = last
    for step in range(_STEPS):
        before, mid = mid, _mid(book, last)
        sent = _one_step(generator, kind, step, mid, np.sign(mid - before))
        orders.side[step], orders.level[step], orders.lots[step] = sent
        book, volume[step], price = _call_auction(_add(book, _place(sent), sent.lots.ravel()))
        last = np.where(volume[step] > 0, price, last)
    return orders, volume


def _one_step(
    generator: np.random.Generator,
    kind: NDArray[np.float64],
    step: int,
    mid: NDArray[np.float64],
    trend: NDArray[np.float64],
) -> Orders:
    """Decide one order of every agent. kind: [M, A]; mid, trend: [M], in levels and -1, 0, 1."""
    is_maker, is_momentum = kind < _MAKERS, kind >= 1 - _MOMENTUM
    follows = is_momentum & (trend[:, None] != 0)
    sign = np.where(generator.random(kind.shape) < 0.5, 1, -1)  # of buyers: 1
    sign = np.where(follows, trend[:, None], sign)
    sign = np.where(is_maker, np.where((np.arange(_AGENTS) + step) % 2 == 0, 1, -1), sign)
    reach = generator.integers(-_NOISE_LEVELS, _NOISE_LEVELS + 1, kind.shape)
    reach = np.where(is_momentum, sign, np.where(is_maker, -sign * _MAKER_LEVELS, reach))
    level = np.rint(mid[:, None] + reach)
    at_any = ~is_maker & (generator.random(kind.shape) < _SENT_AT_ANY_PRICE)
    level = np.where(at_any, np.where(sign > 0, _LEVELS - 1, 0), level).clip(0, _LEVELS - 1)
    lots = generator.integers(1, _MOST_LOTS + 1, kind.shape)
    side = np.where(sign > 0, BUY, SELL)
    return Orders(side.astype(np.int8), level.astype(np.int16), lots.astype(np.int8))


def _empty_book() -> Book:
    return np.zeros((2, _MARKETS, _LEVELS))


def _mid(book: Book, last: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mid of each market in levels; the last price where a side is empty."""
    bids, asks = book[BUY] > 0, book[SELL] > 0
    best_bid = _LEVELS - 1 - np.argmax(bids[:, ::-1], axis=1)
    best_ask = np.argmax(asks, axis=1)
    has_both = bids.any(axis=1) & asks.any(axis=1)
    return np.where(has_both, (best_bid + best_ask) / 2, last)


def _by_price(orders: Orders) -> ByPrice:
    """Prepare the orders for the auction that adds lots up by price."""
    flat = (_STEPS, _MARKETS * _AGENTS)
    return ByPrice(_place(orders).reshape(flat), orders.lots.reshape(flat).astype(np.float64))


def _place(orders: Orders) -> NDArray[np.int64]:
    """Return where in the book [2, M, L] each order is added, flat."""
    row = orders.side.astype(np.int64) * _MARKETS + np.arange(_MARKETS)[:, None]
    return (row * _LEVELS + orders.level).ravel()


def _add(book: Book, place: NDArray[np.int64], lots: NDArray[Any]) -> Book:
    """Return the book with the orders of a step."""
    return book + np.bincount(place, lots, book.size).reshape(book.shape)


def _call_auction(book: Book) -> tuple[Book, NDArray[np.float64], NDArray[np.int64]]:
    """Clear every market: what rests, the volume [M] and the lowest price [M] of largest volume."""
    demand = np.cumsum(book[BUY, :, ::-1], axis=1)[:, ::-1]  # lots that buy here or higher
    supply = np.cumsum(book[SELL], axis=1)
    executable = np.minimum(demand, supply)
    price = np.argmax(executable, axis=1)
    volume = executable[np.arange(_MARKETS), price]
    reached = np.stack([demand, supply]) - book  # lots that trade before those of a price
    return book - np.clip(volume[:, None] - reached, 0, book), volume, price


def _add_up_all(orders: ByPrice) -> Book:
    """Send all orders through the auction of lots by price; returns what rests."""
    book = _empty_book()
    for step in range(_STEPS):
        book, _, _ = _call_auction(_add(book, orders.place[step], orders.lots[step]))
    return book


def _trade_all(orders: Orders, volume: NDArray[np.int64], resting: Book) -> Timing:
    """Send all orders through our auction, a market after the other; checks what traded."""
    cell = from_words(_WORDS).cells[0]
    clock_s = processor_s = 0.0
    for number in range(_MARKETS):
        stream = _stream(Orders._make(column[:, number].ravel() for column in orders))
        mechanism, market = _fresh(cell)
        kept = np.zeros((_STEPS, 2, _AGENTS), np.int64)  # none waits too long
        traded = np.zeros(_STEPS, np.int64)
        timing = timed(partial(run_auctions, mechanism, market, stream, kept, traded))
        clock_s, processor_s = clock_s + timing.clock_s, processor_s + timing.processor_s
        assert (traded == volume[:, number]).all(), "another volume than by price"
        lots = market.book.lots[0]
        assert (lots[BUY, 1:-1] == resting[BUY, number]).all(), "other bids rest than by price"
        assert (lots[SELL, -2:0:-1] == resting[SELL, number]).all(), "other asks rest than by price"
    return Timing(clock_s, processor_s)


def _stream(orders: Orders) -> Stream:
    """Write the orders of one market, step by step, as the venue reads them."""
    count = len(orders.lots)
    price = orders.level.astype(np.int64) + 1
    return Stream(
        is_cancel=np.zeros(count, np.bool_),
        slot=np.zeros(count, np.int64),
        client_id=np.arange(1, count + 1),
        trader=np.arange(count) % _AGENTS,
        side=orders.side.astype(np.int64),
        rank=np.where(orders.side == BUY, price, _LEVELS + 1 - price),
        lots=orders.lots.astype(np.int64),
        is_taker=np.zeros(count, np.bool_),
    )


def _fresh(cell: CellConfig) -> tuple[Any, Market]:
    slots = _AGENTS * _STEPS  # more orders rest with every step
    sizes = Sizes(lanes=1, slots=slots, traders=_AGENTS, keyed=True, delta_ns=cell.delta_ns)
    keys = np.zeros((1, 2), np.uint32)
    market = allocate_market(
        1, slots, _LEVELS + 1, _FIRST_LEVEL + 1, 4 * slots, keys, auctions=cell.mechanism.auctions
    )
    return MECHANISMS[cell.mechanism.name].make(cell.mechanism, sizes), market
