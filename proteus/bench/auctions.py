"""The bare batch auctions: sixteen orders a batch, with leftovers of the batch before.

The same orders go through both mechanisms; a coin says which are makers' and which takers'.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.bench.kernels import KEPT_BATCHES, Stream, run_auctions
from proteus.market.cell import CellConfig
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import Market, allocate_market
from proteus.market.mechanisms.table import MECHANISMS
from proteus.plans.planner import from_words

_BATCHES = 100_000
_ORDERS = 16  # a batch
_REACH_TICKS = 10  # limits lie up to here on both sides of the mid
_SLOTS = 64
_N_TICKS = 1000
_MOST_LOTS = 10
_SEED = 7
_DUAL_FLOW_COST = 1.3  # at most, in batch auctions


def measure() -> list[Figure]:
    """Measure batches per second of one core through the kernels of the batch auctions."""
    plain, dual = (from_words([f"mechanism={name}"]).cells[0] for name in ("fba", "dual_flow"))
    stream = _orders()
    plain_timings, dual_timings = [], []
    for _ in range(RUNS + 1):  # in turn, so that both see the same machine
        plain_timing, plain_share = _run(plain, stream)
        dual_timing, dual_share = _run(dual, stream)
        plain_timings.append(plain_timing)
        dual_timings.append(dual_timing)
    pairs = zip(dual_timings[1:], plain_timings[1:], strict=True)
    costs = tuple(dual.processor_s / plain.processor_s for dual, plain in pairs)
    name = "dual-flow batch auction"
    return [
        rate("batch auction, 16 orders", "auctions/s", _BATCHES, plain_timings[1:], at_least=0.8e6),
        Figure("batch auction: lots that trade", "share", (plain_share,)),
        rate(f"{name}, 16 orders", "batches/s", _BATCHES, dual_timings[1:]),
        Figure(f"{name}: lots that trade", "share", (dual_share,)),
        Figure(f"{name}: cost of a batch", "batch auctions", costs, at_most=_DUAL_FLOW_COST),
    ]


def _run(cell: CellConfig, stream: Stream) -> tuple[Timing, float]:
    """Trade the stream; return how long it took, and the share of the lots that traded."""
    mechanism, market = _fresh(cell)
    kept = np.zeros((KEPT_BATCHES, 2, _ORDERS), np.int64)
    volume = np.zeros(_BATCHES, np.int64)
    timing = timed(partial(run_auctions, mechanism, market, stream, kept, volume))
    return timing, float(2 * volume.sum() / stream.lots.sum())


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
        is_taker=generator.integers(0, 2, count) == 1,
    )


def _fresh(cell: CellConfig) -> tuple[object, Market]:
    sizes = Sizes(lanes=1, slots=_SLOTS, traders=_ORDERS, keyed=True, delta_ns=cell.delta_ns)
    keys = np.zeros((1, 2), np.uint32)
    market = allocate_market(
        1, _SLOTS, _N_TICKS, _N_TICKS // 2, 4 * _SLOTS, keys, auctions=cell.mechanism.auctions
    )
    return MECHANISMS[cell.mechanism.name].make(cell.mechanism, sizes), market
