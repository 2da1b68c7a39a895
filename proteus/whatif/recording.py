"""A recorded file as orders for the door, what traded at the venue, and what is doubtful in it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.errors import MessageError
from proteus.readers.events import joined
from proteus.readers.following import KIND_NAMES, NO_ID, NO_TIME
from proteus.readers.orders import orders_of, trades_of
from proteus.readers.reading import Reading
from proteus.readers.sending import Orders, Trades
from proteus.readers.table import followed, format_of, open_recorded
from proteus.readers.tracking import FAULTS, Tracked
from proteus.whatif.words import Words


class Doubts(NamedTuple):
    """What a file says that cannot be, or is not of its book."""

    records: int
    kinds: dict[str, int]  # how many records of each kind
    faults: dict[str, tuple[int, int]]  # what is wrong, how often, and the first record
    skewed: int  # records that were captured before they happened
    skew_ns: int  # the most of that
    backward: int  # records that are earlier than one before them
    backward_ns: int  # the most of that
    outside_lots: int  # that traded outside of the visible book
    crossed_lots: int  # of orders that rested across each other; the continuous book trades them


class Recording(NamedTuple):
    """One file."""

    path: Path
    format: str
    orders: Orders
    trades: Trades
    doubts: Doubts


def record(path: Path, words: Words) -> Recording:
    """Read a file.

    Raises
        ConfigError: the file, or what is chosen of it. MessageError: a record.
    """
    reading = Reading(words.recorded.symbol, words.recorded.mapping)
    found = format_of(path, words.recorded.format)
    orders: list[Orders] = []
    trades: list[Trades] = []
    counted = _Counts()
    for tracked in followed(open_recorded(path, found.name, reading)):
        counted.count(tracked)
        orders.append(orders_of(tracked, words.recorded.tick_nano))
        trades.append(trades_of(tracked))
    sent = joined(orders)
    if not len(sent.kind):
        raise MessageError(f"file={path} has no orders of a visible book: nothing can be replayed")
    traded = joined(trades)
    # The order of the file is the order of the venue: a time that goes back counts as the latest.
    latest = np.maximum.accumulate(sent.time_ns)
    doubts = counted.doubts()._replace(
        backward=int((latest > sent.time_ns).sum()),
        backward_ns=int((latest - sent.time_ns).max()),
        outside_lots=int(traded.lots[traded.came == NO_ID].sum()),
    )
    return Recording(path, found.name, sent._replace(time_ns=latest), traded, doubts)


class _Counts:
    """Counts over pieces."""

    def __init__(self) -> None:
        self._kinds: NDArray[np.int64] = np.zeros(len(KIND_NAMES), np.int64)
        self._faults: dict[str, tuple[int, int]] = {}
        self._skewed, self._skew = 0, 0

    def count(self, tracked: Tracked) -> None:
        events, found = tracked
        self._kinds += np.bincount(events.kind[events.record >= 0], minlength=len(KIND_NAMES))
        for code, what in FAULTS.items():
            rows = np.flatnonzero(found.fault == code)
            if len(rows):
                many, first = self._faults.get(what, (0, int(events.record[rows[0]])))
                self._faults[what] = many + len(rows), first
        is_known = (events.recv_ns != NO_TIME) & (events.time_ns != NO_TIME)
        ahead = (events.time_ns - events.recv_ns)[is_known]
        self._skewed += int((ahead > 0).sum())
        self._skew = max(self._skew, int(ahead.max(initial=0)))

    def doubts(self) -> Doubts:
        kinds = {
            name: many for name, many in zip(KIND_NAMES, self._kinds.tolist(), strict=True) if many
        }
        return Doubts(
            int(self._kinds.sum()), kinds, self._faults, self._skewed, self._skew, 0, 0, 0, 0
        )
