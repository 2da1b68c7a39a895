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

import numpy as np
from numpy.typing import NDArray

from proteus.arena.news import Values
from proteus.compiler.jit import inline_kernel, kernel
from proteus.market.agents.kinds import KINDS
from proteus.market.agents.traders import CLASS_NOISE
from proteus.market.book.codes import BUY
from proteus.market.cell import CellConfig
from proteus.market.events.log import Log
from proteus.recording.columns import FILL, INTENT, ORDER, REQUEST

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_NOBODY = -1  # owner of an order that is of no intent that is looked at
_TRADER, _TIME, _SIDE, _LOTS = range(4)  # columns of an intent
_WANT, _FILLED, _PRICE, _OF_FILL = range(4)  # columns of a fill: which intent, when, price, lots


def noise_traders(cell: CellConfig) -> NDArray[np.bool_]:
    """Tell of each trader of a cell whether it is a noise trader, bool [A]."""
    groups = cell.population.values()
    return np.array(
        [KINDS[group.kind].role == CLASS_NOISE for group in groups for _ in range(group.count)],
        np.bool_,
    )


def costs_of_wanting(cell: CellConfig, root: int, replicates: Integers, log: Log) -> Array:
    """Return what the noise traders of lanes paid for wanting to trade, float64 [L] currency.

    Parameters
        cell, root, replicates: the lanes. log: where they were recorded.
    """
    values, reader = Values(cell), _Reader(cell, log)
    found = np.empty(len(replicates))
    for lane, replicate in enumerate(replicates.tolist()):
        wants, fills = reader.read(lane)
        tau, at = cell.tau_ns, wants[_TIME]
        value = values.at(root, replicate, np.concatenate([at, at + tau, fills[_FILLED]]))
        found[lane] = _cost(cell, wants, fills, value)
    return found


def _cost(cell: CellConfig, wants: Integers, fills: Integers, value: Array) -> float:
    """Return the cost of one lane.

    Parameters
        wants: int64 [4, W], and fills: int64 [4, F], as ``_gather`` writes them.
        value: v at the times of the intents, tau later, and of the fills, float64 [2 W + F].
    """
    count, want = wants.shape[1], fills[_WANT]
    now, later, filled = value[:count], value[count : 2 * count], value[2 * count :]
    in_time = fills[_FILLED] <= wants[_TIME][want] + cell.tau_ns
    sign = np.where(wants[_SIDE] == BUY, 1.0, -1.0)
    paid = sign[want] * fills[_OF_FILL] * (fills[_PRICE] / cell.n_ticks - filled)
    done = np.bincount(want, fills[_OF_FILL] * in_time, minlength=count)
    missed = np.maximum(sign * (later - now), 0.0) * (wants[_LOTS] - done)
    return float(paid[in_time].sum() + missed.sum())


class _Reader:
    """Reads lanes of a log, one after another, into memory that is used again."""

    def __init__(self, cell: CellConfig, log: Log) -> None:
        self._log, self._noise = log, noise_traders(cell)
        self._last_ns = np.int64(cell.horizon_ns - cell.tau_ns)
        rows = log.kind.shape[1]
        self._wants = np.empty((4, rows), np.int64)
        self._fills = np.empty((4, 2 * rows), np.int64)
        self._owner = np.empty(rows, np.int64)

    def read(self, lane: int) -> tuple[Integers, Integers]:
        """Return the intents of noise traders that are looked at, [4, W], and their fills."""
        while True:
            wants, fills, numbers = _gather(
                self._log, lane, self._noise, self._last_ns, self._owner, self._wants, self._fills
            )
            if numbers <= len(self._owner):
                return self._wants[:, :wants], self._fills[:, :fills]
            self._owner = np.empty(2 * numbers, np.int64)


@kernel
def _gather(log, lane, noise, last_ns, owner, wants, fills):  # type: ignore[no-untyped-def]
    """Read whose intent each fill of a lane is of.

    A fill that two of them share counts for both: first those of the earlier order, or the
    maker's, then those of the other.

    Parameters
        noise: which traders are looked at, bool [A]. last_ns: when the last of their intents is.
        owner: int64 [numbers of orders], wants: int64 [4, rows], fills: int64 [4, 2 rows]; written.

    Returns
        How many intents and fills there are, and how many numbers of orders; with fewer in
        ``owner`` the lane must be read again.
    """
    count, numbers, rows = 0, np.int64(0), log.count[lane]
    owner[:] = _NOBODY
    for row in range(rows):
        source, kind, trader = log.source[lane, row], log.kind[lane, row], log.trader[lane, row]
        is_intent = source == INTENT[0] and kind == INTENT[1]
        is_order = source == ORDER[0] and kind == ORDER[1]
        is_order |= source == REQUEST[0] and kind == REQUEST[1]
        if not (is_intent or is_order) or not (0 <= trader < len(noise) and noise[trader]):
            continue
        if is_intent and log.time[lane, row] <= last_ns:
            wants[_TRADER, count], wants[_TIME, count] = trader, log.time[lane, row]
            wants[_SIDE, count], wants[_LOTS, count] = log.side[lane, row], log.lots[lane, row]
            count += 1
        elif is_order:
            number = log.order[lane, row]
            want = _want_of(wants, count, trader, log.intent[lane, row])
            numbers = max(numbers, number + 1)
            if want != _NOBODY and 0 <= number < len(owner) and owner[number] == _NOBODY:
                owner[number] = want
    filled = 0
    for side in range(2):
        for row in range(rows):
            if log.source[lane, row] != FILL[0] or log.kind[lane, row] != FILL[1]:
                continue
            number = log.order[lane, row] if side == 0 else log.other[lane, row]
            if 0 <= number < len(owner) and owner[number] != _NOBODY:
                fills[_WANT, filled], fills[_FILLED, filled] = owner[number], log.time[lane, row]
                fills[_PRICE, filled] = log.price[lane, row]
                fills[_OF_FILL, filled] = log.lots[lane, row]
                filled += 1
    return count, filled, numbers


@inline_kernel
def _want_of(wants, count, trader, time):  # type: ignore[no-untyped-def]
    """Return which of the intents so far is that of a trader at a time, or ``_NOBODY``."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if wants[_TIME, middle] < time:
            low = middle + 1
        else:
            high = middle
    while low < count and wants[_TIME, low] == time:
        if wants[_TRADER, low] == trader:
            return low
        low += 1
    return _NOBODY
