"""From what a venue did to what was sent to it: the rows of the message door.

A venue says which resting order traded, not who came. So executions of one moment on one side,
one after another, are one order that came from the other side: as many lots, at the worst price
that it traded at, immediate or cancelled. What was left of it rests under its own id, as the venue
says in the next record. What is outside of the visible book, auctions and trades taken back send
nothing; an execution that is not printed only takes lots from its order.

Orders that replaced each other are one order that was amended, unless the new one is no larger at
the same price: to the door that would keep its place, which at the venue it lost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from proteus.basics.units import UnitError, currency_to_nano
from proteus.errors import ConfigError
from proteus.market.book.codes import BUY, SELL
from proteus.readers.events import check, chosen, joined
from proteus.readers.following import (
    ADD,
    DELETE,
    EXECUTE,
    LEAST_ID,
    MODIFY,
    NO_ID,
    REDUCE,
    REPLACE,
    TRADE,
    UNKNOWN_ORDER,
    Found,
)
from proteus.readers.tracking import Tracked

LIMIT, CANCEL, AMEND = range(3)
_KINDS = pa.array(["limit", "cancel", "amend"])
_SIDES = pa.array(["buy", "sell"])
_LIFETIMES = pa.array(["gtc", "ioc"])
_ROLES = pa.array(["maker", "taker"])
CAME = 2 * LEAST_ID  # ids of orders that came to trade: this and the record
LEVELS = 2**32  # ids from LEAST_ID on that stand for all orders of a level
NOTHING = -1
MOST_TICKS = 2**31 - 2


class Orders(NamedTuple):
    """Rows of the door in the order of the file. N rows."""

    time_ns: NDArray[np.int64]  # [N]
    kind: NDArray[np.int8]  # [N] LIMIT, CANCEL, AMEND
    order_id: NDArray[np.int64]  # [N]
    side: NDArray[np.int8]  # [N]
    price: NDArray[np.int64]  # [N] ticks; NOTHING in a cancel
    lots: NDArray[np.int64]  # [N] NOTHING: all
    is_taker: NDArray[np.bool_]  # [N] it came to trade

    def table(self) -> pa.Table:
        """Return the rows as :func:`proteus.replay` takes them."""
        is_new = self.kind == LIMIT
        indices = {
            "kind": (_KINDS, self.kind, None), "side": (_SIDES, self.side, ~is_new),
            "tif": (_LIFETIMES, self.is_taker.astype(np.int8), ~is_new),
            "role": (_ROLES, self.is_taker.astype(np.int8), ~is_new),
        }  # fmt: skip
        words = {
            name: pa.DictionaryArray.from_arrays(pa.array(at, mask=absent), named)
            for name, (named, at, absent) in indices.items()
        }
        return pa.table({
            "time_ns": self.time_ns, "order_id": self.order_id, **words,
            "price_ticks": pa.array(self.price, mask=self.price == NOTHING),
            "quantity": pa.array(self.lots, mask=self.lots == NOTHING),
        })  # fmt: skip


def orders_of(tracked: Tracked, tick_nano: int) -> Orders:
    """Return the orders, cancels and amends that a piece of events means.

    Parameters
        tracked: as ``table.followed`` cuts them, which leaves executions of one order together.
        tick_nano: nano-currency per tick, of which every price is a multiple.

    Raises
        MessageError: a record whose price is off the tick, or not above 0.
    """
    events, found = tracked
    known = found.fault != UNKNOWN_ORDER
    kind = np.where((found.kind == EXECUTE) & ~events.is_printed, REDUCE, found.kind)
    is_new = (kind == ADD) | ((kind == REPLACE) & (found.is_back | ~known))
    is_new |= (kind == MODIFY) & ~known
    is_amend = ((kind == REPLACE) | (kind == MODIFY)) & ~is_new
    is_cancel = ((kind == REDUCE) | (kind == DELETE)) & known
    is_cancel |= (kind == REPLACE) & found.is_back
    first = _come(events.time_ns, found, kind == EXECUTE)
    parts = [
        _cancels(tracked, is_cancel, kind),
        _rests(tracked, is_new, is_amend, tick_nano),
        _comes(tracked, kind == EXECUTE, first, tick_nano),
    ]
    rows = joined([orders for orders, _ in parts])
    places = np.concatenate([place for _, place in parts])
    order = np.argsort(places, kind="stable")  # of a record that is two rows the cancel is first
    return chosen(rows, order)


def _rests(
    tracked: Tracked, is_new: NDArray[np.bool_], is_amend: NDArray[np.bool_], tick_nano: int
) -> tuple[Orders, NDArray[np.int64]]:
    """Return new orders that rest, and amended ones."""
    events, found = tracked
    at = np.flatnonzero(is_new | is_amend)
    record, is_replace = events.record[at], events.kind[at] == REPLACE
    price = np.where(events.price[at] < 0, found.limit[at], events.price[at])
    check(found.side[at] < 0, "side", found.side[at], record, "an order must say its side")
    check(events.lots[at] < 1, "lots", events.lots[at], record, "an order must have at least 1")
    new_id = np.where(is_replace, events.other_id[at], events.order_id[at])
    ids = np.where(is_new[at], new_id, found.id[at])
    outside = (ids < LEAST_ID) | (ids == NO_ID)
    check(outside, "order_id", ids, record, f"must be at least {LEAST_ID}")
    kind = np.where(is_new[at], LIMIT, AMEND)
    is_taker = np.zeros(len(at), np.bool_)
    ticks = _ticks(price, record, tick_nano)
    return Orders(
        events.time_ns[at], kind.astype(np.int8), ids, found.side[at], ticks, events.lots[at],
        is_taker,
    ), at  # fmt: skip


def _cancels(
    tracked: Tracked, is_cancel: NDArray[np.bool_], kind: NDArray[np.int8]
) -> tuple[Orders, NDArray[np.int64]]:
    """Return cancels: of so many lots, or of all that are left, also where none would be."""
    events, found = tracked
    at = np.flatnonzero(is_cancel)
    is_part = (kind[at] == REDUCE) & ((found.left[at] > 0) | (found.id[at] < LEAST_ID + LEVELS))
    is_part |= found.kind[at] == EXECUTE
    lots = np.where(is_part, found.lots[at], NOTHING)
    nothing, codes = np.full(len(at), NOTHING, np.int64), np.full(len(at), CANCEL, np.int8)
    is_taker = np.zeros(len(at), np.bool_)
    return Orders(
        events.time_ns[at], codes, found.id[at], found.side[at], nothing, lots, is_taker
    ), at  # fmt: skip


def _come(
    time: NDArray[np.int64], found: Found, is_execution: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which executions begin an order that came: bool of the executions in their order."""
    at, side = np.flatnonzero(is_execution), found.side
    others = np.cumsum((found.kind < TRADE) & ~is_execution)[at]  # that change the book until then
    follows = (others[1:] == others[:-1]) & (time[at[1:]] == time[at[:-1]])
    follows &= side[at[1:]] == side[at[:-1]]
    return np.concatenate([np.ones(min(len(at), 1), np.bool_), ~follows])


def _comes(
    tracked: Tracked, is_execution: NDArray[np.bool_], first: NDArray[np.bool_], tick_nano: int
) -> tuple[Orders, NDArray[np.int64]]:
    """Return the orders that came to trade, each where the first of its executions stands."""
    events, found = tracked
    at = np.flatnonzero(is_execution)
    begins = np.flatnonzero(first)
    begin = at[begins]
    limit = np.where(found.limit[at] < 0, events.price[at], found.limit[at])
    ticks = _ticks(limit, events.record[at], tick_nano)
    lots = events.lots[at]
    resting = found.side[begin]
    if not len(begins):
        worst, total = ticks, lots
    else:
        high, low = np.maximum.reduceat(ticks, begins), np.minimum.reduceat(ticks, begins)
        worst = np.where(resting == SELL, high, low)
        total = np.add.reduceat(lots, begins)
    return Orders(
        events.time_ns[begin], np.full(len(begin), LIMIT, np.int8), CAME + events.record[begin],
        np.where(resting == SELL, BUY, SELL).astype(np.int8), worst, total,
        np.ones(len(begin), np.bool_),
    ), begin  # fmt: skip


def _ticks(
    price: NDArray[np.int64], record: NDArray[np.int64], tick_nano: int
) -> NDArray[np.int64]:
    ticks, rest = np.divmod(price, tick_nano)
    allowed = f"must be a multiple of the tick {tick_nano / 1e9:.9g}"
    check(rest != 0, "price", price / 1e9, record, allowed)
    check(ticks < 1, "price", price / 1e9, record, "must be at least a tick")
    check(ticks > MOST_TICKS, "price", price / 1e9, record, f"must be at most {MOST_TICKS} ticks")
    return np.asarray(ticks)


class Trades(NamedTuple):
    """What traded at the venue itself, also outside of its visible book. N rows."""

    time_ns: NDArray[np.int64]  # [N]
    came: NDArray[np.int64]  # [N] id of the order that came, or NO_ID: not of the visible book
    rested: NDArray[np.int64]  # [N] id of the order that rested, or NO_ID
    side: NDArray[np.int8]  # [N] of the order that rested
    price: NDArray[np.int64]  # [N] nano-currency
    lots: NDArray[np.int64]  # [N]


def trades_of(tracked: Tracked) -> Trades:
    """Return the printed trades of a piece of events; auctions of the venue are none."""
    events, found = tracked
    is_execution = found.kind == EXECUTE
    of_came = np.cumsum(_come(events.time_ns, found, is_execution & events.is_printed))
    came = np.full(len(events.kind), NO_ID)
    visible = np.flatnonzero(is_execution & events.is_printed)
    begins = np.searchsorted(of_came, np.arange(1, len(visible) + 1))
    came[visible] = CAME + events.record[visible[begins[of_came - 1]]]
    at = np.flatnonzero((is_execution | (events.kind == TRADE)) & events.is_printed)
    price = np.where(events.price[at] < 0, found.limit[at], events.price[at])
    is_priced = price > 0
    at, price = at[is_priced], price[is_priced]
    return Trades(
        events.time_ns[at], came[at], found.id[at], found.side[at], price, events.lots[at]
    )


def tick_of(text: str) -> int:
    """Return a tick in nano-currency.

    Raises
        ConfigError: it is not a number above 0 with at most 9 decimals.
    """
    try:
        nano = currency_to_nano(text, "tick")
    except UnitError as error:
        raise ConfigError(str(error)) from None
    if nano < 1:
        raise ConfigError(f"tick={text} is not allowed: must be more than 0")
    return nano
