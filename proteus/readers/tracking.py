"""Every order followed through the events: what is left of it, and what its executions were.

Only orders that are open are kept from piece to piece, so memory does not grow with the file.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from proteus.compiler.arrays import allocate
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
    Index,
    Open,
    follow_rows,
    keep_open,
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
        self._open: Open = allocate(Open, K=1)
        self._index: Index = allocate(Index, T=2, used=1)

    @property
    def left(self) -> dict[int, int]:
        """Return the lots that are left of every open order, by its id."""
        is_open = np.flatnonzero(self._open.lots > 0)
        ids, lots = self._open.id[is_open], self._open.lots[is_open]
        return dict(zip(ids.tolist(), lots.tolist(), strict=True))

    def track(self, piece: Events) -> Tracked:
        """Follow the orders through a piece; where the book is cleared, each of them is deleted."""
        bounds = [0, *np.flatnonzero(piece.kind == CLEAR).tolist(), len(piece.kind)]
        parts = []
        for number, (begin, end) in enumerate(itertools.pairwise(bounds)):
            part = chosen(piece, slice(begin, end))
            if number:
                part = joined([self._deletions(part), part])
            parts.append(self._follow(part))
        return Tracked(
            joined([each.events for each in parts]), joined([each.found for each in parts])
        )

    def _deletions(self, part: Events) -> Events:
        """Return a deletion of every open order, as a record that clears the book means it."""
        orders = self._open
        ids = np.sort(orders.id[np.flatnonzero((orders.lots > 0) | (orders.told > 0))])
        record = np.full(len(ids), part.record[0])
        return events(record, time_ns=part.time_ns[0], kind=DELETE, order_id=ids)

    def _follow(self, part: Events) -> Tracked:
        found: Found = allocate(Found, N=len(part.kind))
        self._make_room(len(part.kind) + int((part.other_id != NO_ID).sum()))
        follow_rows(part, self._open, self._index, found)
        return Tracked(part, found)

    def _make_room(self, ids: int) -> None:
        """Have a number for so many more ids; what is no longer open loses its own."""
        used = int(self._index.used[0])
        if used + ids <= len(self._open.id):
            return
        before = chosen(self._open, slice(0, used))
        many = int(np.count_nonzero((before.lots > 0) | (before.told > 0)))
        # As much again stays free, so that this costs little however short the pieces are.
        places = 1 << (4 * (1 + many + ids)).bit_length()
        self._open = allocate(Open, K=places // 2)
        self._index = allocate(Index, T=places, used=1)
        keep_open(before, self._open, self._index)


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
