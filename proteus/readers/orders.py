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

import numpy as np
import pyarrow as pa

from proteus.basics.units import UnitError, currency_to_nano
from proteus.compiler.arrays import allocate
from proteus.errors import ConfigError
from proteus.readers.events import chosen, wrong
from proteus.readers.following import EXECUTE, LEAST_ID, TRADE
from proteus.readers.sending import (
    ALLOWED,
    HIGH_PRICE,
    LIMIT,
    LOW_ID,
    LOW_PRICE,
    MOST_TICKS,
    NO_LOTS_SAID,
    NO_SIDE_SAID,
    NOTHING,
    OFF_TICK,
    Orders,
    Trades,
    send_rows,
    trade_rows,
)
from proteus.readers.tracking import Tracked

_KINDS = pa.array(["limit", "cancel", "amend"])
_SIDES = pa.array(["buy", "sell"])
_LIFETIMES = pa.array(["gtc", "ioc"])
_ROLES = pa.array(["maker", "taker"])


def orders_of(tracked: Tracked, tick_nano: int) -> Orders:
    """Return the orders, cancels and amends that a piece of events means.

    Parameters
        tracked: as ``table.followed`` cuts them, which leaves executions of one order together.
        tick_nano: nano-currency per tick, of which every price is a multiple.

    Raises
        MessageError: a record whose price is off the tick, or not above 0.
    """
    rows = len(tracked.events.kind) + int(np.count_nonzero(tracked.found.is_back))
    orders: Orders = allocate(Orders, N=rows)
    count, row, why = send_rows(*tracked, tick_nano, orders)
    if why != ALLOWED:
        _refuse(tracked, tick_nano, int(row), why, int(orders.order_id[count - 1]))
    return chosen(orders, slice(0, count))


def _refuse(tracked: Tracked, tick_nano: int, row: int, why: int, order_id: int) -> None:
    """Say why a record cannot be sent.

    Raises
        MessageError: it names the record, the value and what is allowed.
    """
    events, found = tracked
    own, before = int(events.price[row]), int(found.limit[row])
    first, other = (before, own) if found.kind[row] == EXECUTE else (own, before)
    price = (first if first >= 0 else other) / 1e9
    what, value, allowed = {
        NO_SIDE_SAID: ("side", found.side[row], "an order must say its side"),
        NO_LOTS_SAID: ("lots", events.lots[row], "an order must have at least 1"),
        LOW_ID: ("order_id", order_id, f"must be at least {LEAST_ID}"),
        OFF_TICK: ("price", price, f"must be a multiple of the tick {tick_nano / 1e9:.9g}"),
        LOW_PRICE: ("price", price, "must be at least a tick"),
        HIGH_PRICE: ("price", price, f"must be at most {MOST_TICKS} ticks"),
    }[why]
    raise wrong(what, value, int(events.record[row]), allowed)


def trades_of(tracked: Tracked) -> Trades:
    """Return the printed trades of a piece of events; auctions of the venue are none."""
    kind = tracked.found.kind
    rows = np.count_nonzero((kind == EXECUTE) | (kind == TRADE))
    trades: Trades = allocate(Trades, N=int(rows))
    return chosen(trades, slice(0, trade_rows(*tracked, trades)))


def table_of(orders: Orders) -> pa.Table:
    """Return orders as :func:`proteus.replay` takes them."""
    is_new = orders.kind == LIMIT
    indices = {
        "kind": (_KINDS, orders.kind, None), "side": (_SIDES, orders.side, ~is_new),
        "tif": (_LIFETIMES, orders.is_taker.astype(np.int8), ~is_new),
        "role": (_ROLES, orders.is_taker.astype(np.int8), ~is_new),
    }  # fmt: skip
    words = {
        name: pa.DictionaryArray.from_arrays(pa.array(at, mask=absent), named)
        for name, (named, at, absent) in indices.items()
    }
    return pa.table({
        "time_ns": orders.time_ns, "order_id": orders.order_id, **words,
        "price_ticks": pa.array(orders.price, mask=orders.price == NOTHING),
        "quantity": pa.array(orders.lots, mask=orders.lots == NOTHING),
    })  # fmt: skip


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
