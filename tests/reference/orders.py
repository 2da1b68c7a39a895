"""Messages and orders of the reference market: how a row is read, and which order is better.

Prices are integer ticks, quantities integer lots, times integer nanoseconds since the start.
``None`` means "not given" in a message, and "no limit" (a market order) in an order.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from math import isnan
from typing import Any, NamedTuple

import pandas as pd

Row = dict[str, Any]

SELF_TRADE_MODES = ("none", "cancel_newest", "cancel_oldest", "cancel_both", "decrement")


@dataclass(frozen=True)
class Message:
    """One row of the message door."""

    time_ns: int
    kind: str  # limit, market, cancel, amend
    order_id: int
    agent: Hashable | None
    side: str | None  # buy, sell
    price_ticks: int | None
    quantity: int | None
    tif: str | None  # gtc, ioc, fok
    post_only: bool | None
    role: str | None  # maker, taker
    row: int | None = None  # its row in the table


@dataclass
class Order:
    """An accepted order; ``quantity`` is what is still open."""

    order_id: int
    agent: Hashable
    side: str
    price_ticks: int | None
    quantity: int
    immediate: bool  # what does not trade at once (in a batch: at the next clear) is cancelled
    fill_or_kill: bool
    post_only: bool
    arrival: int = -1  # number of the entry; a new one each time priority is lost
    batch: int = 0  # the batch it arrived in
    tif: str = "gtc"
    role: str = "taker"  # maker, taker: decides who may trade with whom in a dual-flow auction


class Outcome(NamedTuple):
    """One thing that a market did."""

    kind: str  # ack, cancel, reject, fill
    order_id: int  # of a fill: the maker's
    lots: int  # of an ack: open lots that the order had before
    reason: str | None = None  # of a cancel or reject
    other_id: int | None = None  # of a fill: the taker's
    price_ticks: int | None = None  # of a fill


@dataclass
class Replayed:
    """What came out of a replay: rows as plain dicts, in the columns of the message door.

    ``outcomes`` has all of it once more, in the order in which it happened.
    """

    fills: list[Row] = field(default_factory=list)
    book: list[Row] = field(default_factory=list)
    clears: list[Row] = field(default_factory=list)
    rejects: list[Row] = field(default_factory=list)
    cancels: list[Row] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    time_ns: int = 0  # of what is happening
    row: int | None = None  # of the message that causes it; None in a clear

    def add_fill(self, time_ns: int, maker: Order, taker: Order, price: int, lots: int) -> None:
        """Record a trade between two orders of opposite sides."""
        buy, sell = (maker, taker) if maker.side == "buy" else (taker, maker)
        self.fills.append(
            {
                "time_ns": time_ns,
                "buy_order_id": buy.order_id,
                "sell_order_id": sell.order_id,
                "maker_order_id": maker.order_id,
                "taker_order_id": taker.order_id,
                "price_ticks": price,
                "quantity": lots,
            }
        )
        ids = maker.order_id, taker.order_id
        self.outcomes.append(Outcome("fill", ids[0], lots, None, ids[1], price))

    def add_ack(self, order_id: int, lots: int) -> None:
        """Record that an order, or a change of one with open lots, was accepted."""
        self.outcomes.append(Outcome("ack", order_id, lots))

    def add_cancel(self, order: Order, lots: int, reason: str) -> None:
        """Record lots that left the market without a trade."""
        about = {"order_id": order.order_id, "quantity": lots, "reason": reason}
        self.cancels.append({"time_ns": self.time_ns, "row": self.row, **about})
        self.outcomes.append(Outcome("cancel", order.order_id, lots, reason))

    def add_reject(self, order_id: int, reason: str) -> None:
        """Record a message that changed nothing."""
        about = {"order_id": order_id, "reason": reason}
        self.rejects.append({"time_ns": self.time_ns, "row": self.row, **about})
        self.outcomes.append(Outcome("reject", order_id, 0, reason))


def read_messages(rows: Iterable[Row]) -> list[Message]:
    """Read rows, fill in the defaults, and put them in time order (equal times keep row order)."""
    messages = [_read(row, number) for number, row in enumerate(rows)]
    return sorted(messages, key=lambda message: message.time_ns)


def _read(row: Row, number: int) -> Message:
    agent = _integer(row.get("agent"))
    is_new = row["kind"] in ("limit", "market")
    message = Message(
        time_ns=_integer(row.get("time_ns")) or 0,
        kind=row["kind"],
        order_id=int(row["order_id"]),
        agent=("alone", number) if agent is None and is_new else agent,
        side=_given(row.get("side")),
        price_ticks=_integer(row.get("price_ticks")),
        quantity=_integer(row.get("quantity")),
        tif=_given(row.get("tif")),
        post_only=_given(row.get("post_only")),
        role=_given(row.get("role")),
        row=number,
    )
    assert message.kind in ("limit", "market", "cancel", "amend"), message
    assert message.side in ("buy", "sell") or message.kind in ("cancel", "amend"), message
    assert message.tif in (None, "gtc", "ioc", "fok"), message
    assert message.role in (None, "maker", "taker"), message
    assert message.time_ns >= 0, message
    return message


def _given(value: Any) -> Any:
    """A missing cell of a table is None, NaN or pandas.NA."""
    return None if value is pd.NA or (isinstance(value, float) and isnan(value)) else value


def _integer(value: Any) -> int | None:
    value = _given(value)
    return None if value is None else int(value)


def better_first(order: Order) -> tuple[bool, int, int]:
    """Sort key of one side: market orders, then the better limit, then the earlier arrival."""
    price = order.price_ticks
    if price is None:
        return (False, 0, order.arrival)
    return (True, -price if order.side == "buy" else price, order.arrival)


def crosses(one: Order, other: Order) -> bool:
    """Two orders of opposite sides can trade: one has no limit, or bid >= ask."""
    if one.price_ticks is None or other.price_ticks is None:
        return True
    bid, ask = (one, other) if one.side == "buy" else (other, one)
    return bid.price_ticks >= ask.price_ticks  # type: ignore[operator]


def opposite(side: str) -> str:
    """The other side."""
    return "sell" if side == "buy" else "buy"
