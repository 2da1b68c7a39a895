"""What noise traders pay for wanting to trade, from the log of a lane.

Of every intent of a noise trader up to T - tau, with d = +1 for who wants to buy:

    lots filled within tau      d (P - v(t)) each, at the time t of the fill
    lots not filled by then     max(0, d (v(t + tau) - v(t))) each, from the time t of the intent

The first is what trading cost, and may be negative. The second is the move that was missed, where
it went the wanted way; a move the other way is no gain, since nobody chose to miss it. So no maker
looks cheap by quoting nothing. Noise traders want the same at the same times whoever makes the
market.

Source
    Perold (1988) Journal of Portfolio Management 14:4, for what is not filled.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.arena.news import Values
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.book.codes import BUY
from proteus.market.cell import CellConfig
from proteus.market.events.log import Log
from proteus.recording.columns import FILL, INTENT, ORDER, REQUEST

Integers = NDArray[np.int64]
_TRADERS = 2**16  # more than a lane has


def noise_traders(cell: CellConfig) -> NDArray[np.bool_]:
    """Tell of each trader of a cell whether it is a noise trader, bool [A]."""
    groups = cell.population.values()
    return np.array(
        [KINDS[group.kind].role == CLASS_NOISE for group in groups for _ in range(group.count)],
        np.bool_,
    )


def costs_of_wanting(
    cell: CellConfig, root: int, replicates: Integers, log: Log
) -> NDArray[np.float64]:
    """Return what the noise traders of lanes paid for wanting to trade, float64 [L] currency.

    Parameters
        cell, root, replicates: the lanes. log: where they were recorded.
    """
    theirs, values = noise_traders(cell), Values(cell)
    return np.array([
        _cost(cell, functools.partial(values.at, root, int(replicate)), theirs, _rows(log, lane))
        for lane, replicate in enumerate(replicates)
    ])  # fmt: skip


def _cost(
    cell: CellConfig, values: Callable[[Integers], NDArray[np.float64]],
    noise: NDArray[np.bool_], rows: _Rows,
) -> float:  # fmt: skip
    """Return the cost of one lane.

    Parameters
        values: v at some times. noise: which traders are looked at, bool [A].
    """
    tau, theirs = cell.tau_ns, _of(noise, rows.trader)
    wanted = rows.where(rows.are(INTENT) & theirs & (rows.time <= cell.horizon_ns - tau))
    orders = rows.where((rows.are(ORDER) | rows.are(REQUEST)) & theirs)
    want, fills = _fills(rows, orders, wanted)
    times = np.concatenate([wanted.time, wanted.time + tau, fills.time])
    value = values(times)
    count = len(wanted.time)
    now, later, filled = value[:count], value[count : 2 * count], value[2 * count :]
    in_time = fills.time <= wanted.time[want] + tau
    sign = np.where(wanted.side == BUY, 1.0, -1.0)
    paid = sign[want] * fills.lots * (fills.price / cell.n_ticks - filled)
    done = np.bincount(want, fills.lots * in_time, minlength=count)
    missed = np.maximum(sign * (later - now), 0.0) * (wanted.lots - done)
    return float(paid[in_time].sum() + missed.sum())


class _Rows(NamedTuple):
    """Rows of a lane's log; int64 [n] each, as in ``Log``."""

    source: Integers
    kind: Integers
    time: Integers
    trader: Integers
    side: Integers
    price: Integers
    lots: Integers
    order: Integers
    other: Integers
    intent: Integers

    def are(self, kind: tuple[int, int]) -> NDArray[np.bool_]:
        """Tell which rows are of a kind."""
        return np.asarray((self.source == kind[0]) & (self.kind == kind[1]))

    def where(self, here: NDArray[np.bool_]) -> _Rows:
        """Return some rows."""
        at = np.flatnonzero(here)
        return _Rows(*(column[at] for column in self))


def _rows(log: Log, lane: int) -> _Rows:
    count = int(log.count[lane])
    return _Rows(*(getattr(log, name)[lane, :count] for name in _Rows._fields))


def _fills(rows: _Rows, orders: _Rows, wanted: _Rows) -> tuple[Integers, _Rows]:
    """Return whose intent each fill is of, by its place among those wanted, and the fills.

    Parameters
        orders: of noise traders, also of intents that are not looked at.
    """
    addresses = _address(wanted.trader, wanted.time)
    known = np.argsort(addresses, kind="stable")
    want = _found(addresses[known], _address(orders.trader, orders.intent))
    mine = np.flatnonzero(want >= 0)
    mine = mine[np.argsort(orders.order[mine], kind="stable")]
    fills = rows.where(rows.are(FILL))
    sides = [_found(orders.order[mine], number) for number in (fills.order, fills.other)]
    which = np.concatenate(sides)
    is_theirs = which >= 0
    both = _Rows(*(np.concatenate([column, column])[is_theirs] for column in fills))
    return known[want[mine[which[is_theirs]]]], both


def _of(traders: NDArray[np.bool_], trader: Integers) -> NDArray[np.bool_]:
    """Tell which rows are of some traders."""
    known = (trader >= 0) & (trader < len(traders))
    return np.asarray(known & traders[np.where(known, trader, 0)])


def _address(trader: Integers, time_ns: Integers) -> Integers:
    """Return one number for who decided when."""
    return time_ns * _TRADERS + trader


def _found(known: Integers, wanted: Integers) -> Integers:
    """Return where each number is among sorted ones, -1 where it is not."""
    if not len(known):
        return np.full(len(wanted), -1, np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, at, -1)
