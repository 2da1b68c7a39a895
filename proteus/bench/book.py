"""The bare order book: limits and cancels of live orders around a slowly moving mid."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.bench.kernels import Draws, Stream, run_stream, write_stream
from proteus.market.mechanisms.base import MechanismConfig, Sizes
from proteus.market.mechanisms.interface import Market, allocate_market
from proteus.market.mechanisms.table import MECHANISMS
from proteus.plans.planner import from_words

_MESSAGES = 1_000_000
_CANCELS = 0.39  # share of messages
_CROSSING = 0.6  # share of orders that cross while the book is full: enough to stay there
_FULL = 120  # resting orders
_REACH_TICKS = 20  # orders rest up to here behind the mid
_DRIFT_MESSAGES = 100  # between two moves of the mid by a tick
_TRADERS = 64
_SLOTS = 512
N_TICKS = 1000
_MOST_LOTS = 10
_SEED = 7


def measure() -> list[Figure]:
    """Measure messages per second of one core through the kernels of the continuous book."""
    config = from_words(["mechanism=clob"]).cells[0].mechanism
    stream, resting = prepare(config)
    timings = []
    for _ in range(RUNS + 1):
        mechanism, market = fresh(config)
        timings.append(timed(partial(run_stream, mechanism, market, stream)))
        assert market.orders.n_free[0] == _SLOTS - resting[-1], "the stream met another book"
    cancels, orders = float(stream.is_cancel.mean()), float(resting.mean())
    return [
        rate("bare book", "messages/s", _MESSAGES, timings[1:], at_least=18e6),
        Figure("bare book: cancels", "share", (cancels,)),
        Figure("bare book: resting orders", "orders", (orders,)),
    ]


def prepare(config: MechanismConfig) -> tuple[Stream, NDArray[np.int64]]:
    """Return a stream of messages, and int64 [N] how many orders rest after each."""
    generator = np.random.default_rng(_SEED)
    count = _MESSAGES
    moves = generator.integers(-1, 2, count // _DRIFT_MESSAGES + 1)
    mid = np.clip(N_TICKS // 2 + np.cumsum(moves), N_TICKS // 4, 3 * N_TICKS // 4)
    draws = Draws(
        is_cancel=generator.random(count) < _CANCELS,
        is_crossing=generator.random(count) < _CROSSING,
        pick=generator.integers(0, _SLOTS, count),
        behind_ticks=generator.integers(1, _REACH_TICKS + 1, count),
        beyond_ticks=generator.integers(1, _REACH_TICKS // 4 + 1, count),
        mid_ticks=np.repeat(mid, _DRIFT_MESSAGES)[:count],
    )
    stream = Stream(
        is_cancel=np.zeros(count, np.bool_),
        slot=np.zeros(count, np.int64),
        client_id=np.zeros(count, np.int64),
        trader=generator.integers(0, _TRADERS, count),
        side=generator.integers(0, 2, count),
        rank=np.zeros(count, np.int64),
        lots=generator.integers(1, _MOST_LOTS + 1, count),
        is_taker=np.zeros(count, np.bool_),
    )
    resting = np.zeros(count, np.int64)
    write_stream(*fresh(config), draws, _FULL, stream, resting)
    return stream, resting


def fresh(config: MechanismConfig) -> tuple[object, Market]:
    """Return the mechanism and an empty market."""
    sizes = Sizes(lanes=1, slots=_SLOTS, traders=_TRADERS, keyed=True, delta_ns=0)
    keys = np.zeros((1, 2), np.uint32)
    market = allocate_market(1, _SLOTS, N_TICKS, N_TICKS // 2, _SLOTS, keys)
    return MECHANISMS[config.name].make(config, sizes), market
