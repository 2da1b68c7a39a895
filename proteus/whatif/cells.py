"""Recorded orders through the message door, under one mechanism after another."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from proteus.market.book.codes import BUY
from proteus.readers.following import NO_ID
from proteus.replaying.orders import replay
from proteus.whatif.recording import Recording
from proteus.whatif.words import Cell


class Fills(NamedTuple):
    """Trades of a cell, or of the record. N rows."""

    time_ns: NDArray[np.int64]  # [N]
    buyer: NDArray[np.int64]  # [N] order ids
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


def run_cell(recording: Recording, table: pa.Table, cell: Cell) -> Outcome:
    """Run the orders of a file through a mechanism.

    Parameters
        table: ``recording.orders.table()``, made once for all cells.
    """
    orders = recording.orders
    ticks = int(orders.price.max(initial=1)) + 2
    reference = int(orders.price[np.argmax(orders.price > 0)])
    found = replay(
        table, cell.mechanism, n_ticks=ticks, reference_ticks=reference,
        delta=float(cell.delta) if cell.delta else 1.0, levels=1,
    )  # fmt: skip
    fills, depth = found.fills, found.depth
    names = ("time_ns", "buy_order_id", "sell_order_id", "price_ticks", "quantity")
    time, buyer, seller, price, lots = (fills[name].to_numpy() for name in names)
    bid, ask = (
        depth[f"{side}_price_ticks_1"].to_numpy(np.float64, na_value=np.nan)
        for side in ("bid", "ask")
    )
    reasons = found.rejects["reason"].value_counts()
    return Outcome(
        Fills(time, buyer, seller, price.astype(np.float64), lots),
        Quotes(depth["time_ns"].to_numpy(), bid, ask),
        {str(reason): int(many) for reason, many in reasons.items()},
    )


def recorded_fills(recording: Recording, tick_nano: int) -> Fills:
    """Return what traded in the visible book of the venue, in the form of a cell."""
    trades = recording.trades
    is_visible = trades.came != NO_ID
    time, came, rested, side, price, lots = (column[is_visible] for column in trades)
    buyer, seller = np.where(side == BUY, rested, came), np.where(side == BUY, came, rested)
    return Fills(time, buyer, seller, price / tick_nano, lots)
