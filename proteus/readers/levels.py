"""Books that are told by level: how many lots stand at each price, and what traded.

Nobody says whose lots they are. So lots that come are an order of their own; lots that go are
those of a trade at that price of the last second, oldest orders first, and otherwise a cancellation
of the newest. A trade for which no lots go in that time was outside of the book that is told.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from proteus.basics.units import NS_PER_S
from proteus.market.book.codes import BUY, SELL
from proteus.readers.events import events
from proteus.readers.following import (
    ADD,
    DELETE,
    EXECUTE,
    NO_ID,
    NO_SIDE,
    NO_TIME,
    REDUCE,
    STATUS,
    TRADE,
    Events,
)

_WINDOW_NS = NS_PER_S
_FIELDS = ("record", "time_ns", "recv_ns", "kind", "order_id", "side", "price", "lots",
           "is_printed")  # fmt: skip


class Levels:
    """A book by level, and the events that its changes mean."""

    def __init__(self) -> None:
        """Begin with an empty book."""
        self._orders: dict[tuple[int, int], deque[list[int]]] = {}  # of a level: id, lots
        self._traded: deque[list[int]] = deque()  # time, side, price, lots that did not go yet
        self._rows: list[tuple[Any, ...]] = []
        self._next = 1
        self._at: tuple[int, int, int] = (0, 0, NO_TIME)

    def begin(self, record: int, time_ns: int, recv_ns: int = NO_TIME) -> None:
        """Say of which record the next changes are."""
        self._at = record, time_ns, recv_ns
        while self._traded and self._traded[0][0] < time_ns - _WINDOW_NS:
            self._outside(self._traded.popleft())

    def lots(self, side: int, price: int) -> int:
        """Return the lots at a price."""
        return sum(lots for _, lots in self._orders.get((side, price), ()))

    def prices(self, side: int) -> list[int]:
        """Return the prices at which lots stand."""
        return [price for (one, price), orders in self._orders.items() if one == side and orders]

    def change(self, side: int, price: int, lots: int) -> None:
        """Let lots come, or go if they are less than 0; more than there are take all."""
        orders = self._orders.setdefault((side, price), deque())
        if lots > 0:
            orders.append([self._next, lots])
            self._row(ADD, self._next, side, price, lots, False)
            self._next += 1
            return
        going = -lots
        traded = self._of_trades(side, price, going)
        self._take(orders, side, price, traded, is_trade=True)
        self._take(orders, side, price, going - traded, is_trade=False)

    def set(self, side: int, price: int, lots: int) -> None:
        """Let so many lots stand at a price."""
        change = lots - self.lots(side, price)
        if change:
            self.change(side, price, change)

    def set_all(self, sides: dict[int, dict[int, int]]) -> None:
        """Let the book be this one: by side, price to lots."""
        for side in (BUY, SELL):
            for price in self.prices(side):
                if price not in sides[side]:
                    self.set(side, price, 0)
            for price, lots in sides[side].items():
                self.set(side, price, lots)

    def trade(self, side: int, price: int, lots: int) -> None:
        """Note a trade; the side is that of who rested."""
        self._traded.append([self._at[1], side, price, lots])

    def status(self) -> None:
        """Note a record that changes nothing."""
        self._row(STATUS, NO_ID, NO_SIDE, 0, 0, False)

    def end(self) -> None:
        """Say of the trades that are left that they were outside of the book."""
        while self._traded:
            self._outside(self._traded.popleft())

    def taken(self) -> Events:
        """Return the events since the last time."""
        rows, self._rows = self._rows, []
        if not rows:
            return events(np.empty(0, np.int64))
        columns: dict[str, Any] = dict(zip(_FIELDS, zip(*rows, strict=True), strict=True))
        record = np.array(columns.pop("record"), np.int64)
        return events(record, **columns)

    def __len__(self) -> int:
        """Return how many events wait."""
        return len(self._rows)

    def _of_trades(self, side: int, price: int, lots: int) -> int:
        """Take up to so many lots of the trades at a price; returns how many."""
        taken = 0
        for trade in self._traded:
            if trade[1] == side and trade[2] == price and taken < lots:
                some = min(trade[3], lots - taken)
                trade[3] -= some
                taken += some
        self._traded = deque(trade for trade in self._traded if trade[3])
        return taken

    def _take(
        self, orders: deque[list[int]], side: int, price: int, lots: int, is_trade: bool
    ) -> None:
        while lots > 0 and orders:
            order = orders[0] if is_trade else orders[-1]
            some = min(order[1], lots)
            order[1] -= some
            lots -= some
            kind = EXECUTE if is_trade else DELETE if not order[1] else REDUCE
            self._row(kind, order[0], side, price, some, is_trade)
            if not order[1]:
                orders.remove(order)

    def _outside(self, trade: list[int]) -> None:
        _, side, price, lots = trade
        self._row(TRADE, NO_ID, side, price, lots, True)

    def _row(self, kind: int, order: int, side: int, price: int, lots: int, printed: bool) -> None:
        self._rows.append((*self._at, kind, order, side, price, lots, printed))
