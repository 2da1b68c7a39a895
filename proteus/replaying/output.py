"""What comes out of a replay: the output of the door's kernels as tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
from proteus.market.door.orders import Output
from proteus.market.mechanisms.dual_flow import AUCTION_NAMES
from proteus.market.mechanisms.interface import Market

_SIDE_NAMES = {BUY: "buy", SELL: "sell"}
_REJECTED = {EVENT_REJECT: REJECT_NAMES, EVENT_RFQ_REJECT: RFQ_REJECT_NAMES}
_CANCELLED = {EVENT_CANCEL: CANCEL_NAMES, EVENT_RFQ_EXPIRE: EXPIRE_NAMES}


@dataclass(frozen=True)
class Replayed:
    """What came out of a replay; every field is a DataFrame.

    fills: time_ns, buy_order_id, sell_order_id, maker_order_id, taker_order_id, price_ticks,
    quantity. book: order_id, side, price_ticks, quantity, in priority order, bids first.
    clears: time_ns, price_ticks, volume, surplus, low, high; under dual_flow one row for each
    auction that trades, and auction (bid, ask). rejects: order_id, reason. cancels: order_id,
    quantity, reason.
    """

    fills: pd.DataFrame
    book: pd.DataFrame
    clears: pd.DataFrame
    rejects: pd.DataFrame
    cancels: pd.DataFrame


def run_rows(rows: int, market: Market, run: Callable[[Output, int], int]) -> Output:
    """Run a kernel over its rows, growing the output as often as it asks.

    Parameters
        rows: how many there are. run: processes rows from a number on, and returns the next one.
    """
    output = allocate_output(2 * market.outbox.kind.shape[1] + 8)
    row = 0
    while row <= rows:
        row = run(output, row)
        if row <= rows:
            output = output._replace(
                **{name: _grown(getattr(output, name)) for name in output._fields[:-1]}
            )
    return output


def allocate_output(entries: int) -> Output:
    """Allocate an empty output."""
    return Output(
        kind=np.zeros(entries, np.int8),
        time_ns=np.zeros(entries, np.int64),
        order=np.zeros(entries, np.int64),
        other=np.zeros(entries, np.int64),
        price=np.zeros(entries, np.int64),
        lots=np.zeros(entries, np.int64),
        reason=np.zeros(entries, np.int8),
        clears=np.zeros((entries, 7), np.int64),
        count=np.zeros(2, np.int64),
    )


def _grown(column: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate([column, np.zeros_like(column)])


def read_output(output: Output, market: Market, order_ids: NDArray[np.int64]) -> Replayed:
    """Return the output of the kernels as tables.

    Parameters
        order_ids: int64 [N], of the rows, which are also the slots of their orders.
    """
    used = slice(0, int(output.count[0]))
    kind, reason, lots = output.kind[used], output.reason[used], output.lots[used]
    order, other = output.order[used], output.other[used]
    cancelled, rejected = np.isin(kind, [*_CANCELLED]), np.isin(kind, [*_REJECTED])
    return Replayed(
        fills=_fills(output, market, order_ids, order, other, kind == EVENT_FILL),
        book=_book(market, order_ids),
        clears=_clears(output, market),
        rejects=pd.DataFrame(
            {
                "order_id": order_ids[order[rejected]],
                "reason": _reasons(_REJECTED, kind[rejected], reason[rejected]),
            }
        ),
        cancels=pd.DataFrame(
            {
                "order_id": order_ids[order[cancelled]],
                "quantity": lots[cancelled],
                "reason": _reasons(_CANCELLED, kind[cancelled], reason[cancelled]),
            }
        ),
    )


def _reasons(
    names: dict[int, dict[int, str]], kinds: NDArray[np.int8], codes: NDArray[np.int8]
) -> pd.Series:
    return _texts([names[kind][code] for kind, code in zip(kinds, codes, strict=True)])


def _texts(values: list[str]) -> pd.Series:
    """Return a column of strings; it stays one where there are no rows."""
    return pd.Series(values, dtype=str)


def _clears(output: Output, market: Market) -> pd.DataFrame:
    """Return a row per auction that traded; where there are two, each is named."""
    names = ["time_ns", "price_ticks", "volume", "surplus", "low", "high"]
    rows = output.clears[: int(output.count[1])]
    clears = pd.DataFrame(rows[:, : len(names)], columns=names)
    if market.volume.shape[1] > 1:
        clears["auction"] = _texts([AUCTION_NAMES[int(number)] for number in rows[:, len(names)]])
    return clears


def _fills(
    output: Output,
    market: Market,
    order_ids: NDArray[np.int64],
    maker: NDArray[np.int64],
    taker: NDArray[np.int64],
    filled: NDArray[np.bool_],
) -> pd.DataFrame:
    maker, taker = maker[filled], taker[filled]
    maker_buys = market.orders.side[0, maker] == BUY
    at = np.flatnonzero(filled)
    return pd.DataFrame(
        {
            "time_ns": output.time_ns[at],
            "buy_order_id": order_ids[np.where(maker_buys, maker, taker)],
            "sell_order_id": order_ids[np.where(maker_buys, taker, maker)],
            "maker_order_id": order_ids[maker],
            "taker_order_id": order_ids[taker],
            "price_ticks": output.price[at],
            "quantity": output.lots[at],
        }
    )


def _book(market: Market, order_ids: NDArray[np.int64]) -> pd.DataFrame:
    """Return the resting orders: bids best to worst, then asks, each level in time order."""
    orders, n_ticks = market.orders, int(market.book.n_ticks[0])
    slots = np.arange(orders.lots.shape[1])
    resting = slots[(orders.lots[0] > 0) & (orders.previous[0] != slots)]
    side, rank, arrival = (
        column[0, resting] for column in (orders.side, orders.rank, orders.arrival)
    )
    in_priority = resting[np.lexsort((arrival, -rank, side))]
    side, rank = orders.side[0, in_priority], orders.rank[0, in_priority]
    return pd.DataFrame(
        {
            "order_id": order_ids[in_priority] if len(order_ids) else in_priority,
            "side": _texts([_SIDE_NAMES[code] for code in side]),
            "price_ticks": np.where(side == BUY, rank, n_ticks - rank).astype(np.int64),
            "quantity": orders.lots[0, in_priority],
        }
    )
