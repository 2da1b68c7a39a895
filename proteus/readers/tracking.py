"""Every order followed through the events: what is left of it, and what its executions were.

Only orders that are open are kept from piece to piece, so memory does not grow with the file.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.market.door.ids import numbers_of
from proteus.readers.events import chosen, events, joined, wrong
from proteus.readers.following import (
    CLEAR,
    DELETE,
    KIND_NAMES,
    NO_ID,
    NOT_ALL,
    TOO_MANY,
    TWICE,
    UNKNOWN_ORDER,
    Events,
    Found,
    Open,
    follow_rows,
)

_ALLOWED = {
    UNKNOWN_ORDER: "the order must have come before",
    TWICE: "an order of that id is open",
    TOO_MANY: "no more lots may go than the order has left",
    NOT_ALL: "a deletion must say all lots that are left",
}
FAULTS = {  # of records, in words
    UNKNOWN_ORDER: "change an order that does not begin in the file",
    TWICE: "bring an order under the id of one that is open",
    TOO_MANY: "take more lots than their order has left",
    NOT_ALL: "delete fewer lots than their order has left",
}


class Tracked(NamedTuple):
    """Events, and what they meant. N rows."""

    events: Events
    found: Found


class Tracker:
    """Follows the orders of one instrument."""

    def __init__(self) -> None:
        """Begin with an empty book."""
        self._ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._open: Open = allocate(Open, K=0)

    @property
    def left(self) -> dict[int, int]:
        """Return the lots that are left of every open order, by its id."""
        is_open = self._open.lots > 0
        ids, lots = self._ids[is_open], self._open.lots[is_open]
        return dict(zip(ids.tolist(), lots.tolist(), strict=True))

    def track(self, piece: Events) -> Tracked:
        """Follow the orders through a piece; where the book is cleared, each of them is deleted."""
        bounds = [0, *np.flatnonzero(piece.kind == CLEAR).tolist(), len(piece.kind)]
        parts = []
        for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
            part = chosen(piece, slice(begin, end))
            if number and len(self._ids):
                part = joined([self._deletions(part), part])
            parts.append(self._follow(part))
        return Tracked(
            joined([each.events for each in parts]), joined([each.found for each in parts])
        )

    def _deletions(self, part: Events) -> Events:
        """Return a deletion of every open order, as a record that clears the book means it."""
        record = np.full(len(self._ids), part.record[0])
        return events(record, time_ns=part.time_ns[0], kind=DELETE, order_id=self._ids)

    def _follow(self, part: Events) -> Tracked:
        rows = len(part.kind)
        # What has no id is given one of its piece, which nobody looks at: numbers stay few.
        order_id = np.where(part.order_id == NO_ID, part.order_id.max(initial=NO_ID), part.order_id)
        other_id = np.where(part.other_id == NO_ID, order_id, part.other_id)
        ids = np.concatenate([self._ids, order_id, other_id])
        numbers, count = numbers_of(ids)
        known = len(self._ids)
        orders: Open = allocate(Open, K=max(count, 1))
        for column, kept in zip(orders, self._open, strict=True):
            column[numbers[:known]] = kept
        number = numbers[known : known + rows]
        found: Found = allocate(Found, N=rows)
        follow_rows(part, number, numbers[known + rows :], orders, found)
        by_number = np.empty(max(count, 1), np.int64)
        by_number[numbers] = ids
        is_open = np.flatnonzero((orders.lots > 0) | (orders.told > 0))
        self._ids, self._open = by_number[is_open], chosen(orders, is_open)
        return Tracked(part, found)


def check_known(tracked: Tracked) -> None:
    """Refuse a piece in which an order is not what it was.

    Raises
        MessageError: the first record, its order, and what is wrong.
    """
    faulty = np.flatnonzero(tracked.found.fault)
    if len(faulty):
        row = int(faulty[0])
        what = KIND_NAMES[tracked.events.kind[row]]
        allowed = _ALLOWED[int(tracked.found.fault[row])]
        record, order = int(tracked.events.record[row]), int(tracked.events.order_id[row])
        raise wrong(f"{what} of order", order, record, allowed)
