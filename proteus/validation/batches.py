"""V5: what batching leaves of a head start, and how long an order waits for a clear.

Source
    Budish, Cramton & Shim (2015) QJE 130:1547, section VII.
"""

from __future__ import annotations

import numpy as np

from proteus.market.trading.world import World
from proteus.recording.columns import FILL, INTENT
from proteus.validation.comparison import (
    Array,
    Comparison,
    between,
    positive,
    ratio_of,
    sampled,
    share_error,
)
from proteus.validation.logs import rows
from proteus.validation.running import (
    FROZEN_MAKER,
    NEWS_ONLY,
    ROOT,
    compose,
    jumps,
    market,
    ns,
    once,
    poisson,
    simulate,
    trader,
)

_BATCHES = 20  # in a lane of ``batch_exposure``
_LARGEST_MS = 1e6
_START_S = 1e-6  # when a maker posts its first quotes


def batch_exposure(
    head_start_ms: float = 1, delta_ms: float = 100, *, lanes: int = 8_000, root: int = ROOT
) -> Comparison:
    """Compare the share of jumps at which a stale batch quote is hit with min(1, d / Delta).

    A maker learns of each jump d after a sniper. Only in the last d of a batch is that too late to
    replace its quotes. Lanes with exactly one jump count: given that, its time is uniform.

    Parameters
        head_start_ms: d, above 0. delta_ms: Delta. lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the share of jumps at which the stale quote is hit.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    d, delta = positive("head_start_ms", head_start_ms), positive("delta_ms", delta_ms)
    between("delta_ms", delta, 0, _LARGEST_MS, ends=True)
    between("head_start_ms", d, 0, _BATCHES * delta / 2)
    lanes, root = sampled(lanes, root)
    delta_ns = ns(delta / 1000)
    horizon_ns = _BATCHES * delta_ns + 1  # the last batch clears too
    cell = compose([
        *market("fba", horizon_ns, delta_ns=delta_ns),
        *jumps(1e9 / horizon_ns, accuracy=0.7),
        *trader("slow", "maker", schedule={**once(_START_S), "on_news": True},
                signal={"delay_ms": round(d, 6)}, policy={**FROZEN_MAKER, "half_spread": 0.01}),
        *trader("fast", "sniper", schedule=NEWS_ONLY, signal={},
                policy={"theta": 0, "latency_risk": 0, "lots": 1}),
    ])  # fmt: skip
    moves, hits = simulate(cell, lanes, root, _jumps_and_hits).T
    hits = hits[moves == 1]
    expected = min(1.0, d / delta)
    error = share_error(expected, len(hits))
    return Comparison(["share of jumps sniped"], expected, hits.mean(), error, lanes=lanes)


def _jumps_and_hits(world: World) -> Array:
    return np.stack([world.news.n_jumps, world.sums.execution.sniper_hits > 0], axis=1)


def batch_wait(
    delta_ms: float = 100, rate_per_s: float = 20, *, lanes: int = 400, root: int = ROOT
) -> Comparison:
    """Compare mean and variance of the wait of Poisson orders with Delta / 2 and Delta^2 / 12.

    Parameters
        delta_ms: Delta. rate_per_s: of the orders, which all trade with a deep maker.
        lanes, root: as in ``identities``.

    Returns
        Comparison of two numbers: mean (ms) and variance (ms^2) of the wait.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    delta, rate = positive("delta_ms", delta_ms), positive("rate_per_s", rate_per_s)
    between("delta_ms", delta, 0, _LARGEST_MS, ends=True)
    between("rate_per_s", rate * delta / 1000, 0, 1000)
    lanes, root = sampled(lanes, root)
    delta_ns = ns(delta / 1000)
    taker = {"marketable_probability": 1, "size_mean_lots": 1, "max_lots": 1}
    cell = compose([
        *market("fba", 2 * _BATCHES * delta_ns + 1, delta_ns=delta_ns),
        *trader("deep", "maker", schedule=once(_START_S),
                policy={**FROZEN_MAKER, "half_spread": 0.01, "quote_lots": 1_000_000}),
        *trader("takers", "noise", schedule=poisson(rate), policy=taker),
    ])  # fmt: skip
    n, first, second = simulate(cell, lanes, root, _waits, recorded=True).T
    mean = ratio_of(first, n)
    middle = delta / 2  # the mean of theory: the second moment around it has no bias
    square = ratio_of(second - 2 * middle * first + middle**2 * n, n)
    return Comparison(
        ["mean wait, ms", "variance of the wait, ms^2"], [delta / 2, delta**2 / 12],
        [mean.value, square.value], [mean.error, square.error], lanes=lanes,
    )  # fmt: skip


def _waits(world: World) -> Array:
    """Return number, sum and sum of squares of the waits of each lane, ms: [L, 3]."""
    sums = []
    for intents, fills in zip(rows(world, INTENT), rows(world, FILL), strict=True):
        sent = dict(zip(intents.order.tolist(), intents.time.tolist(), strict=True))
        waits = [
            (time - sent[order]) / 1e6
            for time, pair in zip(
                fills.time.tolist(), zip(fills.order.tolist(), fills.other.tolist(), strict=True),
                strict=True,
            )
            for order in pair
            if order in sent
        ]  # fmt: skip
        sums.append([len(waits), sum(waits), sum(wait * wait for wait in waits)])
    return np.array(sums, np.float64)
