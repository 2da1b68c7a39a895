"""From what files hold to groups of noise traders that send as much, and what moves the price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NS_PER_S
from proteus.errors import MessageError
from proteus.fit import estimates, news
from proteus.fit.distances import pieces
from proteus.fit.estimates import LEAST, Estimate, Fit, Lifetime, Size
from proteus.fit.recorded import Flow, Limits, Takers, record
from proteus.fit.words import Words
from proteus.market.book.codes import BUY
from proteus.readers.events import chosen, joined

TAKERS, LIMITS = "takers", "limits"


class Group(NamedTuple):
    """Noise traders that send one kind of orders."""

    name: str
    orders: int
    rate: Estimate  # per second
    size: Size
    lifetime: Lifetime | None  # of limits
    low: int  # ticks behind the reference, of limits
    high: int
    fits: list[Fit]


class Fitted(NamedTuple):
    """What was found."""

    flows: list[Flow]
    groups: list[Group]
    seconds: float
    beyond: int  # limit orders further than the distances that are represented, or without one
    news: news.News | None
    n_ticks: int | None  # in a price of 1, if all prices are less


def fit(words: Words) -> Fitted:
    """Fit files, each a day of the same market.

    Raises
        ConfigError: a file, or what is chosen of it. MessageError: a record, or too few orders.
    """
    flows = [record(path, words) for path in words.recorded.files]
    seconds = sum(flow.seconds for flow in flows)
    groups = _takers(flows)
    limits, beyond = _limits(flows, seconds)
    groups += limits
    if not groups:
        many = sum(len(flow.limits.side) + len(flow.takers.side) for flow in flows)
        raise MessageError(f"{many} orders are too few: at least {LEAST} of a kind are needed")
    n_ticks, rest = divmod(10**9, words.recorded.tick_nano)
    is_share = not rest and all(flow.top < n_ticks for flow in flows)
    within = n_ticks if is_share else None
    return Fitted(flows, groups, seconds, beyond, _news(flows, within, words.grid_s), within)


def _takers(flows: Sequence[Flow]) -> list[Group]:
    takers: Takers = joined([flow.takers for flow in flows])
    if len(takers.side) < LEAST:
        return []
    gaps = np.concatenate([np.diff(flow.takers.open_s) for flow in flows])
    open_s = sum(flow.open_s for flow in flows)
    rate, poisson = estimates.rate(len(takers.side), open_s, gaps)
    size = estimates.sizes(takers.lots, takers.is_cut)
    fits = _given(poisson, size.fit, _balance(takers.side))
    return [Group(TAKERS, len(takers.side), rate, size, None, 0, 0, fits)]


def _limits(flows: Sequence[Flow], seconds: float) -> tuple[list[Group], int]:
    """Return groups of limits from near to far, and how many orders are in none."""
    limits: Limits = joined([flow.limits for flow in flows])
    placed = limits.distance[limits.is_placed]
    if len(placed) < LEAST:
        return [], len(limits.side)
    distances = pieces(placed)
    is_by_level = flows[0].is_by_level
    groups = []
    for number, (low, high) in enumerate(zip(distances.low, distances.high, strict=True), 1):
        name = LIMITS if len(distances.low) == 1 else f"{LIMITS}_{number}"
        groups.append(_piece(name, flows, seconds, low, high, is_by_level))
    if distances.fit is not None:
        groups[0].fits.append(distances.fit)
    return groups, len(limits.side) - sum(group.orders for group in groups)


def _piece(
    name: str, flows: Sequence[Flow], seconds: float, low: int, high: int, is_by_level: bool
) -> Group:
    each = [chosen(flow.limits, _is_in(flow.limits, low, high)) for flow in flows]
    limits: Limits = joined(each)
    gaps = np.concatenate([np.diff(one.time_ns) / NS_PER_S for one in each])
    rate, poisson = estimates.rate(len(limits.side), seconds, gaps)
    size = estimates.sizes(limits.lots, np.zeros(len(limits.lots), np.bool_))
    lifetime = (
        estimates.lifetimes_of_lots(limits.lot_s, limits.cancelled)
        if is_by_level else estimates.lifetimes(limits.age_s, limits.is_cancelled)
    )  # fmt: skip
    lasts = lifetime.fit if lifetime is not None else None
    fits = _given(poisson, size.fit, lasts, _balance(limits.side))
    return Group(name, len(limits.side), rate, size, lifetime, low, high, fits)


def _is_in(limits: Limits, low: int, high: int) -> NDArray[np.bool_]:
    return limits.is_placed & (limits.distance >= low) & (limits.distance <= high)


def _balance(side: NDArray[np.int8]) -> Fit:
    return estimates.balance(int((side == BUY).sum()), len(side))


def _given(*fits: Fit | None) -> list[Fit]:
    return [each for each in fits if each is not None]


def _news(flows: Sequence[Flow], n_ticks: int | None, grid_s: float | None) -> news.News | None:
    paths = [flow.prices for flow in flows if len(flow.prices.time_ns) > 1]
    if not paths:
        return None
    step, prices = news.grid(paths, grid_s)
    return news.news(prices, step, n_ticks)
