"""What comes out of a replay: the output of the door's kernels as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from proteus.compiler.arrays import allocate
from proteus.market.book.codes import (
    BUY,
    CANCEL_NAMES,
    EVENT_CANCEL,
    EVENT_FILL,
    EVENT_REJECT,
    EVENT_RFQ_EXPIRE,
    EVENT_RFQ_REJECT,
    EXPIRE_NAMES,
    REJECT_NAMES,
    RFQ_REJECT_NAMES,
    SELL,
)
from proteus.market.door.orders import DOOR_REJECT_NAMES, NO_ROW, Output
from proteus.market.mechanisms.dual_flow import AUCTION_NAMES
from proteus.market.mechanisms.interface import Market

_SIDE_NAMES = {BUY: "buy", SELL: "sell"}
_REASONS = {
    EVENT_REJECT: {**REJECT_NAMES, **DOOR_REJECT_NAMES},
    EVENT_RFQ_REJECT: RFQ_REJECT_NAMES,
    EVENT_CANCEL: CANCEL_NAMES,
    EVENT_RFQ_EXPIRE: EXPIRE_NAMES,
}
_CODES = 128  # a reason is an int8
_WORDS = [
    _REASONS.get(kind, {}).get(code, "")
    for kind in range(max(_REASONS) + 1)
    for code in range(_CODES)
]
_ENTRIES = ("kind", "time_ns", "row", "order", "other", "price", "lots", "reason")
_NOTES = ("depth_ns", "depth_row", "depth")
_QUOTES = ("bid_price_ticks", "bid_quantity", "ask_price_ticks", "ask_quantity")


@dataclass(frozen=True)
class Replayed:
    """What came out of a replay; every field is a DataFrame.

    fills: time_ns, buy_order_id, sell_order_id, maker_order_id, taker_order_id, price_ticks,
    quantity. book: order_id, side, price_ticks, quantity, in priority order, bids first.
    clears: time_ns, price_ticks, volume, surplus, low, high; under dual_flow one row for each
    auction that trades, and auction (bid, ask). rejects: time_ns, row, order_id, reason. cancels:
    time_ns, row, order_id, quantity, reason; ``row`` is that of the message that caused it, <NA>
    in a clear or at a last moment. depth: time_ns, row and, for each of ``levels`` levels, 1 the
    best, bid_price_ticks_1, bid_quantity_1, ask_price_ticks_1, ask_quantity_1, <NA> where there is
    no level; a row each time that one has changed.
    """

    fills: pd.DataFrame
    book: pd.DataFrame
    clears: pd.DataFrame
    rejects: pd.DataFrame
    cancels: pd.DataFrame
    depth: pd.DataFrame


def run_rows(
    rows: int, market: Market, run: Callable[[Output, int], int], levels: int = 0
) -> Output:
    """Run a kernel over its rows, growing the output as often as it asks.

    Parameters
        rows: how many there are. run: processes rows from a number on, and returns the next one.
        levels: how many levels of each side are noted each time that they change.
    """
    entries = 2 * market.outbox.kind.shape[1] + 8
    output = allocate_output(entries, rows, market.volume.shape[1], levels)
    row = 0
    while row <= rows:
        row = run(output, row)
        if row <= rows:
            is_full = levels and output.count[2] + 1 >= len(output.depth)
            names = _NOTES if is_full else _ENTRIES
            output = output._replace(**{name: _grown(getattr(output, name)) for name in names})
    return output


def allocate_output(entries: int, rows: int, auctions: int = 1, levels: int = 0) -> Output:
    """Allocate an empty output; there is at most one clear before each row and one after all."""
    return allocate(
        Output, M=entries, V=auctions * (rows + 1), Q=rows + 3 if levels else 1, P=4 * levels
    )


def _grown(column: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([column, np.zeros_like(column)])


def read_output(
    output: Output,
    market: Market,
    order_ids: NDArray[np.int64],
    in_time_order: NDArray[np.int64] | None,
) -> Replayed:
    """Return the output of the kernels as tables.

    Parameters
        order_ids: int64 [N], of the rows in time order, which are also the slots of their orders.
        in_time_order: int64 [N], the row of the table that each of them was; None: the same.
    """
    kind = output.kind[: int(output.count[0])]
    is_reject = (kind == EVENT_REJECT) | (kind == EVENT_RFQ_REJECT)
    is_cancel = (kind == EVENT_CANCEL) | (kind == EVENT_RFQ_EXPIRE)
    rejected, cancelled, filled = map(np.flatnonzero, (is_reject, is_cancel, kind == EVENT_FILL))
    return Replayed(
        fills=_fills(output, market, order_ids, filled),
        book=_book(market, order_ids),
        clears=_clears(output, market),
        rejects=pd.DataFrame(
            {
                "time_ns": output.time_ns[rejected],
                "row": _rows(output.row[rejected], in_time_order).astype(np.int64),
                "order_id": order_ids[output.order[rejected]],
                "reason": _reasons(output, rejected),
            }
        ),
        cancels=pd.DataFrame(
            {
                "time_ns": output.time_ns[cancelled],
                "row": _rows(output.row[cancelled], in_time_order),
                "order_id": order_ids[output.order[cancelled]],
                "quantity": output.lots[cancelled],
                "reason": _reasons(output, cancelled),
            }
        ),
        depth=_depth(output, in_time_order),
    )


def _rows(rows: NDArray[np.int32], in_time_order: NDArray[np.int64] | None) -> Any:
    """Return the rows of the table that caused something, <NA> where none did."""
    numbers = rows.astype(np.int64) if in_time_order is None else in_time_order[rows]
    return pd.arrays.IntegerArray(numbers, rows == NO_ROW)


def _reasons(output: Output, entries: NDArray[np.int64]) -> pd.Series:
    return _texts(_WORDS, output.kind[entries].astype(np.int64) * _CODES + output.reason[entries])


def _texts(words: Sequence[str], places: NDArray[Any]) -> pd.Series:
    """Return a column of words; it is one of strings where there are no rows too."""
    texts = pa.array(words, pa.large_string()).take(pa.array(places))
    dtype = pd.Series([], dtype=str).dtype
    values = texts if isinstance(dtype, pd.StringDtype) else texts.to_numpy(zero_copy_only=False)
    return pd.Series(pd.array(values, dtype=dtype))


def _clears(output: Output, market: Market) -> pd.DataFrame:
    """Return a row per auction that traded; where there are two, each is named."""
    names = ["time_ns", "price_ticks", "volume", "surplus", "low", "high"]
    rows = output.clears[: int(output.count[1])]
    clears = pd.DataFrame(rows[:, : len(names)].copy(), columns=names)
    if market.volume.shape[1] > 1:
        clears["auction"] = _texts([AUCTION_NAMES[0], AUCTION_NAMES[1]], rows[:, len(names)])
    return clears


def _fills(
    output: Output, market: Market, order_ids: NDArray[np.int64], filled: NDArray[np.int64]
) -> pd.DataFrame:
    maker, taker = output.order[filled], output.other[filled]
    maker_buys = market.orders.side[0, maker] == BUY
    maker_ids, taker_ids = order_ids[maker], order_ids[taker]
    return pd.DataFrame(
        {
            "time_ns": output.time_ns[filled],
            "buy_order_id": np.where(maker_buys, maker_ids, taker_ids),
            "sell_order_id": np.where(maker_buys, taker_ids, maker_ids),
            "maker_order_id": maker_ids,
            "taker_order_id": taker_ids,
            "price_ticks": output.price[filled].astype(np.int64),
            "quantity": output.lots[filled],
        }
    )


def _book(market: Market, order_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return the resting orders: bids best to worst, then asks, each level in time order."""
    orders, book, used = market.orders, market.book, len(order_ids)
    slots = np.arange(used, dtype=np.int32)
    resting = np.flatnonzero((orders.lots[0, :used] > 0) & (orders.previous[0, :used] != slots))
    side, rank, arrival = (
        column[0, resting].astype(np.uint64)
        for column in (orders.side, orders.rank, orders.arrival)
    )
    n_ticks = np.uint64(book.n_ticks[0])
    # Side, then rank from the best, then arrival, in one number: 1, 32 and 31 bits.
    priority = side << np.uint64(63) | (n_ticks - rank) << np.uint64(31) | arrival
    resting = resting[np.argsort(priority)]
    side, rank = orders.side[0, resting], orders.rank[0, resting].astype(np.int64)
    price = np.where(side == BUY, rank, book.n_ticks[0] - rank)
    ticks = getattr(book.scale, "ticks", None)
    return pd.DataFrame(
        {
            "order_id": order_ids[resting],
            "side": _texts([_SIDE_NAMES[BUY], _SIDE_NAMES[SELL]], side),
            "price_ticks": price if ticks is None else ticks[price],
            "quantity": orders.lots[0, resting],
        }
    )


def _depth(output: Output, in_time_order: NDArray[np.int64] | None) -> pd.DataFrame:
    """Return the best levels of both sides, a row each time that one changed."""
    used = slice(0, int(output.count[2]))
    table = {
        "time_ns": output.depth_ns[used].copy(),
        "row": _rows(output.depth_row[used], in_time_order),
    }
    for place in range(output.depth.shape[1]):
        level, number = divmod(place, len(_QUOTES))
        lots = output.depth[used, 4 * level + 2 * (number // 2) + 1]
        values = output.depth[used, place].copy()
        table[f"{_QUOTES[number]}_{level + 1}"] = pd.arrays.IntegerArray(values, lots == 0)
    return pd.DataFrame(table)
