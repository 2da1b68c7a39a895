"""The kernel that follows the best prices and the life of every order through recorded events."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from proteus.compiler.jit import inline_kernel, kernel, state
from proteus.market.book.codes import BUY
from proteus.readers.following import ADD, DELETE, EXECUTE, MODIFY, REDUCE, REPLACE

NO_LEVEL = -1
NO_ROW = -1
GOES_ON = 0  # at the end of the file
FILLED = 1
CANCELLED = 2


@state
class Changes(NamedTuple):
    """What every record does to the book. N rows."""

    kind: np.ndarray  # int8 [N] ADD .. STATUS
    number: np.ndarray  # int64 [N] number of the order
    other: np.ndarray  # int64 [N] of the order after it, or what is meant if it is not known
    time_ns: np.ndarray  # int64 [N] never less than before
    side: np.ndarray  # int8 [N] of the order
    level: np.ndarray  # int64 [N] rank of the price that it comes to, or NO_LEVEL: its own
    lots: np.ndarray  # int64 [N] that come or go, or are left after a change


@state
class Resting(NamedTuple):
    """Orders by number. K numbers."""

    lots: np.ndarray  # int64 [K] left; 0: not open
    level: np.ndarray  # int64 [K] rank of its price
    side: np.ndarray  # int8 [K]
    birth: np.ndarray  # int64 [K] row with which it came
    since: np.ndarray  # int64 [K] when its lots last changed, ns


@state
class Lives(NamedTuple):
    """What the rows saw, and the lives that begin with them. N rows."""

    bid: np.ndarray  # int64 [N] rank of the best bid before the record, or NO_LEVEL
    ask: np.ndarray  # int64 [N] rank of the best ask before the record, or NO_LEVEL
    is_bare: np.ndarray  # bool [N] after the record nothing is left on the side of its order
    is_birth: np.ndarray  # bool [N] an order begins to rest at a price
    end: np.ndarray  # int64 [N] row in which the order that begins here ends, or NO_ROW
    cause: np.ndarray  # int8 [N] GOES_ON, FILLED, CANCELLED
    lot_ns: np.ndarray  # float64 [N] lots times the time that they rested
    cancelled: np.ndarray  # int64 [N] lots that were cancelled


@kernel
def follow_book(changes, resting, depth, best, lives):
    """Follow the book.

    Parameters
        changes: Changes. resting: Resting, read and written. depth: int64 [2, P] lots by side and
        rank, all 0. best: int64 [2] ranks, NO_LEVEL. lives: Lives, written.
    """
    for row in range(changes.kind.shape[0]):
        kind, at, lots = changes.kind[row], changes.number[row], changes.lots[row]
        lives.bid[row], lives.ask[row] = best[0], best[1]
        lives.end[row], lives.cause[row] = NO_ROW, GOES_ON
        if kind == ADD:
            _begin(changes, row, at, resting, depth, best, lives)
            continue
        if kind > MODIFY:
            continue
        if resting.lots[at] == 0 and kind != REPLACE:
            at = changes.other[row]
        side = resting.side[at]
        if kind == REPLACE or kind == MODIFY:
            to = at if kind == MODIFY else changes.other[row]
            level = resting.level[at] if changes.level[row] == NO_LEVEL else changes.level[row]
            if kind == MODIFY and resting.lots[at] > 0 and level == resting.level[at]:
                _take(changes, row, at, resting.lots[at] - lots, CANCELLED, resting, depth, lives)
                _look(depth, best, side)
                continue
            _take(changes, row, at, resting.lots[at], CANCELLED, resting, depth, lives)
            _look(depth, best, side)
            _begin(changes, row, to, resting, depth, best, lives)
        elif kind == REDUCE or kind == DELETE or kind == EXECUTE:
            cause = FILLED if kind == EXECUTE else CANCELLED
            _take(changes, row, at, min(lots, resting.lots[at]), cause, resting, depth, lives)
            _look(depth, best, side)
            lives.is_bare[row] = best[side] == NO_LEVEL
    _end(changes, resting, lives)


@inline_kernel
def _begin(changes, row, at, resting, depth, best, lives):
    side, level, lots = changes.side[row], changes.level[row], changes.lots[row]
    if side < 0 or level == NO_LEVEL or lots < 1:
        return
    resting.lots[at], resting.level[at], resting.side[at] = lots, level, side
    resting.birth[at], resting.since[at] = row, changes.time_ns[row]
    lives.is_birth[row] = True
    depth[side, level] += lots
    if best[side] == NO_LEVEL or (level > best[side]) == (side == BUY):
        best[side] = level


@inline_kernel
def _take(changes, row, at, lots, cause, resting, depth, lives):
    """Take lots from an order; less than 0: give it some."""
    if resting.lots[at] == 0:
        return
    birth, now = resting.birth[at], changes.time_ns[row]
    lives.lot_ns[birth] += float(resting.lots[at]) * (now - resting.since[at])
    resting.since[at] = now
    if cause == CANCELLED:
        lives.cancelled[birth] += max(lots, 0)
    depth[resting.side[at], resting.level[at]] -= lots
    resting.lots[at] -= lots
    if resting.lots[at] == 0:
        lives.end[birth], lives.cause[birth] = row, cause


@inline_kernel
def _look(depth, best, side):
    """Look for the best price of a side where there is none left at the last one."""
    step = -1 if side == BUY else 1
    at = best[side]
    while at != NO_LEVEL and depth[side, at] == 0:
        at += step
        if at == depth.shape[1]:
            at = NO_LEVEL
    best[side] = at


@inline_kernel
def _end(changes, resting, lives):
    """Count the time of orders that rest to the end."""
    last = changes.time_ns[changes.time_ns.shape[0] - 1]  # an index of a kernel never wraps
    for at in range(resting.lots.shape[0]):
        if resting.lots[at] > 0:
            lasts = last - resting.since[at]
            lives.lot_ns[resting.birth[at]] += float(resting.lots[at]) * lasts
