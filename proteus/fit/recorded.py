"""A recorded file as what a population did: orders that came to trade, and orders that rested."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.units import NS_PER_S
from proteus.compiler.arrays import allocate
from proteus.errors import MessageError
from proteus.fit.estimates import Floats, Whole
from proteus.fit.following import (
    CANCELLED,
    NO_LEVEL,
    NO_ROW,
    Changes,
    Lives,
    Resting,
    follow_book,
)
from proteus.fit.news import Path as PricePath
from proteus.fit.words import Words
from proteus.market.book.codes import BUY
from proteus.market.door.ids import numbers_of
from proteus.readers.events import joined
from proteus.readers.following import CLEAR, EXECUTE, MODIFY, NO_ID, NO_PRICE
from proteus.readers.orders import orders_of
from proteus.readers.reading import Reading
from proteus.readers.sending import CAME, Orders
from proteus.readers.table import FORMATS, followed, format_of, open_recorded
from proteus.readers.tracking import Tracked

BY_LEVEL = ("kalshi", "polymarket", "hftbacktest")  # where lots have no owner, or may have none


class Takers(NamedTuple):
    """Orders that came to trade. N orders."""

    open_s: Floats  # [N] seconds until then in which one could trade: those of a side are a half
    side: NDArray[np.int8]  # [N]
    lots: Whole  # [N]
    is_cut: NDArray[np.bool_]  # [N] it took all there was


class Limits(NamedTuple):
    """Orders that rested. N orders."""

    time_ns: Whole  # [N]
    side: NDArray[np.int8]  # [N]
    lots: Whole  # [N]
    distance: Whole  # [N] ticks behind the reference
    is_placed: NDArray[np.bool_]  # [N] there was a reference
    age_s: Floats  # [N] that it rested, in the file
    is_cancelled: NDArray[np.bool_]  # [N]
    lot_s: Floats  # [N] lots times seconds that they rested
    cancelled: Whole  # [N] of its lots


class Flow(NamedTuple):
    """What one file holds."""

    path: Path
    format: str
    records: int
    seconds: float
    open_s: float  # of them, those in which one could trade
    is_by_level: bool
    takers: Takers
    limits: Limits
    prices: PricePath
    top: int  # the highest price, ticks


def record(path: Path, words: Words) -> Flow:
    """Read a file.

    Raises
        ConfigError: the file, or what is chosen of it. MessageError: a record, or no orders.
    """
    found = format_of(path, words.recorded.format)
    reading = Reading(words.recorded.symbol, words.recorded.mapping)
    read = [*followed(open_recorded(path, found.name, reading))]
    whole = Tracked(joined([each.events for each in read]), joined([each.found for each in read]))
    events, meant = whole
    times = _watched(whole)
    seconds = float(times[-1] - times[0]) / NS_PER_S
    if seconds <= 0:
        raise MessageError(f"file={path} has one moment only: there is no time to count over")
    price = np.where(events.price == NO_PRICE, meant.limit, events.price)
    ticks = np.where(price == NO_PRICE, NO_LEVEL, price // words.recorded.tick_nano)
    orders = orders_of(whole, words.recorded.tick_nano)
    if not len(orders.kind):
        raise MessageError(f"file={path} has no orders of a visible book: nothing can be fitted")
    levels = np.unique(ticks[ticks != NO_LEVEL])
    rank = np.where(ticks == NO_LEVEL, NO_LEVEL, np.searchsorted(levels, ticks))
    lives = _follow(whole, times, rank, len(levels))
    scale = found.lot / words.lot
    limits = _limits(whole, times, ticks, levels, lives, scale)
    # Who comes to an empty side leaves no record: that time is not watched.
    is_open = (lives.bid != NO_LEVEL) * 0.5 + (lives.ask != NO_LEVEL) * 0.5
    open_s = np.cumsum(np.diff(times, prepend=times[0]) * is_open) / NS_PER_S
    takers = _takers(whole, orders, open_s, lives, scale)
    by_level = found.name in BY_LEVEL
    prices = _prices(times, levels, lives)
    records = int((events.record >= 0).sum())
    return Flow(
        path, FORMATS[found.name].title, records, seconds, float(open_s[-1]), by_level, takers,
        limits, prices, int(levels[-1]),
    )  # fmt: skip


def _watched(whole: Tracked) -> Whole:
    """Return times that never go back, within those at which something happened to the book."""
    times = np.maximum.accumulate(whole.events.time_ns)
    of_book = times[whole.found.kind <= MODIFY]
    return np.clip(times, of_book[0], of_book[-1]) if len(of_book) else times


def _follow(whole: Tracked, times: Whole, rank: Whole, count: int) -> Lives:
    """Follow the book; ranks are of the prices, or NO_LEVEL."""
    events, meant = whole
    rows = len(times)
    own = np.where(events.order_id == NO_ID, events.order_id.max(initial=NO_ID), events.order_id)
    other = np.where(events.other_id == NO_ID, own, events.other_id)
    numbers, many = numbers_of(np.concatenate([own, other]))
    changes = Changes(
        meant.kind, numbers[:rows], numbers[rows:], times, meant.side, rank, meant.lots
    )
    resting: Resting = allocate(Resting, K=max(many, 1))
    lives: Lives = allocate(Lives, N=rows)
    best = np.full(2, NO_LEVEL, np.int64)
    follow_book(changes, resting, np.zeros((2, count), np.int64), best, lives)
    return lives


def _reference(
    whole: Tracked, levels: Whole, lives: Lives, ticks: Whole
) -> tuple[Whole, NDArray[np.bool_]]:
    """Return twice the reference before every record, and whether there is one.

    It is the middle of the book, else the last price that traded, as in the market.
    """
    bid, ask = levels[lives.bid], levels[lives.ask]
    is_two = (lives.bid != NO_LEVEL) & (lives.ask != NO_LEVEL)
    traded = np.where(whole.found.kind == EXECUTE, np.arange(len(ticks)), NO_ROW)
    last = np.concatenate([[NO_ROW], np.maximum.accumulate(traded)[:-1]])
    twice = np.where(is_two, bid + ask, 2 * ticks[last])
    return twice, is_two | (last != NO_ROW)


def _limits(
    whole: Tracked, times: Whole, ticks: Whole, levels: Whole, lives: Lives, scale: float
) -> Limits:
    events = whole.events
    twice, is_known = _reference(whole, levels, lives, ticks)
    at = np.flatnonzero(lives.is_birth & (events.record >= 0))
    side, price = whole.found.side[at], ticks[at]
    distance = np.where(side == BUY, twice[at] // 2 - price, price - -(-twice[at] // 2))
    end = lives.end[at]
    until = np.where(end == NO_ROW, times[-1], times[end])
    # That a book is empty from some record on is not that people cancelled.
    is_clear = np.isin(events.record, events.record[events.kind == CLEAR])
    is_cancelled = np.where(is_clear[end], False, lives.cause[at] == CANCELLED)
    cancelled = np.where(is_clear[end] & (end != NO_ROW), 0, lives.cancelled[at])
    lots = events.lots[at]
    return Limits(
        times[at], side, _scaled(lots, scale), distance, is_known[at],
        (until - times[at]) / NS_PER_S, is_cancelled, lives.lot_ns[at] / NS_PER_S, cancelled,
    )  # fmt: skip


def _takers(whole: Tracked, orders: Orders, open_s: Floats, lives: Lives, scale: float) -> Takers:
    came = np.flatnonzero(orders.is_taker)
    executions = np.flatnonzero((whole.found.kind == EXECUTE) & whole.events.is_printed)
    record = whole.events.record[executions]
    first = np.searchsorted(record, orders.order_id[came] - CAME)
    last = np.concatenate([first[1:], [len(executions)]]).astype(np.int64)[: len(came)] - 1
    return Takers(
        open_s[executions[first]], orders.side[came], _scaled(orders.lots[came], scale),
        lives.is_bare[executions[last]],
    )  # fmt: skip


def _scaled(lots: Whole, scale: float) -> Whole:
    return np.asarray(np.maximum(np.rint(lots * scale), 1), np.int64)


def _prices(times: Whole, levels: Whole, lives: Lives) -> PricePath:
    """Return the middle of the book while it has two sides that do not cross."""
    is_two = (lives.bid != NO_LEVEL) & (lives.ask != NO_LEVEL) & (lives.bid < lives.ask)
    # What a row saw is the book after the one before it.
    doubled = (levels[lives.bid] + levels[lives.ask])[1:][is_two[1:]]
    when = times[:-1][is_two[1:]]
    is_new = np.concatenate([[True], np.diff(doubled) != 0]) if len(doubled) else is_two[:0]
    return PricePath(when[is_new], doubled[is_new])
