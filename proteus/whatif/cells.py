"""Recorded orders through the kernels of the message door, under one mechanism after another.

The orders of a file are translated once; ``proteus.replay`` of ``table_of(orders)`` gives the same.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from proteus.basics.schema import MAX_TICKS
from proteus.basics.units import milliseconds_to_ns
from proteus.market.book.codes import (
    BUY,
    EVENT_FILL,
    EVENT_REJECT,
    NO_ORDER,
    NO_OWNER,
    REJECT_NAMES,
)
from proteus.market.door.ids import numbers_of
from proteus.market.door.orders import (
    DOOR_REJECT_NAMES,
    KIND_AMEND,
    KIND_CANCEL,
    KIND_LIMIT,
    NOT_GIVEN,
    UNCHANGED,
    Output,
    Rows,
)
from proteus.readers.following import NO_ID
from proteus.readers.sending import LIMIT, NOTHING, Orders
from proteus.replaying.orders import Numbers, OrderRows, mechanism_config, run_orders
from proteus.whatif.recording import Recording
from proteus.whatif.words import Cell

_KINDS = np.array([KIND_LIMIT, KIND_CANCEL, KIND_AMEND], np.int8)
_LARGEST_TABLE = 1 << 27  # ticks that are looked up in a table and not among sorted prices
_NO_ROW = -1


class Fills(NamedTuple):
    """Trades of a cell, or of the record. N rows."""

    time_ns: NDArray[np.int64]  # [N]
    buyer: NDArray[np.int64]  # [N] rows of the orders, or _NO_ROW where the file begins none
    seller: NDArray[np.int64]  # [N]
    price: NDArray[np.float64]  # [N] ticks
    lots: NDArray[np.int64]  # [N]


class Quotes(NamedTuple):
    """The best prices, each time they changed. N rows."""

    time_ns: NDArray[np.int64]  # [N]
    bid: NDArray[np.float64]  # [N] ticks; NaN: no such side
    ask: NDArray[np.float64]  # [N]


class Outcome(NamedTuple):
    """What the recorded orders did in a mechanism."""

    fills: Fills
    quotes: Quotes
    rejects: dict[str, int]  # reasons of the door, and how often


class Door(NamedTuple):
    """The orders of a file as kernels take them, and what traded at the venue by their rows."""

    orders: OrderRows
    prices: NDArray[np.int64] | None  # [P] that the levels of orders are; None: they are ticks
    n_ticks: int
    reference_ticks: int
    recorded: Fills


def prepare(recording: Recording, tick_nano: int) -> Door:
    """Translate the orders of a file once for all cells."""
    orders = recording.orders
    trades = recording.trades
    visible = np.flatnonzero(trades.came != NO_ID)
    rests, comes = np.flatnonzero(~orders.is_taker), np.flatnonzero(orders.is_taker)
    rested = trades.rested[visible]
    known = np.flatnonzero(rested != NO_ID)
    numbers, count = numbers_of(np.concatenate([orders.order_id[rests], rested[known]]))
    number = np.empty(len(orders.kind), np.int64)
    number[rests], number[comes] = numbers[: len(rests)], count + np.arange(len(comes))
    new = rests[orders.kind[rests] == LIMIT][::-1]
    row_of = np.full(count, _NO_ROW)
    row_of[number[new]] = new  # of several under one id the first
    rested_row = np.full(len(visible), _NO_ROW)
    rested_row[known] = row_of[numbers[len(rests) :]]
    came_row = comes[np.searchsorted(orders.order_id[comes], trades.came[visible])]
    is_bid = trades.side[visible] == BUY
    recorded = Fills(
        trades.time_ns[visible], np.where(is_bid, rested_row, came_row),
        np.where(is_bid, came_row, rested_row), trades.price[visible] / tick_nano,
        trades.lots[visible],
    )  # fmt: skip
    n_ticks = int(orders.price.max()) + 2
    prices, levels = _levels(orders.price, n_ticks)
    rows = _rows(orders, number, levels, count + len(comes))
    reference = int(orders.price[np.argmax(orders.price > 0)])
    return Door(OrderRows(rows, orders.order_id, 0, None), prices, n_ticks, reference, recorded)


def _levels(
    price: NDArray[np.int64], n_ticks: int
) -> tuple[NDArray[np.int64] | None, NDArray[np.int64]]:
    """Return the prices there are and the level of each order, as ``list_prices`` of the door."""
    is_given = price != NOTHING
    if n_ticks <= MAX_TICKS:
        return None, np.where(is_given, price, UNCHANGED)
    given = price[is_given]
    if n_ticks <= _LARGEST_TABLE:
        is_there = np.zeros(n_ticks, np.bool_)
        is_there[given] = True
        prices = np.flatnonzero(is_there)
        place = np.zeros(n_ticks, np.int32)
        place[prices] = np.arange(1, len(prices) + 1)
        found = place[given].astype(np.int64)
    else:
        prices, found = np.unique(given, return_inverse=True)
        found = found + 1
    levels = np.full(len(price), UNCHANGED)
    levels[is_given] = found
    return prices, levels


def _rows(
    orders: Orders, number: NDArray[np.int64], levels: NDArray[np.int64], numbers: int
) -> Rows:
    count = len(orders.kind)
    is_new = orders.kind == LIMIT
    is_taker = orders.is_taker.astype(np.int8)
    return Rows(
        time_ns=orders.time_ns,
        kind=_KINDS[orders.kind],
        order=number,
        agent=np.full(count, NO_OWNER, np.int32),
        side=np.where(is_new, orders.side, NOT_GIVEN).astype(np.int8),
        price=levels,
        quantity=np.where(orders.lots == NOTHING, UNCHANGED, orders.lots),
        lifetime=np.where(is_new, is_taker, NOT_GIVEN).astype(np.int8),  # GTC, or IOC
        post_only=np.full(count, NOT_GIVEN, np.int8),
        is_taker=np.where(is_new, is_taker, NOT_GIVEN).astype(np.int8),
        slot_of=np.full(numbers, NO_ORDER, np.int32),
    )


def run_cell(door: Door, cell: Cell) -> Outcome:
    """Run the orders of a file through a mechanism."""
    rows = door.orders.rows
    empty = rows._replace(slot_of=np.full_like(rows.slot_of, NO_ORDER))
    delta_ns = milliseconds_to_ns(cell.delta or 1, "delta")
    numbers = Numbers(door.n_ticks, door.reference_ticks, delta_ns, levels=1)
    chosen = mechanism_config(cell.mechanism, {})
    output, market = run_orders(
        door.orders._replace(rows=empty), cell.mechanism, chosen, door.prices, numbers
    )
    kind = output.kind[: output.count[0]]
    filled = np.flatnonzero(kind == EVENT_FILL)
    earlier, later = (each[filled].astype(np.int64) for each in (output.order, output.other))
    is_bid = market.orders.side[0, earlier] == BUY
    fills = Fills(
        output.time_ns[filled], np.where(is_bid, earlier, later), np.where(is_bid, later, earlier),
        output.price[filled].astype(np.float64), output.lots[filled],
    )  # fmt: skip
    reasons = np.bincount(output.reason[np.flatnonzero(kind == EVENT_REJECT)])
    names = {**REJECT_NAMES, **DOOR_REJECT_NAMES}
    rejects = {names[code]: int(reasons[code]) for code in np.flatnonzero(reasons).tolist()}
    return Outcome(fills, _quotes(output), rejects)


def _quotes(output: Output) -> Quotes:
    used = slice(0, int(output.count[2]))
    bid, bid_lots, ask, ask_lots = output.depth[used].T
    return Quotes(
        output.depth_ns[used].copy(),
        np.where(bid_lots > 0, bid, np.nan),
        np.where(ask_lots > 0, ask, np.nan),
    )
