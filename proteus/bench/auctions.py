"""The bare batch auction: sixteen orders a batch, with leftovers of the batch before."""

from __future__ import annotations

from functools import partial

import numpy as np

from proteus.bench.figures import RUNS, Figure, rate, timed
from proteus.bench.kernels import KEPT_BATCHES, Stream, run_auctions
from proteus.config import CellConfig
from proteus.mechanisms.base import Sizes
from proteus.mechanisms.market import Market, allocate_market
from proteus.mechanisms.table import MECHANISMS
from proteus.plan import from_words

_BATCHES = 100_000
_ORDERS = 16  # a batch
_REACH_TICKS = 10  # limits lie up to here on both sides of the mid
_SLOTS = 64
_N_TICKS = 1000
_MOST_LOTS = 10
_SEED = 7


def measure() -> list[Figure]:
    """Measure auctions per second of one core through the kernels of the batch auction."""
    cell = from_words(["mechanism=fba"]).cells[0]
    stream = _orders()
    timings = []
    for _ in range(RUNS + 1):
        mechanism, market = _fresh(cell)
        kept = np.zeros((KEPT_BATCHES, 2, _ORDERS), np.int64)
        volume = np.zeros(_BATCHES, np.int64)
        timings.append(timed(partial(run_auctions, mechanism, market, stream, kept, volume)))
    lots = float(volume.sum() / stream.lots.sum())
    return [
        rate("batch auction, 16 orders", "auctions/s", _BATCHES, timings[1:], at_least=0.5e6),
        Figure("batch auction: lots that trade", "share", (2 * lots,)),
    ]


def _orders() -> Stream:
    generator = np.random.default_rng(_SEED)
    count = _BATCHES * _ORDERS
    reach = generator.integers(-_REACH_TICKS, _REACH_TICKS + 1, count)
    return Stream(
        is_cancel=np.zeros(count, np.bool_),
        slot=np.zeros(count, np.int64),
        client_id=np.arange(1, count + 1),
        trader=np.arange(count) % _ORDERS,
        side=generator.integers(0, 2, count),
        rank=_N_TICKS // 2 + reach,
        lots=generator.integers(1, _MOST_LOTS + 1, count),
    )


def _fresh(cell: CellConfig) -> tuple[object, Market]:
    sizes = Sizes(lanes=1, slots=_SLOTS, traders=_ORDERS, keyed=True, delta_ns=cell.delta_ns)
    keys = np.zeros((1, 2), np.uint32)
    market = allocate_market(1, _SLOTS, _N_TICKS, _N_TICKS // 2, 4 * _SLOTS, keys)
    return MECHANISMS[cell.mechanism.name].make(cell.mechanism, sizes), market
