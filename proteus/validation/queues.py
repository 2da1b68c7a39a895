"""V6, V7 and V8: unit orders in a queue, served by market orders and leaving by cancellation.

Source
    Cont, Stoikov & Talreja (2010) Operations Research 58:549; Cont & de Larrard (2013) SIAM J.
    Financial Mathematics 4:1. Kaplan & Meier (1958) JASA 53:457.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.linalg import expm
from scipy.stats import gamma

from proteus.market.cell import CellConfig
from proteus.market.events.log import MISSING
from proteus.market.trading.world import World
from proteus.recording.columns import BOOK, CANCELLED, FILL
from proteus.validation.comparison import (
    Array,
    Comparison,
    Estimate,
    between,
    mean_of,
    sampled,
    share_error,
    whole,
)
from proteus.validation.logs import is_row, rows
from proteus.validation.running import ROOT, compose, market, ns, once, poisson, simulate, trader

_TICK, _BID, _ASK = 0.01, 50, 51
_START_S = 1e-6  # when the first orders are sent; the one behind them follows a microsecond later
_STARTED_NS = 1_001  # when those of ``_START_S`` have arrived
_LEAST_RATE, _MOST_RATE = 1e-2, 1e2  # per second: slow beside the start, quick beside a lane
_NEVER = np.iinfo(np.int64).max
_UNSERVED = 1e-7  # chance that a lane ends before its order is served
_RELAXATION, _OBSERVED = 10, 100  # of a stationary queue, in mean lifetimes of an order
_LONG = 40  # of a lane of ``first_to_empty``: both queues survive in 1 of 100


def _flow(side: str, tick: int, lifetime_s: float | None, lots: int = 1) -> dict[str, Any]:
    """Return the policy of unit orders of one side at one price; None: until filled."""
    lifetime_ms = None if lifetime_s is None else round(1000 * lifetime_s, 6)
    return {"side": side, "low_ticks": tick, "high_ticks": tick, "lots": lots,
            "lifetime_ms": lifetime_ms}  # fmt: skip


def queue_wait(
    ahead: int = 3, market_rate: float = 2, cancel_rate: float = 0.4, own_cancel_rate: float = 0.5,
    *, lanes: int = 8_000, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare the wait of an order behind n others, and its chance to fill, with their closed form.

    Parameters
        ahead: n, 0 .. 50, orders of one lot at its price, each cancelled at ``cancel_rate``.
        market_rate: of market orders of one lot. own_cancel_rate: of the order itself.
        All rates per second, 0.01 .. 100; ``cancel_rate`` may be 0. lanes, root: as in
        ``identities``; the mean wait is measured without own cancellation, the two other numbers
        with it, the last at the mean wait or the mean time to own cancellation, whichever is less.

    Returns
        Comparison of three numbers: the mean wait (s), the chance to fill before the own cancel,
        and the chance to have filled by then. ``lanes`` counts both markets.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, (lanes, root) = whole("ahead", ahead, 0, 50), sampled(lanes, root)
    m = between("market_rate", market_rate, _LEAST_RATE, _MOST_RATE, ends=True)
    c = between("cancel_rate", cancel_rate, 0 if cancel_rate == 0 else _LEAST_RATE, _MOST_RATE,
                ends=True)  # fmt: skip
    g = between("own_cancel_rate", own_cancel_rate, _LEAST_RATE, _MOST_RATE, ends=True)
    rates = np.asarray(m + c * np.arange(n + 1), np.float64)
    mean, fill = float((1 / rates).sum()), float((rates / (rates + g)).prod())
    waits = simulate(_queue(n, m, c, None), lanes, root, _fill_and_cancel, recorded=True)[:, 0]
    wait = mean_of(waits[np.isfinite(waits)])
    filled, cancelled = simulate(
        _queue(n, m, c, 1 / g), lanes, root + 1, _fill_and_cancel, recorded=True
    ).T
    time = min(mean, 1 / g)  # later few orders are left, and the estimate is all noise
    served, by_then = kaplan_meier(filled, cancelled, time), _served_by(rates, time)
    return Comparison(
        ["mean wait, s", "P(fill before own cancel)", "P(wait <= a mean), Kaplan-Meier"],
        [mean, fill, by_then],
        [wait.value, np.isfinite(filled).mean(), served.value],
        [wait.error, share_error(fill, lanes), max(served.error, share_error(by_then, lanes))],
        lanes=2 * lanes,
        tolerance=[_UNSERVED * mean * 20 + 2 * _START_S, *2 * (_UNSERVED + m * 2 * _START_S,)],
    )


def _queue(n: int, m: float, c: float, own_lifetime_s: float | None) -> CellConfig:
    ends_s = float(gamma.isf(_UNSERVED, n + 1)) / m
    life = None if c == 0 else 1 / c
    return compose([
        *market("clob", ns(ends_s), tick=_TICK),
        *trader("ahead", "flow", count=n, schedule=once(_START_S),
                policy=_flow("sell", _ASK, life)),
        *trader("own", "flow", schedule=once(2 * _START_S),
                policy=_flow("sell", _ASK, own_lifetime_s)),
        *trader("buyers", "flow", schedule=poisson(m), policy=_flow("buy", _ASK, 0)),
    ])  # fmt: skip


def _fill_and_cancel(world: World) -> Array:
    """Return when the own order was filled and when cancelled, seconds after it arrived: [L, 2]."""
    own = len(world.traders.kind) - 2
    arrived_ns = _STARTED_NS + ns(_START_S)

    def first(kind: tuple[int, int]) -> Array:
        is_own = is_row(world, kind) & (world.log.trader == own)
        time = np.where(is_own, world.log.time, _NEVER).min(axis=1)
        return np.where(time < _NEVER, (time - arrived_ns) * 1e-9, np.inf)

    return np.stack([first(FILL), first(CANCELLED)], axis=1)


def _served_by(rates: Array, time: float) -> float:
    """Return the chance that a sum of exponentials of these rates is at most ``time``."""
    steps = np.diag(-rates) + np.diag(rates[1:], 1)  # state k has k orders ahead
    return 1 - float(expm(steps * time)[:, -1].sum())


def kaplan_meier(ended: Array, censored: Array, time: float) -> Estimate:
    """Estimate P(end <= time) from lives that were cut off, with Greenwood's error.

    Parameters
        ended, censored: float64 [n], when each life ended or was cut off; infinite if it was not.
        time: in the same unit.

    Returns
        Estimate of the chance.

    **Source** Kaplan & Meier (1958) JASA 53:457, section 2.
    """
    left = np.minimum(ended, censored)
    ends = np.sort(ended[(ended <= censored) & (ended <= time)])
    at_risk = len(left) - np.searchsorted(np.sort(left), ends)
    survival = float(np.prod(1 - 1 / at_risk))
    greenwood = float((1 / (at_risk * np.maximum(at_risk - 1.0, 1.0))).sum())
    return Estimate(1 - survival, survival * math.sqrt(greenwood))


def queue_length(
    arrival_rate: float = 3, market_rate: float = 2, cancel_rate: float = 0.4,
    *, lanes: int = 200, root: int = ROOT,
) -> Comparison:  # fmt: skip
    """Compare a stationary queue with pi_n proportional to l^n / prod over k <= n of (m + k c).

    Parameters
        arrival_rate, market_rate, cancel_rate: l, m and c, per second, 0.01 .. 100, each order
            being cancelled at c; l / c at most 50. lanes, root: as in ``identities``.

    Returns
        Comparison of three numbers: P(empty), P(one order), and the mean length (orders).

    Raises
        ConfigError: a parameter that is not allowed.
    """
    given = ("arrival_rate", arrival_rate), ("market_rate", market_rate), (
        "cancel_rate", cancel_rate,
    )  # fmt: skip
    births, m, c = (between(name, v, _LEAST_RATE, _MOST_RATE, ends=True) for name, v in given)
    between("arrival_rate", births, 0, 50 * c, ends=True)
    lanes, root = sampled(lanes, root)
    warmup_s, horizon_s = _RELAXATION / c, (_RELAXATION + _OBSERVED) / c
    cell = compose([
        *market("clob", ns(horizon_s), tick=_TICK),
        *trader("sellers", "flow", schedule=poisson(births), policy=_flow("sell", _ASK, 1 / c)),
        *trader("buyers", "flow", schedule=poisson(m), policy=_flow("buy", _ASK, 0)),
    ])  # fmt: skip

    def read(world: World) -> Array:
        return np.array([
            _occupation(np.append(book.time, world.settings.horizon_ns), book.more, ns(warmup_s))
            for book in rows(world, BOOK)
        ])  # fmt: skip

    averages = [mean_of(column) for column in simulate(cell, lanes, root, read, recorded=True).T]
    k = np.arange(1, 400)
    weights = np.cumprod(np.append(1.0, births / (m + k * c)))
    pi = weights / weights.sum()
    return Comparison(
        ["P(empty)", "P(one order)", "mean length"], [pi[0], pi[1], pi @ np.append(0, k)],
        [one.value for one in averages], [one.error for one in averages], lanes=lanes,
        tolerance=np.array([1, 1, births / c]) * math.exp(-_RELAXATION),
    )  # fmt: skip


def _occupation(time: Any, length: Any, from_ns: int) -> list[float]:
    """Return time averages of (length = 0), (length = 1) and length after a time."""
    width = np.diff(np.maximum(time, from_ns)).astype(float)
    total = width.sum()
    return [float(width @ what / total) for what in (length == 0, length == 1, length)]


def first_to_empty(
    bids: int = 2, asks: int = 1, rate: float = 1, *, lanes: int = 4_000, root: int = ROOT
) -> Comparison:
    """Compare how often the ask queue empties before the bid queue with the integral formula.

    On both sides unit orders arrive and are taken at the same rate. Lanes in which neither queue
    has emptied count half, and half of their share is the tolerance.

    Parameters
        bids, asks: orders at the start, 1 .. 10. rate: per second, 0.01 .. 100.
        lanes, root: as in ``identities``.

    Returns
        Comparison of one number: the chance that the ask queue empties first.

    Raises
        ConfigError: a parameter that is not allowed.
    """
    n, k = whole("bids", bids, 1, 10), whole("asks", asks, 1, 10)
    per_s = between("rate", rate, _LEAST_RATE, _MOST_RATE, ends=True)
    lanes, root = sampled(lanes, root)
    words = market("clob", ns(_LONG * n * k / per_s), tick=_TICK)
    for side, tick, lots, other in (("buy", _BID, n, "sell"), ("sell", _ASK, k, "buy")):
        start, flow = once(_START_S), poisson(per_s)
        words += trader(
            f"first_{side}", "flow", schedule=start, policy=_flow(side, tick, None, lots)
        )
        words += trader(f"more_{side}", "flow", schedule=flow, policy=_flow(side, tick, None))
        words += trader(f"taking_{side}", "flow", schedule=flow, policy=_flow(other, tick, 0))
    empties = simulate(compose(words), lanes, root, _ask_empties_first, recorded=True)
    expected, open_still = _up_probability(n, k), float((empties == 0.5).mean())
    return Comparison(
        ["P(ask empties first)"], expected, empties.mean(), share_error(expected, lanes),
        lanes=lanes, tolerance=open_still / 2,
    )  # fmt: skip


def _ask_empties_first(world: World) -> Array:
    """Return 1 where the ask queue emptied first, 0 where the bid queue did, 1/2 where none."""
    log = world.log
    known = is_row(world, BOOK) & (log.time > _STARTED_NS)
    bid, ask = (
        np.where(known & (side == MISSING), log.time, _NEVER).min(axis=1)
        for side in (log.low, log.high)
    )
    return np.where(ask == bid, 0.5, np.where(ask < bid, 1.0, 0.0))


def _up_probability(bids: int, asks: int) -> float:
    """Return P(the ask queue empties first) for balanced rates."""

    def integrand(t: float) -> float:
        u = 2 - math.cos(t)
        decay = (u - math.sqrt(u * u - 1)) ** asks
        return decay * math.sin(bids * t) / math.tan(t / 2)

    return float(quad(integrand, 0, math.pi, epsabs=1e-10)[0]) / math.pi
