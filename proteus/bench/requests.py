"""The bare request-for-quote venue: a request, its quotes and an acceptance, over and over.

Every request gets three quotes of one side; the best one is accepted, or nobody does and all end.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from proteus.bench.figures import RUNS, Figure, Timing, rate, timed
from proteus.market.book.codes import BUY, NO_ID, NO_ORDER, SELL
from proteus.market.door.orders import UNCHANGED
from proteus.market.door.requests import (
    KIND_ACCEPT,
    KIND_QUOTE,
    KIND_REQUEST,
    NO_SIDE,
    RequestRows,
    replay_requests,
)
from proteus.market.mechanisms.base import Sizes
from proteus.market.mechanisms.interface import allocate_market
from proteus.market.mechanisms.rfq import RfqConfig
from proteus.market.mechanisms.table import MECHANISMS
from proteus.plans.planner import from_words
from proteus.replaying.output import allocate_output

_REQUESTS = 20_000
_QUOTES = 3
_ROWS = _QUOTES + 2  # of a request
_N_TICKS = 1000
_MOST_LOTS = 10
_TTL_NS = 50  # a request ends before the next but four
_SEED = 7


def measure() -> list[Figure]:
    """Measure requests per second of one core through the kernels of the venue."""
    config = from_words(["mechanism=rfq"]).cells[0].mechanism
    assert isinstance(config, RfqConfig)
    rows = _stream()
    timings, share = [], 0.0
    for _ in range(RUNS + 1):
        timing, share = _run(config, rows)
        timings.append(timing)
    return [
        rate("request for quote, 3 quotes", "requests/s", _REQUESTS, timings[1:]),
        Figure("request for quote: requests that trade", "share", (share,)),
    ]


def _run(config: RfqConfig, rows: RequestRows) -> tuple[Timing, float]:
    """Send the stream; return how long it took, and the share of the requests that traded."""
    slots = len(rows.kind)
    keys = np.zeros((1, 2), np.uint32)
    market = allocate_market(1, slots, _N_TICKS, _N_TICKS // 2, 64, keys)
    mechanism = MECHANISMS["rfq"].make(config, Sizes(1, slots, 1, False, 0))
    output = allocate_output(4 * slots + 128, slots)
    for slot_of in (rows.slot_of, rows.request_slot_of):
        slot_of[:] = NO_ORDER
    timing = timed(partial(replay_requests, mechanism, market, rows, output, 0))
    fills = int((output.price[: int(output.count[0])] > 0).sum())
    return timing, fills / _REQUESTS


def _stream() -> RequestRows:
    """Draw requests with their quotes and acceptances, a nanosecond apart."""
    generator = np.random.default_rng(_SEED)
    count = _REQUESTS * _ROWS
    number = np.arange(count) // _ROWS
    kinds = np.array([KIND_REQUEST, *[KIND_QUOTE] * _QUOTES, KIND_ACCEPT], np.int8)
    kind = np.tile(kinds, _REQUESTS)
    is_new, is_request = kind != KIND_ACCEPT, kind == KIND_REQUEST
    side = np.where(is_request, generator.choice([BUY, SELL], count), NO_SIDE)
    price = generator.integers(_N_TICKS // 2 - 20, _N_TICKS // 2 + 21, count)
    return RequestRows(
        time_ns=np.arange(count),
        kind=kind,
        order=np.where(is_new, np.arange(count), NO_ID),
        request=number,
        agent=np.where(is_new, np.arange(count), NO_ID).astype(np.int32),
        side=side.astype(np.int8),
        price=np.where(is_new, price, UNCHANGED),
        quantity=np.where(is_new, generator.integers(1, _MOST_LOTS + 1, count), UNCHANGED),
        ttl=np.full(count, _TTL_NS),
        slot_of=np.full(count, NO_ORDER, np.int32),
        request_slot_of=np.full(_REQUESTS, NO_ORDER, np.int32),
    )
